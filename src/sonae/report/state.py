"""The state at a glance: what each regime requires, and what stands behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from markupsafe import Markup

from sonae.core.display import MINUS
from sonae.report.figures import Cell, Figures, Reasons
from sonae.report.format import money
from sonae.report.svg import bar
from sonae.report.titles import Titles


@dataclass(frozen=True, slots=True)
class Balance:
    """Over or short, in words and a number without its sign."""

    word: str
    amount: str
    cell: Cell
    kind: str


@dataclass(frozen=True, slots=True)
class Bars:
    """The chart row of one regime: label, bar and value of each quantity."""

    title: str
    proposed: bool
    rows: Sequence[tuple[str, Markup, str, Cell]]


@dataclass(frozen=True, slots=True)
class RegimeRow:
    """One regime at a glance."""

    id: str
    title: str
    standing: str
    required: Cell
    going: Cell
    insolvent: Cell
    going_parts: Sequence[tuple[str, Cell]]
    insolvent_parts: Sequence[tuple[str, Cell]]
    balance: Balance


@dataclass
class RegimeTable:
    """Regimes of one kind, with reasons for gaps and the chart on a scale of its own."""

    rows: list[RegimeRow] = field(default_factory=list)
    reasons: Reasons = field(default_factory=Reasons)
    chart: list[Bars] = field(default_factory=list)
    most: str = ""
    ranged: bool = False


def balance(figures: Figures, id: str, reasons: Reasons, *, short_if_positive: bool) -> Balance:
    """A surplus (over where positive) or a shortfall figure (short where positive)."""
    words, cell, ends = figures.words, figures.cell(id, reasons), figures.bounds(id)
    if ends is None:
        return Balance("", cell.text, cell, "unknown")
    low, high = ends
    if short_if_positive:
        low, high = -high, -low
    if low < 0 < high:
        return Balance(words("value.undecided"), cell.text, cell, "unknown")
    if low == high == 0:
        word = words("value.no_shortfall" if short_if_positive else "value.even")
        return Balance(word, cell.text, cell, "even")
    kind = "over" if high > 0 else "short"
    word = words("value.surplus" if kind == "over" else "value.shortfall")
    return Balance(word, _without_sign(figures, id, low, high), cell, kind)


def _without_sign(figures: Figures, id: str, low: Fraction, high: Fraction) -> str:
    text = figures.text(id)
    text = text.replace(MINUS, "") if low == high else text
    return figures.with_unit(text, id) if figures.foreign(id) else text


def regimes(figures: Figures, titles: Titles, *, proposed: bool) -> RegimeTable:
    """Regimes in force, or those of assumed drafts, with their chart where there is an amount."""
    table = RegimeTable()
    chosen = [
        (id, cover)
        for id, cover in figures.document["cover"]["by_regime"].items()
        if titles.is_draft(id) == proposed
    ]
    for id, cover in chosen:
        table.rows.append(regime_row(figures, titles, id, cover, table.reasons))
    most: dict[str, Fraction] = {}
    for _, cover in chosen:
        unit = _unit(figures, cover)
        most[unit] = max(most.get(unit, Fraction(0)), _high(figures, cover))
    full = {unit: amount for unit, amount in most.items() if amount}
    comma = "、" if figures.lang == "ja" else ", "
    table.most = comma.join(
        figures.money_text(money(amount), unit) for unit, amount in full.items()
    )
    drawn = [
        (row, c)
        for row, (_, c) in zip(table.rows, chosen, strict=True)
        if _unit(figures, c) in full
    ]
    table.ranged = any(_ranged(figures, c) for _, c in drawn)
    table.chart = [_bars(figures, row, c, full[_unit(figures, c)]) for row, c in drawn]
    return table


def regime_row(
    figures: Figures, titles: Titles, id: str, cover: Mapping[str, Any], reasons: Reasons
) -> RegimeRow:
    """One regime of `cover` as cells."""
    ids = cover["figures"]

    def parts(state: str) -> list[tuple[str, Cell]]:
        named = [(k, i) for k, i in ids[state].items() if k != "total"]
        if len(named) == 1 and named[0][1] == ids[state]["total"]:
            return []
        return [
            (figures.words.known(f"state.part_{k}", k), figures.cell(i, reasons)) for k, i in named
        ]

    return RegimeRow(
        id,
        titles.regime(id),
        cover["standing"],
        figures.cell(ids["required"], reasons),
        figures.cell(ids["going_concern"]["total"], reasons),
        figures.cell(ids["on_insolvency"]["total"], reasons),
        parts("going_concern"),
        parts("on_insolvency"),
        balance(figures, ids["surplus"], reasons, short_if_positive=False),
    )


# -- the chart ---------------------------------------------------------------------------------


def _quantities(cover: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    ids = cover["figures"]
    yield "required", "required", ids["required"]
    yield "going", "cover", ids["going_concern"]["total"]
    yield "insolvent", "failed", ids["on_insolvency"]["total"]


def _unit(figures: Figures, cover: Mapping[str, Any]) -> str:
    """The currency of a regime; each has a scale of its own in the chart."""
    return str(figures.entries[cover["figures"]["required"]]["unit"])


def _high(figures: Figures, cover: Mapping[str, Any]) -> Fraction:
    ends = [figures.bounds(id) for _, _, id in _quantities(cover)]
    return max((e[1] for e in ends if e is not None), default=Fraction(0))


def _ranged(figures: Figures, cover: Mapping[str, Any]) -> bool:
    return any(figures.entries[id]["kind"] == "range" for _, _, id in _quantities(cover))


def _bars(figures: Figures, row: RegimeRow, cover: Mapping[str, Any], most: Fraction) -> Bars:
    rows = []
    for key, kind, id in _quantities(cover):
        ends = figures.bounds(id)
        parts = [] if ends is None else [(Fraction(0), ends[0], kind), (ends[0], ends[1], "range")]
        rows.append((figures.words(f"state.{key}"), bar(parts, most), kind, figures.cell(id)))
    if rows[1][3].words and rows[2][3].words:
        _, empty, kind, cell = rows[1]
        rows[1:] = [(figures.words("state.cover_both"), empty, kind, cell)]
    return Bars(row.title, row.standing == "proposed", rows)

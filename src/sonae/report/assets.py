"""Reconciliation by asset, money trusts, and what is held cold, hot and otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from markupsafe import Markup

from sonae.report.figures import Cell, Figures, Reasons
from sonae.report.format import percent
from sonae.report.svg import bar

TIERS = ("cold", "hot", "other")
NO_TIER = "tier_not_public"
ITEMS = {
    "": ("owed", "held", "break"),
    "of_held": (*TIERS, NO_TIER, "backed", "unproven", "proven_cold", "not_cold"),
    "apart": (
        "guarantee",
        "buffer",
        "withdrawal_in_transit",
        "incoming_uncredited",
        "unidentified",
        "receivable",
        "margin_debt",
        "price",
    ),
}


@dataclass(frozen=True, slots=True)
class AssetView:
    """One asset: the line of the table, and every item by group."""

    asset: str
    basket: bool
    cells: Mapping[str, Cell]
    state: str
    unproven: bool
    items: Sequence[tuple[str, Sequence[tuple[str, Cell]]]]


@dataclass(frozen=True, slots=True)
class Shares:
    """Shares held in each tier, as text and as a bar."""

    asset: str
    texts: Sequence[str]
    bar: Markup


def assets(figures: Figures, reasons: Reasons) -> list[AssetView]:
    """Every line of the reconciliation."""
    return [_asset(figures, line, reasons) for line in figures.document["reconciliation"]]


def _asset(figures: Figures, line: Mapping[str, Any], reasons: Reasons) -> AssetView:
    ids, words = line["figures"], figures.words
    cells = {name: figures.cell(ids[name], reasons) for name in ("owed", "held", "break")}
    cells |= {f"value_{n}": figures.cell(line["value"][n], reasons) for n in ("owed", "held")}
    items = []
    for group, names in ITEMS.items():
        known = [(words(f"assets.{n}"), _item(figures, n, ids[n])) for n in names if n in ids]
        if known:
            items.append((words(f"assets.{group}") if group else "", known))
    return AssetView(
        line["asset"],
        line["kind"] == "basket",
        cells,
        _state(figures.number(ids["break"])),
        bool(figures.number(ids["unproven"])) if "unproven" in ids else False,
        items,
    )


def _item(figures: Figures, name: str, id: str) -> Cell:
    return figures.cell(id, unit=name == "price")


def _state(gap: Fraction | None) -> str:
    if gap is None:
        return "unknown"
    return "agrees" if gap == 0 else ("over" if gap > 0 else "short")


def trusts(figures: Figures, reasons: Reasons) -> list[tuple[str, Sequence[Cell]]]:
    """Each money trust with what is required and the money by stage."""
    return [
        (
            figures.words.known(f"assets.trust_{kind}", kind),
            [
                figures.cell(ids[s], reasons)
                for s in ("owed", "settled", "instructed", "calculated")
            ],
        )
        for kind, ids in figures.document["trusts"].items()
    ]


# -- tiers ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TiersView:
    """The tiers that occur, shares over all priced assets by value, and by asset."""

    names: Sequence[str]
    rows: Sequence[Shares]


def tiers(figures: Figures) -> TiersView:
    """Shares of what is held for customers: overall by value, then of each asset by quantity."""
    lines = figures.document["reconciliation"]
    names = [t for t in (*TIERS, NO_TIER) if t != NO_TIER or any(t in x["figures"] for x in lines)]
    rows, worth = [], [Fraction(0)] * len(names)
    for line in lines:
        ids = line["figures"]
        held = [_part(figures, ids.get(tier)) for tier in names]
        if sum(held) > 0:
            rows.append(_shares(figures, line["asset"], names, held))
            price = figures.number(ids["price"]) or Fraction(0)
            worth = [total + part * price for total, part in zip(worth, held, strict=True)]
    if sum(worth) > 0:
        rows.insert(0, _shares(figures, figures.words("assets.overall"), names, worth))
    return TiersView(names, rows)


def _part(figures: Figures, id: str | None) -> Fraction:
    return (figures.number(id) if id else None) or Fraction(0)


def _shares(figures: Figures, name: str, tiers: Sequence[str], parts: Sequence[Fraction]) -> Shares:
    whole = sum(parts, Fraction(0))
    drawn, start = [], Fraction(0)
    for tier, part in zip(tiers, parts, strict=True):
        drawn.append((start, start + part, tier))
        start += part
    texts = [percent(part / whole, figures.lang) for part in parts]
    return Shares(name, texts, bar(drawn, whole))

"""The segregation dossier: totals by state, assets by state, wallets and accounts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sonae.core.canonical import parse_number
from sonae.core.display import exact
from sonae.report import format as fmt
from sonae.report.figures import Cell, Figures, Reasons

SHOWN = 300
"""Lines on the page: those not apart first; `close.json` has all."""
ORDER = ("would_fall", "elsewhere", "not_known", "apart")


@dataclass(frozen=True, slots=True)
class Kept:
    """One line as text."""

    item: str
    asset: str
    quantity: str
    state: str
    holder: str
    title: str
    exclusive: str
    no_lien: str
    trust_deed: str
    signers: str
    audit: str
    why: Sequence[str]


@dataclass(frozen=True, slots=True)
class SegregationView:
    """What the section shows; `rest` counts lines left out."""

    given: bool
    totals: Sequence[tuple[str, Cell]]
    assets: Sequence[tuple[str, Sequence[Cell | None]]]
    states: Sequence[str]
    items: Sequence[Kept]
    rest: int
    reasons: Reasons


def segregation(figures: Figures) -> SegregationView:
    """The section of a close."""
    given, words, reasons = figures.document["segregation"], figures.words, Reasons()
    totals = [
        (words(f"segregation.{state}"), figures.cell(given["totals"][state], reasons))
        for state in ORDER
    ]
    assets = [
        (asset, [figures.cell(parts[s], reasons) if s in parts else None for s in ORDER])
        for asset, parts in given["assets"].items()
    ]
    lines = sorted(given["items"], key=lambda i: ORDER.index(i["state"]))
    shown = [_kept(figures, item) for item in lines[:SHOWN]]
    states = [words(f"segregation.{state}") for state in ORDER]
    rest = max(0, len(lines) - SHOWN)
    return SegregationView(given["given"], totals, assets, states, shown, rest, reasons)


def _kept(figures: Figures, item: Mapping[str, Any]) -> Kept:
    words, lang = figures.words, figures.lang

    def word(code: str | None) -> str:
        return words(f"segregation.{code or 'not_known'}")

    def dated(code: str, day: str | None) -> str:
        return f"{word(code)} {fmt.day(day, lang)}" if day else word(code)

    why = [fmt.sentence(r[lang], lang) for r in item["reasons"]]
    why += [words(f"segregation.field_{name}") for name in item["missing"]]
    return Kept(
        item["item"],
        item["asset"],
        exact(parse_number(item["quantity"])),
        word(item["state"]),
        item["holder"] or word(None),
        word(item["named_title"]),
        word(item["exclusive_use"]),
        dated(item["no_lien"], item["no_lien_on"]),
        item["trust_deed"] or "—",
        words("segregation.signers_apart") if item["signers"] == "apart" else word(item["signers"]),
        dated(item["audit"], item["audited_on"]),
        why,
    )

"""Prices: which print set each value, and every print that was given."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sonae.core.canonical import parse_number
from sonae.core.display import exact
from sonae.report.figures import Cell, Figures, Reasons

FIELDS = re.compile(r"(?:^|, )(asset|currency|source|at) = ([^,]+)")


@dataclass(frozen=True, slots=True)
class Chosen:
    """The price of one asset and the prints that it follows from, none for money itself."""

    asset: str
    cell: Cell
    prints: Sequence[PrintView]


@dataclass(frozen=True, slots=True)
class PrintView:
    """One print as given."""

    asset: str
    currency: str
    price: str
    source: str
    at: str
    use: str
    own: bool


@dataclass(frozen=True, slots=True)
class Purpose:
    """Prices for one purpose."""

    title: str
    chosen: Sequence[Chosen]
    prints: Sequence[PrintView]
    reasons: Reasons


def prices(figures: Figures) -> list[Purpose]:
    """Every purpose of the document."""
    return [
        _purpose(figures, purpose, given) for purpose, given in figures.document["prices"].items()
    ]


def _purpose(figures: Figures, purpose: str, given: Mapping[str, Any]) -> Purpose:
    prints = [_print(p) for p in given["prints"]]
    reasons = Reasons()
    chosen = [
        Chosen(
            asset,
            figures.cell(id, reasons, unit=True),
            _origins(figures, id, prints),
        )
        for asset, id in given["chosen"].items()
    ]
    title = figures.words.known(f"prices.purpose_{purpose}", purpose)
    return Purpose(title, chosen, prints, reasons)


def _origins(figures: Figures, id: str, prints: Sequence[PrintView]) -> list[PrintView]:
    """The prints that a price was read off, by the filters of the facts below it."""
    entry = figures.entries[id]
    if "source" not in entry:
        below = [p for i in entry["from"] for p in _origins(figures, i, prints)]
        return list(dict.fromkeys(below))
    read: dict[str, str] = dict(FIELDS.findall(entry["source"]["filter"]))
    key = (read.get("asset"), read.get("currency"), read.get("source"))
    at = read.get("at", "").replace("T", " ")
    return [p for p in prints if (p.asset, p.currency, p.source) == key and p.at == at][:1]


def _print(given: Mapping[str, Any]) -> PrintView:
    return PrintView(
        given["asset"],
        given["currency"],
        exact(parse_number(given["price"])),
        given["source"],
        given["at"].replace("T", " "),
        given["use"],
        bool(given.get("own_venue")),
    )

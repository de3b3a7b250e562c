"""What hangs on one signing domain or supplier, what can be spent soon, and receivables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from markupsafe import Markup

from sonae.report.figures import Cell, Figures, Reasons
from sonae.report.format import percent
from sonae.report.svg import bar

UNNAMED = "not named"


@dataclass(frozen=True, slots=True)
class Held:
    """A value with its share of all that customers' signing domains hold."""

    name: str
    cell: Cell
    share: str
    bar: Markup


@dataclass(frozen=True, slots=True)
class ExposureView:
    """The three tables."""

    domains: Sequence[Held]
    suppliers: Sequence[Held]
    ladder: Sequence[Held]
    reasons: Reasons


def exposure(figures: Figures) -> ExposureView:
    """Signing domains, suppliers, and value spendable within days."""
    given, words, reasons = figures.document["exposure"], figures.words, Reasons()
    known = [figures.number(id) for id in given["domains"].values()]
    whole = (
        sum((k for k in known if k is not None), Fraction(0))
        if all(k is not None for k in known)
        else Fraction(0)
    )

    def held(named: Mapping[str, str], kind: str) -> list[Held]:
        return [_held(figures, name, id, whole, kind, reasons) for name, id in named.items()]

    domains = {
        words("exposure.unnamed") if name == UNNAMED else name: id
        for name, id in given["domains"].items()
    }
    days = given["days_to_liquid"]
    ladder = {words("exposure.within", n=n): id for n, id in sorted(days.items(), key=_days)}
    return ExposureView(
        held(domains, "cover"), held(given["suppliers"], "cover"), held(ladder, "cold"), reasons
    )


def _days(item: tuple[str, str]) -> int:
    return int(item[0])


def _held(
    figures: Figures, name: str, id: str, whole: Fraction, kind: str, reasons: Reasons
) -> Held:
    worth = figures.number(id)
    if worth is None or whole <= 0:
        return Held(name, figures.cell(id, reasons), "", bar([], Fraction(1)))
    drawn = bar([(Fraction(0), worth, kind)], whole)
    return Held(name, figures.cell(id, reasons), percent(worth / whole, figures.lang), drawn)


def receivables(figures: Figures, reasons: Reasons) -> list[tuple[str, Cell]]:
    """What customers owe the firm."""
    return [
        (figures.label(id), figures.cell(id, reasons))
        for id in figures.document["receivables"].values()
    ]

"""A run, with or without a frozen supplier: who asks for how much, and what can be paid by when.

Customers ask for a share of everything they hold at once. Each holding is there after its days to
liquid, at once where the Books do not say; one whose supplier is frozen is not there at all. Whole
days, exact amounts; nothing is estimated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sonae.core.canonical import number_text
from sonae.core.errors import InputError, Problem
from sonae.core.text import Text
from sonae.loss.venue import ZERO, Held, Place


@dataclass(frozen=True, slots=True)
class Run:
    """A share of all holdings is asked for at once; wallets of these suppliers are frozen."""

    share: Fraction
    freeze: tuple[str, ...] = ()


def run(
    place: Place, wanted: Run, price: Fraction = Fraction(1), owed: Fraction | None = None
) -> dict[str, Any]:
    """What is asked, what is there by each day, the first day on which all is met, the gap.

    `owed` is what customers may ask a share of: all holdings, unless an event took some before.
    Coins are asked for and paid in kind, so a shock to prices moves both sides alike.

    Raises:
        InputError: a supplier that the Books do not name.
    """
    known = sorted({h.supplier for h in place.held if h.supplier})
    unknown = [s for s in wanted.freeze if s not in known]
    if unknown:
        raise InputError([_unknown(s, known) for s in unknown])
    asked = (place.total if owed is None else owed) * wanted.share * price
    frozen = [h for h in place.held if h.supplier in wanted.freeze]
    free = [h for h in place.held if h.supplier not in wanted.freeze]
    days = sorted({h.days or 0 for h in free if h.value})
    lines: list[dict[str, Any]] = []
    met: int | None = None
    for day in days:
        there = _by(free, day) * price
        met = day if met is None and there >= asked else met
        lines.append(
            {"day": day, "there": number_text(there),
             "short": number_text(max(asked - there, ZERO))}
        )  # fmt: skip
    there = sum((h.value for h in free), ZERO) * price
    return {
        "share": number_text(wanted.share),
        "asked": number_text(asked),
        "frozen": {
            "suppliers": list(wanted.freeze),
            "amount": number_text(sum((h.value for h in frozen), ZERO) * price),
        },
        "days": lines,
        "met_on_day": met,
        "never_met": number_text(max(asked - there, ZERO)),
        "days_not_told": number_text(sum((h.value for h in free if h.days is None), ZERO) * price),
    }


def _by(held: Sequence[Held], day: int) -> Fraction:
    return sum((h.value for h in held if (h.days or 0) <= day), ZERO)


def _unknown(supplier: str, known: Sequence[str]) -> Problem:
    names = ", ".join(known) or "-"
    return Problem(
        "unknown-supplier", "suppliers",
        Text(
            f"suppliers.tomlにその業者はない。あるもの：{names}",
            f"suppliers.toml names no such supplier; it names: {names}",
        ),
        key=supplier,
    )  # fmt: skip

"""Who bears a loss, in order: retention, insurance by layer, reserve, own funds; then the gap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

HORIZONS = {"1h": 1, "1d": 24, "7d": 7 * 24, "30d": 30 * 24}
"""How soon money can be paid, in hours."""


@dataclass(frozen=True, slots=True)
class Source:
    """Money that may bear a loss: at most so much, spendable after so many hours (None: not known).

    `counts` is false for what must not be relied on, such as insurance before it is accepted.
    """

    name: str
    most: Fraction
    hours: int | None
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Borne:
    """What one source bears of the loss."""

    source: Source
    amount: Fraction


def waterfall(loss: Fraction, sources: Sequence[Source]) -> tuple[list[Borne], Fraction]:
    """What each source bears in the order given, and the gap that none bears.

    >>> waterfall(Fraction(5), [Source("reserve", Fraction(3), 1)])[1]
    Fraction(2, 1)
    """
    left, borne = loss, []
    for source in sources:
        amount = min(left, max(source.most, Fraction(0)))
        borne.append(Borne(source, amount))
        left -= amount
    return borne, left


def payable(borne: Sequence[Borne]) -> Mapping[str, Fraction]:
    """What can be paid within each horizon, from sources that count and whose time is known."""
    return {
        name: sum(
            (
                b.amount
                for b in borne
                if b.source.counts and b.source.hours is not None and b.source.hours <= hours
            ),
            Fraction(0),
        )
        for name, hours in HORIZONS.items()
    }

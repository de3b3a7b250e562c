"""A rate from trades: the volume-weighted price over a window, and what the trade file lacks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import NamedTuple

from sonae.core.errors import Refused


class Trade(NamedTuple):
    """One trade: its number on the venue, when, at what price, how much."""

    number: int
    at: datetime
    price: Fraction
    quantity: Fraction


@dataclass(frozen=True, slots=True)
class Rate:
    """The rate, exact and rounded half up to `decimals`; trades used; numbers that are missing."""

    exact: Fraction
    rounded: Fraction
    decimals: int
    trades: int
    quantity: Fraction
    missing: tuple[int, ...]


def volume_weighted(trades: Iterable[Trade], start: datetime, end: datetime, decimals: int) -> Rate:
    """Sum of price x quantity over sum of quantity, of trades from `start` to `end`, both included.

    A venue numbers its trades without a gap; numbers that are missing between the first and the
    last of the window are told, because a rate may not rest on what was left out.

    Raises:
        Refused: a number twice, a quantity not above zero, or no trade in the window.
    """
    used = [t for t in trades if start <= t.at <= end]
    if any(t.quantity <= 0 or t.price < 0 for t in used):
        raise Refused("a trade has a quantity that is not above zero, or a price below zero")
    numbers = sorted(t.number for t in used)
    if len(set(numbers)) != len(numbers):
        raise Refused("a trade number stands twice")
    if not used:
        raise Refused("no trade lies in the window")
    quantity = sum((t.quantity for t in used), Fraction(0))
    exact = sum((t.price * t.quantity for t in used), Fraction(0)) / quantity
    step = Fraction(1, 10**decimals)
    rounded = (exact / step + Fraction(1, 2)) // 1 * step
    missing = tuple(sorted(set(range(numbers[0], numbers[-1] + 1)) - set(numbers)))
    return Rate(exact, rounded, decimals, len(used), quantity, missing)

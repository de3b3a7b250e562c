"""To whom recovered money goes: rank by rank, each to the last unit before the next gets any."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from sonae.claims.waterfall import Borne
from sonae.core.errors import Refused

RANKS = ("customers", "firm", "insurance", "reserve")
"""Customers for what nothing made good; the firm for own funds, group and loans; the others."""
_OWN = ("insurance", "reserve")


@dataclass(frozen=True, slots=True)
class Recovered:
    """One recovery shared out: `to` by rank in the order named, `excess` beyond what all bore."""

    amount: Fraction
    to: Mapping[str, Fraction]
    excess: Fraction


def bearers(borne: Sequence[Borne], gap: Fraction) -> dict[str, Fraction]:
    """What each rank bears of the loss before anything is recovered; the sum is the loss."""
    found = dict.fromkeys(RANKS, Fraction(0))
    found["customers"] = gap
    for one in borne:
        found[one.source.name if one.source.name in _OWN else "firm"] += one.amount
    return found


def recover(
    amounts: Sequence[Fraction], bears: Mapping[str, Fraction], order: Sequence[str]
) -> tuple[list[Recovered], dict[str, Fraction]]:
    """Each amount recovered through the ranks, and what every rank bears afterwards.

    Raises:
        Refused: an amount below zero, or an order that is not all ranks once.
    """
    if sorted(order) != sorted(bears) or any(a < 0 for a in amounts):
        raise Refused("an order names every rank once, and nothing recovered is below zero")
    open_, found = dict(bears), []
    for amount in amounts:
        left, to = amount, {}
        for rank in order:
            to[rank] = min(left, open_[rank])
            open_[rank] -= to[rank]
            left -= to[rank]
        found.append(Recovered(amount, to, left))
    return found, open_

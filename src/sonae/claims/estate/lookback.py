"""Large net withdrawals before a failure: shown to the administrator, never set off by itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Moved:
    """One deposit (above zero) or withdrawal (below zero) of a customer, in base units.

    `own_property` marks the return of trust property or of assets under the customers' priority.
    """

    customer: str
    asset: str
    units: int
    on: date
    own_property: bool


@dataclass(frozen=True, slots=True)
class Flagged:
    """A customer whose net withdrawals of the period are large, with each movement behind it."""

    customer: str
    value: Fraction
    moves: tuple[Moved, ...]
    own_property: bool
    """True where all that left was the customer's own property: told apart, for it may be no act
    that can be avoided."""
    unpriced: tuple[str, ...]


def flagged(
    moves: Iterable[Moved],
    first: date,
    last: date,
    per_unit: Mapping[str, Fraction],
    least: Fraction,
) -> list[Flagged]:
    """Customers who took out at least so much, net, from `first` to `last`, both included.

    The period is the rulebook's answer (`estate.jp.look_back`) or the administrator's. An asset
    without a price is named and its customer flagged whatever the value: nothing is dropped.
    """
    by_customer: dict[str, list[Moved]] = {}
    for move in moves:
        if first <= move.on <= last:
            by_customer.setdefault(move.customer, []).append(move)
    found = []
    for customer, mine in sorted(by_customer.items()):
        mine.sort(key=lambda m: (m.on, m.asset, m.units))
        net: dict[str, int] = {}
        for move in mine:
            net[move.asset] = net.get(move.asset, 0) - move.units
        unpriced = tuple(sorted(a for a, n in net.items() if n > 0 and a not in per_unit))
        value = sum((n * per_unit[a] for a, n in net.items() if a in per_unit), Fraction(0))
        if value >= least or unpriced:
            own = all(m.own_property for m in mine if m.units < 0)
            found.append(Flagged(customer, value, tuple(mine), own, unpriced))
    return found

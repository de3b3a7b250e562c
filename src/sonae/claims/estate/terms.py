"""Terms over persons: a cap on all claims of one person, an amount in full, an early lump sum."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any


@dataclass(frozen=True, slots=True)
class Product:
    """One claim of a person in money, in base units, with what an order of satisfaction may ask.

    `rate` is the interest a year as a ratio; without `matures` it is payable on demand.
    """

    id: str
    person: str
    value: int
    encumbered: bool = False
    matures: date | None = None
    rate: Fraction = Fraction(0)


ORDER: dict[str, Callable[[Product], Any]] = {
    "unencumbered": lambda p: p.encumbered,
    "earlier_maturity": lambda p: p.matures or date.min,
    "lower_rate": lambda p: p.rate,
    "smaller": lambda p: p.value,
    "lower_id": lambda p: p.id,
}
"""Criteria by which a person's claims are met first; deposit insurance uses them in this order."""


def within_cap(
    products: Iterable[Product], cap: int, order: Sequence[str] = tuple(ORDER)
) -> dict[str, int]:
    """What of each claim lies within one cap for its person, met in the order named.

    >>> found = within_cap([Product("a", "P", 7), Product("b", "P", 5)], 10, ["smaller"])
    >>> found
    {'b': 5, 'a': 5}
    """
    keys = [ORDER[name] for name in (*order, "lower_id")]
    used: dict[str, int] = {}
    found = {}
    for product in sorted(products, key=lambda p: (p.person, *(key(p) for key in keys))):
        left = cap - used.get(product.person, 0)
        found[product.id] = min(product.value, left)
        used[product.person] = used.get(product.person, 0) + found[product.id]
    return found


@dataclass(frozen=True, slots=True)
class Elected:
    """One person's claim under a plan: claim = in_full + early + waived + later."""

    in_full: int
    early: int
    waived: int
    later: int


def elect(claim: int, in_full: int, early_share: Fraction, early: bool) -> Elected:
    """So much in full; the rest early in part and waived in part, or left for later distributions.

    Args:
        claim: all of one person's claims, in base units of money.
        in_full: the amount that is paid in full.
        early_share: the part of the rest that an early lump sum pays, rounded down.
        early: whether the early lump sum was elected.
    """
    base = min(claim, in_full)
    rest = claim - base
    if not early:
        return Elected(base, 0, 0, rest)
    paid = int(rest * early_share)
    return Elected(base, paid, rest - paid, 0)

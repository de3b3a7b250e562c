"""A venue as scenarios and reserves see it: what is held where, and what stands ready for a loss.

Amounts are exact, in the reporting currency at the cut-off.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from sonae.core.text import Text

ZERO = Fraction(0)
FUNDS = ("reserve_money", "reserve", "guarantee", "buffer")
"""What stands ready for customers, in the order in which it is used (house)."""
YEN_PER_DOLLAR = {
    2011: 80, 2012: 80, 2013: 98, 2014: 106, 2015: 121, 2016: 109, 2017: 112, 2018: 110, 2019: 109,
    2020: 107, 2021: 110, 2022: 131, 2023: 141, 2024: 151, 2025: 150,
}  # fmt: skip
"""Rough yearly means, from memory, as the list of events uses them; later years take the last."""


@dataclass(frozen=True, slots=True)
class Held:
    """Customers' assets in one place; `tier` is empty where only a total is known.

    `days` until they could be paid out: None where the Books do not say, which counts as at once.
    """

    holding: str
    asset: str
    tier: str
    domain: str
    supplier: str
    value: Fraction
    days: int | None = None


@dataclass(frozen=True, slots=True)
class Fund:
    """An amount that stands ready; coins move with prices, money does not."""

    kind: str
    name: str
    value: Fraction
    coins: bool


@dataclass(frozen=True, slots=True)
class Place:
    """One venue at one cut-off. `usd` is the worth of one unit of `currency` in USD."""

    name: str
    entity: str
    jurisdiction: str
    currency: str
    at: datetime
    incident: str | None
    held: tuple[Held, ...]
    funds: tuple[Fund, ...]
    usd: Fraction
    usd_source: Text
    usd_confidence: str
    notes: tuple[Text, ...] = ()

    @property
    def total(self) -> Fraction:
        """Everything that is held for customers."""
        return sum((h.value for h in self.held), ZERO)

    def of_tier(self, tier: str) -> tuple[Held, ...]:
        """What is held in one tier."""
        return tuple(h for h in self.held if h.tier == tier)

    @property
    def tiers(self) -> tuple[str, ...]:
        """Tiers that hold something."""
        return tuple(dict.fromkeys(h.tier for h in self.held if h.value))


def total(held: Sequence[Held]) -> Fraction:
    """What they hold together."""
    return sum((h.value for h in held), ZERO)

"""Refilling a pool: what is short, what it costs while the price moves, what arrived by when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from sonae.claims.incident import Incident, Step

CAME = ("transfer",)
"""Steps that bring coins into segregation; a purchase or a loan alone does not."""


@dataclass(frozen=True, slots=True)
class Refill:
    """One asset: short, bought, borrowed and arrived in whole units; when it was whole again.

    `proven` is what arrived with a transaction id; the rest is a statement.
    """

    asset: str
    short: Fraction
    bought: Fraction
    borrowed: Fraction
    arrived: Fraction
    proven: Fraction
    whole_on: date | None
    reconciled_on: date | None
    unproven: tuple[Step, ...]

    @property
    def open(self) -> Fraction:
        """What is still missing."""
        return max(self.short - self.arrived, Fraction(0))


def refills(incident: Incident) -> list[Refill]:
    """Each asset's refill by the steps taken; coins count once they are in a segregated wallet."""
    return [_refill(incident, asset, short) for asset, short in sorted(incident.short().items())]


def _refill(incident: Incident, asset: str, short: Fraction) -> Refill:
    steps = [s for s in incident.steps if s.asset == asset]
    arrived, whole = Fraction(0), None
    for step in steps:
        if step.kind in CAME:
            arrived += step.amount
            if whole is None and arrived >= short:
                whole = step.on
    done = [s.on for s in steps if s.kind == "reconciled" and whole is not None and s.on >= whole]
    return Refill(
        asset,
        short,
        _sum(steps, "purchase"),
        _sum(steps, "loan"),
        arrived,
        sum((s.amount for s in steps if s.kind in CAME and s.transaction), Fraction(0)),
        whole,
        min(done, default=None),
        tuple(s for s in steps if s.kind in CAME and not s.transaction),
    )


def _sum(steps: Sequence[Step], kind: str) -> Fraction:
    return sum((s.amount for s in steps if s.kind == kind), Fraction(0))


@dataclass(frozen=True, slots=True)
class Test:
    """One day of the cure: what the coins still missing cost then, and whether the money is there.

    `cost` is in the currency, with slippage; None where no price of that day is given. `coins` is
    what the money at hand buys.
    """

    on: date
    asset: str
    missing: Fraction
    cost: Fraction | None
    coins: Fraction | None
    enough: bool | None


def reserve_test(incident: Incident, money: Fraction, until: Mapping[str, date]) -> list[Test]:
    """The money tested in coins on every day with a price, up to each asset's deadline.

    Args:
        incident: prices by day, slippage, steps.
        money: what may be spent, in the currency.
        until: the last day of the cure by asset.
    """
    found = []
    short = incident.short()
    for on, asset, price in incident.prices:
        if asset not in short or on > until.get(asset, date.max):
            continue
        came = sum(
            (
                s.amount
                for s in incident.steps
                if s.asset == asset and s.kind in CAME and s.on <= on
            ),
            Fraction(0),
        )
        missing = max(short[asset] - came, Fraction(0))
        unit = price * (1 + incident.slippage)
        cost = missing * unit
        coins = money / unit if unit else None
        found.append(Test(on, asset, missing, cost, coins, money >= cost))
    return found

"""Refilling a pool: what is short, what it costs while the price moves, what arrived by when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from sonae.claims.incident import Incident, Step

CAME = ("transfer",)
"""Steps that bring coins or money into segregation; a purchase or a loan alone does not."""
SOURCES = ("purchase", "loan", "own_coins")
"""Steps that say where refilled coins are from: each with its confirmation as evidence."""


@dataclass(frozen=True, slots=True)
class Refill:
    """One asset: short, bought, borrowed and arrived in whole units; when it was whole again.

    `proven` is what arrived with a transaction id (money: the bank's reference) of its own, in a
    segregated wallet where those are named; the rest is a statement. `unsourced` is what arrived
    beyond all purchases, loans and own coins that are confirmed. `lacking` says what keeps the
    refill open: nothing, once it is closed.
    """

    asset: str
    short: Fraction
    bought: Fraction
    borrowed: Fraction
    own: Fraction
    arrived: Fraction
    proven: Fraction
    unsourced: Fraction
    whole_on: date | None
    reconciled_on: date | None
    shown: tuple[Step, ...]
    unproven: tuple[Step, ...]

    @property
    def open(self) -> Fraction:
        """What is still missing."""
        return max(self.short - self.arrived, Fraction(0))

    @property
    def lacking(self) -> tuple[str, ...]:
        """What closes it and is not there, in the order in which a firm does it."""
        missing = {
            "source": self.unsourced > 0,
            "coins": self.open > 0,
            "proof": self.proven < self.short,
            "reconciliation": self.reconciled_on is None,
        }
        return tuple(name for name, yes in missing.items() if yes)


def refills(incident: Incident) -> list[Refill]:
    """Each asset's refill by the steps taken; it counts once it is segregated."""
    return [_refill(incident, asset, short) for asset, short in sorted(incident.pool().items())]


def _refill(incident: Incident, asset: str, short: Fraction) -> Refill:
    steps = [s for s in incident.steps if s.asset == asset]
    arrived, whole = Fraction(0), None
    for step in steps:
        if step.kind in CAME:
            arrived += step.amount
            if whole is None and arrived >= short:
                whole = step.on
    came = [s for s in steps if s.kind in CAME]
    shown = _shown(came, incident.segregated)
    done = [
        s.on
        for s in steps
        if s.kind == "reconciled"
        and whole is not None
        and s.on >= whole
        and s.amount >= short
        and s.evidence.strip()
    ]
    from_ = sum((s.amount for s in steps if s.kind in SOURCES and s.evidence.strip()), Fraction(0))
    return Refill(
        asset,
        short,
        _sum(steps, "purchase"),
        _sum(steps, "loan"),
        _sum(steps, "own_coins"),
        arrived,
        sum((s.amount for s in shown), Fraction(0)),
        Fraction(0) if incident.kind == "cash" else max(arrived - from_, Fraction(0)),
        whole,
        min(done, default=None),
        tuple(shown),
        tuple(s for s in came if s not in shown),
    )


def _shown(came: Sequence[Step], segregated: Sequence[str]) -> list[Step]:
    """Transfers with an id that no earlier one has, into a segregated wallet where those are named.

    An id may come again for another asset, of which this is not asked.
    """
    found: dict[str, Step] = {}
    for step in came:
        if step.transaction and (not segregated or step.wallet in segregated):
            found.setdefault(step.transaction, step)
    return list(found.values())


def _sum(steps: Sequence[Step], kind: str) -> Fraction:
    return sum((s.amount for s in steps if s.kind == kind), Fraction(0))


@dataclass(frozen=True, slots=True)
class Funding:
    """What is still to be bought or borrowed, and its cost at the latest price with slippage.

    `money` is what is left of the funds after the costs of purchases; `gap` what that lacks. Cost
    and gap are None where there is no price.
    """

    asset: str
    to_acquire: Fraction
    price: Fraction | None
    on: date | None
    cost: Fraction | None
    money: Fraction
    gap: Fraction | None


def funding(incident: Incident, money: Fraction) -> list[Funding]:
    """Each asset that is short at the latest price given; of the currency itself the price is one.

    Args:
        incident: prices by day, slippage, steps with their cost.
        money: what may be spent in all, in the currency; assets draw on it in their order.
    """
    spent = sum((s.cost for s in incident.steps if s.cost is not None), Fraction(0))
    left, found = money - spent, []
    for asset, short in sorted(incident.pool().items()):
        mine = [s for s in incident.steps if s.asset == asset]
        kinds = SOURCES if incident.kind == "coins" else CAME
        had = max(sum((_sum(mine, k) for k in kinds), Fraction(0)), _sum(mine, "transfer"))
        missing = max(short - had, Fraction(0))
        on, price = _latest(incident, asset)
        cost = None
        if price is not None:
            slip = Fraction(0) if asset == incident.currency else incident.slippage
            cost = missing * price * (1 + slip)
        here = max(left, Fraction(0))
        gap = None if cost is None else max(cost - here, Fraction(0))
        found.append(Funding(asset, missing, price, on, cost, here, gap))
        left -= cost or Fraction(0)
    return found


def _latest(incident: Incident, asset: str) -> tuple[date | None, Fraction | None]:
    """The last price of the file; of the currency itself one, and of no day."""
    if asset == incident.currency:
        return None, Fraction(1)
    found = [(on, price) for on, a, price in incident.prices if a == asset]
    return found[-1] if found else (None, None)


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
    short = incident.pool()
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

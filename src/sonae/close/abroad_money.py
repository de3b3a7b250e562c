"""Customers' money outside Japan: what is owed of each currency, and where it is held.

Money of every currency is asked for by itself; a surplus of one never cures another.
"""

from __future__ import annotations

from fractions import Fraction

from sonae.close.reconcile import own_statements, settled
from sonae.close.segregation import CUSTOMERS_MONEY
from sonae.close.world import World, gap
from sonae.core.figure import Figure
from sonae.core.formula import smallest, total
from sonae.core.text import Text
from sonae.rulebook.calendars import CALENDARS

DEADLINE = "eu.mica.client_funds_deadline"
_NO_MONEY = Text("利用者の金銭の残高がない", "no balance of customers' money is given")
_NO_STATEMENTS = Text("statements がない", "table statements is not given")


def owed(world: World, currency: str) -> Figure:
    """What customers are owed in money, margin money included."""
    codes = _codes(world)
    if not codes:
        return gap("balances/money", _NO_MONEY, currency)
    return world.money.to(total([_owed(world, c) for c in codes], world.money.home), currency)


def held(world: World, currency: str, *, on_its_way: bool = False) -> Figure:
    """What has settled in customers' accounts; with `on_its_way` also what MiCA's clock allows."""
    codes = _codes(world)
    if not codes:
        return gap("statements/money", _NO_MONEY, currency)
    if world.facts.books.table("statements") is None:
        return gap("statements/money", _NO_STATEMENTS, currency)
    parts = [_held(world, c, on_its_way=on_its_way) for c in codes]
    if len(codes) > 1:
        parts = [smallest(_owed(world, c), h) for c, h in zip(codes, parts, strict=True)]
    return world.money.to(total(parts, world.money.home), currency)


def _codes(world: World) -> list[str]:
    """Currencies that customers have, or that are held for them."""
    return sorted({t.currency for t in world.reconciliation.trusts.values()})


def _owed(world: World, code: str) -> Figure:
    trusts = [t for t in world.reconciliation.trusts.values() if t.currency == code]
    return total([_home(world, t["owed"], code) for t in trusts], world.money.home)


def _home(world: World, figure: Figure, code: str) -> Figure:
    return figure * world.valuation.prices[code] if figure.unit == "coin" else figure


def _held(world: World, code: str, *, on_its_way: bool) -> Figure:
    facts, on = world.facts, world.facts.books.venue.on
    rows = own_statements(facts, world.reconciliation.elsewhere)
    found = [settled(rows, code, kind, on) for kind in CUSTOMERS_MONEY]
    amount = sum((a for a, _ in found), Fraction(0))
    count = sum(n for _, n in found)
    unit = code if code == world.money.home else "coin"
    kinds = ", ".join(CUSTOMERS_MONEY)
    where = f"currency = {code}, kind in ({kinds}), stage = settled, as_of <= {on}"
    leaf = facts.leaf(f"statements/{code}/clients", amount, unit, "statements", where, count)
    parts = [_home(world, leaf, code)]
    if on_its_way:
        parts.append(_home(world, _moving(world, code, unit), code))
    return total(parts, world.money.home)


def _moving(world: World, code: str, unit: str) -> Figure:
    """Instructed or calculated, until the end of the business day that MiCA Art. 70(3) gives."""
    facts, on, edition = world.facts, world.facts.books.venue.on, world.edition
    days = edition.parameter(edition.topic(edition.rule(DEADLINE)), "placing_days")
    limit = int(days.number()) if days.computable else 0
    rows = [
        r
        for r in own_statements(facts, world.reconciliation.elsewhere)
        if r["currency"] == code
        and r["kind"] in CUSTOMERS_MONEY
        and r["stage"] != "settled"
        and r["as_of"] <= on <= CALENDARS["eu.target"].add(r["as_of"], limit)
    ]
    amount = sum((r["amount"] for r in rows), Fraction(0))
    where = f"currency = {code}, stage <> settled, within {limit} business days of {on}"
    return facts.leaf(
        f"statements/{code}/clients/moving", amount, unit, "statements", where, len(rows)
    )

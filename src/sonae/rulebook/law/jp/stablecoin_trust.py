"""Customers' stablecoins in trust: the pay-out in kind, and the clock of a shortage."""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from typing import Any

from sonae.core.allocate import pro_rata
from sonae.core.errors import UsageError
from sonae.core.figure import apply
from sonae.core.formula import choose, not_negative, table
from sonae.core.text import Text
from sonae.rulebook.rule import Each, Outputs, known_code, rule

UNIT = Fraction(1)
TRUSTS = {"trust": "cure_days_trust", "self_trust": "cure_days_self_trust"}


@rule(
    "jp.stablecoin.trust_payout",
    title=Text("電子決済手段の信託の受益権行使時の返還", "pay-out of the stablecoin trust"),
    cites="order 38(2)(xi)",
    needs={"entitlements": Each("coin"), "pool": "coin", "step": "coin"},
    optional=("step",),
    outputs={
        "paid": Text("各利用者への返還数量", "returned to each customer"),
        "residue": Text("端数", "residue of rounding down"),
        "to_settlor": Text("委託者への残余", "returned to the settlor"),
    },
)
def trust_payout(_law: Any, day: Any) -> Outputs:
    """min(individual quantity, trust quantity x individual / required); the excess to the settlor.

    In kind, never in yen. The text does not deal with fractions: each quantity is rounded down to
    the smallest unit (one, or `step`) and what is left goes to a named residue (house rule).
    """
    claims, pool = day.entitlements, day.pool
    parts = (claims, pool, day.step) if day.given("step") else (claims, pool)
    if not all(part.computable for part in parts):
        gap = apply("pro rata in kind", "coin", parts, lambda: None)
        return {"paid": gap, "residue": gap, "to_settlor": gap}
    step = day.step.number() if day.given("step") else UNIT
    shares = {k: f for k, f in claims.rows().items()}
    gaps = [f for f in shares.values() if not f.computable]
    if gaps:
        gap = apply("pro rata in kind", "coin", gaps, lambda: None)
        return {"paid": table(dict.fromkeys(shares, gap)), "residue": gap, "to_settlor": gap}
    amounts = {k: f.number() for k, f in shares.items()}
    if step <= 0 or pool.number() < 0 or any(a < 0 for a in amounts.values()):
        raise UsageError("step must be above zero, pool and entitlements not below it")
    result = pro_rata(amounts, pool.number(), step)
    rows = {
        k: apply(
            "min({0}, {2} × {0} / total of {1}), rounded down",
            "coin",
            (shares[k], *parts),
            partial(Fraction, v),
        )
        for k, v in result.paid.items()
    }
    return {
        "paid": table(rows),
        "residue": apply("min({1}, total of {0}) - paid", "coin", parts, lambda: result.residue),
        "to_settlor": apply("max(0, {1} - total of {0})", "coin", parts, lambda: result.excess),
    }


@rule(
    "jp.stablecoin.trust_shortage_due",
    title=Text("受託電子決済手段数量の不足の解消期限", "deadline to cure a shortage in the trust"),
    cites="psa 62-14(1)",
    needs={"arose_on": "date", "trust": "code"},
    optional=("trust",),
    outputs={"due": Text("期限", "due")},
)
def trust_shortage_due(law: Any, day: Any) -> Outputs:
    """So many business days from the day after; for a self-trust the next business day.

    A trust with a trust company is meant where `trust` is not given. The texts read do not define
    a business day; bank days are our default.
    """
    kind = "trust"
    if day.given("trust"):
        known = known_code(day.trust, TRUSTS)
        if known is None:
            return {"due": apply("{0}", "date", (day.trust,), lambda: None)}
        kind = known
    arose, days, calendar = day.arose_on, getattr(law, TRUSTS[kind]), law.calendars["jp.bank"]
    due = apply(
        "{1} business days after {0}, by the bank calendar",
        "date",
        (arose, days),
        lambda: calendar.add(arose.value, int(days.number())),
        cites=days.cites,
    )
    return {"due": due}


@rule(
    "jp.stablecoin.self_trust_standing",
    title=Text("自己信託の財産的要件", "standing for a self-trust"),
    cites="order 38(3)(i)",
    needs={"capital_jpy": "JPY", "net_assets_jpy": "JPY"},
    outputs={
        "capital_test": Text("資本金の判定", "test of capital"),
        "net_assets_test": Text("純資産の判定", "test of net assets"),
        "capital_shortfall_jpy": Text("資本金の不足額", "capital short by"),
        "net_assets_shortfall_jpy": Text("純資産の不足額", "net assets short by"),
    },
)
def self_trust_standing(law: Any, day: Any) -> Outputs:
    """Capital and net assets each of the stated amount."""
    least = law.self_trust_least
    return {
        "capital_test": choose(day.capital_jpy >= least, "pass", "fail"),
        "net_assets_test": choose(day.net_assets_jpy >= least, "pass", "fail"),
        "capital_shortfall_jpy": not_negative(least - day.capital_jpy),
        "net_assets_shortfall_jpy": not_negative(least - day.net_assets_jpy),
    }

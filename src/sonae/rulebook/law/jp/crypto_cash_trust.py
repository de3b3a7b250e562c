"""Customers' money: the user-segregated money trust, what it must hold and how it pays out."""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from typing import Any

from sonae.core.allocate import pro_rata
from sonae.core.figure import Figure, apply
from sonae.core.formula import choose, not_negative, table
from sonae.core.text import Text
from sonae.rulebook.rule import Each, Outputs, rule

YEN = Fraction(1)
MONEY = {
    "required_jpy": Text("利用者区分管理必要額", "amount to be held in trust"),
    "held_jpy": Text("信託財産の元本（決済済み）", "trust principal, settled"),
    "shortfall_jpy": Text("不足額", "shortfall"),
    "excess_jpy": Text("超過額", "excess"),
    "test": Text("判定", "test"),
}


@rule(
    "jp.crypto.cash_trust",
    title=Text("利用者区分管理信託（金銭）", "user-segregated money trust"),
    cites="order 26(1)(vi)",
    needs={"customer_cash_jpy": "JPY", "trust_principal_jpy": "JPY"},
    outputs=MONEY,
)
def cash_trust(law: Any, day: Any) -> Outputs:
    """The principal must not be below the sum of the individual amounts, each business day."""
    return _requirement(day.customer_cash_jpy, day.trust_principal_jpy)


@rule(
    "jp.crypto.margin_cash_trust",
    title=Text("証拠金等の信託", "money trust for margin"),
    cites="fibo 143-2",
    needs={"margin_cash_jpy": "JPY", "margin_trust_principal_jpy": "JPY"},
    outputs=MONEY,
)
def margin_cash_trust(law: Any, day: Any) -> Outputs:
    """The same requirement for margin of crypto derivatives, in a trust of its own."""
    return _requirement(day.margin_cash_jpy, day.margin_trust_principal_jpy)


def _requirement(required: Figure, held: Figure) -> Outputs:
    return {
        "required_jpy": required,
        "held_jpy": held,
        "shortfall_jpy": not_negative(required - held),
        "excess_jpy": not_negative(held - required),
        "test": choose(held >= required, "pass", "fail"),
    }


@rule(
    "jp.crypto.cash_trust_payout",
    title=Text("信託の受益権行使時の支払", "pay-out of the money trust"),
    cites="order 26(1)(xiv)",
    needs={"entitlements": Each("JPY"), "pool": "JPY"},
    outputs={
        "paid": Text("各利用者への支払額", "paid to each customer"),
        "residue": Text("端数", "residue of rounding down"),
        "to_settlor": Text("委託者への残余", "returned to the settlor"),
    },
)
def cash_trust_payout(_law: Any, day: Any) -> Outputs:
    """min(individual amount, principal x individual / required); the excess to the settlor.

    The text does not deal with fractions of a yen: each payment is rounded down and what is left
    goes to a named residue (house rule).
    """
    claims, pool = day.entitlements, day.pool
    both = (claims, pool)
    if not (claims.computable and pool.computable):
        gap = apply("pro rata", "JPY", both, lambda: None)
        return {"paid": gap, "residue": gap, "to_settlor": gap}
    shares = {k: f.number() for k, f in claims.rows().items()}
    result = pro_rata(shares, pool.number(), YEN)
    rows = {
        k: apply(
            "min({0}, {2} × {0} / total of {1}), rounded down",
            "JPY",
            (claims.rows()[k], claims, pool),
            partial(Fraction, v),
        )
        for k, v in result.paid.items()
    }
    return {
        "paid": table(rows),
        "residue": apply("min({1}, total of {0}) - paid", "JPY", both, lambda: result.residue),
        "to_settlor": apply("max(0, {1} - total of {0})", "JPY", both, lambda: result.excess),
    }

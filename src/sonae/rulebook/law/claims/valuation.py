"""What a claim of so many coins comes to: in kind, in money at a fixed rate, or in part each."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from sonae.core.figure import Figure, apply, constant, derive
from sonae.core.formula import smallest
from sonae.core.text import Text
from sonae.rulebook.rule import Outputs, known_code, rule

METHODS = ("in_kind", "fixed_rate", "in_kind_and_cash", "loss_and_goodwill")
ROUNDINGS = ("floor", "none")
MONEY = "money"


@rule(
    "claims.valuation",
    title=Text("債権の評価額", "what a claim comes to"),
    cites="house 評価",
    needs={
        "method": "code",
        "quantity": "coin",
        "rate": "money/coin",
        "in_kind_share": "ratio",
        "paid_of_loss": "ratio",
        "cap": MONEY,
        "currency": "code",
        "round": "code",
    },
    optional=("rate", "in_kind_share", "paid_of_loss", "cap", "currency"),
    outputs={
        "in_kind": Text("現物で返す数量", "returned in kind"),
        "amount": Text("金銭で支払う額（うち損失分）", "paid in money, for the loss"),
        "goodwill": Text("損失を超える額（見舞金）", "above the loss: goodwill"),
    },
    standing="house",
)
def valuation(law: Any, day: Any) -> Outputs:
    """In kind, money at a rate, a share of each, or more than the loss, whose rest is goodwill.

    `rate` is of the currency named, per whole coin; money is rounded down to its whole unit, or
    not at all. What is above the loss is another claim with a ground of its own.
    """
    known_code(day.method, METHODS)
    known_code(day.round, ROUNDINGS)
    share = _share(day)
    coins = (day.quantity * share).named("claims#in_kind")
    if day.method.value == "in_kind":
        none = constant(0, MONEY)
        return {"in_kind": coins, "amount": none, "goodwill": none}
    rest = day.quantity * (constant(1, "ratio") - share)
    loss = rest * day.rate
    if day.given("cap"):
        loss = smallest(loss, day.cap)
    amount = _rounded(loss, day.round)
    if day.method.value != "loss_and_goodwill":
        return {"in_kind": coins, "amount": amount, "goodwill": constant(0, MONEY)}
    whole = _rounded(loss * day.paid_of_loss, day.round)
    return {"in_kind": coins, "amount": amount, "goodwill": whole - amount}


def _share(day: Any) -> Figure:
    """The part that is returned in kind."""
    if day.method.value == "in_kind_and_cash":
        share: Figure = day.in_kind_share
        return share
    whole = Fraction(1) if day.method.value == "in_kind" else Fraction(0)
    return derive("by {0}", whole, "ratio", (day.method,))


def _rounded(money: Figure, how: Figure) -> Figure:
    def compute() -> Fraction:
        return Fraction(money.number() // 1) if how.value == "floor" else money.number()

    return apply("{0}, rounding: {1}", MONEY, (money, how), compute)

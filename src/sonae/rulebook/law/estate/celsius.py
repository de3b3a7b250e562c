"""Celsius: dollars at petition, loans set off against collateral, classes by the terms of use."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from sonae.core.figure import Figure, Value, apply, number_or_range
from sonae.core.formula import not_negative
from sonae.core.text import Text
from sonae.rulebook.rule import Outputs, given_at_rates, known_code, row_of, rule

CLASSES = ("earn", "convenience", "custody")
COINS = {"btc_claim": "coin", "cel_claim": "coin"}


@rule(
    "estate.celsius.claim",
    title=Text("申立時の債権額", "claim at petition"),
    cites="plan 評価",
    needs=COINS,
    optional=tuple(COINS),
    outputs={"claim_usd": Text("債権額", "claim")},
)
def claim(law: Any, day: Any) -> Outputs:
    """Coins at the prices of the petition; CEL at the settled price."""
    rates = {key: row_of(law.rates, key.removesuffix("_claim"), "USD/coin") for key in COINS}
    return {"claim_usd": given_at_rates(day, rates, "USD")}


@rule(
    "estate.celsius.setoff",
    title=Text("担保と貸付けの相殺", "set-off of a loan against its collateral"),
    cites="plan 評価",
    needs={"collateral_btc": "coin", "loan_usd": "USD"},
    outputs={
        "collateral_usd": Text("担保の評価額", "collateral, valued"),
        "claim_usd": Text("相殺後の債権額", "claim after set-off"),
        "owed_usd": Text("相殺後に利用者が負う額", "what the customer still owes"),
    },
)
def setoff(law: Any, day: Any) -> Outputs:
    """Collateral at the price of the petition less the loan; one side is left, never both."""
    worth = day.collateral_btc * row_of(law.rates, "btc", "USD/coin")
    return {
        "collateral_usd": worth,
        "claim_usd": not_negative(worth - day.loan_usd),
        "owed_usd": not_negative(day.loan_usd - worth),
    }


@rule(
    "estate.celsius.distribution",
    title=Text("クラスごとの配当", "distribution by class"),
    cites="plan 配当",
    needs={"class": "code", "claim_usd": "USD", "quantity": "coin"},
    optional=("claim_usd", "quantity"),
    outputs={
        "paid_usd": Text("累計支払額（ドル建て）", "paid so far, in dollars of the claim"),
        "returned": Text("現物の返還数量", "returned in kind"),
        "convenience": Text("少額クラスの上限以内か", "within the limit of the convenience class"),
    },
)
def distribution(law: Any, day: Any) -> Outputs:
    """Custody in kind by settlement; Earn and small claims by a share of the dollar claim."""
    which = getattr(day, "class")
    known_code(which, CLASSES)
    custody = which.value == "custody"
    part = law.convenience_share if which.value == "convenience" else _earn(law.earn_share)
    money, coins = day.claim_usd * part, day.quantity * law.custody_share
    return {
        "paid_usd": _of_class(which, money, not custody),
        "returned": _of_class(which, coins, custody),
        "convenience": day.claim_usd <= law.convenience_limit,
    }


def _of_class(which: Figure, amount: Figure, theirs: bool) -> Figure:
    """The amount where the class has it, else nothing."""
    if which.computable and not theirs:
        return apply("none of class {0}", amount.unit, (which,), lambda: Fraction(0))
    return apply("{0} of class {1}", amount.unit, (amount, which), lambda: amount.value)


def _earn(found: Figure) -> Figure:
    """From the lowest to the highest of the shares that sources state."""
    low, high = (row_of(found, end, "ratio") for end in ("low", "high"))

    def compute() -> Value:
        return number_or_range([low.number(), high.number()])

    return apply("{0} to {1}", "ratio", (low, high), compute)

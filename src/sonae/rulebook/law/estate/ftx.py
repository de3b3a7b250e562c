"""FTX in the United States: dollars at petition, then cumulative percentages by class."""

from __future__ import annotations

from typing import Any

from sonae.core.figure import Figure, Range, apply, constant
from sonae.core.text import Text
from sonae.rulebook.rule import Outputs, given_at_rates, known_code, row_of, rule

CLASSES = ("5A", "5B", "6A", "6B")
CONVENIENCE = "7"
COINS = {"btc_claim": "coin", "eth_claim": "coin", "bnb_claim": "coin"}


@rule(
    "estate.ftx.claim",
    title=Text("申立時の債権額", "claim at petition"),
    cites="table 換算",
    needs=COINS,
    optional=tuple(COINS),
    outputs={"claim_usd": Text("債権額", "claim")},
)
def claim(law: Any, day: Any) -> Outputs:
    """Coins at the prices of the petition; what they are worth when paid does not matter."""
    return {"claim_usd": _at_petition(law, day)}


@rule(
    "estate.ftx.distribution",
    title=Text("累計配当", "cumulative distribution"),
    cites="notices 配当",
    needs={**COINS, "claim_usd": "USD", "class": "code", "cumulative_pct": "percent"},
    optional=(*COINS, "claim_usd", "cumulative_pct"),
    outputs={
        "claim_usd": Text("債権額", "claim"),
        "cumulative": Text("累計配当率", "cumulative share"),
        "paid_usd": Text("累計支払額", "paid so far"),
        "convenience": Text("少額クラスの上限以内か", "within the limit of the convenience class"),
    },
)
def distribution(law: Any, day: Any) -> Outputs:
    """Claim x cumulative percentage; where none is given, the published one of the day."""
    which = getattr(day, "class")
    known_code(which, (*CLASSES, CONVENIENCE))
    claimed = day.claim_usd if day.given("claim_usd") else _at_petition(law, day)
    part = _given(day.cumulative_pct) if day.given("cumulative_pct") else _published(law, which)
    return {
        "claim_usd": claimed,
        "cumulative": part,
        "paid_usd": claimed * part,
        "convenience": claimed <= law.convenience_limit,
    }


def _at_petition(law: Any, day: Any) -> Figure:
    rates = {key: row_of(law.rates, key.removesuffix("_claim"), "USD/coin") for key in COINS}
    return given_at_rates(day, rates, "USD")


def _given(percent: Figure) -> Figure:
    """A percentage as a ratio."""
    return percent / constant(100, "percent")


def _published(law: Any, which: Figure) -> Figure:
    """The published cumulative share; of the convenience class a range, as sources differ."""
    if which.value == CONVENIENCE:
        low, high = (row_of(law.convenience, end, "ratio") for end in ("low", "high"))
        return apply("{0} to {1}", "ratio", (low, high), lambda: Range(low.number(), high.number()))
    if not which.computable:
        return apply("of class {0}", "ratio", (which,), lambda: None)
    row = row_of(law.cumulative, str(which.value), "ratio")
    return apply("{0} of class {1}", "ratio", (row, which), row.number)

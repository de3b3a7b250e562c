"""Mt. Gox: claims at the rates of commencement; a base in full, then early or later repayment."""

from __future__ import annotations

from typing import Any

from sonae.core.figure import Figure, Range, apply, constant
from sonae.core.formula import smallest
from sonae.core.text import Text
from sonae.rulebook.rule import Outputs, given_at_rates, known_code, row_of, rule

EARLY, LATER = "early", "intermediate_final"


@rule(
    "estate.mtgox.claim",
    title=Text("再生債権の評価額", "amount of a rehabilitation claim"),
    cites="plan 評価",
    needs={"btc_claim": "coin", "bch_claim": "coin", "usd_claim": "USD", "jpy_claim": "JPY"},
    optional=("btc_claim", "bch_claim", "usd_claim", "jpy_claim"),
    outputs={"claim_jpy": Text("債権額", "claim")},
)
def claim(law: Any, day: Any) -> Outputs:
    """Coins and dollars at the rates of commencement, and yen; only what is claimed is named."""
    rates = {
        "btc_claim": row_of(law.rates, "btc", "JPY/coin"),
        "bch_claim": row_of(law.rates, "bch", "JPY/coin"),
        "usd_claim": law.usd_rate,
        "jpy_claim": constant(1, "ratio"),
    }
    return {"claim_jpy": given_at_rates(day, rates, "JPY")}


@rule(
    "estate.mtgox.repayment",
    title=Text("再生計画による弁済", "repayment under the plan"),
    cites="plan 弁済",
    needs={
        "claim_jpy": "JPY",
        "election": "code",
        "distributable_jpy": "JPY",
        "remaining_claims_jpy": "JPY",
    },
    optional=("distributable_jpy", "remaining_claims_jpy"),
    outputs={
        "base_jpy": Text("基本弁済額", "base repayment"),
        "remaining_jpy": Text("残額", "remaining claim"),
        "early_jpy": Text("早期一括弁済額", "early lump sum"),
        "waived_jpy": Text("放棄される額", "waived"),
        "later_jpy": Text("中間・最終弁済額", "intermediate and final repayment"),
    },
)
def repayment(law: Any, day: Any) -> Outputs:
    """The base in full; of the rest an early share and a waiver, or a share of what there is.

    Without the distributable assets and the sum of remaining claims, the later repayment is the
    range that was published as an estimate. Early repayments are not taken off those assets.
    """
    known_code(day.election, (EARLY, LATER))
    base = smallest(day.claim_jpy, law.base)
    rest = day.claim_jpy - base
    early = _elected(day.election, EARLY, rest * law.early_share)
    return {
        "base_jpy": base,
        "remaining_jpy": rest,
        "early_jpy": early,
        "waived_jpy": _elected(day.election, EARLY, rest - rest * law.early_share),
        "later_jpy": _elected(day.election, LATER, rest * _later_share(law, day)),
    }


def _later_share(law: Any, day: Any) -> Figure:
    """The part of a remaining claim that is repaid later: exact where both sums are given."""
    if day.given("distributable_jpy") or day.given("remaining_claims_jpy"):
        return smallest(day.distributable_jpy / day.remaining_claims_jpy, constant(1, "ratio"))
    low, high = (row_of(law.later_share, end, "ratio") for end in ("low", "high"))
    return apply("{0} to {1}", "ratio", (low, high), lambda: Range(low.number(), high.number()))


def _elected(election: Figure, wanted: str, amount: Figure) -> Figure:
    """The amount where it was elected, else nothing."""
    none = constant(0, "JPY").value
    formula = f"{{0}} if {{1}} is {wanted}, else 0"
    chosen = election.value == wanted
    return apply(formula, "JPY", (amount, election), lambda: amount.value if chosen else none)

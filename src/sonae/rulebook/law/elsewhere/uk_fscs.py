"""United Kingdom: what a depositor of a failed bank is paid, by the limit of the day it failed."""

from __future__ import annotations

from typing import Any

from sonae.core.formula import not_negative, smallest
from sonae.core.text import Text
from sonae.rulebook.rule import Outputs, rule


@rule(
    "uk.fscs.payout",
    title=Text("預金補償の支払額", "compensation paid to a depositor"),
    cites="pra Chapter 4",
    needs={"eligible_deposit_gbp": "GBP", "failed_on": "date"},
    outputs={
        "limit_gbp": Text("補償限度額（破綻日の額）", "limit on the day of failure"),
        "payout_gbp": Text("支払額", "paid"),
        "uncovered_gbp": Text("補償されない額", "not covered"),
    },
)
def payout(law: Any, day: Any) -> Outputs:
    """Up to the limit of the day the firm failed, whatever the limit is today."""
    deposit, limit = day.eligible_deposit_gbp, law.on_day(day.failed_on).deposit_limit
    return {
        "limit_gbp": limit,
        "payout_gbp": smallest(deposit, limit),
        "uncovered_gbp": not_negative(deposit - limit),
    }

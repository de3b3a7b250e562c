"""What a custodian owes for what it lost, and how often it tells clients what they hold."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from sonae.core.calendar import add_months
from sonae.core.figure import Figure, apply
from sonae.core.text import Text
from sonae.rulebook.rule import Outputs, rule


@rule(
    "eu.mica.custody_liability",
    title=Text("保管者の責任の上限", "cap on a custodian's liability"),
    cites="mica 75(8)",
    needs={
        "qty_lost": "coin",
        "price_at_loss_eur": "EUR/coin",
        "attributable": "truth",
        "price_at_claim_eur": "EUR/coin",
    },
    optional=("attributable", "price_at_claim_eur"),
    outputs={
        "market_value_at_loss_eur": Text("損失発生時の市場価額", "market value when lost"),
        "liability_cap_eur": Text("責任の上限額", "cap on liability"),
        "value_at_claim_eur": Text(
            "請求時の価額（上限には影響しない）", "value when claimed (does not move the cap)"
        ),
    },
)
def custody_liability(law: Any, day: Any) -> Outputs:
    """Market value at the time of the loss; nothing where the incident is not attributable.

    Without `attributable` the cap is what a custodian to blame would owe at most.
    """
    value = day.qty_lost * day.price_at_loss_eur
    cap: Figure = value * law.liability_cap_share
    if day.given("attributable"):
        cap = _if_attributable(cap, day.attributable)
    outputs = {"market_value_at_loss_eur": value, "liability_cap_eur": cap}
    if day.given("price_at_claim_eur"):
        outputs["value_at_claim_eur"] = day.qty_lost * day.price_at_claim_eur
    return outputs


def _if_attributable(cap: Figure, attributable: Figure) -> Figure:
    return apply(
        "{0} if {1}, else 0",
        "EUR",
        (cap, attributable),
        lambda: cap.number() if attributable.truth() else Fraction(0),
    )


@rule(
    "eu.mica.custody_statement_due",
    title=Text("顧客への残高等の報告期限", "statement of position due"),
    cites="mica 75(5)",
    needs={"last_statement_on": "date"},
    outputs={"due": Text("期限", "due")},
)
def custody_statement_due(law: Any, day: Any) -> Outputs:
    """At least once every so many months after the last one; on request at any time."""
    last, months = day.last_statement_on, law.statement_months
    due = apply(
        "{0} + {1} months",
        "date",
        (last, months),
        lambda: add_months(last.value, int(months.number()), keep_end=False),
    )
    return {"due": due}

"""The United States' reserve formula: what customers could ask for, less what they owe."""

from __future__ import annotations

from typing import Any

from sonae.core.errors import UsageError
from sonae.core.figure import Figure, constant, derive
from sonae.core.formula import not_negative
from sonae.core.text import Text
from sonae.rulebook.rule import Outputs, rule


@rule(
    "us.sec_15c3_3.required_deposit",
    title=Text("特別準備預金口座への所要預入額", "required deposit in the special reserve account"),
    cites="cfr § 240.15c3-3a",
    needs={
        "total_credits": "USD",
        "aggregate_debits": "USD",
        "computed": "code",
        "average_total_credits": "USD",
    },
    optional=("average_total_credits",),
    outputs={
        "debits_after_cut": Text("減額後の借方", "debits after the cut"),
        "required_deposit": Text("所要預入額", "required deposit"),
        "daily_computation_required": Text("日次の算定を要する", "the computation must be daily"),
    },
)
def required_deposit(law: Any, day: Any) -> Outputs:
    """Total credits less aggregate debits after a cut, at least zero."""
    debits = day.aggregate_debits * (constant(1, "ratio") - _cut(law.debit_cut, day.computed))
    outputs = {
        "debits_after_cut": debits,
        "required_deposit": not_negative(day.total_credits - debits),
    }
    if day.given("average_total_credits"):
        outputs["daily_computation_required"] = day.average_total_credits >= law.daily_threshold
    return outputs


def _cut(cuts: Figure, computed: Figure) -> Figure:
    if not (cuts.computable and computed.computable):
        return derive("cut, row {1}", None, "ratio", (cuts, computed))
    if computed.value not in cuts.rows():
        raise UsageError(f"computed {computed.value!r} is none of {', '.join(cuts.rows())}")
    found = cuts.rows()[str(computed.value)]
    return derive("cut, row {0}", found.value, "ratio", (found, computed))

"""Singapore: cold storage of retail customers' tokens."""

from __future__ import annotations

from typing import Any

from sonae.core.formula import choose, not_negative
from sonae.core.text import Text
from sonae.rulebook.rule import Outputs, rule


@rule(
    "sg.mas.cold_share",
    title=Text("コールド保管の割合（90%）", "share in cold storage"),
    cites="guidelines PS-G03",
    needs={"customer_dpt_value_sgd": "SGD", "cold_sgd": "SGD"},
    outputs={
        "required_cold_sgd": Text("コールドで保管すべき額", "to be kept in cold storage"),
        "cold_ratio": Text("コールドの割合", "share in cold storage"),
        "shortfall_sgd": Text("不足額", "shortfall"),
        "test": Text("判定", "test"),
    },
)
def cold_share(law: Any, day: Any) -> Outputs:
    """At least the stated part, by value, of retail customers' digital payment tokens."""
    whole, cold = day.customer_dpt_value_sgd, day.cold_sgd
    required = whole * law.cold_share
    return {
        "required_cold_sgd": required,
        "cold_ratio": cold / whole,
        "shortfall_sgd": not_negative(required - cold),
        "test": choose(cold >= required, "pass", "fail"),
    }

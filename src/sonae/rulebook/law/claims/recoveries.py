"""The order in which recovered money makes up for a loss, where no policy agrees on another."""

from __future__ import annotations

from typing import Any

from sonae.core.text import Text
from sonae.rulebook.rule import Outputs, rule


@rule(
    "claims.recovery_order",
    title=Text("回収金の充当順序", "the order of recoveries"),
    cites="insurance_act 25(2)",
    needs={},
    outputs={"order": Text("充てる順序", "ranks, first to last")},
)
def recovery_order(law: Any, _day: Any) -> Outputs:
    """The insured's loss that insurance did not meet, then the insurer; the reserve last."""
    return {"order": law.order}

"""A custodian's shortage: own assets of the same description first, then pro rata."""

from __future__ import annotations

from typing import Any

from sonae.core.figure import constant
from sonae.core.formula import not_negative, smallest
from sonae.core.text import Text
from sonae.rulebook.rule import Outputs, rule


@rule(
    "estate.same_kind_top_up",
    title=Text("同種の自己資産による補充", "top-up from own assets of the same kind"),
    cites="principles 倒産",
    needs={"client_held": "coin", "own_same_kind": "coin", "liability": "coin"},
    outputs={
        "top_up": Text("自己資産から充てる数量", "taken from own assets"),
        "ratio": Text("返還割合", "returned of a unit"),
        "shortage": Text("なお不足する数量", "still short"),
        "own_left": Text("残る自己資産", "own assets left"),
    },
    standing="house",
)
def same_kind_top_up(_law: Any, day: Any) -> Outputs:
    """min(1, (held + own of the same kind) / liability); own assets only as far as needed."""
    gap = not_negative(day.liability - day.client_held)
    top_up = smallest(gap, day.own_same_kind)
    both = day.client_held + top_up
    return {
        "top_up": top_up,
        "ratio": smallest(both / day.liability, constant(1, "ratio")),
        "shortage": not_negative(day.liability - both),
        "own_left": day.own_same_kind - top_up,
    }

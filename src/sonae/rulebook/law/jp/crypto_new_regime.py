"""The reserve of Act No. 64 of 2026: promulgated, and its amount not fixed by any text read."""

from __future__ import annotations

from typing import Any

from sonae.core.figure import derive, missing
from sonae.core.text import Text
from sonae.rulebook.rule import Outputs, rule


@rule(
    "jp.crypto.liability_reserve",
    title=Text("責任準備金（令和8年法律第64号）", "liability reserve (Act No. 64 of 2026)"),
    cites="act64 責任準備金",
    needs={},
    outputs={
        "required_jpy": Text("所要額", "required reserve"),
        "in_force_latest": Text("施行期限", "in force at the latest"),
    },
)
def liability_reserve(law: Any, day: Any) -> Outputs:
    """Not computable: rate, base, cap and insurance share wait for a Cabinet Office Order."""
    reason = Text(
        "率・算定基礎・上限・保険充当割合を定める内閣府令が公布されていない",
        "no Cabinet Office Order fixes rate, base, cap and insurance share",
    )
    unknown = missing("cabinet_office_order", reason, "JPY", cites=(law.cite("act64 責任準備金"),))
    act = law.in_force_latest
    return {
        "required_jpy": derive("{0}", None, "JPY", (unknown if act.computable else act,)),
        "in_force_latest": law.in_force_latest,
    }

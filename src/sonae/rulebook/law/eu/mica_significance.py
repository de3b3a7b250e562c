"""When a provider becomes significant, and by when it must say so."""

from __future__ import annotations

from typing import Any

from sonae.core.calendar import add_months
from sonae.core.figure import apply
from sonae.core.text import Text
from sonae.rulebook.rule import Outputs, rule


@rule(
    "eu.mica.significant_casp",
    title=Text("重要な暗号資産サービス提供者の判定", "significant crypto-asset service provider"),
    cites="mica 85(1)",
    needs={"average_active_users": "users", "reached_on": "date"},
    optional=("reached_on",),
    outputs={
        "threshold_users": Text("基準数", "threshold"),
        "significant": Text("重要な提供者に当たる", "deemed significant"),
        "notify_by": Text("当局への通知期限", "notify the competent authority by"),
    },
)
def significant_casp(law: Any, day: Any) -> Outputs:
    """The daily number of active users in the Union, averaged over the previous calendar year.

    A provider below the threshold has nothing to notify: `notify_by` is then absent.
    """
    threshold = law.active_users
    significant = day.average_active_users >= threshold
    outputs = {"threshold_users": threshold, "significant": significant}
    below = significant.computable and not significant.truth()
    if day.given("reached_on") and not below:
        reached, months = day.reached_on, law.notice_months
        outputs["notify_by"] = apply(
            "{0} + {1} months",
            "date",
            (reached, months),
            lambda: add_months(reached.value, int(months.number()), keep_end=False),
        )
    return outputs

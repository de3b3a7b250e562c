"""By when clients' money must be with a bank."""

from __future__ import annotations

from typing import Any

from sonae.core.figure import apply
from sonae.core.text import Text
from sonae.rulebook.rule import Outputs, rule


@rule(
    "eu.mica.client_funds_deadline",
    title=Text("顧客資金の預入期限", "deadline to place clients' funds"),
    cites="mica 70(3)",
    needs={"received_on": "date"},
    outputs={"place_by": Text("預入期限（当日の終わりまで）", "place by the end of")},
)
def client_funds_deadline(law: Any, day: Any) -> Outputs:
    """The end of the business day after the day of receipt; TARGET days by default."""
    received, days = day.received_on, law.placing_days
    calendar = law.calendars["eu.target"]
    due = apply(
        "{1} business day after {0}, by TARGET days",
        "date",
        (received, days),
        lambda: calendar.add(received.value, int(days.number())),
    )
    return {"place_by": due}

"""Days to cure a breach, and when the segregation audit report is due."""

from __future__ import annotations

from typing import Any

from sonae.core.calendar import add_months
from sonae.core.errors import UsageError
from sonae.core.figure import Figure, apply
from sonae.core.text import Text
from sonae.rulebook.rule import Outputs, rule

CURES = {
    "chain_shortage": "cure_days_chain_shortage",
    "buffer_excess": "cure_days_buffer_excess",
    "hot_excess": "cure_days_hot_excess",
    "cash_trust_shortage": "cure_days_cash_trust",
}
DUE = {"due": Text("期限", "due")}


@rule(
    "jp.crypto.cure_deadline",
    title=Text("是正期限", "deadline to cure"),
    cites="gl II-2-2-3-2",
    needs={"breach": "code", "arose_on": "date"},
    outputs=DUE,
)
def cure_deadline(law: Any, day: Any) -> Outputs:
    """So many business days counted from the day after the breach arose.

    The texts read do not define a business day; bank days are our default.
    """
    breach, arose = day.breach, day.arose_on
    if not breach.computable or not arose.computable:
        return {"due": apply("days after {1}", "date", (breach, arose), lambda: None)}
    if breach.value not in CURES:
        raise UsageError(f"breach {breach.value!r} is none of {', '.join(CURES)}")
    days: Figure = getattr(law, CURES[str(breach.value)])
    calendar = law.calendars["jp.bank"]
    due = apply(
        "{2} business days after {1}, by the bank calendar",
        "date",
        (breach, arose, days),
        lambda: calendar.add(arose.value, int(days.number())),
    )
    return {"due": due}


@rule(
    "jp.crypto.audit_report_due",
    title=Text("分別管理監査報告書の提出期限", "segregation audit report due"),
    cites="gl II-2-2-3-2",
    needs={"audit_base_date": "date"},
    outputs=DUE,
)
def audit_report_due(law: Any, day: Any) -> Outputs:
    """So many months from the audit base date."""
    base, months = day.audit_base_date, law.audit_report_months
    due = apply(
        "{0} + {1} months",
        "date",
        (base, months),
        lambda: add_months(base.value, int(months.number())),
    )
    return {"due": due}


@rule(
    "jp.crypto.incident_notice_due",
    title=Text(
        "システム障害等・サイバー事案の報告期限", "reports of a system failure or cyber incident"
    ),
    cites="gl II-2-3-1-1-3",
    needs={"learned_on": "date"},
    outputs={
        "first_report": Text("第一報", "first report"),
        "status_report": Text(
            "原因未解明の場合の現状報告", "status report if the cause is unknown"
        ),
    },
)
def incident_notice_due(law: Any, day: Any) -> Outputs:
    """The first report immediately, which is a word and not a number of hours; then a month."""
    learned, months = day.learned_on, law.incident_status_report_months
    status = apply(
        "{0} + {1} months",
        "date",
        (learned, months),
        lambda: add_months(learned.value, int(months.number())),
    )
    return {"first_report": law.incident_first_report, "status_report": status}

"""Reports of a crypto-asset exchange to the authority, and notices with a day to count to."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sonae.core.calendar import add_months
from sonae.core.figure import apply
from sonae.core.text import Text
from sonae.rulebook.rule import Outputs, known_code, rule

TERMS = {
    "annual_business_report": "annual_report_months",
    "user_asset_quarterly": "user_asset_report_months",
    "quarterly_financials": "quarterly_financials_months",
}
FOREIGN = {"annual_business_report": "annual_report_months_foreign"}
DUE = {"due": Text("期限", "due")}


@rule(
    "jp.crypto.report_due",
    title=Text("報告書の提出期限", "report due"),
    cites="psa 63-14",
    needs={"report": "code", "period_end": "date", "foreign": "truth"},
    optional=("foreign",),
    outputs=DUE,
)
def report_due(law: Any, day: Any) -> Outputs:
    """So many months from the end of the fiscal year or of the quarter.

    A foreign exchange has longer for the annual report; the firm is a Japanese one where `foreign`
    is not given.
    """
    report, end = day.report, day.period_end
    code = known_code(report, TERMS)
    if code is None or (day.given("foreign") and not day.foreign.computable):
        parts = (report, end, day.foreign) if day.given("foreign") else (report, end)
        return {"due": apply("months after {1}", "date", parts, lambda: None)}
    abroad = day.given("foreign") and day.foreign.truth()
    months = getattr(law, FOREIGN.get(code, TERMS[code]) if abroad else TERMS[code])
    due = apply(
        "{1} + {2} months",
        "date",
        (report, end, months),
        lambda: add_months(end.value, int(months.number())),
        cites=months.cites,
    )
    return {"due": due}


@rule(
    "jp.crypto.abolition_notice_due",
    title=Text("廃止等の公告・掲示の期限", "public notice before abolition"),
    cites="psa 63-20(3)",
    needs={"planned_on": "date"},
    outputs=DUE,
)
def abolition_notice_due(law: Any, day: Any) -> Outputs:
    """So many days before the abolition, transfer, merger, dissolution or split."""
    planned, days = day.planned_on, law.notice_days
    due = apply(
        "{0} - {1} days",
        "date",
        (planned, days),
        lambda: planned.value - timedelta(days=int(days.number())),
    )
    return {"due": due}


@rule(
    "jp.crypto.misconduct_report_due",
    title=Text("法令違反行為等の届出の期限", "notice of misconduct by officers or staff due"),
    cites="order 42",
    needs={"learned_on": "date"},
    outputs=DUE,
)
def misconduct_report_due(law: Any, day: Any) -> Outputs:
    """Within so many weeks of learning of an officer's or employee's violation."""
    learned, weeks = day.learned_on, law.misconduct_weeks
    due = apply(
        "{0} + {1} weeks",
        "date",
        (learned, weeks),
        lambda: learned.value + timedelta(weeks=int(weeks.number())),
    )
    return {"due": due}

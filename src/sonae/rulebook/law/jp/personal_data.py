"""A breach of personal data: the reports to the Commission and the notice to the persons."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sonae.core.figure import Figure, Range, apply
from sonae.core.text import Text
from sonae.rulebook.rule import Outputs, rule


@rule(
    "jp.personal_data.breach_report_due",
    title=Text("個人データの漏えい等の報告期限", "reports of a personal-data breach due"),
    cites="act 26(1)",
    needs={"learned_on": "date", "wrongful": "truth"},
    outputs={
        "preliminary": Text("速報の期限（条文の語）", "preliminary report, in the law's word"),
        "preliminary_days": Text("速報の目安（日）", "days to the preliminary report, about"),
        "preliminary_earliest": Text("速報の目安の始め", "preliminary report, earlier mark"),
        "preliminary_latest": Text("速報の目安の終わり", "preliminary report, later mark"),
        "final": Text("確報の期限", "final report due"),
        "notice_to_persons": Text("本人への通知", "notice to the persons"),
    },
)
def breach_report_due(law: Any, day: Any) -> Outputs:
    """A preliminary report promptly, which the guideline takes to be some days; then a final one.

    The final report has a longer term where an act with a wrongful purpose may have caused the
    breach. The days are counted from the day after the firm learned of it.
    """
    learned, low, high = day.learned_on, law.preliminary_days_low, law.preliminary_days_high
    return {
        "preliminary": law.preliminary_term,
        "preliminary_days": apply(
            "{0} to {1}", "days", (low, high), lambda: Range(low.number(), high.number())
        ),
        "preliminary_earliest": _after(learned, low),
        "preliminary_latest": _after(learned, high),
        "final": _final(law, day),
        "notice_to_persons": law.notice_term,
    }


def _final(law: Any, day: Any) -> Figure:
    learned, wrongful = day.learned_on, day.wrongful
    longer = wrongful.computable and wrongful.truth()
    days = law.final_days_wrongful if longer else law.final_days
    return apply(
        "{0} + {1} days, as {2}",
        "date",
        (learned, days, wrongful),
        lambda: _later(learned, days),
        cites=days.cites,
    )


def _after(learned: Figure, days: Figure) -> Figure:
    return apply(
        "{0} + {1} days", "date", (learned, days), lambda: _later(learned, days), cites=days.cites
    )


def _later(learned: Figure, days: Figure) -> date:
    assert isinstance(learned.value, date)
    return learned.value + timedelta(days=int(days.number()))

"""Days by which a Japanese firm reports, gives notice or cures, counted a second time."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from fractions import Fraction

import holidays
import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sonae.core.figure import Range

from .ask import answer

fifty = settings(deadline=None, max_examples=50)
ONE = timedelta(days=1)
PUBLIC = holidays.country_holidays("JP", years=range(2016, 2032))
YEAR_END = {(12, 31), (1, 1), (1, 2), (1, 3)}
days = st.dates(date(2016, 1, 1), date(2030, 12, 31))


def _months(base: date, count: int) -> date:
    """Civil Code 140, 143(2): the eve of the corresponding day, or the last day of the month."""
    first = base + ONE
    ends = first + relativedelta(months=count)
    return ends if ends.day < first.day else ends - ONE


MONTHS = {"annual_business_report": 3, "user_asset_quarterly": 1, "quarterly_financials": 2}
"""CO 37(1), 38(1), 38(2)."""


@fifty
@given(st.sampled_from(sorted(MONTHS)), days, st.sampled_from([None, False, True]))
@example("annual_business_report", date(2026, 11, 30), None)
@example("annual_business_report", date(2027, 11, 30), None)
@example("annual_business_report", date(2026, 10, 31), True)
@example("quarterly_financials", date(2027, 12, 31), False)
@example("user_asset_quarterly", date(2026, 12, 31), True)
@example("user_asset_quarterly", date(2026, 1, 30), True)
def test_a_report_is_due_one_two_or_three_months_after_its_period_and_four_from_abroad(
    report: str, end: date, foreign: bool | None
) -> None:
    """Only the annual report of a foreign exchange has four months."""
    months = 4 if foreign and report == "annual_business_report" else MONTHS[report]
    facts = {"report": report, "period_end": end.isoformat()}
    facts |= {} if foreign is None else {"foreign": foreign}
    assert answer("jp.crypto.report_due", facts) == {"due": _months(end, months)}


@fifty
@given(days)
@example(date(2028, 3, 1))
@example(date(2027, 3, 1))
def test_an_abolition_is_announced_by_the_thirtieth_day_before(planned: date) -> None:
    """PSA 63-20(3): その日の三十日前までに."""
    got = answer("jp.crypto.abolition_notice_due", {"planned_on": planned.isoformat()})
    assert got == {"due": date.fromordinal(planned.toordinal() - 30)}


@fifty
@given(days)
@example(date(2028, 2, 20))
def test_misconduct_is_notified_within_two_weeks_of_learning_of_it(learned: date) -> None:
    """CO 42: 当該事実を知った日から二週間以内に; the same weekday, whatever lies between."""
    got = answer("jp.crypto.misconduct_report_due", {"learned_on": learned.isoformat()})
    assert got == {"due": date.fromordinal(learned.toordinal() + 14)}
    assert got["due"].weekday() == learned.weekday()


@fifty
@given(days)
@example(date(2026, 10, 31))
@example(date(2026, 1, 30))
@example(date(2026, 1, 31))
@example(date(2028, 2, 29))
def test_an_incident_is_reported_immediately_and_its_state_within_a_month(learned: date) -> None:
    """直ちに is a word and no number of hours; 1か月以内 is by the calendar."""
    assert answer("jp.crypto.incident_notice_due", {"learned_on": learned.isoformat()}) == {
        "first_report": "immediately",
        "status_report": _months(learned, 1),
    }


@fifty
@given(days, st.booleans())
@example(date(2026, 11, 1), False)
@example(date(2026, 12, 31), True)
def test_a_breach_of_personal_data_is_reported_in_about_three_to_five_days_then_thirty_or_sixty(
    learned: date, wrongful: bool
) -> None:
    """Rules 8: 速やかに, about three to five days; 三十日, or 六十日 for a wrongful purpose."""
    facts = {"learned_on": learned.isoformat(), "wrongful": wrongful}
    assert answer("jp.personal_data.breach_report_due", facts) == {
        "preliminary": "promptly",
        "preliminary_days": Range(Fraction(3), Fraction(5)),
        "preliminary_earliest": learned + 3 * ONE,
        "preliminary_latest": learned + 5 * ONE,
        "final": learned + (60 if wrongful else 30) * ONE,
        "notice_to_persons": "promptly",
    }


@fifty
@given(days)
@example(date(2026, 10, 15))
@example(date(2026, 10, 31))
@example(date(2026, 12, 1))
@example(date(2028, 1, 31))
def test_compensation_without_confirmation_is_reported_by_the_end_of_next_month(
    paid: date,
) -> None:
    """FIB Order 119(3): その日の属する月の翌月末日までに."""
    year, month = (paid.year + 1, 1) if paid.month == 12 else (paid.year, paid.month + 1)
    due = date(year, month, monthrange(year, month)[1])
    got = answer("jp.securities.compensation_report_due", {"payment_date": paid.isoformat()})
    assert got == {"due": due}


@pytest.mark.parametrize("trust", [None, "trust", "self_trust"])
@fifty
@given(arose=days)
@example(arose=date(2026, 10, 30))
@example(arose=date(2026, 12, 30))
@example(arose=date(2019, 4, 26))
def test_a_stablecoin_trust_is_filled_in_two_business_days_and_a_self_trust_the_next(
    trust: str | None, arose: date
) -> None:
    """Order 38(2)(vi), (5)(vii): 翌日から起算して二営業日以内; 翌営業日まで."""
    after = (arose + n * ONE for n in range(1, 40))
    open_days = [
        d for d in after if d.weekday() < 5 and d not in PUBLIC and (d.month, d.day) not in YEAR_END
    ]
    facts = {"arose_on": arose.isoformat()} | ({} if trust is None else {"trust": trust})
    due = open_days[0 if trust == "self_trust" else 1]
    assert answer("jp.stablecoin.trust_shortage_due", facts) == {"due": due}

"""Clocks and calendars, counted a second time with another library of holidays."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import holidays
import jpholiday
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sonae.core.errors import UsageError
from sonae.rulebook.calendars import CALENDARS

from .ask import DAY, answer

ONE = timedelta(days=1)
FIRST, LAST = date(2016, 1, 1), date(2030, 12, 31)
EVERY_DAY = [FIRST + n * ONE for n in range((LAST - FIRST).days + 1)]
PUBLIC = holidays.country_holidays("JP", years=range(2016, 2032))
YEAR_END = {(12, 31), (1, 1), (1, 2), (1, 3)}
WITHIN = {"chain_shortage": 5, "buffer_excess": 5, "hot_excess": 1, "cash_trust_shortage": 2}
"""Guideline II-2-2-3-2 (5営業日, 5営業日, 1営業日) and Order 26(1)(vi) (二営業日)."""

days = st.dates(FIRST, LAST)


def _bank_day(day: date) -> bool:
    """Bank Act Enforcement Order 5: no Sunday or holiday, no Saturday, no 31 December to 3 Jan."""
    weekend = day.isoweekday() in (6, 7)
    return not weekend and day not in PUBLIC and (day.month, day.day) not in YEAR_END


@settings(deadline=None)
@given(st.sampled_from(sorted(WITHIN)), days)
@example("chain_shortage", date(2026, 10, 30))
@example("hot_excess", date(2026, 12, 30))
@example("hot_excess", date(2019, 4, 26))
def test_a_cure_is_due_on_the_nth_business_day_from_the_day_after(breach: str, arose: date) -> None:
    """翌日から起算してN営業日以内: the day itself is not counted, nor is a closed day."""
    open_days = [day for n in range(1, 40) if _bank_day(day := arose + n * ONE)]
    due = answer("jp.crypto.cure_deadline", {"breach": breach, "arose_on": arose.isoformat()})
    assert due == {"due": open_days[WITHIN[breach] - 1]}


def test_a_breach_that_has_no_clock_is_refused_by_name() -> None:
    """A misspelt breach must not get a date; the message says which breaches there are."""
    with pytest.raises(UsageError, match="chain_shortage"):
        answer("jp.crypto.cure_deadline", {"breach": "chain_shortfall", "arose_on": "2026-10-30"})


def _months_after(base: date, months: int) -> date:
    """Civil Code 140 and 143(2), as written.

    The first day is not counted (初日は、算入しない). The period ends on the day before the day
    that corresponds to its first day (起算日に応当する日の前日に満了する); where that month has no
    such day, on its last day (その月の末日に満了する).
    """
    first = base + ONE
    year, month = first.year, first.month
    for _ in range(months):
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    try:
        return date(year, month, first.day) - ONE
    except ValueError:
        return (date(year + 1, 1, 1) if month == 12 else date(year, month + 1, 1)) - ONE


@settings(deadline=None)
@given(days)
@example(date(2026, 3, 31))
@example(date(2025, 10, 30))
@example(date(2027, 10, 31))
@example(date(2026, 2, 28))
@example(date(2028, 2, 28))
@example(date(2028, 2, 29))
def test_the_audit_report_is_due_four_months_after_its_base_date(base: date) -> None:
    """分別管理監査の基準日から4月以内, counted by the calendar (Civil Code 143)."""
    got = answer("jp.crypto.audit_report_due", {"audit_base_date": base.isoformat()})
    assert got == {"due": _months_after(base, 4)}


def test_every_audit_base_date_of_fifteen_years_agrees_with_the_civil_code() -> None:
    """Month ends and leap years are where month arithmetic goes wrong; so all days are tried."""
    from sonae.core.calendar import add_months

    wrong = [d for d in EVERY_DAY for n in (1, 4, 12) if add_months(d, n) != _months_after(d, n)]
    assert wrong == []


@settings(deadline=None)
@given(days)
def test_the_first_incident_report_is_a_word_and_the_status_report_a_month(day: date) -> None:
    """直ちに has no number of hours and must not be given one; 1か月以内 is a month."""
    got: dict[str, Any] = answer("jp.crypto.incident_notice_due", {"learned_on": day.isoformat()})
    assert got == {"first_report": "immediately", "status_report": _months_after(day, 1)}


# -- calendars --------------------------------------------------------------------------------


def test_two_libraries_agree_on_every_public_holiday_of_fifteen_years() -> None:
    """Substitute days, citizens' days, the Olympic moves and the imperial year are all in here."""
    differ = [d for d in EVERY_DAY if bool(jpholiday.is_holiday(d)) != (d in PUBLIC)]
    assert differ == []


def test_bank_days_are_the_days_that_the_bank_order_leaves_open() -> None:
    """Every day of fifteen years, one by one."""
    bank = CALENDARS["jp.bank"]
    assert [d for d in EVERY_DAY if bank.is_open(d) != _bank_day(d)] == []


def test_bank_and_administrative_days_differ_on_29_and_30_december_only() -> None:
    """Administration closes two days earlier; every other day is the same for both."""
    bank, office = CALENDARS["jp.bank"], CALENDARS["jp.administration"]
    differ = [d for d in EVERY_DAY if bank.is_open(d) != office.is_open(d)]
    assert {(d.month, d.day) for d in differ} == {(12, 29), (12, 30)}
    assert all(bank.is_open(d) for d in differ)
    weekdays = [d for d in EVERY_DAY if d.month == 12 and d.day in (29, 30) and d.weekday() < 5]
    assert differ == weekdays


@pytest.mark.parametrize("name", sorted(CALENDARS))
def test_counting_business_days_is_counting_open_days(name: str) -> None:
    """The n-th day after is open, and exactly n open days lie between."""
    calendar = CALENDARS[name]
    for start in EVERY_DAY[::7]:
        assert calendar.add(start, 0) == start
        due = calendar.add(start, 5)
        between = [start + n * ONE for n in range(1, (due - start).days + 1)]
        assert calendar.is_open(due)
        assert sum(calendar.is_open(day) for day in between) == 5


def test_the_texts_are_asked_on_a_day_on_which_they_were_read() -> None:
    """The expectations above are the guideline of 2026-06-16; an older day has no answer."""
    assert date(2026, 6, 16) <= DAY

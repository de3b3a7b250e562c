"""Business days and months, on a calendar that this file makes up."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonae.core.calendar import Calendar, add_months, end_of_next_month
from sonae.core.text import Text

FESTIVAL = {date(2026, 11, 3), date(2026, 11, 4), date(2026, 11, 5)}
CALENDAR = Calendar("test", Text("試験", "test"), FESTIVAL.__contains__)
days = st.dates(date(1990, 1, 1), date(2100, 1, 1))


@pytest.mark.parametrize(
    ("day", "open_"),
    [
        (date(2026, 11, 2), True),
        (date(2026, 11, 3), False),
        (date(2026, 11, 7), False),
        (date(2026, 11, 8), False),
        (date(2026, 11, 9), True),
    ],
)
def test_a_business_day_is_neither_a_weekend_nor_closed(day: date, open_: bool) -> None:
    """Saturday and Sunday are closed everywhere; the rest is the calendar's own."""
    assert CALENDAR.is_open(day) is open_


@pytest.mark.parametrize(
    ("start", "count", "due"),
    [
        (date(2026, 10, 30), 0, date(2026, 10, 30)),
        (date(2026, 10, 30), 1, date(2026, 11, 2)),
        (date(2026, 10, 30), 2, date(2026, 11, 6)),
        (date(2026, 10, 31), 1, date(2026, 11, 2)),
        (date(2026, 11, 2), 1, date(2026, 11, 6)),
        (date(2026, 11, 3), 1, date(2026, 11, 6)),
        (date(2026, 11, 6), 1, date(2026, 11, 9)),
    ],
)
def test_counting_starts_on_the_day_after(start: date, count: int, due: date) -> None:
    """The day itself is not counted (Civil Code 140), open or closed."""
    assert CALENDAR.add(start, count) == due


@settings(deadline=None)
@given(days, st.integers(0, 15), st.integers(0, 15))
def test_counting_in_two_steps_is_counting_once(day: date, one: int, other: int) -> None:
    """And a later start is never due earlier."""
    assert CALENDAR.add(CALENDAR.add(day, one), other) == CALENDAR.add(day, one + other)
    assert CALENDAR.add(day + timedelta(days=1), one) >= CALENDAR.add(day, one)


@pytest.mark.parametrize(
    ("day", "months", "due"),
    [
        (date(2026, 3, 31), 4, date(2026, 7, 31)),
        (date(2026, 2, 28), 4, date(2026, 6, 30)),
        (date(2028, 2, 28), 12, date(2029, 2, 28)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2027, 2, 28), 12, date(2028, 2, 29)),
        (date(2026, 10, 30), 4, date(2027, 2, 28)),
        (date(2026, 12, 15), 1, date(2027, 1, 15)),
        (date(2026, 8, 31), 0, date(2026, 8, 31)),
        (date(2026, 1, 31), 11, date(2026, 12, 31)),
    ],
)
def test_months_end_on_the_same_day_or_the_last(day: date, months: int, due: date) -> None:
    """Civil Code 143; the last day of a month goes to the last day."""
    assert add_months(day, months) == due


@settings(deadline=None)
@given(days, st.integers(0, 60))
def test_months_land_in_the_right_month_and_never_run_backwards(day: date, months: int) -> None:
    """A later day is never due earlier."""
    due = add_months(day, months)
    assert due.year * 12 + due.month == day.year * 12 + day.month + months
    assert add_months(day + timedelta(days=1), months) >= due


@settings(deadline=None)
@given(days)
def test_the_end_of_the_next_month_is_a_last_day(day: date) -> None:
    """The day after it is a first, two months on."""
    after = end_of_next_month(day) + timedelta(days=1)
    assert after.day == 1
    assert after.year * 12 + after.month == day.year * 12 + day.month + 2

"""Counting business days. Which days are closed is passed in; nothing here knows a country."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from sonae.core.text import Text

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Calendar:
    """Business days of one kind of institution; `closed(day)` is true on its holidays."""

    name: str
    title: Text
    closed: Callable[[date], bool]

    def is_open(self, day: date) -> bool:
        """True on a business day: neither a weekend nor closed."""
        return day.weekday() < 5 and not self.closed(day)

    def add(self, day: date, business_days: int) -> date:
        """The `business_days`-th business day after `day`; `day` itself is not counted.

        "Within n business days from the day after" is counted this way (the first day is left
        out; Civil Code Article 140).
        """
        for _ in range(business_days):
            day += DAY
            while not self.is_open(day):
                day += DAY
        return day


def add_months(day: date, months: int, *, keep_end: bool = True) -> date:
    """The same day of the month `months` later, or that month's last day (Civil Code 143).

    The last day of a month goes to the last day of the target month, unless `keep_end` is false
    (Regulation (EEC, Euratom) 1182/71 Art. 3(2)(c): a period "falls on the same date").

    >>> add_months(date(2026, 3, 31), 4)
    datetime.date(2026, 7, 31)
    """
    to_end = keep_end and (day + DAY).day == 1
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    first_of_next = date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    last = (first_of_next - DAY).day
    return date(year, month + 1, last if to_end else min(day.day, last))


def end_of_next_month(day: date) -> date:
    """The last day of the month after the month of `day`."""
    return add_months(date(day.year, day.month, 1), 2) - DAY

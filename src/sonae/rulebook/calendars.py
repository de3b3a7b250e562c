"""Business days: public holidays from kept libraries, and the days law adds to them.

Japan from jpholiday; TARGET, Hong Kong and Korea from holidays.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import lru_cache

import jpholiday

from sonae.core.calendar import Calendar
from sonae.core.text import Text


@lru_cache(maxsize=4096)
def _holiday(day: date) -> bool:
    return bool(jpholiday.is_holiday(day))


def _bank_closed(day: date) -> bool:
    """Bank Act Enforcement Order Art. 5: holidays and 31 December to 3 January."""
    return _holiday(day) or (day.month, day.day) in {(12, 31), (1, 1), (1, 2), (1, 3)}


def _administration_closed(day: date) -> bool:
    """Act on Holidays of Administrative Organs Art. 1: holidays and 29 December to 3 January."""
    year_end = (day.month == 12 and day.day >= 29) or (day.month == 1 and day.day <= 3)
    return _holiday(day) or year_end


def _closed(entity: str, *categories: str) -> Callable[[date], bool]:
    @lru_cache(maxsize=64)
    def of_year(year: int) -> frozenset[date]:
        import holidays  # slow to import, and needed only where a clock abroad runs

        if not categories:
            return frozenset(holidays.financial_holidays(entity, years=year))
        return frozenset(holidays.country_holidays(entity, years=year, categories=categories))

    return lambda day: day in of_year(day.year)


_target_closed = _closed("ECB")
# "public" are the statutory holidays; "optional" adds the general holidays, when banks are closed.
_hong_kong_closed = _closed("HK", "public", "optional")
# "bank" adds Labour Day for the years before it became a public holiday.
_korea_closed = _closed("KR", "public", "bank")


CALENDARS = {
    "jp.bank": Calendar("jp.bank", Text("銀行営業日", "Japanese bank days"), _bank_closed),
    "jp.administration": Calendar(
        "jp.administration",
        Text("行政機関の開庁日", "Japanese administrative days"),
        _administration_closed,
    ),
    "eu.target": Calendar(
        "eu.target", Text("TARGET営業日（ユーロ圏）", "TARGET days (euro area)"), _target_closed
    ),
    "hk.bank": Calendar(
        "hk.bank", Text("香港の銀行営業日", "Hong Kong bank days"), _hong_kong_closed
    ),
    "kr.bank": Calendar("kr.bank", Text("韓国の銀行営業日", "Korean bank days"), _korea_closed),
}

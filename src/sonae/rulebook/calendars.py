"""Japanese business days: public holidays from a kept library, and the days law adds to them."""

from __future__ import annotations

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


CALENDARS = {
    "jp.bank": Calendar("jp.bank", Text("銀行営業日", "Japanese bank days"), _bank_closed),
    "jp.administration": Calendar(
        "jp.administration",
        Text("行政機関の開庁日", "Japanese administrative days"),
        _administration_closed,
    ),
}

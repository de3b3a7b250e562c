"""Duties as an iCalendar file: the same duties give the same bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from icalendar import Calendar, Event

from sonae.core.text import Lang


def calendar_file(
    duties: Sequence[Mapping[str, Any]], venue: str, stamp: datetime, lang: Lang
) -> bytes:
    """All-day entries on the due day, or the open day after it; duties without a date are left out.

    `stamp` is when the calendar was made, as data.
    """
    book = Calendar()
    book.add("prodid", "-//Sonae//duties//EN")
    book.add("version", "2.0")
    book.add("x-wr-calname", venue)
    for duty in duties:
        if isinstance(duty["due"], str):
            book.add_component(_entry(duty, venue, stamp, lang))
    return bytes(book.to_ical())


def _entry(duty: Mapping[str, Any], venue: str, stamp: datetime, lang: Lang) -> Event:
    day = date.fromisoformat(duty["open_day"] or duty["due"])
    entry = Event()
    key = f"{venue}|{duty['id']}|{duty['due']}|{duty['begins_with']['en']}"
    entry.add("uid", hashlib.sha256(key.encode()).hexdigest()[:32] + "@sonae")
    entry.add("dtstamp", stamp)
    entry.add("dtstart", day)
    entry.add("dtend", day + timedelta(days=1))
    entry.add("summary", duty["title"][lang])
    entry.add("description", f"{duty['begins_with'][lang]} · {duty['provision'][lang]}")
    entry.add("transp", "TRANSPARENT")
    return entry

"""When the customers' page was down: days to object are longer by rule, and nothing else changes.

    every day of Japan on which the page was down for an hour or more, after the day of the notice
    and up to the last day, adds a day; the last day moves on to the next business day

A day that is added may be a day on which the page was down as well; then it adds another. This is a
house rule; no provision says so. Nobody's claim depends on the page: letters are always heard.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sonae.core.calendar import Calendar
from sonae.core.errors import Refused

JAPAN = ZoneInfo("Asia/Tokyo")
LEAST = timedelta(hours=1)
"""A day counts once the page was down for so long in all of it."""
STANDING = "house"
_DAY = timedelta(days=1)


class Outage(NamedTuple):
    """From when to when the page was down; `end` is None while it is."""

    start: datetime
    end: datetime | None

    def checked(self) -> Outage:
        """Itself; a Refused where it ends before it begins."""
        if self.end is not None and self.end < self.start:
            raise Refused(f"an outage from {self.start.isoformat()} ends before it begins")
        return self


def days_down(outages: Iterable[Outage], now: datetime) -> frozenset[date]:
    """Days of Japan on which the page was down for an hour or more, up to now."""
    seconds: dict[date, timedelta] = {}
    for start, end in _merged(outages, now):
        for day, span in _by_day(start, end):
            seconds[day] = seconds.get(day, timedelta()) + span
    return frozenset(day for day, span in seconds.items() if span >= LEAST)


def _merged(outages: Iterable[Outage], now: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Spans in order, with what overlaps put together."""
    spans = sorted((o.start, min(o.end or now, now)) for o in outages if o.start < now)
    held: tuple[datetime, datetime] | None = None
    for start, end in spans:
        if held is not None and start <= held[1]:
            held = (held[0], max(held[1], end))
            continue
        if held is not None:
            yield held
        held = (start, end)
    if held is not None:
        yield held


def _by_day(start: datetime, end: datetime) -> Iterator[tuple[date, timedelta]]:
    at, until = start.astimezone(JAPAN), end.astimezone(JAPAN)
    while at < until:
        midnight = datetime.combine(at.date() + _DAY, time(), JAPAN)
        yield at.date(), min(midnight, until) - at
        at = midnight


def extended(last: date, told: date, down: Iterable[date], calendar: Calendar) -> date:
    """The last day to object, longer by every day on which the page was down.

    Args:
        last: the day that the notice names.
        told: the day of the notice; what was down before it does not count.
        down: days on which the page was down.
        calendar: the days on which post is answered.
    """
    lost = sorted(day for day in set(down) if day > told)
    found, counted = last, 0
    while (n := sum(day <= found for day in lost)) > counted:
        counted = n
        found = last + n * _DAY
        while not calendar.is_open(found):
            found += _DAY
    return found

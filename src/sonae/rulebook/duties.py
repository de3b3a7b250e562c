"""Duties with clocks: what a venue must do by when, from the rules themselves."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Any

from sonae.core.calendar import Calendar, add_months
from sonae.core.citation import Citation
from sonae.core.figure import NotComputable
from sonae.core.finding import IMMEDIATELY
from sonae.core.text import Text
from sonae.rulebook.calendars import CALENDARS
from sonae.rulebook.edition import Edition
from sonae.rulebook.parameter import text_of
from sonae.rulebook.rule import facts_from

QUARTER, YEAR = 3, 12


@dataclass(frozen=True, slots=True)
class Duty:
    """One thing to do: by a date, by a word such as 直ちに, or not computable with the reason.

    `open_day` is the next open day where `due` falls on a closed one: time limits to authorities
    then run on (Act on Holidays of Administrative Organs Art. 2; from memory).
    """

    id: str
    regime: str
    title: Text
    calendar: Text
    due: date | Text
    open_day: date | None
    begins_with: Text
    provision: Citation

    def falls(self, first: date, last: date) -> bool:
        """True where its day, or the open day it moves to, is in the window, or it has no day."""
        days = [d for d in (self.due, self.open_day) if isinstance(d, date)]
        return not days or any(first <= d <= last for d in days)

    def as_json(self) -> dict[str, Any]:
        """The duty as plain values."""
        due = self.due.as_json() if isinstance(self.due, Text) else self.due.isoformat()
        return {
            "id": self.id,
            "regime": self.regime,
            "title": self.title.as_json(),
            "due": due,
            "open_day": self.open_day.isoformat() if self.open_day else None,
            "calendar": self.calendar.as_json(),
            "begins_with": self.begins_with.as_json(),
            "provision": self.provision.text().as_json(),
        }


@cache
def _declared() -> tuple[Mapping[str, Any], ...]:
    text = resources.files("sonae.rulebook").joinpath("duties.toml").read_text("utf-8")
    return tuple(tomllib.loads(text, parse_float=Decimal)["duty"])


def duties(
    edition: Edition,
    regimes: Sequence[str],
    fiscal_year_start: tuple[int, int],
    first: date,
    last: date,
    event: date | None = None,
) -> list[Duty]:
    """Duties due from `first` to `last`, and what an event on `event` would start."""
    found: list[Duty] = []
    for raw in _declared():
        if raw["regime"] not in regimes:
            continue
        if raw["period"] == "event":
            if event is not None:
                found.append(_computed(edition, raw, event, _event(event)))
        elif raw["period"] == "business_day":
            found += _daily(edition, raw, first, last)
        else:
            months = QUARTER if raw["period"] == "quarter" else YEAR
            for end in _period_ends(fiscal_year_start, months, first, last):
                found.append(_computed(edition, raw, end, _period(end)))
    in_time = [d for d in found if d.falls(first, last)]
    return sorted(in_time, key=lambda d: (str(d.due) if isinstance(d.due, date) else "", d.id))


def _event(day: date) -> Text:
    return Text(f"{day}の発生", f"an event on {day}")


def _period(day: date) -> Text:
    return Text(f"{day}に終わる期間", f"the period to {day}")


def _period_ends(start: tuple[int, int], months: int, first: date, last: date) -> Iterator[date]:
    """Ends of periods that could fall due in the window: a year before it to its end."""
    day = date(first.year - 2, start[0], start[1])
    while day <= last:
        day = add_months(day, months)
        end = day - timedelta(days=1)
        if first - timedelta(days=366) <= end <= last:
            yield end


def _daily(edition: Edition, raw: Mapping[str, Any], first: date, last: date) -> Iterator[Duty]:
    calendar, day = CALENDARS[raw["calendar"]], first
    provision = edition.provision(raw["cites"]["rule"])
    while day <= last:
        if calendar.is_open(day):
            yield _duty(raw, calendar, day, Text("毎営業日", "every business day"), provision)
        day += timedelta(days=1)


def _computed(edition: Edition, raw: Mapping[str, Any], base: date, begins: Text) -> Duty:
    if "words" in raw:
        cite = Citation(text_of(raw["source"]), Text("", ""))
        return _duty(raw, CALENDARS[raw["calendar"]], text_of(raw["words"]), begins, cite)
    given = {k: base.isoformat() if str(v).startswith("$") else v for k, v in raw["given"].items()}
    facts, _ = facts_from(given, edition.rule(raw["rule"]))
    figure = edition.evaluate(raw["rule"], facts)[raw["output"]]
    value = figure.value
    due: date | Text
    if isinstance(value, NotComputable):
        due = value.reason()
    elif isinstance(value, date):
        due = value
    else:
        due = IMMEDIATELY if value == "immediately" else Text(str(value), str(value))
    cites = [c for f in (figure, *figure.inputs) for c in f.cites]
    return _duty(raw, CALENDARS[raw["calendar"]], due, begins, cites[0])


def _duty(
    raw: Mapping[str, Any], calendar: Calendar, due: date | Text, begins: Text, cite: Citation
) -> Duty:
    moved = None
    if isinstance(due, date) and not calendar.is_open(due):
        moved = calendar.add(due, 1)
    title = text_of(raw["title"])
    return Duty(raw["id"], raw["regime"], title, calendar.title, due, moved, begins, cite)

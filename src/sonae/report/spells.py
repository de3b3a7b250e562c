"""From when to when something was short over a row of closes, against its clock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from sonae.core.canonical import number_text
from sonae.report.closes import Kept
from sonae.rulebook.calendars import CALENDARS

CALENDAR = "jp.bank"
CLOCKS: Mapping[str, str] = {
    "coins": "ledger-over-assets",
    "guarantee": "guarantee-shortage",
    "customer_trust": "cash-trust-shortage",
    "margin_trust": "margin-trust-shortage",
}
"""Kind of shortage -> the finding that carries its clock."""


@dataclass(frozen=True)
class Spell:
    """One time of being short, as closes show it.

    `first` and `last` are the first and last close that show it, `cured` the first one after it
    that does not; None is open still. `due` is the clock of the first close, `gap` whether a close
    in between is missing or does not say.
    """

    kind: str
    subject: str
    unit: str
    first: date
    last: date
    cured: date | None
    most: Fraction
    most_on: date
    due: date | None
    gap: bool

    @property
    def business_days(self) -> int:
        """Bank days from the day after the first close that shows it, to its cure or last close."""
        calendar, until = CALENDARS[CALENDAR], self.cured or self.last
        return sum(
            calendar.is_open(self.first + timedelta(days=n))
            for n in range(1, (until - self.first).days + 1)
        )

    @property
    def late(self) -> bool:
        """True where a close after the due day still shows it."""
        return self.due is not None and self.last > self.due

    def as_json(self) -> dict[str, Any]:
        """The time as plain values."""
        return {
            "kind": self.kind,
            "subject": self.subject,
            "unit": self.unit,
            "first": self.first.isoformat(),
            "last": self.last.isoformat(),
            "cured": self.cured.isoformat() if self.cured else None,
            "business_days": self.business_days,
            "most": number_text(self.most),
            "most_on": self.most_on.isoformat(),
            "due": self.due.isoformat() if self.due else None,
            "late": self.late,
            "gap": self.gap,
        }


def spells(
    kind: str,
    subject: str,
    unit: str,
    values: Mapping[date, Fraction | None],
    closes: Mapping[date, Kept],
    first: date,
) -> Iterator[Spell]:
    """Times with a value above zero that reach into the period from `first`, oldest first.

    A close that does not say (None) neither opens nor ends one; it is a gap in it.
    """
    run: list[date] = []
    for on in closes:
        value = values.get(on, Fraction(0))
        if value is None:
            continue
        if value > 0:
            run.append(on)
        elif run:
            found = _spell(kind, subject, unit, values, closes, run, on)
            run = []
            if on >= first:
                yield found
    if run:
        yield _spell(kind, subject, unit, values, closes, run, None)


def _spell(
    kind: str,
    subject: str,
    unit: str,
    values: Mapping[date, Fraction | None],
    closes: Mapping[date, Kept],
    run: list[date],
    cured: date | None,
) -> Spell:
    known = {on: v for on in run if (v := values[on]) is not None}
    most = max(known.values())
    until = cured or run[-1]
    between = (run[0] + timedelta(days=n) for n in range(1, (until - run[0]).days))
    open_days = [d for d in between if CALENDARS[CALENDAR].is_open(d)]
    return Spell(
        kind,
        subject,
        unit,
        run[0],
        run[-1],
        cured,
        most,
        next(on for on, v in known.items() if v == most),
        _due(kind, subject, closes[run[0]]),
        any(d not in closes or values.get(d) is None for d in open_days),
    )


def _due(kind: str, subject: str, kept: Kept) -> date | None:
    """The clock of the finding in the first close; None where it gives no day."""
    name = CLOCKS.get(kind.partition("/")[0])
    for f in kept.document["findings"]:
        fits = f["name"] == name and (kind == "guarantee" or f["subject"] == subject)
        if fits and isinstance(f["due"], str):
            return date.fromisoformat(f["due"])
    return None


def over_the_quarter(days: Mapping[date, Kept], end: date | None) -> list[dict[str, Any]]:
    """Every breach and warning of the closes, by name and subject: first, last, how many closes."""
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for on, kept in days.items():
        for f in kept.document["findings"]:
            if f["severity"] == "note":
                continue
            key = (f["severity"], f["name"], f["subject"])
            row = found.setdefault(
                key,
                {
                    "severity": f["severity"],
                    "name": f["name"],
                    "subject": f["subject"],
                    "first": on.isoformat(),
                    "first_due": f["due"],
                    "days": set(),
                },
            )
            row["days"].add(on)
    for row in found.values():
        seen = row.pop("days")
        row |= {"last": max(seen).isoformat(), "closes": len(seen), "at_end": end in seen}
    return [found[k] for k in sorted(found)]

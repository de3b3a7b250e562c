"""The customers' page: when it was down, and what is told of it without it.

HOME/outages.csv has `from, to, why` (to is empty while it is down). The status page is one file,
without script, link or anything loaded, for a plain web server to show when nothing else answers.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sonae.actions.claims.numbers import DOCUMENT
from sonae.actions.console.home import Home
from sonae.actions.console.incident import PART, incident_document, incident_names
from sonae.actions.files import replace_file
from sonae.actions.fund.session import Now, utc_now
from sonae.actions.incident.open import JST
from sonae.claims.portal import STANDING, Outage, days_down, extended
from sonae.core.errors import InputError, Problem, Refused, UsageError
from sonae.core.text import Text
from sonae.report.status_page import status_html
from sonae.rulebook.calendars import CALENDARS

OUTAGES, CALENDAR = "outages.csv", "jp.bank"
COLUMNS = ("from", "to", "why")
LONGEST = 200


def read_outages(home: Path) -> list[tuple[Outage, str]]:
    """Every outage with its reason, in the order in which they were noted.

    Raises:
        InputError: every row that cannot be read.
    """
    file = home / OUTAGES
    if not file.is_file():
        return []
    found, problems = [], list[Problem]()
    with file.open(newline="", encoding="utf-8-sig") as stream:
        for n, row in enumerate(csv.DictReader(stream), 1):
            try:
                end = _instant(row["to"]) if row["to"] else None
                found.append((Outage(_instant(row["from"]), end).checked(), row["why"] or ""))
            except (KeyError, ValueError, TypeError, Refused) as error:
                text = Text(f"停止の記録が読めない: {error}", f"an outage cannot be read: {error}")
                problems.append(Problem("corrupt-row", "outages", text, file.name, n))
    if problems:
        raise InputError(problems)
    return found


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text} has no offset, such as +09:00")
    return at


def note_down(home: Path, at: datetime, why: str) -> list[tuple[Outage, str]]:
    """Note that the page is down since an instant.

    Raises:
        UsageError: it is noted as down already, or the reason is none.
    """
    rows = read_outages(home)
    if any(o.end is None for o, _ in rows):
        raise UsageError("the page is noted as down already; `claims portal up` ends it")
    if not why.strip() or len(why) > LONGEST or not why.isprintable():
        raise UsageError(f"a reason has 1 to {LONGEST} characters in one line")
    return _write(home, [*rows, (Outage(at, None), why.strip())])


def note_up(home: Path, at: datetime) -> list[tuple[Outage, str]]:
    """Note that the page is back.

    Raises:
        UsageError: it is not noted as down.
        Refused: it would be back before it was down.
    """
    rows = read_outages(home)
    if not any(o.end is None for o, _ in rows):
        raise UsageError("the page is not noted as down")
    ended = [(Outage(o.start, o.end or at).checked(), why) for o, why in rows]
    return _write(home, ended)


def _write(home: Path, rows: Sequence[tuple[Outage, str]]) -> list[tuple[Outage, str]]:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    for outage, why in rows:
        end = "" if outage.end is None else outage.end.isoformat()
        writer.writerow((outage.start.isoformat(), end, why))
    replace_file(home / OUTAGES, stream.getvalue().encode())
    return list(rows)


def deadline(home: Path, told: str, object_by: str, now: Now = utc_now) -> dict[str, Any]:
    """The day to object by, and what it is put off to by days on which the page was down."""
    down = days_down([o for o, _ in read_outages(home)], now())
    first = date.fromisoformat(object_by)
    last = extended(first, date.fromisoformat(told), down, CALENDARS[CALENDAR])
    return {
        "object_by": first.isoformat(),
        "extended_to": last.isoformat(),
        "days_down": sorted(d.isoformat() for d in down if date.fromisoformat(told) < d <= last),
        "standing": STANDING,
    }


def status(home: Home, now: Now = utc_now) -> dict[str, Any]:
    """Whether the page is up, when it was down, and the day to object by of each incident."""
    outages = read_outages(home.folder)
    found = []
    for firm in home.firms():
        for name in incident_names(firm):
            numbers = firm.folder / PART / name / "numbers" / DOCUMENT
            if numbers.is_file():
                said = _json(numbers)
                entity = incident_document(firm, name)["entity"]
                days = deadline(home.folder, said["told"], said["object_by"], now)
                found.append({"entity": entity, "incident": name, **days})
    return {
        "at": now().astimezone(JST).isoformat(timespec="seconds"),
        "down": any(o.end is None for o, _ in outages),
        "outages": [
            {
                "from": o.start.isoformat(),
                "to": None if o.end is None else o.end.isoformat(),
                "why": why,
            }
            for o, why in outages
        ],
        "claims": found,
    }


def status_file(home: Home, now: Now = utc_now) -> bytes:
    """The status page, in both languages."""
    return status_html(status(home, now)).encode()


def write_status(home: Home, out: Path, now: Now = utc_now) -> dict[str, Any]:
    """Write the status page where a plain web server finds it."""
    found = status(home, now)
    out.parent.mkdir(parents=True, exist_ok=True)
    replace_file(out, status_html(found).encode(), 0o644)
    return found


def _json(file: Path) -> Any:
    return json.loads(file.read_text("utf-8"))

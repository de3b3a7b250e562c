"""What has to be told of breaks, with clocks from the rulebook; what a close reads of a day."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from sonae.actions.guard.register import FIFTH, JST, Register
from sonae.core.display import exact
from sonae.core.figure import Figure, text_of
from sonae.core.finding import Finding, Severity
from sonae.core.text import Text
from sonae.guard.breaks import Break
from sonae.rulebook.calendars import CALENDARS
from sonae.rulebook.edition import Edition

CURE = "jp.crypto.cure_deadline"


def notices(
    register: Register, material: Mapping[str, int], on: date | None = None
) -> list[dict[str, Any]]:
    """The queue of what has to be told, oldest first: why, since when, and until when."""
    found = []
    for due in register.due(material, on):
        one = register.find(due.id)
        found.append(
            {
                "break": due.id,
                "why": due.why,
                "since": due.since.isoformat(),
                "words": due.words.as_json(),
                "clock": clock(one),
            }
        )
    return sorted(found, key=lambda n: (n["since"], n["break"], n["why"]))


def clock(one: Break) -> dict[str, Any]:
    """Until when it is to be gone: by the rulebook where coins are short, else a house rule."""
    opened = one.opened.astimezone(JST).date()
    if one.layers == ("ledger", "wallet") and one.units < 0:
        facts = {
            "breach": Figure("chain_shortage", "code", id="fact:breach"),
            "arose_on": Figure(opened, "date", id="fact:arose_on"),
        }
        due = Edition(opened).evaluate(CURE, facts)["due"]
        return {
            "rule": f"{CURE}#due",
            "due": str(due.value) if due.computable else None,
            "reason": None if due.computable else text_of(due).as_json(),
            "standing": due.standing,
            "confidence": due.confidence,
        }
    last = CALENDARS["jp.bank"].add(opened, FIFTH)
    return {
        "rule": None,
        "due": last.isoformat(),
        "reason": _HOUSE.as_json(),
        "standing": "house",
        "confidence": "derived",
    }


# -- for a close -----------------------------------------------------------------------------------


def guard_findings(place: str, on: date, known_at: datetime, zone: ZoneInfo) -> list[Finding]:
    """What the guard's record says of a day: open breaks, and times with too much that is not cold.

    Only what was written by `known_at` counts, so that a close of one input is always the same.
    """
    with Register(place, until=known_at) as register:
        open_breaks = [b for b in register.open() if b.opened <= known_at]
        found = [f for one in open_breaks for f in _break(one, known_at)]
        if register.plugs():
            words = _PLUGS.format(count=str(register.plugs()))
            found.append(Finding("plug-entries", "note", words))
        if register.bad:
            words = _BAD.format(numbers=", ".join(map(str, register.bad[:10])))
            found.append(Finding("break-record-bad", "breach", words))
        found += _hot(register, on, known_at, zone)
    return found


def _break(one: Break, known_at: datetime) -> list[Finding]:
    age = (known_at - one.opened).days
    said = clock(one)
    day = date.fromisoformat(said["due"]) if said["due"] else None
    due = day if day is not None else Text(**said["reason"])
    late = day is not None and known_at.astimezone(JST).date() > day
    severity: Severity = "breach" if late else "warning"
    values = {"id": one.id, "units": str(one.units), "left": one.layers[0], "right": one.layers[1]}
    words = _OPEN.format(**values, age=str(age), owner=one.owner or "-", class_=one.class_)
    found = [Finding("break-open", severity, words, one.asset, due=due)]
    if not one.owner:
        words = _UNOWNED.format(id=one.id)
        found.append(Finding("break-unowned", "breach", words, one.asset))
    return found


def _hot(register: Register, on: date, known_at: datetime, zone: ZoneInfo) -> list[Finding]:
    """Each time of the day in which the hot share stood above its limit."""
    begin = datetime(on.year, on.month, on.day, tzinfo=zone)
    end = begin + timedelta(days=1)
    times: dict[str, dict[str, Any]] = {}
    for kept in register.log.kind("hot"):
        if datetime.fromisoformat(kept.at) <= known_at:
            said = json.loads(kept.body)
            times[said["began"]] = said
    found = []
    for began, said in sorted(times.items()):
        start = datetime.fromisoformat(began)
        stop = datetime.fromisoformat(said["ended"]) if said["ended"] else known_at
        if start < end and stop >= begin:
            words = _HOT.format(
                most=f"{exact(Fraction(said['most']) * 100)}%",
                limit=f"{exact(Fraction(said['limit']) * 100)}%",
                began=start.astimezone(zone).isoformat(timespec="minutes"),
                ended=stop.astimezone(zone).isoformat(timespec="minutes") if said["ended"] else "-",
            )
            found.append(Finding("hot-share-intraday", "warning", words))
    return found


_HOUSE = Text(
    "社内基準: 開始日の翌日から5営業日",
    "a house rule: five business days from the day after it began",
)
_OPEN = Text(
    "照合差異 {id}: {left} と {right} の差 {units}（最小単位）、{age} 日経過、担当者 {owner}、"
    "分類 {class_}",
    "break {id}: {left} against {right}, {units} base units, {age} days old, owner {owner}, class "
    "{class_}",
)
_UNOWNED = Text(
    "照合差異 {id} に担当者がいない。担当者を決めるまで、この締めには署名できない",
    "nobody owns break {id}: this close may not be signed until somebody does",
)
_PLUGS = Text("つじつま合わせの仕訳 {count} 件（累計）", "{count} plug entries so far")
_BAD = Text(
    "照合差異の記録に、署名が合わないか許されない行がある: {numbers}",
    "lines in the record of breaks whose signature fails or that were not allowed: {numbers}",
)
_HOT = Text(
    "コールド以外の割合が {limit} を超えた（最大 {most}、{began} から {ended} まで）",
    "the share that is not cold stood above {limit}: {most} at most, from {began} to {ended}",
)

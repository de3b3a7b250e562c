"""A firm's day beside the days before: since when findings are open, and what falls due."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sonae.actions.console.home import CLOSES, KEPT, Firm
from sonae.actions.guard.notices import clock
from sonae.actions.guard.register import Register
from sonae.actions.rules.compare import duty_list
from sonae.core.canonical import digest

Key = tuple[str, str]
HOT_LIMIT = "jp.crypto.hot_limit"
AHEAD = 31
"""Days that *Today* looks ahead."""
REMEMBERED = 4_096
"""Days whose findings stay in memory, as names only."""


@dataclass(frozen=True, slots=True)
class Day:
    """A firm's closed day, worked out once; `stamp` changes when a close is written or replaced."""

    document: Mapping[str, Any]
    digest: str
    days: tuple[str, ...]
    open_findings: tuple[Mapping[str, Any], ...]
    hot_share: Mapping[str, Any] | None
    due: Mapping[str, Any]
    stamp: tuple[Any, ...]


def day_of(firm: Firm, day: str = "") -> Day:
    """A day of a firm, the newest where none is named.

    Raises:
        NotFound: that day was not closed, or none was.
    """
    file = firm.close_file(day)
    return _day(firm, file, file.stat().st_mtime_ns, tuple(firm.days()))


@lru_cache(KEPT)
def _day(firm: Firm, file: Path, written: int, days: tuple[str, ...]) -> Day:
    document = firm.close(file.parent.name)
    return Day(
        document,
        digest(document),
        days,
        tuple(open_findings(firm, document)),
        hot_share(document),
        due(document),
        (file, written, days),
    )


def open_findings(firm: Firm, document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What must be acted on, each with the first day of the closes in a row that found it.

    `days` is the age in calendar days on the day of the close. A day without a close breaks no
    row: it is not known that the finding was gone.
    """
    on = date.fromisoformat(document["on"])
    found = [f for f in document["findings"] if f["severity"] != "note"]
    since = dict.fromkeys(map(_key, found), document["on"])
    open_still = set(since)
    for day in (d for d in firm.days() if d < document["on"]):
        if not open_still:
            break
        file = firm.folder / CLOSES / day / "close.json"
        open_still &= _found(file, file.stat().st_mtime_ns)
        since |= dict.fromkeys(open_still, day)
    return [
        {**f, "since": since[_key(f)], "days": (on - date.fromisoformat(since[_key(f)])).days}
        for f in found
    ]


def _key(finding: Mapping[str, Any]) -> Key:
    return finding["name"], finding["subject"]


@lru_cache(REMEMBERED)
def _found(file: Path, _written: int) -> frozenset[Key]:
    findings = json.loads(file.read_text("utf-8"))["findings"]
    return frozenset(_key(f) for f in findings if f["severity"] != "note")


def breaks(firm: Firm, document: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """Open breaks of the register with owner, age and clock; None where the firm keeps none."""
    place = firm.store("guard")
    if place is None:
        return None
    register = _register(place)
    register.follow()
    on = date.fromisoformat(document["on"])
    zone = ZoneInfo(document["venue"]["time_zone"])
    return [
        {
            "id": one.id,
            "asset": one.asset,
            "layers": list(one.layers),
            "units": str(one.units),
            "state": one.state,
            "owner": one.owner or None,
            "since": one.opened.astimezone(zone).date().isoformat(),
            "days": max((on - one.opened.astimezone(zone).date()).days, 0),
            "clock": clock(one),
        }
        for one in register.open()
    ]


@lru_cache(KEPT)
def _register(place: str) -> Register:
    """A register that stays open; each reader takes in what was written since."""
    return Register(place)


def hot_share(document: Mapping[str, Any]) -> dict[str, Any] | None:
    """The share kept outside cold storage and its limit, as figures; None where no rule asks."""
    outputs = document["requirements"].get(HOT_LIMIT)
    if outputs is None:
        return None
    entries = {f["id"]: f for f in document["figures"]}
    return {name: entries[outputs[name]] for name in ("ratio", "ratio_test", "excess_jpy")}


def due(
    document: Mapping[str, Any],
    first: date | None = None,
    days: int = AHEAD,
    event: date | None = None,
    *,
    daily: bool = False,
) -> dict[str, Any]:
    """Duties of the firm for so many days, from the day after its close unless said."""
    on = date.fromisoformat(document["on"])
    start = first or on + timedelta(days=1)
    last = start + timedelta(days=days - 1)
    month, day = document["venue"]["fiscal_year_start"].split("-")
    return {
        "from": start.isoformat(),
        "to": last.isoformat(),
        "duties": duty_list(
            document["venue"]["regimes"], (int(month), int(day)), start, start, last, event,
            daily=daily,
        ),
    }  # fmt: skip

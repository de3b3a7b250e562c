"""What the console shows of resolution: files that the commands wrote, judged as of a day.

FIRM/
    readiness/   `sonae estate readiness FOLDER … --out FIRM/readiness`
    checklist/   `sonae estate checklist FOLDER --frozen-at … --out FIRM/checklist`
    drills/      records of `sonae estate drill start FOLDER FIRM/drills/NAME.jsonl --key …`
    packs/       log.jsonl, register.json and recipients.toml of `sonae pack …`; the packs
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

from sonae.actions.console.home import Firm
from sonae.actions.fund.session import Now, utc_now
from sonae.actions.pack.keep import read_log
from sonae.actions.pack.keys import LOG, REGISTER, due
from sonae.actions.takeover.drill import compare_drills
from sonae.actions.takeover.ready import DRILL_DAYS, PACK_HOURS, VERIFIED_AT_LEAST
from sonae.core.canonical import number_text, parse_number
from sonae.core.errors import SonaeError, UsageError
from sonae.pack.recipients import read_recipients

READY, CHECKLIST, DRILLS, PACKS = "readiness", "checklist", "drills", "packs"
RECIPIENTS = "recipients.toml"
RESTORE_DAYS = 92
"""House limit: the copy outside is opened to the end once a quarter."""
VIEW_SECONDS = 3600
"""House limit: the view of customers stands an hour after the start of a take-over."""
Found = Mapping[str, Any]


def resolution_view(firm: Firm, now: Now = utc_now) -> dict[str, Any]:
    """Readiness with every component, drills, packs, key shares due, and the checklist."""
    at, faults = now(), list[Any]()
    folder = firm.folder
    ready = _json(folder / READY / "readiness.json")
    drills = _kept(lambda: _drills(folder / DRILLS), faults)
    log = _kept(lambda: _lines(folder / PACKS / LOG), faults) or []
    parts = components(_values(ready), drills, log, at)
    return {
        "firm": firm.id,
        "at": at.isoformat(timespec="seconds"),
        "time_zone": firm.time_zone(),
        "readiness": ready,
        "components": parts,
        "met": sum(p["met"] is True for p in parts),
        "of": len(parts),
        "drills": drills,
        "packs": [line for line in log if line["what"] == "made"][::-1],
        "restore_tests": [line for line in log if line["what"] == "restore-tested"][::-1],
        "terms": _kept(lambda: _terms(folder / PACKS), faults),
        "shares": _kept(lambda: _shares(folder / PACKS, at.date()), faults),
        "checklist": _json(folder / CHECKLIST / "checklist.json"),
        "faults": faults,
    }


def components(
    values: Found, drills: Found | None, log: Sequence[Found], at: datetime
) -> list[dict[str, Any]]:
    """Each part of the score: its value, its limit, and whether it is met; None is not known.

    The score is how many are met: no part outweighs another. All limits are house rules.
    """
    tested = [x["on"] for x in log if x["what"] == "restore-tested" and x["result"] == "opened"]
    last_test = max(tested, default=None)
    return [
        _view(drills),
        _pack(values.get("pack_known_at"), at),
        _by("restore_test", last_test, RESTORE_DAYS, at.date()),
        _at_least("verified_share", values.get("verified_share"), number_text(VERIFIED_AT_LEAST)),
        _at_least("rails", values.get("assets_with_rail"), values.get("assets_owed")),
        _by("next_drill", (values.get("last_drill") or "")[:10] or None, DRILL_DAYS, at.date()),
        _at_least("shares", values.get("shares_shown"), values.get("shares_needed")),
    ]


def _part(id: str, value: Any, limit: Any, met: bool | None, **more: Any) -> dict[str, Any]:
    return {"id": id, "value": value, "limit": limit, "met": met, "standing": "house", **more}


def _view(drills: Found | None) -> dict[str, Any]:
    """Seconds from the start of the last finished drill until the customers were known."""
    done = [d for d in (drills or {"drills": []})["drills"] if d["finished"]]
    steps = max(done, key=lambda d: str(d["started"]))["steps"] if done else {}
    took = steps.get("customer_view", {}).get("seconds")
    return _part(
        "customer_view", took, VIEW_SECONDS, None if took is None else took <= VIEW_SECONDS
    )


def _pack(known_at: str | None, at: datetime) -> dict[str, Any]:
    if known_at is None:
        return _part("pack_age", None, PACK_HOURS, None)
    hours = (at - datetime.fromisoformat(known_at)) // timedelta(hours=1)
    return _part("pack_age", hours, PACK_HOURS, hours <= PACK_HOURS, known_at=known_at)


def _by(id: str, last: str | None, days: int, on: date) -> dict[str, Any]:
    """What is to be done again so many days after it was done last."""
    if last is None:
        return _part(id, None, days, None, last=None)
    next_ = date.fromisoformat(last) + timedelta(days=days)
    return _part(id, next_.isoformat(), days, next_ >= on, last=last)


def _at_least(id: str, value: Any, least: Any) -> dict[str, Any]:
    if value is None or least is None:
        return _part(id, None, _plain(least), None)
    return _part(id, _plain(value), _plain(least), _number(value) >= _number(least))


def _plain(value: Any) -> str | None:
    return None if value is None else str(value)


def _number(value: Any) -> Fraction:
    return parse_number(str(value))


# -- the files -------------------------------------------------------------------------------------


def _values(ready: Found | None) -> dict[str, Any]:
    return {} if ready is None else {x["item"]: x["value"] for x in ready["lines"]}


def _drills(folder: Path) -> dict[str, Any] | None:
    """Records side by side, each verified; None where there is none."""
    records = sorted(folder.glob("*.jsonl"))
    return compare_drills(records) if records else None


def _lines(file: Path) -> list[dict[str, Any]]:
    return read_log(file) if file.is_file() else []


def _terms(folder: Path) -> dict[str, Any] | None:
    file = folder / RECIPIENTS
    return read_recipients(file).as_json() if file.is_file() else None


def _shares(folder: Path, on: date) -> dict[str, Any] | None:
    """Holders with the day they last showed their share, and what is due."""
    if not (folder / REGISTER).is_file():
        return None
    terms = folder / RECIPIENTS
    findings = due(folder, terms if terms.is_file() else None, on)
    register = _json(folder / REGISTER)
    assert register is not None
    return {
        "needed": register["needed"],
        "of": register["shares"],
        "made_on": register["made_on"],
        "holders": [
            {
                "number": h["number"],
                "holder": h["holder"],
                "last": max((c["on"] for c in h["checked"]), default=None),
            }
            for h in register["holders"]
        ],
        "due": findings,
    }


def _kept(read: Any, faults: list[Any]) -> Any:
    """What is read; a file that does not hold is told beside the rest, which still shows."""
    try:
        return read()
    except SonaeError as error:
        faults.append(error.text.as_json())
        return None


def _json(file: Path) -> dict[str, Any] | None:
    if not file.is_file():
        return None
    try:
        found: dict[str, Any] = json.loads(file.read_text("utf-8"))
    except ValueError as error:
        raise UsageError(f"{file.name} is not readable: {error}") from error
    return found

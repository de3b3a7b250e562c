"""How ready a take-over is: payout details, rails, key shares, the last drill, the last pack."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

from sonae.actions.files import json_bytes, replace_folder
from sonae.actions.fund.session import Now, utc_now
from sonae.actions.takeover.drill import load_drill
from sonae.actions.takeover.pack import MANIFEST
from sonae.actions.takeover.read import take
from sonae.actions.takeover.taken import Taken
from sonae.claims.takeover.gap import Gap, acts
from sonae.claims.takeover.sweep import FORMS
from sonae.core.canonical import number_text
from sonae.core.errors import UsageError
from sonae.core.text import LANGS, Text
from sonae.report.takeover import readiness_html

FORMAT = "sonae-readiness/1"
REGISTER = "sonae-pack-register/1"
PACK_HOURS, DRILL_DAYS, SHARE_DAYS = 48, 366, 365
"""House limits: a pack within 48 hours, a drill a year, each share shown within a year."""
VERIFIED_AT_LEAST = Fraction(95, 100)
"""House limit: of people with a balance, how many have a verified payout account."""


def readiness(
    folder: Path,
    out: Path | None = None,
    register: Path | None = None,
    drills: Sequence[Path] = (),
    pack: Path | None = None,
    now: Now = utc_now,
) -> dict[str, Any]:
    """The report; what is not given is not known, and a gap. `pack` is the last one, opened."""
    taken, at = take(folder), now()
    if out is not None and out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"{out} holds other files; give a new or empty folder for --out")
    gaps: list[Gap] = []
    lines = [
        *_payout(taken, gaps),
        *_rails(taken, gaps),
        *_shares(register, at.date(), gaps),
        *_drill(drills, at, gaps),
        *_pack(folder if taken.kind == "pack" else pack, at, gaps),
    ]
    document = {
        "format": FORMAT,
        "entity": taken.entity,
        "on": taken.on.isoformat(),
        "at": at.isoformat(timespec="seconds"),
        "lines": [{"item": item, "value": value} for item, value in lines],
        "gaps": [gap.as_json() for gap in gaps],
        "ready": not acts(gaps),
    }
    if out is not None:
        files = {"readiness.json": json_bytes(document)}
        files |= {
            f"readiness.{lang}.html": readiness_html(document, lang).encode() for lang in LANGS
        }
        replace_folder(out, files)
    return document


Line = tuple[str, Any]


def _gap(gaps: list[Gap], name: str, ja: str, en: str) -> None:
    gaps.append(Gap(name, "warning", Text(ja, en)))


def _payout(taken: Taken, gaps: list[Gap]) -> list[Line]:
    people = taken.people
    whole, full, verified = (
        people.get(k) for k in ("customers", "with_payout_details", "verified")
    )
    share = None if not whole or verified is None else Fraction(verified, whole)
    if share is None:
        _gap(
            gaps,
            "payout-not-known",
            "払出口座の確認状況が分からない（customers の payout_verified_on がない）",
            "it is not known whose payout account is verified (payout_verified_on of customers)",
        )
    elif share < VERIFIED_AT_LEAST:
        _gap(
            gaps,
            "payout-not-verified",
            f"払出口座を確認済みの利用者は{whole}人中{verified}人で、目標の95%に届かない",
            f"{verified} of {whole} people have a verified payout account; 95 % is the house limit",
        )
    return [
        ("people", whole),
        ("with_details", full),
        ("verified", verified),
        ("verified_share", None if share is None else number_text(share)),
        ("without_owner", people.get("accounts_without_owner")),
    ]


def _rails(taken: Taken, gaps: list[Gap]) -> list[Line]:
    """Assets that can be paid: coins on a chain whose addresses are checked here, money by bank."""
    chains = {w.asset: w.chain.lower() for w in taken.wallets if w.owner == "customer"}
    banked = {a["currency"] for a in taken.accounts}
    owed = sorted(a for a, units in taken.owed.items() if units)
    covered = [a for a in owed if a in banked or chains.get(a, "") in FORMS]
    without = [a for a in owed if a not in covered]
    if without:
        names = ", ".join(without)
        _gap(
            gaps,
            "no-rail",
            f"払い出す手段が確かめられない資産: {names}",
            f"no rail that could be checked for: {names}",
        )
    return [("assets_owed", len(owed)), ("assets_with_rail", len(covered))]


def _shares(register: Path | None, on: date, gaps: list[Gap]) -> list[Line]:
    names = ("shares", "shares_needed", "shares_shown")
    if register is None:
        _gap(gaps, "shares-not-known", "鍵の持分の台帳がない", "no register of key shares is given")
        return [(name, None) for name in names]
    found = _json(register, REGISTER)
    limit = timedelta(days=SHARE_DAYS)
    shown = sum(
        date.fromisoformat(max((c["on"] for c in one["checked"]), default=found["made_on"])) + limit
        >= on
        for one in found["holders"]
    )
    if shown < found["needed"]:
        _gap(
            gaps,
            "too-few-shares",
            f"1年以内に確認できた持分は{shown}で、必要な{found['needed']}に足りない",
            f"{shown} shares were shown within a year; {found['needed']} are needed",
        )
    return list(zip(names, (found["shares"], found["needed"], shown), strict=True))


def _json(file: Path, format: str) -> Mapping[str, Any]:
    try:
        found = json.loads(file.read_bytes())
    except ValueError as error:
        raise UsageError(f"{file} is not {format}") from error
    if not isinstance(found, dict) or found.get("format") != format:
        raise UsageError(f"{file} is not {format}")
    return found


def _drill(records: Sequence[Path], at: datetime, gaps: list[Gap]) -> list[Line]:
    done = [d for d in map(load_drill, records) if d.finished is not None]
    last = max(done, key=lambda d: d.started, default=None)
    if last is None or last.finished is None:
        _gap(gaps, "no-drill", "終わった訓練の記録がない", "no finished drill is on record")
        return [("last_drill", None), ("last_drill_seconds", None), ("last_drill_in_time", None)]
    if at - last.finished > timedelta(days=DRILL_DAYS):
        _gap(gaps, "drill-old", "前回の訓練から1年を超えた", "the last drill is over a year old")
    if not last.in_time():
        _gap(
            gaps,
            "drill-late",
            "前回の訓練は目標時間に間に合わなかった",
            "the last drill missed its target time",
        )
    taken = last.as_json()
    return [
        ("last_drill", last.finished.isoformat(timespec="seconds")),
        ("last_drill_seconds", taken["seconds"]),
        ("last_drill_in_time", last.in_time()),
    ]


def _pack(folder: Path | None, at: datetime, gaps: list[Gap]) -> list[Line]:
    """Hours since what the last pack knew; the pack's own word, by its manifest."""
    if folder is None:
        _gap(gaps, "no-pack", "最後のパックが示されていない", "the last pack is not given")
        return [("pack_known_at", None), ("pack_hours", None)]
    file = folder / MANIFEST if folder.is_dir() else folder
    if not file.is_file():
        raise UsageError(f"{file} is not there")
    known = datetime.fromisoformat(_json(file, "sonae-pack/1")["known_at"])
    hours = (at - known) // timedelta(hours=1)
    if hours > PACK_HOURS:
        _gap(
            gaps,
            "pack-old",
            f"最後のパックから{hours}時間たっている（社内基準{PACK_HOURS}時間）",
            f"the last pack is {hours} hours old; {PACK_HOURS} is the house limit",
        )
    return [("pack_known_at", known.isoformat()), ("pack_hours", hours)]

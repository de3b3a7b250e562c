"""The register of share holders: who holds which share, and when each last showed that it is there.

It holds no share. A year's answer of a holder must have the commitment that was made when the key
was split; it reveals neither the share nor another year's answer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sonae.core.errors import Refused, UsageError
from sonae.core.finding import Finding
from sonae.core.text import Text
from sonae.pack import shares

FORMAT = "sonae-pack-register/1"
YEAR, SOON = timedelta(days=365), timedelta(days=30)
Register = dict[str, Any]


def new_register(
    key: str, needed: int, words: Sequence[str], holders: Sequence[str], on: date
) -> Register:
    """The register of a key that was just split."""
    return {
        "format": FORMAT,
        "key": key,
        "needed": needed,
        "shares": len(words),
        "made_on": on.isoformat(),
        "replaces": None,
        "replaced_on": None,
        "destroy_shares_after": None,
        "holders": [
            {
                "number": shares.number_of(share),
                "holder": holder,
                "checked": [],
                "answers": {
                    str(year): shares.commitment(share, year)
                    for year in range(on.year, on.year + shares.YEARS)
                },
            }
            for share, holder in zip(words, holders, strict=True)
        ],
    }


def read_register(content: bytes, name: str) -> Register:
    """A register; a UsageError where it is none."""
    try:
        found = json.loads(content)
    except ValueError as error:
        raise UsageError(f"{name} is no register of shares") from error
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise UsageError(f"{name} is no register of shares ({FORMAT})")
    return found


def holder(register: Register, number: int) -> dict[str, Any]:
    """The holder of a share."""
    for found in register["holders"]:
        if found["number"] == number:
            return dict(found)
    raise UsageError(f"there is no share {number} of {register['shares']}")


def checked(register: Register, number: int, year: int, answered: str, on: date) -> Register:
    """The register with a holder's answer noted.

    Raises:
        Refused: it is not the answer of that share for that year.
    """
    one = holder(register, number)
    expected = one["answers"].get(str(year))
    if expected is None:
        raise UsageError(f"the register knows no answers for {year}; rotate the key")
    try:
        good = shares.commitment_of(answered.strip()) == expected
    except ValueError as error:
        raise UsageError("an answer is 64 hexadecimal digits") from error
    if not good:
        raise Refused(
            f"share {number} ({one['holder']}): not the answer of this share for {year}; "
            f"the share was mistyped, is another one, or is lost"
        )
    one["checked"] = [*one["checked"], {"year": year, "on": on.isoformat()}]
    rest = [h if h["number"] != number else one for h in register["holders"]]
    return {**register, "holders": rest}


def due(register: Mapping[str, Any], on: date) -> list[Finding]:
    """Which holders have not shown their share for a year, and whether enough of them did."""
    findings, shown = [], 0
    for one in register["holders"]:
        last = max((c["on"] for c in one["checked"]), default=register["made_on"])
        limit = date.fromisoformat(last) + YEAR
        shown += limit >= on
        words = {"number": one["number"], "holder": one["holder"], "last": last, "limit": limit}
        if limit < on:
            text = _OVERDUE.format(**words)
            findings.append(
                Finding("share-check-overdue", "warning", text, f"share {one['number']}", due=limit)
            )
        elif limit - on <= SOON:
            text = _SOON.format(**words)
            findings.append(
                Finding("share-check-due", "note", text, f"share {one['number']}", due=limit)
            )
    if shown < register["needed"]:
        text = _FEW.format(shown=shown, needed=register["needed"])
        findings.append(Finding("too-few-shares-shown", "breach", text, "register"))
    after = register["destroy_shares_after"]
    if after is not None and date.fromisoformat(after) < on:
        text = _DESTROY.format(after=after)
        findings.append(Finding("old-shares-to-destroy", "warning", text, "register"))
    return findings


def check_passed(day: date) -> Finding:
    """The day that the terms set for the next check is over."""
    return Finding("next-check-passed", "warning", _PASSED.format(day=day), "next_check", due=day)


_PASSED = Text(
    "受取人の書類にある次回確認日（{day}）を過ぎた。確認して日付を改める",
    "the next check was set for {day} in the terms; make it, and set the next day",
)
_OVERDUE = Text(
    "分割鍵{number}（{holder}）の確認が{limit}までだった（前回{last}）。"
    "sonae pack keys check で確かめる",
    "share {number} ({holder}) was to be shown by {limit} (last {last}); ask, and note the answer "
    "with sonae pack keys check",
)
_SOON = Text(
    "分割鍵{number}（{holder}）の確認の期限は{limit}（前回{last}）",
    "share {number} ({holder}) is to be shown by {limit} (last {last})",
)
_FEW = Text(
    "1年以内に確認できた分割鍵は{shown}で、開封に要る{needed}に足りない。直ちに確認するか、鍵を作り直す",
    "{shown} share(s) were shown within a year and {needed} are needed to open a pack; check them "
    "now, or rotate the key",
)
_DESTROY = Text(
    "この鍵は作り直されており、保存期間が{after}に終わった。各保有者の分割鍵を破棄する",
    "this key was replaced and was to be kept until {after}; have the holders destroy its shares",
)

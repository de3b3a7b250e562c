"""RECIPIENTS.toml: who can open a pack, on what ground, when, and what must be checked until then.

A pack has at least two recipients and at least one whose key is whole, so that `age` alone opens
it; only an administrator's key is in shares.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sonae.books.settings import NOT_USABLE, Settings, read_toml
from sonae.core.errors import InputError, Problem
from sonae.core.figure import CONFIDENCES
from sonae.core.text import Text
from sonae.pack.bech32 import decode

ROLES = ("administrator", "supervisor", "trustee")


@dataclass(frozen=True, slots=True)
class Recipient:
    """One who can open the pack: `ground` is the legal ground of this copy, `confidence` its mark.

    `register` names the register of share holders, for a key in shares only.
    """

    name: str
    role: str
    key: str
    ground: Text
    confidence: str
    register: str | None

    def as_json(self) -> dict[str, Any]:
        """The recipient as plain values."""
        return {
            "name": self.name,
            "role": self.role,
            "key": self.key,
            "split": self.register is not None,
            "ground": self.ground.as_json(),
            "confidence": self.confidence,
        }


@dataclass(frozen=True, slots=True)
class Contact:
    """Who to call."""

    name: str
    role: str
    phone: str
    email: str

    def as_json(self) -> dict[str, str]:
        """The contact as plain values."""
        return {"name": self.name, "role": self.role, "phone": self.phone, "email": self.email}


@dataclass(frozen=True, slots=True)
class Recipients:
    """The terms of a pack.

    `stale_after_hours`: from when a copy counts as old. `keep_keys_days`: how long keys of former
    packs are kept after they were replaced. `next_check`: when holders must next show that their
    shares are there.
    """

    recipients: tuple[Recipient, ...]
    release: Text
    next_check: date
    outside: str
    outside_ground: Text
    stale_after_hours: int
    keep_keys_days: int
    call: tuple[Contact, ...]
    folder: Path

    @property
    def register(self) -> Path | None:
        """The register of share holders, where a key is in shares."""
        names = [r.register for r in self.recipients if r.register]
        return self.folder / names[0] if names else None

    def as_json(self) -> dict[str, Any]:
        """The terms as plain values; they go into the pack."""
        return {
            "recipients": [r.as_json() for r in self.recipients],
            "release": self.release.as_json(),
            "next_check": self.next_check.isoformat(),
            "outside": {"place": self.outside, "ground": self.outside_ground.as_json()},
            "stale_after_hours": self.stale_after_hours,
            "keep_keys_days": self.keep_keys_days,
            "call": [c.as_json() for c in self.call],
        }


def read_recipients(path: Path) -> Recipients:
    """The terms.

    Raises:
        InputError: every problem at once.
    """
    problems: list[Problem] = []
    if not path.is_file():
        text = Text(f"ファイル {path.name} がない", f"there is no file {path.name}")
        raise InputError([Problem("missing-file", "recipients", text, path.name)])
    top = Settings(read_toml(path, problems), path.name, "", problems)
    head = Settings(top.take("pack", dict) or {}, path.name, "pack.", problems)
    people = _recipients(top, path, problems)
    day = head.take("next_check", date)
    numbers = [head.take(n, int) for n in ("stale_after_hours", "keep_keys_days")]
    values: list[Any] = [
        people,
        head.text("release"),
        day,
        head.take("outside", str),
        head.text("outside_ground"),
        *numbers,
        _contacts(head, path.name, problems),
        path.parent,
    ]
    head.done()
    top.done()
    if any(n is not None and n < 1 for n in numbers):
        head.fault("stale_after_hours", _POSITIVE)
    problems += _together(people, path.name)
    if problems or None in values:
        raise InputError(problems)
    return Recipients(*values)


def _recipients(top: Settings, path: Path, problems: list[Problem]) -> tuple[Recipient, ...]:
    found = []
    for n, raw in enumerate(top.take("recipient", list, [])):
        item = Settings(raw, path.name, f"recipient[{n}].", problems)
        before = len(problems)
        one = Recipient(
            item.take("name", str),
            item.take("role", str),
            item.take("key", str),
            item.text("ground"),  # type: ignore[arg-type]  # None is a problem noted
            item.take("confidence", str),
            item.take("register", str, None),
        )
        item.done()
        if len(problems) > before:
            continue
        found.append(one)
        if one.role not in ROLES:
            item.fault("role", NOT_USABLE.format(key=f"recipient[{n}].role", value=one.role))
        if one.confidence not in CONFIDENCES:
            where = f"recipient[{n}].confidence"
            item.fault("confidence", NOT_USABLE.format(key=where, value=one.confidence))
        if one.register is not None and one.role != "administrator":
            item.fault("register", _SPLIT)
        try:
            if len(decode(one.key, "age")) != 32:
                raise ValueError("length")
        except Exception as error:
            item.fault("key", _KEY.format(why=str(error)))
    return tuple(found)


def _contacts(head: Settings, file: str, problems: list[Problem]) -> tuple[Contact, ...]:
    found = []
    for n, raw in enumerate(head.take("call", list, [])):
        item = Settings(raw, file, f"pack.call[{n}].", problems)
        found.append(
            Contact(
                item.take("name", str),
                item.take("role", str),
                item.take("phone", str, ""),
                item.take("email", str, ""),
            )
        )
        item.done()
    if not found:
        head.fault("call", _CALL)
    return tuple(found)


def _together(people: Sequence[Recipient], file: str) -> list[Problem]:
    faults = []
    keys = [r.key for r in people]
    if len(people) < 2:
        faults.append(_TWO)
    if people and all(r.register is not None for r in people):
        faults.append(_WHOLE)
    if len(set(keys)) < len(keys):
        faults.append(_SAME)
    if sum(1 for r in people if r.register is not None) > 1:
        faults.append(_ONE)
    return [Problem("bad-recipients", "recipients", t, file, key="recipient") for t in faults]


_POSITIVE = Text("時間・日数は1以上", "hours and days are one or more")
_SPLIT = Text(
    "鍵を分割できるのは administrator のみ。register を外す",
    "only an administrator's key is in shares; leave out register",
)
_KEY = Text("age の公開鍵（age1…）でない: {why}", "not an age recipient (age1…): {why}")
_CALL = Text(
    "連絡先 [[pack.call]] を一つ以上書く（name、role、phone、email）",
    "give at least one [[pack.call]] with name, role, phone, email",
)
_TWO = Text("受取人は二名以上要る", "a pack needs two recipients or more")
_WHOLE = Text(
    "分割していない鍵の受取人が一名以上要る（age だけで開けられるように）",
    "at least one recipient's key must be whole, so that age alone opens the pack",
)
_SAME = Text("同じ公開鍵の受取人がいる", "two recipients have the same key")
_ONE = Text("分割鍵は一つに限る", "only one key can be in shares")

"""An administrator's key in shares: making, yearly checks, replacing, and what is due.

register.json      who holds which share, with commitments for yearly answers: no secret
recipient.txt      the public key for RECIPIENTS.toml
shares/share-N.txt, share-N.html    one for each holder: hand over, then delete
log.jsonl          what was done, each line chained to the one before

The key itself is written nowhere: it is in the shares alone.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyrage

from sonae.actions.files import json_bytes, replace_folder
from sonae.actions.pack.open import share_words
from sonae.core.errors import UsageError
from sonae.pack import holders, log, shares
from sonae.pack.bech32 import secret_bytes
from sonae.pack.recipients import read_recipients
from sonae.report.pack import share_page

REGISTER, LOG, SHARES = "register.json", "log.jsonl", "shares"


def today() -> date:
    """The day of the clock, in UTC."""
    return datetime.now(UTC).date()


def make_keys(
    out: Path, needed: int, of: int, names: Sequence[str] = (), on: date | None = None
) -> dict[str, Any]:
    """Make a key, split it, and write a page for each holder; the folder must be new.

    Raises:
        Refused: numbers that cannot be.
        UsageError: a folder that is there, or another number of names than of shares.
    """
    if out.exists() and any(out.iterdir()):
        raise UsageError(f"{out} is there already; keys are never written over")
    register, files = _made(needed, of, names, on or today())
    line = log.line(
        b"", LOG, "keys-made", register["made_on"], key=register["key"], of=of, needed=needed
    )
    replace_folder(out, {**files, REGISTER: json_bytes(register), LOG: line}, SHARES)
    return {"folder": str(out), "key": register["key"], "needed": needed, "of": of}


def _made(
    needed: int, of: int, names: Sequence[str], on: date
) -> tuple[dict[str, Any], dict[str, bytes]]:
    if names and len(names) != of:
        raise UsageError(f"{of} shares need {of} holders, not {len(names)}")
    people = list(names) or [f"holder {n}" for n in range(1, of + 1)]
    secret = pyrage.x25519.Identity.generate()
    words = shares.split(secret_bytes(str(secret)), needed, of)
    key = str(secret.to_public())
    register = holders.new_register(key, needed, words, people, on)
    files = {"recipient.txt": f"{key}\n".encode()}
    for share, one in zip(words, register["holders"], strict=True):
        page = {**one, "words": share, "of": of, "needed": needed, "key": key}
        files[f"{SHARES}/share-{one['number']}.txt"] = f"{share}\n".encode()
        files[f"{SHARES}/share-{one['number']}.html"] = share_page(page).encode()
    return register, files


def rotate_keys(
    register: Path, out: Path, keep_days: int, on: date | None = None
) -> dict[str, Any]:
    """Replace a key by a new one with the same holders; the old one opens old packs until its day.

    What is encrypted from now on goes to the new key; old shares are to be destroyed `keep_days`
    after, and `pack keys due` says so.
    """
    day, old = on or today(), _register(register)
    if old["replaced_on"] is not None:
        raise UsageError(f"{register} was replaced on {old['replaced_on']}")
    if out.exists() and any(out.iterdir()):
        raise UsageError(f"{out} is there already; keys are never written over")
    names = [h["holder"] for h in old["holders"]]
    fresh, files = _made(old["needed"], old["shares"], names, day)
    fresh["replaces"] = old["key"]
    after = (day + timedelta(days=keep_days)).isoformat()
    known = {"key": fresh["key"], "replaces": old["key"], "destroy_shares_after": after}
    line = log.line(b"", LOG, "rotated", day.isoformat(), **known)
    replace_folder(out, {**files, REGISTER: json_bytes(fresh), LOG: line}, SHARES)
    replaced = {"replaced_on": day.isoformat(), "destroy_shares_after": after}
    append(_log_of(register), "rotated", day, **known)
    _write(register, {**old, **replaced})
    return {"folder": str(out), **known}


def answer(share: Path, year: int) -> dict[str, Any]:
    """What a holder answers in a year; run where the share is kept."""
    words = share_words(share)
    return {"number": shares.number_of(words), "year": year, "answer": shares.answer(words, year)}


def check_share(
    register: Path, number: int, answered: str, year: int | None = None, on: date | None = None
) -> dict[str, Any]:
    """Note that a holder showed that the share is there.

    Raises:
        Refused: it is not the answer of that share.
    """
    day = on or today()
    known = year or day.year
    found = holders.checked(_register(register), number, known, answered, day)
    append(_log_of(register), "share-checked", day, number=number, year=known)
    _write(register, found)
    return {"number": number, "year": known, "on": day.isoformat()}


def due(register: Path, recipients: Path | None = None, on: date | None = None) -> list[Any]:
    """What of the shares is overdue, as findings."""
    day = on or today()
    found = holders.due(_register(register), day)
    if recipients is not None:
        terms = read_recipients(recipients)
        if terms.next_check < day:
            found.append(holders.check_passed(terms.next_check))
    return [f.as_json() for f in found]


def _log_of(register: Path) -> Path:
    return register / LOG if register.is_dir() else register.with_name(LOG)


def _register(path: Path) -> dict[str, Any]:
    path = path / REGISTER if path.is_dir() else path
    if not path.is_file():
        raise UsageError(f"no such register: {path}")
    return holders.read_register(path.read_bytes(), path.name)


def _write(path: Path, register: Mapping[str, Any]) -> None:
    path = path / REGISTER if path.is_dir() else path
    fresh = path.with_name(f".{path.name}.new")
    with fresh.open("wb") as stream:
        stream.write(json_bytes(register))
        stream.flush()
        os.fsync(stream.fileno())
    fresh.replace(path)


def append(path: Path, what: str, on: date, **known: Any) -> None:
    """Add a line to a log; the chain before it must hold."""
    former = path.read_bytes() if path.exists() else b""
    line = log.line(former, path.name, what, on.isoformat(), **known)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as stream:
        stream.write(line)
        stream.flush()
        os.fsync(stream.fileno())

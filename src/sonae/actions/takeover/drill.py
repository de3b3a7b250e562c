"""Drills of a take-over: each step with this machine's clock, signed by the person who did it."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sonae.actions.fund.session import Now, utc_now
from sonae.actions.keys import Key, load_key, verify_signature
from sonae.actions.takeover.read import take
from sonae.claims.takeover.drill import (
    FINISH,
    START_STEP,
    STEPS,
    TARGET_HOURS,
    Drill,
    body,
    compare,
    next_hash,
    read_drill,
)
from sonae.core.chain import line, link, sign
from sonae.core.errors import Refused, UsageError

HOUR = 3600


def start_drill(
    folder: Path, record: Path, key_file: Path, hours: int = TARGET_HOURS, now: Now = utc_now
) -> Drill:
    """Begin a record for what is to be taken over; the clock runs from here."""
    if record.exists():
        raise UsageError(f"{record} exists; a drill begins a new record")
    if hours < 1:
        raise UsageError("the target is one hour or more")
    taken, key = take(folder), load_key(key_file)
    about = {"drill": secrets.token_hex(8), "entity": taken.entity, "on": taken.on.isoformat()}
    _add(record, [], key, START_STEP, now, **about, target_seconds=hours * HOUR)
    return load_drill(record)


def step_drill(record: Path, step: str, key_file: Path, now: Now = utc_now) -> Drill:
    """Record a step, or `finish`; each once."""
    if step not in (*STEPS, FINISH):
        raise UsageError(f"no step {step}; there is: {', '.join((*STEPS, FINISH))}")
    found, key = load_drill(record), load_key(key_file)
    if found.finished is not None:
        raise Refused(f"{record} was finished at {found.finished.isoformat()}")
    if step in found.steps:
        raise Refused(f"{step} was recorded at {found.steps[step].isoformat()}")
    last = max([found.started, *found.steps.values()])
    if now() < last:
        raise Refused(f"this machine's clock is behind the last step ({last.isoformat()})")
    _add(record, _lines(record), key, step, now)
    return load_drill(record)


def load_drill(record: Path) -> Drill:
    """A record, verified."""
    if not record.is_file():
        raise UsageError(f"there is no record {record}")
    return read_drill(_lines(record), verify_signature, record.name)


def compare_drills(records: Sequence[Path]) -> dict[str, Any]:
    """Several records side by side, each verified first."""
    if not records:
        raise UsageError("name one record or more")
    return compare([load_drill(record) for record in records])


def _lines(record: Path) -> list[bytes]:
    return record.read_bytes().splitlines()


def _add(record: Path, lines: Sequence[bytes], key: Key, step: str, now: Now, **known: Any) -> None:
    """One more line; the record is replaced whole, so that a crash leaves the old or the new."""
    previous = next_hash(lines)
    signed = sign(key, body(step, now(), key.public.hex(), previous.hex(), **known))
    text = b"\n".join([*lines, line(signed, link(previous, signed))]) + b"\n"
    record.parent.mkdir(parents=True, exist_ok=True)
    fresh = record.with_name(f".{record.name}.{os.getpid()}.new")
    with fresh.open("wb") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    fresh.replace(record)

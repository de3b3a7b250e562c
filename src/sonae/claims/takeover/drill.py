"""A take-over drill against the clock: steps with their times, each signed, chained, comparable.

A record is lines of `core.chain`. Its first says what is drilled and the target; each further one
is a step; the last is `finish`. Times are the tool's clock, in UTC; who signed is in each line.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sonae.core.canonical import canonical_bytes
from sonae.core.chain import START, Verifier, link, read_line, signature_good
from sonae.core.errors import Refused

FORMAT = "sonae-drill/1"
TARGET_HOURS = 24
START_STEP, FINISH = "start", "finish"
STEPS = (
    "pack_opened",
    "totals_rebuilt",
    "customer_view",
    "signers_listed",
    "keys_collected",
    "sweep_planned",
    "letters_drafted",
    "contacts_reached",
    "payout_ready",
)
"""Steps that a drill may record, in the usual order."""


@dataclass(frozen=True)
class Drill:
    """A verified record: what, by whom, when each step was done."""

    id: str
    entity: str
    on: str
    target: timedelta
    started: datetime
    steps: Mapping[str, datetime]
    finished: datetime | None
    signers: Sequence[str]
    head: str

    def took(self) -> timedelta | None:
        """From start to finish; None while it runs."""
        return None if self.finished is None else self.finished - self.started

    def in_time(self) -> bool:
        """Whether it was finished inside its target."""
        took = self.took()
        return took is not None and took <= self.target

    def as_json(self) -> dict[str, Any]:
        """As plain values; times also as seconds from the start."""
        took = self.took()
        return {
            "drill": self.id,
            "entity": self.entity,
            "on": self.on,
            "target_seconds": seconds(self.target),
            "started": self.started.isoformat(),
            "steps": {
                name: {"at": at.isoformat(), "seconds": seconds(at - self.started)}
                for name, at in self.steps.items()
            },
            "finished": self.finished.isoformat() if self.finished else None,
            "seconds": None if took is None else seconds(took),
            "in_time": self.in_time(),
            "signers": list(self.signers),
            "head": self.head,
        }


def seconds(span: timedelta) -> int:
    """Whole seconds."""
    return span // timedelta(seconds=1)


def body(step: str, at: datetime, key: str, previous: str, **known: Any) -> bytes:
    """The bytes that a person signs for a step."""
    about = {"format": FORMAT, "step": step, "at": at.isoformat(), "key": key}
    return canonical_bytes({**about, "previous": previous, **known})


def read_drill(lines: Sequence[bytes], verify: Verifier, name: str) -> Drill:
    """A record, verified line by line.

    Raises:
        Refused: the first line that was changed, is out of order, or has no good signature.
    """
    bodies, hash = [], START
    for number, text in enumerate(lines, 1):
        signed, written = read_line(text)
        found = json.loads(signed.body)
        if found.get("format") != FORMAT or found.get("previous") != hash.hex():
            raise Refused(f"{name} line {number} does not follow the one before")
        if not signature_good(verify, bytes.fromhex(found["key"]), signed):
            raise Refused(f"{name} line {number} is not what its key signed")
        hash = link(hash, signed)
        if hash.hex().encode() != written:
            raise Refused(f"{name} line {number} has another hash than its bytes")
        bodies.append(found)
    if not bodies or bodies[0]["step"] != START_STEP:
        raise Refused(f"{name} does not begin with the start of a drill")
    return _drill(bodies, hash.hex(), name)


def _drill(bodies: Sequence[Mapping[str, Any]], head: str, name: str) -> Drill:
    first, times = bodies[0], [datetime.fromisoformat(b["at"]) for b in bodies]
    if times != sorted(times):
        raise Refused(f"{name}: a step is earlier than the one before")
    steps = {b["step"]: t for b, t in zip(bodies[1:], times[1:], strict=True)}
    if len(steps) != len(bodies) - 1 or FINISH in [b["step"] for b in bodies[1:-1]]:
        raise Refused(f"{name}: a step is recorded twice, or after the end")
    finished = steps.pop(FINISH, None)
    return Drill(
        first["drill"],
        first["entity"],
        first["on"],
        timedelta(seconds=first["target_seconds"]),
        times[0],
        steps,
        finished,
        tuple(dict.fromkeys(b["key"] for b in bodies)),
        head,
    )


def next_hash(lines: Sequence[bytes]) -> bytes:
    """The hash that the next line follows."""
    hash = START
    for text in lines:
        signed, _ = read_line(text)
        hash = link(hash, signed)
    return hash


def compare(drills: Sequence[Drill]) -> dict[str, Any]:
    """Drills in order of time, and for each step how the last compares with the best before it."""
    ordered = sorted(drills, key=lambda d: d.started)
    last = ordered[-1]
    rows: list[dict[str, Any]] = []
    for step in (*STEPS, FINISH):
        spans = [_span(d, step) for d in ordered]
        known = [s for s in spans[:-1] if s is not None]
        best, now = min(known, default=None), spans[-1]
        change = None if best is None or now is None else now - best
        rows.append({"step": step, "seconds": spans, "best_before": best, "change": change})
    return {
        "drills": [d.as_json() for d in ordered],
        "steps": [r for r in rows if any(s is not None for s in r["seconds"])],
        "last_in_time": last.in_time(),
    }


def _span(drill: Drill, step: str) -> int | None:
    at = drill.finished if step == FINISH else drill.steps.get(step)
    return None if at is None else seconds(at - drill.started)

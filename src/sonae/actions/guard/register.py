"""The register of breaks in a store: opened by the guard, worked on by people who sign each step.

Several processes may use one store: each step is judged while nobody else writes, against all that
was written before it.
"""

from __future__ import annotations

import csv
import json
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sonae.actions.fund.session import Now, utc_now
from sonae.actions.guard.watch import totals_in_words
from sonae.actions.keys import Key, verify_signature
from sonae.core.canonical import canonical_bytes
from sonae.core.chain import Signed, sign, signature_good
from sonae.core.errors import InputError, Problem, UsageError
from sonae.core.text import Text
from sonae.fund.constitution import FIRM
from sonae.fund.entry import instant
from sonae.guard.breaks import Break, BreakError, Due, Event, Movement, escalations, match
from sonae.guard.breaks import standing as begun
from sonae.guard.breaks import step as after
from sonae.guard.compare import Compared
from sonae.guard.limits import Policy
from sonae.rulebook.calendars import CALENDARS
from sonae.store.view import StoreView
from sonae.store.watch import Kept, Note, WatchLog

FORMAT = "sonae-break/1"
JST = ZoneInfo("Asia/Tokyo")
FIFTH = 5
"""Business days after which an open break is told upwards: a house rule, after the clock to cure a
shortage on chain (jp.crypto.cure_deadline)."""
ROLES = {"plug": frozenset({"preparer"}), "checked": frozenset({"approver"})}
"""Who may do what, by the constitution of the store; the rest, any of the firm's people."""
COLUMNS = ("layer", "asset", "reference", "units", "purpose", "at")
"""Of a file of movements."""


@dataclass(frozen=True)
class Step:
    """One step on a break as it stands in the record."""

    seq: int
    id: str
    event: Event
    key: str
    signature: str


class Register:
    """Breaks of a store. `until` leaves out what was written after an instant."""

    def __init__(self, place: str, now: Now = utc_now, until: datetime | None = None) -> None:
        self.log, self._now, self._until = WatchLog(place), now, until
        self._lock = threading.RLock()
        self.breaks: dict[str, Break] = {}
        self.steps: list[Step] = []
        self.bad: list[int] = []
        self._seen = 0
        self.follow()

    def __enter__(self) -> Register:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the connection back."""
        self.log.close()

    def follow(self) -> None:
        """Take in what was written since, by this process or another."""
        with self._lock:
            for kept in self.log.kind("break", self._seen):
                self._seen = kept.seq
                if self._until is None or datetime.fromisoformat(kept.at) <= self._until:
                    self._take(kept)

    def _take(self, kept: Kept) -> None:
        """One step; one that nobody signed, or that is not allowed, changes nothing."""
        said = json.loads(kept.body)
        event = _event(said["event"])
        step = Step(kept.seq, said["id"], event, said["key"], said["signature"])
        self.steps.append(step)
        if step.key and not _signed(step, said["after"]):
            self.bad.append(kept.seq)
            return
        if not step.key and event.kind not in ("opened", "changed", "matched"):
            self.bad.append(kept.seq)
            return
        try:
            if event.kind == "opened":
                pair = (said["layers"][0], said["layers"][1])
                self.breaks[step.id] = begun(step.id, said["asset"], pair, [event])
            else:
                self.breaks[step.id] = after(self.breaks[step.id], event)
        except (BreakError, KeyError):
            self.bad.append(kept.seq)

    # -- what stands -----------------------------------------------------------------------------

    def open(self) -> list[Break]:
        """Breaks that are not closed, oldest first."""
        with self._lock:
            return [b for b in self.breaks.values() if b.state != "closed"]

    def find(self, id: str) -> Break:
        """One break by its id."""
        if id not in self.breaks:
            raise UsageError(f"no break {id}; `sonae guard breaks` lists them")
        return self.breaks[id]

    def plugs(self) -> int:
        """How many plug entries were approved so far: a figure for the board."""
        with self._lock:
            return sum(b.plugs for b in self.breaks.values())

    def due(self, material: Mapping[str, int], on: date | None = None) -> list[Due]:
        """What has to be told upwards on a day (today)."""
        today = on or self._now().astimezone(JST).date()
        calendar = CALENDARS["jp.bank"]
        return escalations(
            self.open(),
            today,
            lambda day: calendar.add(day, FIFTH),
            material,
            lambda at: at.astimezone(JST).date(),
        )

    # -- what the guard writes -------------------------------------------------------------------

    def update(
        self,
        found: Sequence[Compared],
        policy: Policy,
        causes: Mapping[str, str],
        matched: Mapping[str, str],
    ) -> int:
        """Open breaks for new differences, change those that grew or shrank; how many steps.

        `causes` names, by asset, a reorganised block that was read since the last time; `matched`
        the totals of two layers when they last met.
        """
        with self._lock:
            self.follow()
            if not self._wanted(found, policy, causes, matched):
                return 0
            count = 0

            def make() -> list[Note]:
                nonlocal count
                self.follow()
                notes = self._wanted(found, policy, causes, matched)
                count = len(notes)
                return notes

            self.log.decide(make)
            self.follow()
            return count

    def _wanted(
        self,
        found: Sequence[Compared],
        policy: Policy,
        causes: Mapping[str, str],
        matched: Mapping[str, str],
    ) -> list[Note]:
        at, notes = self._now(), list[Note]()
        running = {(b.asset, b.layers): b for b in self.open()}
        last = {(b.asset, b.layers): b for b in self.breaks.values()}
        fresh = len(self.breaks)
        for one in found:
            if one.difference is None:
                continue
            there: tuple[str, str] = (str(one.pair[0]), str(one.pair[1]))
            mine, former = running.get((one.asset, there)), last.get((one.asset, there))
            small = abs(one.difference) <= policy.assets[one.asset].tolerance
            units, cause = 0 if small else one.difference, causes.get(one.asset, "")
            class_ = "reorganised_block" if cause else ""
            words = totals_in_words(one)
            if mine is None and not small and not _explained(former, one.difference):
                fresh += 1
                met = matched.get(f"{one.asset}:{'-'.join(there)}")
                words += f"; they last met at {met}" if met else ""
                event = Event("opened", at, "guard", units, class_, cause, evidence=words)
                notes.append(_note(f"b{fresh}", event, one.asset, there))
            elif mine is not None and mine.units != units:
                event = Event("changed", at, "guard", units, class_, cause, evidence=words)
                notes.append(_note(mine.id, event, one.asset, there))
        return notes

    def match(self, movements: Mapping[str, Sequence[Movement]]) -> list[str]:
        """Close what records explain to the last unit; the breaks that were closed."""
        with self._lock:
            closed: list[str] = []

            def make() -> list[Note]:
                self.follow()
                notes, at = [], self._now()
                for one in self.open():
                    found = match(one.units, one.layers, movements.get(one.asset, ()))
                    if one.units and found is not None:
                        words = ", ".join(found.references)
                        event = Event("matched", at, "guard", None, found.class_, "", "", words)
                        notes.append(_note(one.id, event, one.asset, one.layers))
                        closed.append(one.id)
                return notes

            self.log.decide(make)
            self.follow()
            return closed

    # -- what people write -----------------------------------------------------------------------

    def act(self, id: str, said: Event, key: Key) -> Break:
        """A person's step on a break, signed; who they are comes from their key.

        Raises:
            BreakError: the step is not allowed, or not to this person.
        """
        with self._lock:

            def make() -> list[Note]:
                self.follow()
                one = self.find(id)
                by = self._person(key, said.kind)
                event = said._replace(at=self._now(), by=by)
                after(one, event)
                return [_note(id, event, one.asset, one.layers, key, self._head(id))]

            self.log.decide(make)
            self.follow()
            return self.find(id)

    def _head(self, id: str) -> int:
        """The number of the last step on a break, which the next one signs."""
        return max((s.seq for s in self.steps if s.id == id), default=0)

    def _person(self, key: Key, kind: str) -> str:
        """Who has a key: a person of the constitution, or the key itself where there is none."""
        view = StoreView(self.log.connection)
        view.look()
        constitution, public = view.constitution(), key.public.hex()
        if constitution is None:
            return f"key:{public[:16]}"
        person = next((p for p in constitution.persons.values() if p.key == public), None)
        if person is None:
            raise BreakError(f"no person of this store has the key {public[:16]}…")
        if not person.roles & ROLES.get(kind, FIRM):
            needed = " or ".join(sorted(ROLES.get(kind, FIRM)))
            raise BreakError(f"{person.id} may not do this; it needs the role {needed}")
        return person.id


def _explained(former: Break | None, difference: int) -> bool:
    """Whether the last break of two layers was explained by records and is still as large."""
    if former is None or former.history[-1].kind != "matched":
        return False
    sizes = [e.units for e in former.history if e.units is not None]
    return sizes[-1] == difference


def _note(
    id: str,
    event: Event,
    asset: str,
    layers: tuple[str, str],
    key: Key | None = None,
    head: int = 0,
) -> Note:
    signature = "" if key is None else sign(key, _body(id, head, event)).signature.hex()
    public = "" if key is None else key.public.hex()
    said = {
        "id": id,
        "asset": asset,
        "layers": list(layers),
        "after": head,
        "event": _plain(event),
        "key": public,
        "signature": signature,
    }
    text = canonical_bytes(said).decode()
    return Note(instant(event.at), event.by[:64], "break", f"break/{id}", text)


def _body(id: str, head: int, event: Event) -> bytes:
    """What a person signs: the step, and the one that they saw before it."""
    return canonical_bytes({"format": FORMAT, "break": id, "after": head, "event": _plain(event)})


def _signed(step: Step, head: int) -> bool:
    signed = Signed(_body(step.id, head, step.event), bytes.fromhex(step.signature))
    return signature_good(verify_signature, bytes.fromhex(step.key), signed)


def _plain(event: Event) -> dict[str, Any]:
    units = None if event.units is None else str(event.units)
    return event._asdict() | {"at": instant(event.at), "units": units}


def _event(said: Mapping[str, Any]) -> Event:
    units = None if said["units"] is None else int(said["units"])
    return Event(**{**said, "units": units, "at": datetime.fromisoformat(said["at"])})


def as_json(one: Break) -> dict[str, Any]:
    """A break as plain values, with its whole history."""
    return {
        "id": one.id,
        "asset": one.asset,
        "layers": list(one.layers),
        "state": one.state,
        "opened": instant(one.opened),
        "units": str(one.units),
        "class": one.class_,
        "cause": one.cause,
        "owner": one.owner,
        "plugs": one.plugs,
        "waits_for_second_person": bool(one.waiting),
        "evidence": list(one.evidence),
        "history": [_plain(e) for e in one.history],
    }


def read_movements(file: Path) -> dict[str, list[Movement]]:
    """Records of layers by asset, from a CSV file: layer, asset, reference, units, purpose, at.

    Raises:
        InputError: every row that cannot be read.
    """
    found: dict[str, list[Movement]] = {}
    problems: list[Problem] = []
    with file.open(encoding="utf-8", newline="") as stream:
        rows: Iterable[dict[str, str]] = csv.DictReader(stream)
        for n, row in enumerate(rows, 1):
            try:
                if set(row) != set(COLUMNS) or None in row.values():
                    raise ValueError(", ".join(COLUMNS))
                at = datetime.fromisoformat(row["at"])
                if at.tzinfo is None or not row["reference"]:
                    raise ValueError(row["at"])
                move = Movement(
                    row["layer"], row["reference"], int(row["units"]), row["purpose"], at
                )
            except ValueError as error:
                words = _ROW.format(error=str(error), columns=", ".join(COLUMNS))
                problems.append(Problem("bad-movement", file.stem, words, file.name, n))
                continue
            found.setdefault(row["asset"], []).append(move)
    if problems:
        raise InputError(problems)
    return found


_ROW = Text(
    "行を読めない（{error}）。列は {columns}。units は整数、at は時差付き",
    "the row cannot be read ({error}); its columns are {columns}, units whole, at with an offset",
)

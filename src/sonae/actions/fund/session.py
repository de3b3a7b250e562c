"""The verbs of the reserve fund: propose, decide, appoint, look, export, verify.

One way in for command line, API and screens: an act is built, signed with the person's key, kept
beside the key, and recorded; what the ledger makes of it is its answer.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from sonae.actions.keys import Key, load_key, verify_signature
from sonae.books.settings import toml_of, unreadable
from sonae.core.chain import Signed, sign
from sonae.core.errors import Refused, SonaeError, UsageError
from sonae.fund.constitution import read_constitution
from sonae.fund.control import Proposal
from sonae.fund.entry import (
    Author,
    Line,
    Seen,
    decision,
    order,
    proposal,
)
from sonae.store.ledger import HistoryError, Ledger, Recorded, UnknownOutcome
from sonae.store.view import LAST

Now = Callable[[], datetime]
Build = Callable[[Author], bytes]


def utc_now() -> datetime:
    """The clock of this machine."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Request:
    """What a person wants to propose: its kind, the day it is about, content and journal lines."""

    kind: str
    on: date
    content: Mapping[str, Any]
    lines: tuple[Line, ...] = ()


class Remembers(Protocol):
    """What a person last saw of a fund, and an act not yet known to be recorded."""

    def seen(self, fund: str) -> Seen:
        """The last entry of a fund that the person saw."""

    def pending(self, fund: str) -> Signed | None:
        """An act that was signed and whose recording was not confirmed."""

    def signed(self, fund: str, act: Signed) -> None:
        """Keep an act before it is sent."""

    def recorded(self, fund: str, seen: Seen) -> None:
        """The act is recorded, or was refused unrecorded: forget it and keep the head."""


class Seat:
    """One person at one fund's ledger, whose key may be elsewhere: builds acts and records them.

    An act whose recording was never confirmed is sent again first; a ledger that lacks what this
    person had already seen is refused.
    """

    def __init__(
        self, ledger: Ledger, public: bytes, memory: Remembers, now: Now = utc_now
    ) -> None:
        self.ledger, self.public, self.memory, self.now = ledger, public, memory, now
        self.fund = ledger.view.fund()
        self.resumed = self._resume()

    def stop_if_resumed(self) -> None:
        """Refuse a new act where an earlier one was only now recorded: it may be the same.

        Raises:
            Refused: says what was recorded and what became of it.
        """
        if self.resumed is not None:
            raise Refused(
                f"your earlier act, whose answer was lost, is entry {self.resumed.seq} "
                f"({self.resumed.outcome.code}); nothing else was recorded. If you meant another "
                "act, run the command again"
            )

    def proposing(self, request: Request, hours: int | None = None) -> Build:
        """Put something to the others; it lapses after so many hours (the constitution's)."""
        constitution = self.ledger.view.constitution()
        lasts = timedelta(hours=hours or (constitution.expiry_hours if constitution else 72))
        on = request.on.isoformat()
        return lambda who: proposal(who, request.kind, on, request.content, request.lines, lasts)

    def deciding(
        self,
        seq: int,
        verdict: str,
        reason: str = "",
        court_permission: Mapping[str, str] | None = None,
    ) -> Build:
        """Approve or reject a proposal, by the digest of exactly the bytes that were proposed."""
        found = self.ledger.view.proposal(seq)
        digest = found.digest if found else "0" * 64
        return lambda who: decision(who, seq, digest, verdict, reason, court_permission)

    def prepare(self, build: Build) -> bytes:
        """The exact bytes that the person is to sign."""
        key, seen = self.public.hex(), self.ledger.seen
        author = Author(self.fund, self.name(), key, self.now(), seen, secrets.token_hex(8))
        return build(author)

    def record(self, signed: Signed) -> Recorded:
        """Keep a signed act, then record it."""
        memory, before = self.memory, self.memory.seen(self.fund)
        memory.signed(self.fund, signed)
        try:
            recorded = self.ledger.append(signed)
        except UnknownOutcome:
            raise
        except SonaeError:
            memory.recorded(self.fund, before)
            raise
        memory.recorded(self.fund, recorded.seen)
        return recorded

    def name(self) -> str:
        """The id under which the fund knows this key; for a stranger, the key's own beginning."""
        key, view = self.public.hex(), self.ledger.view
        constitution, appointed = view.constitution(), view.failure().administrators or {}
        persons = [*appointed.values(), *(constitution.persons.values() if constitution else ())]
        known = [p.id for p in persons if p.key == key]
        return known[0] if known else self._founder(key)

    def _founder(self, key: str) -> str:
        """Before a constitution is in force: the id that a proposed one gives this key."""
        for entry in reversed(self.ledger.entries(self.ledger.head().seq - 19)):
            if entry["kind"] == "constitution" and entry["act"] == "propose":
                for person in entry["body"]["content"]["person"]:
                    if person["public_key"] == key:
                        return str(person["id"])
        return f"key-{key[:12]}"

    def _resume(self) -> Recorded | None:
        """Finish what was interrupted, after making sure this is the ledger that was seen."""
        seen = self.memory.seen(self.fund)
        if not self.ledger.contains(seen):
            raise HistoryError(
                f"{self.ledger.place} lacks entry {seen.seq} ({seen.hash[:12]}…), which you had "
                "seen: it is an older backup or another history. Restore the newest and verify it"
            )
        pending = self.memory.pending(self.fund)
        return self.record(pending) if pending else None


class Session(Seat):
    """One person at one fund's ledger with their key: every act is signed here and recorded."""

    def __init__(self, ledger: Ledger, key: Key, now: Now = utc_now) -> None:
        self.key = key
        super().__init__(ledger, key.public, key.memory, now)

    def propose(self, request: Request, hours: int | None = None) -> Recorded:
        """Put something to the others."""
        return self.act(self.proposing(request, hours))

    def decide(self, seq: int, verdict: str, reason: str = "") -> Recorded:
        """Approve or reject a proposal."""
        return self.act(self.deciding(seq, verdict, reason))

    def order(self, act: str, content: Mapping[str, Any]) -> Recorded:
        """Record an appointment or a petition."""
        return self.act(lambda who: order(who, act, content))

    def act(self, build: Build) -> Recorded:
        """Build, sign, keep, record: the one way into the ledger."""
        return self.record(sign(self.key, self.prepare(build)))


# -- beginning -----------------------------------------------------------------------------------


def found_fund(file: Path, place: str, key_file: Path, now: Now = utc_now) -> Recorded:
    """Begin a fund: make the store and propose its constitution, for another person to approve."""
    raw = read_toml(file)
    constitution = read_constitution(raw, file.name)
    key = load_key(key_file)
    people = [p.id for p in constitution.persons.values() if p.key == key.public.hex()]
    if not people:
        raise UsageError(f"{file} names no person with the key {key.public.hex()[:12]}…")
    with Ledger(place, verify_signature, create=True) as ledger:
        if ledger.view.constitution() is not None:
            raise UsageError(f"{place} holds a fund already; amend it with `sonae fund propose`")
        session = Session(ledger, key, now)
        session.stop_if_resumed()
        session.fund = session.fund or f"{constitution.name}-{secrets.token_hex(4)}"
        hours = timedelta(hours=constitution.expiry_hours)
        on = now().date().isoformat()

        def build(who: Author) -> bytes:
            who = who._replace(by=people[0])
            return proposal(who, "constitution", on, plain(raw), (), hours)

        return session.act(build)


def read_toml(file: Path) -> dict[str, Any]:
    """A TOML file with exact numbers."""
    try:
        return toml_of(file.read_bytes())
    except ValueError as error:
        raise unreadable(file.name, error) from error


def plain(value: Any) -> Any:
    """TOML values as signed bytes hold them: dates and decimals as text."""
    if isinstance(value, Mapping):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [plain(v) for v in value]
    return value if isinstance(value, str | int | bool) else str(value)


# -- looking -------------------------------------------------------------------------------------


def describe(ledger: Ledger, seq: int) -> dict[str, Any]:
    """One proposal as its second person must see it: everything that was signed, and its state."""
    found: Proposal | None = ledger.view.proposal(seq)
    if found is None:
        raise UsageError(f"entry {seq} is no proposal that can be decided")
    tally, constitution = ledger.view.tally(seq), ledger.view.constitution()
    return {
        "seq": seq,
        "digest": found.digest,
        "scales": dict(constitution.units) if constitution else {},
        "state": tally.ended or "pending",
        "approved_by": list(tally.by),
        **{k: getattr(found.act, k) for k in ("kind", "on", "by", "at", "expires", "content")},
        "lines": [[a, u, str(n)] for a, u, n in found.act.lines],
    }


def balances(
    ledger: Ledger, on: date, account: str | None = None, known: int = LAST
) -> list[dict[str, str]]:
    """Balances on a day in smallest units: of every account, or of one (or those below it)."""
    constitution = ledger.view.constitution()
    scales = constitution.units if constitution else {}
    picked = [
        (a, u)
        for a, u in ledger.accounts()
        if account is None or a == account or a.startswith(account.rstrip("/") + "/")
    ]
    day = on.isoformat()
    return [
        {
            "account": a,
            "unit": u,
            "scale": str(scales.get(u, 0)),
            "balance": str(ledger.view.balance(a, u, day, known)),
        }
        for a, u in picked
    ]


@contextmanager
def at(place: str, key_file: Path, now: Now = utc_now) -> Iterator[Session]:
    """A person at a fund's ledger."""
    key = load_key(key_file)
    with Ledger(place, verify_signature) as ledger:
        yield Session(ledger, key, now)


@contextmanager
def looking(place: str) -> Iterator[Ledger]:
    """A ledger to look at."""
    with Ledger(place, verify_signature) as ledger:
        yield ledger


def read_order(file: Path) -> dict[str, Any]:
    """An order, a petition or a permission; `document` names a file beside it, kept as digest."""
    raw = plain(read_toml(file))
    document = file.parent / str(raw.get("document", ""))
    if not raw.get("document") or not document.is_file():
        raise UsageError(f"{file}: document names a file beside it; {document.name!r} is not there")
    digest = hashlib.sha256(document.read_bytes()).hexdigest()
    return {**raw, "document": f"{document.name} sha256:{digest}"}

"""The reserve ledger in a store: acts are judged and recorded in one transaction."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any

from sqlalchemy import Engine, bindparam, exists, func, insert, or_, select
from sqlalchemy.exc import DBAPIError

from sonae.core.amount import bounded
from sonae.core.chain import Signed, Verifier, line, link, signature_good
from sonae.fund.control import Outcome, judge
from sonae.fund.entry import (
    NOTHING,
    Act,
    Decide,
    LedgerError,
    Propose,
    Seen,
    check_canonical,
    read_act,
)
from sonae.fund.verify import Fault, Verified
from sonae.store.database import StoreError, open_store
from sonae.store.differences import differences, subject
from sonae.store.fits import check_fits, check_text
from sonae.store.prepared import DriverConnection, Prepared
from sonae.store.schema import ENTRY, POSTING
from sonae.store.view import LAST, StoreView

TRIES = 3
RECENT = 20_000
Entry = dict[str, Any]


class HistoryError(LedgerError):
    """The ledger is not the one its user saw before: an older backup, or another history."""


class UnknownOutcome(StoreError):
    """The store was lost before it answered: the same signed act is to be sent again."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """An act as it stands in the ledger."""

    seq: int
    hash: str
    outcome: Outcome

    @property
    def seen(self) -> Seen:
        """The head that this entry was."""
        return Seen(self.seq, self.hash)


class Ledger:
    """One fund's ledger over one connection. Use it as a context manager.

    `seen` is the last entry read or written through it: what an author says to have seen.
    """

    def __init__(self, place: str, verify: Verifier, *, create: bool = False) -> None:
        self.place, self.verify = place, verify
        self.engine: Engine = open_store(place, create=create)
        self._open()
        self.seen = self.view.look().head

    def _open(self) -> None:
        """A connection of the driver's own; the store's view reads through it."""
        self._pooled = self.engine.raw_connection()
        self.connection = DriverConnection(self._pooled.dbapi_connection, self.engine.dialect)
        self.view = StoreView(self.connection)

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connection."""
        self._pooled.close()
        self.engine.dispose()

    # -- adding --------------------------------------------------------------------------------

    def append(self, signed: Signed) -> Recorded:
        """Judge and record a signed act, refused ones included; the same bytes are recorded once.

        A connection lost on the way is opened again and the act sent again: under the ledger's
        lock it is found if it had been recorded.

        Raises:
            LedgerError: the act has no meaning here; nothing is recorded.
            HistoryError: its author had seen another history.
            Refused: a day's total would reach 10^38; nothing is recorded.
            StoreError: the store could not keep it; nothing is recorded.
            UnknownOutcome: the store stays unreachable; the act may or may not be recorded.
        """
        act = read_act(signed.body)
        check_canonical(signed.body)
        if not signature_good(self.verify, _key(act), signed):
            raise LedgerError(f"the signature is not that of the key {act.key[:16]}…")
        check_fits(act)
        for attempt in range(TRIES):
            try:
                with self.connection.transaction():
                    recorded = self._record(act, signed)
                self.seen = recorded.seen
                return recorded
            except self.connection.errors as error:
                if not self.connection.lost(error):
                    raise StoreError(f"{self.place}: {error}") from error
                self._again(attempt, error)
        raise AssertionError("unreachable")

    def _again(self, attempt: int, error: Exception) -> None:
        """Open another connection in place of one that was lost."""
        if attempt + 1 == TRIES:
            raise UnknownOutcome(f"{self.place}: {error}") from error
        self._pooled.invalidate()
        try:
            self._open()
        except (DBAPIError, self.connection.errors) as lost:
            raise UnknownOutcome(f"{self.place}: {lost}") from lost

    def _record(self, act: Act, signed: Signed) -> Recorded:
        seen = _seen(act)
        moment = self.view.look(act.proposal if isinstance(act, Decide) else None)
        head = moment.head
        if seen != head and (known := self.view.sent(signed.digest, seen.seq)):
            return self._recorded(known)
        self._same_history(act, seen, head)
        outcome = judge(self.view, act)
        check_text("outcome", outcome.code)
        seq, hash = head.seq + 1, link(bytes.fromhex(head.hash), signed).hex()
        recorded, proposed = Recorded(seq, hash, outcome), self._about(act)
        postings = self._postings(seq, proposed) if outcome.effect == "posting" and proposed else []
        rules = outcome.effect not in (None, "posting")
        marks = {"latest": max(moment.latest, act.at), "ruled": seq if rules else moment.ruled}
        self._insert(recorded, act, signed, proposed, marks)
        if postings:
            values = {f"{k}_m{n}": v for n, row in enumerate(postings) for k, v in row.items()}
            _post(len(postings)).run(self.connection, values)
        self.view.forget()
        return recorded

    def _same_history(self, act: Act, seen: Seen, head: Seen) -> None:
        """The fund and the last entry the author saw must be of this very ledger."""
        if head.seq and act.fund != self.view.fund():
            raise LedgerError(f"an act for the fund {act.fund}, not for {self.view.fund()}")
        if seen != head and not self.contains(seen):
            raise HistoryError(
                f"entry {seen.seq} is not what {act.by} had seen: this store is an older backup or "
                "holds another history. Nothing was recorded; verify it and restore the newest"
            )

    def _insert(
        self,
        made: Recorded,
        act: Act,
        signed: Signed,
        about: Propose | None,
        marks: Mapping[str, Any],
    ) -> None:
        row = {
            "seq": made.seq,
            "at": act.at,
            "by_id": act.by,
            "act": type(act).__name__.lower(),
            "kind": about.kind if about else None,
            "subject": subject(act),
            "on_day": about.on if about else None,
            "outcome": made.outcome.code,
            "effect": made.outcome.effect,
            "digest": signed.digest,
            "hash": made.hash,
            **marks,
            "signature": signed.signature.hex(),
            "body": signed.body.decode(),
        }
        _INSERT.run(self.connection, row)

    def _about(self, act: Act) -> Propose | None:
        """A proposal itself; for a decision the proposal it names, where there is one."""
        if isinstance(act, Decide):
            found = self.view.proposal(act.proposal)
            return found.act if found else None
        return act if isinstance(act, Propose) else None

    def _postings(self, seq: int, proposed: Propose) -> list[dict[str, Any]]:
        """The lines that take effect, each with the running total of its account's day."""
        on, lines = proposed.on, proposed.lines
        totals = self.view.day_totals(lines, on)
        return [
            {
                "account": line.account,
                "unit": line.unit,
                "on_day": on,
                "seq": seq,
                "amount": line.amount,
                "day_total": bounded(total + line.amount, line.account),
            }
            for line, total in zip(lines, totals, strict=True)
        ]

    # -- reading -------------------------------------------------------------------------------

    def head(self) -> Seen:
        """The last entry, read anew."""
        self.seen = self.view.look().head
        return self.seen

    def contains(self, seen: Seen) -> bool:
        """Whether an entry stands where someone saw it."""
        if seen.seq == 0:
            return seen == NOTHING
        row = _AT.first(self.connection, {"seq": seen.seq})
        return row is not None and row[0] == seen.hash

    def _recorded(self, seq: int) -> Recorded:
        row = _RECORDED.rows(self.connection, {"seq": seq})[0]
        return Recorded(seq, row[0], Outcome(row[1], row[2]))

    def accounts(self) -> list[tuple[str, str]]:
        """Every account that was ever posted to, with its unit."""
        return [(a, u) for a, u in _ACCOUNTS.rows(self.connection, {})]

    def lines(self, start: int = 1) -> Iterator[bytes]:
        """The entries as lines of an export, without line ends, in order."""
        while rows := _LINES.rows(self.connection, {"seq": start}):
            for body, signature, hash in rows:
                signed = Signed(body.encode(), bytes.fromhex(signature))
                yield line(signed, bytes.fromhex(hash))
            start += len(rows)

    def differences(self, found: Verified, most: int = 20) -> list[Fault]:
        """Where the tables say otherwise than the replayed entries make them: at most so many."""
        return list(islice(differences(self.connection, found.outcomes), most))

    def entries(self, first: int = 1, account: str | None = None) -> list[dict[str, Any]]:
        """Entries as plain values, oldest first; with an account those that moved it."""
        query = _ENTRIES.where(ENTRY.c.seq >= first)
        if account is not None:
            moved = select(POSTING.c.seq).where(POSTING.c.account == account)
            query = query.where(ENTRY.c.seq.in_(moved))
        with self.engine.connect() as connection:
            rows = connection.execute(query.order_by(ENTRY.c.seq)).mappings().all()
        return [{**row, "body": json.loads(row["body"])} for row in rows]

    def newest(self, most: int, before: int = LAST, account: str | None = None) -> list[Entry]:
        """The last so many entries before one, newest first; with an account those that moved it.

        A proposal moves an account when the decision that approved it does.
        """
        query = _ENTRIES.where(ENTRY.c.seq < before)
        if account is not None:
            moved = select(POSTING.c.seq).where(POSTING.c.account == account)
            query = query.where(ENTRY.c.seq.in_(moved))
        with self.engine.connect() as connection:
            found = connection.execute(query.order_by(ENTRY.c.seq.desc()).limit(most))
            return [{**row, "body": json.loads(row["body"])} for row in found.mappings()]

    def entry(self, seq: int) -> Entry | None:
        """One entry as plain values."""
        found = self.newest(1, seq + 1)
        return found[0] if found and found[0]["seq"] == seq else None

    def open_proposals(self) -> list[int]:
        """Proposals among the last 20,000 entries that nobody has decided to the end."""
        first = self.head().seq - RECENT
        return [row[0] for row in _OPEN.rows(self.connection, {"seq": first})]

    def last_moved(self) -> dict[tuple[str, str], int]:
        """The last entry that moved each account and unit."""
        return {(a, u): seq for a, u, seq in _MOVED.rows(self.connection, {})}


_E, _P = ENTRY.c, POSTING.c
_INSERT = Prepared(insert(ENTRY))
_AT = Prepared(select(_E.hash).where(_E.seq == bindparam("seq")))
_RECORDED = Prepared(select(_E.hash, _E.outcome, _E.effect).where(_E.seq == bindparam("seq")))
_ACCOUNTS = Prepared(select(_P.account, _P.unit).distinct().order_by(_P.account, _P.unit))
_MOVED = Prepared(select(_P.account, _P.unit, func.max(_P.seq)).group_by(_P.account, _P.unit))
_ENDED = ENTRY.alias("ended")
_OPEN = Prepared(
    select(_E.seq)
    .where(
        _E.seq > bindparam("seq"),
        _E.act == "propose",
        _E.outcome == "pending",
        ~exists().where(
            _ENDED.c.subject == _E.seq,
            _ENDED.c.act == "decide",
            or_(*(_ENDED.c.outcome == how for how in ("approved", "rejected", "withdrawn"))),
        ),
    )
    .order_by(_E.seq)
)
_LINES = Prepared(
    select(_E.body, _E.signature, _E.hash)
    .where(_E.seq >= bindparam("seq"))
    .order_by(_E.seq)
    .limit(10_000)
)
_ENTRIES = select(
    _E.seq, _E.at, _E.by_id.label("by"), _E.act, _E.kind, _E.subject, _E.on_day.label("on"),
    _E.outcome, _E.effect, _E.hash, _E.body,
)  # fmt: skip


@lru_cache(maxsize=64)
def _post(count: int) -> Prepared:
    """An insert of so many postings, whose places are `<column>_m<line>`."""
    columns = POSTING.c.keys()
    rows = [
        {c: bindparam(f"{c}_m{n}", type_=POSTING.c[c].type) for c in columns} for n in range(count)
    ]
    return Prepared(insert(POSTING).values(rows))


def _key(act: Act) -> bytes:
    try:
        return bytes.fromhex(act.key)
    except ValueError as error:
        raise LedgerError("key is not hexadecimal") from error


def _seen(act: Act) -> Seen:
    place, _, hash = act.seen.partition(":")
    if not place.isdecimal() or len(place) > 18:
        raise LedgerError(f"seen is the place of an entry and its hash, not {act.seen[:80]!r}")
    return Seen(int(place), hash)

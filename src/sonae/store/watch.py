"""What the guard saw and answered, in order: one table that is only added to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

from sqlalchemy import Column, Index, LargeBinary, String, Table, Text, bindparam, func, select
from sqlalchemy import insert as insert_into

from sonae.store.database import StoreError, open_store
from sonae.store.prepared import DriverConnection, Prepared
from sonae.store.schema import BIG, METADATA

WATCH_EVENT = Table(
    "watch_event",
    METADATA,
    Column("seq", BIG, primary_key=True, autoincrement=False),
    Column("at", String(27), nullable=False),
    Column("by_id", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("subject", String(128), nullable=False),
    Column("body", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Index("watch_event_of", "subject", "seq"),
    Index("watch_event_kind", "kind", "seq"),
)
"""`body` is canonical JSON; `content` a large part of it, packed, or nothing."""

_COLUMNS = (
    WATCH_EVENT.c.seq,
    WATCH_EVENT.c.at,
    WATCH_EVENT.c.by_id,
    WATCH_EVENT.c.kind,
    WATCH_EVENT.c.subject,
    WATCH_EVENT.c.body,
)
_LAST = Prepared(select(func.max(WATCH_EVENT.c.seq)))
_ADD = Prepared(insert_into(WATCH_EVENT))
_AFTER = Prepared(
    select(*_COLUMNS)
    .where(WATCH_EVENT.c.seq > bindparam("x"))
    .order_by(WATCH_EVENT.c.seq)
    .limit(bindparam("most"))
)
_OF = Prepared(
    select(*_COLUMNS).where(WATCH_EVENT.c.subject == bindparam("x")).order_by(WATCH_EVENT.c.seq)
)
_KIND = Prepared(
    select(*_COLUMNS)
    .where(WATCH_EVENT.c.kind == bindparam("kind"), WATCH_EVENT.c.seq > bindparam("x"))
    .order_by(WATCH_EVENT.c.seq)
    .limit(bindparam("most"))
)
_NEWEST = Prepared(
    select(func.max(WATCH_EVENT.c.seq)).where(
        WATCH_EVENT.c.kind == bindparam("kind"), WATCH_EVENT.c.seq < bindparam("x")
    )
)
_AT = Prepared(select(*_COLUMNS).where(WATCH_EVENT.c.seq == bindparam("x")))
_CONTENT = Prepared(select(WATCH_EVENT.c.content).where(WATCH_EVENT.c.seq == bindparam("x")))
PAGE = 10_000
ONE = 0x5A0AE
"""The number of the guard's lock on PostgreSQL."""
LAST = 2**62
"""Beyond every number."""


class Note(NamedTuple):
    """One event to be kept."""

    at: str
    by_id: str
    kind: str
    subject: str
    body: str
    content: bytes = b""


class Kept(NamedTuple):
    """One event as kept, without its content."""

    seq: int
    at: str
    by_id: str
    kind: str
    subject: str
    body: str


class WatchLog:
    """The events of a store over one connection; a context manager, for one writer at a time."""

    def __init__(self, place: str, *, create: bool = False) -> None:
        self.place = place
        self.engine = open_store(place, create=create)
        self._pooled = self.engine.raw_connection()
        self.connection = DriverConnection(self._pooled.dbapi_connection, self.engine.dialect)

    def __enter__(self) -> WatchLog:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def alone(self) -> bool:
        """Hold this store for one guard until the connection ends; false where another has it.

        On PostgreSQL only: a SQLite file has a lock beside it.
        """
        if self.connection.dialect.name != "postgresql":
            return True
        found = self.connection.driver.execute(f"select pg_try_advisory_lock({ONE})").fetchone()
        return bool(found[0])

    def defer(self) -> None:
        """Leave it to `tidy` to copy what was written into a SQLite file; no write waits for it."""
        if self.connection.dialect.name == "sqlite":
            self.connection.execute("pragma wal_autocheckpoint = 0")

    def tidy(self) -> None:
        """Copy what was written into a SQLite file, while others write on."""
        if self.connection.dialect.name == "sqlite":
            self.connection.execute("pragma wal_checkpoint(passive)")

    def close(self) -> None:
        """Give the connection back."""
        with suppress(self.connection.errors):
            self._pooled.close()
        self.engine.dispose()

    def append(self, notes: Sequence[Note]) -> int:
        """Keep events in one transaction, durable when it returns; the number of the last.

        Raises:
            StoreError: nothing of them is kept.
        """
        return self.decide(lambda: notes)

    def decide(self, make: Callable[[], Sequence[Note]]) -> int:
        """Keep what `make` gives, which reads the record while nobody else writes to it.

        Raises:
            StoreError: nothing of it is kept.
        """
        try:
            with self.connection.transaction("watch_event"):
                notes = make()
                found = _LAST.first(self.connection, {})
                last = (found[0] if found else None) or 0
                rows = ({"seq": n, **note._asdict()} for n, note in enumerate(notes, last + 1))
                if notes:
                    _ADD.run(self.connection, *rows)
                return last + len(notes)
        except self.connection.errors as error:
            raise StoreError(f"{self.place}: {error}") from error

    def after(self, seq: int = 0) -> Iterator[Kept]:
        """Every event after one, oldest first, a page at a time."""
        while page := _AFTER.rows(self.connection, {"x": seq, "most": PAGE}):
            yield from (Kept(*row) for row in page)
            seq = page[-1][0]

    def kind(self, kind: str, seq: int = 0) -> Iterator[Kept]:
        """Every event of a kind after one, oldest first."""
        while page := _KIND.rows(self.connection, {"kind": kind, "x": seq, "most": PAGE}):
            yield from (Kept(*row) for row in page)
            seq = page[-1][0]

    def newest(self, kind: str, before: int = LAST) -> Kept | None:
        """The last event of a kind, of those before a number."""
        found = _NEWEST.first(self.connection, {"kind": kind, "x": before})
        return self.at(found[0]) if found and found[0] else None

    def at(self, seq: int) -> Kept | None:
        """One event by its number."""
        found = _AT.first(self.connection, {"x": seq})
        return Kept(*found) if found else None

    def of(self, subject: str) -> Iterable[Kept]:
        """What happened to one batch, break or source, oldest first."""
        return [Kept(*row) for row in _OF.rows(self.connection, {"x": subject})]

    def content(self, seq: int) -> bytes:
        """The packed part of an event."""
        found = _CONTENT.first(self.connection, {"x": seq})
        return bytes(found[0]) if found else b""

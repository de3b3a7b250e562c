"""The console's store: people, passkeys, sessions, codes and the log, on SQLite or PostgreSQL.

Every change is one transaction with its line of the log; nothing here knows a clock or a secret:
instants are given, and what a browser holds comes as its SHA-256.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, func, insert, select, update
from sqlalchemy.exc import DBAPIError

from sonae.core.canonical import canonical_bytes
from sonae.core.chain import Signed
from sonae.fund.entry import NOTHING, Seen
from sonae.store.console_schema import CODE, CREDENTIAL, EXPORT, KEY, LOG, MEMORY, SESSION, USER
from sonae.store.database import StoreError, open_store, store_url

Row = Mapping[str, Any]


class ConsoleStore:
    """The tables of the console in one store; made where it is empty.

    Raises:
        StoreError: the store cannot be used as it is.
    """

    def __init__(self, place: str) -> None:
        self.place = place
        file = store_url(place).database if store_url(place).drivername == "sqlite" else None
        if file is not None:
            Path(file).touch(0o600)
        self.engine = open_store(place, create=True)

    def close(self) -> None:
        """Let go of the connections."""
        self.engine.dispose()

    # -- reading -------------------------------------------------------------------------------

    def alive(self) -> bool:
        """Whether the store answers."""
        try:
            with self.engine.connect() as connection:
                connection.exec_driver_sql("select 1")
        except DBAPIError:
            return False
        return True

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        try:
            with self.engine.connect() as connection:
                yield connection
        except DBAPIError as error:
            raise StoreError(f"{self.place}: {error.orig}") from error

    def one(self, table: Table, **equal: object) -> Row | None:
        """The row of a table with these values."""
        found = self.rows(table, **equal)
        return found[0] if found else None

    def rows(self, table: Table, **equal: object) -> Sequence[Row]:
        """Every row of a table with these values, by its key."""
        query = select(table).order_by(*table.primary_key)
        for column, value in equal.items():
            query = query.where(table.c[column] == value)
        with self._reading() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def empty(self) -> bool:
        """Whether nobody was ever let in."""
        with self._reading() as connection:
            return connection.execute(select(USER.c.id).limit(1)).first() is None

    def session(self, hash: str) -> Row | None:
        """A session with the person whose it is; none of one who was revoked."""
        query = (
            select(SESSION, USER.c.name, USER.c.roles, USER.c.firms)
            .join(USER, USER.c.id == SESSION.c.user_id)
            .where(SESSION.c.hash == hash, USER.c.ended.is_(None))
        )
        with self._reading() as connection:
            found = connection.execute(query).mappings().first()
            return None if found is None else dict(found)

    def log(self, most: int, kinds: Sequence[str] = (), by: str = "") -> Sequence[Row]:
        """The newest lines of the log: of some kinds, of one person."""
        query = select(LOG).order_by(LOG.c.seq.desc()).limit(most)
        if kinds:
            query = query.where(LOG.c.kind.in_(kinds))
        if by:
            query = query.where(LOG.c.by_id == by)
        with self._reading() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    # -- changing ------------------------------------------------------------------------------

    @contextmanager
    def change(self) -> Iterator[Connection]:
        """One transaction that nobody else writes beside; all of it is kept, or nothing.

        Raises:
            StoreError: the store could not keep it.
        """
        sqlite = self.engine.dialect.name == "sqlite"
        try:
            with self.engine.connect() as connection:
                connection.exec_driver_sql("begin immediate" if sqlite else "begin")
                try:
                    if not sqlite:
                        connection.exec_driver_sql("lock table console_log in exclusive mode")
                    yield connection
                    connection.exec_driver_sql("commit")
                except BaseException:
                    with suppress(DBAPIError):
                        connection.exec_driver_sql("rollback")
                    raise
        except DBAPIError as error:
            raise StoreError(f"{self.place}: {error.orig}") from error

    def note(self, at: str, by: str, kind: str, *about: str, body: Row | None = None) -> None:
        """One line of the log: when, who, what, and about what (firm, subject)."""
        with self.change() as connection:
            note(connection, at, by, kind, *about, body=body)

    def touch(self, hash: str, at: str) -> None:
        """A session was used."""
        with self.change() as connection:
            connection.execute(update(SESSION).where(SESSION.c.hash == hash).values(seen=at))

    def end_session(self, hash: str, at: str) -> None:
        """A session ends when it is said to."""
        with self.change() as connection:
            connection.execute(update(SESSION).where(SESSION.c.hash == hash).values(ends=at))

    def counted(self, credential: str, before: int, count: int) -> bool:
        """Keep a passkey's counter; False where another use of it was quicker."""
        mine = (CREDENTIAL.c.id == credential, CREDENTIAL.c.sign_count == before)
        with self.change() as connection:
            found = connection.execute(update(CREDENTIAL).where(*mine).values(sign_count=count))
            return found.rowcount == 1

    def end_user(self, user: str, at: str, by: str) -> None:
        """Nothing of a person opens anything from now on."""
        with self.change() as connection:
            for table, column in ((USER, USER.c.id), (CREDENTIAL, CREDENTIAL.c.user_id),
                                  (KEY, KEY.c.user_id)):  # fmt: skip
                open_ = (column == user, table.c.ended.is_(None))
                connection.execute(update(table).where(*open_).values(ended=at))
            mine = (SESSION.c.user_id == user, SESSION.c.ends > at)
            connection.execute(update(SESSION).where(*mine).values(ends=at))
            codes = (CODE.c.user_id == user, CODE.c.used.is_(None))
            connection.execute(update(CODE).where(*codes).values(ends=at))
            note(connection, at, by, "revoked", "", user)

    def second(self, table: Table, key: str, by: str, at: str, about: tuple[str, str]) -> bool:
        """Another person lets a code or an export go; False where somebody was quicker."""
        (column,) = table.primary_key
        mine = (column == key, table.c.second_id.is_(None))
        with self.change() as connection:
            found = connection.execute(update(table).where(*mine).values(second_id=by))
            if found.rowcount == 1:
                note(connection, at, by, "seconded", *about)
            return found.rowcount == 1

    def take(self, export: str, at: str, by: str, about: tuple[str, str], body: Row) -> bool:
        """An export is taken, once."""
        mine = (EXPORT.c.id == export, EXPORT.c.taken.is_(None))
        with self.change() as connection:
            found = connection.execute(update(EXPORT).where(*mine).values(taken=at))
            if found.rowcount == 1:
                note(connection, at, by, "exported", *about, body=body)
            return found.rowcount == 1


def note(
    connection: Connection, at: str, by: str, kind: str, *about: str, body: Row | None = None
) -> None:
    """Add a line to the log inside a change."""
    last = connection.execute(select(func.coalesce(func.max(LOG.c.seq), 0))).scalar_one()
    firm, subject = (*about, "", "")[:2]
    connection.execute(
        insert(LOG).values(
            seq=last + 1, at=at, by_id=by, kind=kind, firm=firm, subject=subject[:4_000],
            body=canonical_bytes(dict(body or {})).decode(),
        )
    )  # fmt: skip


class KeptMemory:
    """What the owner of an act key last saw of each fund, as `actions.keys.Memory` keeps it."""

    def __init__(self, store: ConsoleStore, public: str) -> None:
        self.store, self.public = store, public

    def seen(self, fund: str) -> Seen:
        """The last entry of a fund that the owner saw."""
        row = self.store.one(MEMORY, public=self.public, fund=fund)
        return Seen(row["seq"], row["hash"]) if row else NOTHING

    def pending(self, fund: str) -> Signed | None:
        """An act that was signed and whose recording was not confirmed."""
        row = self.store.one(MEMORY, public=self.public, fund=fund)
        if row is None or row["body"] is None:
            return None
        return Signed(row["body"].encode(), bytes.fromhex(row["signature"]))

    def signed(self, fund: str, act: Signed) -> None:
        """Keep an act before it is sent."""
        pending = {"body": act.body.decode(), "signature": act.signature.hex()}
        self._keep(fund, {**self.seen(fund)._asdict(), **pending})

    def recorded(self, fund: str, seen: Seen) -> None:
        """The act is recorded, or was refused unrecorded: forget it and keep the head."""
        self._keep(fund, {**seen._asdict(), "body": None, "signature": None})

    def _keep(self, fund: str, values: Row) -> None:
        mine = (MEMORY.c.public == self.public, MEMORY.c.fund == fund)
        with self.store.change() as connection:
            found = connection.execute(update(MEMORY).where(*mine).values(**values))
            if not found.rowcount:
                row = {"public": self.public, "fund": fund, **values}
                connection.execute(insert(MEMORY).values(**row))

"""Opening the store: one SQLite file by default, PostgreSQL by its address; migrations.

What is acknowledged is on the disk.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import alembic.command
import alembic.config
from sqlalchemy import Connection, Engine, create_engine, event, inspect
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from sonae.core.errors import SonaeError
from sonae.store import guards

VERSION = "0005"
WAIT_SECONDS, GONE_SECONDS = 60, 20
"""How long an entry waits for the ledger's lock; how long a silent client may hold it."""
PATIENCE = {
    "connect_timeout": GONE_SECONDS,  # a server that accepts and never answers
    "keepalives_idle": GONE_SECONDS,  # a server that is gone without a word
    "tcp_user_timeout": 1_000 * GONE_SECONDS,  # a network that swallows what is sent
}
"""How long a client waits for a silent server, unless the address says otherwise."""


class StoreError(SonaeError):
    """The store cannot be used as it is; says what to do."""


def store_url(place: str) -> URL:
    """A path of a SQLite file, or a database address such as postgresql://host/name."""
    if "://" not in place:
        return URL.create("sqlite", database=str(Path(place)))
    try:
        url = make_url(place)
    except ArgumentError as error:
        raise StoreError(f"not a database address: {place}") from error
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        raise StoreError("a store is a SQLite file or postgresql://...")
    return url.set(drivername="postgresql+psycopg") if url.drivername == "postgresql" else url


def must_exist(url: URL) -> None:
    """Refuse a SQLite file that is not there; to open it would make it."""
    file = url.database if url.get_backend_name() == "sqlite" else None
    if file is not None and not Path(file).is_file():
        raise StoreError(f"no such store: {file}; begin one with `sonae fund init`")


def connect(url: URL) -> Engine:
    """An engine whose connections keep what they commit, whatever happens to the machine."""
    if url.get_backend_name() == "postgresql":
        try:
            waits = {k: v for k, v in PATIENCE.items() if k not in url.query}
            engine = create_engine(url, isolation_level="AUTOCOMMIT", connect_args=waits)
        except ModuleNotFoundError as error:
            raise StoreError("PostgreSQL needs its driver: install sonae[postgres]") from error
        event.listen(engine, "connect", _durable_postgresql)
        return engine
    options = {"timeout": WAIT_SECONDS, "check_same_thread": False}
    engine = create_engine(url, isolation_level="AUTOCOMMIT", connect_args=options)
    event.listen(engine, "connect", _durable_sqlite)
    return engine


def open_store(place: str, *, create: bool = False) -> Engine:
    """An engine at a store that can be used as it is; made where it is empty and may be."""
    url = store_url(place)
    if not create:
        must_exist(url)
    engine = connect(url)
    try:
        with engine.connect() as connection:
            fresh = create and version(connection) is None
        if fresh:
            migrate(engine)
        with engine.connect() as connection:
            ready(connection, place)
    except DBAPIError as error:
        raise StoreError(f"{place}: {error.orig}") from error
    return engine


def _durable_sqlite(connection: object, _: object) -> None:
    cursor = connection.cursor()  # type: ignore[attr-defined]
    for pragma in ("journal_mode = wal", "synchronous = full", "foreign_keys = on"):
        cursor.execute(f"pragma {pragma}")
    cursor.close()


def _durable_postgresql(connection: object, _: object) -> None:
    with connection.cursor() as cursor:  # type: ignore[attr-defined]
        cursor.execute("set synchronous_commit = on")
        cursor.execute(f"set lock_timeout = '{WAIT_SECONDS}s'")
        cursor.execute(f"set idle_in_transaction_session_timeout = '{GONE_SECONDS}s'")


# -- migrations ----------------------------------------------------------------------------------


def migrate(engine: Engine) -> None:
    """Bring the schema to the newest version, and put the guards back in place."""
    config = alembic.config.Config()
    with resources.as_file(resources.files("sonae.store") / "migrations") as folder:
        config.set_main_option("script_location", str(folder))
        options = {"isolation_level": "SERIALIZABLE"}
        with engine.execution_options(**options).begin() as connection:
            config.attributes["connection"] = connection
            guards.remove(connection)
            alembic.command.upgrade(config, "head")
            guards.restore(connection)


def version(connection: Connection) -> str | None:
    """The schema's version; None for an empty store."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.exec_driver_sql("select version_num from alembic_version").scalar()
    return str(found) if found else None


def ready(connection: Connection, place: str) -> None:
    """Refuse a store that is empty, of another version, or without its guards."""
    found = version(connection)
    if found is None:
        raise StoreError(f"{place} holds no fund; begin one with `sonae fund init`")
    if found != VERSION:
        raise StoreError(f"{place} has schema {found}, not {VERSION}; run `sonae fund migrate`")
    if gone := guards.missing(connection):
        raise StoreError(
            f"{place}: guards are missing ({', '.join(gone)}). Run `sonae fund verify` first, then "
            "`sonae fund migrate`, which puts them back"
        )

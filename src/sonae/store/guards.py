"""Guards in the database: entries and postings are only ever added, in order, none twice.

They stop accidents and whoever comes past the program; the file's owner could still take them
away, which the chain and a head kept elsewhere show. On SQLite `INSERT OR REPLACE` deletes without
firing a delete trigger, so the insert guard refuses it beforehand.
"""

from __future__ import annotations

from sqlalchemy import Connection

TABLES = ("entry", "posting")
_ORDER = {
    "entry": "new.seq is null or new.seq <> (select coalesce(max(seq), 0) + 1 from entry)",
    "posting": "new.seq is null or new.seq <> (select max(seq) from entry) "
    "or exists (select 1 from posting where seq = new.seq and account = new.account "
    "and unit = new.unit and on_day = new.on_day)",
}


def remove(connection: Connection) -> None:
    """Take the guards away for a migration, which may rebuild tables they name."""
    for name in set(_names(connection)) & _there(connection):
        table = name.partition("_")[0]
        on = "" if connection.dialect.name == "sqlite" else f" on {table}"
        connection.exec_driver_sql(f"drop trigger {name}{on}")


def restore(connection: Connection) -> None:
    """Put every guard in place; on SQLite a table that was rebuilt has lost its own."""
    make = _sqlite if connection.dialect.name == "sqlite" else _postgresql
    for table in TABLES:
        for statement in make(table):
            connection.exec_driver_sql(statement)


def missing(connection: Connection) -> list[str]:
    """Guards that are not there."""
    found = _there(connection)
    return [name for name in _names(connection) if name not in found]


def _names(connection: Connection) -> list[str]:
    sqlite = connection.dialect.name == "sqlite"
    against = ("update", "delete") if sqlite else ("change", "truncate")
    return [f"{table}_no_{what}" for table in TABLES for what in (*against, "disorder")]


def _there(connection: Connection) -> set[str]:
    query = "select tgname from pg_trigger where not tgisinternal and tgenabled = 'A'"
    if connection.dialect.name == "sqlite":
        query = "select name from sqlite_master where type = 'trigger'"
    return {str(row[0]) for row in connection.exec_driver_sql(query)}


def _sqlite(table: str) -> list[str]:
    words = f"'{table}: only added to'"
    made = []
    for name, event, when in (
        ("update", "update", ""),
        ("delete", "delete", ""),
        ("disorder", "insert", f"when {_ORDER[table]} "),
    ):
        made.append(f"drop trigger if exists {table}_no_{name}")
        made.append(
            f"create trigger {table}_no_{name} before {event} on {table} {when}"
            f"begin select raise(abort, {words}); end"
        )
    return made


def _postgresql(table: str) -> list[str]:
    order = _ORDER[table].partition(" or exists")[0]  # there the key itself refuses a second one
    made = [
        f"create or replace function {table}_only_added() returns trigger language plpgsql as "
        f"$$ begin raise exception '{table}: only added to'; end $$",
        f"create or replace function {table}_in_order() returns trigger language plpgsql as "
        f"$$ begin if {order} then raise exception '{table}: only added to'; end if; "
        "return new; end $$",
        f"create or replace trigger {table}_no_change before update or delete on {table} "
        f"for each row execute function {table}_only_added()",
        f"create or replace trigger {table}_no_truncate before truncate on {table} "
        f"for each statement execute function {table}_only_added()",
        f"create or replace trigger {table}_no_disorder before insert on {table} "
        f"for each row execute function {table}_in_order()",
    ]
    for what in ("change", "truncate", "disorder"):  # awake in a session as a replica, too
        made.append(f"alter table {table} enable always trigger {table}_no_{what}")
    return made

"""Guards in the database: what is recorded is only ever added to, in order, none twice.

They stop accidents and whoever comes past the program; the file's owner could still take them
away, which the chain and a head kept elsewhere show. On SQLite `INSERT OR REPLACE` deletes without
firing a delete trigger, so the insert guard refuses it beforehand.
"""

from __future__ import annotations

from sqlalchemy import Connection

ADDED = (
    "entry", "posting", "payment_event", "approval", "funding", "account_change", "payout_act",
    "watch_event", "console_log",
)  # fmt: skip
"""Tables that are only added to, each row after the last."""
KEPT = {
    "programme": ("id", "opened", "pilot", "pilot_wait", "return_days"),
    "payment": (
        "reference", "key", "programme", "person", "asset", "tranche", "attempt", "amount",
    ),
    "payout_file": (
        "name", "programme", "asset", "rail", "designated", "sha256", "content", "items", "total",
        "made",
    ),
}  # fmt: skip
"""Tables whose rows stay, and the columns that stay as they were written."""
TABLES = (*ADDED, *KEPT)
OPEN = "state not in ('back', 'cancelled')"
"""Attempts that may pay or have paid: of each claim at most one."""
SECOND = "about > 0"
"""Acts by which another person seconds one: of each at most one."""
_NEXT = "new.seq is null or new.seq <> (select coalesce(max(seq), 0) + 1 from {})"
_ORDER = {name: _NEXT.format(name) for name in ADDED} | {
    "posting": "new.seq is null or new.seq <> (select max(seq) from entry)"
}
_TWICE = {
    "posting": "seq = new.seq and account = new.account and unit = new.unit "
    "and on_day = new.on_day",
    "approval": "file = new.file and (role = new.role or person = new.person)",
    "payout_act": f"about = new.about and new.{SECOND}",
    "programme": "id = new.id",
    "payment": "reference = new.reference or (key = new.key and "
    f"(attempt = new.attempt or {OPEN}))",
    "payout_file": "name = new.name",
}
"""What another row must not share; a replacement on SQLite would take that row away."""


def remove(connection: Connection) -> None:
    """Take the guards away for a migration, which may rebuild tables they name."""
    for name in set(_names(connection)) & _there(connection):
        table = name.partition("_no_")[0]
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
    return [f"{t}_no_{what}" for t in TABLES for what in (_on_sqlite if sqlite else _on_server)(t)]


def _there(connection: Connection) -> set[str]:
    query = "select tgname from pg_trigger where not tgisinternal and tgenabled = 'A'"
    if connection.dialect.name == "sqlite":
        query = "select name from sqlite_master where type = 'trigger'"
    return {str(row[0]) for row in connection.exec_driver_sql(query)}


def _on_sqlite(table: str) -> dict[str, str]:
    """Name of a guard -> the event it refuses, and when."""
    more: dict[str, str] = {}
    update, disorder = "update", [_ORDER[table]] if table in _ORDER else []
    if table in KEPT:
        update += f" of {', '.join(KEPT[table])}"
    if table in _TWICE:
        disorder.append(f"exists (select 1 from {table} where {_TWICE[table]})")
    if table == "payment":
        second = (
            "exists (select 1 from payment where key = new.key and reference <> new.reference "
            f"and {OPEN}) and new.{OPEN}"
        )
        more = {"second": f"update of state on payment when {second}"}
    return more | {
        "update": f"{update} on {table}",
        "delete": f"delete on {table}",
        "disorder": f"insert on {table} when {' or '.join(disorder)}",
    }


def _sqlite(table: str) -> list[str]:
    made = []
    for name, event in _on_sqlite(table).items():
        made.append(f"drop trigger if exists {table}_no_{name}")
        made.append(
            f"create trigger {table}_no_{name} before {event} "
            f"begin select raise(abort, '{table}: only added to'); end"
        )
    return made


def _on_server(table: str) -> dict[str, str]:
    """Name of a guard -> its event; a second row of the same key is refused by the key itself."""
    change = "update or delete"
    if table in KEPT:
        change = f"update of {', '.join(KEPT[table])} or delete"
    found = {
        "change": f"{change} on {table} for each row execute function {table}_only_added()",
        "truncate": f"truncate on {table} for each statement execute function {table}_only_added()",
    }
    if table in _ORDER:
        found["disorder"] = f"insert on {table} for each row execute function {table}_in_order()"
    return found


def _postgresql(table: str) -> list[str]:
    refuse = f"raise exception '{table}: only added to'"
    head = "returns trigger language plpgsql as"
    made = [f"create or replace function {table}_only_added() {head} $$ begin {refuse}; end $$"]
    if table in _ORDER:
        made.append(
            f"create or replace function {table}_in_order() {head} "
            f"$$ begin if {_ORDER[table]} then {refuse}; end if; return new; end $$"
        )
    for name, event in _on_server(table).items():
        made.append(f"create or replace trigger {table}_no_{name} before {event}")
        # awake in a session as a replica, too
        made.append(f"alter table {table} enable always trigger {table}_no_{name}")
    return made

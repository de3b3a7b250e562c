"""What the tables can hold, checked before an act is recorded: alike on every engine.

SQLite takes a text of any length, PostgreSQL refuses one beyond its column's; an act is to have the
same fate on both. An instant is one to the microsecond in UTC and a day is a day, because their
order as text is what expiry and balances go by.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import String

from sonae.fund.entry import Act, LedgerError, Propose, instant
from sonae.store.differences import subject
from sonae.store.schema import ENTRY, POSTING

MOST: Mapping[str, int] = {
    column.name: column.type.length
    for column in (*ENTRY.c, *POSTING.c)
    if isinstance(column.type, String) and column.type.length
}
"""Column -> characters it holds."""
BIGGEST = 2**63 - 1


def check_fits(act: Act) -> None:
    """A LedgerError says what of an act the tables have no place for."""
    check_text("by_id", act.by)
    _instant("at", act.at)
    about = subject(act)
    if about is not None and abs(about) > BIGGEST:
        raise LedgerError(f"no entry has the number {about}")
    if not isinstance(act, Propose):
        return
    check_text("kind", act.kind)
    _instant("expires", act.expires)
    _day(act.on)
    for line in act.lines:
        check_text("account", line.account)
        check_text("unit", line.unit)


def check_text(column: str, value: str) -> None:
    """Refuse a text that is too long for its column, or that PostgreSQL cannot hold."""
    if len(value) > MOST[column] or "\0" in value:
        raise LedgerError(
            f"{column} has at most {MOST[column]} characters and no NUL, not {value[:80]!r}"
        )


def _instant(name: str, value: str) -> None:
    try:
        good = instant(datetime.fromisoformat(value)) == value
    except ValueError:
        good = False
    if not good:
        form = "an instant such as 2026-11-20T09:00:00.000000Z"
        raise LedgerError(f"{name} is {form}, not {value[:80]!r}")


def _day(value: str) -> None:
    try:
        good = date.fromisoformat(value).isoformat() == value
    except ValueError:
        good = False
    if not good:
        raise LedgerError(f"on is a day such as 2026-11-20, not {value[:80]!r}")

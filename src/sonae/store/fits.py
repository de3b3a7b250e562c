"""What the tables can hold, checked before an act is recorded: alike on every engine.

SQLite takes a text of any length, PostgreSQL refuses one beyond its column's; an act is to have the
same fate on both.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import String

from sonae.fund.entry import Act, LedgerError, Propose
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
    about = subject(act)
    if about is not None and abs(about) > BIGGEST:
        raise LedgerError(f"no entry has the number {about}")
    if not isinstance(act, Propose):
        return
    check_text("kind", act.kind)
    for line in act.lines:
        check_text("account", line.account)
        check_text("unit", line.unit)


def check_text(column: str, value: str) -> None:
    """Refuse a text that is too long for its column, or that PostgreSQL cannot hold."""
    if len(value) > MOST[column] or "\0" in value:
        raise LedgerError(
            f"{column} has at most {MOST[column]} characters and no NUL, not {value[:80]!r}"
        )

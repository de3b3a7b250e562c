"""The tables of the reserve ledger: entries as signed, and the postings that took effect.

`entry` is the ledger; `posting` is what approved entries made of it, with the running total of
each day, so that a balance of any day is read from an index, one row a day. Both only ever grow.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Dialect,
    Index,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
    TypeDecorator,
    text,
)
from sqlalchemy.types import TypeEngine

from sonae.core.amount import LIMIT

DIGITS = 39


class Amount(TypeDecorator[int]):
    """An integer with |x| < 10^38, exact and in order on every engine.

    NUMERIC(38,0) on PostgreSQL. SQLite's numbers lose digits beyond 2^63, so there it is text: the
    amount plus 10^38, 39 digits with leading zeros, whose order is the order of the amounts.
    """

    impl = Numeric(38, 0)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The column's type on one engine."""
        native = dialect.name == "postgresql"
        return dialect.type_descriptor(Numeric(38, 0) if native else String(DIGITS))

    def process_bind_param(self, value: int | None, dialect: Dialect) -> Any:
        """To the engine; a ValueError for what is no exact amount."""
        return None if value is None else stored(value, dialect.name)

    def process_result_value(self, value: Any, dialect: Dialect) -> int | None:
        """From the engine."""
        return None if value is None else read_amount(value, dialect.name)


def stored(value: int, engine: str) -> Decimal | str:
    """An amount as an engine keeps it."""
    if type(value) is not int or abs(value) >= LIMIT:
        raise ValueError(f"not an exact amount below 10^38: {value!r}")
    return Decimal(value) if engine == "postgresql" else str(value + LIMIT).zfill(DIGITS)


def read_amount(value: Any, engine: str) -> int:
    """The amount that an engine kept."""
    return int(value) if engine == "postgresql" else int(value) - LIMIT


METADATA = MetaData()

ABOUT = text("subject is not null")
RARE = text("effect <> 'posting'")
"""Entries that change who may do what, what the fund holds, or a close: few and often asked for."""

BIG = BigInteger().with_variant(Integer, "sqlite")

ENTRY = Table(
    "entry",
    METADATA,
    Column("seq", BIG, primary_key=True, autoincrement=False),
    Column("at", String(27), nullable=False),
    Column("by_id", String(64), nullable=False),
    Column("act", String(16), nullable=False),
    Column("kind", String(16)),
    Column("subject", BIG),
    Column("on_day", String(10)),
    Column("outcome", String(64), nullable=False),
    Column("effect", String(16)),
    Column("digest", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("latest", String(27), nullable=False),
    Column("ruled", BIG, nullable=False),
    Column("signature", String(128), nullable=False),
    Column("body", Text, nullable=False),
    Index("entry_subject", "subject", sqlite_where=ABOUT, postgresql_where=ABOUT),
    Index("entry_rare", "effect", "on_day", "seq", sqlite_where=RARE, postgresql_where=RARE),
)
"""One act as signed, and what became of it (`outcome`). `subject`: the proposal that a decision is
about, or that a correction corrects. `latest`: the latest instant up to this entry;
`ruled`: the last entry up to this one that changed rules, an asset, a close or who may act."""

POSTING = Table(
    "posting",
    METADATA,
    Column("account", String(96), primary_key=True),
    Column("unit", String(64), primary_key=True),
    Column("on_day", String(10), primary_key=True),
    Column("seq", BIG, primary_key=True, autoincrement=False),
    Column("amount", Amount, nullable=False),
    Column("day_total", Amount, nullable=False),
    sqlite_with_rowid=False,
)
"""One line of a journal in effect, in the order in which balances are read; `day_total` is what the
account's lines of the same day sum to, up to this one."""

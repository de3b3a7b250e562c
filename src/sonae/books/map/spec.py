"""The mapping: which files there are, how they are written, and what becomes which column.

One TOML file, read key by key; every fault of it is found in one run. A guide with every key is
docs/guide/map.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from sonae.books.map.dates import DateForm
from sonae.books.map.numbers import NumberForm

Form = Literal["csv", "excel", "fixed", "jsonl", "parquet", "sql", "zengin", "camt053", "ecb"]
FORMS: tuple[Form, ...] = (
    "csv", "excel", "fixed", "jsonl", "parquet", "sql", "zengin", "camt053", "ecb",
)  # fmt: skip
ENCODINGS = {
    "utf-8": "utf-8-sig",
    "cp932": "cp932",
    "euc-jp": "euc_jp",
}
"""Names in a mapping and Python's codecs. UTF-8 is read with a mark at its start and without."""
RECORD_ENDS = {"crlf": b"\r\n", "lf": b"\n", "none": b""}
Chosen = Mapping[str, tuple[str, ...]]
"""A column of the file -> the values that are meant."""


@dataclass(frozen=True)
class Total:
    """A row that sums up others: where `where` holds, `columns` are sums, `count` a count.

    `since`: of the rows after the total before it (小計); else of every row so far.
    """

    where: Chosen
    columns: tuple[str, ...]
    count: str = ""
    since: bool = False


@dataclass(frozen=True)
class Source:
    """Files of one layout. `layout` has the headings in their order; another order is refused.

    `rows` says what of a bank statement is a row: its balances, or its entries.
    """

    id: str
    form: Form
    files: tuple[str, ...]
    rows: str = "balances"
    encoding: str = "utf-8"
    delimiter: str = ","
    skip: int = 0
    sheet: str = ""
    layout: tuple[str, ...] = ()
    widths: tuple[int, ...] = ()
    record_end: str = "crlf"
    era: str = "令和"
    notes: tuple[str, ...] = ()
    totals: tuple[Total, ...] = ()
    unique: tuple[str, ...] = ()
    once: bool = False
    external: bool = False
    query: str = ""
    number: NumberForm = field(default_factory=NumberForm)
    confidence: str = "derived"


@dataclass(frozen=True)
class Take:
    """How one column of a table is made of columns of a file, or the value it always has.

    Numbers: `power` is the unit's power of ten (3 for thousands), `base` says the file counts in
    the asset's smallest unit, `less` is subtracted (what is left must not
    be below zero, unless `signed`), `reverse` turns the sign, `sign_by` takes it
    from another column. `empty`: what an empty cell means; None refuses it where a value is needed.
    """

    columns: tuple[str, ...] = ()
    value: str | None = None
    join: str = ""
    less: tuple[str, ...] = ()
    codes: Mapping[str, str] | None = None
    number: NumberForm = field(default_factory=NumberForm)
    power: int = 0
    base: bool = False
    reverse: bool = False
    signed: bool = False
    sign_by: str = ""
    plus: tuple[str, ...] = ()
    minus: tuple[str, ...] = ()
    date: DateForm = field(default_factory=DateForm)
    trim: bool = True
    wide: bool = False
    zfill: int = 0
    prefix: str = ""
    empty: str | None = None

    def reads(self) -> tuple[str, ...]:
        """Every column of the file that this needs."""
        by = (self.sign_by,) if self.sign_by else ()
        return (*self.columns, *self.less, *by)


@dataclass(frozen=True)
class Entry:
    """Rows of one source that become rows of one table.

    A row is taken where each column of `take` has one of the values, left out where one of
    `leave` has; a row that is neither is refused.
    """

    to: str
    source: str
    columns: Mapping[str, Take]
    take: Chosen = field(default_factory=dict)
    leave: Chosen = field(default_factory=dict)

    def reads(self) -> set[str]:
        """Every column of the file that this needs."""
        used = {c for take in self.columns.values() for c in take.reads()}
        return used | set(self.take) | set(self.leave)


@dataclass(frozen=True)
class Complete:
    """Rows that a table must have (`{"asset": "SOL", "state": "staked"}`): absent is not zero."""

    table: str
    row: Mapping[str, str]


@dataclass(frozen=True)
class Spec:
    """A whole mapping. `copy` names files that are Books already."""

    name: str
    copy: tuple[str, ...]
    sources: tuple[Source, ...]
    entries: tuple[Entry, ...]
    complete: tuple[Complete, ...]

    def source(self, id: str) -> Source:
        """The source of that id."""
        return next(s for s in self.sources if s.id == id)

    def of(self, id: str) -> list[tuple[int, Entry]]:
        """The entries of a source, with their place in the mapping."""
        return [(n, e) for n, e in enumerate(self.entries) if e.source == id]


def used_columns(spec: Spec, source: Source) -> set[str]:
    """Every column of a source that the mapping reads."""
    used = {c for _, e in spec.of(source.id) for c in e.reads()} | set(source.unique)
    for total in source.totals:
        used |= set(total.where) | set(total.columns) | ({total.count} if total.count else set())
    return used


def chosen(raw: Any) -> dict[str, tuple[str, ...]]:
    """`{"区分": "顧客"}` and `{"区分": ["顧客", "預り"]}` as columns and their values."""
    return {
        str(k): tuple(map(str, v)) if isinstance(v, list) else (str(v),)
        for k, v in dict(raw or {}).items()
    }

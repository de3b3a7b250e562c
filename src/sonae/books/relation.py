"""The large tables as relations on an engine: united from their parts, every row checked.

Faults are counted in full and the first 1,000 of a kind are listed, by file and row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.datatypes as dt
import pyarrow as pa

from sonae.books.engine import FILE, ROW, Engine
from sonae.books.parts import Part, is_text
from sonae.books.rows import LISTED, rest
from sonae.books.schema import Column, Table
from sonae.books.transcribe import Place, transcribe
from sonae.core.errors import Problem
from sonae.core.text import Text

UNITS = "decimal(38,0)"
INTEGER = r"^-?[0-9]{1,38}\z"
COUNT = r"^[0-9]{1,9}\z"
DECIMAL = r"^-?[0-9]{1,38}(\.[0-9]+)?\z"
"""`\\z` and not `$`, which for Spark stands before a line break at the end as well."""


@ibis.udf.scalar.builtin(signature=((dt.string,), dt.Decimal(38, 0)))
def as_units(digits):  # type: ignore[no-untyped-def]
    """Up to 38 digits with a sign as decimal(38,0), exactly; every engine has this function.

    DuckDB's own cast of text to decimal(38,0) takes some 20 µs a row.
    """


_EMPTY = Text("「{c}」は必須", "{c} must not be empty")
_OWNER = Text(
    "customer_id は必須（state が unidentified の行を除く）",
    "customer_id must not be empty unless the state is unidentified",
)
_CODE = Text("使えない値。使える値: {codes}", "not one of {codes}")
DATE = r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])\z"
_DATE = Text("日付でない（2026-11-20）", "not a date (2026-11-20)")
_COUNT = Text("0以上の整数でない", "not an integer of zero or more")
_NUMBER = Text(
    "数量でない（指数・空白・桁区切りは不可、38桁以内）",
    "not a quantity (no exponent, space or separator; at most 38 digits)",
)
_SCALE = Text("資産の桁数を超える小数がある", "a digit beyond the scale of the asset")
_ASSET = Text("資産が assets にない", "the asset is not in assets")


@dataclass(frozen=True, slots=True)
class Check:
    """A fault a row may have: problem name, column, words."""

    name: str
    column: str
    message: Text


@dataclass(frozen=True, slots=True)
class Relation:
    """A table over all its parts, which may differ in format and in the form of the quantity.

    A check is a column only where it is asked for: looking a code up in a list costs a join that
    no engine leaves out of a pass that does not use it.
    """

    pieces: Sequence[tuple[Any, Mapping[str, Any], Sequence[tuple[Check, Any]]]]
    places: Mapping[str, Place]

    @property
    def checks(self) -> list[Check]:
        """The checks of a row, in the order of their numbers."""
        return [check for check, _ in self.pieces[0][2]]

    def rows(self, *checks: int) -> Any:
        """The schema's columns, file and row, and `_fault<n>` for each check asked for."""
        selected = [
            source.select(
                **columns,
                **{FILE: source[FILE], ROW: source[ROW]},
                **{f"_fault{n}": faults[n][1].fill_null(True) for n in checks},
            )
            for source, columns, faults in self.pieces
        ]
        whole = selected[0]
        for piece in selected[1:]:
            whole = whole.union(piece)
        return whole


def relation(
    engine: Engine,
    table: Table,
    parts: Sequence[Part],
    scales: Mapping[str, int],
    problems: list[Problem],
) -> Relation | None:
    """The relation over all parts that can be read; None where there is none."""
    ready = [_ready(engine, table, part, problems) for part in parts]
    usable = [pair for pair in ready if pair is not None]
    if not usable:
        return None
    groups: dict[str, list[Part]] = {}
    for _, part in usable:
        groups.setdefault(str(sorted(part.types.items())), []).append(part)
    pieces = [_piece(engine, table, group, scales) for group in groups.values()]
    return Relation(pieces, {str(part.path): place for place, part in usable})


def _ready(
    engine: Engine, table: Table, part: Part, problems: list[Problem]
) -> tuple[Place, Part] | None:
    if not part.is_csv:
        return Place(part.name, ()), part
    return transcribe(part, table.name, engine.scratch(), problems)


def _piece(
    engine: Engine, table: Table, group: Sequence[Part], scales: Mapping[str, int]
) -> tuple[Any, dict[str, Any], list[tuple[Check, Any]]]:
    """Parts of one layout: their source, the canonical columns, and when each check fails."""
    types = group[0].types
    source = engine.scan([part.path for part in group])
    columns: dict[str, Any] = {}
    faults: list[tuple[Check, Any]] = []
    for column in table.columns:
        value, found = _column(column, source, types, scales)
        columns[column.name] = value
        faults += found
    faults += _row_checks(table, source, types)
    return source, columns, faults


def _column(
    column: Column, source: Any, types: Mapping[str, pa.DataType], scales: Mapping[str, int]
) -> tuple[Any, list[tuple[Check, Any]]]:
    if column.kind == "quantity":
        return _quantity(column, source, types, scales)
    if column.name not in types:
        kind = "int64" if column.kind == "integer" else "string"
        return ibis.null(kind), [(c, ibis.literal(False)) for c in _checks(column)]
    raw = source[column.name]
    if column.kind == "integer":
        if pa.types.is_integer(types[column.name]):
            good = raw.between(0, 999_999_999)
            value = good.ifelse(raw, ibis.null(raw.type())).cast("int64")
            return value, [(_checks(column)[0], raw.notnull() & ~good)]
        text = raw.cast("string").nullif("")
        good = text.re_search(COUNT)
        value = good.ifelse(text, ibis.null("string")).cast("int64")
        return value, [(_checks(column)[0], text.notnull() & ~good)]
    value = raw.cast("string").nullif("")
    found = []
    for check in _checks(column):
        if check.name == "missing-value":
            found.append((check, value.isnull()))
        elif column.kind == "date":
            found.append((check, value.notnull() & ~value.re_search(DATE)))
        else:
            found.append((check, value.notnull() & ~value.isin(column.codes)))
    return value, found


def _checks(column: Column) -> list[Check]:
    """The checks of a column; the same list for every layout, so that parts can be united."""
    checks = []
    if column.kind == "integer":
        checks.append(Check("corrupt-row", column.name, _COUNT))
    elif column.required:
        checks.append(Check("missing-value", column.name, _EMPTY.format(c=column.name)))
    if column.kind == "date":
        checks.append(Check("corrupt-row", column.name, _DATE))
    if column.kind == "code":
        codes = ", ".join(column.codes)
        checks.append(Check("unknown-code", column.name, _CODE.format(codes=codes)))
    return checks


def _quantity(
    column: Column, source: Any, types: Mapping[str, pa.DataType], scales: Mapping[str, int]
) -> tuple[Any, list[tuple[Check, Any]]]:
    corrupt = Check("corrupt-row", column.name, _NUMBER)
    fine = Check("wrong-scale", column.name, _SCALE)
    unknown = Check("unknown-asset", "asset", _ASSET)
    asset = source.asset.cast("string")
    unlisted = asset.notnull() & ~asset.isin(sorted(scales))
    never = ibis.literal(False)
    if column.name in types:
        raw = source[column.name]
        if not is_text(types[column.name]):
            value = raw.cast(UNITS)
            return value, [(corrupt, raw.isnull()), (fine, never), (unknown, unlisted)]
        raw = raw.cast("string")
        good = raw.re_search(INTEGER)
        value = as_units(good.ifelse(raw, ibis.null("string")))
        return value, [(corrupt, ~good), (fine, never), (unknown, unlisted)]
    text = source[f"{column.name}_decimal"].cast("string")
    good = text.re_search(DECIMAL)
    part = text.re_extract(r"\.([0-9]+)\z", 1)
    scale = asset.cases(*sorted(scales.items()), else_=0)
    exceeds = good & (part.length() > scale)
    whole = text.re_extract(r"^(-?[0-9]+)", 1)
    digits = whole.concat(part.rpad(scale, "0").substr(0, scale))
    usable = good & ~exceeds & digits.re_search(INTEGER)
    value = as_units(usable.ifelse(digits, ibis.null("string")))
    bad = ~good | (~exceeds & ~digits.re_search(INTEGER))
    return value, [(corrupt, bad), (fine, exceeds), (unknown, unlisted)]


def _row_checks(table: Table, source: Any, types: Mapping[str, pa.DataType]) -> Any:
    """What holds between columns: only an unidentified balance may have no customer."""
    if table.name != "balances":
        return []
    check = Check("missing-value", "customer_id", _OWNER)
    if "customer_id" not in types:
        return [(check, source.state != "unidentified")]
    customer = source.customer_id.cast("string").nullif("")
    return [(check, customer.isnull() & (source.state != "unidentified"))]


def count_faults(
    engine: Engine, over: Any, checks: Sequence[int], by: Sequence[str] = (), **sums: Any
) -> list[dict[str, Any]]:
    """How often each of these checks fails (`n0`, `n1`, ...), by group, with sums of one pass."""
    totals = {**sums, **{f"n{i}": over[f"_fault{i}"].sum() for i in checks}}
    return engine.rows(over.group_by(*by).aggregate(**totals) if by else over.aggregate(**totals))


def listed(engine: Engine, table: Table, whole: Relation, counts: Sequence[int]) -> list[Problem]:
    """The first rows of each check that failed, and how many more there are."""
    problems: list[Problem] = []
    for i, (check, count) in enumerate(zip(whole.checks, counts, strict=True)):
        if count:
            rows = whole.rows(i)
            bad = rows.filter(rows[f"_fault{i}"]).order_by(FILE, ROW)
            problems += by_place(engine, table, check, bad, count, whole.places)
    return problems


def by_place(
    engine: Engine, table: Table, check: Check, bad: Any, count: int, places: Mapping[str, Place]
) -> list[Problem]:
    """Rows by file and number, at most 1,000, then the rest: keys of people stay out of reports."""
    rows = engine.rows(bad.limit(LISTED).select(FILE, ROW))
    found = [
        Problem(
            check.name,
            table.name,
            check.message,
            places[row[FILE]].name,
            places[row[FILE]].row(row[ROW]),
            column=check.column,
        )
        for row in rows
    ]
    return [*found, rest(found[0], count - LISTED)] if count > LISTED else found


def found(
    engine: Engine,
    table: Table,
    check: Check,
    bad: Any,
    order: Sequence[str],
    places: Mapping[str, Place],
) -> list[Problem]:
    """The rows of a relation that should have none, in order; counted in full, listed in part."""
    count = engine.rows(bad.aggregate(n=bad.count()))[0]["n"]
    return by_place(engine, table, check, bad.order_by(*order), count, places) if count else []

"""Small tables, read whole: every value parsed exactly, every problem with file, row and column."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from sonae.books.parts import Part
from sonae.books.schema import Column, Table
from sonae.core.amount import LIMIT
from sonae.core.errors import Problem
from sonae.core.text import Text

LISTED = 1000
_INTEGER = re.compile(r"-?[0-9]{1,38}")
_DECIMAL = re.compile(r"-?[0-9]{1,38}(\.[0-9]+)?")
Row = dict[str, Any]


class Fault(Exception):
    """A value that cannot be used: problem name and what to do."""

    def __init__(self, name: str, message: Text) -> None:
        self.name, self.message = name, message
        super().__init__(message.en)


def read_rows(
    table: Table, parts: Sequence[Part], scales: Mapping[str, int], problems: list[Problem]
) -> list[Row]:
    """The rows of a table as parsed values, plus `_file` and `_row`; problems are collected."""
    rows = [row for part in parts for row in _part_rows(table, part, scales, problems)]
    problems += _repeated(table, rows)
    return sorted(rows, key=lambda r: [str(r[k]) for k in table.key])


def _part_rows(
    table: Table, part: Part, scales: Mapping[str, int], problems: list[Problem]
) -> Iterator[Row]:
    for number, raw in _raw_rows(table, part, problems):
        row: Row = {"_file": part.name, "_row": number}
        for column in table.columns:
            try:
                row[column.name] = _value(column, raw, scales)
            except Fault as fault:
                row[column.name] = None
                problems.append(
                    Problem(
                        fault.name,
                        table.name,
                        fault.message,
                        part.name,
                        number,
                        column=column.name,
                    )
                )
        yield row


def _fine_instants_as_text(table: pa.Table) -> pa.Table:
    """Instants in nanoseconds as text: Python has none so fine, and none is rounded."""
    for n, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type) and field.type.unit == "ns":
            table = table.set_column(n, field.name, table.column(n).cast(pa.string()))
    return table


def _raw_rows(table: Table, part: Part, problems: list[Problem]) -> Iterator[tuple[int, Row]]:
    if not part.is_csv:
        try:
            rows = _fine_instants_as_text(pq.read_table(part.path)).to_pylist()
        except (pa.ArrowInvalid, OSError, ValueError) as error:
            text = Text(f"読めないファイル: {error}", f"the file cannot be read: {error}")
            problems.append(Problem("unreadable-file", table.name, text, part.name))
            return
        yield from enumerate(rows, 1)
        return
    with part.path.open(encoding="utf-8-sig", newline="", errors="surrogateescape") as stream:
        reader = csv.reader(stream, strict=True)
        header = next(reader)
        number = 0
        try:
            for cells in reader:
                number += 1
                if len(cells) != len(header):
                    text = _CELLS.format(n=len(cells), m=len(header))
                    problems.append(Problem("corrupt-row", table.name, text, part.name, number))
                    continue
                yield number, dict(zip(header, cells, strict=True))
        except (csv.Error, UnicodeDecodeError) as error:
            text = Text(f"読めない行: {error}", f"the row cannot be read: {error}")
            problems.append(Problem("corrupt-row", table.name, text, part.name, number + 1))


_CELLS = Text("列が{n}個ある（見出しは{m}個）", "{n} cells where the header has {m}")


def read_value(column: Column, raw: Mapping[str, Any]) -> Any:
    """The value of a column that is no quantity; None where it is empty and may be.

    Raises:
        Fault: it cannot be used; says why.
    """
    return _value(column, raw, {})


def _value(column: Column, raw: Mapping[str, Any], scales: Mapping[str, int]) -> Any:
    if column.kind == "quantity":
        return _quantity(column, raw, scales)
    value = raw.get(column.name)
    if isinstance(value, str) and any("\udc80" <= c <= "\udcff" for c in value):
        raise Fault("corrupt-row", BYTES)
    if value is None or value == "":
        if column.required:
            raise Fault("missing-value", _EMPTY.format(c=column.name))
        return None
    if isinstance(value, float):
        raise Fault("floating-point", _FLOAT.format(v=value))
    parsed = PARSERS[column.kind](column, value)
    if isinstance(parsed, Fraction) and not column.signed and parsed < 0:
        raise Fault("below-zero", _BELOW.format(v=value))
    return parsed


def _quantity(column: Column, raw: Mapping[str, Any], scales: Mapping[str, int]) -> int:
    units = _units(column, raw, scales)
    if units < 0 and not column.signed:
        raise Fault("below-zero", _BELOW.format(v=units))
    return units


def _units(column: Column, raw: Mapping[str, Any], scales: Mapping[str, int]) -> int:
    whole, value = f"{column.name}_decimal", raw.get(column.name)
    if whole in raw:
        asset = str(raw.get("asset"))
        if asset not in scales:
            raise Fault("unknown-asset", _ASSET.format(a=asset))
        return units_of(str(raw[whole]), scales[asset], asset)
    if isinstance(value, Decimal) and value == value.to_integral_value():
        value = int(value)
    if not _INTEGER.fullmatch(str(value)) or abs(int(str(value))) >= LIMIT:
        raise Fault("corrupt-row", _UNITS.format(v=value))
    return int(str(value))


def units_of(text: str, scale: int, asset: str) -> int:
    """Base units from whole coins as text; a digit beyond the scale is refused.

    >>> units_of("1.5", 8, "BTC")
    150000000
    """
    if not _DECIMAL.fullmatch(text):
        raise Fault("corrupt-row", _DECIMALS.format(v=text))
    whole, _, part = text.partition(".")
    if len(part) > scale:
        raise Fault("wrong-scale", _SCALE.format(v=text, a=asset, s=scale))
    units = int(whole + part.ljust(scale, "0"))
    if abs(units) >= LIMIT:
        raise Fault("corrupt-row", _DECIMALS.format(v=text))
    return units


# -- parsers by kind -------------------------------------------------------------------------


def _text(column: Column, value: Any) -> str:
    return str(value)


def _code(column: Column, value: Any) -> str:
    if value not in column.codes:
        raise Fault("unknown-code", _CODE.format(v=value, codes=", ".join(column.codes)))
    return str(value)


def _integer(column: Column, value: Any) -> int:
    if isinstance(value, bool) or not _INTEGER.fullmatch(str(value)) or int(str(value)) < 0:
        raise Fault("corrupt-row", _INTEGERS.format(v=value))
    return int(str(value))


def _amount(column: Column, value: Any) -> Fraction:
    text = format(value, "f") if isinstance(value, Decimal) else str(value)
    if not _DECIMAL.fullmatch(text):
        raise Fault("corrupt-row", _DECIMALS.format(v=value))
    return Fraction(text)


def _date(column: Column, value: Any) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError as error:
        raise Fault("corrupt-row", _DATES.format(v=value)) from error


def _instant(column: Column, value: Any) -> datetime:
    if re.search(r"\.[0-9]{6}[0-9]*[1-9]", str(value)):
        raise Fault("corrupt-row", _INSTANTS.format(v=value))
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError as error:
        raise Fault("corrupt-row", _INSTANTS.format(v=value)) from error
    if moment.tzinfo is None:
        raise Fault("corrupt-row", _INSTANTS.format(v=value))
    return moment


def _truth(column: Column, value: Any) -> bool:
    truths = {"true": True, "false": False}
    if isinstance(value, bool):
        return value
    if str(value) not in truths:
        raise Fault("corrupt-row", _TRUTHS.format(v=value))
    return truths[str(value)]


PARSERS = {
    "text": _text,
    "code": _code,
    "integer": _integer,
    "amount": _amount,
    "date": _date,
    "instant": _instant,
    "truth": _truth,
}

BYTES = Text(
    "UTF-8として読めない文字がある。UTF-8で保存し直すか、books map で変換する",
    "bytes that are not UTF-8; save the file as UTF-8, or use books map",
)
_EMPTY = Text("「{c}」は必須", "{c} must not be empty")
_FLOAT = Text("{v}は浮動小数のため使えない", "{v} is floating point and not exact")
_ASSET = Text("資産「{a}」は assets にない", "asset {a} is not in assets")
_BELOW = Text("「{v}」は負の値のため使えない", "{v!r} is below zero")
_UNITS = Text(
    "「{v}」は最小単位の整数（38桁以内）でない", "{v!r} is not an integer of base units (38 digits)"
)
_DECIMALS = Text(
    "「{v}」は十進数でない（指数・空白・桁区切りは不可）",
    "{v!r} is not a decimal number (no exponent, space or separator)",
)
_SCALE = Text(
    "「{v}」は{a}の桁数（小数{s}桁）を超える", "{v!r} has a digit beyond the scale of {a} ({s})"
)
_CODE = Text("「{v}」は使えない。使える値: {codes}", "{v!r} is none of {codes}")
_INTEGERS = Text("「{v}」は0以上の整数でない", "{v!r} is not an integer of zero or more")
_DATES = Text("「{v}」は日付（YYYY-MM-DD）でない", "{v!r} is not a date (YYYY-MM-DD)")
_INSTANTS = Text(
    "「{v}」は時差付きの日時（2026-11-20T23:59:59+09:00）でない",
    "{v!r} is not an instant with an offset (2026-11-20T23:59:59+09:00)",
)
_TRUTHS = Text("「{v}」は true でも false でもない", "{v!r} is neither true nor false")
_REPEATED = Text(
    "キーが重複している（最初は{first}行目）", "the key stands twice (first in row {first})"
)


def _repeated(table: Table, rows: Sequence[Row]) -> Iterator[Problem]:
    seen: dict[tuple[Any, ...], Row] = {}
    for row in rows:
        if any(row[c.name] is None for c in table.columns if c.name in table.key and c.required):
            continue
        key = tuple(row[k] for k in table.key)
        first = seen.setdefault(key, row)
        if first is not row:
            words = "|".join(str(k) for k in key if k is not None)
            text = _REPEATED.format(first=first["_row"])
            yield Problem("repeated-key", table.name, text, row["_file"], row["_row"], words)


def capped(problems: Sequence[Problem]) -> list[Problem]:
    """At most 1,000 problems of a kind in a table and column; the last says how many more."""
    kinds: dict[tuple[str, str, str], list[Problem]] = {}
    for problem in problems:
        kinds.setdefault((problem.table, problem.name, problem.column), []).append(problem)
    kept: list[Problem] = []
    for group in kinds.values():
        listed = [p for p in group if p.count == 1][:LISTED]
        kept += listed
        if more := sum(p.count for p in group) - len(listed):
            kept.append(rest(group[0], more))
    return kept


def rest(like: Problem, more: int) -> Problem:
    """One line for the problems of a kind that are not listed."""
    text = Text(f"ほか{more:,}件", f"and {more:,} more")
    return Problem(like.name, like.table, text, column=like.column, count=more)

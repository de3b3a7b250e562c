"""Excel and Parquet as batches of text: every number exactly as it was typed, or refused."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
from openpyxl.utils import get_column_letter

from sonae.books.map.batch import BATCH, Batch, Faults, batches, shown
from sonae.books.map.layout import numbered, same_layout
from sonae.books.map.spec import Source
from sonae.core.errors import Problem
from sonae.core.text import Text

EXCEL_DIGITS = 15
"""Excel keeps fifteen digits of a number and makes zeros of the rest while it is typed."""


def read_excel(source: Source, path: Path, name: str, faults: Faults) -> Iterator[Batch]:
    """The rows of one sheet below its headings; formulas by the value they were saved with."""
    try:
        with ZipFile(path) as parts:
            formulas = any(
                b"<f>" in parts.read(p) or b"<f " in parts.read(p)
                for p in parts.namelist()
                if p.startswith("xl/worksheets/")
            )
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        plain = openpyxl.load_workbook(path, read_only=True) if formulas else None
    except (BadZipFile, KeyError, ValueError, OSError) as error:
        text = Text(f"Excelとして読めない: {error}", f"not readable as Excel: {error}")
        faults.add(Problem("unreadable-file", source.id, text, name))
        return
    title = source.sheet or book.sheetnames[0]
    if title not in book.sheetnames:
        text = _SHEET.format(s=title, known="、".join(book.sheetnames))
        faults.add(Problem("layout-changed", source.id, text, name))
        return
    sheet = book[title]
    start = source.skip + 1
    head = next(sheet.iter_rows(min_row=start, max_row=start, values_only=True), ())
    found = ["" if v is None else str(v).strip() for v in head]
    while found and not found[-1]:
        found.pop()
    if not same_layout(source.id, name, source.layout, numbered(found), faults):
        return
    letters = {c: get_column_letter(n) for n, c in enumerate(source.layout, 1)}

    def cell(row: int, column: str) -> str:
        return f"{title}!{letters.get(column, 'A')}{row + start}"

    rows = sheet.iter_rows(min_row=start + 1)
    typed = plain and plain[title].iter_rows(min_row=start + 1)
    read = _sheet_rows(source, name, rows, typed, cell, faults)
    yield from batches(name, source.layout, read, cell)
    book.close()


def sheet_start(path: Path) -> tuple[str, int, list[str]] | None:
    """The first sheet with headings, the rows above them, and the headings; None without any."""
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (BadZipFile, KeyError, ValueError, OSError):
        return None
    for title in book.sheetnames:
        for skip, row in enumerate(book[title].iter_rows(max_row=30, values_only=True)):
            found = [*row]
            while found and found[-1] is None:
                found.pop()
            if len(found) > 1 and all(isinstance(v, str) and v.strip() for v in found):
                return title, skip, numbered([str(v).strip() for v in found])
    return None


def _sheet_rows(
    source: Source, name: str, rows: Any, typed: Any, cell: Any, faults: Faults
) -> Iterator[tuple[int, Sequence[str | None]]]:
    for number, row in enumerate(rows, 1):
        formulas = next(typed) if typed is not None else ()
        values: list[str | None] = []
        for n, column in enumerate(source.layout):
            given = row[n] if n < len(row) else None
            formula = formulas[n].value if n < len(formulas) else None
            text, fault = _cell_text(given, isinstance(formula, str) and formula[:1] == "=")
            if fault is not None:
                kind, message = fault
                place = cell(number, column)
                faults.add(Problem(kind, source.id, message, name, number, place, column))
            values.append(text)
        beyond = [c.value for c in row[len(source.layout) :] if c.value is not None]
        if beyond:
            why = _BEYOND.format(v=shown(str(beyond[0])))
            faults.add(Problem("corrupt-row", source.id, why, name, number, cell(number, "")))
        if any(v is not None for v in values) and not (
            source.notes and (values[0] or "").startswith(source.notes)
        ):
            yield number, values


def _cell_text(cell: Any, formula: bool) -> tuple[str | None, tuple[str, Text] | None]:
    """What stands in a cell as text, or None and why it cannot be taken."""
    value = None if cell is None else cell.value
    if value is None:
        return None, ("no-cached-value", _FORMULA) if formula else None
    if cell.data_type == "e":
        return None, ("excel-error", _ERROR.format(v=str(value)))
    if isinstance(value, bool):
        return str(value).lower(), None
    if isinstance(value, (datetime, date, time)):
        midnight = isinstance(value, datetime) and value.time() == time()
        return (value.date() if midnight else value).isoformat(), None  # type: ignore[union-attr]
    if isinstance(value, str):
        return value, None
    plain = format(Decimal(repr(value)), "f")
    if len(plain.replace("-", "").replace(".", "").strip("0")) > EXCEL_DIGITS or (
        re.fullmatch(r"-?\d{16,}", plain)
    ):
        return None, ("beyond-15-digits", _DIGITS.format(v=plain))
    return plain.removesuffix(".0"), None


def read_parquet(
    source: Source, path: Path, name: str, used: set[str], faults: Faults
) -> Iterator[Batch]:
    """The rows of a Parquet file; floating point is refused in every column that is used."""
    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowInvalid, OSError) as error:
        text = Text(f"Parquetとして読めない: {error}", f"not readable as Parquet: {error}")
        faults.add(Problem("unreadable-file", source.id, text, name))
        return
    if not same_layout(source.id, name, source.layout, file.schema_arrow.names, faults):
        return
    floating = [
        f
        for f in file.schema_arrow
        if f.name in used and (pa.types.is_floating(f.type) or pa.types.is_nested(f.type))
    ]
    for f in floating:
        text = _FLOAT.format(t=f.type)
        faults.add(Problem("floating-point", source.id, text, name, column=f.name))
    if floating:
        return
    done = 0
    for found in file.iter_batches(BATCH, columns=[c for c in source.layout if c in used]):
        columns = {
            n: c.cast(pa.string()) for n, c in zip(found.schema.names, found.columns, strict=True)
        }
        numbers = pa.array(range(done + 1, done + found.num_rows + 1), pa.int64())
        done += found.num_rows
        yield Batch(name, numbers, columns)


_SHEET = Text("シート「{s}」がない。あるシート: {known}", "there is no sheet {s}; sheets: {known}")
_FORMULA = Text(
    "数式に保存された値がない（Excelで開いて保存し直す）",
    "a formula without a saved value (open it in Excel and save it again)",
)
_ERROR = Text("エラー値 {v}", "the error value {v}")
_DIGITS = Text(
    "数値 {v} は15桁を超え、Excelでは末尾が失われている（文字列のセルで渡す）",
    "the number {v} has more than 15 digits, and Excel loses the rest (give it as text)",
)
_BEYOND = Text(
    "見出しのない列に値「{v}」がある", "a value, {v!r}, stands in a column without a heading"
)
_FLOAT = Text(
    "型 {t} は使えない。decimal、整数か文字列で渡す", "type {t}: give decimal, an integer or text"
)

"""Finding the files of a Books folder: a table is one file or a folder of parts."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from sonae.books.schema import ASIDE, LATER, NESTED, TABLES, Table
from sonae.core.canonical import digest
from sonae.core.errors import NOT_UTF8, Problem
from sonae.core.text import Text

SUFFIXES = (".csv", ".parquet")


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a table: its path, its name inside the Books, and column types as found.

    Types are Arrow types for Parquet and `string` for CSV.
    """

    path: Path
    name: str
    types: dict[str, pa.DataType]

    @property
    def is_csv(self) -> bool:
        """True for CSV."""
        return self.path.suffix == ".csv"


@dataclass(frozen=True, slots=True)
class Found:
    """The parts of each table, and what is wrong with names and columns."""

    tables: dict[str, tuple[Part, ...]]
    problems: tuple[Problem, ...]


def find(folder: Path) -> Found:
    """The tables of a Books folder; misspelt names and columns are problems, never ignored."""
    problems: list[Problem] = []
    files: dict[str, list[Path]] = {}
    for path in sorted(folder.iterdir()):
        name = path.stem if path.is_file() else path.name
        aside = path.name.startswith(".") or path.name in ASIDE
        if aside or path.name.upper().startswith("README"):
            continue
        known = name in TABLES or name in LATER
        if path.is_dir() and known:
            inner = sorted(p for p in path.iterdir() if not p.name.startswith("."))
            files.setdefault(name, []).extend(p for p in inner if p.suffix in SUFFIXES)
            odd = [p for p in inner if p.suffix not in SUFFIXES]
            problems += [_odd_part(name, str(p.relative_to(folder))) for p in odd]
        elif path.suffix in SUFFIXES and known:
            files.setdefault(name, []).append(path)
        elif not (path.suffix == ".toml" and name in NESTED):
            problems.append(_unknown_file(path.name))
    tables = {}
    for name, paths in files.items():
        if name in TABLES:
            every = [part(path, folder, TABLES[name], problems) for path in paths]
            tables[name] = tuple(p for p in every if p is not None)
            problems += _both_forms(folder, name)
    for table in TABLES.values():
        if table.always and not tables.get(table.name) and not _faulty(problems, table.name):
            problems.append(_absent(table.name))
    return Found(tables, tuple(problems))


def part(path: Path, folder: Path, table: Table, problems: list[Problem]) -> Part | None:
    """One file of a table with its columns checked; None, and problems, where it cannot be used."""
    name = str(path.relative_to(folder))
    try:
        types = _types(path)
    except UnicodeDecodeError:
        problems.append(Problem("unreadable-file", table.name, NOT_UTF8, name))
        return None
    except (pa.ArrowInvalid, OSError, csv.Error) as error:
        message = Text(f"読めないファイル: {error}", f"the file cannot be read: {error}")
        problems.append(Problem("unreadable-file", table.name, message, name))
        return None
    if not types:
        problems.append(Problem("empty-file", table.name, _EMPTY, name))
        return None
    faults = list(_column_faults(table, list(types), types))
    problems += [Problem(n, table.name, text, name, column=c) for n, c, text in faults]
    return None if faults else Part(path, name, types)


def _types(path: Path) -> dict[str, pa.DataType]:
    if path.suffix == ".parquet":
        schema = pq.read_schema(path)
        return {field.name: field.type for field in schema}
    with path.open("rb") as stream:
        header = next(csv.reader([stream.readline().decode("utf-8-sig")]), [])
    if len(set(header)) != len(header):
        raise csv.Error(f"a column name stands twice in {header}")
    return dict.fromkeys(header, pa.string())


def _column_faults(table: Table, names: Sequence[str], types: dict[str, Any]) -> Any:
    for column in table.columns:
        forms = [column.name]
        if column.kind == "quantity":
            forms.append(f"{column.name}_decimal")
        given = [f for f in forms if f in names]
        if len(given) > 1:
            yield "two-quantities", column.name, _TWO.format(a=forms[0], b=forms[1])
        elif not given and column.required:
            yield "missing-column", column.name, _MISSING.format(c=" / ".join(forms))
        for form in given:
            if pa.types.is_floating(types[form]):
                yield "floating-point", form, _FLOAT.format(c=form, t=types[form])
            elif column.kind == "quantity" and not _exact(types[form], form == column.name):
                yield "wrong-type", form, _TYPE.format(c=form, t=types[form])
    known = {c.name for c in table.columns} | {
        f"{c.name}_decimal" for c in table.columns if c.kind == "quantity"
    }
    for name in names:
        if name not in known:
            yield "unknown-column", name, _UNKNOWN.format(c=name, known=", ".join(sorted(known)))


def _exact(kind: Any, base_units: bool) -> bool:
    """Whole numbers or text for base units; text for whole coins."""
    if is_text(kind):
        return True
    whole = pa.types.is_decimal128(kind) and kind.scale == 0
    return base_units and (whole or pa.types.is_integer(kind))


def is_text(kind: Any) -> bool:
    """True for every Arrow form of text."""
    if pa.types.is_dictionary(kind):
        return is_text(kind.value_type)
    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    )


def _both_forms(folder: Path, name: str) -> list[Problem]:
    forms = [f.name for f in sorted(folder.glob(f"{name}*")) if f.stem == name]
    if len(forms) < 2:
        return []
    text = _FORMS.format(forms="、".join(forms))
    return [Problem("two-forms", name, text, forms[0])]


def _faulty(problems: Sequence[Problem], table: str) -> bool:
    return any(p.table == table for p in problems)


def _unknown_file(name: str) -> Problem:
    known = ", ".join((*TABLES, *NESTED))
    text = Text(
        f"「{name}」は表の名前ではない。使える名前: {known}",
        f"{name} is not the name of a table; known: {known}",
    )
    return Problem("unknown-file", name, text, name)


def _odd_part(table: str, name: str) -> Problem:
    text = Text(
        "表の部分は .csv か .parquet に限る", "a part of a table is a .csv or .parquet file"
    )
    return Problem("unknown-file", table, text, name)


def _absent(name: str) -> Problem:
    text = Text(
        f"表「{name}」は必須。{name}.csv、{name}.parquet、フォルダー {name}/ のどれかを置く",
        f"table {name} is always needed; add {name}.csv, {name}.parquet or a folder {name}/",
    )
    return Problem("missing-table", name, text, name)


_TWO = Text("{a}と{b}は一つのファイルに併記できない", "{a} and {b} must not stand in one part")
_EMPTY = Text(
    "ファイルが空。見出しの行もない。書き出しをやり直す",
    "the file is empty and has not even a header; export it again",
)
_MISSING = Text("列「{c}」がない", "column {c} is missing")
_FLOAT = Text(
    "列「{c}」は浮動小数（{t}）のため使えない。decimal(38,0) か文字列で渡す",
    "column {c} is floating point ({t}); give decimal(38,0) or text",
)
_TYPE = Text(
    "列「{c}」の型 {t} は使えない。decimal(38,0)、整数か文字列で渡す",
    "column {c} has type {t}; give decimal(38,0), an integer or text",
)
_UNKNOWN = Text("列「{c}」は知らない。使える列: {known}", "column {c} is not known; known: {known}")
_FORMS = Text("同じ表が複数ある: {forms}", "the same table is given more than once: {forms}")


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def digest_of(path: Path) -> str:
    """The same, taken once for a file that has not changed since."""
    at = path.stat()
    return _digest_of(path, at.st_size, at.st_mtime_ns, at.st_ctime_ns, at.st_ino)


@cache
def _digest_of(path: Path, *_: int) -> str:
    return file_digest(path)


def table_digest(parts: Sequence[Part], digests: dict[str, str]) -> str:
    """One digest over the names and digests of a table's files."""
    return digest([[p.name, digests[p.name]] for p in sorted(parts, key=lambda p: p.name)])

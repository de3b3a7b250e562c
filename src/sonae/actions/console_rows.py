"""The rows that a figure was read from, out of the Books that were closed.

    HOME/FIRM/books/DAY/         the folder of Books that was closed on DAY, if it is kept here

Files that are not those of the close, by their digests, are refused: rows of other Books would
explain nothing.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as csv
import pyarrow.parquet as pq

from sonae.actions.console import Firm, NotFound
from sonae.books import parts
from sonae.core.errors import Refused
from sonae.core.text import Text

SHOWN = 500
"""Rows that are listed; all are counted."""
_CONDITION = re.compile(r"([a-z_]+) (=|<>|<=) (.+)")
_HOLDS = {"=": operator.eq, "<>": operator.ne, "<=": operator.le}


def rows_of(firm: Firm, document: Mapping[str, Any], figure: str) -> dict[str, Any]:
    """Rows of the table that a figure was read from, in the words of the file.

    `applied` are the conditions of the figure's filter that pick rows; `then` is what the close did
    with the rows after that (sums by account, proofs in date), in the filter's own words.

    Raises:
        NotFound: no such figure, one that was not read off a table, or no Books of the day here.
        Refused: the files are not those that were closed.
    """
    found = [f for f in document["figures"] if f["id"] == figure]
    if not found or "source" not in found[0]:
        words = Text("表から読み取った数値ではない", "not a figure that was read off a table")
        raise NotFound(words)
    source, on = found[0]["source"], document["on"]
    files = _files(firm, document, source["table"], on)
    applied, then = _conditions(source["filter"], files)
    count, shown = 0, list[dict[str, Any]]()
    for name, number, row in _matching(files, applied):
        count += 1
        if count <= SHOWN:
            shown.append({"file": name, "row": number, "values": row})
    return {
        "firm": firm.id,
        "on": on,
        "figure": found[0],
        "table": source["table"],
        "applied": [" ".join(c) for c in applied],
        "then": then,
        "count": count,
        "rows": shown,
    }


def _files(firm: Firm, document: Mapping[str, Any], table: str, on: str) -> list[parts.Part]:
    """The table's files, each with the digest that the close names."""
    folder = firm.folder / "books" / on
    if not folder.is_dir():
        words = Text(
            f"{on}の帳簿がここにない。{firm.id}/books/{on}に置くと、行を表示できる",
            f"the Books of {on} are not here; kept as {firm.id}/books/{on} their rows can be shown",
        )
        raise NotFound(words)
    files = list(parts.find(folder).tables.get(table, ()))
    said = document["sources"]["files"]
    if not files or any(said.get(f.name) != parts.digest_of(f.path) for f in files):
        words = Text(
            f"{table}のファイルが、締めたときのものと異なる。締めたときの帳簿を置く",
            f"the files of {table} are not those that were closed; put the Books of the close here",
        )
        raise Refused(words)
    return files


def _conditions(
    filter: str, files: list[parts.Part]
) -> tuple[list[tuple[str, str, str]], list[str]]:
    """Conditions on columns of the files, and what is left of the filter."""
    columns = set(files[0].types)
    applied, then = list[tuple[str, str, str]](), list[str]()
    for part in filter.split(", "):
        match = _CONDITION.fullmatch(part)
        if match and match[1] in columns:
            applied.append((match[1], match[2], match[3]))
        else:
            then.append(part)
    return applied, then


def _matching(
    files: list[parts.Part], applied: list[tuple[str, str, str]]
) -> Iterator[tuple[str, int, dict[str, str | None]]]:
    """Rows that meet every condition, with their file and number from 1; a value as it is written.

    A condition on a column that a row leaves empty is met by `<>` only, as in the close.
    """
    for file in files:
        number = 0
        for batch in _batches(file.path):
            kept = [_holds(batch.column(c), sign, value) for c, sign, value in applied]
            every = [all(marks) for marks in zip(*kept, strict=True)] if kept else None
            for n in range(batch.num_rows):
                if every is None or every[n]:
                    row = {c: batch.column(c)[n].as_py() for c in batch.schema.names}
                    yield file.name, number + n + 1, row
            number += batch.num_rows


def _holds(column: pa.Array, sign: str, value: str) -> list[bool]:
    holds = _HOLDS[sign]
    return [holds(v or "", value) and (sign == "<>" or bool(v)) for v in column.to_pylist()]


def _batches(path: Path) -> Iterator[pa.RecordBatch]:
    """A file in batches, every value as text."""
    if path.suffix == ".parquet":
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches():
                columns = [pc.cast(c, pa.string()) for c in batch.columns]
                yield pa.RecordBatch.from_arrays(columns, names=batch.schema.names)
        return
    with path.open("rb") as stream:
        names = stream.readline().decode("utf-8-sig").rstrip("\r\n").split(",")
    texts = dict.fromkeys((n.strip('"') for n in names), pa.string())
    how = csv.ConvertOptions(column_types=texts, strings_can_be_null=True, null_values=[""])
    with csv.open_csv(path, convert_options=how) as reader:
        yield from reader

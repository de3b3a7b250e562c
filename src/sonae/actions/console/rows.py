"""The rows that a figure was read from, out of the Books that were closed.

    HOME/FIRM/books/DAY/         the folder of Books that was closed on DAY, if it is kept here

Files that are not those of the close, by their digests, are refused: rows of other Books would
explain nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as csv
import pyarrow.parquet as pq

from sonae.actions.console.home import Firm, NotFound
from sonae.books import parts
from sonae.core.errors import Refused
from sonae.core.text import Text

SHOWN = 500
"""Rows that are listed; all are counted."""
_CONDITION = re.compile(r"([a-z_]+) (=|<>|<=) (.+)")
_HOLDS = {"=": pc.equal, "<>": pc.not_equal, "<=": pc.less_equal}


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
    count, shown = _matching(files, applied)
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
) -> tuple[int, list[dict[str, Any]]]:
    """How many rows meet every condition, and the first of them with file and number from 1.

    An empty value meets `<>` only, as in the close; a value is shown as it is written.
    """
    count, shown = 0, list[dict[str, Any]]()
    for file in files:
        before = 0
        for batch in _batches(file.path, file.types):
            kept = pa.repeat(True, batch.num_rows)
            for column, sign, value in applied:
                holds = _HOLDS[sign](batch.column(column), value)
                kept = pc.and_(kept, pc.fill_null(holds, sign == "<>"))
            places = pc.indices_nonzero(kept)
            count += len(places)
            for n in places[: SHOWN - len(shown)].to_pylist():
                row = {c: batch.column(c)[n].as_py() for c in batch.schema.names}
                shown.append({"file": file.name, "row": before + n + 1, "values": row})
            before += batch.num_rows
    return count, shown


def _batches(path: Path, columns: Iterable[str]) -> Iterator[pa.RecordBatch]:
    """A file in batches, every value as text."""
    if path.suffix == ".parquet":
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches():
                columns = [pc.cast(c, pa.string()) for c in batch.columns]
                yield pa.RecordBatch.from_arrays(columns, names=batch.schema.names)
        return
    texts = dict.fromkeys(columns, pa.string())
    how = csv.ConvertOptions(column_types=texts, strings_can_be_null=True, null_values=[""])
    lines = csv.ParseOptions(newlines_in_values=True)
    with csv.open_csv(path, parse_options=lines, convert_options=how) as reader:
        yield from reader

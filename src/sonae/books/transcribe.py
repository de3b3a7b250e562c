"""CSV parts of the large tables, written once as Parquet text so that engines read one format."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

from sonae.books.kept import read_kept, write_kept
from sonae.books.parts import Part, digest_of
from sonae.books.rows import BYTES
from sonae.core.canonical import digest
from sonae.core.errors import Problem
from sonae.core.text import Text

BLOCK = 8 << 20


@dataclass(frozen=True, slots=True)
class Place:
    """A file's name in the Books, and the rows that its copy had to leave out."""

    name: str
    left_out: tuple[int, ...]

    def row(self, copied: int) -> int:
        """The row in the file of a row in the copy."""
        row = copied
        for number in self.left_out:
            row += number <= row
        return row


def transcribe(
    part: Part, table: str, scratch: Path, problems: list[Problem]
) -> tuple[Place, Part] | None:
    """The same rows as Parquet, every value as the text it was; broken rows become problems.

    A row with too many or too few cells, or bytes that are not UTF-8, is reported with its number;
    the close is then refused, so that leaving the row out here never lowers a total. A copy that an
    earlier run finished in `scratch` is taken up.
    """
    known = digest_of(part.path)
    target = scratch / f"{digest([part.name, known, list(part.types)])}.parquet"
    if kept := _kept(target):
        return Place(part.name, ()), Part(kept, part.name, part.types)
    faults: list[Problem] = []
    left_out: list[int] = []

    def broken(row: pc.InvalidRow) -> str:
        text = Text(
            f"列が{row.actual_columns}個ある（見出しは{row.expected_columns}個）",
            f"{row.actual_columns} cells where the header has {row.expected_columns}",
        )
        number = None if row.number is None else row.number - 1
        left_out.append(number or 0)
        faults.append(Problem("corrupt-row", table, text, part.name, number))
        return "skip"

    names = list(part.types)
    schema = pa.schema([(n, pa.string()) for n in names])
    try:
        reader = pc.open_csv(
            part.path,
            pc.ReadOptions(use_threads=False, block_size=BLOCK),
            pc.ParseOptions(newlines_in_values=True, invalid_row_handler=broken),
            pc.ConvertOptions(
                column_types=dict.fromkeys(names, pa.binary()), strings_can_be_null=False
            ),
        )
        with pq.ParquetWriter(target, schema) as writer:
            for batch in _as_text(reader, part, table, faults):
                writer.write_batch(pa.RecordBatch.from_arrays(batch.columns, schema=schema))
    except pa.ArrowInvalid as error:
        text = Text(f"CSVとして読めない: {error}", f"not readable as CSV: {error}")
        faults.append(Problem("unreadable-file", table, text, part.name))
    problems += faults
    if any(f.name == "unreadable-file" for f in faults):
        return None
    if not faults and digest_of(part.path) == known:
        write_kept(target.with_suffix(".json"), {"copy": digest_of(target)})
    return Place(part.name, tuple(sorted(left_out))), Part(target, part.name, part.types)


def _kept(target: Path) -> Path | None:
    """A copy without faults that an earlier run finished, and that is what it was then."""
    known = read_kept(target.with_suffix(".json"))
    good = known is not None and target.is_file() and digest_of(target) == known["copy"]
    return target if good else None


def _as_text(
    reader: pc.CSVStreamingReader, part: Part, table: str, faults: list[Problem]
) -> Iterator[pa.RecordBatch]:
    done = 0
    for batch in reader:
        columns = []
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            try:
                columns.append(column.cast(pa.string()))
            except pa.ArrowInvalid:
                columns.append(_by_row(column, name, part, table, done, faults))
        yield pa.RecordBatch.from_arrays(columns, names=batch.schema.names)
        done += batch.num_rows


def _by_row(
    column: pa.Array, name: str, part: Part, table: str, done: int, faults: list[Problem]
) -> pa.Array:
    values = []
    for number, value in enumerate(column.to_pylist(), done + 1):
        try:
            values.append(value.decode("utf-8"))
        except UnicodeDecodeError:
            values.append("")
            faults.append(Problem("corrupt-row", table, BYTES, part.name, number, column=name))
    return pa.array(values, pa.string())

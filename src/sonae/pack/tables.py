"""A large table for people and machines: CSV in parts, the same as Parquet, a workbook if short.

CSV is UTF-8 with a byte-order mark; a text that a spreadsheet would take for a formula has an
apostrophe before it. What machines read is the Parquet form, which has the bare values. Rows are
buffered to a fixed number, so that the same rows are the same bytes however they came.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv
import pyarrow.parquet as pq

from sonae.pack.my_number import PATTERN, like
from sonae.pack.sheet import ROWS, write_sheet

PART, GROUP = 1_000_000, 100_000
"""Rows of a part, and of a row group in it."""
BOM = b"\xef\xbb\xbf"
FORMULA, NUMBER = r"^[=+\-@\t\r]", r"^-[0-9]+(\.[0-9]+)?$"


def write_table(folder: Path, name: str, batches: Iterable[Any], schema: Any) -> dict[str, int]:
    """Write `name/name-00001.csv` and `.parquet`, and so on, and `name/name.xlsx` where it fits.

    Returns rows by file name, below `folder`.
    """
    (folder / name).mkdir(parents=True, mode=0o700)
    rows: dict[str, int] = {}
    written: list[Path] = []
    for number, groups in enumerate(_parts(batches, schema), 1):
        stem = f"{name}/{name}-{number:05d}"
        written.append(folder / f"{stem}.parquet")
        count = 0
        with (
            (folder / f"{stem}.csv").open("wb") as text,
            pq.ParquetWriter(written[-1], schema, compression="zstd") as machine,
        ):
            text.write(BOM)
            options = pcsv.WriteOptions(quoting_style="needed")
            with pcsv.CSVWriter(text, _shown(schema), write_options=options) as people:
                for table in groups:
                    machine.write_table(table, row_group_size=GROUP)
                    people.write_table(_safe(table))
                    count += table.num_rows
        rows |= {f"{stem}.csv": count, f"{stem}.parquet": count}
    total = sum(count for file, count in rows.items() if file.endswith(".csv"))
    if total <= ROWS:
        write_sheet(folder / name / f"{name}.xlsx", name, schema.names, _batches(written))
        rows[f"{name}/{name}.xlsx"] = total
    return rows


def _parts(batches: Iterable[Any], schema: Any) -> Iterator[Iterator[Any]]:
    """Groups of `GROUP` rows, `PART` of them in a part; one empty part where there is no row."""
    groups = _groups(batches, schema)
    first = next(groups)
    while first is not None:
        upcoming: list[Any] = []

        def part(first: Any = first, upcoming: list[Any] = upcoming) -> Iterator[Any]:
            yield first
            for _ in range(PART // GROUP - 1):
                table = next(groups, None)
                if table is None:
                    return
                yield table
            upcoming.append(next(groups, None))

        yield part()
        first = upcoming[0] if upcoming else None


def _groups(batches: Iterable[Any], schema: Any) -> Iterator[Any]:
    held: list[Any] = []
    rows = 0
    given = False
    for batch in batches:
        held.append(pa.Table.from_batches([batch]).select(schema.names).cast(schema))
        rows += batch.num_rows
        while rows >= GROUP:
            whole = pa.concat_tables(held)
            yield whole.slice(0, GROUP).combine_chunks()
            given, held = True, [whole.slice(GROUP)]
            rows -= GROUP
    if rows or not given:
        yield (pa.concat_tables(held) if held else schema.empty_table()).combine_chunks()


def _shown(schema: Any) -> Any:
    """Every column as text: numbers to the last digit, whatever a program makes of them."""
    return pa.schema([pa.field(f.name, pa.string()) for f in schema])


def _safe(table: Any) -> Any:
    columns = []
    for field, column in zip(table.schema, table.columns, strict=True):
        text = column.cast(pa.string())
        if pa.types.is_string(field.type):
            number = pc.match_substring_regex(text, NUMBER)
            risky = pc.and_not(pc.match_substring_regex(text, FORMULA), number)
            if pc.any(risky).as_py():
                marked = pc.binary_join_element_wise(pa.scalar("'"), text, "")
                text = pc.if_else(risky, marked, text)
        columns.append(text)
    return pa.table(columns, schema=_shown(table.schema))


def _batches(files: Sequence[Path]) -> Iterator[Any]:
    for file in files:
        yield from pq.ParquetFile(file).iter_batches(batch_size=GROUP)


class Watch:
    """Counts, by column, values that look like My Number in batches that pass through."""

    def __init__(self, table: str) -> None:
        self.table = table
        self.found: dict[str, int] = {}

    def through(self, batches: Iterable[Any]) -> Iterator[Any]:
        """The same batches."""
        for batch in batches:
            for field, column in zip(batch.schema, batch.columns, strict=True):
                if not pa.types.is_string(field.type):
                    continue
                near = column.filter(pc.match_substring_regex(column, PATTERN))
                count = like(v for v in near.to_pylist() if v) if len(near) else 0
                if count:
                    self.found[field.name] = self.found.get(field.name, 0) + count
            yield batch

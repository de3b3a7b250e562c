"""Tables as they are mapped: large ones as Parquet, others as CSV, and where each row came from."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sonae.books.map.convert import UNITS
from sonae.books.schema import ALLOCATIONS, BALANCES, CUSTOMERS, TABLES, Table

LARGE = (ALLOCATIONS.name, BALANCES.name, CUSTOMERS.name)


@dataclass(frozen=True)
class Origin:
    """Where rows of a table came from: an entry of the mapping, a file and its row numbers."""

    first: int
    count: int
    entry: int
    file: str
    start: int
    numbers: Any
    """None where the file's rows follow one another from `start`."""

    def row(self, written: int) -> int:
        """The row in the file of a row of the table (both from 1)."""
        at = written - self.first
        return self.start + at if self.numbers is None else int(self.numbers[at])


@dataclass
class TableFile:
    """One table of the new Books while its rows come in."""

    table: Table
    folder: Path
    origins: list[Origin] = field(default_factory=list)
    rows: int = 0
    _writer: Any = None

    @property
    def path(self) -> Path:
        """Its file."""
        suffix = "parquet" if self.table.name in LARGE else "csv"
        return self.folder / f"{self.table.name}.{suffix}"

    def take(
        self, columns: Mapping[str, pa.Array], numbers: pa.Array, entry: int, file: str
    ) -> None:
        """More rows; columns that are not given are empty."""
        count = len(numbers)
        if not count:
            return
        made = [
            columns.get(c.name, pa.nulls(count, UNITS if c.kind == "quantity" else pa.string()))
            for c in self.table.columns
        ]
        schema = pa.schema(
            [(c.name, UNITS if c.kind == "quantity" else pa.string()) for c in self.table.columns]
        )
        batch = pa.RecordBatch.from_arrays(made, schema=schema)
        if self.table.name in LARGE:
            self._parquet(batch, schema)
        else:
            self._csv(batch)
        self._origin(numbers.to_numpy(), entry, file)
        self.rows += count

    def _parquet(self, batch: pa.RecordBatch, schema: pa.Schema) -> None:
        if self._writer is None:
            few = [c.name for c in self.table.columns if c.kind == "code" or c.name == "asset"]
            self._writer = pq.ParquetWriter(self.path, schema, use_dictionary=few)
        self._writer.write_batch(batch)

    def _csv(self, batch: pa.RecordBatch) -> None:
        if self._writer is None:
            self._writer = self.path.open("w", encoding="utf-8", newline="")
            csv.writer(self._writer, lineterminator="\n").writerow(batch.schema.names)
        values = [column.to_pylist() for column in batch.columns]
        csv.writer(self._writer, lineterminator="\n").writerows(zip(*values, strict=True))

    def _origin(self, numbers: Any, entry: int, file: str) -> None:
        """Rows that go on where the last ones ended need no list."""
        first, count, start = self.rows + 1, len(numbers), int(numbers[0])
        steady = int(numbers[-1]) - start + 1 == count and bool(np.all(np.diff(numbers) == 1))
        last = self.origins[-1] if self.origins else None
        if (
            steady and last is not None and last.numbers is None
            and (last.entry, last.file, last.start + last.count) == (entry, file, start)
        ):  # fmt: skip
            self.origins[-1] = Origin(last.first, last.count + count, entry, file, last.start, None)
            return
        self.origins.append(Origin(first, count, entry, file, start, None if steady else numbers))

    def origin(self, row: int) -> Origin | None:
        """Where a row of the table came from."""
        return next((o for o in self.origins if o.first <= row < o.first + o.count), None)

    def close(self) -> None:
        """No more rows."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None


def new_tables(folder: Path) -> dict[str, TableFile]:
    """A file for each table, made once a row comes."""
    return {name: TableFile(table, folder) for name, table in TABLES.items()}

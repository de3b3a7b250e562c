"""The embedded engine."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import ibis

from sonae.books.engine import FILE, ROW, mapping_values
from sonae.core.errors import Refused, Unreadable
from sonae.core.text import Text

BATCH = 50_000
_DISK = ("No space left on device", "Disk quota exceeded", "max_temp_directory_size")
"""What an error of a disk that is full has in it: the system's words, or the engine's own."""
_NO_ROOM = Text(
    "作業用のディスクが足りない（{folder}）。空きを増やしてもう一度実行する: {e}",
    "the disk of {folder} has no room left for the engine's work; make room and run again: {e}",
)
_NO_MEMORY = Text(
    "集計エンジンのメモリーが足りない。--memory を増やしてもう一度実行する: {e}",
    "the engine has too little memory; run again with more (--memory): {e}",
)


class DuckDB:
    """DuckDB in this process, with bounded memory; larger work spills to a temporary folder."""

    name = "duckdb"

    @staticmethod
    def load() -> None:
        """The parts that are loaded with the first connection otherwise."""
        _ = ibis.duckdb

    def __init__(self, memory: str, threads: int | None, folder: Path | None = None) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="sonae-", dir=folder))
        self._ibis = ibis.duckdb.connect(
            threads=threads or os.cpu_count() or 1,
            memory_limit=memory,
            temp_directory=str(self._folder / "spill"),
        )
        self._con = self._ibis.con
        self._con.execute("set preserve_insertion_order = false")
        self._con.execute("set enable_progress_bar = false")  # it would stand in our output
        self._con.execute(
            "create temp macro as_units(digits) as digits::hugeint::decimal(38,0)"  # books.relation
        )
        self._views = 0

    def scan(self, files: Sequence[Path]) -> Any:
        """The rows of Parquet files of one schema, with `_file` and `_row` (from 1)."""
        self._views += 1
        table = self._ibis.read_parquet(
            [str(f) for f in files],
            table_name=f"part_{self._views}",
            filename=FILE,
            file_row_number=True,
            hive_partitioning=False,
        )
        return table.mutate(**{ROW: table.file_row_number + 1}).drop("file_row_number")

    def rows(self, expression: Any) -> list[dict[str, Any]]:
        """All rows of a small result."""
        return [row for batch in self.stream(expression) for row in batch]

    def stream(self, expression: Any) -> Iterator[list[dict[str, Any]]]:
        """The rows of a large result in batches."""
        for batch in self.batches(expression):
            yield [mapping_values(row) for row in batch.to_pylist()]

    def batches(self, expression: Any) -> Iterator[Any]:
        """The rows of a large result as Arrow record batches."""
        try:
            yield from self._con.execute(self._ibis.compile(expression)).to_arrow_reader(BATCH)
        except duckdb.OutOfRangeException as error:
            raise Refused(f"a sum left the exact range of 38 digits: {error}") from error
        except duckdb.Error as error:
            first = str(error).splitlines()[0]
            if any(word in str(error) for word in _DISK):
                raise Refused(_NO_ROOM.format(folder=self._folder, e=first)) from error
            if isinstance(error, duckdb.OutOfMemoryException):
                raise Refused(_NO_MEMORY.format(e=first)) from error
            raise Unreadable(first) from error

    def scratch(self) -> Path:
        """A folder for temporary files, removed with the engine."""
        return self._folder

    def close(self) -> None:
        """Give back memory and temporary files."""
        self._con.close()
        shutil.rmtree(self._folder, ignore_errors=True)

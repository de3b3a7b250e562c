"""Rows of any number, written to a Parquet file as they come."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow.parquet as pq

from sonae.core.errors import Refused

WAITING = 8
"""Tables that may wait to be written."""


class RowFile:
    """A Parquet file that grows table by table beside where it will go, on a thread of its own."""

    def __init__(self, path: Path, names: Mapping[str, str], thread: Executor) -> None:
        self.path, self.names, self.count = path, names, 0
        self._writer: Any = None
        self._thread = thread
        self._waiting: deque[Future[None]] = deque()

    def take(self, table: Any) -> None:
        """One more table; it is written while the next is made, a few at most in waiting."""
        self._waiting.append(self._thread.submit(self._write, table))
        if len(self._waiting) > WAITING:
            self._waiting.popleft().result()

    def _write(self, table: Any) -> None:
        renamed = table.rename_columns([self.names.get(n, n) for n in table.column_names])
        if self._writer is None:
            self._writer = pq.ParquetWriter(self.path, renamed.schema, use_dictionary=["asset"])
        self._writer.write_table(renamed)
        self.count += table.num_rows

    def done(self) -> str:
        """Close it; its SHA-256."""
        while self._waiting:
            self._waiting.popleft().result()
        if self._writer is None:
            raise Refused("nobody is owed what was lost")
        self._writer.close()
        with self.path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()

    def chunks(self) -> Iterator[bytes]:
        """Its content."""
        with self.path.open("rb") as stream:
            while part := stream.read(1 << 20):
                yield part


@contextmanager
def row_file(out: Path, names: Mapping[str, str]) -> Iterator[RowFile]:
    """A file of rows beside `out`, gone at the end; `names` renames columns."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with (
        TemporaryDirectory(dir=out.parent, prefix=".rows-") as folder,
        ThreadPoolExecutor(1) as thread,
    ):
        yield RowFile(Path(folder) / "rows.parquet", names, thread)

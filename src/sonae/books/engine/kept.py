"""An engine whose finished results outlast a kill, in a folder for that purpose.

What is kept is the rows of small results: sums, counts, checks. Each has the digest of its own
content and is filed under what was asked of which bytes; a result that does not fit is computed
again. So a run that was killed is repeated with the same answer, only sooner.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import ibis

from sonae import __version__
from sonae.books.engine import Engine
from sonae.books.kept import read_kept, write_kept
from sonae.books.parts import digest_of
from sonae.core.canonical import digest


class Kept:
    """Another engine, its small results kept in `folder`."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.name, self._engine, self._folder = engine.name, engine, folder
        self._sources: list[list[tuple[Path, str]]] = []
        self.taken_up = 0

    def scan(self, files: Sequence[Path]) -> Any:
        """The rows of Parquet files of one schema, with `_file` and `_row` (from 1)."""
        self._sources.append([(file, digest_of(file)) for file in files])
        return self._engine.scan(files)

    def rows(self, expression: Any) -> list[dict[str, Any]]:
        """All rows of a small result, from an earlier run where it had come so far."""
        sources = [digest([[str(file), known] for file, known in s]) for s in self._sources]
        asked = [__version__, self.name, ibis.to_sql(expression, dialect="duckdb"), *sources]
        file = self._folder / f"{digest(asked)}.json"
        found = read_kept(file)
        if found is not None:
            self.taken_up += 1
            return [dict(row) for row in found]
        rows = self._engine.rows(expression)
        if self._unchanged():
            write_kept(file, rows)
        return rows

    def _unchanged(self) -> bool:
        """Whether the files still are what a result is filed under."""
        try:
            return all(digest_of(f) == known for source in self._sources for f, known in source)
        except OSError:
            return False

    def batches(self, expression: Any) -> Iterator[Any]:
        """The rows of a large result as Arrow record batches; not kept."""
        return self._engine.batches(expression)

    def stream(self, expression: Any) -> Iterator[list[dict[str, Any]]]:
        """The rows of a large result in batches; not kept."""
        return self._engine.stream(expression)

    def scratch(self) -> Path:
        """The folder of what is kept; it outlasts the engine."""
        return self._folder

    def __getattr__(self, name: str) -> Any:
        """What only some engines can do (`books.engine.Spread`) is done by the engine itself."""
        return getattr(self._engine, name)

    def close(self) -> None:
        """Give back memory and temporary files, but not what is kept."""
        self._engine.close()

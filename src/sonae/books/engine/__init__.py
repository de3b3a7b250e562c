"""Where set-based work runs. Expressions are written once; nothing outside knows which engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from threading import Thread
from typing import Any, Protocol

from sonae.core.errors import UsageError

FILE, ROW = "_file", "_row"
ENGINES = ("duckdb",)


class Engine(Protocol):
    """Scans Parquet files and runs Ibis expressions over them, exactly.

    An expression is an `ibis.Table`; results come back as rows of plain Python values, decimals of
    scale 0 as integers. Sums that leave 38 digits raise `Refused`.
    """

    name: str

    def scan(self, files: Sequence[Path]) -> Any:
        """The rows of Parquet files of one schema, with `_file` and `_row` (from 1)."""

    def rows(self, expression: Any) -> list[dict[str, Any]]:
        """All rows of a small result."""

    def batches(self, expression: Any) -> Iterator[Any]:
        """The rows of a large result as Arrow record batches; integers stay decimal(38,0)."""

    def stream(self, expression: Any) -> Iterator[list[dict[str, Any]]]:
        """The rows of a large result in batches."""

    def scratch(self) -> Path:
        """A folder for temporary files, removed with the engine."""

    def close(self) -> None:
        """Give back memory and temporary files."""


def open_engine(
    name: str = "duckdb",
    memory: str = "1800MB",
    threads: int | None = None,
    folder: Path | None = None,
) -> Engine:
    """An engine by name; memory is a bound like "1800MB".

    `folder`: where it keeps its temporary files, in one of its own; without it where the system
    has such files.
    """
    if name == "duckdb":
        from sonae.books.engine.duckdb import DuckDB

        return DuckDB(memory, threads, folder)
    raise UsageError(f"no engine {name!r}; there is: {', '.join(ENGINES)}")


def load_ahead() -> None:
    """Load what the engine needs, about a second of it, while the caller reads files."""

    def load() -> None:
        from sonae.books.engine.duckdb import DuckDB

        DuckDB.load()

    Thread(target=load).start()


def mapping_values(row: Mapping[str, Any]) -> dict[str, Any]:
    """A result row with exact integers in place of scale-0 decimals."""
    return {k: int(v) if isinstance(v, Decimal) else v for k, v in row.items()}

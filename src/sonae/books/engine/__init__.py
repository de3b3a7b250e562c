"""Where set-based work runs. Expressions are written once; nothing outside knows which engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from threading import Thread
from typing import Any, Protocol, TypeVar, runtime_checkable

from sonae.core.errors import UsageError
from sonae.core.text import Text

FILE, ROW = "_file", "_row"
ENGINES = ("duckdb", "spark")
_NO_SPARK = Text(
    "Spark の部品がない。`pip install 'sonae[spark]'`（開発環境では `make spark`）で入る",
    "Spark is not installed; `pip install 'sonae[spark]'` gets it (from the source `make spark`)",
)
_MASTER = Text(
    "--spark-master は --engine spark とともに指定する",
    "--spark-master goes with --engine spark",
)
AT = "@"
"""Between an engine and where it runs: `spark@spark://host:7077`, `spark@local[2]`."""
Item = TypeVar("Item")
Made = TypeVar("Made")


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


@runtime_checkable
class Spread(Protocol):
    """What an engine over several machines can do besides: run our functions where its rows are."""

    def files(
        self, expression: Any, by: Sequence[str], order: Sequence[str], count: int
    ) -> list[Path]:
        """The rows as some `count` Parquet files, in order from file to file and within each.

        Rows that are equal in `by`, which `order` begins with, are in the same file. The files are
        where every machine reads them.
        """

    def each(self, work: Callable[[Item], Made], items: Sequence[Item]) -> list[Made]:
        """What a function of ours makes of each item, wherever there is room for it."""


def engine_at(name: str, master: str | None = None) -> str:
    """An engine and where it runs in one word.

    Args:
        name: one of ENGINES.
        master: for Spark the URL of its master: `spark://host:7077`, `yarn`, `local[2]`.
    """
    if master is not None and name != "spark":
        raise UsageError(_MASTER)
    return name if master is None else f"{name}{AT}{master}"


def open_engine(
    name: str = "duckdb",
    memory: str = "1800MB",
    threads: int | None = None,
    folder: Path | None = None,
) -> Engine:
    """An engine by name; memory is a bound like "1800MB", for Spark that of its driver.

    `folder`: where it keeps its temporary files, in one of its own; without it where the system
    has such files.

    Raises:
        UsageError: there is no such engine, or Spark is not installed or does not start.
        Refused: Spark runs, but not so that it computes exactly.
    """
    name, _, master = name.partition(AT)
    if name == "duckdb":
        from sonae.books.engine.duckdb import DuckDB

        return DuckDB(memory, threads, folder)
    if name == "spark":
        try:
            from sonae.books.engine.spark import Spark
        except ModuleNotFoundError as error:
            raise UsageError(_NO_SPARK) from error
        return Spark(memory, threads, folder, master or None)
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

"""Too little room for the engine's work: said as that, and never as a fault of the Books."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sonae.actions.close import close_books
from sonae.actions.work import ITSELF, Work, megabytes
from sonae.books.engine import open_engine
from sonae.core.errors import Refused
from tests.kit import balance, changed, write

ROWS = 300_000


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """More than a small engine can sort in memory."""
    file = tmp_path_factory.mktemp("large") / "large.parquet"
    words = [f"{n * 7919 % ROWS:06}{'x' * 90}" for n in range(ROWS)]
    pq.write_table(pa.table({"word": words}), file)
    return file


def ordered(engine: Any, file: Path) -> int:
    """How many rows come out of the engine in order."""
    try:
        return sum(len(batch) for batch in engine.batches(engine.scan([file]).order_by("word")))
    finally:
        engine.close()


def test_too_little_memory_and_a_full_disk_are_told_apart(large: Path, tmp_path: Path) -> None:
    assert ordered(open_engine("duckdb", "200MB", 1), large) == ROWS
    with pytest.raises(Refused, match="--memory"):
        ordered(open_engine("duckdb", "4MB", 1), large)
    small: Any = open_engine("duckdb", "50MB", 1, tmp_path)
    small._con.execute("set max_temp_directory_size = '1MB'")
    with pytest.raises(Refused, match="make room") as refused:
        ordered(small, large)
    assert str(tmp_path) in refused.value.text.ja


@pytest.mark.parametrize("memory", ["800MB", "2400MB", "4GB"])
def test_program_engine_and_seal_together_take_what_was_given(
    memory: str, monkeypatch: Any
) -> None:
    given = list[str]()
    monkeypatch.setattr(
        "sonae.actions.work.open_engine",
        lambda name, memory, *more: (given.append(memory), open_engine(name, memory, *more))[1],
    )
    with Work(memory=memory).running():
        pass
    assert ITSELF + int(given[0].removesuffix("MB")) + Work(
        memory=memory
    ).rest // 10**6 == megabytes(memory)


def test_a_close_without_room_says_nothing_against_the_books(
    tmp_path: Path, monkeypatch: Any
) -> None:
    """No report of a refusal is written, and a folder that was named keeps what was finished."""
    rows = [balance(f"A{n:06}", "BTC", 1) for n in range(20_000)]
    books = write(tmp_path / "books", changed(balances=rows))
    monkeypatch.setattr(
        "sonae.actions.work.open_engine", lambda name, _, *more: open_engine(name, "2MB", *more)
    )
    work = Work(folder=tmp_path / "work", named=True)
    with pytest.raises(Refused, match="memory"):
        close_books(books, out=tmp_path / "out", work=work)
    assert not (tmp_path / "out").exists()
    assert (tmp_path / "work").is_dir()

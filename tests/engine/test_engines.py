"""Engines by name, and a seal made in pieces, without Spark: what `make test` can hold."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sonae.books.engine import Spread, engine_at, open_engine
from sonae.books.engine.duckdb import DuckDB
from sonae.core.errors import UsageError
from tests.command import contents, sonae
from tests.kit import balance, changed, refused, write


class InPieces(DuckDB):
    """DuckDB as if it were an engine of several machines, all of them here."""

    def files(
        self, expression: Any, by: Sequence[str], order: Sequence[str], count: int
    ) -> list[Path]:
        batches = list(self.batches(expression.order_by(list(order))))
        table = pa.Table.from_batches(batches) if batches else None
        rows = [] if table is None else table.to_pylist()
        size, cuts = -(-len(rows) // count) or 1, [0]
        for n in range(1, len(rows)):
            apart = any(rows[n][name] != rows[n - 1][name] for name in by)
            if n - cuts[-1] >= size and apart:
                cuts.append(n)
        made = []
        for start, end in zip(cuts, [*cuts[1:], len(rows)], strict=True):
            made.append(self.scratch() / f"part-{len(list(self.scratch().iterdir())):05d}.parquet")
            pq.write_table(table.slice(start, end - start), made[-1])
        return made

    def each(self, work: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
        return [work(item) for item in items]


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample") / "books"
    assert sonae("sample", folder, "--accounts", 300).code == 0
    return folder


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, books: Path) -> Path:
    """A folder with a seal key, and the seal of the books made in one piece."""
    folder = tmp_path_factory.mktemp("whole")
    assert sonae("seal", "key", folder / "seal.key").code == 0
    words = ("--out", folder / "seal", "--key", folder / "seal.key")
    assert sonae("seal", "make", books, *words).code == 0
    return folder


@pytest.mark.parametrize("rows", [1, 37, 250, 100_000])
def test_a_seal_in_pieces_is_the_same_to_the_byte(
    tmp_path: Path, books: Path, whole: Path, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    """Wherever balances and leaves are cut: header, manifest, claims, leaves."""
    monkeypatch.setattr("sonae.actions.seal.spread.ROWS", rows)
    monkeypatch.setattr("sonae.books.engine.duckdb.DuckDB", InPieces)
    assert issubclass(InPieces, Spread)
    words = ("--out", tmp_path / "seal", "--key", whole / "seal.key")
    said = sonae("seal", "make", books, *words)
    assert said.code == 0, said.err
    ours, theirs = contents(tmp_path / "seal"), contents(whole / "seal")
    assert ours.keys() == theirs.keys()
    for name in ours:
        if name.startswith("private/leaves/") or name in (
            "public/header.bin",
            "public/manifest.json",
        ):
            assert ours[name] == theirs[name], name
    claims = [f / "private" / "claims.parquet" for f in (tmp_path / "seal", whole / "seal")]
    assert pq.read_table(claims[0]).equals(pq.read_table(claims[1]))


def test_an_engine_is_named_with_its_place_and_only_spark_has_one() -> None:
    assert engine_at("duckdb") == "duckdb"
    assert engine_at("spark", "spark://host:7077") == "spark@spark://host:7077"
    for name in ("duckdb", "abacus"):
        with pytest.raises(UsageError, match="--spark-master goes with --engine spark"):
            engine_at(name, "local[2]")


def test_where_spark_is_not_installed_it_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(sys.modules, "sonae.books.engine.spark", raising=False)
    for name in [n for n in sys.modules if n.split(".")[0] in ("pyspark", "py4j")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pyspark", None)
    monkeypatch.setitem(sys.modules, "py4j", None)
    with pytest.raises(UsageError, match=r"pip install 'sonae\[spark\]'") as caught:
        open_engine("spark")
    assert "make spark" in caught.value.text.ja


@pytest.mark.parametrize("text", ["12\n", "12\r\n", "12\n\n"])
def test_a_line_break_after_a_quantity_is_refused(tmp_path: Path, text: str) -> None:
    """`$` of some engines stands before it; a pattern has to end where the text ends."""
    write(tmp_path, changed(balances=[balance("A1", "BTC", text)]))  # type: ignore[arg-type]
    assert {p.name for p in refused(tmp_path)} == {"corrupt-row"}

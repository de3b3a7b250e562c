"""Files, parts and columns that are missing, unknown, doubled or broken."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sonae.actions.close import close_books
from sonae.core.errors import InputError
from tests.faults.places import bad, places
from tests.kit import (
    changed,
    clean,
    edit,
    line,
    price,
    refused,
    without,
    write,
)

BALANCES = clean()["balances"]


@pytest.mark.parametrize("table", ["assets", "balances", "holdings", "prices"])
def test_a_table_that_is_always_needed_is_missed_by_name(tmp_path: Path, table: str) -> None:
    """Four tables are always needed; the others only by what reads them."""
    write(tmp_path, without(table))
    assert ("missing-table", table, table, None, "") in places(refused(tmp_path))


def test_no_venue_and_no_folder_are_missed_by_name(tmp_path: Path) -> None:
    """venue.toml is needed like a table; a folder that is not there is said to be so."""
    write(tmp_path, clean())
    (tmp_path / "venue.toml").unlink()
    assert places(refused(tmp_path)) == [("missing-table", "venue", "venue.toml", None, "")]
    assert places(refused(tmp_path / "no")) == [("missing-folder", "books", "no", None, "")]


@pytest.mark.parametrize(
    "name", ["balance.csv", "Balances.csv", "prices.CSV", "prices.json", "venue.yaml", "stuff"]
)
def test_a_file_that_is_no_table_is_never_passed_over(tmp_path: Path, name: str) -> None:
    """A misspelt name might be a table that would then be missing from the totals."""
    write(tmp_path, clean(), files={name: "x"})
    assert ("unknown-file", name, name, None, "") in places(refused(tmp_path))


@pytest.mark.parametrize("name", ["b.CSV", "b.csv.gz", "asset=BTC/b.csv"])
def test_a_part_that_is_not_read_is_never_passed_over(tmp_path: Path, name: str) -> None:
    """A file or folder inside a table's folder holds rows: read it or refuse, never drop it."""
    write(tmp_path / "books", without("balances"))
    write(tmp_path / "halves", {"a": BALANCES[:1], "b": BALANCES[1:]})
    parts = tmp_path / "books" / "balances"
    (parts / name).parent.mkdir(parents=True)
    (tmp_path / "halves" / "a.csv").rename(parts / "a.csv")
    (tmp_path / "halves" / "b.csv").rename(parts / name)
    try:
        closed = close_books(tmp_path / "books")
    except InputError:
        return
    assert line(closed, "BTC")["owed"] == "100"


def test_a_table_given_twice_is_refused(tmp_path: Path) -> None:
    """prices.csv beside a folder prices/: which one counts is not guessed."""
    write(tmp_path, clean())
    (tmp_path / "prices").mkdir()
    (tmp_path / "prices" / "more.csv").write_bytes((tmp_path / "prices.csv").read_bytes())
    assert ("two-forms", "prices", "prices", None, "") in places(refused(tmp_path))


@pytest.mark.parametrize("table", ["balances", "prices"])
def test_columns_are_missed_and_questioned_by_name(tmp_path: Path, table: str) -> None:
    """A column under another name is one unknown and one missing, in a large and a small table."""
    rows = [{("coin" if k == "asset" else k): v for k, v in r.items()} for r in clean()[table]]
    write(tmp_path, changed(**{table: rows}))
    assert places(refused(tmp_path)) == [
        bad(table, None, "asset", "missing-column"),
        bad(table, None, "coin", "unknown-column"),
    ]


@pytest.mark.parametrize("table", ["balances", "prices"])
def test_a_column_name_that_stands_twice_is_refused(tmp_path: Path, table: str) -> None:
    """Which of two columns of one name counts is not guessed."""
    write(tmp_path, clean())
    edit(tmp_path / f"{table}.csv", "asset,", "asset,asset,")
    assert places(refused(tmp_path)) == [bad(table, None, "", "unreadable-file")]


@pytest.mark.parametrize("table", ["balances", "holdings"])
def test_both_forms_of_a_quantity_in_one_part_are_refused(tmp_path: Path, table: str) -> None:
    """quantity and quantity_decimal side by side might disagree."""
    rows = [r | {"quantity_decimal": "1"} for r in clean()[table]]
    write(tmp_path, changed(**{table: rows}))
    assert places(refused(tmp_path)) == [bad(table, None, "quantity", "two-quantities")]


@pytest.mark.parametrize("table", ["balances", "prices"])
def test_a_broken_parquet_file_is_refused(tmp_path: Path, table: str) -> None:
    """Not Parquet at all, or bytes damaged inside: a problem with its file, not a crash."""
    write(tmp_path, without(table))
    file = tmp_path / f"{table}.parquet"
    file.write_bytes(b"not parquet")
    expected = ("unreadable-file", table, file.name, None, "")
    assert places(refused(tmp_path)) == [expected]

    rows = [{k: str(v) for k, v in r.items()} for r in clean()[table]] * 50
    pq.write_table(pa.Table.from_pylist(rows), file, compression="zstd")
    content = bytearray(file.read_bytes())
    content[8:60] = bytes(52)
    file.write_bytes(content)
    assert expected in places(refused(tmp_path))


def test_an_instant_finer_than_a_microsecond_is_no_crash(tmp_path: Path) -> None:
    """Parquet written with nanoseconds: a problem of that column, with its row."""
    write(tmp_path, without("prices"))
    table = pa.table({k: [v] for k, v in price("BTC", "1").items()})
    at = pa.array([1_800_000_000_000_000_001], pa.timestamp("ns", "UTC"))
    table = table.set_column(table.column_names.index("at"), "at", at)
    pq.write_table(table, tmp_path / "prices.parquet")
    expected = ("corrupt-row", "prices", "prices.parquet", 1, "at")
    assert places(refused(tmp_path)) == [expected]

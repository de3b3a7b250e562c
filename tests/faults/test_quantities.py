"""Quantities are exact or refused: every form, in CSV and Parquet, in large and small tables."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sonae.actions.close import close_books
from sonae.core.errors import Refused
from tests.faults.places import bad, places
from tests.kit import balance, changed, clean, close, holding, line, refused, without, write

UNITS = pa.decimal128(38, 0)
TABLES = {
    "balances": balance("A1", "BTC", 0),
    "holdings": holding("A1", "BTC", 0),
}


def row(table: str, number: int = 1, **quantity: Any) -> dict[str, Any]:
    """A row of BTC with this quantity in this form."""
    key = "account_id" if table == "balances" else "holding_id"
    rest = {k: v for k, v in TABLES[table].items() if k != "quantity"}
    return rest | {key: f"A{number}"} | quantity


def one(table: str, **quantity: Any) -> dict[str, Any]:
    """Books whose balances (or holdings) are that row alone."""
    return changed(**{table: [row(table, **quantity)]})


def read(closed: Any, table: str) -> str:
    """What the rows came to, in whole coins."""
    entry = line(closed, "BTC")
    return str(entry["owed"] if table == "balances" else entry["held"]["total"])


NO_QUANTITY = (
    *("1e3", "1E3", " 1", "1 ", "1,000", "1_000", "+5", "５", "--5", "-", "", "NaN", "0x1f", "5\n"),
    "9" * 39,
)


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("form", ["quantity", "quantity_decimal"])
def test_a_text_that_is_no_plain_number_is_refused(tmp_path: Path, table: str, form: str) -> None:
    """No exponent, plus sign, space or separator; at most 38 digits. Every row is named."""
    rows = [row(table, n, **{form: text}) for n, text in enumerate(NO_QUANTITY)]
    write(tmp_path, changed(**{table: rows}))
    expected = [bad(table, n, "quantity") for n in range(1, len(NO_QUANTITY) + 1)]
    assert places(refused(tmp_path)) == expected


@pytest.mark.parametrize("table", TABLES)
def test_whole_coins_keep_to_the_scale_of_the_asset(tmp_path: Path, table: str) -> None:
    """BTC has eight digits: a ninth is an error even where it is a zero."""
    texts = ("0.123456789", "1.100000000", "0.12345678", ".5", "5.", "1.2.3", "9" * 31)
    rows = [row(table, n, quantity_decimal=text) for n, text in enumerate(texts)]
    write(tmp_path, changed(**{table: rows}))
    assert places(refused(tmp_path)) == [
        *(bad(table, n, "quantity") for n in (4, 5, 6, 7)),
        *(bad(table, n, "quantity", "wrong-scale") for n in (1, 2)),
    ]


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize(
    ("form", "text", "coins"),
    [
        ("quantity", "1", "0.00000001"),
        ("quantity", "9" * 38, "9" * 30 + "." + "9" * 8),
        ("quantity_decimal", "1.5", "1.5"),
        ("quantity_decimal", "0.00000001", "0.00000001"),
        ("quantity_decimal", "9" * 30 + ".99999999", "9" * 30 + "." + "9" * 8),
    ],
)
def test_a_quantity_is_read_to_the_last_unit(
    tmp_path: Path, table: str, form: str, text: str, coins: str
) -> None:
    """From one base unit up to 38 digits, in both forms."""
    assert read(close(tmp_path, one(table, **{form: text})), table) == coins


@pytest.mark.parametrize("table", TABLES)
def test_a_sum_beyond_38_digits_is_refused(tmp_path: Path, table: str) -> None:
    """Two rows of 38 nines each: no wrapping round, no rounding, nothing written."""
    rows = [row(table, n, quantity="9" * 38) for n in (1, 2)]
    write(tmp_path / "books", changed(**{table: rows}))
    with pytest.raises(Refused):
        close_books(tmp_path / "books", out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


# -- Parquet ---------------------------------------------------------------------------------------


def parquet(folder: Path, table: str, quantity: pa.Array, form: str = "quantity") -> Path:
    """Books with one table as Parquet, its quantity of any Arrow type."""
    write(folder, without(table))
    cells = {k: [v] for k, v in row(table).items()}
    pq.write_table(pa.table({**cells, form: quantity}), folder / f"{table}.parquet")
    return folder


EXACT: Mapping[str, pa.Array] = {
    "decimal(38,0)": pa.array([Decimal(150)], UNITS),
    "int64": pa.array([150]),
    "uint64": pa.array([150], pa.uint64()),
    "int16": pa.array([150], pa.int16()),
    "string": pa.array(["150"]),
}
UNSURE: Mapping[str, pa.Array] = {
    "none": pa.array([None], UNITS),
    "text with an exponent": pa.array(["1e3"]),
    "large text with an exponent": pa.array(["1e3"], pa.large_string()),
    "large text with a fraction": pa.array(["1.7"], pa.large_string()),
    "large text that is no number": pa.array(["x"], pa.large_string()),
    "text view with a space": pa.array([" 12"], pa.string_view()),
    "coded text with an exponent": pa.array(["1e3"]).dictionary_encode(),
    "decimal with a fraction": pa.array([Decimal("1.50")], pa.decimal128(10, 2)),
    "more than 38 digits": pa.array([Decimal(10**38)], pa.decimal256(50, 0)),
    "truth": pa.array([True]),
    "day": pa.array([3], pa.date32()),
    "bytes": pa.array([b"12"], pa.binary()),
}


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("kind", EXACT)
def test_exact_types_of_parquet_are_read(tmp_path: Path, table: str, kind: str) -> None:
    """Integers and decimals without a fraction, and plain text."""
    closed = close_books(parquet(tmp_path, table, EXACT[kind]))
    assert read(closed, table) == "0.0000015"


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("kind", UNSURE)
def test_other_types_of_parquet_are_refused_and_never_rounded(
    tmp_path: Path, table: str, kind: str
) -> None:
    """What is not surely a number of base units is a problem of that column, not a guess."""
    found = refused(parquet(tmp_path, table, UNSURE[kind]))
    assert {(p.table, p.file, p.column) for p in found} == {(table, f"{table}.parquet", "quantity")}


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("form", ["quantity", "quantity_decimal"])
@pytest.mark.parametrize("type", [pa.float64(), pa.float32(), pa.float16()])
def test_floating_point_is_refused_by_its_column(
    tmp_path: Path, table: str, form: str, type: pa.DataType
) -> None:
    """Even where every value is whole."""
    found = refused(parquet(tmp_path, table, pa.array([1.0]).cast(type), form))
    assert [(p.name, p.column) for p in found] == [("floating-point", form)]


def test_a_price_in_floating_point_is_refused(tmp_path: Path) -> None:
    """Money is exact too; a decimal price is read as it is."""
    write(tmp_path / "float", without("prices"))
    rows = [r | {"price": 15.5} for r in clean()["prices"]]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "float" / "prices.parquet")
    [problem] = refused(tmp_path / "float")
    assert (problem.name, problem.table, problem.column) == ("floating-point", "prices", "price")

    write(tmp_path / "exact", without("prices"))
    rows = [r | {"price": Decimal("15.50")} for r in clean()["prices"]]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "exact" / "prices.parquet")
    assert line(close_books(tmp_path / "exact"), "BTC")["price"] == "15.5"


# -- parts -----------------------------------------------------------------------------------------


def written(file: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """A part as CSV or Parquet, by its name."""
    if file.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist([dict(r) for r in rows]), file)
        return
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.mark.parametrize("table", TABLES)
def test_parts_of_one_table_may_differ_in_format_and_form(tmp_path: Path, table: str) -> None:
    """CSV and Parquet, base units and whole coins, integers and text: 11.11111111 BTC together."""
    write(tmp_path, without(table))
    parts = tmp_path / table
    parts.mkdir()
    written(parts / "a.csv", [row(table, 1, quantity="1000000000")])
    written(parts / "b.csv", [row(table, 2, quantity_decimal="1.1")])
    written(parts / "c.parquet", [row(table, 3, quantity=Decimal(1_000_000))])
    written(parts / "d.parquet", [row(table, n, quantity="50000") for n in (4, 5)])
    written(parts / "e.parquet", [row(table, 6, quantity_decimal="0.00011111")])
    assert read(close_books(tmp_path), table) == "11.11111111"


def test_a_fault_in_a_part_is_named_by_that_part_and_its_row(tmp_path: Path) -> None:
    """The second row of the third part, and the first of the fourth."""
    write(tmp_path, without("balances"))
    (tmp_path / "balances").mkdir()
    rows = [balance(f"A{n}", "BTC", n) for n in range(8)]
    written(tmp_path / "balances" / "a.csv", rows[:2])
    written(tmp_path / "balances" / "b.parquet", rows[2:4])
    written(tmp_path / "balances" / "c.csv", [rows[4], rows[5] | {"quantity": "1e3"}])
    written(tmp_path / "balances" / "d.parquet", [rows[6] | {"state": "frozen"}, rows[7]])
    assert places(refused(tmp_path)) == [
        ("corrupt-row", "balances", "balances/c.csv", 2, "quantity"),
        ("unknown-code", "balances", "balances/d.parquet", 1, "state"),
    ]


def test_a_key_repeated_across_parts_is_named_where_it_stands(tmp_path: Path) -> None:
    """Row 5 of one part and row 2 of another: both places, not a mixture of them."""
    write(tmp_path, without("balances"))
    (tmp_path / "balances").mkdir()
    written(tmp_path / "balances" / "a.csv", [balance(f"A{n}", "BTC", 1) for n in range(1, 6)])
    written(tmp_path / "balances" / "b.csv", [balance("A9", "BTC", 1), balance("A5", "BTC", 1)])
    found = {(p.name, p.file, p.row) for p in refused(tmp_path)}
    assert found == {
        ("repeated-key", "balances/a.csv", 5),
        ("repeated-key", "balances/b.csv", 2),
    }


@pytest.mark.parametrize("kind", [pa.int8(), pa.int32(), pa.int64()])
def test_a_negative_count_of_days_in_parquet_is_refused_by_its_row(
    tmp_path: Path, kind: pa.DataType
) -> None:
    """Days may be missing, and zero is a number of days; below zero is none."""
    days = pa.array([None, 0, 30, -1], kind)
    cells = [row("balances", n, quantity=Decimal(1)) for n in range(1, 5)]
    folder = write(tmp_path, without("balances"))
    table = pa.Table.from_pylist(cells).append_column("days_to_liquid", days)
    pq.write_table(table, folder / "balances.parquet")
    place = ("corrupt-row", "balances", "balances.parquet", 4, "days_to_liquid")
    assert places(refused(folder)) == [place]


@pytest.mark.parametrize("most", [999_999_999, 1_000_000_000, 2**64 - 1])
def test_a_count_of_days_in_parquet_has_nine_digits_at_most(tmp_path: Path, most: int) -> None:
    """As in text; a number that no 64-bit integer holds is a fault of its row, not a crash."""
    cells = [row("balances", 1, quantity=Decimal(1))]
    folder = write(tmp_path, without("balances"))
    table = pa.Table.from_pylist(cells).append_column(
        "days_to_liquid", pa.array([most], pa.uint64())
    )
    pq.write_table(table, folder / "balances.parquet")
    if most < 10**9:
        assert close_books(folder).document["format"] == "sonae-close/1"
    else:
        place = ("corrupt-row", "balances", "balances.parquet", 1, "days_to_liquid")
        assert places(refused(folder)) == [place]

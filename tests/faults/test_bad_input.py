"""Values and rows that cannot be used: table, file, row and column, all in one run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.faults.places import Place, bad, places
from tests.kit import (
    asset,
    balance,
    changed,
    clean,
    edit,
    holding,
    price,
    refused,
    statement,
    without,
    write,
)

BALANCES, PRICES = clean()["balances"], clean()["prices"]


def customers(*ids: str) -> list[dict[str, Any]]:
    return [{"customer_id": id, "kind": "person"} for id in ids]


def volume(amount: str, most: str = "") -> dict[str, Any]:
    row = {"fiscal_year_start": "2026-04-01", "item": "crypto_traded_value"}
    return row | {"amount": amount, "amount_at_most": most}


DEED = {
    "instrument_id": "i1",
    "kind": "trust_deed",
    "holder": "Test Trust Bank",
    "title": "pledged",
    "amount": "1",
    "bankruptcy_remote": "perhaps",
}
VALUES: dict[str, tuple[dict[str, Any], list[Place]]] = {
    "an asset that is not listed, in the balances": (
        {"balances": [*BALANCES, balance("A9", "DOGE", 1)]},
        [bad("balances", 4, "asset", "unknown-asset")],
    ),
    "an asset that is not listed, in holdings": (
        {"holdings": [*clean()["holdings"], holding("h", "DOGE", 1)]},
        [bad("holdings", 2, "asset", "unknown-asset")],
    ),
    "an asset and a currency that are not listed, in prices": (
        {"prices": [*PRICES, price("DOGE", "1", currency="EUR")]},
        [
            bad("prices", 2, "asset", "unknown-asset"),
            bad("prices", 2, "currency", "unknown-asset"),
        ],
    ),
    "a currency that is not listed, in statements": (
        {"statements": [statement("t", "1", currency="EUR")]},
        [bad("statements", 1, "currency", "unknown-asset")],
    ),
    "codes that do not exist, in the balances": (
        {"balances": [balance("A1", "BTC", 1, "frozen", product="futures")]},
        [
            bad("balances", 1, "product", "unknown-code"),
            bad("balances", 1, "state", "unknown-code"),
        ],
    ),
    "a code in another case": (
        {"balances": [balance("A1", "BTC", 1, "Free")]},
        [bad("balances", 1, "state", "unknown-code")],
    ),
    "codes that do not exist, in holdings": (
        {"holdings": [holding("h", "BTC", 1, "bank", evidence="word")]},
        [
            bad("holdings", 1, "evidence", "unknown-code"),
            bad("holdings", 1, "owner", "unknown-code"),
        ],
    ),
    "a tier that does not exist": (
        {"holdings": [holding("h", "BTC", 1, tier="warm")]},
        [bad("holdings", 1, "tier", "unknown-code")],
    ),
    "codes that do not exist, in statements": (
        {"statements": [statement("t", "1", "ours", stage="soon")]},
        [
            bad("statements", 1, "kind", "unknown-code"),
            bad("statements", 1, "stage", "unknown-code"),
        ],
    ),
    "codes that do not exist, in other small tables": (
        {
            "volumes": [volume("1") | {"item": "shares"}],
            "financials": [{"on": "2026-09-30", "item": "assets", "amount": "1"}],
            "instruments": [DEED],
        },
        [
            bad("financials", 1, "item", "unknown-code"),
            bad("instruments", 1, "bankruptcy_remote", "unknown-code"),
            bad("volumes", 1, "item", "unknown-code"),
        ],
    ),
    "an unknown kind of customer": (
        {"customers": [*customers("C1"), {"customer_id": "C2", "kind": "robot"}]},
        [bad("customers", 2, "kind", "unknown-code")],
    ),
    "a customer who is not in customers": (
        {"customers": customers("C1")},
        [bad("balances", 2, "customer_id", "unknown-customer")],
    ),
    "a balance without a customer": (
        {"balances": [balance("A1", "BTC", 1, customer_id="")]},
        [bad("balances", 1, "customer_id", "missing-value")],
    ),
    "nothing where something is required, in the balances": (
        {"balances": [balance("", "", 1, "", product="", customer_id="C1")]},
        [
            bad("balances", 1, "account_id", "missing-value"),
            bad("balances", 1, "asset", "missing-value"),
            bad("balances", 1, "product", "missing-value"),
            bad("balances", 1, "state", "missing-value"),
        ],
    ),
    "two balances without a state": (
        {"balances": [balance("A1", "BTC", 1, ""), balance("A1", "BTC", 2, "")]},
        [
            bad("balances", 1, "state", "missing-value"),
            bad("balances", 2, "state", "missing-value"),
        ],
    ),
    "nothing where something is required, in prices": (
        {"prices": [price("BTC", "", "", at="", own_venue="")]},
        [
            bad("prices", 1, "at", "missing-value"),
            bad("prices", 1, "own_venue", "missing-value"),
            bad("prices", 1, "price", "missing-value"),
            bad("prices", 1, "source", "missing-value"),
        ],
    ),
    "a balance that stands twice": (
        {"balances": [*BALANCES, balance("A2", "BTC", 7)]},
        [bad("balances", n, "account_id, asset, product, state", "repeated-key") for n in (2, 4)],
    ),
    "a price that stands twice": (
        {"prices": [*PRICES, price("BTC", "1")]},
        [bad("prices", 2, "", "repeated-key")],
    ),
    "an asset and a holding that stand twice": (
        {
            "assets": [*clean()["assets"], asset("BTC")],
            "holdings": [*clean()["holdings"], holding("btc-cold", "BTC", 1)],
        },
        [bad("assets", 3, "", "repeated-key"), bad("holdings", 2, "", "repeated-key")],
    ),
    "a customer who stands twice": (
        {"customers": customers("C1", "C2", "C1")},
        [bad("customers", n, "customer_id", "repeated-key") for n in (1, 3)],
    ),
    "margin debt of both signs": (
        {
            "balances": [
                balance("A1", "BTC", 5, "margin_debt"),
                balance("A2", "BTC", -5, "margin_debt"),
            ]
        },
        [("mixed-signs", "balances", "", None, "quantity")],
    ),
    "margin debt that is not a number": (
        {"balances": [*BALANCES, balance("A1", "BTC", "x", "margin_debt")]},  # type: ignore[arg-type]
        [bad("balances", 4, "quantity")],
    ),
    "money among the holdings": (
        {"holdings": [*clean()["holdings"], holding("cash", "JPY", 1)]},
        [bad("holdings", 2, "asset", "fiat-holding")],
    ),
    "a coin without a tier": (
        {"holdings": [holding("btc-cold", "BTC", 1, tier="")]},
        [bad("holdings", 1, "tier", "missing-value")],
    ),
    "a scale beyond 30": (
        {"assets": [asset("BTC", scale=31), asset("JPY", "fiat", 0)]},
        [bad("assets", 1, "", "bad-scale")],
    ),
    "a scale that is no number": (
        {"assets": [*clean()["assets"], asset("X", scale=-1)]},
        [bad("assets", 3, "scale")],
    ),
    "an amount, a date, an instant and a truth that are none": (
        {
            "prices": [price("BTC", "15,000,000", own_venue="no", at="2026-11-20T23:59:59")],
            "statements": [statement("t", "1e6", as_of="20/11/2026")],
        },
        [
            bad("prices", 1, "at"),
            bad("prices", 1, "own_venue"),
            bad("prices", 1, "price"),
            bad("statements", 1, "amount"),
            bad("statements", 1, "as_of"),
        ],
    ),
    "a price below zero": (
        {"prices": [price("BTC", "-5")]},
        [bad("prices", 1, "price", "below-zero")],
    ),
    "days that are no count": (
        {
            "balances": [balance("A1", "BTC", 1, days_to_liquid="-1")],
            "holdings": [holding("h", "BTC", 1, days_to_liquid="1.5")],
        },
        [bad("balances", 1, "days_to_liquid"), bad("holdings", 1, "days_to_liquid")],
    ),
    "an upper bound below the amount": (
        {"volumes": [volume("10", "5")]},
        [bad("volumes", 1, "amount_at_most", "bad-range")],
    ),
}


@pytest.mark.parametrize("fault", VALUES)
def test_a_value_that_cannot_be_used_is_named_with_its_place(tmp_path: Path, fault: str) -> None:
    """Every problem of these Books and no other."""
    tables, expected = VALUES[fault]
    write(tmp_path, changed(**tables))
    known = without("customers") if "customers" not in tables else {}
    assert known is not None
    assert places(refused(tmp_path)) == sorted(
        expected, key=lambda p: (p[0], p[1], p[3] or 0, p[4])
    )


def test_all_problems_of_all_tables_are_named_in_one_run(tmp_path: Path) -> None:
    """Faults of seven kinds in six tables, the settings and the names of files."""
    tables = changed(
        assets=[*clean()["assets"], asset("X", "share")],
        balances=[*BALANCES, balance("A9", "DOGE", "1e3"), balance("A1", "BTC", 1)],  # type: ignore[arg-type]
        holdings=[holding("h", "BTC", 1, evidence="word"), holding("h", "BTC", 2)],
        prices=[price("BTC", "1 000")],
        statements=[statement("t", "1", as_of="today")],
        customers=customers("C1", "C2", "C2"),
    )
    write(tmp_path, tables, files={"balance.csv": "x"})
    edit(tmp_path / "venue.toml", 'currency = "JPY"\n', "")
    found = {p[:2] for p in places(refused(tmp_path))}
    assert found == {
        ("unknown-file", "balance.csv"),
        ("missing-setting", "venue"),
        ("unknown-code", "assets"),
        ("unknown-asset", "balances"),
        ("corrupt-row", "balances"),
        ("repeated-key", "balances"),
        ("unknown-customer", "balances"),
        ("unknown-code", "holdings"),
        ("repeated-key", "holdings"),
        ("corrupt-row", "prices"),
        ("corrupt-row", "statements"),
        ("repeated-key", "customers"),
    }


# -- rows ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", ["balances", "prices"])
@pytest.mark.parametrize("cells", ["A7,C7", "A7,C7,BTC,spot,free,1,2,3,4,5,6,7,8"])
def test_a_row_with_too_few_or_too_many_cells_is_named(
    tmp_path: Path, table: str, cells: str
) -> None:
    """The row is not squeezed into the columns, in a large and a small table."""
    write(tmp_path, clean())
    with (tmp_path / f"{table}.csv").open("a", encoding="utf-8") as stream:
        stream.write(f"{cells}\r\n")
    row = len(clean()[table]) + 1
    assert places(refused(tmp_path)) == [bad(table, row, "")]


def test_rows_are_counted_on_after_a_broken_one(tmp_path: Path) -> None:
    """Row 2 lacks cells and row 3 lacks a number: both are named by the row of the file."""
    write(tmp_path, clean())
    head = (tmp_path / "balances.csv").read_text("utf-8").splitlines()[0]
    rows = [head, "A1,C1,BTC,spot,free,1", "A2,C2", "A3,C3,BTC,spot,free,x"]
    (tmp_path / "balances.csv").write_text("\n".join(rows) + "\n", "utf-8")
    assert places(refused(tmp_path)) == [
        bad("balances", 2, ""),
        bad("balances", 3, "quantity"),
    ]


@pytest.mark.parametrize("rows", [3, 600])
def test_bytes_that_are_not_utf_8_are_named_by_row_and_column(tmp_path: Path, rows: int) -> None:
    """A Latin-1 letter in the last row, in a short file and a long one."""
    write(tmp_path, changed(balances=[balance(f"A{n}", "BTC", 0) for n in range(rows)]))
    file = tmp_path / "balances.csv"
    file.write_bytes(file.read_bytes().replace(f"A{rows - 1},".encode(), b"\xe9,"))
    found = places(refused(tmp_path))
    assert bad("balances", rows, "account_id") in found
    assert {p[3] for p in found} == {rows}


def test_bytes_that_are_not_utf_8_are_named_in_a_small_table(tmp_path: Path) -> None:
    """A Latin-1 letter in the second of three prices."""
    write(tmp_path, changed(prices=[price("BTC", "1", f"source-{n}") for n in range(3)]))
    file = tmp_path / "prices.csv"
    file.write_bytes(file.read_bytes().replace(b"source-1", b"\xe9"))
    assert {p[:4] for p in places(refused(tmp_path))} == {bad("prices", 2, "")[:4]}

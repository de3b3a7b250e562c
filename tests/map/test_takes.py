"""How columns are made: units, signs, joins, empty cells, and what a file hides at its edges."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import load_workbook

from sonae.actions.books.map import map_books

from . import kit
from .kit import firm, problems, table, told
from .test_sources import around

SPEC = """
[[source]]
id = "s"
form = "csv"
files = ["s.csv"]
layout = ["a", "b", "coin", "n", "m", "way"]
{more}
[[table]]
to = "balances"
source = "s"
{choice}
[table.columns]
account_id = {{ column = ["a", "b"], join = "-" }}
customer_id = {{ column = "a", prefix = "C", wide = true }}
asset = "coin"
product = {{ value = "spot" }}
state = {{ value = "free" }}
quantity = {quantity}
"""


def made(
    folder: Path, quantity: str, *rows: str, more: str = "", choice: str = ""
) -> list[tuple[str, int]]:
    """Accounts and quantities of these rows."""
    mapping = around(folder, SPEC.format(quantity=quantity, more=more, choice=choice), "balances")
    (folder / "s.csv").write_text("\n".join(["a,b,coin,n,m,way", *rows, ""]), encoding="utf-8")
    map_books(mapping, folder / "out")
    return [(r["account_id"], int(r["quantity"])) for r in table(folder / "out", "balances")]


@pytest.mark.parametrize(
    ("quantity", "n", "due"),
    [
        ('{ column = "n", power = 3 }', "1.5", 1500),
        ('{ column = "n", power = -2 }', "1500", 15),
        ('{ column = "n", unit = "base" }', "15", 15),
        ('{ column = "n", sign = "reverse" }', "15", -15),
        ('{ column = "n", sign_by = "way", plus = "C", minus = "D" }', "15", -15),
        ('{ column = ["n", "m"] }', "15", 17),
        ('{ column = "n", less = "m" }', "15", 13),
        ('{ column = "n", number = { units = { "千円" = 3 } } }', "2千円", 2000),
        ('{ column = "n", number = { point = ",", thousands = "." } }', '"1.500,0"', 1500),
        ('{ column = "n", empty = "0" }', "", 0),
    ],
)
def test_units_signs_and_sums(tmp_path: Path, quantity: str, n: str, due: int) -> None:
    """Yen, so that base units are whole: each worked by hand."""
    assert made(tmp_path, quantity, f"１,2,JPY,{n},2,D") == [("１-2", due)]


def test_a_sign_that_its_column_does_not_name_is_refused(tmp_path: Path) -> None:
    quantity = '{ column = "n", sign_by = "way", plus = "C", minus = "D" }'
    made(tmp_path, quantity, "1,2,JPY,1,2,C")
    (tmp_path / "s.csv").write_text("a,b,coin,n,m,way\n1,2,JPY,1,2,X\n")
    assert told(problems(tmp_path / "m.toml")) == [("unknown-code", "s.csv", 1, "way")]


def test_rows_without_anything_are_left_out_only_by_name(tmp_path: Path) -> None:
    """A row of commas is refused unless the mapping leaves it."""
    choice = 'leave = { a = "" }'
    assert made(tmp_path, '"n"', "1,2,JPY,1,2,C", ",,,,,", choice=choice) == [("1-2", 1)]
    around(tmp_path, SPEC.format(quantity='"n"', more="", choice=""), "balances")
    assert {p.row for p in problems(tmp_path / "m.toml")} == {2}


def test_subtotals_and_counts_agree_or_are_refused(tmp_path: Path) -> None:
    more = """
[[source.total]]
where = { a = "小計" }
columns = ["n"]
count = "m"
of = "since"
[[source.total]]
where = { a = "合計" }
columns = ["n"]
"""
    rows = [
        "1,2,JPY,1,2,C",
        "1,3,JPY,2,2,C",
        "小計,,,3,2,",
        "2,2,JPY,5,2,C",
        "小計,,,5,1,",
        "合計,,,8,,",
    ]
    assert len(made(tmp_path, '"n"', *rows, more=more)) == 3
    rows[4] = "小計,,,8,3,"
    (tmp_path / "s.csv").write_text("\n".join(["a,b,coin,n,m,way", *rows]), encoding="utf-8")
    wrong = told(problems(tmp_path / "m.toml"))
    assert wrong == [("wrong-total", "s.csv", 5, "m"), ("wrong-total", "s.csv", 5, "n")]


def test_an_amount_beyond_38_digits_is_refused(tmp_path: Path) -> None:
    made(tmp_path, '"n"', "1,2,JPY,1,2,C")
    (tmp_path / "s.csv").write_text(f"a,b,coin,n,m,way\n1,2,JPY,1{'0' * 38},2,C\n")
    assert told(problems(tmp_path / "m.toml")) == [("corrupt-row", "s.csv", 1, "n")]


def test_a_quote_that_is_never_closed_is_refused(tmp_path: Path) -> None:
    made(tmp_path, '"n"', "1,2,JPY,1,2,C")
    (tmp_path / "s.csv").write_text(
        'a,b,coin,n,m,way\n1,2,JPY,1,2,C\n1,"3,JPY,1,2,C\n2,2,JPY,1,2,C\n'
    )
    assert {p.name for p in problems(tmp_path / "m.toml")} & {"corrupt-row", "unreadable-file"}


def test_a_workbook_with_a_value_beside_its_table_is_refused(tmp_path: Path) -> None:
    mapping = firm(tmp_path)
    book = load_workbook(tmp_path / "wallets.xlsx")
    book["残高"]["H3"] = "未反映 2.5"
    book.save(tmp_path / "wallets.xlsx")
    (found,) = problems(mapping)
    assert (found.name, found.row) == ("corrupt-row", 1)
    assert "未反映" in found.message.ja


def test_a_copied_table_is_examined_in_the_same_run(tmp_path: Path) -> None:
    """A fault in the ledger does not hide one in a file that is Books already."""
    mapping = firm(tmp_path)
    ledger = (tmp_path / "ledger.csv").read_bytes()
    (tmp_path / "ledger.csv").write_bytes(ledger.replace(b"0.5", b"0.x"))
    assets = (tmp_path / "assets.csv").read_text()
    (tmp_path / "assets.csv").write_text(assets.replace("SOL,crypto", "SOL,coin"))
    assert {("corrupt-row", "ledger.csv"), ("unknown-code", "assets.csv")} <= {
        (p.name, p.file) for p in problems(mapping)
    }


def test_an_asset_that_is_not_listed_is_told_in_every_file(tmp_path: Path) -> None:
    """Also where another file has faults, and in tables without quantities."""
    mapping = firm(tmp_path)
    prices = (tmp_path / "prices.jsonl").read_text("utf-8")
    (tmp_path / "prices.jsonl").write_text(prices.replace("BTC", "BTX"), encoding="utf-8")
    ledger = (tmp_path / "ledger.csv").read_bytes()
    (tmp_path / "ledger.csv").write_bytes(ledger.replace(b"0.5", b"0.x"))
    found = told(problems(mapping))
    assert ("unknown-asset", "prices.jsonl", 1, "pair.base") in found
    assert ("corrupt-row", "ledger.csv", 1, "注文拘束") in found


HOSTILE = {
    "prices.jsonl": (
        b"[1,2]\n",
        b'{"a":' * 50_000,
        b'{"pair":{"base":"BTC","quote":"JPY"},"last":NaN,"ts":1,"venue":"a"}\n',
        b'{"pair":{"base":"BTC","quote":"JPY"},"last":1,"ts":9999999999999999,"venue":"a"}\n',
        b'{"pair":{"base":"\\ud800","quote":"JPY"},"last":1,"ts":1795186740000,"venue":"a"}\n',
    ),
    "ledger.csv": (b"", bytes(range(256)) * 50, b"\xff\xfe"),
    "wallets.xlsx": (b"abc", b"PK\x05\x06" + bytes(18)),
    "trust.txt": (b"", bytes(range(256))),
    "venue.toml": (b"[venue",),
    "assets.csv": (b"\xff\xfe",),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_content_of_any_kind_is_refused_never_a_crash(tmp_path: Path, name: str) -> None:
    mapping = firm(tmp_path)
    for content in HOSTILE[name]:
        (tmp_path / name).write_bytes(content)
        assert problems(mapping)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("skip = 2", "skip = -2"),
        ("zfill = 7", "zfill = -7"),
        ("Asia/Tokyo", "+99:00"),
        ("Asia/Tokyo", "Asia/Nowhere"),
        ('"ledger.csv"', '""'),
        ('"ledger.csv"', '"../ledger.csv"'),
        ('quantity = "数量"', "quantity = 3"),
        ('take = { "区分" = "顧客" }', 'take = "顧客"'),
        ('name = "month end"', "name = 3"),
        ('sheet = "残高"', 'sheet = "無い"'),
        ("[codes.asset]", '[[complete]]\ntable = "balances"\nrows = ["x"]\n[codes.asset]'),
        ('form = "excel"', 'form = "fixed"\nfields = [["a", "b"]]'),
    ],
)
def test_a_mapping_that_makes_no_sense_is_refused_never_a_crash(
    tmp_path: Path, old: str, new: str
) -> None:
    spec = kit.SPEC.replace(old, new)
    assert spec != kit.SPEC
    assert problems(firm(tmp_path, spec))


def test_a_value_that_two_tables_read_is_told_once(tmp_path: Path) -> None:
    """Free and locked balances both read the account's number."""
    mapping = firm(tmp_path)
    ledger = (tmp_path / "ledger.csv").read_bytes()
    (tmp_path / "ledger.csv").write_bytes(ledger.replace(b"0012346", b"00A2346"))
    told_once = [t for t in told(problems(mapping)) if t[2:] == (2, "口座番号")]
    assert told_once == [("corrupt-row", "ledger.csv", 2, "口座番号")]

"""Every form of file: Excel, fixed width, JSON lines, Parquet, PostgreSQL, banks, rates, venues."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from openpyxl import Workbook

from sonae.actions.books.map import map_books
from tests.command import sonae
from tests.fund.servers import database
from tests.kit import VENUE

from .kit import ASSETS, problems, table, told, zengin

BASE = """
[mapping]
copy = ["venue.toml", "assets.csv", {copy}]
"""
PARTS = {
    "balances": "account_id,customer_id,asset,product,state,quantity\nA,C,BTC,spot,free,1\n",
    "holdings": "holding_id,asset,owner,tier,quantity,as_of\n"
    "w,BTC,customer,cold,1,2026-11-20T23:59:59+09:00\n",
    "prices": "asset,currency,price,source,own_venue,purpose,at\n"
    "BTC,JPY,1,a,false,regulatory,2026-11-20T23:59:59+09:00\n",
}


def around(folder: Path, spec: str, *mapped: str) -> Path:
    """A mapping of some tables; the others are there as Books already."""
    folder.mkdir(parents=True, exist_ok=True)
    others = [n for n in PARTS if n not in mapped]
    for name in others:
        (folder / f"{name}.csv").write_text(PARTS[name], encoding="utf-8")
    venue = VENUE.format(cut_off="2026-11-20T23:59:59+09:00", house="", more="")
    (folder / "venue.toml").write_text(venue, encoding="utf-8")
    (folder / "assets.csv").write_text(ASSETS, encoding="utf-8")
    copy = ", ".join(f'"{n}.csv"' for n in others)
    (folder / "m.toml").write_text(BASE.format(copy=copy) + spec, encoding="utf-8")
    return folder / "m.toml"


HOLDING = """
[table.columns]
holding_id = "id"
asset = "coin"
owner = { value = "customer" }
tier = { value = "hot" }
quantity = "amount"
as_of = { value = "2026-11-20T23:59:59+09:00" }
"""
WALLET = """
[[source]]
id = "wallets"
form = "{form}"
files = ["{file}"]
layout = ["id", "coin", "amount"]
[[table]]
to = "holdings"
source = "wallets"
"""


def held(folder: Path) -> list[tuple[str, str]]:
    return [(r["holding_id"], r["quantity"]) for r in table(folder, "holdings")]


def book(path: Path, *rows: list[Any]) -> None:
    made = Workbook()
    sheet = made.active
    assert sheet is not None
    for row in (["id", "coin", "amount"], *rows):
        sheet.append(row)
    made.save(path)


def test_excel_numbers_are_what_was_typed_and_nothing_else_is_taken(tmp_path: Path) -> None:
    """0.1 is stored as a binary number and read as 0.1; what Excel lost is refused by its cell."""
    mapping = around(tmp_path, WALLET.format(form="excel", file="w.xlsx") + HOLDING, "holdings")
    book(tmp_path / "w.xlsx", ["a", "BTC", 0.1], ["b", "BTC", 1234567.00000001], ["c", "BTC", 3])
    map_books(mapping, tmp_path / "out")
    assert held(tmp_path / "out") == [
        ("a", "10000000"),
        ("b", "123456700000001"),
        ("c", "300000000"),
    ]
    book(
        tmp_path / "w.xlsx",
        ["a", "BTC", 0.1234567890123456],
        ["b", "BTC", 12345678901234567],
        ["c", "BTC", "=1+1"],
        ["d", "BTC", "#REF!"],
        ["e", 1234567890123450000, 1],
    )
    found = {(p.name, p.key) for p in problems(mapping)}
    assert {
        ("beyond-15-digits", "Sheet!C2"),
        ("beyond-15-digits", "Sheet!C3"),
        ("no-cached-value", "Sheet!C4"),
        ("beyond-15-digits", "Sheet!B6"),
    } <= found
    assert ("corrupt-row", "Sheet!C5") in found or ("excel-error", "Sheet!C5") in found


def test_fixed_width_is_cut_by_bytes(tmp_path: Path) -> None:
    """A full-width name takes two bytes a character in CP932."""
    spec = """
[[source]]
id = "host"
form = "fixed"
files = ["host.dat"]
encoding = "cp932"
record_end = "crlf"
fields = [["kind", 1], ["id", 10], ["coin", 4], ["amount", 12]]
[[table]]
to = "holdings"
source = "host"
take = { kind = "2" }
leave = { kind = ["1", "9"] }
"""
    columns = HOLDING.replace('"amount"', '{ column = "amount", unit = "base" }')
    mapping = around(tmp_path, spec + columns, "holdings")
    lines = ["1見出し".ljust(24), "2金庫一号  BTC 000000000150", "9".ljust(27)]
    content = b"".join(line.encode("cp932") + b"\r\n" for line in lines)
    (tmp_path / "host.dat").write_bytes(content)
    map_books(mapping, tmp_path / "out")
    assert held(tmp_path / "out") == [("金庫一号", "150")]
    (tmp_path / "host.dat").write_bytes(content.replace(b"BTC 0", b"BTC0"))
    assert ("bad-length", "host.dat", 2, "") in told(problems(mapping))


def test_json_lines_keep_numbers_as_text_and_name_strange_keys(tmp_path: Path) -> None:
    mapping = around(tmp_path, WALLET.format(form="jsonl", file="w.jsonl") + HOLDING, "holdings")
    path = tmp_path / "w.jsonl"
    path.write_text('{"id": "a", "coin": "ETH", "amount": 0.100000000000000001}\n')
    map_books(mapping, tmp_path / "out")
    assert held(tmp_path / "out") == [("a", "100000000000000001")]
    path.write_text(
        '{"id": "a", "coin": "BTC", "amount": 1e3}\n'
        '{"id": "b", "coin": "BTC", "amount": 1, "staked": 5}\n'
        '{"id": "c", "id": "d", "coin": "BTC", "amount": 1}\n'
        "{\n"
    )
    assert told(problems(mapping)) == [
        ("corrupt-row", "w.jsonl", 3, ""),
        ("corrupt-row", "w.jsonl", 4, ""),
        ("corrupt-row", "w.jsonl", 1, "amount"),
        ("layout-changed", "w.jsonl", 2, ""),
    ]


def test_parquet_keeps_decimals_and_refuses_floating_point(tmp_path: Path) -> None:
    mapping = around(
        tmp_path, WALLET.format(form="parquet", file="w.parquet") + HOLDING, "holdings"
    )
    values = {"id": ["a", "b"], "coin": ["ETH", "BTC"]}
    amounts = pa.array([Decimal("12345678901234567.000000000000000001"), Decimal(2)])
    pq.write_table(pa.table(values | {"amount": amounts}), tmp_path / "w.parquet")
    map_books(mapping, tmp_path / "out")
    assert held(tmp_path / "out") == [
        ("a", "12345678901234567000000000000000001"),
        ("b", "200000000"),
    ]
    pq.write_table(pa.table(values | {"amount": [0.1, 2.0]}), tmp_path / "w.parquet")
    assert ("floating-point", "w.parquet", None, "amount") in told(problems(mapping))


QUERY = """
[[source]]
id = "ledger"
form = "sql"
query = "select id, coin, amount from wallets order by id;"
layout = ["id", "coin", "amount"]
[[table]]
to = "holdings"
source = "ledger"
"""


def test_a_query_of_postgresql_is_mapped_and_kept(tmp_path: Path) -> None:
    """NUMERIC comes exactly; floating point, a failing query and a changed table are refused."""
    address = database()
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(
            "create table wallets (id text, coin text, amount numeric, rough float8)"
        )
        connection.execute("insert into wallets values ('金庫', 'ETH', 0.1 + 0.2, 0.3)")
    mapping = around(tmp_path, QUERY + HOLDING, "holdings")
    record = map_books(mapping, tmp_path / "out", database=address, originals=True)
    assert held(tmp_path / "out") == [("金庫", "300000000000000000")]
    kept = tmp_path / "out" / "originals" / record["files"][0]["sha256"]
    assert kept.read_text("utf-8") == "id,coin,amount\n金庫,ETH,0.3\n"
    for old, new, name in (
        ("id, coin, amount", "id, coin, rough as amount", "floating-point"),
        ("id, coin, amount", "coin, id, amount", "layout-changed"),
        ("from wallets", "from nowhere", "query-failed"),
    ):
        mapping = around(tmp_path, QUERY.replace(old, new, 1) + HOLDING, "holdings")
        assert name in {p.name for p in problems(mapping, database=address)}
    assert sonae("books", "map", mapping, "--dry-run").code == 2


STATEMENT = """
[[source]]
id = "bank"
form = "{form}"
files = ["{file}"]
{more}
[[table]]
to = "statements"
source = "bank"
{take}
[table.columns]
account = "account"
bank = {bank}
holder = {{ value = "Test Trust Bank" }}
currency = {currency}
kind = {{ value = "customer_trust" }}
stage = {{ value = "settled" }}
amount = "{amount}"
as_of = "{on}"
"""


def zengin_spec(end: str) -> str:
    return STATEMENT.format(
        form="zengin", file="s.txt", more=f'record_end = "{end}"', take="", bank='"bank_name"',
        currency='{ value = "JPY" }', amount="closing", on="to",
    )  # fmt: skip


@pytest.mark.parametrize(("end", "chars"), [("crlf", "\r\n"), ("none", "")])
def test_a_zengin_statement_gives_its_closing_balance(tmp_path: Path, end: str, chars: str) -> None:
    mapping = around(tmp_path, zengin_spec(end))
    (tmp_path / "s.txt").write_bytes(zengin(end=chars))
    map_books(mapping, tmp_path / "out")
    (row,) = table(tmp_path / "out", "statements")
    assert (row["bank"], row["amount"], row["as_of"]) == ("ﾃｽﾄｼﾝﾀｸ", "1000000", "2026-11-20")


@pytest.mark.parametrize(
    ("content", "name", "row"),
    [
        (zengin(opening=900_001), "wrong-total", 4),
        (zengin().replace(b"8000001", b"8000002"), "wrong-total", 4),
        (zengin().replace(b"1030", b"1010", 1), "other-kind", 1),
        (zengin()[:-1], "bad-length", None),
        (zengin().replace(b"0811202"[:6] + b"0001", b"0813200001", 1), "corrupt-row", 4),
    ],
)
def test_a_zengin_statement_that_disagrees_with_itself_is_refused(
    tmp_path: Path, content: bytes, name: str, row: int | None
) -> None:
    mapping = around(tmp_path, zengin_spec("crlf"))
    (tmp_path / "s.txt").write_bytes(content)
    assert (name, "s.txt", row, "") in told(problems(mapping))


CAMT = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><Stmt><Id>1</Id>
<Acct><Id><IBAN>DE02120300000000202051</IBAN></Id><Ownr><Nm>Test</Nm></Ownr>
<Svcr><FinInstnId><BICFI>BYLADEM1001</BICFI></FinInstnId></Svcr></Acct>
<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">100.50</Amt>
<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-11-19</Dt></Dt></Bal>
<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">90.25</Amt>
<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-11-20</Dt></Dt></Bal>
<Ntry><Amt Ccy="EUR">10.25</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts></Ntry>
<Ntry><Amt Ccy="EUR">99.99</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>PDNG</Cd></Sts></Ntry>
</Stmt></BkToCstmrStmt></Document>"""


def test_a_camt_statement_gives_its_booked_balance(tmp_path: Path) -> None:
    """Pending entries are not booked; entries must lead from the opening to the closing balance."""
    spec = STATEMENT.format(
        form="camt053", file="s.xml", more="", bank='"servicer"', currency='"currency"',
        take='take = { balance = "CLBD" }\nleave = { balance = "OPBD" }', amount="amount",
        on="date",
    )  # fmt: skip
    mapping = around(tmp_path, spec)
    path = tmp_path / "s.xml"
    path.write_text(CAMT)
    map_books(mapping, tmp_path / "out")
    (row,) = table(tmp_path / "out", "statements")
    assert (row["amount"], row["currency"], row["as_of"]) == ("90.25", "EUR", "2026-11-20")
    for old, new, name in (
        ("90.25", "90.26", "wrong-total"),
        ("camt.053", "camt.052", "layout-changed"),
        ("</Stmt>", "", "unreadable-file"),
        ("<Document", '<!DOCTYPE x [<!ENTITY y "z">]><Document', "unreadable-file"),
        ("CLBD", "ITBD", "missing-value"),
    ):
        path.write_text(CAMT.replace(old, new, 1))
        assert name in {p.name for p in problems(mapping)}, name


ECB = "Date,USD,JPY,CYP,\n2026-11-20,1.0856,163.45,N/A,\n2026-11-19,1.0849,163.02,N/A,\n"


def test_reference_rates_of_the_ecb_become_prices_of_the_euro(tmp_path: Path) -> None:
    """One euro in each currency, stamped with the hour the user states; no rate is no row."""
    spec = """
[[source]]
id = "ecb"
form = "ecb"
files = ["eurofxref-hist.csv"]
[[table]]
to = "prices"
source = "ecb"
take = { currency = ["USD", "JPY"] }
leave = { currency = "CYP" }
[table.columns]
asset = { value = "EUR" }
currency = "currency"
price = "rate"
source = { value = "ecb" }
own_venue = { value = false }
purpose = { value = "regulatory" }
at = { column = "date", zone = "Europe/Berlin", time = "16:00" }
"""
    mapping = around(tmp_path, spec, "prices")
    path = tmp_path / "eurofxref-hist.csv"
    path.write_text(ECB)
    map_books(mapping, tmp_path / "out")
    found = [(r["currency"], r["price"], r["at"]) for r in table(tmp_path / "out", "prices")]
    assert found[:2] == [
        ("USD", "1.0856", "2026-11-20T16:00:00+01:00"),
        ("JPY", "163.45", "2026-11-20T16:00:00+01:00"),
    ]
    assert len(found) == 4
    path.write_text(ECB.replace("Date,", "Datum,"))
    assert "layout-changed" in {p.name for p in problems(mapping)}

"""A firm's files as they come: CP932, eras, brackets, full width, titles, totals; made here."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from openpyxl import Workbook

from sonae.actions.books.map import map_books
from sonae.books.map.banks import HEADER, TRAILER
from sonae.core.errors import InputError, Problem
from tests.kit import VENUE

ASSETS = """asset,kind,scale,own_issue
BTC,crypto,8,false
ETH,crypto,18,false
SOL,crypto,9,false
XRP,crypto,6,false
JPY,fiat,0,false
EUR,fiat,2,false
USD,fiat,2,false
"""
LEDGER_HEAD = "口座番号,氏名,銘柄,合計残高,注文拘束,出金待ち,区分"
LEDGER = f"""預り残高一覧表,,,,,,
基準日：令和８年１１月２０日,,,,,,
{LEDGER_HEAD}
0012345,髙橋　一郎,ビットコイン,"1,234.50000001",0.5,△1.0,顧客
0012346,"佐藤, 花子",ビットコイン,１０．５,－,－,顧客
12347,鈴木 次郎,イーサリアム,0.000000000000000001,－,－,顧客
12347,鈴木 次郎,円,"（1,500）",－,－,顧客
99,自社,ビットコイン,7,－,－,自己
合計,,,2元,,,
"""
SPEC = """
[mapping]
name = "month end"
copy = ["venue.toml", "assets.csv"]

[codes.asset]
"ビットコイン" = "BTC"
"イーサリアム" = "ETH"
"円" = "JPY"

[[source]]
id = "ledger"
form = "csv"
files = ["ledger.csv"]
encoding = "cp932"
skip = 2
layout = ["口座番号", "氏名", "銘柄", "合計残高", "注文拘束", "出金待ち", "区分"]
notes = ["※"]
[source.number]
thousands = ","
wide = true
negative = ["minus", "brackets", "triangle"]
zero = ["－"]
[[source.total]]
where = { "口座番号" = "合計" }
columns = ["合計残高"]

[[table]]
to = "balances"
source = "ledger"
take = { "区分" = "顧客" }
leave = { "区分" = "自己" }
[table.columns]
account_id = { column = "口座番号", zfill = 7 }
customer_id = { column = "口座番号", zfill = 7, prefix = "C" }
asset = { column = "銘柄", codes = "asset" }
product = { value = "spot" }
state = { value = "free" }
quantity = { column = "合計残高", less = ["注文拘束"], signed = true }

[[table]]
to = "balances"
source = "ledger"
take = { "区分" = "顧客" }
leave = { "区分" = "自己" }
[table.columns]
account_id = { column = "口座番号", zfill = 7 }
customer_id = { column = "口座番号", zfill = 7, prefix = "C" }
asset = { column = "銘柄", codes = "asset" }
product = { value = "spot" }
state = { value = "locked" }
quantity = "注文拘束"

[[source]]
id = "wallets"
form = "excel"
files = ["wallets.xlsx"]
sheet = "残高"
skip = 1
layout = ["保管先", "銘柄", "数量", "確認日", "時点"]
[[table]]
to = "holdings"
source = "wallets"
[table.columns]
holding_id = "保管先"
asset = "銘柄"
owner = { value = "customer" }
tier = { value = "cold" }
quantity = "数量"
control_proved_on = { column = "確認日", date = ["era", "iso"] }
evidence = { value = "signature" }
as_of = { column = "時点", date = ["slash"], zone = "Asia/Tokyo" }

[[source]]
id = "trust"
form = "zengin"
files = ["trust.txt"]
record_end = "crlf"
[[table]]
to = "statements"
source = "trust"
[table.columns]
account = "account"
bank = "bank_name"
branch = "branch"
holder = { value = "Test Trust Bank" }
currency = { value = "JPY" }
kind = { value = "customer_trust" }
stage = { value = "settled" }
amount = "closing"
as_of = "to"

[[source]]
id = "market"
form = "jsonl"
files = ["prices.jsonl"]
layout = ["pair.base", "pair.quote", "last", "ts", "venue"]
[[table]]
to = "prices"
source = "market"
[table.columns]
asset = "pair.base"
currency = "pair.quote"
price = "last"
source = "venue"
own_venue = { value = false }
purpose = { value = "regulatory" }
at = { column = "ts", date = ["unix_ms"] }
"""


def ledger(text: str | None = None) -> bytes:
    """The ledger in CP932; its total is right unless the text says another."""
    return (text or LEDGER.replace("2元", '"-247.999999989999999999"')).encode("cp932")


def wallets(path: Path, rows: Sequence[Sequence[Any]] | None = None) -> None:
    """A workbook with a title above its headings."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "残高"
    sheet.append(["ウォレット残高"])
    sheet.append(["保管先", "銘柄", "数量", "確認日", "時点"])
    for row in rows or (
        ["btc-cold", "BTC", 1245.1, "R8.11.19", "2026/11/20 23:59:59"],
        ["eth-cold", "ETH", "0.000000000000000001", "令和8年11月20日", "2026/11/20 23:59"],
    ):
        sheet.append(list(row))
    book.save(path)


def record(layout: Sequence[tuple[str, int]], **values: str) -> str:
    """A record of 200 characters; numbers right with zeros, words left with spaces."""
    made = ""
    for name, width in layout:
        value = values.get(name, "")
        made += value.rjust(width, "0") if value.isdigit() else value.ljust(width)
    return made


def zengin(
    opening: int = 900_000, entries: Sequence[tuple[str, int]] = (("1", 150_000), ("2", 50_000)),
    closing: int = 1_000_000, end: str = "\r\n",
) -> bytes:  # fmt: skip
    """A statement of entries (入出金取引明細) of one account."""
    head = record(
        HEADER, record="1", kind="03", code_set="0", made="081120", bank="0001", branch="001",
        bank_name="ﾃｽﾄｼﾝﾀｸ", branch_name="ﾎﾝﾃﾝ", account_kind="1", account="1234567",
        name="ｶ)ｿﾅｴ", overdrawn="1", book="1", opening=str(opening), dummy="000",
        **{"from": "081101", "to": "081120"},
    )  # fmt: skip
    made = [head]
    for n, (way, amount) in enumerate(entries, 1):
        made.append(f"2{n:08}081110081110{way}11{amount:012}".ljust(200))
    ins, outs = ([a for w, a in entries if w == way] for way in "12")
    made.append(
        record(
            TRAILER, record="8", in_count=str(len(ins)), in_total=str(sum(ins)),
            out_count=str(len(outs)), out_total=str(sum(outs)), overdrawn="1",
            closing=str(closing), count=str(len(entries)),
        )
    )  # fmt: skip
    made.append("9".ljust(200))
    return "".join(r + end for r in made).encode("cp932")


def prices(*more: Mapping[str, Any]) -> str:
    """Prices a line each; numbers stand as numbers."""
    lines = [
        '{"pair": {"base": "BTC", "quote": "JPY"}, "last": 15000000.5, "ts": 1795186740000, '
        '"venue": "alpha"}',
        '{"pair": {"base": "ETH", "quote": "JPY"}, "last": 500000, "ts": 1795186740000, '
        '"venue": "alpha"}',
    ]
    return "\n".join([*lines, *(json.dumps(m, ensure_ascii=False) for m in more)]) + "\n"


def firm(folder: Path, spec: str = SPEC) -> Path:
    """The files of a firm, all in order, and the mapping; the path of the mapping."""
    folder.mkdir(parents=True, exist_ok=True)
    venue = VENUE.format(cut_off="2026-11-20T23:59:59+09:00", house="", more="")
    (folder / "venue.toml").write_text(venue, encoding="utf-8")
    (folder / "assets.csv").write_text(ASSETS, encoding="utf-8")
    (folder / "ledger.csv").write_bytes(ledger())
    wallets(folder / "wallets.xlsx")
    (folder / "trust.txt").write_bytes(zengin())
    (folder / "prices.jsonl").write_text(prices(), encoding="utf-8")
    (folder / "MAPPING.toml").write_text(spec, encoding="utf-8")
    return folder / "MAPPING.toml"


def problems(mapping: Path, **more: Any) -> list[Problem]:
    """Everything a dry run refuses."""
    try:
        map_books(mapping, None, **more)
    except InputError as error:
        return list(error.problems)
    return []


def told(found: Sequence[Problem]) -> list[tuple[Any, ...]]:
    """Name, file, row, column of each."""
    return [(p.name, p.file, p.row, p.column) for p in found]


def table(folder: Path, name: str) -> list[dict[str, Any]]:
    """A table that was written."""
    path = folder / f"{name}.parquet"
    if path.is_file():
        return list(pq.read_table(path).to_pylist())
    import csv

    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def arrow(values: Mapping[str, Any]) -> pa.Table:
    """A table for a Parquet file."""
    return pa.table(values)

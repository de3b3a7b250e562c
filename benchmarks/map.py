"""A million rows of CP932 CSV mapped into Books, in at most ten times a plain UTF-8 CSV read.

The plain read is the engine's own CSV reader, each column text, over the same rows as UTF-8, into
a table in memory. The mapping decodes, checks the layout, converts names,
codes and amounts in exact integers, writes Parquet, and has the whole Books checked. Each run is a
process of its own; memory is the most that process had.

    python benchmarks/map.py [--rows 1000000] [--rounds 3]
"""

from __future__ import annotations

import argparse
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

AT_MOST = 10
HEAD = "口座番号,氏名,銘柄,残高,拘束中,区分\r\n"
NAMES = ("ビットコイン", "イーサリアム", "リップル", "円")
PEOPLE = ("佐藤　一郎", "鈴木 花子", "高橋 次郎", "ワタナベ ケンイチ", "株式会社サンプル")
SPEC = """
[mapping]
copy = ["venue.toml", "assets.csv", "holdings.csv", "prices.csv"]
[codes.asset]
"ビットコイン" = "BTC"
"イーサリアム" = "ETH"
"リップル" = "XRP"
"円" = "JPY"
[[source]]
id = "ledger"
form = "csv"
files = ["ledger.csv"]
encoding = "cp932"
layout = ["口座番号", "氏名", "銘柄", "残高", "拘束中", "区分"]
[source.number]
thousands = ","
wide = true
negative = ["minus", "brackets", "triangle"]
[[table]]
to = "balances"
source = "ledger"
[table.columns]
account_id = "口座番号"
customer_id = "口座番号"
asset = { column = "銘柄", codes = "asset" }
product = { value = "spot" }
state = { column = "区分", codes = { "自由" = "free", "拘束" = "locked" } }
quantity = { column = "残高", less = ["拘束中"], signed = true }
"""


def row(n: int) -> str:
    """One of a hundred amounts is full-width, one in brackets, one with a triangle."""
    amount = f"{n * 7919 % 100_000_000:,}"
    odd = n % 100
    if n % 4 != 3:
        amount += f".{n % 1_000_000:06}"
    if odd == 1:
        amount = amount.translate({c: c + 0xFEE0 for c in range(0x2C, 0x3A)})
    amount = f"({amount})" if odd == 2 else f"△{amount}" if odd == 3 else amount
    return (
        f'{n // 4:08},{PEOPLE[n % 5]},{NAMES[n % 4]},"{amount}",0,'
        f"{'自由' if n % 8 < 4 else '拘束'}\r\n"
    )


def write(folder: Path, rows: int) -> None:
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from tests.kit import VENUE, asset, holding, price

    with (
        (folder / "ledger.csv").open("w", encoding="cp932", newline="") as cp932,
        (folder / "utf8.csv").open("w", encoding="utf-8", newline="") as utf8,
    ):
        for start in range(0, rows, 10_000):
            text = "".join(map(row, range(start, min(rows, start + 10_000))))
            for stream in (cp932, utf8):
                stream.write(text if start else HEAD + text)
    venue = VENUE.format(cut_off="2026-11-20T23:59:59+09:00", house="", more="")
    (folder / "venue.toml").write_text(venue, encoding="utf-8")
    (folder / "mapping.toml").write_text(SPEC, encoding="utf-8")
    small = {
        "assets": [asset("BTC"), asset("ETH", scale=18), asset("XRP", scale=6),
                   asset("JPY", "fiat", 0)],
        "holdings": [holding("w", "BTC", 1)],
        "prices": [price("BTC", "1")],
    }  # fmt: skip
    for name, lines in small.items():
        head = ",".join(lines[0])
        body = "\n".join(",".join(str(v) for v in line.values()) for line in lines)
        (folder / f"{name}.csv").write_text(f"{head}\n{body}\n", encoding="utf-8")


def one(what: str, folder: Path) -> None:
    """In a process of its own: print seconds and the most memory in MiB."""
    if what == "map":
        from sonae.actions.books.map import map_books

        start = time.perf_counter()
        record = map_books(folder / "mapping.toml", folder / "out")
        done = record["tables"]["balances"]
    else:
        import duckdb

        start = time.perf_counter()
        con = duckdb.connect()
        path = folder / "utf8.csv"
        con.execute(f"create table rows as select * from read_csv('{path}', all_varchar = true)")
        done = con.execute("select count(*) from rows").fetchall()[0][0]
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{seconds} {peak} {done}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--one", choices=("map", "read"))
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    if given.one:
        one(given.one, given.folder)
        return 0
    print(f"{platform.python_version()}, {platform.machine()}, {given.rows:,} rows")
    times: dict[str, list[float]] = {"map": [], "read": []}
    peaks = {"map": 0, "read": 0}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        write(folder, given.rows)
        for _ in range(given.rounds):
            for what in ("read", "map"):
                said = subprocess.run(
                    [sys.executable, __file__, "--one", what, "--folder", str(folder)],
                    check=True, capture_output=True, text=True,
                ).stdout.split()  # fmt: skip
                times[what].append(float(said[0]))
                peaks[what] = max(peaks[what], int(said[1]))
                assert int(said[2]) == given.rows, said
    read, mapped = median(times["read"]), median(times["map"])
    print(f"plain UTF-8 read  {read:6.2f} s  {peaks['read']:5} MiB")
    print(f"CP932 mapped      {mapped:6.2f} s  {peaks['map']:5} MiB  {mapped / read:.1f} x")
    print(f"allowed: {AT_MOST} x")
    return 0 if mapped <= read * AT_MOST else 1


if __name__ == "__main__":
    raise SystemExit(main())

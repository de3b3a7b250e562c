"""`sonae close` with a seal at 1, 10 and 100 million balance rows: time, memory, disk, and beyond.

The Books are 25 million people with 4 assets each (fewer for the smaller sizes) in two Parquet
files, accounts in no order, made by the engine itself; every tenth person has a second state of one
asset instead. The seal splits each claim in two, so that 100 million rows are 200 million leaves,
and 50 million more of what each person is owed in yen.

What it prints for 300 million people, and for 13 million accounts with 40 assets each (measured on
as many rows as the middle size), is the largest size measured times the number of rows: an
extrapolation along the line that the sizes show, no measurement.

    python benchmarks/scale.py [--rows 1 10 100] [--memory 1600MB] [--folder DIR] [--no-seal]
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import threading
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

from sides import Run, line, machine, tell, timed

ALLOWED_SECONDS, ALLOWED_MB, LARGEST = 360, 4000, 100
FLAT, LINEAR = 1.5, 1.5
"""How much more memory, and time for each row, the largest size may take than the middle one."""
ASSETS = 4
WIDE_ACCOUNTS, WIDE_ASSETS = 13_000_000, 40
AT = "2026-11-20T23:59:59+09:00"
VENUE = f"""
[venue]
name = "Benchmark"
entity = "Benchmark K.K."
holders = []
licences = []
currency = "JPY"
time_zone = "Asia/Tokyo"
cut_off = "{AT}"
known_at = "{AT}"
fiscal_year_start = "04-01"
regimes = ["jp"]
[house]
price_max_age_minutes = 30
control_proof_days = 90
control_proof_warning_days = 60
holding_max_age_hours = 24
[prices]
hierarchy = ["alpha"]
"""


def write(folder: Path, rows: int, assets: int) -> None:
    """Books of so many rows in all, written by the engine as a stream."""
    import duckdb

    people, names = rows // assets, [f"C{n:02d}" for n in range(assets)]
    (folder / "balances").mkdir(parents=True)
    (folder / "venue.toml").write_text(VENUE)
    listed = [f"{a},{n},crypto,8,false" for n, a in enumerate(names, 1)]
    (folder / "assets.csv").write_text(
        "\n".join(["asset,number,kind,scale,own_issue", *listed, "JPY,99,fiat,0,false"]) + "\n"
    )
    (folder / "prices.csv").write_text(
        "asset,currency,price,source,own_venue,purpose,at\n"
        + "".join(
            f"{a},JPY,{n * 100},alpha,false,regulatory,{AT}\n" for n, a in enumerate(names, 1)
        )
    )
    con = duckdb.connect()
    con.execute("set memory_limit = '1500MB'; set preserve_insertion_order = false")
    cut = people // 2
    for part, (first, end) in enumerate(((0, cut), (cut, people))):
        con.execute(
            f"""copy (select format('A{{:09d}}', p) account_id, format('U{{:09d}}', p) customer_id,
            format('C{{:02d}}', k) asset, 'spot' product,
            case when k = 0 and p % 10 = 0 then 'locked' else 'free' end state,
            (hash(p * {assets} + k) % 1000000000000 + 1)::decimal(38,0) quantity
            from (select (n * 48271) % {people} p from range({first}, {end}) r(n)),
                range({assets}) s(k))
            to '{folder}/balances/part-{part}.parquet' (format parquet, compression zstd)"""
        )
    totals = con.execute(
        f"""select asset, sum(quantity)::hugeint, count(distinct account_id)
        from '{folder}/balances/*.parquet' group by all order by all"""
    ).fetchall()
    assert all(count == people for _, _, count in totals)
    (folder / "holdings.csv").write_text(
        "holding_id,asset,owner,tier,quantity,as_of\n"
        + "".join(f"{a},{a},customer,cold,{total},{AT}\n" for a, total, _ in totals)
    )


def close(folder: Path, memory: str, key: Path | None) -> None:
    """The command itself; 1 is a close with findings, of which such Books have some."""
    from sonae.cli.main import run

    out = folder.parent / "out"
    words = ["close", str(folder), "--out", str(out), "--memory", memory]
    words += [] if key is None else ["--seal-key", str(key)]
    code = run(words)
    assert code in (0, 1), code


@contextmanager
def most(folder: Path) -> Callable[[], int]:
    """The most bytes that a folder held while this ran."""
    peak, done = 0, threading.Event()

    def look() -> None:
        nonlocal peak
        while not done.wait(1):
            size = 0
            for path in folder.rglob("*"):
                try:
                    size += path.lstat().st_size
                except FileNotFoundError:
                    continue
            peak = max(peak, size)

    watch = threading.Thread(target=look, daemon=True)
    watch.start()
    try:
        yield lambda: peak
    finally:
        done.set()
        watch.join()


def measure(place: Path, rows: int, assets: int, memory: str, key: Path | None) -> tuple[Run, int]:
    """Write Books, close them, and remove both; what the close took, and bytes of disk at most."""
    books = place / "books"
    write(books, rows, assets)
    given = sum(p.stat().st_size for p in books.rglob("*") if p.is_file())
    words = ["--side", books, "--memory", memory, *([] if key is None else ["--key", key])]
    with most(place) as peak:
        found = timed(__file__, *words)
        disk = peak() - given
    for left in place.iterdir():
        if left != key and left.is_dir():
            shutil.rmtree(left)
    return found, max(disk, 0)


def seal_key(place: Path) -> Path:
    """A key to seal by."""
    from sonae.cli.main import run

    key = place / "seal.key"
    assert run(["seal", "key", str(key)]) == 0
    return key


def beyond(what: str, rows: int, found: Run, measured: int) -> None:
    """What a number of rows would take along the line of one measurement."""
    times = rows / measured
    print(
        f"{what}: {rows / 1e6:,.0f} million rows, extrapolated x{times:,.1f}: "
        f"{found.wall * times / 60:,.0f} min wall, {found.cpu * times / 60:,.0f} min CPU, "
        f"memory as measured ({found.mb:,.0f} MB)"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[1, 10, LARGEST], help="millions")
    parser.add_argument("--memory", default="1600MB")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--no-seal", action="store_true")
    parser.add_argument("--side", type=Path)
    parser.add_argument("--key", type=Path)
    asked = parser.parse_args()
    if asked.side:
        close(asked.side, asked.memory, asked.key)
        tell()
        return 0
    print(f"{machine()}; budget {asked.memory}, {'close' if asked.no_seal else 'close with seal'}")
    runs: dict[int, Run] = {}
    with tempfile.TemporaryDirectory(dir=asked.folder, prefix="sonae-scale-") as scratch:
        place = Path(scratch)
        key = None if asked.no_seal else seal_key(place)
        for millions in asked.rows:
            rows = millions * 1_000_000
            runs[rows], disk = measure(place, rows, ASSETS, asked.memory, key)
            each = runs[rows].cpu / millions
            print(
                f"{line(f'{rows:,} rows', runs[rows])} {each:>7.2f} CPU s a million "
                f"{disk / 1e9:>6.1f} GB of disk",
                flush=True,
            )
        middle_rows = sorted(asked.rows)[len(asked.rows) // 2] * 1_000_000
        wide, _ = measure(place, middle_rows, WIDE_ASSETS, asked.memory, key)
        print(line(f"{middle_rows:,} wide", wide))
    largest = max(runs)
    beyond("300 million people x 4 assets", 1_200_000_000, runs[largest], largest)
    beyond("13 million accounts x 40 assets", WIDE_ACCOUNTS * WIDE_ASSETS, wide, middle_rows)
    good = True
    if largest == LARGEST * 1_000_000:
        good = runs[largest].wall <= ALLOWED_SECONDS and runs[largest].mb <= ALLOWED_MB
        print(f"allowed: {ALLOWED_SECONDS} s and {ALLOWED_MB:,} MB at {largest:,} rows")
    if len(runs) > 2:
        small = runs[middle_rows]
        each = runs[largest].cpu / largest / (small.cpu / middle_rows)
        more = runs[largest].mb / small.mb
        print(
            f"{largest:,} against {middle_rows:,} rows: x{each:.2f} CPU a row, x{more:.2f} memory"
        )
        good = good and each <= LINEAR and more <= FLAT
    print("held" if good else "NOT held")
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())

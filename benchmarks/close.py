"""`sonae close` against bare SQL doing the same passes over the same files, in one run.

The bare side is DuckDB SQL as a person would write it for this one question, and nothing of Sonae.
It makes the passes that the close makes of the balances: SHA-256 of every file; one pass that
checks every row and sums by asset, product and state; accounts by asset and repeated keys; what
each account that owes has and owes; people and those with several accounts. The close does besides
what is small: the other tables, law, requirements, findings and reports.

Each side runs in a process of its own, in turn, under the same bound of the engine's memory. The
ratio that is judged is that of CPU seconds, which other work on the machine disturbs least; the
ratio of wall seconds stands beside it.

    python benchmarks/close.py [--people 5000000] [--rounds 3] [--folder DIR]
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import sys
import tempfile
import time
from pathlib import Path

from sides import Run, line, machine, middle, tell, timed

MEMORY = "1800MB"
ASSETS, ROWS_PER_PERSON = 40, 4
ALLOWED_RATIO, ALLOWED_MB = 1.5, 3072

BARE = """
select asset, product, state, count(*), min(quantity), max(quantity),
    sum(quantity) filter (quantity > 0), sum(quantity) filter (quantity < 0),
    count(*) filter (account_id is null or account_id = ''),
    count(*) filter ((customer_id is null or customer_id = '') and state <> 'unidentified'),
    count(*) filter (quantity is null),
    count(*) filter (days_to_liquid is not null and days_to_liquid not between 0 and 999999999)
from b group by all;
select asset, count(*), count(*) filter (bit_count(bits) < n) from (
    select account_id, asset, count(*) n, bit_or((
        case state when 'free' then 1 when 'locked' then 2 when 'staked' then 4
            when 'withdrawal_in_transit' then 8 when 'incoming_uncredited' then 16
            when 'unidentified' then 32 when 'margin_debt' then 64 end
        * case product when 'spot' then 1 when 'margin' then 128 when 'lending' then 16384 end
    )::int) bits from b group by all) group by asset;
select account_id, asset, sum(quantity) filter (state <> 'margin_debt'),
    sum(quantity) filter (state = 'margin_debt')
from b semi join (select distinct account_id from b where state = 'margin_debt') using (account_id)
group by all order by all;
select count(*), count(*) filter (a <> z) from (
    select customer_id, min(account_id) a, max(account_id) z from b
    where customer_id is not null and customer_id <> '' group by all);
"""


def bare(folder: Path) -> None:
    """The same passes in SQL."""
    import duckdb

    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as stream:
                hashlib.file_digest(stream, "sha256").hexdigest()
    con = duckdb.connect()
    con.execute(f"set memory_limit = '{MEMORY}'; set preserve_insertion_order = false")
    con.execute(f"create view b as select * from read_parquet('{folder}/balances/*.parquet')")
    for statement in BARE.split(";"):
        if statement.strip():
            for _ in con.execute(statement).to_arrow_reader(50_000):
                pass


def closed(folder: Path) -> None:
    """The close, written out with its reports."""
    from sonae.actions.close import close_books

    with tempfile.TemporaryDirectory() as out:
        close_books(folder, out=Path(out) / "close")


def prepare(folder: Path, people: int) -> None:
    """Sample books of the benchmark's size, written once.

    The optional customers table is left out, since bare SQL makes no pass over it.
    """
    from sonae.books.sample import write_sample

    if not folder.exists():
        start = time.perf_counter()
        write_sample(folder, people, ASSETS, rows_per_account=ROWS_PER_PERSON)
        shutil.rmtree(folder / "customers")
        print(f"sample of {people:,} people written in {time.perf_counter() - start:.0f} s")


def main() -> None:
    """Measure both sides in turn and print the ratio."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=5_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--side")
    args = parser.parse_args()
    if args.side:
        {"bare": bare, "close": closed}[args.side](args.folder)
        tell()
        return
    folder = args.folder or Path(tempfile.gettempdir()) / f"sonae-bench-{args.people}"
    print(machine())
    prepare(folder, args.people)
    runs: dict[str, list[Run]] = {"bare": [], "close": []}
    for _ in range(args.rounds):
        for side, results in runs.items():
            results.append(timed(__file__, "--side", side, "--folder", folder))
    sql, ours = middle(runs["bare"]), middle(runs["close"])
    print(f"balance rows          {args.people * ROWS_PER_PERSON:>9,}")
    print(line("bare SQL", sql))
    print(line("sonae close", ours))
    print(f"ratio of CPU          {ours.cpu / sql.cpu:>9.2f}   (at most {ALLOWED_RATIO})")
    print(f"ratio of wall         {ours.wall / sql.wall:>9.2f}")
    good = ours.cpu <= ALLOWED_RATIO * sql.cpu and ours.mb <= ALLOWED_MB
    print("held" if good else "NOT held")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()

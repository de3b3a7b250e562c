"""`sonae close` against bare SQL doing the same passes over the same Parquet files, in one run.

The passes of bare SQL: sums by asset and state, repeated keys, distinct people. Each side runs in a
process of its own, in turn, under the same memory bound; the figures are medians. Prints time,
peak memory and the ratio.

    python benchmarks/close.py [--people 5000000] [--rounds 3] [--folder DIR]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MEMORY = "1800MB"
ASSETS, ROWS_PER_PERSON = 40, 4
ALLOWED_RATIO, ALLOWED_SECONDS, ALLOWED_MB = 2, 3, 3072

BARE = """
select asset, state, sum(quantity), count(*) from b group by all;
select count(*) from (
    select 1 from b group by account_id, asset, product, state having count(*) > 1);
select count(distinct customer_id) from b;
"""


def bare(folder: Path) -> None:
    """The same passes in SQL."""
    import duckdb

    con = duckdb.connect()
    con.execute(f"set memory_limit = '{MEMORY}'; set preserve_insertion_order = false")
    con.execute(f"create view b as select * from read_parquet('{folder}/balances/*.parquet')")
    for statement in BARE.split(";"):
        if statement.strip():
            con.execute(statement).fetchall()


def closed(folder: Path) -> None:
    """The close, written out with its reports."""
    from sonae.actions.close import close_books

    with tempfile.TemporaryDirectory() as out:
        close_books(folder, out=Path(out) / "close")


def child(side: str, folder: Path) -> None:
    """Run one side and print seconds and peak memory; start-up and imports are counted."""
    {"bare": bare, "close": closed}[side](folder)
    print(json.dumps({"mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


def timed(side: str, folder: Path) -> dict[str, float]:
    """One measured run in a fresh process."""
    start = time.perf_counter()
    command = [sys.executable, __file__, "--side", side, "--folder", str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return {"seconds": time.perf_counter() - start, **json.loads(done.stdout.splitlines()[-1])}


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
        child(args.side, args.folder)
        return
    folder = args.folder or Path(tempfile.gettempdir()) / f"sonae-bench-{args.people}"
    prepare(folder, args.people)
    runs: dict[str, list[dict[str, float]]] = {"bare": [], "close": []}
    for _ in range(args.rounds):
        for side, results in runs.items():
            results.append(timed(side, folder))
    sql, ours = (statistics.median(r["seconds"] for r in runs[s]) for s in ("bare", "close"))
    memory = {s: max(r["mb"] for r in runs[s]) for s in runs}
    allowed = ALLOWED_RATIO * sql + ALLOWED_SECONDS
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(f"balance rows          {args.people * ROWS_PER_PERSON:>12,}")
    print(f"bare SQL              {sql:>12.1f} s {memory['bare']:>8.0f} MB")
    print(f"sonae close           {ours:>12.1f} s {memory['close']:>8.0f} MB")
    print(f"ratio                 {ours / sql:>12.2f}")
    print(f"allowed               {allowed:>12.1f} s {ALLOWED_MB:>8} MB")
    good = ours <= allowed and memory["close"] <= ALLOWED_MB
    print("held" if good else "NOT held")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()

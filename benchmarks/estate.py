"""A distribution to ten million customers in three assets, against a bare scan of the same claims.

The product checks the claims, stages them by rank and asset in order, finds the ratio of every
contest and writes each row with what is paid, reserved and paid in all, out of coins, money for
customers alone and the general estate. The bare scan reads every row once and adds up by asset.
Each side runs in a process of its own.

    python benchmarks/estate.py [--people 10000000]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MEMORY = "1800MB"
ALLOWED_MB = 3072
ASSETS = {"AAA": 8, "BBB": 6, "CCC": 10}
PLAN = """
[estate]
id = "benchmark"
entity = "Benchmark K.K."
proceeding = "bankruptcy"
commencement_on = 2026-11-20
record_on = 2026-12-20
currency = "JPY"
basis = "in_kind"
residue_account = "residue"
[[asset]]
asset = "JPY"
scale = 0
[[pool]]
id = "cover"
kind = "insurance"
insurance_kind = "liability"
asset = "JPY"
amount = "100000000000"
[[pool]]
id = "general"
kind = "general"
asset = "JPY"
amount = "500000000000"
"""
"""Coins are short of every asset, so that all three steps run for every row."""


def write(folder: Path, people: int) -> None:
    """Claims of so many people on each asset, and a plan that holds two thirds of each."""
    import duckdb

    con = duckdb.connect()
    values = ", ".join(f"('{a}', {n})" for n, a in enumerate(ASSETS))
    con.execute(
        f"""copy (select format('C{{:09d}}', n) claimant, asset,
        (hash(n * 3 + k) % 1000000000000 + 1)::decimal(38,0) amount, 'customer' "rank",
        case when hash(n) % 20 = 0 then 'objected' else 'admitted' end state
        from range({people}) r(n), (values {values}) v(asset, k))
        to '{folder}/claims.parquet' (format parquet)"""
    )
    totals = con.execute(
        f"select asset, sum(amount)::hugeint from '{folder}/claims.parquet' group by asset"
    ).fetchall()
    parts = [
        f'[[asset]]\nasset = "{a}"\nscale = {ASSETS[a]}\nrate = "123.456"\n'
        f'[[pool]]\nid = "{a}"\nkind = "segregated"\nasset = "{a}"\namount = "{total * 2 // 3}"\n'
        for a, total in sorted(totals)
    ]
    (folder / "plan.toml").write_text(PLAN + "".join(parts), "utf-8")


def bare(folder: Path) -> None:
    import duckdb

    con = duckdb.connect()
    con.execute(f"set memory_limit = '{MEMORY}'")
    con.execute(
        "select asset, count(claimant), count(state), sum(amount) "
        f"from '{folder}/claims.parquet' group by asset"
    ).fetchall()


def distributed(folder: Path) -> None:
    from sonae.actions.estate import distribute

    found = distribute(
        folder / "plan.toml", folder / "claims.parquet", folder / "out", sheet=False, memory=MEMORY
    )
    for group in found["groups"]:
        assert int(group["in_kind"]["now"]) > 0 < int(group["general"]["reserved"])


def child(side: str, folder: Path) -> None:
    began = time.perf_counter()
    {"bare": bare, "distributed": distributed}[side](folder)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": time.perf_counter() - began, "mb": peak}))


def run(side: str, folder: Path) -> dict[str, float]:
    words = [sys.executable, __file__, "--child", side, "--folder", str(folder)]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=10_000_000)
    parser.add_argument("--child")
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    if asked.child:
        child(asked.child, asked.folder)
        return 0
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        write(folder, asked.people)
        scan, ours = run("bare", folder), run("distributed", folder)
    good = ours["mb"] <= ALLOWED_MB
    print(f"{asked.people:,} people x {len(ASSETS)} assets")
    print(
        f"  distribution {ours['seconds']:.1f} s   bare scan {scan['seconds']:.2f} s   ratio "
        f"{ours['seconds'] / scan['seconds']:.0f}   memory {ours['mb']:,.0f} MB (at most "
        f"{ALLOWED_MB:,}); time grows with the rows, memory up to the engine's {MEMORY} and a few "
        "batches"
    )
    print("held" if good else "NOT held")
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())

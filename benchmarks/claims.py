"""Entitlements of ten million people in three assets, against a bare scan of the same file.

The product reads and checks the Books, closes them, takes each account's loss of each asset and
what a method makes of it, exactly, and writes every account to a file. The bare scan reads every
row once and adds up the quantities by asset. Each side runs in a process of its own.

    python benchmarks/claims.py [--people 10000000]
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MEMORY = "1800MB"
ALLOWED_SECONDS, ALLOWED_MB = 60, 3072
ASSETS = {"AAA": 8, "BBB": 6, "CCC": 18}
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
regimes = []
[house]
price_max_age_minutes = 30
control_proof_days = 90
control_proof_warning_days = 60
holding_max_age_hours = 24
[prices]
hierarchy = ["alpha"]
"""
INCIDENT = f"""
[incident]
id = "benchmark"
entity = "Benchmark K.K."
kind = "coins"
cause = "undetermined"
occurred_at = {AT}
learned_at = {AT}
record_at = {AT}
currency = "JPY"
loss_borne_by = "asset_pool"
source = "synthetic"
confidence = "derived"
[[method]]
id = "rate"
title = {{ ja = "固定", en = "fixed" }}
method = "fixed_rate"
rates = {{ AAA = "123.456", BBB = "7.89", CCC = "0.0123" }}
discharge = "none"
source = "synthetic"
confidence = "derived"
"""


def write(folder: Path, people: int) -> None:
    """Books of so many people, each with three assets, and an incident that took a third."""
    import duckdb

    (folder / "venue.toml").write_text(VENUE)
    rows = [f"{a},{n},crypto,{s},false" for n, (a, s) in enumerate(ASSETS.items(), 1)]
    (folder / "assets.csv").write_text(
        "\n".join(["asset,number,kind,scale,own_issue", *rows, "JPY,9,fiat,0,false"]) + "\n"
    )
    (folder / "holdings.csv").write_text(
        "holding_id,asset,owner,tier,quantity,as_of\n"
        + "".join(f"{a},{a},customer,hot,1,{AT}\n" for a in ASSETS)
    )
    (folder / "prices.csv").write_text(
        "asset,currency,price,source,own_venue,purpose,at\n"
        + "".join(f"{a},JPY,100,alpha,false,regulatory,{AT}\n" for a in ASSETS)
    )
    con = duckdb.connect()
    values = ", ".join(f"('{a}', {n})" for n, a in enumerate(ASSETS))
    con.execute(
        f"""copy (select format('A{{:09d}}', n) account_id, format('C{{:09d}}', n) customer_id,
        asset, 'spot' product, 'free' state,
        (hash(n * 3 + k) % 1000000000000 + 1)::decimal(38,0) quantity
        from range({people}) r(n), (values {values}) v(asset, k))
        to '{folder}/balances.parquet' (format parquet)"""
    )
    totals = con.execute(
        f"select asset, sum(quantity)::hugeint from '{folder}/balances.parquet' group by asset"
    ).fetchall()
    losses = "".join(
        f'[[loss]]\nasset = "{a}"\nscale = {ASSETS[a]}\n'
        f'amount = "{_whole(total // 3, ASSETS[a])}"\n'
        'wallet = "w"\nsigning_domain = "d"\n'
        for a, total in totals
    )
    (folder.parent / "incident.toml").write_text(INCIDENT + losses)


def _whole(units: int, scale: int) -> str:
    text = str(units).rjust(scale + 1, "0")
    return f"{text[:-scale]}.{text[-scale:]}"


def bare(folder: Path) -> None:
    import duckdb

    con = duckdb.connect()
    con.execute(f"set memory_limit = '{MEMORY}'")
    con.execute(
        "select asset, count(account_id), count(state), count(product), sum(quantity) "
        f"from '{folder}/balances.parquet' group by asset"
    ).fetchall()


def entitled(folder: Path) -> None:
    from sonae.actions.entitle import compare_methods, load_incident

    incident, _ = load_incident(folder.parent / "incident.toml")
    found = compare_methods(folder, incident, folder.parent / "out")
    for asset in found["assets"]:
        assert int(asset["residue"]) < asset["accounts"]


def child(side: str, folder: Path) -> None:
    began = time.perf_counter()
    {"bare": bare, "entitled": entitled}[side](folder)
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
    print(f"{platform.machine()}, Python {platform.python_version()}")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "books"
        folder.mkdir()
        write(folder, asked.people)
        scan, ours = run("bare", folder), run("entitled", folder)
    good = ours["seconds"] <= ALLOWED_SECONDS and ours["mb"] <= ALLOWED_MB
    print(f"{asked.people:,} people x {len(ASSETS)} assets")
    print(
        f"  entitlements {ours['seconds']:.1f} s (at most {ALLOWED_SECONDS})   bare scan "
        f"{scan['seconds']:.1f} s   ratio {ours['seconds'] / scan['seconds']:.0f}   memory "
        f"{ours['mb']:,.0f} MB (at most {ALLOWED_MB:,}); time grows with the rows, memory does not"
    )
    print("held" if good else "NOT held")
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())

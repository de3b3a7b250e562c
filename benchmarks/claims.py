"""Entitlements of ten million people in three assets, against bare SQL doing the same passes.

Both sides take SHA-256 of every file, check every row and sum by asset, product and state, count
accounts and repeated keys, then take each account's loss of each asset and the money that a fixed
rate makes of it, exactly and rounded down, and write every account in order to Parquet, with its
digest. The bare side is DuckDB SQL and nothing of Sonae, and its accounts are compared with ours.

Each side runs in a process of its own, in turn, under the same bound of the engine's memory. The
ratio that is judged is that of CPU seconds, which other work on the machine disturbs least.

    python benchmarks/claims.py [--people 10000000] [--rounds 1]
"""

from __future__ import annotations

import argparse
import hashlib
import tempfile
from pathlib import Path

from sides import Run, line, machine, middle, tell, timed

MEMORY = "1800MB"
ALLOWED_RATIO, ALLOWED_MB = 1.5, 3072
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


BARE = """
select asset, product, state, count(*), min(quantity), max(quantity),
    sum(quantity) filter (quantity > 0), sum(quantity) filter (quantity < 0),
    count(*) filter (account_id is null or account_id = ''),
    count(*) filter ((customer_id is null or customer_id = '') and state <> 'unidentified'),
    count(*) filter (quantity is null)
from b group by all;
select asset, count(*), count(*) filter (bit_count(bits) < n) from (
    select account_id, asset, count(*) n, bit_or((
        case state when 'free' then 1 when 'locked' then 2 when 'margin_debt' then 64 end
        * case product when 'spot' then 1 when 'margin' then 128 end)::int) bits
    from b group by all) group by asset
"""
SHARE = """
copy (
    select account_id account, asset, lost::decimal(38,0) lost, 0::decimal(38,0) "rate.in_kind",
        (lost * {rate} // {per})::decimal(38,0) "rate.amount", 0::decimal(38,0) "rate.goodwill",
        false held
    from (select account_id, asset, quantity::hugeint * {lost}::hugeint // {owed}::hugeint lost
        from b where asset = '{asset}' and state <> 'margin_debt' and quantity > 0)
    order by account_id
) to '{to}' (format parquet)
"""
RATES = {"AAA": (123456, 3), "BBB": (789, 2), "CCC": (123, 4)}
"""The rates of the method: a whole number, and its decimals."""


def bare(folder: Path) -> None:
    """The same passes in SQL: digests, checks and sums, keys, and each asset's accounts in order.

    Shares and money are floors of products; they fit the 128 bits of SQL here, and what Sonae does
    for products that do not is not asked of it.
    """
    import duckdb

    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as stream:
                hashlib.file_digest(stream, "sha256").hexdigest()
    con = duckdb.connect()
    con.execute(f"set memory_limit = '{MEMORY}'; set preserve_insertion_order = false")
    con.execute(f"create view b as select * from '{folder}/balances.parquet'")
    checks, keys = BARE.split(";")
    owed = {r[0]: int(r[6]) for r in con.execute(checks).fetchall()}
    con.execute(keys).fetchall()
    con.execute("set preserve_insertion_order = true")
    for asset, scale in ASSETS.items():
        rate, decimals = RATES[asset]
        terms = {"rate": rate, "per": 10 ** (decimals + scale), "owed": owed[asset]}
        to = folder.parent / f"bare-{asset}.parquet"
        con.execute(SHARE.format(asset=asset, lost=owed[asset] // 3, to=to, **terms))
        with to.open("rb") as stream:
            hashlib.file_digest(stream, "sha256").hexdigest()


def entitled(folder: Path) -> None:
    from sonae.actions.claims.entitle import compare_methods, load_incident

    incident, _ = load_incident(folder.parent / "incident.toml")
    found = compare_methods(folder, incident, folder.parent / "out")
    for asset in found["assets"]:
        assert int(asset["residue"]) < asset["accounts"]


def agree(folder: Path) -> None:
    """Both sides wrote the same amounts for the same accounts, or the comparison is of nothing."""
    import duckdb

    ours, sql = f"'{folder.parent}/out/accounts.parquet'", f"'{folder.parent}/bare-*.parquet'"
    columns = 'account, asset, lost, "rate.amount"'
    [differ] = duckdb.sql(
        f"select count(*) from (select {columns} from {ours} except select {columns} from {sql})"
    ).fetchall()
    if differ[0]:
        raise SystemExit(f"{differ[0]:,} accounts differ")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--side")
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    if asked.side:
        {"bare": bare, "entitled": entitled}[asked.side](asked.folder)
        tell()
        return 0
    print(machine())
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "books"
        folder.mkdir()
        write(folder, asked.people)
        runs: dict[str, list[Run]] = {"bare": [], "entitled": []}
        for _ in range(asked.rounds):
            for side, results in runs.items():
                results.append(timed(__file__, "--side", side, "--folder", folder))
        agree(folder)
    sql, ours = middle(runs["bare"]), middle(runs["entitled"])
    print(f"{asked.people:,} people x {len(ASSETS)} assets; both sides agree on every account")
    print(line("bare SQL", sql))
    print(line("entitlements", ours))
    print(f"ratio of CPU          {ours.cpu / sql.cpu:>9.2f}   (at most {ALLOWED_RATIO})")
    print(f"ratio of wall         {ours.wall / sql.wall:>9.2f}")
    good = ours.cpu <= ALLOWED_RATIO * sql.cpu and ours.mb <= ALLOWED_MB
    print("held" if good else "NOT held")
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())

"""Sample books: synthetic, coherent, of any size, clean or with faults planted by name.

Balances are drawn part by part and written as Parquet; what the venue holds is then set against
the exact totals of what was written, so that a clean sample closes without a breach or warning.
Floats only draw (how rich, which coin): from the moment a quantity is a number of yen it is an
integer, and totals are sums of decimal(38,0). With the same versions of numpy and pyarrow, the
same arguments give the same bytes.
"""

from __future__ import annotations

import csv
import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sonae.books.plant import (
    AGGREGATORS,
    CUT_OFF,
    ENTITY,
    FAULTS,
    TRUSTEE,
    YEN,
    Asset,
    Draft,
    Row,
    Totals,
    clean,
    listing,
)
from sonae.books.sample_abroad import go_abroad
from sonae.books.schema import TABLES
from sonae.core.errors import UsageError

PLANTS: tuple[str, ...] = tuple(FAULTS)
MOST_ASSETS = 40
PART_ROWS = 1_000_000
UNITS, LONG = pa.decimal128(38, 0), pa.decimal128(19, 0)
Ints = npt.NDArray[np.int64]
Progress = Callable[[int, int], None]


def write_sample(
    folder: Path,
    accounts: int,
    assets: int = 12,
    seed: int = 7,
    plants: Sequence[str] = (),
    rows_per_account: int | None = None,
    progress: Progress | None = None,
    regimes: Sequence[str] = ("jp",),
) -> None:
    """Write sample books to a folder that is empty or not there yet; all of them or nothing.

    Args:
        folder: where the books go.
        accounts: customers, one account each.
        assets: how many assets the venue lists, the yen first.
        seed: what the draws start from.
        plants: names of `PLANTS`, each a fault to plant.
        rows_per_account: exactly so many balances each; without it from one to all assets.
        progress: told after each part how many accounts are written, and of how many.
        regimes: what the venue is under: `jp`, `eu`, `hk`, `kr`.

    Raises:
        UsageError: for an unknown plant, a folder with something in it, or a number out of range.
    """
    folder = folder.resolve()
    _check(folder, accounts, assets, seed, plants, rows_per_account)
    listed = listing(assets, np.random.Generator(np.random.PCG64(seed)))
    plan = Plan.of([a for a in listed if not a.own], rows_per_account, seed)
    folder.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        books = work / "books"
        for large in ("balances", "customers"):
            (books / large).mkdir(parents=True)
        totals = _mass(plan, books, accounts, progress)
        draft = clean(listed, totals, accounts)
        go_abroad(draft, regimes)
        for name in dict.fromkeys(plants):
            FAULTS[name].plant(draft)
        _small(books, draft, seed)
        if folder.exists():
            folder.rmdir()
        books.rename(folder)
    finally:
        shutil.rmtree(work)


def _check(
    folder: Path, accounts: int, assets: int, seed: int, plants: Sequence[str], rows: int | None
) -> None:
    unknown = [p for p in plants if p not in FAULTS]
    if unknown:
        raise UsageError(f"no fault {', '.join(unknown)}; there is: {', '.join(PLANTS)}")
    if accounts < 1 or not 1 <= assets <= MOST_ASSETS or seed < 0:
        raise UsageError(
            f"accounts must be 1 or more, assets 1 to {MOST_ASSETS}, the seed not negative; "
            f"given: {accounts}, {assets}, {seed}"
        )
    for name in plants:
        if assets < FAULTS[name].assets:
            raise UsageError(f"{name} needs at least {FAULTS[name].assets} assets")
    held = assets - (assets > 2)
    if rows is not None and not 1 <= rows <= held:
        raise UsageError(f"rows per account must be 1 to {held} with {assets} assets, not {rows}")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is not an empty folder")


# -- who holds what ------------------------------------------------------------------------------

CELLS = (
    ("spot", "free"),
    ("spot", "locked"),
    ("spot", "staked"),
    ("spot", "withdrawal_in_transit"),
    ("spot", "incoming_uncredited"),
    ("lending", "free"),
    ("margin", "free"),
    ("margin", "margin_debt"),
)
FREE, LOCKED, STAKED, LEAVING, COMING, LENT, MARGIN, DEBT = range(len(CELLS))
PER_MILLE = ((LOCKED, 30), (LEAVING, 15), (COMING, 10), (LENT, 25), (STAKED, 60))
"""Of a thousand balances, how many are in another cell than free."""
KINDS = (("corporate", 10), ("sole_proprietor", 15), ("staff", 5), ("related", 1))
WEALTH = (
    (1, 100), (0.9, 300), (0.7, 1_500), (0.5, 6_000), (0.3, 25_000), (0.16, 75_000),
    (0.1, 180_000), (0.05, 500_000), (0.01, 3_000_000), (1e-3, 20_000_000), (1e-4, 140_000_000),
    (1e-5, 950_000_000), (1e-6, 6_500_000_000), (1e-7, 45_000_000_000),
)  # fmt: skip
"""Share of people who have at least so many yen: most have little, and the tail is a power law."""
RICHEST = 10**12
COLLATERAL, DEBT_PART = 1_000, 8
"""Yen that a margin account must have to owe, and the part of it that it then owes."""
STRAYS = 4
"""Deposits that name nobody: one of each of the first assets."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What does not change from part to part.

    `held` are the assets that customers hold, most popular first; `rows` is per account. Yen times
    `up` over `down` is millionths of a coin (base units, where a coin has fewer).
    """

    seed: int
    held: Sequence[Asset]
    rows: int | None
    up: Ints
    down: Ints
    fine: Ints
    lots: npt.NDArray[np.int8]

    @classmethod
    def of(cls, held: Sequence[Asset], rows: int | None, seed: int) -> Plan:
        """The plan for these assets."""
        ratios = [_ratio(Fraction(10 ** min(a.scale, 6)) / Fraction(a.price)) for a in held]
        up, down = np.array(ratios, np.int64).T
        fine = np.array([10**a.fine for a in held], np.int64)
        return cls(seed, held, rows, up, down, fine, np.array([_lots(a) for a in held], np.int8))


@dataclass(frozen=True, slots=True)
class People:
    """Accounts of a part: yen, kind, a shuffled rank that hands out roles, number of rows."""

    yen: Ints
    kind: Ints
    rank: Ints
    rows: Ints


@dataclass(frozen=True, slots=True)
class Lines:
    """Balances of a part, by row: account within the part, asset, cell, quantity, days."""

    owner: Ints
    asset: Ints
    cell: Ints
    quantity: pa.Array
    days: pa.Array


def _ratio(exact: Fraction) -> tuple[int, int]:
    """A fraction near `exact` that multiplies RICHEST without leaving 64 bits."""
    down = 1
    while exact * down < 800_000:
        down *= 10
    return int(exact * down), down


def _lots(asset: Asset) -> list[int]:
    """A thousand cells to draw from: which product and state a balance of the asset is in."""
    closed = {LENT, STAKED} if asset.kind == "fiat" else set() if asset.stakable else {STAKED}
    drawn = [cell for cell, lots in PER_MILLE for _ in range(lots) if cell not in closed]
    return drawn + [FREE] * (1_000 - len(drawn))


def _people(plan: Plan, rng: np.random.Generator, count: int) -> People:
    """Wealth in even strata, so that small books have the shape of large ones."""
    share = (rng.permutation(count) + 1 - rng.random(count)) / count
    known, yen = np.log(np.array(WEALTH).T)
    worth = np.exp(np.interp(-np.log(share), -known, yen)).astype(np.int64)
    rank = rng.permutation(count)
    sizes = [max(count >= 50, count * lots // 1_000) for _, lots in KINDS]
    kind = np.searchsorted(np.cumsum(sizes), rank, side="right")
    worth = np.minimum(np.where(kind == 0, worth * 20, worth), RICHEST)
    if plan.rows:
        rows = np.full(count, plan.rows, np.int64)
    else:
        spread = (1 - rng.random(count)) ** -0.7
        rows = np.minimum(spread, len(plan.held)).astype(np.int64)
    return People(worth, kind, rank, rows)


def _picks(plan: Plan, rng: np.random.Generator, people: People, starts: Ints) -> Ints:
    """Different assets for each account, popular ones more often.

    A sorted draw with repetition from the first n - m + 1 assets, plus 0 to m - 1, is a draw of m
    different ones from n.
    """
    picked = np.empty(int(people.rows.sum()), np.int64)
    popularity = 1 / np.arange(1, len(plan.held) + 1) ** 1.1
    for rows in np.unique(people.rows).tolist():
        first = starts[people.rows == rows]
        edges = np.cumsum(popularity[: len(plan.held) - rows + 1])
        drawn = np.searchsorted(edges[:-1] / edges[-1], rng.random((len(first), rows)))
        steps = np.arange(rows)
        picked[first[:, None] + steps] = np.sort(drawn, axis=1) + steps
    return picked


def _lines(plan: Plan, rng: np.random.Generator, people: People) -> Lines:
    """The balances of a part: one asset a row, except where a second state follows the first."""
    starts = np.cumsum(people.rows) - people.rows
    ends = starts + people.rows - 1
    owner = np.repeat(np.arange(len(people.rows)), people.rows)
    asset = _picks(plan, rng, people, starts)
    weight = rng.integers(1, 1_000, len(asset)) ** 2
    yen = people.yen[owner] * weight // np.add.reduceat(weight, starts)[owner]
    cell = plan.lots[asset, rng.integers(0, 1_000, len(asset))].astype(np.int64)

    # Some accounts hold their last asset in a second state.
    several = people.rows > 1
    twice = ends[several & (people.rank % 10 == 3)]
    asset[twice], cell[twice - 1] = asset[twice - 1], FREE
    stakable = np.array([a.stakable for a in plan.held])
    cell[twice] = np.where(stakable[asset[twice]], STAKED, LOCKED)

    # Some trade on margin; of those, some owe their last asset against their first.
    margin = people.rank % 50 == 7
    cell[margin[owner]] = MARGIN
    owes = margin & several & (yen[starts] >= COLLATERAL)
    yen[ends[owes]] = yen[starts[owes]] // DEBT_PART
    coins = yen * plan.up[asset] // plan.down[asset]
    cell[ends[owes & (coins[ends] > 0)]] = DEBT

    # Digits beyond the sixth; some accounts are left with dust of one base unit.
    fine = rng.integers(0, 10**12, len(asset)) // (10**12 // plan.fine[asset])
    dust = ends[several & ~margin & (people.rank % 31 == 30)]
    coins[dust], fine[dust] = 0, 1
    fine[(coins == 0) & (fine == 0)] = 1
    days = pa.array(rng.integers(7, 46, len(asset), np.int32), mask=cell != STAKED)
    return Lines(owner, asset, cell, _units(plan, asset, coins, fine), days)


def _units(plan: Plan, asset: Ints, coins: Ints, fine: Ints) -> pa.Array:
    """Base units as decimal(38,0): coins x 10^fine digits + fine, exactly."""
    tens = pa.array([Decimal(int(f)) for f in plan.fine], pa.decimal128(13, 0))
    whole = pc.multiply(pa.array(coins).cast(LONG), tens.take(pa.array(asset)))
    return pc.add(whole, pa.array(fine).cast(LONG)).cast(UNITS)


# -- writing the large tables --------------------------------------------------------------------


def _mass(plan: Plan, folder: Path, accounts: int, progress: Progress | None) -> Totals:
    """Write customers and balances part by part; exact totals per asset and cell."""
    totals: Totals = Counter()
    step = PART_ROWS // (plan.rows or 3)
    for part, first in enumerate(range(0, accounts, step)):
        rng = np.random.Generator(np.random.PCG64((plan.seed, part + 1)))
        people = _people(plan, rng, min(step, accounts - first))
        lines = _lines(plan, rng, people)
        numbers = pa.array(np.arange(first + 1, first + 1 + len(people.rows)))
        name = f"part-{part:04d}.parquet"
        _write(_customers(numbers, people, rng), folder / "customers" / name)
        _write(_balances(plan, numbers, lines), folder / "balances" / name)
        keys = pa.array(lines.asset * len(CELLS) + lines.cell)
        sums = pa.table({"key": keys, "units": lines.quantity}).group_by("key")
        for row in sums.aggregate([("units", "sum")]).to_pylist():
            asset, cell = divmod(row["key"], len(CELLS))
            totals[plan.held[asset].name, *CELLS[cell]] += int(row["units_sum"])
        if progress:
            progress(first + len(people.rows), accounts)
    strays = [_stray(n, a) for n, a in enumerate(plan.held[:STRAYS], 1)]
    _write(_table(strays), folder / "balances" / "unidentified.parquet")
    totals.update({(r["asset"], r["product"], r["state"]): r["quantity"] for r in strays})
    return totals


def _stray(number: int, asset: Asset) -> Row:
    """A deposit worth some 20,000 yen that names nobody."""
    return {
        "account_id": f"S{number:09d}",
        "asset": asset.name,
        "product": "spot",
        "state": "unidentified",
        "quantity": int(20_000 * 10**asset.scale / Fraction(asset.price)),
    }


def _table(rows: Sequence[Row]) -> pa.Table:
    texts = ("account_id", "customer_id", "asset", "product", "state")
    kinds = {t: pa.string() for t in texts} | {"quantity": UNITS, "days_to_liquid": pa.int32()}
    return pa.Table.from_pylist(list(rows), pa.schema(kinds))


def _balances(plan: Plan, numbers: pa.Array, lines: Lines) -> pa.Table:
    owner, cell = pa.array(lines.owner), lines.cell
    return pa.table(
        {
            "account_id": _ids("A", numbers).take(owner),
            "customer_id": _ids("C", numbers).take(owner),
            "asset": _coded(lines.asset, [a.name for a in plan.held]),
            "product": _coded(cell, [product for product, _ in CELLS]),
            "state": _coded(cell, [state for _, state in CELLS]),
            "quantity": lines.quantity,
            "days_to_liquid": lines.days,
        }
    )


def _customers(numbers: pa.Array, people: People, rng: np.random.Generator) -> pa.Table:
    abroad = rng.integers(0, 1_000, len(people.rows))
    return pa.table(
        {
            "customer_id": _ids("C", numbers),
            "kind": _coded(people.kind, [*(kind for kind, _ in KINDS), "person"]),
            "name": _ids("Synthetic customer ", numbers),
            "country": _coded(np.minimum(abroad // 10, 3), ["US", "TW", "SG", "JP"]),
        }
    )


def _ids(prefix: str, numbers: pa.Array) -> pa.Array:
    digits = pc.utf8_lpad(numbers.cast(pa.string()), 9, "0")
    return pc.binary_join_element_wise(prefix, digits, "")


def _coded(codes: Ints, words: Sequence[str]) -> pa.Array:
    """Words by code; a word twice in the dictionary would make Arrow write stray bytes."""
    once = list(dict.fromkeys(words))
    place = np.array([once.index(word) for word in words], np.int8)
    return pa.DictionaryArray.from_arrays(place[codes], pa.array(once, pa.string()))


def _write(table: pa.Table, path: Path) -> None:
    coded = ["asset", "product", "state", "kind", "country"]
    pq.write_table(
        table,
        path,
        compression="zstd",
        use_dictionary=[c for c in coded if c in table.column_names],
        row_group_size=250_000,
        store_schema=False,
    )


# -- writing the small tables --------------------------------------------------------------------


def _small(folder: Path, draft: Draft, seed: int) -> None:
    """Write the draft: CSV tables, TOML files and planted balances."""
    for name, rows in draft.tables.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as stream:
            columns = [c.name for c in TABLES[name].columns]
            writer = csv.DictWriter(stream, columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    nested = {
        "venue": _venue(draft, seed),
        "keys": {"wallet": draft.keys},
        "suppliers": {"supplier": _suppliers(draft.keys)},
        "policies": {"policy": [POLICY]},
    }
    for name, content in nested.items():
        (folder / f"{name}.toml").write_text("\n".join(_toml(content)) + "\n", "utf-8")
    balances, customers = folder / "balances", folder / "customers"
    if draft.balances:
        _write(_table(draft.balances), balances / "planted.parquet")
    if draft.decimals:
        _write(pa.Table.from_pylist(draft.decimals), balances / "planted-decimal.parquet")
    if draft.customers:
        _write(pa.Table.from_pylist(draft.customers), customers / "planted.parquet")


def _venue(draft: Draft, seed: int) -> Row:
    assets = draft.tables["assets"]
    haircuts = {a["asset"]: _haircut(a) for a in assets}
    tables = (*draft.tables, "balances", "customers", "keys", "suppliers", "policies")
    what = {"ja": f"合成データ（シード{seed}）", "en": f"synthetic, seed {seed}"}
    note = {"what": what, "source": what["en"], "confidence": "derived", "filled": False}
    return {
        "venue": {
            "name": f"Sample Exchange (synthetic, seed {seed})",
            "entity": ENTITY,
            "holders": [TRUSTEE],
            "licences": ["JP crypto-asset exchange service provider 00000 (synthetic)"],
            "currency": YEN,
            "time_zone": "Asia/Tokyo",
            "cut_off": CUT_OFF.isoformat(),
            "known_at": (CUT_OFF + timedelta(hours=9)).isoformat(),
            "fiscal_year_start": "04-01",
            "regimes": list(draft.regimes),
        },
        "house": {
            "price_max_age_minutes": 30,
            "control_proof_days": 90,
            "control_proof_warning_days": 60,
            "holding_max_age_hours": 24,
            "signing_domain_limit": "1/2",
            "collateral_haircut": haircuts,
        },
        "prices": {"hierarchy": list(AGGREGATORS)},
        **draft.stated,
        "sources": [{"table": table, **note} for table in sorted(tables)],
    }


def _haircut(asset: Row) -> str:
    if asset["own_issue"] == "true":
        return "1"
    return {"fiat": "0", "stablecoin": "0.1", "crypto": "0.4"}[asset["kind"]]


def _suppliers(keys: Sequence[Row]) -> list[Row]:
    """One supplier behind each signing domain."""
    domains = sorted({k["signing_domain"] for k in keys})
    return [
        {
            "name": f"Supplier of {domain} (synthetic)",
            "role": "wallet system",
            "wallets": [k["holding_id"] for k in keys if k["signing_domain"] == domain],
        }
        for domain in domains
    ]


POLICY = {
    "policy_id": "CRIME-2026-SYNTHETIC",
    "insurer": "Sample Insurance (synthetic)",
    "insurer_licence": "JP",
    "form": "crime",
    "insurance_kind": "first_party",
    "period_start": date(2026, 4, 1),
    "period_end": date(2027, 3, 31),
    "currency": YEN,
    "limit_per_event": "3000000000",
    "annual_aggregate": "3000000000",
    "retention": "100000000",
    "co_insurance": "0",
    "claims_paid": "0",
    "beneficiary": "customers",
    "pledge": "customers",
    "terminates_on": [],
}


def _toml(table: Row, path: str = "") -> Iterator[str]:
    """A table as TOML lines: its plain values, then its tables, then its lists of tables."""
    inner = {k: v for k, v in table.items() if isinstance(v, dict)}
    lists = {k: v for k, v in table.items() if isinstance(v, list) and v and isinstance(v[0], dict)}
    for key, value in table.items():
        if key not in inner and key not in lists:
            plain = str(value) if isinstance(value, date) else json.dumps(value, ensure_ascii=False)
            yield f"{key} = {plain}"
    for key, value in inner.items():
        yield from ("", f"[{path}{key}]", *_toml(value, f"{path}{key}."))
    for key, values in lists.items():
        for value in values:
            yield from ("", f"[[{path}{key}]]", *_toml(value, f"{path}{key}."))

"""Small estates in memory, and the same arithmetic written again, row by row, in plain integers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow as pa

from sonae.books.exact import UNITS
from sonae.claims.estate.book import Book, Group
from sonae.claims.estate.distribute import Totals, distributed, levels
from sonae.claims.estate.plan import Asset, Plan, Pool
from sonae.claims.estate.schedule import held_back, outside_general
from sonae.claims.estate.steps import STEPS

RATES = {"JPY": None, "AAA": Fraction(3, 7), "BBB": Fraction(1_000_003, 10)}
SCALES = {"JPY": 0, "AAA": 2, "BBB": 8}


@dataclass
class Claim:
    """One claim, and what was paid on it before, by step."""

    claimant: str
    asset: str
    rank: str
    amount: int
    state: str = "admitted"
    flag: str = ""
    before: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STEPS, 0))

    @property
    def key(self) -> tuple[str, str, str]:
        return self.claimant, self.asset, self.rank


def plan(pools: Sequence[Pool], proceeding: str = "bankruptcy", basis: str = "in_kind") -> Plan:
    """A plan over three assets; money is yen."""
    assets = {a: Asset(a, SCALES[a], RATES[a]) for a in RATES}
    days = date(2026, 11, 20), date(2026, 12, 20)
    return Plan(
        "test", "K.K.", proceeding, *days, "JPY", basis, "residue", assets, tuple(pools), {}
    )


def pool(id: str, kind: str, asset: str, amount: int, cost: int = 0, **more: Any) -> Pool:
    return Pool(id, "K.K.", kind, asset, amount, cost, **more)


class InMemory(Group):
    """A group whose rows stand in memory, in batches of a few."""

    __slots__ = ("rows",)

    def batches(self, numbers: bool = False) -> Iterator[Any]:
        size = 3
        for start in range(0, self.rows.num_rows, size):
            yield self.rows.slice(start, size).combine_chunks().to_batches()[0]


def book(claims: Sequence[Claim], proceeding: str) -> Book:
    """Claims as they are staged, in the order given."""
    groups: dict[tuple[str, str], list[Claim]] = {}
    for claim in claims:
        groups.setdefault((claim.rank, claim.asset), []).append(claim)
    made = []
    for (rank, asset), rows in sorted(groups.items()):
        total = sum(r.amount for r in rows)
        group = InMemory(rank, asset, len(rows), total, Path("."))
        object.__setattr__(group, "rows", _table(rows, proceeding))
        made.append(group)
    later = any(n for claim in claims for n in claim.before.values())
    return Book(tuple(made), later)


def reserved(claim: Claim, proceeding: str) -> bool:
    return claim.state in held_back(proceeding, claim.rank) or bool(claim.flag)


def _table(rows: Sequence[Claim], proceeding: str) -> Any:
    def units(values: Sequence[int]) -> Any:
        return pa.array([Decimal(v) for v in values], UNITS)

    return pa.table(
        {
            "claimant": [r.claimant for r in rows],
            "payee": [r.claimant for r in rows],
            "person": pa.array([None] * len(rows), pa.string()),
            "state": [r.state for r in rows],
            "amount": units([r.amount for r in rows]),
            "claimed": units([r.amount for r in rows]),
            "reserve": pa.array([reserved(r, proceeding) for r in rows]).cast("uint8"),
            "in_general": pa.array(
                [r.state not in outside_general(proceeding, r.rank) for r in rows]
            ).cast("uint8"),
            **{f"{s}_before": units([r.before[s] for r in rows]) for s in STEPS},
        }
    )


@dataclass
class Made:
    """Rows by key, and sums by group, of one distribution."""

    rows: dict[tuple[str, str, str], dict[str, Any]]
    totals: list[Totals]

    def now(self, claimant: str, asset: str, rank: str = "customer") -> tuple[int, int, int]:
        row = self.rows[claimant, asset, rank]
        return tuple(int(row[f"{s}_now"]) for s in STEPS)  # type: ignore[return-value]

    def kept(self, claimant: str, asset: str, rank: str = "customer") -> tuple[int, int, int]:
        row = self.rows[claimant, asset, rank]
        return tuple(int(row[f"{s}_reserved"]) for s in STEPS)  # type: ignore[return-value]


def distribute(plan_: Plan, claims: Sequence[Claim]) -> Made:
    """What the product makes of claims in memory."""
    staged = book(claims, plan_.proceeding)
    found = levels(plan_, staged)
    rows, totals = {}, []
    for group in staged.groups:
        sums = Totals(group.rank, group.asset)
        for table in distributed(plan_, group, found, sums):
            for row in table.to_pylist():
                rows[row["claimant"], row["asset"], row["rank"]] = row
        totals.append(sums)
    return Made(rows, totals)


def paid_before(claims: Sequence[Claim], made: Made) -> list[Claim]:
    """The same claims with what was paid on them so far."""
    return [
        Claim(
            c.claimant,
            c.asset,
            c.rank,
            c.amount,
            c.state,
            c.flag,
            {s: int(made.rows[c.key][f"{s}_paid"]) for s in STEPS},
        )
        for c in claims
    ]


# -- the arithmetic again ------------------------------------------------------------------------


def money_per_unit(asset: str) -> Fraction:
    rate = RATES[asset]
    return Fraction(1) if rate is None else rate / 10 ** SCALES[asset]


def first_distribution(
    pools: Mapping[str, Mapping[str, int]], claims: Sequence[Claim], proceeding: str
) -> dict[tuple[str, str, str], tuple[int, int, int]]:
    """Due by key and step when nothing was paid before, from pools by step and asset."""
    customers = [c for c in claims if c.rank == "customer"]
    coins: dict[tuple[str, str, str], int] = {}
    for asset in RATES:
        mine = [c for c in customers if c.asset == asset]
        whole, there = sum(c.amount for c in mine), pools["in_kind"].get(asset, 0)
        for c in mine:
            coins[c.key] = min(c.amount, there * c.amount // whole) if whole else 0
    value = {
        c.key: int((c.amount - coins[c.key]) * money_per_unit(c.asset) // 1) for c in customers
    }
    alone = _pro_rata(value, pools["secured"].get("JPY", 0))
    due = {c.key: (coins[c.key], alone[c.key], 0) for c in customers}
    due |= {c.key: (0, 0, 0) for c in claims if c.rank != "customer"}
    left, full = pools["general"].get("JPY", 0), True
    for rank in ("cost", "preferential", "ordinary", "subordinated"):
        mine = {
            c.key: c.amount
            for c in claims
            if c.rank == rank and not (_lapsed(c, proceeding) and rank != "cost")
        }
        if rank == "ordinary":
            mine |= {
                c.key: value[c.key] - alone[c.key] for c in customers if not _lapsed(c, proceeding)
            }
        got = _pro_rata(mine, left if full else 0)
        left -= sum(got.values())
        full = full and sum(got.values()) == sum(mine.values())
        for key, amount in got.items():
            due[key] = (*due.get(key, (0, 0, 0))[:2], amount)
    return due


def _lapsed(claim: Claim, proceeding: str) -> bool:
    return proceeding == "bankruptcy" and claim.state == "unfiled"


def _pro_rata(
    shares: Mapping[tuple[str, str, str], int], there: int
) -> dict[tuple[str, str, str], int]:
    whole = sum(shares.values())
    if not whole:
        return dict.fromkeys(shares, 0)
    return {key: min(n, there * n // whole) for key, n in shares.items()}

"""Set-off over a book of claims: one pass over those who owe something, nobody else is touched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import ibis
import pyarrow as pa
import pyarrow.parquet as pq

from sonae.books.engine import Engine
from sonae.books.exact import UNITS as DECIMAL
from sonae.books.relation import UNITS
from sonae.claims.estate.plan import Plan
from sonae.claims.estate.setoff import set_off
from sonae.core.errors import UsageError


@dataclass(frozen=True, slots=True)
class SetOff:
    """Debtors, what they owed and what of it is left, in base units of money."""

    debtors: int
    debt: int
    left: int


NOTHING = SetOff(0, 0, 0)


def net_of_debts(
    engine: Engine, rows: Any, plan: Plan, debts: Mapping[str, int]
) -> tuple[Any, SetOff]:
    """Customers' claims less what their debts take, in the order that the plan names.

    Raises:
        UsageError: the plan names no order, or one of an asset without a price.
    """
    if not debts:
        return rows, NOTHING
    if not plan.set_off_order:
        raise UsageError("debts are given, but the plan names no [set_off] order of assets")
    per_unit = {}
    for asset in plan.set_off_order:
        rate = plan.per_unit(asset)
        if rate is None:
            raise UsageError(f"{asset} may be set off, but has no rate")
        per_unit[asset] = rate
    used, left = _used(engine, rows, plan, debts, per_unit)
    summed = SetOff(len(debts), sum(debts.values()), left)
    if not used:
        return rows, summed
    taken = _scan(
        engine,
        "set-off",
        {
            "claimant": pa.array([key[0] for key in used], pa.string()),
            "asset": pa.array([key[1] for key in used], pa.string()),
            "rank": pa.array(["customer"] * len(used), pa.string()),
            "used": pa.array([Decimal(n) for n in used.values()], DECIMAL),
        },
    )
    joined = rows.left_join(
        taken.select("claimant", "asset", "rank", "used"), ("claimant", "asset", "rank")
    )
    zero = ibis.literal(0).cast(UNITS)
    less = (joined.amount - joined.used.fill_null(zero)).cast(UNITS)
    return joined.mutate(amount=less).select(*rows.columns), summed


def _used(
    engine: Engine,
    rows: Any,
    plan: Plan,
    debts: Mapping[str, int],
    per_unit: Mapping[str, Any],
) -> tuple[dict[tuple[str, str], int], int]:
    """What each asset of each debtor gives up, and what of all debts is left."""
    names = pa.array(sorted(debts), pa.string())
    debtors = _scan(engine, "debtors", {"claimant": names}).select("claimant")
    theirs = rows.filter(rows["rank"] == "customer").semi_join(debtors, "claimant")
    owed: dict[str, dict[str, int]] = {}
    for row in engine.rows(theirs.select("claimant", "asset", "amount")):
        owed.setdefault(row["claimant"], {})[row["asset"]] = row["amount"]
    used: dict[tuple[str, str], int] = {}
    left = 0
    for claimant in sorted(debts):
        made = set_off(
            owed.get(claimant, {}),
            debts[claimant],
            per_unit,
            plan.set_off_order,
            plan.set_off_counts,
        )
        used |= {(claimant, asset): n for asset, n in made.used.items() if n}
        left += made.debt_left
    return used, left


def _scan(engine: Engine, name: str, columns: Mapping[str, Any]) -> Any:
    """A small table as a relation of the engine."""
    path = engine.scratch() / f"{name}.parquet"
    pq.write_table(pa.table(dict(columns)), path)
    return engine.scan([path])

"""Whose coins are in which wallet: a custodian's or an omnibus wallet's own list, on an engine.

Where an asset is listed, it is listed whole: every account with coins of it in custody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ibis

from sonae.books.balances import DEBT, Balances
from sonae.books.engine import FILE, ROW, Engine
from sonae.books.parts import Part
from sonae.books.relation import UNITS, Check, count_faults, found, listed, relation
from sonae.books.schema import ALLOCATIONS
from sonae.core.errors import Problem
from sonae.core.text import Text

LENT = "lending"
_BELOW = Text("マイナスの値は使えない", "a value below zero cannot be used")
_WALLET = Text("holdings にない保有", "the wallet is not in holdings")
_REPEATED = Text("同じキーの行がほかにもある", "another row has the same key")


@dataclass(frozen=True, slots=True)
class Use:
    """One asset: what accounts lack and what others have too much of, in base units.

    `short` adds up, over the accounts with less allocated than they own in custody, the
    difference; `over` the same of those with more. Counts are of accounts.
    """

    asset: str
    short: int
    short_accounts: int
    over: int
    over_accounts: int
    allocated: int

    @property
    def used(self) -> int:
        """Coins of some customers that stand for others."""
        return min(self.short, self.over)


class Allocations:
    """The list as a relation beside the balances."""

    def __init__(self, engine: Engine, relation: Any, balances: Balances) -> None:
        self.engine, self.table, self.balances = engine, relation, balances

    def uses(self) -> list[Use]:
        """For each asset that is listed, account by account; what is lent is not in custody."""
        zero = ibis.literal(0).cast(UNITS)
        t, b = self.table, self.balances.table
        there = t.group_by("account_id", "asset").aggregate(there=t.quantity.sum().cast(UNITS))
        b = b.filter((b.state != DEBT) & (b["product"] != LENT))
        owned = b.group_by("account_id", "asset").aggregate(net=b.quantity.sum().cast(UNITS))
        owned = owned.filter(owned.net > zero).semi_join(t.select("asset").distinct(), "asset")
        both = there.outer_join(owned, ["account_id", "asset"])
        lines = both.select(
            asset=ibis.coalesce(both.asset, both.asset_right),
            there=both.there.fill_null(zero),
            net=both.net.fill_null(zero),
        )
        gap = (lines.there - lines.net).cast(UNITS)
        lines = lines.mutate(gap=gap)
        rows = self.engine.rows(
            lines.group_by("asset").aggregate(
                short=lines.gap.sum(where=lines.gap < zero).cast(UNITS),
                short_accounts=(lines.gap < zero).sum(),
                over=lines.gap.sum(where=lines.gap > zero).cast(UNITS),
                over_accounts=(lines.gap > zero).sum(),
                allocated=lines.there.sum().cast(UNITS),
            )
        )
        return [
            Use(
                r["asset"],
                -int(r["short"] or 0),
                int(r["short_accounts"] or 0),
                int(r["over"] or 0),
                int(r["over_accounts"] or 0),
                int(r["allocated"] or 0),
            )
            for r in sorted(rows, key=lambda r: r["asset"])
        ]


def lent(balances: Balances) -> Iterator[tuple[str, str, int]]:
    """Account, asset and base units of everything lent."""
    t = balances.table
    t = t.filter((t["product"] == LENT) & (t.state != DEBT))
    each = t.group_by("account_id", "asset").aggregate(units=t.quantity.sum().cast(UNITS))
    for batch in balances.engine.stream(each.order_by("account_id", "asset")):
        for row in batch:
            if row["units"] and row["units"] > 0:
                yield row["account_id"], row["asset"], int(row["units"])


def read_allocations(
    engine: Engine,
    given: Sequence[Part],
    scales: Mapping[str, int],
    rows: Mapping[str, list[dict[str, Any]]],
    balances: Balances | None,
    problems: list[Problem],
) -> Allocations | None:
    """The list, every row checked; None where it is not given."""
    whole = relation(engine, ALLOCATIONS, given, scales, problems)
    if whole is None:
        return None
    every = range(len(whole.checks))
    counts = count_faults(engine, whole.rows(*every), every)[0]
    problems += listed(engine, ALLOCATIONS, whole, [counts[f"n{i}"] or 0 for i in every])
    table = whole.rows()
    wallets = sorted({r["holding_id"] for r in rows.get("holdings", []) if r["holding_id"]})
    for check, bad in (
        (Check("below-zero", "quantity", _BELOW), table.filter(table.quantity < 0)),
        (
            Check("unknown-wallet", "holding_id", _WALLET),
            table.filter(~table.holding_id.isin(wallets)) if wallets else table,
        ),
        (Check("repeated-key", ", ".join(ALLOCATIONS.key), _REPEATED), _twice(table)),
    ):
        problems += found(engine, ALLOCATIONS, check, bad, (FILE, ROW), whole.places)
    return Allocations(engine, table, balances) if balances is not None else None


def _twice(table: Any) -> Any:
    groups = table.group_by(*ALLOCATIONS.key).aggregate(n=table.count())
    return table.semi_join(groups.filter(groups.n > 1), ALLOCATIONS.key)

"""A table of claims on an engine, read as strictly as the Books: every problem in one run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import ibis

from sonae.books import parts
from sonae.books.engine import FILE, ROW, Engine
from sonae.books.relation import UNITS, Check, count_faults, found, listed, relation
from sonae.books.schema import Column, Table
from sonae.core.amount import bounded
from sonae.core.errors import InputError, Problem
from sonae.core.text import Text

CLAIMS = Table(
    "claims",
    (Column("claimant"), Column("asset"), Column("amount", "quantity")),
    ("claimant", "asset"),
)
_NEGATIVE = Check("corrupt-row", "amount", Text("負の債権は扱わない", "a claim is not below zero"))
_REPEATED = Check(
    "repeated-key",
    "claimant, asset",
    Text("同じキーの行がほかにもある", "another row has the same key"),
)


class ClaimTable:
    """Claims (claimant, asset, amount in base units) as a relation without faults."""

    def __init__(self, engine: Engine, rows: Any, totals: Mapping[str, int]) -> None:
        self.engine, self.rows, self.totals = engine, rows, totals

    def of(self, asset: str) -> Iterator[Any]:
        """The claims on one asset, as Arrow batches of claimant and amount, by claimant."""
        mine = self.rows.filter(self.rows.asset == asset).select("claimant", "amount")
        return self.engine.batches(mine.order_by("claimant"))


def read_claims(engine: Engine, file: Path, assets: Mapping[str, int]) -> ClaimTable:
    """Claims from a CSV or Parquet file.

    Args:
        engine: where set-based work runs.
        file: columns claimant, asset, amount (base units).
        assets: the assets that may be claimed.

    Raises:
        InputError: every row that cannot be read, claims twice or is below zero.
        Refused: the claims on an asset reach 10^38.
    """
    problems: list[Problem] = []
    part = parts.part(file, file.parent, CLAIMS, problems)
    whole = None
    if part is not None:
        whole = relation(engine, CLAIMS, [part], dict.fromkeys(assets, 0), problems)
    if whole is None:
        raise InputError(problems)
    every = range(len(whole.checks))
    counts = count_faults(engine, whole.rows(*every), every)[0]
    problems += listed(engine, CLAIMS, whole, [counts[f"n{i}"] or 0 for i in every])
    rows = whole.rows()
    below = rows.filter(rows.amount < ibis.literal(0).cast(UNITS))
    problems += found(engine, CLAIMS, _NEGATIVE, below, (FILE, ROW), whole.places)
    groups = rows.group_by(*CLAIMS.key).aggregate(n=rows.count())
    twice = rows.semi_join(groups.filter(groups.n > 1), CLAIMS.key)
    problems += found(engine, CLAIMS, _REPEATED, twice, (*CLAIMS.key, FILE, ROW), whole.places)
    if problems:
        raise InputError(problems)
    sums = rows.group_by("asset").aggregate(total=rows.amount.sum().cast(UNITS))
    totals = {r["asset"]: bounded(r["total"], r["asset"]) for r in engine.rows(sums)}
    return ClaimTable(engine, rows, dict(sorted(totals.items())))

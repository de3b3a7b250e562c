"""Claims: allocating pools."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sonae.books.engine import open_engine
from sonae.claims.allocate import Shared, share
from sonae.claims.table import read_claims
from sonae.core.amount import bounded
from sonae.core.errors import InputError, Problem, UsageError
from sonae.core.text import Text


def read_pools(file: Path) -> dict[str, int]:
    """Pools by asset in base units, from JSON `{asset: amount}`; amounts are integers or digits.

    Raises:
        InputError: every pool that is no whole number, or below zero.
        Refused: a pool reaches 10^38.
    """
    try:
        raw = json.loads(file.read_text("utf-8"), parse_float=str)
    except ValueError as error:
        raise UsageError(f"{file} is not JSON: {error}") from error
    if not isinstance(raw, dict):
        raise UsageError(f"{file} is not a table of pools by asset")
    problems, pools = [], {}
    for asset, value in raw.items():
        text = str(value)
        if isinstance(value, bool) or not (text.isascii() and text.isdecimal()):
            words = Text("0以上の整数でない", "not a whole number of zero or more")
            problems.append(Problem("bad-pool", "pool", words, file.name, key=asset))
        else:
            pools[asset] = bounded(int(text), f"the pool of {asset}")
    if problems:
        raise InputError(problems)
    return pools


def allocate(file: Path, pool: Path, engine: str = "duckdb") -> dict[str, Any]:
    """Allocate pools to claims, each share rounded down; amounts are text in base units.

    An asset with a pool and no claims keeps it as residue; a claim on an asset without a pool is a
    problem, not a zero.
    """
    pools = read_pools(pool)
    running = open_engine(engine)
    try:
        table = read_claims(running, file, pools)
        paid: dict[str, dict[str, str]] = {}
        residue = {}
        for asset, amount in sorted(pools.items()):
            shared, mine = Shared(asset, amount, table.totals.get(asset, 0)), dict[str, str]()
            for claimants, amounts in share(shared, table.of(asset)):
                mine |= zip(claimants.to_pylist(), map(str, amounts.to_pylist()), strict=True)
            paid[asset], residue[asset] = mine, str(shared.residue)
    finally:
        running.close()
    return {"paid": paid, "residue": residue}

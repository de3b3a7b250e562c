"""Claims: allocating pools, and rates out of trades."""

from __future__ import annotations

import csv
import json
from datetime import datetime
from pathlib import Path
from typing import Any

from sonae.books.engine import open_engine
from sonae.claims.allocate import Shared, share
from sonae.claims.rate import Trade, volume_weighted
from sonae.claims.table import read_claims
from sonae.core.amount import bounded
from sonae.core.canonical import number_text, parse_number
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


COLUMNS = ("trade", "at", "price", "quantity")


def rate_of(file: Path, start: datetime, end: datetime, decimals: int) -> dict[str, Any]:
    """The volume-weighted price of a trade file (trade, at, price, quantity) over a window.

    Raises:
        InputError: every row that cannot be read.
        Refused: no trade in the window, or a trade number twice.
    """
    found = volume_weighted(read_trades(file), start, end, decimals)
    return {
        "rate": number_text(found.rounded),
        "exact": number_text(found.exact),
        "decimals": decimals,
        "trades": found.trades,
        "quantity": number_text(found.quantity),
        "missing": list(found.missing),
    }


def window(start: str, end: str) -> tuple[datetime, datetime]:
    """Two instants with offsets; a UsageError where one is none, or they are turned round."""
    try:
        found = datetime.fromisoformat(start), datetime.fromisoformat(end)
    except ValueError as error:
        raise UsageError(f"not an instant: {error}") from error
    if any(at.tzinfo is None for at in found) or found[0] > found[1]:
        raise UsageError("a window is two instants with offsets, the first one first")
    return found


def read_trades(file: Path) -> list[Trade]:
    """The trades of a CSV file."""
    trades, problems = [], []
    with file.open(newline="", encoding="utf-8-sig") as stream:
        reader = csv.DictReader(stream)
        if lacking := sorted(set(COLUMNS) - set(reader.fieldnames or ())):
            raise UsageError(f"{file}: columns are missing: {', '.join(lacking)}")
        for n, row in enumerate(reader, 1):
            try:
                at = datetime.fromisoformat(row["at"])
                if at.tzinfo is None:
                    raise ValueError("an instant has an offset")
                price, quantity = parse_number(row["price"]), parse_number(row["quantity"])
                trades.append(Trade(int(row["trade"]), at, price, quantity))
            except (ValueError, TypeError) as error:
                text = Text(f"取引の行が読めない: {error}", f"a trade cannot be read: {error}")
                problems.append(Problem("corrupt-row", "trades", text, file.name, n))
    if problems:
        raise InputError(problems)
    return trades

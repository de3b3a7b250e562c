"""The liquidity ladder: what can be spent within an hour, a day, a week, a month."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from sonae.guard.feed import Feed, Line
from sonae.guard.limits import Place

RUNGS = {
    "1h": timedelta(hours=1),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
}
"""How soon, by the names on the ladder."""


@dataclass(frozen=True, slots=True)
class Store:
    """Coins in one place: how long until they can be spent, and on whose service they hang.

    `after` is None where nobody can say. `line` of the feed has the units.
    """

    asset: str
    line: Line
    after: timedelta | None
    supplier: str | None


def stores(feed: Feed, places: Iterable[Place]) -> list[Store]:
    """What the wallets hold, each with the place that the policy names for it.

    A stream is matched by source and tier, then by source alone ("" in the policy); where the
    policy names no place, nobody can say how soon it can be spent.
    """
    named = {(p.source, p.tier): p for p in places}
    found = []
    for (source, asset, tier), line in feed.lines.items():
        if line.layer != "wallet":
            continue
        place = named.get((source, tier)) or named.get((source, ""))
        hours = None if place is None else place.hours
        after = None if hours is None else timedelta(hours=hours)
        found.append(Store(asset, line, after, None if place is None else place.supplier))
    return found


def ladder(
    stores: Iterable[Store],
    frozen: Iterable[str] = (),
    locked: Mapping[str, timedelta] | None = None,
) -> dict[str, dict[str, int]]:
    """Base units of each asset that can be spent within each rung, each rung with those before it.

    What hangs on a supplier in `frozen` is on no rung; what a queue locks comes after it. What is
    owed does not change.
    """
    stopped, queues = set(frozen), locked or {}
    found: dict[str, dict[str, int]] = {}
    for store in stores:
        rungs = found.setdefault(store.asset, dict.fromkeys(RUNGS, 0))
        if store.after is None or store.supplier in stopped:
            continue
        wait = max(store.after, queues.get(store.asset, timedelta(0)))
        for name, within in RUNGS.items():
            rungs[name] += store.line.units if wait <= within else 0
    return found

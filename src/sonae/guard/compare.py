"""Totals compared each minute: what the ledger owes against what the wallets hold, asset by asset.

Each layer is added up over its sources and compared with the next; layers are never mixed. Two
sources that read from one node agree without proving anything, and it is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sonae.guard.feed import Feed, Layer
from sonae.guard.limits import Limits, Policy

STATES = (
    "matched",
    "asset_over_ledger",
    "ledger_over_asset",
    "not_independent",
    "stale",
    "halted",
    "incomplete",
    "absent",
)
"""From the best to the worst; the worst of an asset is its state."""
PAIRS: tuple[tuple[Layer, Layer], ...] = (
    ("ledger", "wallet"),
    ("wallet", "chain"),
    ("general_ledger", "ledger"),
)
"""Which layer is compared with which; only the first pair says whether more is owed than held."""


@dataclass(frozen=True, slots=True)
class Side:
    """One layer of an asset: its total, the oldest reading in it, and what it lacks.

    `pending` is what its chain has not made final; it does not count in `units`. `halted`: its
    chain makes no blocks.
    """

    layer: Layer
    units: int | None
    at: datetime | None
    nodes: frozenset[str]
    lacks: tuple[str, ...]
    halted: bool
    pending: int = 0


@dataclass(frozen=True, slots=True)
class Compared:
    """Two layers of an asset side by side; `difference` is the second less the first."""

    asset: str
    left: Side
    right: Side
    state: str
    difference: int | None
    withdrawals: str

    @property
    def pair(self) -> tuple[Layer, Layer]:
        """The two layers."""
        return self.left.layer, self.right.layer


def compare(feed: Feed, policy: Policy, now: datetime) -> list[Compared]:
    """Every listed asset, every pair of layers of which at least one has readings.

    The pair of ledger and wallet is always there: what nobody reads is `absent`, never equal.
    """
    found = []
    for asset, limits in sorted(policy.assets.items()):
        sides = {layer: side(feed, asset, layer) for pair in PAIRS for layer in pair}
        for left, right in PAIRS:
            a, b = sides[left], sides[right]
            if (left, right) == PAIRS[0] or a.at is not None or b.at is not None:
                found.append(_compared(asset, a, b, limits, policy, now))
    return found


def side(feed: Feed, asset: str, layer: Layer) -> Side:
    """One layer of an asset, added up over its sources and tiers; no total where one is missing."""
    lines = [(stream, line) for stream, line in feed.of(asset) if line.layer == layer]
    lacks = [
        f"{source}/{tier}" if tier else source
        for (source, _, tier), line in lines
        if line.missing or not line.complete or line.at is None
    ]
    times = [line.at for _, line in lines if line.at is not None]
    return Side(
        layer,
        sum(line.units for _, line in lines) if times and not lacks else None,
        min(times, default=None),
        frozenset(line.node for _, line in lines),
        tuple(sorted(lacks)),
        any(line.halted for _, line in lines),
        sum(sum(line.pending.values()) for _, line in lines),
    )


def _compared(
    asset: str, left: Side, right: Side, limits: Limits, policy: Policy, now: datetime
) -> Compared:
    known = left.units is not None and right.units is not None
    difference = right.units - left.units if known else None  # type: ignore[operator]
    found = {_difference(difference, limits)} if difference is not None else set()
    if left.nodes & right.nodes:
        found.add("not_independent")
    if any(side.lacks for side in (left, right)):
        found.add("incomplete")
    if any(side.at is None for side in (left, right)):
        found.add("absent")
    oldest = min((s.at for s in (left, right) if s.at is not None), default=now)
    if now - oldest > timedelta(seconds=limits.feed_max_age):
        found.add("halted" if left.halted or right.halted else "stale")
    worst = max(found, key=STATES.index)
    over = "ledger_over_asset" in found and (left.layer, right.layer) == PAIRS[0]
    return Compared(
        asset,
        left,
        right,
        "ledger_over_asset" if over else worst,
        difference,
        policy.over if over else _withdrawals(worst, policy),
    )


def _difference(difference: int, limits: Limits) -> str:
    if abs(difference) <= limits.tolerance:
        return "matched"
    return "asset_over_ledger" if difference > 0 else "ledger_over_asset"


def _withdrawals(state: str, policy: Policy) -> str:
    """What withdrawals of the asset do; what is not known is treated as stale."""
    named = {
        "halted": policy.halted,
        **dict.fromkeys(("stale", "incomplete", "absent"), policy.stale),
    }
    return named.get(state, "go_on")

"""The share of coins that is not cold, watched through the day: a breach is kept though it ends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from sonae.guard.feed import Feed


def hot_share(feed: Feed, prices: Mapping[str, Fraction]) -> Fraction | None:
    """By value, the part of what the wallets hold that is not cold; None where a price is missing.

    `prices` are per base unit in one currency. Coins without a tier count as not cold.
    """
    cold = total = Fraction(0)
    for (_, asset, tier), line in feed.lines.items():
        if line.layer != "wallet" or not line.units:
            continue
        if asset not in prices:
            return None
        value = line.units * prices[asset]
        total += value
        cold += value if tier == "cold" else 0
    return (total - cold) / total if total else Fraction(0)


@dataclass(frozen=True, slots=True)
class Episode:
    """A time during which the hot share stood above its limit: kept although the day ends clean."""

    began: datetime
    ended: datetime | None
    most: Fraction


def watched(
    running: Episode | None, at: datetime, share: Fraction, limit: Fraction
) -> tuple[Episode | None, str]:
    """The episode after one more reading, and what happened: began, higher, ended, or nothing.

    `running` is the one that has not ended.
    """
    if running is None:
        return (Episode(at, None, share), "began") if share > limit else (None, "")
    if share <= limit:
        return Episode(running.began, at, running.most), "ended"
    if share > running.most:
        return Episode(running.began, None, share), "higher"
    return running, ""


def episodes(shares: Iterable[tuple[datetime, Fraction]], limit: Fraction) -> list[Episode]:
    """The breaches in readings in order of time; the last is open where it had not ended.

    >>> from datetime import UTC
    >>> at = [datetime(2026, 2, 6, h, tzinfo=UTC) for h in (9, 10, 11)]
    >>> found = episodes(zip(at, (Fraction(4, 100), Fraction(52, 1000), Fraction(49, 1000))),
    ...     Fraction(5, 100))
    >>> [(e.began.hour, e.ended.hour, str(e.most)) for e in found]
    [(10, 11, '13/250')]
    """
    found: list[Episode] = []
    for at, share in shares:
        running = found.pop() if found and found[-1].ended is None else None
        after, _ = watched(running, at, share, limit)
        found += [after] if after is not None else []
    return found

"""What a guard watches between batches: states of assets, the hot share, what can be spent."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any, NamedTuple

from sonae.core.amount import coins
from sonae.core.canonical import number_text, parse_number
from sonae.core.errors import InputError, Problem
from sonae.core.text import Text
from sonae.fund.entry import instant
from sonae.guard.compare import Compared
from sonae.guard.feed import Feed
from sonae.guard.hot import Episode, hot_share, watched
from sonae.guard.ladder import ladder, stores
from sonae.guard.limits import Policy
from sonae.guard.wire import as_json


class Said(NamedTuple):
    """Something to be recorded: kind, what it is about, and what is said."""

    kind: str
    subject: str
    body: Mapping[str, Any]


class Watch:
    """Totals and prices as they stand, and what was recorded of them last."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.feed = Feed(timedelta(seconds=policy.clock_skew), policy.final())
        self.states: dict[str, str] = {}
        self.hot: Episode | None = None
        self.share: Fraction | None = None
        self.prices: dict[str, tuple[Fraction, datetime]] = {}
        self.frozen: dict[str, str] = {}
        self.queues: dict[str, int] = {}
        self.told: set[str] = set()
        self.matched: dict[str, str] = {}

    # -- the minute ------------------------------------------------------------------------------

    def look(self, found: Sequence[Compared], now: datetime) -> list[Said]:
        """What changed since the last time: states of assets, a hot share above its limit."""
        said = []
        for one in found:
            subject = f"{one.asset}:{'-'.join(one.pair)}"
            if self.states.get(subject, "matched") != one.state:
                said.append(Said("state", subject, as_json(one)))
            self.states[subject] = one.state
            if one.state == "matched":
                self.matched[subject] = totals_in_words(one)
        return said + self._look_hot(now)

    def _look_hot(self, now: datetime) -> list[Said]:
        """Began, higher or ended; not known is said once, and ends nothing."""
        self.share = hot_share(self.feed, self._per_unit(now))
        known = "not_known" if self.share is None else "known"
        said = []
        if self.prices and self.states.get("hot-share", "known") != known:
            said.append(Said("state", "hot-share", {"state": known}))
        self.states["hot-share"] = known
        if self.share is None:
            return said
        after, happened = watched(self.hot, now, self.share, self.policy.hot_share)
        self.hot = after if after is not None and after.ended is None else None
        if happened and after is not None:
            said.append(Said("hot", "hot-share", self._episode(after, happened)))
        return said

    def _episode(self, one: Episode, happened: str) -> dict[str, Any]:
        return {
            "happened": happened,
            "began": instant(one.began),
            "ended": None if one.ended is None else instant(one.ended),
            "most": str(one.most),
            "share": str(self.share),
            "limit": number_text(self.policy.hot_share),
        }

    def _per_unit(self, now: datetime) -> dict[str, Fraction]:
        """Prices per base unit that are fresh enough for their asset."""
        found = {}
        for asset, (price, at) in self.prices.items():
            limits = self.policy.assets.get(asset)
            if limits and now - at <= timedelta(seconds=limits.feed_max_age):
                found[asset] = price / 10**limits.scale
        return found

    def reorganised(self) -> dict[str, str]:
        """By asset, what chains took back since this was last asked, in words."""
        found: dict[str, list[str]] = {}
        for one in self.feed.reorganised:
            words = f"block {one.height} ({one.units} base units)"
            found.setdefault(one.asset, []).append(words)
        self.feed.reorganised.clear()
        return {
            asset: f"reorganised: {', '.join(blocks[:20])}; the firm bears what was already used"
            for asset, blocks in found.items()
        }

    # -- what is told ----------------------------------------------------------------------------

    def priced(self, listed: Iterable[Any]) -> list[dict[str, str]]:
        """Take prices of whole coins, all of them or none; what is to be recorded of them.

        Raises:
            InputError: every one that cannot be used.
        """
        problems, found = [], dict[str, tuple[Fraction, datetime]]()
        for n, said in enumerate(listed):
            try:
                price, at = parse_number(said["price"]), datetime.fromisoformat(said["at"])
                if price < 0 or at.tzinfo is None or said["asset"] not in self.policy.assets:
                    raise ValueError(said)
                found[said["asset"]] = price, at
            except (KeyError, TypeError, ValueError, AttributeError):
                problems.append(Problem("bad-price", "prices", _PRICE, key=str(n)))
        if problems:
            raise InputError(problems)
        self.prices |= {
            asset: new
            for asset, new in found.items()
            if asset not in self.prices or new[1] >= self.prices[asset][1]
        }
        return [
            {"asset": asset, "price": number_text(price), "at": at.isoformat()}
            for asset, (price, at) in found.items()
        ]

    def rungs(self) -> dict[str, Any]:
        """The liquidity ladder in whole coins, and what is left out of it, and why."""
        queues = {asset: timedelta(hours=hours) for asset, hours in self.queues.items()}
        there = stores(self.feed, self.policy.places)
        found = ladder(there, self.frozen, queues)
        scales = {asset: limits.scale for asset, limits in self.policy.assets.items()}
        held: dict[str, int] = {}
        for store in there:
            held[store.asset] = held.get(store.asset, 0) + store.line.units
        return {
            "assets": {
                asset: {
                    "held": number_text(coins(held[asset], scales.get(asset, 0))),
                    **{k: number_text(coins(v, scales.get(asset, 0))) for k, v in rungs.items()},
                }
                for asset, rungs in sorted(found.items())
            },
            "frozen": dict(sorted(self.frozen.items())),
            "queues": dict(sorted(self.queues.items())),
        }

    # -- whole -----------------------------------------------------------------------------------

    def took(self, kind: str, subject: str, body: Mapping[str, Any], at: datetime) -> None:
        """Put back one recorded event."""
        if kind == "state":
            self.states[subject] = body["state"]
        elif kind == "hot":
            ended = body["happened"] == "ended"
            began = datetime.fromisoformat(body["began"])
            self.hot = None if ended else Episode(began, None, Fraction(body["most"]))
        elif kind == "prices":
            self.priced([p for p in body["prices"] if p["asset"] in self.policy.assets])
        elif kind == "supplier" and body["frozen"]:
            self.frozen[subject] = body["why"]
        elif kind == "supplier":
            self.frozen.pop(subject, None)
        elif kind == "queue" and body["hours"]:
            self.queues[subject] = body["hours"]
        elif kind == "queue":
            self.queues.pop(subject, None)
        elif kind == "notice":
            self.told.add(f"{body['break']}:{body['why']}")

    def copied(self) -> dict[str, Any]:
        """Everything but the totals, in plain values."""
        hot = None
        if self.hot is not None:
            hot = {"began": instant(self.hot.began), "most": str(self.hot.most)}
        prices = [
            {"asset": asset, "price": number_text(price), "at": at.isoformat()}
            for asset, (price, at) in self.prices.items()
        ]
        return {
            "states": dict(self.states),
            "hot": hot,
            "prices": prices,
            "frozen": dict(self.frozen),
            "queues": dict(self.queues),
            "told": sorted(self.told),
            "matched": dict(self.matched),
        }

    def read(self, content: bytes) -> None:
        """Put back what `copied` gave, as JSON; prices of assets no longer listed are left out."""
        said = json.loads(content)
        self.states, self.frozen, self.queues = said["states"], said["frozen"], said["queues"]
        self.told, self.matched = set(said["told"]), said["matched"]
        self.priced([p for p in said["prices"] if p["asset"] in self.policy.assets])
        if said["hot"] is not None:
            began = datetime.fromisoformat(said["hot"]["began"])
            self.hot = Episode(began, None, Fraction(said["hot"]["most"]))


def totals_in_words(one: Compared) -> str:
    """Both totals, what is pending of them, and when the older was read, as evidence."""
    sides = [f"{s.layer} {s.units} (pending {s.pending})" for s in (one.left, one.right)]
    read = min(s.at for s in (one.left, one.right) if s.at is not None)
    return f"{', '.join(sides)}; read {instant(read)}"


_PRICE = Text(
    "価格を使えない。方針にある資産、0以上の price、時差付きの at が要る",
    "not usable: it needs an asset of the policy, a price of at least 0, and at with an offset",
)

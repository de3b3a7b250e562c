"""How often: thefts per venue-year of a jurisdiction, by credibility between it and the market.

H. Buehlmann and E. Straub (1970), for counts: the rate of a group is Z n/w + (1 - Z) m with
Z = w / (w + K) and K = m / a, where m is the rate of the market and a the variance between groups.
With a Gamma law for the rates this is also the mean of the posterior, which gives the draws.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sonae.core.canonical import parse_number
from sonae.core.errors import InputError, Problem
from sonae.core.text import Text
from sonae.loss.evidence import threshold
from sonae.loss.incidents import Event

Array = NDArray[np.float64]
BETWEEN = 0.5
"""Coefficient of variation between jurisdictions (house), while fewer than FEW are known."""
FEW = 5
OTHERS = "*"


@dataclass(frozen=True, slots=True)
class Watched:
    """So many venue-years of a jurisdiction were watched, from one year to another, inclusive."""

    jurisdiction: str
    venue_years: float
    first: int
    last: int
    why: Text
    confidence: str


WATCHED = (
    Watched(
        "JP", 225.0, 2018, 2025,
        Text(
            "登録業者の延べ年数（2018年4月32社、同年12月18社、2021年と2024年11月29社からの概算）",
            "registered venues times years, roughly, from 32 in April 2018, 18 in December 2018, "
            "29 in 2021 and in November 2024",
        ),
        "derived",
    ),
    Watched(
        OTHERS, 450.0 * 8.0 - 225.0, 2018, 2025,
        Text(
            "世界の取引所数は200～700といわれ、中間の450を置いた。数えた数ではない",
            "counts of venues in the world run from 200 to 700; 450 stands in, and is no count",
        ),
        "memory",
    ),
)  # fmt: skip


WORLD = 450.0 * 8.0
GIVEN = Text("利用者が指定した延べ業者年", "venue-years as given by the user")


def watched_with(given: Sequence[str]) -> tuple[Watched, ...]:
    """The shipped venue-years with some in their place or beside them, written as KR=120.

    All are of 2018 to 2025; what is given is taken off the rest of the world.

    Raises:
        InputError: no number above zero, or more than there are in the world.
    """
    named = {w.jurisdiction: w for w in WATCHED if w.jurisdiction != OTHERS}
    problems = []
    for text in given:
        name, _, number = text.partition("=")
        try:
            years = float(parse_number(number))
        except (ValueError, OverflowError):
            years = 0.0
        if years <= 0.0 or not name or name == OTHERS:
            problems.append(Problem("bad-venue-years", "rates", _BAD, key=text))
        named[name.upper()] = Watched(name.upper(), years, 2018, 2025, GIVEN, "derived")
    left = WORLD - sum(w.venue_years for w in named.values())
    if left <= 0.0:
        problems.append(Problem("bad-venue-years", "rates", _TOO_MANY))
    if problems:
        raise InputError(problems)
    rest = replace(WATCHED[-1], venue_years=left)
    return (*named.values(), rest)


_BAD = Text(
    "延べ業者年は KR=120 のように、0より大きい数で書く", "write venue-years above zero as KR=120"
)
_TOO_MANY = Text(
    f"延べ業者年の合計が世界全体の想定{WORLD:,.0f}を超える",
    f"venue-years add up to more than the {WORLD:,.0f} assumed for the world",
)


@dataclass(frozen=True, slots=True)
class Group:
    """What was seen in a group."""

    name: str
    events: int
    venue_years: float
    why: Text
    confidence: str


@dataclass(frozen=True, slots=True)
class Rate:
    """Thefts a year for one venue; `weight` is the credibility of the group's own record."""

    group: str
    mean: float
    weight: float
    market: float
    needed: float
    groups: tuple[Group, ...]
    draws: Array


def counted(
    events: Sequence[Event], insolvency: bool = False, watched: Sequence[Watched] = WATCHED
) -> tuple[Group, ...]:
    """Events above the reporting threshold in each group's years."""
    named = {w.jurisdiction for w in watched}
    result = []
    for w in watched:
        n = sum(
            (e.insolvency if insolvency else e.theft)
            and (e.loss_usd or 0) >= threshold(e)
            and w.first <= e.day.year <= w.last
            and (e.jurisdiction == w.jurisdiction or (w.jurisdiction == OTHERS and
                                                      e.jurisdiction not in named))
            for e in events
        )  # fmt: skip
        result.append(Group(w.jurisdiction, n, w.venue_years, w.why, w.confidence))
    return tuple(result)


def between(counts: Sequence[int], years: Sequence[float]) -> float:
    """The variance between groups: estimated from enough of them, else the house's."""
    n, w = np.array(counts, dtype=float), np.array(years)
    market = float(n.sum() / w.sum())
    house = (BETWEEN * market) ** 2
    if len(n) < FEW:
        return house
    scatter = float(w @ (n / w - market) ** 2) - (len(n) - 1) * market
    estimated = scatter / float(w.sum() - w @ w / w.sum())
    return estimated if estimated > 0.0 else house


def rate(groups: Sequence[Group], jurisdiction: str, draws: int, seed: int) -> Rate:
    """The rate of a venue of a jurisdiction; one that was not watched has that of the market.

    The market's own rate is a draw of its posterior, and a group's is drawn around it.
    """
    events, years = [g.events for g in groups], [g.venue_years for g in groups]
    whole, seen = float(sum(years)), sum(events)
    market = (seen + 0.5) / whole
    needed = market / max(between(events, years), 1e-12)
    mine = next((g for g in groups if g.name == jurisdiction), None)
    n, w = (mine.events, mine.venue_years) if mine else (0, 0.0)
    weight = w / (w + needed)
    own = n / w if w else market
    random = np.random.Generator(np.random.PCG64DXSM(seed))
    markets = random.gamma(seen + 0.5, 1.0 / whole, draws)
    drawn = random.gamma(needed * markets + n, 1.0 / (needed + w))
    mean = weight * own + (1.0 - weight) * market
    name = mine.name if mine else OTHERS
    return Rate(name, mean, weight, market, needed, tuple(groups), drawn)

"""A programme of policies compiled for the engine: what is kept of one loss, as a curve.

The exact evaluation of one event is asked at every place where the terms can bend, and between
them until a straight line agrees with it; the engine then follows the line. What a curve of one
event cannot know is not in it, and `LEFT_OUT` says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sonae.core.text import Text
from sonae.loss.venue import ZERO, Held
from sonae.policy.programme import Event, Part, evaluate
from sonae.policy.terms import Policy

Array = NDArray[np.float64]
DEPTH = 7  # halvings between two bends
PERIL = "external_hack"

LEFT_OUT = (
    Text(
        "どの損失も外部からの不正アクセスとして保険に当てはめる。他の危険では保険金が違うことがある",
        "every loss is put to the policies as an external hack; of other perils they may pay less",
    ),
    Text(
        "同じ年の二つ目の事故にも年間限度額の残りの全額を使えるものとする",
        "a second event of the year finds all that is left of the aggregates, too",
    ),
    Text(
        "時間条項、拒絶、支払の遅れは織り込まない",
        "hours clauses, denial and delay are not in it",
    ),
)


class Curve:
    """What is kept of a loss: straight between points."""

    def __init__(self, points: Mapping[Fraction, Fraction]) -> None:
        ordered = sorted(points.items())
        self.x = np.array([float(x) for x, _ in ordered])
        self.y = np.array([float(y) for _, y in ordered])

    @classmethod
    def through(cls, x: Array, y: Array) -> Curve:
        """Through points that are there already."""
        found = cls({})
        found.x, found.y = x, y
        return found

    def __call__(self, loss: Array) -> Array:
        """Kept of each loss."""
        return np.asarray(np.interp(loss, self.x, self.y), dtype=np.float64)


def kept(
    policies: Sequence[Policy],
    rates: Mapping[str, Fraction],
    at: datetime,
    held: Sequence[Held],
) -> Curve:
    """What the programme leaves of a loss that takes from all of `held` alike."""
    whole = sum((h.value for h in held), ZERO)

    def left(loss: Fraction) -> Fraction:
        return evaluate(policies, event_of(loss, held, at), rates).retained

    bends = {ZERO, whole}
    for policy in policies:
        rate = rates[policy.currency]
        amounts = [policy.attachment, policy.attachment + policy.limit_per_event]
        amounts += [policy.attachment + s.amount for s in policy.conditions.sublimits]
        amounts += [policy.attachment + policy.capacity, policy.attachment + policy.retention_left]
        bends |= {a * rate for a in amounts if ZERO < a * rate < whole}
    points = {x: left(x) for x in bends}
    ordered = sorted(points)
    for low, high in pairwise(ordered):
        _refine(left, points, low, high, DEPTH)
    return Curve(points)


def event_of(loss: Fraction, held: Sequence[Held], at: datetime) -> Event:
    """A loss that takes from all of `held` alike, as the policies are asked about it."""
    whole = sum((h.value for h in held), ZERO)
    tiers: dict[str, Fraction] = {}
    for h in held:
        tiers[h.tier] = tiers.get(h.tier, ZERO) + h.value / whole
    parts = tuple(Part(loss * share, PERIL, tier) for tier, share in tiers.items())
    return Event(at, at, parts)


def _refine(
    left: Callable[[Fraction], Fraction],
    points: dict[Fraction, Fraction],
    low: Fraction,
    high: Fraction,
    depth: int,
) -> None:
    """More points where the line between two is not what the terms say."""
    middle = (low + high) / 2
    points[middle] = left(middle)
    if depth == 0 or points[middle] * 2 == points[low] + points[high]:
        return
    _refine(left, points, low, middle, depth - 1)
    _refine(left, points, middle, high, depth - 1)

"""Insurers that fail in the year of the loss: what they leave unpaid of one loss, and how likely.

A failed insurer pays its recovery. Its chance to fail rises with the loss itself (wrong-way risk):
what empties a venue, a bug in a chain or a supplier, empties others that the insurer covers. Every
set of failures has its own outcome with its probability, so the engine adds no noise for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonae.core.text import Text
from sonae.loss.cover import Curve, event_of
from sonae.loss.venue import Held, total
from sonae.policy.conditions import Share
from sonae.policy.programme import evaluate
from sonae.policy.terms import Policy

Array = NDArray[np.float64]
Keeps = Callable[[Array], Array]
CHANCE = {
    "AAA": 0.0002, "AA": 0.0004, "A": 0.001, "BBB": 0.003, "BB": 0.012, "B": 0.05, "CCC": 0.25,
    "none": 0.02, "": 0.02,
}  # fmt: skip
"""Chance to fail within a year by rating (house, of the order that rating agencies publish)."""
RECOVERY, WRONG_WAY = 0.4, 1.0
"""A failed insurer's part (house), and how much likelier it fails where everything is lost."""
MOST = 4  # insurers whose failures are told apart; the likeliest to matter


@dataclass(frozen=True, slots=True)
class Insurer:
    """One insurer of the programme, with what it owes of a loss."""

    name: str
    rating: str
    owes: Curve

    @property
    def chance(self) -> float:
        """To fail within a year, apart from the loss."""
        return CHANCE[self.rating]


@dataclass(frozen=True)
class Cover:
    """What is kept of a loss when every insurer pays, and who may not."""

    kept: Curve
    insurers: tuple[Insurer, ...]
    whole: float

    def cases(self) -> list[tuple[Keeps, Keeps]]:
        """Every set of failures: its probability and what is kept, both by the loss."""
        sets = product((False, True), repeat=len(self.insurers))
        return [(self._chance(fails), self._kept(fails)) for fails in sets]

    def _chance(self, fails: Sequence[bool]) -> Keeps:
        def chance(loss: Array) -> Array:
            found = np.ones_like(loss)
            for insurer, failed in zip(self.insurers, fails, strict=True):
                p = np.minimum(insurer.chance * (1.0 + WRONG_WAY * loss / self.whole), 1.0)
                found = found * (p if failed else 1.0 - p)
            return found

        return chance

    def _kept(self, fails: Sequence[bool]) -> Keeps:
        def kept(loss: Array) -> Array:
            found = self.kept(loss)
            for insurer, failed in zip(self.insurers, fails, strict=True):
                if failed:
                    found = found + (1.0 - RECOVERY) * insurer.owes(loss)
            return np.asarray(np.minimum(found, loss))

        return kept


def cover(
    curve: Curve,
    policies: Sequence[Policy],
    rates: Mapping[str, Fraction],
    at: datetime,
    held: Sequence[Held],
) -> Cover:
    """The programme over a part of a venue, with its insurers by what they owe of a total loss."""
    owed: dict[tuple[str, str], list[float]] = {}
    for n, loss in enumerate(curve.x.tolist()):
        found = evaluate(policies, event_of(Fraction(loss), held, at), rates)
        for layer in (x for tower in found.towers for x in tower.layers):
            for name, rating, share in _insurers(layer.policy, at):
                row = owed.setdefault((name, rating), [0.0] * len(curve.x))
                row[n] += float(layer.paid * share)
    found_insurers = [
        Insurer(name, rating, Curve.through(curve.x, np.array(row)))
        for (name, rating), row in owed.items()
        if max(row) > 0.0
    ]
    found_insurers.sort(key=lambda i: (-i.chance * float(i.owes.y.max()), i.name))
    return Cover(curve, tuple(found_insurers[:MOST]), max(float(total(held)), 1e-12))


def _insurers(policy: Policy, at: datetime) -> list[tuple[str, str, Fraction]]:
    """Name, rating and part of what a policy pays of each of its insurers."""
    found = policy.conditions
    shares = found.shares or (Share(policy.insurer, Fraction(1)),)
    known = found.rating(at.date())
    return [(s.insurer, s.rating or known, s.share / found.placed) for s in shares if s.share]


def failures_json(covers: Sequence[Cover]) -> dict[str, Any]:
    """Who may fail and with which chance; each assumption named."""
    known = {(i.name, i.rating): i for c in covers for i in c.insurers}
    return {
        "insurers": [
            {"insurer": i.name, "rating": i.rating or None, "chance": i.chance}
            for i in known.values()
        ],
        "recovery": RECOVERY,
        "wrong_way": WRONG_WAY,
        "standing": "house",
        "note": NOTE.as_json(),
    }


NOTE = Text(
    f"保険者は格付に応じた確率で破綻し、破綻すれば保険金の{RECOVERY:.0%}を払う。全額を失う損失では"
    "破綻の確率が2倍になる（社内の想定。格付の分からない保険者は2%）",
    f"insurers fail with a chance by rating and then pay {RECOVERY:.0%}; where everything is lost "
    "the chance is twice as large (house assumptions; 2 % where no rating is known)",
)

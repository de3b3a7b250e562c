"""Value at risk, tail value at risk and points of an exceedance curve, from weighted losses.

VaR at p is the smallest x with P(loss > x) <= 1 - p. TVaR at p is the mean of VaR over (p, 1).
Ties do not matter: what exceeds VaR is counted strictly, and the rest of the tail lies at VaR.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
SLACK = 1e-12  # a tail probability met to rounding is met


@dataclass(frozen=True, slots=True)
class Value:
    """A measure and one standard error of the engine that made it, both in currency."""

    point: float
    error: float


class Law(Protocol):
    """What an engine found out about one yearly amount."""

    def mean(self) -> Value:
        """Expected amount."""

    def var(self, p: float) -> Value:
        """Value at risk."""

    def tvar(self, p: float) -> Value:
        """Tail value at risk."""


@dataclass(frozen=True, slots=True)
class Tail:
    """Losses from the largest down with the probability and the sum at and above each.

    `reached[k]` is P(loss >= loss[k]) and `sums[k]` is E[loss; loss >= loss[k]], as if every tie
    before k were larger; so is a tie of k itself, which changes no measure.
    """

    loss: Array
    reached: Array
    sums: Array

    def var(self, p: float) -> float:
        """Value at risk; zero where losses are rarer than 1 - p."""
        k = int(np.searchsorted(self.reached, (1.0 - p) * (1.0 + SLACK), side="right"))
        return float(self.loss[k]) if k < len(self.loss) else 0.0

    def tvar(self, p: float, mean: float | None = None) -> float:
        """Tail value at risk, by sums, or from the mean of the whole law where that is given."""
        rest = 1.0 - p
        k = int(np.searchsorted(self.reached, rest * (1.0 + SLACK), side="right"))
        above, total = (self.reached[k - 1], self.sums[k - 1]) if k else (0.0, 0.0)
        at = float(self.loss[k]) if k < len(self.loss) else 0.0
        if mean is not None:
            total = mean - (self.mean() - total)
        return max(float((total + (rest - above) * at) / rest), at)  # to rounding

    def mean(self) -> float:
        """The sum of all losses times their probability."""
        return float(self.sums[-1]) if len(self.sums) else 0.0


def tail(loss: Array, weight: Array) -> Tail:
    """The tail of losses with the probability of each; the rest of the probability lies at zero."""
    order = np.argsort(loss)[::-1]
    return in_order(loss[order], weight[order])


def in_order(loss: Array, weight: Array) -> Tail:
    """The tail of losses that are already in descending order."""
    return Tail(loss, np.cumsum(weight), np.cumsum(weight * loss))

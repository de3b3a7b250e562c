"""The exact law of a year's total by the fast Fourier transform: the check on the default engine.

The severity is put on a grid (each loss is shared between its two neighbours so that means are
kept), transformed, put through the generating function of the number of losses, and transformed
back. Gross and ceded
amounts of one loss are functions of that loss, so their yearly totals are compound laws too; the
aggregate limit then caps the ceded total. Retained with an aggregate limit is no compound law in
one dimension, and is left out. TVaR comes from the mean identity, with the mean in closed form,
so that neither the end of the grid nor an infinite tail can bias it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonae.loss.frequency import Frequency
from sonae.loss.measure import SLACK, Law, Value
from sonae.loss.model import Model, Part

Array = NDArray[np.float64]
LOG2 = 19
STEPS = 12_000  # of a cap, so that round terms lie on the grid
BEYOND = 1e-12  # probability of a year beyond a grid that ends at a cap
FAR = 1e-2  # of the smallest tail asked for: what may lie beyond a grid without a cap


@dataclass(frozen=True, slots=True)
class Grid:
    """Probabilities of a yearly total at multiples of `step`, and its mean where known."""

    step: float
    below: Array
    known_mean: float
    cap: float

    def mean(self) -> float:
        """Expected amount."""
        return self.known_mean

    def var(self, p: float) -> float:
        """The first point of the grid at which p is reached."""
        k = int(np.searchsorted(self.below, p - SLACK))
        return min(k * self.step, self.cap)

    def tvar(self, p: float) -> float:
        """(E[S] - E[S; S <= VaR] + (F(VaR) - p) VaR) / (1 - p)."""
        var = self.var(p)
        k = min(int(np.searchsorted(self.below, p - SLACK)), len(self.below) - 1)
        if var >= self.cap:
            return var
        each = np.diff(self.below[: k + 1], prepend=0.0)
        lower = float(each @ (np.arange(k + 1) * self.step))
        reached = float(self.below[k])
        return max((self.known_mean - lower + (reached - p) * var) / (1.0 - p), var)


@dataclass(frozen=True, slots=True)
class Refined:
    """Two grids, the finer twice as fine: their difference is the error of the finer one."""

    fine: Grid
    coarse: Grid

    def mean(self) -> Value:
        """Expected amount."""
        return Value(self.fine.mean(), abs(self.fine.mean() - self.coarse.mean()))

    def var(self, p: float) -> Value:
        """Value at risk, within a step of the grid at best."""
        point = self.fine.var(p)
        return Value(point, max(abs(point - self.coarse.var(p)), self.fine.step))

    def tvar(self, p: float) -> Value:
        """Tail value at risk."""
        point = self.fine.tvar(p)
        return Value(point, abs(point - self.coarse.tvar(p)))


def laws(model: Model, rarest: float = 1e-3, log2: int = LOG2) -> dict[Part, Law]:
    """Gross and ceded of a year, and retained where no aggregate limit ties losses together.

    `rarest` is the smallest tail probability that will be asked for.
    """
    terms = model.terms
    retention, limit, free = terms.retention, terms.limit, np.isinf(terms.annual_aggregate)

    def law(
        part: Part, limited_mean: Callable[[Array], Array], top: float, cap: float = np.inf
    ) -> Refined:
        far = FAR * rarest / max(model.frequency.mean, 1.0)
        end = float(model.severity.isf(np.array([far]))[0])
        step, padded = _step(top, model.frequency, end, log2)
        mean, grids = model.mean(part), []
        for size, width in ((1 << log2, step), (1 << (log2 - 1), 2.0 * step)):
            each = compound(model.frequency, discrete(limited_mean, width, size), padded)
            below = np.minimum(np.cumsum(each), 1.0)
            known = mean if mean is not None else _capped_mean(below, width, cap)
            grids.append(Grid(width, below, known, cap))
        return Refined(*grids)

    top = model.severity.top
    covered = min(limit, max(top - retention, 0.0))
    result: dict[Part, Law] = {
        "gross": law("gross", model.severity.limited_mean, top),
        "ceded": law("ceded", model.ceded_limited_mean, covered, terms.annual_aggregate),
    }
    if free:
        result["retained"] = law(
            "retained",
            model.retained_limited_mean,
            max(min(top, retention), top - limit),
        )
    return result


def _capped_mean(below: Array, step: float, cap: float) -> float:
    """E[min(S, cap)], from probabilities on the grid."""
    each = np.diff(below, prepend=0.0)
    values = np.minimum(np.arange(len(below)) * step, cap)
    return float(each @ values) + (1.0 - float(below[-1])) * cap


def _step(top: float, frequency: Frequency, end: float, log2: int) -> tuple[float, bool]:
    """A step whose grid holds a year, and whether the grid must be padded for what it cannot."""
    if np.isinf(top):
        return end / (1 << log2), True
    if top <= 0.0:
        return 1.0, False
    reach = top * (frequency.most(BEYOND) + 1)
    step = top / STEPS
    while step * (1 << log2) > 4.0 * reach:
        step /= 2.0
    while step * (1 << log2) < reach:
        step *= 2.0
    return step, False


def discrete(limited_mean: Callable[[Array], Array], step: float, size: int) -> Array:
    """Probabilities at 0, step, 2 step ..., with the mean of every part of the law kept.

    A loss between two points is shared between them; in terms of L(x) = E[min(X, x)] point k gets
    (2 L(k step) - L((k-1) step) - L((k+1) step)) / step (Gerber 1982).
    """
    at: Array = np.arange(size + 1, dtype=np.float64) * step
    rises = np.diff(limited_mean(at)) / step
    return -np.diff(rises, prepend=1.0)


def compound(frequency: Frequency, each: Array, padded: bool = False) -> Array:
    """The law of the sum of a random number of independent losses, on the same grid."""
    from scipy.fft import irfft, rfft

    size = len(each) * (2 if padded else 1)
    return np.asarray(irfft(frequency.pgf(rfft(each, size)), size)[: len(each)])

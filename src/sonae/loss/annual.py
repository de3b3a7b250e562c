"""The year of a venue under many opinions of its parameters at once: one compound law for each.

A row of `rows` is one opinion; the first is the point. Each part (a tier, a supplier) has a rate
and a law of the share it loses; together they are one compound Poisson law, made by FFT on a common
grid. The predictive law is the mean of the laws of all draws.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sonae.loss.fractions import FAMILIES, Mixture, ShareLaw

Array = NDArray[np.float64]
LOG2 = 11
NODES = 33
SHARES: Array = np.sin(np.linspace(0.0, np.pi / 2.0, NODES)) ** 2
YEARS_LOSS = 2.0  # a year's loss reaches this many times all holdings at most
BATCH = 128


@dataclass(frozen=True, slots=True)
class Parts:
    """What can be lost and how: rows are opinions, the first the point; columns are parts.

    `exposure` is in the currency of the question and the same in every row.
    """

    names: tuple[str, ...]
    exposure: Array
    family: str
    rate: Array
    location: Array
    shape: Array
    total: Array

    def severity(self, row: int = 0) -> Mixture:
        """The law of one loss in one opinion."""
        weights = self.rate[row] / self.rate[row].sum()
        laws = tuple(
            ShareLaw(
                self.family, float(self.location[row, c]), float(self.shape[row]),
                float(self.total[row]), float(self.exposure[c]),
            )
            for c in range(len(self.names))
        )  # fmt: skip
        return Mixture(tuple(weights.tolist()), laws)

    def frequency(self, row: int = 0) -> float:
        """Losses a year."""
        return float(self.rate[row].sum())


@dataclass(frozen=True)
class Annual:
    """Yearly loss by opinion: `beyond[row, k]` is P(loss > (k + 1/2) step).

    `largest` is the same of the largest single loss of the year. Measures are those of the
    predictive law unless a row is named; row 0 is the point.
    """

    parts: Parts
    step: float
    beyond: Array
    largest: Array

    @cached_property
    def predictive(self) -> Array:
        """The mean law over the draws."""
        return np.asarray(self.beyond[1:].mean(axis=0) if len(self.beyond) > 1 else self.beyond[0])

    def _law(self, row: int | None) -> Array:
        return self.predictive if row is None else self.beyond[row]

    def var(self, level: float, row: int | None = None) -> float:
        """Value at risk."""
        return float(_var(self._law(row)[None, :], level)[0]) * self.step

    def tvar(self, level: float, row: int | None = None) -> float:
        """Tail value at risk."""
        return float(_tvar(self._law(row)[None, :], level)[0]) * self.step

    def mean(self, row: int | None = None) -> float:
        """Expected loss of a year."""
        return float(self._law(row).sum()) * self.step

    def exceeds(self, amount: float, row: int | None = None) -> float:
        """P(loss of a year > amount)."""
        law = self._law(row)
        at = amount / self.step - 0.5
        return float(np.interp(at, np.arange(len(law)), law, left=law[0], right=0.0))

    def draws(self, measure: str, level: float) -> Array:
        """VaR or TVaR of every draw."""
        found = _var if measure == "var" else _tvar
        return found(self.beyond[1:], level) * self.step

    def interval(self, measure: str, level: float, width: float = 0.9) -> tuple[float, float]:
        """Between which values a measure lies in so large a share of the draws."""
        ends = np.quantile(self.draws(measure, level), [(1 - width) / 2, (1 + width) / 2])
        return float(ends[0]), float(ends[1])

    def once_in(self, years: float, *, one_loss: bool = False) -> float:
        """The amount that a year, or its largest loss, exceeds once in so many: predictive."""
        beyond = self.largest if one_loss else self.beyond
        law = beyond[1:].mean(axis=0) if len(beyond) > 1 else beyond[0]
        return float(_var(law[None, :], 1.0 - 1.0 / years)[0]) * self.step

    def curve(self, points: int = 40) -> list[tuple[float, float, float, float, float]]:
        """Amount, and with which probability it is exceeded: predictive, and 90 % of the draws.

        Last the probability that a single loss of the year exceeds it, predictive.
        """
        law = self.predictive
        last = max(int(np.searchsorted(-law, -1e-5)), 2)
        at = np.unique(np.geomspace(1, last, points).astype(int))
        draws = self.beyond[1:] if len(self.beyond) > 1 else self.beyond
        low, high = np.quantile(draws[:, at], [0.05, 0.95], axis=0)
        largest = self.largest[1:] if len(self.largest) > 1 else self.largest
        single = largest[:, at].mean(axis=0)
        return [
            ((k + 0.5) * self.step, float(law[k]), float(a), float(b), float(c))
            for k, a, b, c in zip(at.tolist(), low, high, single, strict=True)
        ]


Keeps = Callable[[Array], Array]
"""What is kept of a loss, amount by amount."""
Kept = Keeps | Sequence[tuple[Keeps, Keeps]]
"""The same for certain, or cases with the probability of each, which may depend on the loss."""


def annual(parts: Parts, kept: Sequence[Kept] | None = None, log2: int = LOG2) -> Annual:
    """The laws of a year for every row; with `kept`, of what cover leaves of each part's losses."""
    size = 1 << log2
    step = max(float(parts.exposure.sum()), 1e-12) * YEARS_LOSS / size
    moves = None if kept is None else [
        _moves(keep, int(e / step + 0.5) + 1, step) for keep, e in zip(kept, parts.exposure,
                                                                       strict=True)
    ]  # fmt: skip
    rows = len(parts.rate)
    beyond, largest = np.empty((rows, size)), np.empty((rows, size))
    for start in range(0, rows, BATCH):
        mine = slice(start, min(start + BATCH, rows))
        beyond[mine], largest[mine] = _compound(parts, mine, step, size, moves)
    return Annual(parts, step, beyond, largest)


def _moves(kept: Kept, points: int, step: float) -> Array:
    """Where each point of a loss goes: to the two points around what is kept, the mean kept."""
    loss = np.arange(points, dtype=np.float64) * step
    cases = [(np.ones_like, kept)] if callable(kept) else kept
    matrix, row = np.zeros((points, points)), np.arange(points)
    for chance, keep in cases:
        weight = chance(loss)
        at = np.clip(keep(loss) / step, 0.0, points - 1)
        low = np.minimum(np.floor(at).astype(np.int64), max(points - 2, 0))
        matrix[row, low] += weight * (1.0 - (at - low))
        if points > 1:
            matrix[row, low + 1] += weight * (at - low)
    return matrix


def _compound(
    parts: Parts, rows: slice, step: float, size: int, moves: Sequence[Array] | None
) -> tuple[Array, Array]:
    """P(year's loss > (k + 1/2) step), and P(its largest loss >), for some rows."""
    from scipy.fft import irfft, rfft

    rate, shape, total = parts.rate[rows], parts.shape[rows][:, None], parts.total[rows][:, None]
    family = FAMILIES[parts.family]
    intensity = np.zeros((len(rate), size))
    for c, exposure in enumerate(parts.exposure.tolist()):
        inside = family.sf(SHARES[None, :], parts.location[rows, c][:, None], shape)
        reached = total + (1.0 - total) * inside
        last = int(exposure / step + 0.5)  # the point that holds a total loss
        edges = (np.arange(last) + 0.5) * step / exposure
        above = np.ones((len(rate), last + 2))
        above[:, -1] = 0.0
        above[:, 1:-1] = reached @ _between(edges)
        masses = above[:, :-1] - above[:, 1:]
        if moves is not None:
            masses = masses @ moves[c]
        intensity[:, : last + 1] += rate[:, c][:, None] * masses
    spectrum = rfft(intensity, axis=1)
    law = irfft(np.exp(spectrum - rate.sum(axis=1)[:, None]), size, axis=1)
    above = rate.sum(axis=1)[:, None] - np.cumsum(intensity, axis=1)
    largest = -np.expm1(-np.maximum(above, 0.0))
    return np.clip(1.0 - np.cumsum(law, axis=1), 0.0, 1.0), largest


def _between(shares: Array) -> Array:
    """Weights that carry values at SHARES to other shares: cubics through four neighbours.

    In the angle, where the nodes are evenly spaced and a power law at zero is smooth.
    """
    at = np.arcsin(np.sqrt(shares)) * (2.0 / np.pi) * (NODES - 1)
    first = np.clip(np.floor(at).astype(np.int64) - 1, 0, NODES - 4)
    t = at - first
    weights = np.zeros((NODES, len(shares)))
    column = np.arange(len(shares))
    for i in range(4):
        others = [j for j in range(4) if j != i]
        weights[first + i, column] = np.prod([(t - j) / (i - j) for j in others], axis=0)
    return weights


def _position(beyond: Array, rest: float) -> tuple[NDArray[np.int64], Array]:
    """The first point at or below `rest` in each row, and the share of its cell that is reached."""
    k = np.argmax(beyond <= rest, axis=1)
    at = np.arange(len(beyond))
    before = np.where(k > 0, beyond[at, np.maximum(k - 1, 0)], 1.0)
    here = beyond[at, k]
    inside = np.where(before > here, (before - rest) / np.maximum(before - here, 1e-300), 1.0)
    return k, np.clip(inside, 0.0, 1.0)


def _var(beyond: Array, level: float) -> Array:
    """In steps; a loss of zero is exact, the mass of another point is spread over its cell."""
    k, inside = _position(beyond, 1.0 - level)
    return np.where(k == 0, 0.0, k - 0.5 + inside)


def _tvar(beyond: Array, level: float) -> Array:
    """VaR and the mean of what lies beyond, by the area under the curve."""
    rest = 1.0 - level
    k, inside = _position(beyond, rest)
    at = np.arange(len(beyond))
    area = np.cumsum(beyond[:, ::-1], axis=1)[:, ::-1]
    here = beyond[at, k]
    after = area[at, k] - here / 2.0  # trapezoids from point k + 1/2 on
    within = np.where(k == 0, 0.0, (1.0 - inside) * (rest + here) / 2.0)
    zero = np.where(k == 0, area[at, 0], after + within)
    return np.asarray(_var(beyond, level) + zero / rest)

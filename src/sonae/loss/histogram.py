"""Simulated years as cells of a logarithmic scale: bounded memory, no matter how many years.

A cell is an exponent and ten bits of mantissa, 0.1 % wide, with the weight, the sum, the smallest
and the largest of what fell into it. A cell whose smallest and largest agree is an atom and stays
exact, so ties (a year of two deductibles) cannot move a quantile.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonae.core.errors import Refused
from sonae.loss.measure import SLACK, Value

Array = NDArray[np.float64]
SHIFT = 42  # leaves ten bits of mantissa
OCTAVES = 30  # below the largest year there can be
COARSE = 47  # leaves five bits, for a first run that only looks where the tail begins


@dataclass(frozen=True, slots=True)
class Scale:
    """Which cells there are; what lies below shares the first one."""

    first: int
    size: int
    shift: int = SHIFT

    @classmethod
    def up_to(cls, largest: float, octaves: int = OCTAVES, shift: int = SHIFT) -> Scale:
        """Cells for so many octaves below the largest value."""
        bits = int(np.array([max(largest, 1e-290)]).view(np.int64)[0]) >> shift
        size = (octaves << (52 - shift)) + 1
        return cls(bits - size + 1, size, shift)

    @classmethod
    def coarse(cls, largest: float) -> Scale:
        """Wide cells, twice as far down."""
        return cls.up_to(largest, 2 * OCTAVES, COARSE)

    def cells(self) -> Array:
        """Empty cells for gross, ceded and retained: weight, sum, smallest, largest."""
        cells = np.zeros((3, self.size, 4))
        cells[:, :, 2] = np.inf
        return cells


def add(total: Array, cells: Array) -> None:
    """Add the cells of a task."""
    for mine, others in zip(total, cells, strict=True):
        used = np.flatnonzero(others[:, 0])
        mine[used, :2] += others[used, :2]
        mine[used, 2] = np.minimum(mine[used, 2], others[used, 2])
        mine[used, 3] = np.maximum(mine[used, 3], others[used, 3])


def scale_above(largest: float, floors: Array) -> Scale:
    """Cells from the lowest floor to the largest value, or for thirty octaves."""
    lowest = float(floors.min())
    if lowest <= 0.0:
        return Scale.up_to(largest)
    return Scale.up_to(largest, min(int(np.ceil(np.log2(largest / lowest))) + 1, OCTAVES))


@dataclass(frozen=True, slots=True)
class Histogram:
    """One part's years, from the largest cell down: weight, sum, smallest, largest.

    Years up to `floor` were not kept, and asking about them is refused.

    `years` is how many were simulated; errors are those of as many independent years, which
    stratification can only lower.
    """

    weight: Array
    sums: Array
    low: Array
    high: Array
    average: float
    years: int
    floor: float

    @classmethod
    def of(cls, cells: Array, average: float, years: int, floor: float) -> Histogram:
        """From the cells of one part."""
        weight, sums, low, high = cells[np.flatnonzero(cells[:, 0])[::-1]].T.copy()
        return cls(weight, sums, low, high, average, years, floor)

    def reached(self) -> float:
        """Probability of what is in the cells."""
        return float(self.weight.sum())

    def mean(self) -> Value:
        """Expected amount."""
        return Value(self.average, self._scatter(0.0, self.average))

    def var(self, p: float) -> Value:
        """Value at risk; the error spans the quantiles one standard error of p apart.

        A cell that is no atom does not say where in it the value lies, within 0.05 %.
        """
        point = self._quantile(1.0 - p)[0]
        cell = int(np.searchsorted(-self.high, -point, side="right")) - 1
        within = float(self.high[cell] - self.low[cell]) / 2.0 if cell >= 0 else 0.0
        apart = (p * (1.0 - p) / self.years) ** 0.5
        up = self._quantile(max(1.0 - p - apart, 0.0))[0]
        deepest = self.reached() * (1.0 - 2.0 * SLACK) if self.floor > 0.0 else 1.0
        down = self._quantile(min(1.0 - p + apart, deepest))[0]
        return Value(point, max((up - down) / 2.0, within))

    def tvar(self, p: float) -> Value:
        """Tail value at risk, by sums."""
        rest = 1.0 - p
        var, total = self._quantile(rest)
        excess = total / rest - var
        return Value(total / rest, self._scatter(var, excess * rest) / rest)

    def _quantile(self, rest: float) -> tuple[float, float]:
        """The value that is exceeded with this probability, and the sum of the tail there."""
        reached = np.cumsum(self.weight)
        k = int(np.searchsorted(reached, rest * (1.0 + SLACK), side="right"))
        above = float(reached[k - 1]) if k else 0.0
        total = float(self.sums[:k].sum())
        if k == len(reached):
            if self.floor > 0.0:
                raise Refused(f"a tail of {rest:.3g} reaches below {self.floor:.6g}, not kept")
            return 0.0, total
        low, high = float(self.low[k]), float(self.high[k])
        value = high - (high - low) * (rest - above) / float(self.weight[k])
        return value, total + (rest - above) * (high + value) / 2.0

    def _scatter(self, floor: float, mean: float) -> float:
        """Standard error of the mean of (loss - floor)+, whose mean is given."""
        middle = np.maximum(self.sums / self.weight - floor, 0.0)
        square = float(self.weight @ middle**2)
        return float(np.sqrt(max(square - mean**2, 0.0) / self.years))

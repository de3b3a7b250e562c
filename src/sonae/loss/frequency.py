"""How many losses a year has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Frequency(Protocol):
    """A law of the number of losses in a year."""

    @property
    def mean(self) -> float:
        """Expected number a year."""

    def pmf(self, n: NDArray[np.int64]) -> Array:
        """Probability of exactly n losses."""

    def sf(self, n: int) -> float:
        """Probability of more than n losses."""

    def pgf(self, z: NDArray[np.complex128]) -> NDArray[np.complex128]:
        """Probability generating function, E[z^N]."""

    def most(self, rest: float) -> int:
        """The smallest n that is exceeded with probability `rest` at most."""


@dataclass(frozen=True, slots=True)
class Poisson:
    """Independent losses at `mean` a year."""

    mean: float

    def pmf(self, n: NDArray[np.int64]) -> Array:
        """Probability of exactly n losses; exact to rounding."""
        from scipy.special import gammaln

        if self.mean == 0.0:
            return np.asarray(n == 0, dtype=np.float64)
        return np.asarray(np.exp(n * np.log(self.mean) - self.mean - gammaln(n + 1.0)))

    def sf(self, n: int) -> float:
        """Probability of more than n losses."""
        from scipy.special import pdtrc

        return float(pdtrc(n, self.mean)) if n >= 0 else 1.0

    def pgf(self, z: NDArray[np.complex128]) -> NDArray[np.complex128]:
        """exp(mean (z - 1))."""
        return np.exp(self.mean * (z - 1.0))

    def most(self, rest: float) -> int:
        """The smallest n that is exceeded with probability `rest` at most."""
        low, high = -1, int(self.mean + 12.0 * self.mean**0.5 + 40.0)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self.sf(middle) <= rest else (middle, high)
        return high

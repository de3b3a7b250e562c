"""The share of what a venue holds that one loss takes: laws fitted to named losses.

Three ways to read the same few losses, carried side by side: a Beta law, a lognormal law cut at
the whole, and the Beta law with a size effect, where a larger venue loses a smaller share. Losses
come from venues whose balance became known, which is no random choice; the spread shows more of
that than any interval does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
FITTED = ("beta", "lognormal", "size")
LAWS = (*FITTED, "model")
FEWEST = 5
MOST_SLOPE, LEAST_SLOPE = 1.0, 0.5
EDGE = 1e-9


class ShareLaw(Protocol):
    """P(share <= x) at a venue that holds `held`, and the mean of the share above x."""

    def cdf(self, x: Array, held: Array) -> Array:
        """P(share <= x)."""

    def excess(self, x: Array, held: Array) -> Array:
        """E[max(share - x, 0)]."""


@dataclass(frozen=True, slots=True)
class Beta:
    """A Beta law; with `slope` below one, of share x (held / middle)^(1 - slope), at most one."""

    a: float
    b: float
    slope: float = 1.0
    middle: float = 1.0

    def _factor(self, held: Array) -> Array:
        return np.asarray((held / self.middle) ** (self.slope - 1.0))

    def cdf(self, x: Array, held: Array) -> Array:
        """P(share <= x)."""
        from scipy.special import betainc

        inside = betainc(self.a, self.b, np.clip(x / self._factor(held), 0.0, 1.0))
        return np.where(x >= 1.0, 1.0, np.where(x < 0.0, 0.0, inside))

    def excess(self, x: Array, held: Array) -> Array:
        """E[max(share - x, 0)], a share above one being one."""
        factor = self._factor(held)
        return np.asarray(factor * (self._above(x / factor) - self._above(1.0 / factor)))

    def _above(self, x: Array) -> Array:
        from scipy.special import betainc

        x = np.clip(x, 0.0, 1.0)
        mean = self.a / (self.a + self.b)
        first = mean * (1.0 - betainc(self.a + 1.0, self.b, x))
        return np.asarray(first - x * (1.0 - betainc(self.a, self.b, x)))

    def density(self, x: Array) -> Array:
        """Of a share at a venue of middle size."""
        from scipy.stats import beta

        return np.asarray(beta.pdf(x, self.a, self.b))


@dataclass(frozen=True, slots=True)
class CutLognormal:
    """A lognormal law of the share, given that it is one at most."""

    mu: float
    sigma: float

    def cdf(self, x: Array, held: Array) -> Array:
        """P(share <= x)."""
        from scipy.special import ndtr

        with np.errstate(divide="ignore", invalid="ignore"):
            inside = ndtr((np.log(x) - self.mu) / self.sigma) / ndtr(-self.mu / self.sigma)
        return np.where(x >= 1.0, 1.0, np.where(x <= 0.0, 0.0, inside))

    def excess(self, x: Array, held: Array) -> Array:
        """E[max(share - x, 0)]."""
        from scipy.special import ndtr

        x = np.clip(x, EDGE, 1.0)
        whole, mean = ndtr(-self.mu / self.sigma), np.exp(self.mu + self.sigma**2 / 2.0)
        low, high = ((np.log(v) - self.mu) / self.sigma for v in (x, np.ones_like(x)))
        part = mean * (ndtr(high - self.sigma) - ndtr(low - self.sigma))
        return np.asarray((part - x * (ndtr(high) - ndtr(low))) / whole)

    def density(self, x: Array) -> Array:
        """Of a share; the same for every venue."""
        from scipy.special import ndtr

        z = (np.log(x) - self.mu) / self.sigma
        whole = ndtr(-self.mu / self.sigma)
        return np.asarray(np.exp(-z * z / 2.0) / (x * self.sigma * np.sqrt(2.0 * np.pi)) / whole)


def fit(kind: str, shares: Sequence[float], held: Sequence[float]) -> Beta | CutLognormal:
    """The law of a kind by maximum likelihood; the size effect by the slope of log on log."""
    x = np.clip(np.asarray(shares), EDGE, 1.0 - EDGE)
    size = np.asarray(held)
    if kind == "lognormal":
        return _lognormal(x)
    if kind == "beta":
        return _beta(x)
    slope = float(np.polyfit(np.log(size), np.log(x * size), 1)[0]) if len(set(held)) > 1 else 1.0
    slope = min(max(slope, LEAST_SLOPE), MOST_SLOPE)
    middle = float(np.exp(np.log(size).mean()))
    flat = np.clip(x * (size / middle) ** (1.0 - slope), EDGE, 1.0 - EDGE)
    found = _beta(flat)
    return Beta(found.a, found.b, slope, middle)


def _beta(x: Array) -> Beta:
    from scipy.optimize import minimize
    from scipy.special import betaln

    low, high, n = np.log(x).sum(), np.log1p(-x).sum(), len(x)

    def lack(p: Array) -> float:
        a, b = np.exp(p)
        return float(n * betaln(a, b) - (a - 1.0) * low - (b - 1.0) * high)

    mean, variance = x.mean(), max(x.var(), 1e-6)
    k = max(mean * (1.0 - mean) / variance - 1.0, 0.1)
    start = np.log([mean * k, (1.0 - mean) * k])
    a, b = np.exp(minimize(lack, start, method="Nelder-Mead").x)
    return Beta(float(a), float(b))


def _lognormal(x: Array) -> CutLognormal:
    from scipy.optimize import minimize
    from scipy.special import log_ndtr

    logs = np.log(x)

    def lack(p: Array) -> float:
        mu, sigma = p[0], np.exp(p[1])
        z = (logs - mu) / sigma
        return float((z * z / 2.0).sum() + len(x) * (p[1] + log_ndtr(-mu / sigma)))

    start = [logs.mean(), np.log(max(logs.std(), 0.1))]
    mu, sigma = minimize(lack, start, method="Nelder-Mead").x
    return CutLognormal(float(mu), float(np.exp(sigma)))

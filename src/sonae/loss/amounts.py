"""Losses as amounts, whatever the venue holds: the other view of severity, cut at what there is.

A lognormal law of the amount in USD, fitted to every loss above the reporting threshold since 2017
and cut from below there. It ignores how much a venue holds until nothing is left, so it is carried
as another opinion, and for the distance between the two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonae.loss.evidence import REGIME, THRESHOLD
from sonae.loss.incidents import Event
from sonae.loss.severity import Lognormal

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class AmountFit:
    """Mean and standard deviation of ln(loss / USD 1 m); `aic` of losses in USD millions."""

    mu: float
    sigma: float
    events: int
    aic: float


def amount_fit(events: Sequence[Event]) -> AmountFit:
    """The maximum of the likelihood, cut at the reporting threshold."""
    from scipy.optimize import minimize
    from scipy.special import log_ndtr

    losses = np.array(
        [
            float(e.loss_usd or 0) / THRESHOLD for e in events
            if e.theft and e.day.year >= REGIME and (e.loss_usd or 0) >= THRESHOLD
        ]
    )  # fmt: skip
    log = np.log(losses)

    def minus(theta: Array) -> float:
        mu, sigma = theta[0], np.exp(theta[1])
        each = -0.5 * ((log - mu) / sigma) ** 2 - theta[1] - log - 0.5 * np.log(2.0 * np.pi)
        return -float(np.sum(each - log_ndtr(mu / sigma)))

    found = minimize(minus, np.array([2.0, 0.5]), method="Nelder-Mead", options={"xatol": 1e-6})
    mu, sigma = float(found.x[0]), float(np.exp(found.x[1]))
    return AmountFit(mu, sigma, len(losses), 4.0 + 2.0 * float(found.fun))


@dataclass(frozen=True, slots=True)
class AmountLaw:
    """A loss above `floor` by a lognormal law, but at most `exposure`."""

    law: Lognormal
    floor: float
    exposure: float

    @property
    def top(self) -> float:
        """All of the exposure."""
        return self.exposure

    def sf(self, x: Array) -> Array:
        """P(X > x)."""
        return np.where(np.asarray(x) >= self.exposure, 0.0, self.reached(x))

    def reached(self, x: Array) -> Array:
        """P(X >= x)."""
        x = np.asarray(x, dtype=np.float64)
        above = self.law.sf(np.maximum(x, self.floor)) / self.law.sf(np.array(self.floor))
        return np.where(x > self.exposure, 0.0, above)

    def isf(self, w: Array) -> Array:
        """The loss exceeded with probability w."""
        inside = self.law.isf(w * self.law.sf(np.array(self.floor)))
        return np.minimum(np.maximum(inside, self.floor), self.exposure)

    def limited_mean(self, x: Array) -> Array:
        """E[min(X, x)]."""
        x = np.minimum(np.asarray(x, dtype=np.float64), self.exposure)
        above = self.law.limited_mean(np.maximum(x, self.floor))
        below = self.law.limited_mean(np.array(self.floor))
        rest = (above - below) / self.law.sf(np.array(self.floor))
        return np.where(x < self.floor, x, self.floor + rest)

    def scaled(self, factor: float) -> AmountLaw:
        """The law of factor times the loss."""
        return AmountLaw(self.law.scaled(factor), self.floor * factor, self.exposure * factor)


@dataclass(frozen=True, slots=True)
class Amounts:
    """One of several amount laws, by chance."""

    weights: tuple[float, ...]
    laws: tuple[AmountLaw, ...]

    def sf(self, x: Array) -> Array:
        """P(X > x)."""
        return self._sum([law.sf(x) for law in self.laws])

    def isf(self, w: Array) -> Array:
        """The loss exceeded with probability w, by bisection."""
        low, high = np.zeros(np.shape(w)), np.full(np.shape(w), self.top)
        for _ in range(60):
            middle = (low + high) / 2.0
            more = self.sf(middle) > w
            low, high = np.where(more, middle, low), np.where(more, high, middle)
        return high

    def limited_mean(self, x: Array) -> Array:
        """E[min(X, x)]."""
        return self._sum([law.limited_mean(x) for law in self.laws])

    @property
    def top(self) -> float:
        """The largest exposure."""
        return max(law.exposure for law in self.laws)

    def scaled(self, factor: float) -> Amounts:
        """The law of factor times the loss."""
        return Amounts(self.weights, tuple(law.scaled(factor) for law in self.laws))

    def _sum(self, parts: list[Array]) -> Array:
        return np.asarray(sum(w * p for w, p in zip(self.weights, parts, strict=True)))

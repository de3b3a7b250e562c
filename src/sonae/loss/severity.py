"""How large one loss is, in the currency of the question.

Each law gives its survival function, the inverse of it, and its limited mean E[min(X, x)] in
closed form, so that engines never need to know which law they have.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Severity(Protocol):
    """A law of one loss, zero or more."""

    def sf(self, x: Array) -> Array:
        """P(X > x)."""

    def isf(self, w: Array) -> Array:
        """The loss exceeded with probability w, for w in (0, 1]."""

    def limited_mean(self, x: Array) -> Array:
        """E[min(X, x)]; infinite where x and the mean are."""

    @property
    def top(self) -> float:
        """The largest possible loss, or infinity."""

    def scaled(self, factor: float) -> Severity:
        """The law of factor times the loss."""


@dataclass(frozen=True, slots=True)
class GeneralizedPareto:
    """P(X > x) = (1 + xi x / scale)^(-1/xi) (Pickands 1975); exponential at xi = 0."""

    xi: float
    scale: float

    def sf(self, x: Array) -> Array:
        """P(X > x)."""
        z = np.maximum(x, 0.0) / self.scale
        if self.xi == 0.0:
            return np.exp(-z)
        inside = np.maximum(self.xi * z, -1.0)
        with np.errstate(divide="ignore"):
            return np.asarray(np.exp(-np.log1p(inside) / self.xi))

    def isf(self, w: Array) -> Array:
        """The loss exceeded with probability w."""
        if self.xi == 0.0:
            return -self.scale * np.log(w)
        return np.asarray(self.scale / self.xi * np.expm1(-self.xi * np.log(w)))

    def limited_mean(self, x: Array) -> Array:
        """E[min(X, x)], the integral of the survival function from 0 to x."""
        xi, scale = self.xi, self.scale
        x = np.minimum(x, self.top)
        if xi == 0.0:
            return -scale * np.expm1(-x / scale)
        with np.errstate(divide="ignore"):
            log = np.log1p(np.maximum(xi * x / scale, -1.0))
        if xi == 1.0:
            return np.asarray(scale * log)
        return np.asarray(-scale / (1.0 - xi) * np.expm1(log * (1.0 - 1.0 / xi)))

    @property
    def top(self) -> float:
        """Finite for a negative xi."""
        return -self.scale / self.xi if self.xi < 0.0 else np.inf

    def scaled(self, factor: float) -> GeneralizedPareto:
        """The law of factor times the loss."""
        return GeneralizedPareto(self.xi, self.scale * factor)


@dataclass(frozen=True, slots=True)
class Lognormal:
    """log X is normal with mean `mu` and standard deviation `sigma`."""

    mu: float
    sigma: float

    def sf(self, x: Array) -> Array:
        """P(X > x)."""
        from scipy.special import ndtr

        with np.errstate(divide="ignore"):
            return np.asarray(ndtr((self.mu - np.log(np.maximum(x, 0.0))) / self.sigma))

    def isf(self, w: Array) -> Array:
        """The loss exceeded with probability w."""
        from scipy.special import ndtri

        return np.asarray(np.exp(self.mu - self.sigma * ndtri(w)))

    def limited_mean(self, x: Array) -> Array:
        """E[min(X, x)]."""
        from scipy.special import ndtr

        mean = np.exp(self.mu + self.sigma**2 / 2.0)
        with np.errstate(divide="ignore"):
            z = (np.log(x) - self.mu) / self.sigma
        above = np.where(np.isinf(x), 0.0, x) * ndtr(-z)
        return np.asarray(mean * ndtr(z - self.sigma) + above)

    @property
    def top(self) -> float:
        """No bound."""
        return np.inf

    def scaled(self, factor: float) -> Lognormal:
        """The law of factor times the loss."""
        return Lognormal(self.mu + float(np.log(factor)), self.sigma)


@dataclass(frozen=True, slots=True)
class BetaFraction:
    """A share of `exposure` that follows the Beta law with `a` and `b`."""

    a: float
    b: float
    exposure: float

    def sf(self, x: Array) -> Array:
        """P(X > x)."""
        from scipy.special import betainc

        share = np.clip(x / self.exposure, 0.0, 1.0)
        return np.asarray(betainc(self.b, self.a, 1.0 - share))

    def isf(self, w: Array) -> Array:
        """The loss exceeded with probability w."""
        from scipy.special import betaincinv

        return np.asarray(self.exposure * (1.0 - betaincinv(self.b, self.a, w)))

    def limited_mean(self, x: Array) -> Array:
        """E[min(X, x)]."""
        from scipy.special import betainc

        mean, share = self.a / (self.a + self.b), np.clip(x / self.exposure, 0.0, 1.0)
        below = mean * betainc(self.a + 1.0, self.b, share)
        return np.asarray(self.exposure * (below + share * betainc(self.b, self.a, 1.0 - share)))

    @property
    def top(self) -> float:
        """All of the exposure."""
        return self.exposure

    def scaled(self, factor: float) -> BetaFraction:
        """The law of factor times the loss."""
        return BetaFraction(self.a, self.b, self.exposure * factor)


@dataclass(frozen=True, slots=True)
class Capped:
    """A loss that cannot exceed `cap`, what there is to lose: min(X, cap), with an atom there."""

    law: Severity
    cap: float

    def sf(self, x: Array) -> Array:
        """P(X > x)."""
        return np.where(x < self.cap, self.law.sf(x), 0.0)

    def isf(self, w: Array) -> Array:
        """The loss exceeded with probability w."""
        return np.minimum(self.law.isf(w), self.cap)

    def limited_mean(self, x: Array) -> Array:
        """E[min(X, x)]."""
        return self.law.limited_mean(np.minimum(x, self.cap))

    @property
    def top(self) -> float:
        """The cap, or less."""
        return min(self.cap, self.law.top)

    def scaled(self, factor: float) -> Capped:
        """The law of factor times the loss."""
        return Capped(self.law.scaled(factor), self.cap * factor)


def limited(law: Severity, x: float) -> float:
    """E[min(X, x)] of one x."""
    return float(law.limited_mean(np.array([x]))[0])


def mean_of(law: Severity) -> float:
    """E[X]; infinite where the tail is too heavy to have one."""
    if isinstance(law, GeneralizedPareto) and law.xi >= 1.0:
        return np.inf
    return limited(law, law.top)

"""What share of a holding one loss takes: three families on (0, 1], with a total loss possible.

A family is asked with a location m and a shape k, arrays that broadcast. The location is the mean
share for `beta`, ln b of the mean share for `mbbefd`, and for `lognormal` the mean of the logarithm
before it is cut at one. A size effect moves it with the holding, so that the share falls as its
power.

MBBEFD: S. Bernegger, "The Swiss Re exposure curves and the MBBEFD distribution class", ASTIN
Bulletin 27 (1997), with b found from the mean and 1/g the chance of a total loss.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
LEAST, MOST = 1e-4, 0.95  # of a mean share
NODES = 1025
SPAN = (-60.0, 12.0)  # of ln b


class Family(Protocol):
    """A family of laws of a share."""

    @property
    def name(self) -> str:
        """How it is called on the command line."""

    @property
    def inflated(self) -> bool:
        """True where the chance of a total loss is a parameter beside the family."""

    def location(self, value: float, size: Array, power: float, k: float) -> Array:
        """The location at holdings of `size` times the typical one, with shape k."""

    def shape(self, value: float) -> float:
        """The shape from a free parameter."""

    def log_density(self, x: Array, m: Array, k: Array) -> Array:
        """Logarithm of the density inside (0, 1)."""

    def sf(self, x: Array, m: Array, k: Array) -> Array:
        """P(X > x) for x in [0, 1); the limit from below at 1."""


def _mean_at(value: float, size: Array, power: float) -> Array:
    """A mean share, proportional to size^(power - 1), kept inside bounds."""
    return np.asarray(np.clip(size ** (power - 1.0) / (1.0 + np.exp(-value)), LEAST, MOST))


class _Beta:
    name = "beta"
    inflated = True

    def location(self, value: float, size: Array, power: float, k: float) -> Array:
        return _mean_at(value, size, power)

    def shape(self, value: float) -> float:
        return float(np.exp(value))

    def log_density(self, x: Array, m: Array, k: Array) -> Array:
        from scipy.special import betaln

        a, b = m * k, (1.0 - m) * k
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(
                (a - 1.0) * np.log(x) + (b - 1.0) * np.log1p(-x) - betaln(a, b), np.float64
            )

    def sf(self, x: Array, m: Array, k: Array) -> Array:
        from scipy.special import betaincc

        return np.asarray(betaincc(m * k, (1.0 - m) * k, x))


class _Mbbefd:
    name = "mbbefd"
    inflated = False

    def location(self, value: float, size: Array, power: float, k: float) -> Array:
        return mbbefd_location(_mean_at(value, size, power), k)

    def shape(self, value: float) -> float:
        """g: one over the chance of a total loss."""
        return 1.0 + float(np.exp(value))

    def log_density(self, x: Array, m: Array, k: Array) -> Array:
        b = np.exp(m)
        power = np.exp((1.0 - x) * m)
        below = (k - 1.0) * power + 1.0 - k * b
        return np.asarray(np.log((b - 1.0) * (k - 1.0) * m * power / below**2))

    def sf(self, x: Array, m: Array, k: Array) -> Array:
        b = np.exp(m)
        return np.asarray((1.0 - b) / ((k - 1.0) * np.exp((1.0 - x) * m) + 1.0 - k * b))


def mbbefd_mean(b: Array, g: float) -> Array:
    """The mean share, ln(g b) (1 - b) / (ln(b) (1 - g b))."""
    return np.asarray(np.log(g * b) * (1.0 - b) / (np.log(b) * (1.0 - g * b)))


def mbbefd_location(m: Array, g: float) -> Array:
    """The ln b with a mean of m, which falls as b grows; between 1,024 points.

    A mean is 1/g at least; where it is asked to be less, ln b is at its end.
    """
    log_b = np.linspace(*SPAN, 1024)
    for pole in (0.0, -float(np.log(g))):  # where the formulas are limits
        log_b = np.where(np.abs(log_b - pole) < 1e-6, pole + 1e-6, log_b)
    mean = mbbefd_mean(np.exp(log_b), g)
    return np.interp(-m, -mean, log_b)


class _Lognormal:
    name = "lognormal"
    inflated = True

    def location(self, value: float, size: Array, power: float, k: float) -> Array:
        return np.asarray(value + (power - 1.0) * np.log(size))

    def shape(self, value: float) -> float:
        return float(np.exp(value))

    def log_density(self, x: Array, m: Array, k: Array) -> Array:
        from scipy.special import log_ndtr

        with np.errstate(divide="ignore"):
            log = np.log(x)
        inside = -0.5 * ((log - m) / k) ** 2 - log - np.log(k) - 0.5 * np.log(2.0 * np.pi)
        return np.asarray(inside - log_ndtr(-m / k))

    def sf(self, x: Array, m: Array, k: Array) -> Array:
        from scipy.special import ndtr

        with np.errstate(divide="ignore"):
            below = ndtr((np.log(x) - m) / k)
        return np.asarray(np.maximum(1.0 - below / ndtr(-m / k), 0.0))


BETA: Family = _Beta()
MBBEFD: Family = _Mbbefd()
LOGNORMAL: Family = _Lognormal()
FAMILIES: dict[str, Family] = {f.name: f for f in (BETA, MBBEFD, LOGNORMAL)}


@dataclass(frozen=True, slots=True)
class ShareLaw:
    """A loss as a share of `exposure`; `total` is the chance that all of it goes.

    `reached` is P(X >= x): with an atom at the top it differs from `sf` there.
    """

    family: str
    location: float
    shape: float
    total: float
    exposure: float

    def sf(self, x: Array) -> Array:
        """P(X > x)."""
        return np.where(x >= self.exposure, 0.0, self.reached(x))

    def reached(self, x: Array) -> Array:
        """P(X >= x)."""
        share = np.asarray(x) / self.exposure
        at = np.clip(share, 0.0, 1.0)
        inside = FAMILIES[self.family].sf(at, np.array(self.location), np.array(self.shape))
        return np.where(share > 1.0, 0.0, self.total + (1.0 - self.total) * inside)

    def isf(self, w: Array) -> Array:
        """The loss exceeded with probability w, from a table of 1,025 shares."""
        share, reached, _ = self._table()
        return np.asarray(self.exposure * np.interp(-np.log(w), -np.log(reached), share))

    def limited_mean(self, x: Array) -> Array:
        """E[min(X, x)], the integral of the survival function, by the same table."""
        share, _, integral = self._table()
        return np.asarray(self.exposure * np.interp(np.asarray(x) / self.exposure, share, integral))

    @property
    def top(self) -> float:
        """All of the exposure."""
        return self.exposure

    def scaled(self, factor: float) -> ShareLaw:
        """The law of factor times the loss."""
        return ShareLaw(self.family, self.location, self.shape, self.total, self.exposure * factor)

    def _table(self) -> tuple[Array, Array, Array]:
        return _table(self.family, self.location, self.shape, self.total)


@lru_cache(maxsize=256)
def _table(family: str, location: float, shape: float, total: float) -> tuple[Array, Array, Array]:
    """Shares, P(X >= share) and its integral; what is as rare as 1e-300 is cut off."""
    share = np.sin(np.linspace(0.0, np.pi / 2.0, NODES)) ** 2
    reached = ShareLaw(family, location, shape, total, 1.0).reached(share)
    steps = np.diff(share) * (reached[1:] + reached[:-1]) / 2.0
    integral = np.concatenate(([0.0], np.cumsum(steps)))
    return share, np.maximum(reached, 1e-300), integral


@dataclass(frozen=True, slots=True)
class Mixture:
    """One of several laws, by chance: which tier, or which supplier, a loss comes from."""

    weights: tuple[float, ...]
    laws: tuple[ShareLaw, ...]

    def sf(self, x: Array) -> Array:
        """P(X > x)."""
        return self._sum([law.sf(x) for law in self.laws])

    def reached(self, x: Array) -> Array:
        """P(X >= x)."""
        return self._sum([law.reached(x) for law in self.laws])

    def isf(self, w: Array) -> Array:
        """The loss exceeded with probability w, between the nodes of all laws."""
        x, log = _mixed(self)
        return np.interp(-np.log(w), log, x)

    def limited_mean(self, x: Array) -> Array:
        """E[min(X, x)]."""
        return self._sum([law.limited_mean(x) for law in self.laws])

    @property
    def top(self) -> float:
        """The largest exposure."""
        return max(law.exposure for law in self.laws)

    def scaled(self, factor: float) -> Mixture:
        """The law of factor times the loss."""
        return Mixture(self.weights, tuple(law.scaled(factor) for law in self.laws))

    def _sum(self, parts: list[Array]) -> Array:
        return np.asarray(sum(w * p for w, p in zip(self.weights, parts, strict=True)))


@lru_cache(maxsize=16)
def _mixed(mixture: Mixture) -> tuple[Array, Array]:
    """Nodes twice, with -ln of what is reached there and what lies beyond: atoms are steps."""
    share = np.sin(np.linspace(0.0, np.pi / 2.0, NODES)) ** 2
    x = np.unique(np.concatenate([law.exposure * share for law in mixture.laws]))
    pairs = np.stack((mixture.reached(x), mixture.sf(x)), axis=1).ravel()
    return np.repeat(x, 2), -np.log(np.maximum(np.minimum.accumulate(pairs), 1e-300))

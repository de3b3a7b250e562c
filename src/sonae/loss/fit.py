"""Fitting the share that a loss takes: likelihood, mode, and draws of the parameters.

Parameters: location, shape, size effect, and the typical holding of those that never published it.
A loss whose venue's assets are known contributes the density of its share; one whose assets are
not known, the density of its amount, with the holding integrated out over a log-normal law. Both
are cut from below at the reporting threshold. Priors are house choices, printed with the result.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sonae.core.errors import Refused
from sonae.loss.evidence import Sample
from sonae.loss.fractions import FAMILIES
from sonae.loss.streams import mixed

Array = NDArray[np.float64]
NAMES = ("location", "shape", "size_effect", "log_typical_holding")
PRIORS = {
    "beta": ((-1.39, 1.5), (1.39, 1.0)),
    "mbbefd": ((-1.39, 1.5), (3.9, 1.5)),
    "lognormal": ((-1.8, 1.5), (0.0, 0.7)),
}
"""Mean and standard deviation of location and shape, in the free scale of each family (house)."""
SIZE_PRIOR = (0.8, 0.15)
"""Loss grows as holding to this power: 0.6 in the literature, 0.86 here, 1 a pure share."""
PURE_SHARE = (1.0, 1e-3)
GRID = 81  # holdings, evenly in the logarithm
WIDE = 5.0  # standard deviations of the logarithm of a holding
PROPOSALS, DEGREES = 2000, 5
POOR = 200.0  # effective draws below which a posterior is refused


@dataclass(frozen=True)
class Likelihood:
    """The logarithm of likelihood times prior of one family on one sample."""

    family: str
    data: Sample
    size_prior: tuple[float, float] = SIZE_PRIOR

    @property
    def total(self) -> float:
        """The chance of a total loss: its mean with a uniform prior; none where built in."""
        if not FAMILIES[self.family].inflated:
            return 0.0
        return (1.0 + self.data.totals) / (2.0 + len(self.data.loss))

    @cached_property
    def _size(self) -> Array:
        return self.data.assets / self.data.typical

    @cached_property
    def _inside(self) -> Array:
        return np.minimum(self.data.loss / self.data.assets, 1.0 - 1e-9)

    @cached_property
    def _holdings(self) -> Array:
        """Holdings to integrate over: from the smallest loss up, evenly in the logarithm."""
        low = np.log(self.data.latent_floor)
        high = np.log(self.data.typical) + (WIDE + 2.0) * self.data.scatter
        return np.linspace(low, high, GRID)

    @cached_property
    def _shares(self) -> Array:
        """Each latent loss as a share of each holding; outside of (0, 1) it is not possible."""
        return self.data.latent[:, None] / np.exp(self._holdings)[None, :]

    def priors(self) -> list[tuple[float, float]]:
        """Mean and standard deviation of each parameter."""
        typical = float(np.log(self.data.typical))
        return [*PRIORS[self.family], self.size_prior, (typical, 1.0)]

    def prior(self, theta: Array) -> float:
        """Up to a constant."""
        middle, width = np.array(self.priors()).T
        return -0.5 * float(np.sum(((theta - middle) / width) ** 2))

    def known(self, theta: Array) -> float:
        """Log-likelihood of the shares that are known, on (0, 1)."""
        family, data = FAMILIES[self.family], self.data
        k = family.shape(theta[1])
        at, shape = family.location(theta[0], self._size, theta[2], k), np.array(k)
        cut = family.sf(data.floor / data.assets, at, shape)
        return float(np.sum(family.log_density(self._inside, at, shape) - np.log(cut)))

    def latent(self, theta: Array) -> float:
        """Log-likelihood of the losses (their logarithm) whose holding is integrated out."""
        if not len(self.data.latent):
            return 0.0
        family, total = FAMILIES[self.family], self.total
        log, middle, scatter = self._holdings, theta[3], self.data.scatter
        step = log[1] - log[0]
        chance = np.exp(-0.5 * ((log - middle) / scatter) ** 2) / scatter / np.sqrt(2.0 * np.pi)
        k = family.shape(theta[1])
        at = family.location(theta[0], np.exp(log) / self.data.typical, theta[2], k)
        shape = np.array(k)
        possible = self._shares < 1.0
        share = np.where(possible, self._shares, 0.5)
        density = np.where(possible, np.exp(family.log_density(share, at, shape)) * share, 0.0)
        whole = np.log(self.data.latent)
        at_once = np.exp(-0.5 * ((whole - middle) / scatter) ** 2) / scatter / np.sqrt(2.0 * np.pi)
        each = (1.0 - total) * step * (density @ chance) + total * at_once
        floor = np.minimum(self.data.latent_floor / np.exp(log), 1.0)
        reached = total + (1.0 - total) * family.sf(floor, at, shape)
        return float(np.sum(np.log(each)) - len(each) * np.log(step * (reached @ chance)))

    def __call__(self, theta: Array) -> float:
        """Log of likelihood times prior; minus infinity where it is none."""
        with np.errstate(all="ignore"):
            value = self.prior(theta) + self.known(theta) + self.latent(theta)
        return value if np.isfinite(value) else -np.inf


@dataclass(frozen=True, slots=True)
class Fitted:
    """The mode and draws of location, shape, size effect, typical latent holding.

    `effective` says what the draws are worth; `total` are draws of the chance of a total loss.
    """

    family: str
    mode: Array
    draws: Array
    total_mode: float
    total: Array
    log_likelihood: float
    effective: float
    data: Sample
    priors: tuple[tuple[float, float], ...]

    def aic(self) -> float:
        """Akaike's criterion, with the parameters that the data can move."""
        free = 3 if not len(self.data.latent) else 4
        return 2.0 * free - 2.0 * self.log_likelihood


def fit(
    family: str,
    data: Sample,
    draws: int = 1000,
    seed: int = 0,
    size_prior: tuple[float, float] = SIZE_PRIOR,
) -> Fitted:
    """The mode by a simplex search, then draws by sampling-importance-resampling; 0 draws none.

    Proposals follow a Student law around the mode (Rubin 1988).

    Raises:
        Refused: the draws are worth too little to be called a posterior.
    """
    from scipy.optimize import minimize

    target = Likelihood(family, data, size_prior)
    simplex = _simplex(target)
    start = simplex[0]
    found = minimize(
        lambda t: min(-target(t), 1e9), start, method="Nelder-Mead",
        options={"xatol": 1e-4, "fatol": 1e-6, "maxiter": 1200, "initial_simplex": simplex},
    )  # fmt: skip
    mode = np.asarray(found.x)
    with np.errstate(all="ignore"):
        likelihood = target.known(mode) + target.latent(mode)
    priors = tuple(target.priors())
    if not draws:
        none = np.empty(0)
        return Fitted(
            family, mode, np.empty((0, 4)), target.total, none, likelihood, 0.0, data, priors
        )
    random = np.random.Generator(np.random.PCG64DXSM(mixed(seed, 5)))
    proposed, weight = _proposals(target, mode, random)
    effective = float(1.0 / np.sum(weight**2))
    if effective < POOR:
        raise Refused(f"{family}: the posterior of the fit is worth only {effective:.0f} draws")
    place = (np.arange(draws) + random.random()) / draws
    chosen = proposed[np.minimum(np.searchsorted(np.cumsum(weight), place), len(weight) - 1)]
    chosen = chosen[random.permutation(draws)]
    n, hit = len(data.loss), data.totals
    total = random.beta(1.0 + hit, 1.0 + n - hit, draws)
    if not target.total:
        total = np.zeros(draws)
    return Fitted(family, mode, chosen, target.total, total, likelihood, effective, data, priors)


def _simplex(target: Likelihood) -> Array:
    priors = target.priors()
    start = np.array([m for m, _ in priors])
    return np.vstack([start, *(start + np.eye(4)[i] * priors[i][1] * 0.5 for i in range(4))])


def _proposals(
    target: Callable[[Array], float], mode: Array, random: np.random.Generator
) -> tuple[Array, Array]:
    """Draws around the mode, as wide as its curvature, and their normalised weights."""
    covariance = np.linalg.inv(_curvature(target, mode)) * 1.2
    root = np.linalg.cholesky(covariance)
    normal = random.standard_normal((PROPOSALS, len(mode)))
    stretch = np.sqrt(DEGREES / random.chisquare(DEGREES, PROPOSALS))
    proposed = mode + (normal @ root.T) * stretch[:, None]
    distance = np.sum(normal**2, axis=1) * stretch**2
    proposal = -0.5 * (DEGREES + len(mode)) * np.log1p(distance / DEGREES)
    log = np.array([target(theta) for theta in proposed]) - proposal
    weight = np.exp(log - np.max(log))
    return proposed, weight / np.sum(weight)


def _curvature(target: Callable[[Array], float], mode: Array) -> Array:
    """Minus the second derivatives at the mode, made positive definite."""
    n, steps = len(mode), np.full(len(mode), 2e-2)
    steps[2] = 1e-2
    pick = np.eye(n) * steps
    matrix = np.empty((n, n))
    for i in range(n):
        for j in range(i, n):
            a, b = pick[i], pick[j]
            second = (
                target(mode + a + b) - target(mode + a - b)
                - target(mode - a + b) + target(mode - a - b)
            )  # fmt: skip
            matrix[i, j] = matrix[j, i] = -second / (4.0 * steps[i] * steps[j])
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray((vectors * np.maximum(values, 0.1)) @ vectors.T)

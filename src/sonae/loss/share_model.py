"""The share lost by the model of thefts: losses whose venue's balance is not known count too.

The laws of `shares` know only venues whose balance became public, where large shares are
over-represented. Here the holding of the others is integrated out, so that the share comes out
smaller; every answer is the mean over draws of the model's parameters.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sonae.loss.exposure import rate_of
from sonae.loss.fractions import FAMILIES
from sonae.loss.incidents import Selection, select
from sonae.loss.theft import theft_model

Array = NDArray[np.float64]
DRAWS, NODES = 100, 96
FAMILY = "beta"
LATEST = 2025


@dataclass(frozen=True)
class ModelShares:
    """Draws of location, shape, size effect and chance of a total loss; sizes in yen."""

    draws: Array
    total: Array
    typical: float

    def one(self, n: int) -> ModelShares:
        """A single draw, taken for the truth."""
        k = n % len(self.draws)
        return ModelShares(self.draws[k : k + 1], self.total[k : k + 1], self.typical)

    def cdf(self, x: Array, held: Array) -> Array:
        """P(share <= x), over the draws."""
        family = FAMILIES[FAMILY]
        inside, found = np.clip(x, 0.0, 1.0), np.zeros(np.shape(x))
        for (value, shape, power, _), total in zip(self.draws, self.total, strict=True):
            k = family.shape(float(shape))
            m = family.location(float(value), held / self.typical, float(power), k)
            found += (1.0 - total) * (1.0 - family.sf(inside, m, np.asarray(k)))
        found /= len(self.draws)
        return np.where(x >= 1.0, 1.0, np.where(x < 0.0, 0.0, found))

    def excess(self, x: Array, held: Array) -> Array:
        """E[max(share - x, 0)], by Gauss and Legendre's rule."""
        x = np.clip(x, 0.0, 1.0)
        node, weight = np.polynomial.legendre.leggauss(NODES)
        found = np.zeros(np.shape(x))
        for at, w in zip((node + 1.0) / 2.0, weight / 2.0, strict=True):
            u = at * at  # more nodes where the law bends
            found += w * 2.0 * at * (1.0 - x) * (1.0 - self.cdf(x + (1.0 - x) * u, held))
        return found


@lru_cache(maxsize=4)
def model_shares(memory: bool, until: int | None, seed: int) -> ModelShares:
    """The model fitted to the shipped losses, rows from memory or later years left out as asked.

    Raises:
        InputError: too few losses.
    """
    taken, _ = select(Selection(memory=memory))
    events = [e for e in taken if until is None or e.day.year <= until]
    fitted = theft_model(events, "JP", FAMILY, DRAWS, seed).fitted
    return ModelShares(fitted.draws, fitted.total, fitted.data.typical * float(rate_of(LATEST)))

"""Extreme values as a check of the fitted severity's tail, never as the model itself.

A share x of what was held cannot exceed one. The log dual transform y = -log(1 - x) takes that
bound away smoothly; excesses of y over a threshold are fitted by a generalized Pareto law by
probability-weighted moments (Hosking and Wallis 1987), and what it says is taken back (N. N. Taleb
and P. Cirillo, arXiv:1510.06731). Several thresholds are
averaged and every step is repeated on resampled losses, for a score of points beyond a threshold
says little alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonae.core.text import Text
from sonae.loss.fit import Fitted
from sonae.loss.fractions import FAMILIES
from sonae.loss.severity import GeneralizedPareto
from sonae.loss.streams import mixed

Array = NDArray[np.float64]
THRESHOLDS = (0.0, 0.25, 0.5)
"""Quantiles of the losses above which excesses are fitted."""
FEWEST, DRAWS = 8, 1000
BEYOND = (0.2, 0.1, 0.05)
"""Of losses, the part whose share lost is asked for."""
GRID = 4000


def dual(shares: Array) -> Array:
    """The transform; a total loss is put just below one."""
    return np.asarray(-np.log1p(-np.minimum(shares, 1.0 - 1e-6)))


def share_beyond(shares: Array, chances: Array) -> tuple[Array, list[dict[str, float]]]:
    """Which share is lost with so small a chance, the mean over thresholds; and each threshold."""
    y, found, fits = np.sort(dual(shares)), [], []
    for quantile in THRESHOLDS:
        floor = float(np.quantile(y, quantile)) if quantile else 0.0
        above = y[y > floor] - floor
        if len(above) < FEWEST:
            continue
        xi, scale = pareto(above)
        rest = np.minimum(chances * len(y) / len(above), 1.0)
        found.append(floor + GeneralizedPareto(xi, scale).isf(rest))
        fits.append({"from_share": float(-np.expm1(-floor)), "losses": len(above), "xi": float(xi)})
    return np.asarray(-np.expm1(-np.mean(found, axis=0))), fits


def pareto(above: Array) -> tuple[float, float]:
    """Index and scale of a generalized Pareto law, by probability-weighted moments."""
    n = len(above)
    first = float(above.mean())
    second = float((np.sort(above) * (1.0 - (np.arange(1, n + 1) - 0.35) / n)).mean())
    apart = max(first - 2.0 * second, 1e-12)
    return 2.0 - first / apart, 2.0 * first * second / apart


def check(fitted: Fitted, seed: int) -> dict[str, Any] | None:
    """What extreme values say of the tail beside the fitted severity; None with too few losses."""
    shares = fitted.data.loss / fitted.data.assets
    if len(shares) < FEWEST:
        return None
    chances = np.array(BEYOND)
    point, fits = share_beyond(shares, chances)
    random = np.random.Generator(np.random.PCG64DXSM(mixed(seed, 10)))
    again = [share_beyond(random.choice(shares, len(shares)), chances)[0] for _ in range(DRAWS)]
    low, high = np.quantile(np.array(again), [0.05, 0.95], axis=0)
    mine = severity_beyond(fitted, chances)
    rows = [
        {"beyond": p, "extreme": float(x), "interval": [float(a), float(b)], "fitted": float(m),
         "agrees": bool(a <= m <= b)}
        for p, x, a, b, m in zip(BEYOND, point, low, high, mine, strict=True)
    ]  # fmt: skip
    return {
        "losses": len(shares), "thresholds": fits, "draws": DRAWS, "share_lost": rows,
        "note": NOTE.as_json(),
    }  # fmt: skip


def severity_beyond(fitted: Fitted, chances: Array) -> Array:
    """The same of the fitted severity at the venues whose assets are known, above the threshold."""
    family, data = FAMILIES[fitted.family], fitted.data
    shape = family.shape(float(fitted.mode[1]))
    at = family.location(
        float(fitted.mode[0]), data.assets / data.typical, float(fitted.mode[2]), shape
    )
    grid = (np.arange(GRID, dtype=np.float64) + 0.5) / GRID
    start = np.clip(data.floor / data.assets, 0.0, 1.0 - 1e-9)
    total = fitted.total_mode

    def reached(x: Array) -> Array:
        return np.asarray(total + (1.0 - total) * family.sf(x, at[:, None], np.array(shape)))

    above = np.minimum(reached(grid[None, :]) / reached(start[:, None]), 1.0).mean(axis=0)
    return np.interp(-chances, -above, grid)


NOTE = Text(
    "極値による点検。残高の分かる損失だけを使い、上限（全額）を変換で外して一般化パレート分布を"
    "当てはめた。件数が少なく、これだけで水準を決めない",
    "a check by extreme values on losses with known assets, the bound of a total loss transformed "
    "away, excesses fitted by generalized Pareto; too few to decide anything alone",
)

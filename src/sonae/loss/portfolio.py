"""Net reserves of many venues, or of many opinions about one, on one shared set of points.

Where losses are a share of exposure, one set of scrambled Sobol points serves every venue: a venue
costs one pass of adding and clipping. The same points for every set of terms also make reserves
move smoothly with the terms, which a search for the best programme needs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sonae.loss import sobol
from sonae.loss.aligned import Venue
from sonae.loss.frequency import Poisson
from sonae.loss.measure import Value
from sonae.loss.rqmc import tilt_of
from sonae.loss.severity import BetaFraction, Capped, Severity
from sonae.loss.streams import mixed
from sonae.loss.table import edges

Array = NDArray[np.float64]
REPLICATES = 4
RARE = 1e-7
LOG2 = 13  # years with losses, over all replicates
BANDS = ((0.4, 0), (1.5, 1), (np.inf, 3))
"""Venues of like frequency share points: up to so many losses a year, so many times doubled."""
DRAW_BITS, DRAW_OCTAVES, NODES = 5, 60, 512


@dataclass(frozen=True, slots=True)
class Points:
    """Years: how many losses, where their exceedance probabilities start, which share of weight."""

    chance: Array
    number: NDArray[np.int64]
    start: NDArray[np.int64]
    weight: Array
    replicate: NDArray[np.int64]


@lru_cache(maxsize=8)
def points(mean: float, most: int, seed: int, log2: int) -> Points:
    """Years with 1 to `most` losses, laid out for frequencies of about `mean`."""
    counts = np.arange(1, most + 1)
    wanted = np.sqrt(Poisson(mean).pmf(counts)) * counts
    share = wanted / wanted.sum()
    chance, number, weight, replicate = [], [], [], []
    for r in range(REPLICATES):
        for n in counts.tolist():
            m = int(np.clip(round(np.log2(2.0**log2 / REPLICATES * share[n - 1] + 1.0)), 3, 20))
            u = _uniform(n, m, mixed(seed, 4, r, n)) if n > 1 else _comb(m, r, mixed(seed, 4))
            tilt = tilt_of(n)
            chance.append((u ** (1.0 / tilt)).T.ravel())
            number.append(np.full(1 << m, n))
            each = np.prod(u ** (1.0 / tilt - 1.0) / tilt, axis=0)
            weight.append(each / (1 << m) / REPLICATES)
            replicate.append(np.full(1 << m, r))
    numbers = np.concatenate(number)
    start = np.concatenate(([0], np.cumsum(numbers)[:-1]))
    return Points(
        np.concatenate(chance), numbers, start, np.concatenate(weight), np.concatenate(replicate)
    )


def _comb(log2: int, replicate: int, key: int) -> Array:
    """Every so manyth tooth of one evenly spaced comb, which all replicates make up together.

    Years of one loss need no scramble: pooled they are as even as can be, and the scatter of
    replicates, each of wider teeth, overstates their error.
    """
    offset = ((key >> 11) + 0.5) * 2.0**-53
    return np.asarray((np.arange(1 << log2) * REPLICATES + replicate + offset)[None, :] /
                      (REPLICATES << log2))  # fmt: skip


def _uniform(n: int, log2: int, key: int) -> Array:
    """Scrambled points in n rows; beyond eight dimensions, hashed random numbers."""
    from sonae.loss.kernels import scramble

    rows = np.empty((n, 1 << log2))
    mirrored = sobol.mirrored(log2)
    for d in range(min(n, sobol.DIMENSIONS)):
        scramble(mirrored[d], np.uint64(mixed(key, d) & 0xFFFFFFFF), rows[d])
    if n > sobol.DIMENSIONS:
        generator = np.random.Generator(np.random.PCG64DXSM(mixed(key, sobol.DIMENSIONS)))
        rows[sobol.DIMENSIONS :] = 1.0 - generator.random((n - sobol.DIMENSIONS, 1 << log2))
    return rows


@dataclass(frozen=True, slots=True)
class Reserve:
    """Retained VaR and TVaR of one venue at one level; the error of TVaR over replicates."""

    var: float
    tvar: Value


def reserves(
    venues: Sequence[Venue], levels: Sequence[float], seed: int, log2: int = LOG2
) -> list[list[Reserve]]:
    """The net reserve of each venue, at each level, on the same points."""
    result: list[list[Reserve] | None] = [None] * len(venues)
    for band, shared in _bands(venues, seed, log2):
        for severity in dict.fromkeys(venues[i].severity for i in band):
            mine = [i for i in band if venues[i].severity == severity]
            losses = severity.isf(shared.chance)
            found = _kernel(shared, losses, [venues[i] for i in mine], levels)
            for i, row in zip(mine, found, strict=True):
                result[i] = row
    return [row for row in result if row is not None]


def draws(
    opinions: Sequence[Venue], levels: Sequence[float], seed: int, log2: int = LOG2
) -> list[list[Reserve]]:
    """The net reserve of one venue under each opinion of its parameters, on the same points.

    Each opinion has a severity of its own, which is laid out as a table of 1,920 cells.
    """
    ends = edges(DRAW_OCTAVES, DRAW_BITS)
    result: list[list[Reserve] | None] = [None] * len(opinions)
    for band, shared in _bands(opinions, seed, log2):
        bits = shared.chance.view(np.int64) >> (52 - DRAW_BITS)
        cell = np.clip(bits - ((1023 - DRAW_OCTAVES) << DRAW_BITS), 0, len(ends) - 2)
        inside = (shared.chance - ends[cell]) / np.diff(ends)[cell]
        for i in band:
            at = quick_isf(opinions[i].severity, ends)
            losses = at[cell] + np.diff(at)[cell] * inside
            result[i] = _kernel(shared, losses, [opinions[i]], levels)[0]
    return [row for row in result if row is not None]


def quick_isf(severity: Severity, w: Array) -> Array:
    """The inverse survival function to about 1e-5 of exposure, where the exact one is slow."""
    if isinstance(severity, Capped):
        return np.minimum(quick_isf(severity.law, w), severity.cap)
    if not isinstance(severity, BetaFraction):
        return severity.isf(w)
    share = np.sin(np.linspace(0.0, np.pi / 2.0, NODES)) ** 2
    with np.errstate(divide="ignore"):
        reached = np.log(severity.sf(share * severity.exposure))
    keep = np.isfinite(reached)
    found = np.interp(-np.log(w), -reached[keep], share[keep])
    return np.asarray(severity.exposure * found)


def _bands(venues: Sequence[Venue], seed: int, log2: int) -> Iterator[tuple[list[int], Points]]:
    """Which venues share points, laid out for the mean of their frequencies."""
    low = 0.0
    for high, more in BANDS:
        mine = [i for i, v in enumerate(venues) if low <= v.frequency.mean < high]
        low = high
        if mine:
            means = np.array([venues[i].frequency.mean for i in mine])
            most = max(Poisson(means.max()).most(RARE), 1)
            yield mine, points(float(np.mean(means)), most, seed, log2 + more)


def _kernel(
    shared: Points, losses: Array, venues: Sequence[Venue], levels: Sequence[float]
) -> list[list[Reserve]]:
    from sonae.loss.portfolio_kernel import net_reserves

    rows = np.array(
        [(v.exposure, v.terms.retention, v.terms.limit, v.terms.annual_aggregate) for v in venues]
    )
    counts = np.arange(int(shared.number.max()) + 1)
    chances = np.array([v.frequency.pmf(counts) for v in venues])
    rests = 1.0 - np.array(levels)
    out = np.empty((len(venues), 3 * len(levels)))
    net_reserves(
        losses,
        shared.number,
        shared.start,
        shared.replicate,
        shared.weight,
        chances,
        rows,
        rests,
        out,
    )
    return [
        [Reserve(row[3 * k], Value(row[3 * k + 1], row[3 * k + 2])) for k in range(len(levels))]
        for row in out.tolist()
    ]

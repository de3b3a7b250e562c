"""Count-stratified randomised quasi-Monte Carlo: the default engine.

A year's result depends on the number of its losses and on each loss. The number is stratified
with exact weights: no point is spent on years without a loss, and rare years with many have
points of their own. Within a stratum the losses are scrambled Sobol points, tilted towards the
tail. Eight independent scrambles give the standard error that is printed with each result.
Years with more losses than strata share one stratum, whose count is drawn by the first dimension.

P. L'Ecuyer, "Randomized quasi-Monte Carlo: an introduction for practitioners" (2018).
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonae.loss import sobol
from sonae.loss.frequency import Frequency
from sonae.loss.measure import Law, Tail, Value, in_order
from sonae.loss.model import PARTS, Model, Part
from sonae.loss.streams import mixed
from sonae.loss.table import Table, severity_table

Array = NDArray[np.float64]
REPLICATES = 8
OCTAVES, BITS = 42, 8  # uniform numbers have 40 bits at most
STRATA, RARE = 24, 1e-7  # strata of their own, until the rest is as rare as this
EVENTS = 1 << 25  # losses drawn at most, over all replicates
SECOND_MOMENT = 3.0  # of the product of a year's weights
TILT_STEP = 40  # tilts are multiples of 1/40, so that strata share tables


@dataclass(frozen=True, slots=True)
class Stratum:
    """Years with `at_least` losses, exactly or more, and how their points are laid."""

    at_least: int
    exactly: bool
    probability: float
    log2: int
    tilt: float


def strata(frequency: Frequency, log2: int) -> list[Stratum]:
    """Which counts have points of their own, and how many of about 2^log2."""
    head = min(frequency.most(RARE), STRATA)
    counts = np.arange(1, head + 1)
    chance = [*frequency.pmf(counts), frequency.sf(head)]
    mean = [*counts, max(frequency.mean, head + 1.0)]
    share = np.sqrt(chance) * np.array(mean)
    total = float(share.sum()) or 1.0
    result = []
    for n, (p, s) in enumerate(zip(chance, share, strict=True), start=1):
        if p <= 0.0:
            continue
        budget = EVENTS / REPLICATES / mean[n - 1] * s / total
        wanted = max(min(2.0**log2 * s / total, budget), 16.0)
        size = int(np.clip(round(float(np.log2(wanted))), 4, 22))
        result.append(Stratum(n, n <= head, float(p), size, tilt_of(mean[n - 1])))
    return result


def tilt_of(n: float) -> float:
    """The exponent b for which the second moment of n weights, (b (2 - b))^-n, is as wanted."""
    b = 1.0 - float(np.sqrt(1.0 - SECOND_MOMENT ** (-1.0 / n)))
    return round(b * TILT_STEP) / TILT_STEP


@dataclass(frozen=True, slots=True)
class Sample:
    """Weighted years of all replicates; what is left of the probability is years without loss.

    Rows of `values` are gross, ceded, retained; `weight` is the probability of each year, of which
    every replicate has its own eighth.
    """

    values: Array
    weight: Array
    replicate: NDArray[np.int8]
    left_out: float

    def law(self, part: Part, mean: float | None = None) -> Replicated:
        """What the sample says of a part; `mean`, where known, replaces sums over a heavy tail."""
        losses = self.values[PARTS.index(part)]
        order = np.argsort(-losses)
        loss, weight, replicate = losses[order], self.weight[order], self.replicate[order]
        each = []
        for r in range(REPLICATES):
            mine = replicate == r
            each.append(in_order(loss[mine], weight[mine] * REPLICATES))
        return Replicated(in_order(loss, weight), tuple(each), mean)


@dataclass(frozen=True, slots=True)
class Replicated:
    """The pooled tail, and that of each scramble alone, whose scatter is the error."""

    pooled: Tail
    each: tuple[Tail, ...]
    known_mean: float | None

    def mean(self) -> Value:
        """Expected amount of a year."""
        return self._value(lambda t: t.mean())

    def var(self, p: float) -> Value:
        """Value at risk."""
        return self._value(lambda t: t.var(p))

    def tvar(self, p: float) -> Value:
        """Tail value at risk."""
        return self._value(lambda t: t.tvar(p, self.known_mean))

    def _value(self, measure: Callable[[Tail], float]) -> Value:
        each = [measure(t) for t in self.each]
        return Value(measure(self.pooled), float(np.std(each, ddof=1)) / REPLICATES**0.5)


def laws(model: Model, seed: int, log2: int = 16, threads: int = 1) -> dict[Part, Law]:
    """Gross, ceded and retained of a year.

    An unbounded severity has tails whose sums never settle, so its TVaR comes from the mean
    identity: TVaR = VaR + (E[S] - E[min(S, VaR)]) / (1 - p), with E[S] in closed form.
    """
    drawn = sample(model, seed, log2, threads)
    if not np.isinf(model.severity.top):
        return {part: drawn.law(part) for part in PARTS}
    gross, ceded = model.mean("gross"), model.mean("ceded")
    if ceded is None:
        ceded = drawn.law("ceded").mean().point
    unlimited = ceded if np.isinf(model.terms.limit) else None
    return {
        "gross": drawn.law("gross", gross),
        "ceded": drawn.law("ceded", unlimited),
        "retained": drawn.law("retained", None if gross is None else gross - ceded),
    }


def sample(model: Model, seed: int, log2: int = 14, threads: int = 1) -> Sample:
    """Draw about 2^log2 years with losses in each replicate; the same seed, the same years."""
    groups = strata(model.frequency, log2)
    size = sum(1 << g.log2 for g in groups)
    values, weight = np.empty((3, REPLICATES * size)), np.empty(REPLICATES * size)
    tables = {g.tilt: severity_table(model.severity, OCTAVES, BITS, g.tilt) for g in groups}
    ends = np.cumsum([0, *(1 << g.log2 for g in groups)])

    def replicate_of(r: int) -> None:
        for g, at in zip(groups, ends[:-1], strict=True):
            n, first = 1 << g.log2, r * size + int(at)
            drawn = _stratum(model, g, mixed(seed, 1, r, g.at_least), tables[g.tilt])
            values[:2, first : first + n] = drawn[:2]
            weight[first : first + n] = drawn[2] * (g.probability / n / REPLICATES)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(replicate_of, range(REPLICATES)))
    np.subtract(values[0], values[1], out=values[2])
    replicate = np.repeat(np.arange(REPLICATES, dtype=np.int8), size)
    covered = sum(g.probability for g in groups)
    nothing = float(model.frequency.pmf(np.array([0]))[0])
    return Sample(values, weight, replicate, max(0.0, 1.0 - nothing - covered))


def _stratum(model: Model, stratum: Stratum, key: int, table: Table) -> Array:
    from sonae.loss.kernels import quasi

    n = 1 << stratum.log2
    mirrored = sobol.mirrored(stratum.log2)
    seeds = np.array([mixed(key, d) & 0xFFFFFFFF for d in range(sobol.DIMENSIONS)], np.uint64)
    counts = np.full(n, stratum.at_least, dtype=np.int64)
    if not stratum.exactly:
        counts = _counts(model.frequency, stratum, mirrored[0], seeds[0])
    out = np.empty((3, n))
    terms = model.terms
    quasi(
        counts,
        mirrored,
        0 if stratum.exactly else 1,
        seeds,
        np.uint64(mixed(key, sobol.DIMENSIONS)),
        np.stack((table.base, table.slope, table.weight_base, table.weight_slope)),
        np.int64(table.shift),
        table.first,
        np.array([terms.retention, terms.limit, terms.annual_aggregate]),
        out,
    )
    return out


def _counts(
    frequency: Frequency, stratum: Stratum, mirrored: NDArray[np.uint32], seed: np.uint64
) -> NDArray[np.int64]:
    """Numbers of losses given that there are `at_least`, by inversion."""
    from sonae.loss.kernels import scramble

    u = np.empty(len(mirrored))
    scramble(mirrored, seed, u)
    last = max(frequency.most(1e-15), stratum.at_least)
    each = frequency.pmf(np.arange(stratum.at_least, last + 1))
    below = np.cumsum(each) / each.sum()
    return stratum.at_least + np.searchsorted(below, u, side="right").clip(0, len(below) - 1)

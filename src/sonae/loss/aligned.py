"""Aligned-years Monte Carlo: every venue lives through the same years, so totals can be formed.

Needed where years must line up: the total of an industry, shocks in common. A Poisson process
puts its losses uniformly into a block of years once their number is drawn, so a loss costs one
random number for both its year and its size, and a year without a loss costs nothing. A block is
2,048 years, which fit a core's nearest memory; blocks go into a histogram and are forgotten.

A shock in common (a supplier of wallets, a signing domain that several share) comes by a law of its
own and takes the same share of everything that hangs on it, in the same year.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonae.loss.frequency import Poisson
from sonae.loss.histogram import Histogram, Scale, add, scale_above
from sonae.loss.mc import PILOT, SAFE, enough, mix_seed
from sonae.loss.measure import Law
from sonae.loss.model import PARTS, Part
from sonae.loss.severity import Severity
from sonae.loss.streams import state
from sonae.loss.table import severity_table
from sonae.loss.terms import Terms

Array = NDArray[np.float64]
OCTAVES, BITS = 53, 6
BLOCKS = 128  # of a task
RARE = 1e-15


@dataclass(frozen=True, slots=True)
class Venue:
    """One of many: Poisson losses that are a fraction (or multiple) of its exposure.

    Terms are in currency, as the exposure is. Venues of one severity share its table.
    """

    frequency: Poisson
    severity: Severity
    exposure: float
    terms: Terms


@dataclass(frozen=True, slots=True)
class Shock:
    """One cause that strikes several venues at once.

    `members` has, by place in the list of venues, the part of a venue's exposure that hangs on it;
    `severity` is the share that is lost of that part, the same everywhere.
    """

    frequency: Poisson
    severity: Severity
    members: Mapping[int, float]


def laws(
    venues: Sequence[Venue],
    seed: int,
    years: int,
    threads: int = 1,
    deepest: float | None = None,
    shocks: Sequence[Shock] = (),
) -> dict[Part, Law]:
    """Gross, ceded and retained of all venues together in one year.

    `deepest` is the largest tail probability asked for; without it the whole law is kept.
    """
    book = _Book.of(venues, shocks)
    if deepest is not None and years > PILOT and deepest * SAFE < 1.0:
        pilot = _run(book, mix_seed(seed), PILOT, threads, np.zeros(3), first_look=True)
        floors = np.array([pilot[p].var(1.0 - deepest * SAFE).point for p in PARTS])
        found = _run(book, seed, years, threads, floors)
        if enough(found, floors, deepest):
            return dict(found)
    return dict(_run(book, seed, years, threads, np.zeros(3)))


@dataclass(frozen=True, slots=True)
class _Book:
    """All venues as arrays: terms, which table, numbers of losses in a block."""

    rows: Array
    kinds: NDArray[np.int64]
    numbers: Array
    firsts: NDArray[np.int64]
    lines: Array
    shift: int
    first: int
    largest: float
    shock_kinds: NDArray[np.int64]
    shock_numbers: Array
    shock_firsts: NDArray[np.int64]
    members: Array

    @classmethod
    def of(cls, venues: Sequence[Venue], shocks: Sequence[Shock]) -> _Book:
        """Venues of one severity share its table."""
        from sonae.loss.kernels import YEARS

        laws = list(dict.fromkeys([*(v.severity for v in venues), *(x.severity for x in shocks)]))
        tables = [severity_table(law, OCTAVES, BITS) for law in laws]
        kinds = np.array([laws.index(v.severity) for v in venues])
        terms = [(v.terms.retention, v.terms.limit, v.terms.annual_aggregate) for v in venues]
        numbers, firsts = _counts(venues, YEARS)
        members = np.zeros((len(shocks), len(venues)))
        for row, shock in zip(members, shocks, strict=True):
            row[list(shock.members)] = list(shock.members.values())
        hit, hit_firsts = _counts(shocks, YEARS)
        shock_kinds = np.array([laws.index(x.severity) for x in shocks], dtype=np.int64)
        return cls(
            np.array([(v.exposure, *t) for v, t in zip(venues, terms, strict=True)]),
            kinds,
            numbers,
            firsts,
            np.stack([np.stack((t.base, t.slope), axis=1) for t in tables]),
            tables[0].shift,
            tables[0].first,
            sum(v.exposure for v in venues) * max(float(t.base[0]) for t in tables),
            shock_kinds,
            hit,
            hit_firsts,
            members,
        )


def _run(
    book: _Book, seed: int, years: int, threads: int, floors: Array, first_look: bool = False
) -> dict[Part, Histogram]:
    from sonae.loss.kernels import YEARS, aligned_years

    largest = book.largest * 8.0
    scale = Scale.coarse(largest) if first_look else scale_above(largest, floors)

    def simulate(start: int) -> tuple[Array, Array]:
        mine = min(BLOCKS * YEARS, years - start)
        blocks = -(-mine // YEARS)
        cells, money = scale.cells(), np.zeros(2)
        aligned_years(
            blocks,
            mine - (blocks - 1) * YEARS,
            state(seed, 3, start),
            book.rows,
            book.kinds,
            book.numbers,
            book.firsts,
            book.shock_kinds,
            book.shock_numbers,
            book.shock_firsts,
            book.members,
            book.lines,
            np.int64(book.shift),
            book.first,
            floors,
            1.0 / years,
            np.int64(scale.shift),
            scale.first,
            cells,
            money,
        )
        return cells, money

    total, sums = scale.cells(), np.zeros(2)
    starts = range(0, years, BLOCKS * YEARS)
    with ThreadPoolExecutor(threads) as pool:
        for first in range(0, len(starts), 2 * threads):  # a few at a time, added in order
            for cells, money in pool.map(simulate, starts[first : first + 2 * threads]):
                add(total, cells)
                sums += money
    means = (sums[0], sums[1], sums[0] - sums[1])
    return {
        p: Histogram.of(total[i], float(means[i]), years, float(floors[i]))
        for i, p in enumerate(PARTS)
    }


def _counts(
    venues: Sequence[Venue] | Sequence[Shock], years: int
) -> tuple[Array, NDArray[np.int64]]:
    """For each venue or shock the least number of losses in a block, and P(N <= n) from it on."""
    columns, firsts = [], []
    for venue in venues:
        mean = venue.frequency.mean * years
        block = Poisson(mean)
        low = max(0, int(mean - 9.0 * mean**0.5 - 10.0))
        below = np.cumsum(block.pmf(np.arange(low, block.most(RARE) + 1)))
        columns.append(below)
        firsts.append(low)
    width = max((len(c) for c in columns), default=1)
    table = np.full((len(columns), width), 2.0)
    for row, column in zip(table, columns, strict=True):
        row[: len(column)] = column
    return table, np.array(firsts, dtype=np.int64)

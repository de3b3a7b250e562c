"""Count-stratified Monte Carlo: independent years, of which those without a loss cost nothing.

Of so many years, as many have n losses as the law of the number says, rounded; each number of
losses is a stratum with its exact weight. Tasks of about two million losses have a stream each, so
the result is the same on any number of threads; years go into a histogram and are forgotten.
Where only a tail is asked for, a first small run says above which loss years need be kept at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from sonae.loss.histogram import Histogram, Scale, add, scale_above
from sonae.loss.measure import Law
from sonae.loss.model import PARTS, Model, Part
from sonae.loss.streams import state
from sonae.loss.table import Table, severity_table

Array = NDArray[np.float64]
OCTAVES, BITS = 53, 6
TASK = 1 << 21  # losses
RARE = 1e-12
PILOT, SAFE = 1 << 16, 1.3  # years of the first run; how much deeper it looks than asked
USUAL_LOSSES = 50_000_000


def usual_years(model: Model) -> int:
    """As many years as fifty million losses make, and no more than that."""
    return int(USUAL_LOSSES / max(model.frequency.mean, 1.0))


@dataclass(frozen=True, slots=True)
class Task:
    """Pieces of strata: losses a year, years, and the probability of each of these years."""

    number: int
    losses: NDArray[np.int64]
    years: NDArray[np.int64]
    weight: Array


def tasks(model: Model, years: int) -> Iterator[Task]:
    """All tasks, in order, of about two million losses each."""
    pieces: list[tuple[int, int, float]] = []
    number, room = 0, TASK
    counts = np.arange(1, model.frequency.most(RARE) + 1)
    for n, chance in zip(counts.tolist(), model.frequency.pmf(counts).tolist(), strict=True):
        wanted = left = round(chance * years)
        while left:
            take = min(left, max(room // n, 1))
            pieces.append((n, take, chance / wanted))
            left -= take
            room -= take * n
            if room < n:
                yield _task(number, pieces)
                pieces, number, room = [], number + 1, TASK
    if pieces:
        yield _task(number, pieces)


def _task(number: int, pieces: list[tuple[int, int, float]]) -> Task:
    losses, years, weight = zip(*pieces, strict=True)
    return Task(number, np.array(losses), np.array(years), np.array(weight))


def laws(
    model: Model, seed: int, years: int, threads: int = 1, deepest: float | None = None
) -> dict[Part, Law]:
    """Gross, ceded and retained of a year; `deepest` is the largest tail probability asked for.

    Without it the whole law is kept.
    """
    table = severity_table(model.severity, OCTAVES, BITS)
    if deepest is not None and years > PILOT and deepest * SAFE < 1.0:
        pilot = _run(model, table, mix_seed(seed), PILOT, 1, np.zeros(3), first_look=True)
        floors = np.array([pilot[p].var(1.0 - deepest * SAFE).point for p in PARTS])
        found = _run(model, table, seed, years, threads, floors)
        if enough(found, floors, deepest):
            return dict(found)
    return dict(_run(model, table, seed, years, threads, np.zeros(3)))


def enough(found: Mapping[Part, Histogram], floors: Array, deepest: float) -> bool:
    """True where the first run's floors lie below the tail that was asked for."""
    kept = zip(PARTS, floors.tolist(), strict=True)
    return all(floor <= 0.0 or found[part].reached() > deepest for part, floor in kept)


def mix_seed(seed: int) -> int:
    """The seed of the first run: another one, so that what it says is no part of the result."""
    return (seed ^ 0x5851F42D4C957F2D) & 0xFFFFFFFFFFFFFFFF


def _run(
    model: Model,
    table: Table,
    seed: int,
    years: int,
    threads: int,
    floors: Array,
    first_look: bool = False,
) -> dict[Part, Histogram]:
    largest = float(table.base[0]) * max(model.frequency.most(RARE), 1) * 2.0
    scale = Scale.coarse(largest) if first_look else scale_above(largest, floors)
    total, sums = scale.cells(), np.zeros(2)
    for cells, money in _results(model, table, scale, seed, years, threads, floors):
        add(total, cells)
        sums += money
    means = (sums[0], sums[1], sums[0] - sums[1])
    return {
        part: Histogram.of(total[i], float(means[i]), years, float(floors[i]))
        for i, part in enumerate(PARTS)
    }


def _results(
    model: Model, table: Table, scale: Scale, seed: int, years: int, threads: int, floors: Array
) -> Iterator[tuple[Array, Array]]:
    """What each task found, in order, whoever is ready first; a few tasks at a time."""
    todo = tasks(model, years)
    if threads == 1:
        for task in todo:
            yield _simulate(model, table, scale, seed, task, floors)
        return
    waiting: list[Future[tuple[Array, Array]]] = []
    with ThreadPoolExecutor(threads) as pool:
        while True:
            for task in islice(todo, 2 * threads - len(waiting)):
                waiting.append(pool.submit(_simulate, model, table, scale, seed, task, floors))
            if not waiting:
                return
            yield waiting.pop(0).result()


def _simulate(
    model: Model, table: Table, scale: Scale, seed: int, task: Task, floors: Array
) -> tuple[Array, Array]:
    from sonae.loss.kernels import years_with

    cells, money, terms = scale.cells(), np.zeros(2), model.terms
    years_with(
        task.losses,
        task.years,
        task.weight,
        state(seed, 2, task.number),
        np.stack((table.base, table.slope), axis=1),
        np.int64(table.shift),
        table.first,
        np.array([terms.retention, terms.limit, terms.annual_aggregate]),
        floors,
        np.int64(scale.shift),
        scale.first,
        cells,
        money,
    )
    return cells, money

"""Count-stratified Monte Carlo: independent years, of which those without a loss cost nothing.

Of so many years, as many have n losses as the law of the number says, rounded; each number of
losses is a stratum with its exact weight. Tasks of about a million losses have a stream each, so
the result is the same on any number of threads; years go into a histogram and are forgotten.
Where only a tail is asked for, a first small run says above which loss years need be kept at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from sonae.loss.histogram import Histogram, Scale, add
from sonae.loss.measure import Law
from sonae.loss.model import PARTS, Model, Part
from sonae.loss.streams import state
from sonae.loss.table import Table, severity_table

Array = NDArray[np.float64]
OCTAVES, BITS = 53, 6
TASK = 1 << 20  # losses
RARE = 1e-12
PILOT, SAFE = 1 << 17, 2.0  # years of the first run; how much deeper it looks than asked
USUAL_LOSSES = 50_000_000


def usual_years(model: Model) -> int:
    """As many years as fifty million losses make, and no more than that."""
    return int(USUAL_LOSSES / max(model.frequency.mean, 1.0))


@dataclass(frozen=True, slots=True)
class Task:
    """So many years with `losses` each, each of this probability."""

    losses: int
    years: int
    weight: float
    number: int


def tasks(model: Model, years: int) -> Iterator[Task]:
    """All tasks, in order."""
    counts = np.arange(1, model.frequency.most(RARE) + 1)
    chances = model.frequency.pmf(counts) if len(counts) else np.empty(0)
    for n, chance in zip(counts.tolist(), chances.tolist(), strict=True):
        wanted = round(chance * years)
        size = max(TASK // n, 1)
        for number, start in enumerate(range(0, wanted, size)):
            yield Task(n, min(size, wanted - start), chance / wanted, number)


def laws(
    model: Model, seed: int, years: int, threads: int = 1, deepest: float | None = None
) -> dict[Part, Law]:
    """Gross, ceded and retained of a year; `deepest` is the largest tail probability asked for.

    Without it the whole law is kept.
    """
    table = severity_table(model.severity, OCTAVES, BITS)
    if deepest is not None and years > PILOT and deepest * SAFE < 1.0:
        pilot = _run(model, table, mix_seed(seed), PILOT, threads, np.zeros(3))
        floors = np.array([pilot[p].var(1.0 - deepest * SAFE).point for p in PARTS])
        found = _run(model, table, seed, years, threads, floors)
        short = [
            f > 0.0 and found[p].reached() <= deepest for p, f in zip(PARTS, floors, strict=True)
        ]
        if not any(short):
            return dict(found)
    return dict(_run(model, table, seed, years, threads, np.zeros(3)))


def mix_seed(seed: int) -> int:
    """The seed of the first run: another one, so that what it says is no part of the result."""
    return (seed ^ 0x5851F42D4C957F2D) & 0xFFFFFFFFFFFFFFFF


def _run(
    model: Model, table: Table, seed: int, years: int, threads: int, floors: Array
) -> dict[Part, Histogram]:
    largest = float(table.base[0]) * max(model.frequency.most(RARE), 1)
    lowest = float(floors[floors > 0.0].min()) if (floors > 0.0).all() else 0.0
    octaves = int(np.ceil(np.log2(largest / lowest))) + 2 if lowest else 30
    scale = Scale.up_to(largest * 2.0, min(octaves, 30))
    total, sums = scale.cells(), np.zeros(2)
    waiting: list[tuple[Task, Future[tuple[Array, Array]]]] = []
    todo = tasks(model, years)
    with ThreadPoolExecutor(threads) as pool:
        while True:
            for task in islice(todo, 2 * threads - len(waiting)):
                future = pool.submit(_simulate, model, table, scale, seed, task, floors)
                waiting.append((task, future))
            if not waiting:
                break
            task, future = waiting.pop(0)  # in the order of tasks, whoever is ready first
            cells, money = future.result()
            add(total, cells, task.weight)
            sums += money * task.weight
    means = (sums[0], sums[1], sums[0] - sums[1])
    return {part: Histogram.of(total[i], float(means[i]), years) for i, part in enumerate(PARTS)}


def _simulate(
    model: Model, table: Table, scale: Scale, seed: int, task: Task, floors: Array
) -> tuple[Array, Array]:
    from sonae.loss.histogram import SHIFT
    from sonae.loss.kernels import years_with

    cells, money, terms = scale.cells(), np.zeros(2), model.terms
    years_with(
        task.losses,
        task.years,
        state(seed, 2, task.losses, task.number),
        np.stack((table.base, table.slope)),
        np.int64(table.shift),
        table.first,
        np.array([terms.retention, terms.limit, terms.annual_aggregate]),
        floors,
        np.int64(SHIFT),
        scale.first,
        cells,
        money,
    )
    return cells, money

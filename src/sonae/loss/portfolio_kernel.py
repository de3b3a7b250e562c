"""The inner loop of net reserves: one venue after another on one set of years, compiled.

It stands alone, so that its cache is never older than a part of it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sonae.loss.compiled import kernel, part


@part
def select(
    losses: Any, weights: Any, count: int, edges: Any, heap: Any, sums: Any, rest: float
) -> tuple[float, float]:
    """VaR and TVaR at one tail probability: the cell by its weight, then inside it.

    VaR lies on the line between two years, each at the middle of its weight; equal ones stay an
    atom.
    """
    above, total, k = 0.0, 0.0, heap.size - 1
    while k > 0 and above + heap[k] <= rest:
        above += heap[k]
        total += sums[k]
        k -= 1
    inside = np.empty(count, dtype=np.int64)
    found = 0
    for i in range(count):
        if edges[i] == k:
            inside[found] = i
            found += 1
    if found == 0:
        return 0.0, total / rest
    order = np.argsort(losses[inside[:found]])
    larger, share = -1, 0.0
    for j in range(found - 1, -1, -1):
        i = inside[order[j]]
        if above + weights[i] > rest:
            var = losses[i]
            if larger >= 0 and above + weights[i] / 2.0 > rest:  # between the middles of two years
                share = (rest - above + weights[larger] / 2.0) * 2.0
                share /= weights[i] + weights[larger]
                var = losses[larger] + (losses[i] - losses[larger]) * share
            elif j > 0:
                less = inside[order[j - 1]]
                share = (rest - above - weights[i] / 2.0) * 2.0 / (weights[i] + weights[less])
                var += (losses[less] - losses[i]) * share
            return var, (total + (rest - above) * losses[i]) / rest
        above += weights[i]
        total += weights[i] * losses[i]
        larger = i
    return 0.0, total / rest


@kernel
def net_reserves(
    losses: Any,
    numbers: Any,
    starts: Any,
    replicates: Any,
    weights: Any,
    chances: Any,
    venues: Any,
    rests: Any,
    out: Any,
) -> None:
    """Retained VaR and TVaR of each venue on one set of years, each year with its weight.

    Year i has numbers[i] losses from starts[i] on, as a share of exposure; chances[v, n] is the
    probability of n losses at venue v, and weights[i] the share of year i in it. Rows of `out`:
    for each tail probability VaR, TVaR and the standard error of TVaR over the replicates.
    """
    years, groups = numbers.size, replicates.max() + 1
    value, weight = np.empty(years), np.empty(years)
    bits, edge = value.view(np.int64), np.empty(years, dtype=np.int64)
    cells = 40 * 32
    heap, sums, excess = np.empty(cells), np.empty(cells), np.empty(groups)
    one = np.empty(1)
    one_bits = one.view(np.int64)
    for v in range(venues.shape[0]):
        exposure = venues[v, 0]
        retention, limit, aggregate = (
            venues[v, 1] / exposure,
            venues[v, 2] / exposure,
            venues[v, 3] / exposure,
        )
        largest = 0.0
        for i in range(years):
            gross, ceded = 0.0, 0.0
            for j in range(starts[i], starts[i] + numbers[i]):
                gross += losses[j]
                ceded += min(max(losses[j] - retention, 0.0), limit)
            value[i] = gross - min(ceded, aggregate)
            weight[i] = weights[i] * chances[v, numbers[i]]
            largest = max(largest, value[i])
        one[0] = max(largest, 1e-290)
        first = (one_bits[0] >> np.int64(47)) - cells + 1
        heap[:] = 0.0
        sums[:] = 0.0
        for i in range(years):
            k = max((bits[i] >> np.int64(47)) - first, 0)
            edge[i] = k
            heap[k] += weight[i]
            sums[k] += weight[i] * value[i]
        for r in range(rests.size):
            var, tvar = select(value, weight, years, edge, heap, sums, rests[r])
            excess[:] = 0.0
            for i in range(years):
                if value[i] > var:
                    excess[replicates[i]] += weight[i] * (value[i] - var)
            out[v, 3 * r] = var * exposure
            out[v, 3 * r + 1] = tvar * exposure
            scatter = excess.std() * groups * np.sqrt(groups / (groups - 1.0)) / np.sqrt(groups)
            out[v, 3 * r + 2] = scatter / rests[r] * exposure

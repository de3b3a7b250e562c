"""The inner loop of a mix: many programmes on one set of years, compiled.

It stands alone, so that its cache is never older than a part of it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sonae.loss.compiled import kernel, part

CELLS = 2048


@part
def tail(
    value: Any, weight: Any, cell: Any, heap: Any, sums: Any, rest: float
) -> tuple[float, float]:
    """VaR and TVaR at one tail probability: the cell by its weight, then exactly inside it."""
    above, total, k = 0.0, 0.0, heap.size - 1
    while k > 0 and above + heap[k] <= rest:
        above += heap[k]
        total += sums[k]
        k -= 1
    count = 0
    for i in range(cell.size):
        count += cell[i] == k
    inside = np.empty(count, dtype=np.int64)
    count = 0
    for i in range(cell.size):
        if cell[i] == k:
            inside[count] = i
            count += 1
    order = np.argsort(value[inside])
    for j in range(order.size - 1, -1, -1):
        i = inside[order[j]]
        if above + weight[i] > rest:
            return value[i], (total + (rest - above) * value[i]) / rest
        above += weight[i]
        total += weight[i] * value[i]
    return 0.0, total / rest


@kernel
def programmes(
    gross: Any,
    paid: Any,
    picked: Any,
    replicates: Any,
    weights: Any,
    rests: Any,
    out: Any,
    errors: bool,
) -> None:
    """What each programme retains of the same years.

    gross[i] is the loss of year i, paid[r, i] what option r pays of it, and picked[p, k] the
    options that make up programme p. weights[i] is the probability of a year; the rest of it lies
    at years without a loss. Rows of `out`: mean retained, then for each tail probability VaR, TVaR
    and, where `errors` are wanted, one standard error of TVaR over the replicates.
    """
    years, groups, most = gross.size, replicates.max() + 1, picked.shape[1]
    value, cell = np.empty(years), np.empty(years, dtype=np.int64)
    heap, sums, excess = np.empty(CELLS), np.empty(CELLS), np.empty(groups)
    for p in range(picked.shape[0]):
        value[:] = gross
        for k in range(most):
            row = picked[p, k]
            for i in range(years):
                value[i] -= paid[row, i]
        largest, mean = 0.0, 0.0
        for i in range(years):
            value[i] = max(value[i], 0.0)
            largest = max(largest, value[i])
            mean += weights[i] * value[i]
        out[p, 0] = mean
        heap[:] = 0.0
        sums[:] = 0.0
        scale = (CELLS - 1) / largest if largest > 0.0 else 0.0
        for i in range(years):
            k = int(value[i] * scale)
            cell[i] = k
            heap[k] += weights[i]
            sums[k] += weights[i] * value[i]
        for r in range(rests.size):
            var, tvar = tail(value, weights, cell, heap, sums, rests[r])
            at = 1 + 3 * r
            out[p, at], out[p, at + 1] = var, tvar
            out[p, at + 2] = np.nan
            if not errors:
                continue
            excess[:] = 0.0
            for i in range(years):
                excess[replicates[i]] += weights[i] * max(value[i] - var, 0.0)
            scatter = excess.std() * np.sqrt(groups / (groups - 1.0)) * np.sqrt(groups)
            out[p, at + 2] = scatter / rests[r]

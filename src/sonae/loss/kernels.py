"""The inner loops, compiled; each is called by one engine, which says what it means.

Everything that is compiled together stands in this file, so that a cached kernel is never older
than a part of it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sonae.loss.compiled import kernel, part

LANES, BLOCK = 16, 1024
YEARS, RAW = 2048, 1024  # years of a block of aligned years; random numbers drawn at once
GOLDEN = np.uint64(0x9E3779B97F4A7C15)
MIX_A = np.uint64(0xBF58476D1CE4E5B9)
MIX_B = np.uint64(0x94D049BB133111EB)
ULP = 2.0**-53
MASK32 = np.uint64(0xFFFFFFFF)


@part
def mix(z: Any) -> Any:
    """SplitMix64's finalizer: 64 bits well mixed."""
    z = (z ^ (z >> np.uint64(30))) * MIX_A
    z = (z ^ (z >> np.uint64(27))) * MIX_B
    return z ^ (z >> np.uint64(31))


@part
def scrambled(x: Any, seed: Any) -> Any:
    """A nested uniform scramble of a 32-bit fraction given with its bits reversed.

    Laine and Karras 2011 with the constants of Vegdahl 2021 (Burley 2020 describes the use).
    """
    x = (x ^ (x * np.uint64(0x3D20ADEA))) & MASK32
    x = (x + seed) & MASK32
    x = (x * ((seed >> np.uint64(16)) | np.uint64(1))) & MASK32
    x = (x ^ (x * np.uint64(0x05526C56))) & MASK32
    x = (x ^ (x * np.uint64(0x53A22864))) & MASK32
    x = ((x >> np.uint64(1)) & np.uint64(0x55555555)) | (
        (x & np.uint64(0x55555555)) << np.uint64(1)
    )
    x = ((x >> np.uint64(2)) & np.uint64(0x33333333)) | (
        (x & np.uint64(0x33333333)) << np.uint64(2)
    )
    x = ((x >> np.uint64(4)) & np.uint64(0x0F0F0F0F)) | (
        (x & np.uint64(0x0F0F0F0F)) << np.uint64(4)
    )
    x = ((x >> np.uint64(8)) & np.uint64(0x00FF00FF)) | (
        (x & np.uint64(0x00FF00FF)) << np.uint64(8)
    )
    return ((x >> np.uint64(16)) | (x << np.uint64(16))) & MASK32


@kernel
def scramble(mirrored: Any, seed: Any, out: Any) -> None:
    """Scrambled uniform numbers in (0, 1) of one dimension."""
    for i in range(mirrored.size):
        out[i] = (np.float64(scrambled(np.uint64(mirrored[i]), seed)) + 0.5) * 2.0**-32


@kernel
def quasi(
    counts: Any,
    mirrored: Any,
    first_dimension: int,
    seeds: Any,
    rest: Any,
    table: Any,
    shift: Any,
    first: int,
    terms: Any,
    out: Any,
) -> None:
    """Years with counts[i] losses each: rows of `out` become gross, ceded and weight.

    Losses take the dimensions of the Sobol points from `first_dimension` on and hashed random
    numbers when those are used up.
    """
    base, slope, weight_base, weight_slope = table[0], table[1], table[2], table[3]
    retention, limit, aggregate = terms[0], terms[1], terms[2]
    cell = np.empty(1, dtype=np.float64)
    bits = cell.view(np.int64)
    dimensions = mirrored.shape[0]
    for i in range(counts.size):
        gross, ceded, weight = 0.0, 0.0, 1.0
        stream = mix(rest + np.uint64(i) * GOLDEN)
        for j in range(counts[i]):
            d = first_dimension + j
            if d < dimensions:
                u = (np.float64(scrambled(np.uint64(mirrored[d, i]), seeds[d])) + 0.5) * 2.0**-32
            else:
                stream += GOLDEN
                u = (np.float64(mix(stream) >> np.uint64(24)) + 0.5) * 2.0**-40
            cell[0] = u
            k = (bits[0] >> shift) - first
            loss = base[k] + slope[k] * u
            gross += loss
            ceded += min(max(loss - retention, 0.0), limit)
            weight *= weight_base[k] + weight_slope[k] * u
        out[0, i] = gross
        out[1, i] = min(ceded, aggregate)
        out[2, i] = weight


@part
def fill(state: Any, out: Any) -> None:
    """The next 64-bit numbers of sixteen streams; the length of `out` is a multiple of sixteen."""
    for start in range(0, out.size, LANES):
        for k in range(LANES):
            a, b, c, d = state[0, k], state[1, k], state[2, k], state[3, k]
            total = a + d
            out[start + k] = ((total << np.uint64(23)) | (total >> np.uint64(41))) + a
            t = b << np.uint64(17)
            c ^= a
            d ^= b
            b ^= c
            a ^= d
            state[0, k], state[1, k], state[2, k] = a, b, c ^ t
            state[3, k] = (d << np.uint64(45)) | (d >> np.uint64(19))


@part
def collect(values: Any, count: int, floor: float, shift: Any, first: int, cells: Any) -> None:
    """Put what exceeds the floor into cells: number, sum, smallest, largest."""
    bits = values.view(np.int64)
    last = cells.shape[1] - 1
    for i in range(count):
        if values[i] > floor:
            k = min(max((bits[i] >> shift) - first, 0), last)
            v = values[i]
            cells[0, k] += 1.0
            cells[1, k] += v
            cells[2, k] = min(cells[2, k], v)
            cells[3, k] = max(cells[3, k], v)


@kernel
def years_with(
    losses: int,
    years: int,
    state: Any,
    table: Any,
    shift: Any,
    first: int,
    terms: Any,
    floors: Any,
    cell_shift: Any,
    cell_first: int,
    cells: Any,
    totals: Any,
) -> None:
    """Simulate years with so many losses each; add them to the cells of the three parts."""
    base, slope = table[0], table[1]
    retention, limit, aggregate = terms[0], terms[1], terms[2]
    raw = np.empty(BLOCK, dtype=np.uint64)
    w = np.empty(BLOCK, dtype=np.float64)
    bits = w.view(np.int64)
    gross = np.empty(BLOCK, dtype=np.float64)
    ceded = np.empty(BLOCK, dtype=np.float64)
    retained = np.empty(BLOCK, dtype=np.float64)
    for start in range(0, years, BLOCK):
        count = min(BLOCK, years - start)
        for i in range(BLOCK):
            gross[i] = 0.0
            ceded[i] = 0.0
        for _ in range(losses):
            fill(state, raw)
            for i in range(BLOCK):
                w[i] = (np.float64(raw[i] >> np.uint64(11)) + 1.0) * ULP
            for i in range(BLOCK):
                k = (bits[i] >> shift) - first
                loss = base[k] + slope[k] * w[i]
                gross[i] += loss
                ceded[i] += min(max(loss - retention, 0.0), limit)
        all_gross, all_ceded = 0.0, 0.0
        for i in range(count):
            ceded[i] = min(ceded[i], aggregate)
            retained[i] = gross[i] - ceded[i]
            all_gross += gross[i]
            all_ceded += ceded[i]
        totals[0] += all_gross
        totals[1] += all_ceded
        collect(gross, count, floors[0], cell_shift, cell_first, cells[0])
        collect(ceded, count, floors[1], cell_shift, cell_first, cells[1])
        collect(retained, count, floors[2], cell_shift, cell_first, cells[2])


@part
def spread_losses(
    losses: int,
    venue: Any,
    table: Any,
    shift: Any,
    first: int,
    state: Any,
    raw: Any,
    at: int,
    gross: Any,
    ceded: Any,
    touched: Any,
) -> Any:
    """Put a venue's losses into years of a block; how many years, and random numbers used up."""
    exposure, retention, limit = venue[0], venue[1], venue[2]
    base, slope = table[0], table[1]
    one = np.empty(1, dtype=np.float64)
    bits = one.view(np.int64)
    seen = 0
    for _ in range(losses):
        if at == RAW:
            fill(state, raw)
            at = 0
        year = np.int64(raw[at] & np.uint64(YEARS - 1))
        w = (np.float64(raw[at] >> np.uint64(11)) + 1.0) * ULP
        at += 1
        one[0] = w
        k = (bits[0] >> shift) - first
        loss = exposure * (base[k] + slope[k] * w)
        if gross[year] == 0.0:
            touched[seen] = year
            seen += 1
        gross[year] += loss
        ceded[year] += min(max(loss - retention, 0.0), limit)
    return seen, at


@kernel
def aligned_years(
    blocks: int,
    last: int,
    state: Any,
    venues: Any,
    kinds: Any,
    counts: Any,
    count_first: Any,
    tables: Any,
    shift: Any,
    first: int,
    cell_shift: Any,
    cell_first: int,
    cells: Any,
    totals: Any,
) -> None:
    """Simulate blocks of years in which every venue has the same years; add their totals.

    `venues` has exposure, retention, limit and annual aggregate; `last` is the number of years of
    the last block.
    """
    raw = np.empty(RAW, dtype=np.uint64)
    gross, ceded = np.zeros(YEARS), np.zeros(YEARS)
    all_gross, all_ceded, retained = np.empty(YEARS), np.empty(YEARS), np.empty(YEARS)
    touched = np.empty(YEARS, dtype=np.int64)
    at = RAW
    for block in range(blocks):
        years = last if block == blocks - 1 else YEARS
        all_gross[:] = 0.0
        all_ceded[:] = 0.0
        for v in range(venues.shape[0]):
            if at == RAW:
                fill(state, raw)
                at = 0
            u = (np.float64(raw[at] >> np.uint64(11)) + 0.5) * ULP
            at += 1
            losses = count_first[v] + np.searchsorted(counts[v], u)
            table = tables[kinds[v]]
            seen, at = spread_losses(
                losses, venues[v], table, shift, first, state, raw, at, gross, ceded, touched
            )
            for i in range(seen):
                year = touched[i]
                all_gross[year] += gross[year]
                all_ceded[year] += min(ceded[year], venues[v, 3])
                gross[year] = 0.0
                ceded[year] = 0.0
        for y in range(years):
            retained[y] = all_gross[y] - all_ceded[y]
            totals[0] += all_gross[y]
            totals[1] += all_ceded[y]
        collect(all_gross, years, 0.0, cell_shift, cell_first, cells[0])
        collect(all_ceded, years, 0.0, cell_shift, cell_first, cells[1])
        collect(retained, years, 0.0, cell_shift, cell_first, cells[2])


@part
def select(
    losses: Any, weights: Any, count: int, edges: Any, heap: Any, sums: Any, rest: float
) -> tuple[float, float]:
    """VaR and TVaR at one tail probability: the cell by its weight, then exactly inside it."""
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
    for j in range(found - 1, -1, -1):
        i = inside[order[j]]
        if above + weights[i] > rest:
            return losses[i], (total + (rest - above) * losses[i]) / rest
        above += weights[i]
        total += weights[i] * losses[i]
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

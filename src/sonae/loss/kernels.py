"""The inner loops, compiled; each is called by one engine, which says what it means.

Everything that is compiled together stands in this file, so that a cached kernel is never older
than a part of it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sonae.loss.compiled import kernel, part, summing

LANES, BLOCK = 16, 512  # of the lanes' numbers; a block and the table fit a core's first cache
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
            k = np.uint64((bits[0] >> shift) - first)
            loss = base[k] + slope[k] * u
            gross += loss
            ceded += min(max(loss - retention, 0.0), limit)
            weight *= weight_base[k] + weight_slope[k] * u
        out[0, i] = gross
        out[1, i] = min(ceded, aggregate)
        out[2, i] = weight


@part
def step(a: Any, b: Any, c: Any, d: Any) -> Any:
    """The next number of one stream of xoshiro256++, and its next state."""
    total, t = a + d, b << np.uint64(17)
    drawn = ((total << np.uint64(23)) | (total >> np.uint64(41))) + a
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    return drawn, a, b, c ^ t, (d << np.uint64(45)) | (d >> np.uint64(19))


@part
def fill(state: Any, out: Any) -> None:
    """The next 64-bit numbers of sixteen streams; the length of `out` is a multiple of 32.

    Two steps of each at a time, and rows of their own, so that the compiler can use vectors.
    """
    first, second, third, fourth = state[0], state[1], state[2], state[3]
    for start in range(0, out.size, 2 * LANES):
        row, next_row = out[start : start + LANES], out[start + LANES : start + 2 * LANES]
        for k in range(LANES):
            row[k], a, b, c, d = step(first[k], second[k], third[k], fourth[k])
            next_row[k], a, b, c, d = step(a, b, c, d)
            first[k], second[k], third[k], fourth[k] = a, b, c, d


@part
def uniform(state: Any, out: Any) -> None:
    """As `fill`, the same numbers as uniform ones in (0, 1]."""
    first, second, third, fourth = state[0], state[1], state[2], state[3]
    for start in range(0, out.size, 2 * LANES):
        row, next_row = out[start : start + LANES], out[start + LANES : start + 2 * LANES]
        for k in range(LANES):
            drawn, a, b, c, d = step(first[k], second[k], third[k], fourth[k])
            row[k] = (np.float64(drawn >> np.uint64(11)) + 1.0) * ULP
            drawn, a, b, c, d = step(a, b, c, d)
            next_row[k] = (np.float64(drawn >> np.uint64(11)) + 1.0) * ULP
            first[k], second[k], third[k], fourth[k] = a, b, c, d


@part
def put(value: float, bits: int, weight: float, shift: Any, first: int, cells: Any) -> None:
    """Add one value to its cell: weight, weighted sum, smallest, largest."""
    k = min(max((bits >> shift) - first, 0), cells.shape[0] - 1)
    cells[k, 0] += weight
    cells[k, 1] += weight * value
    cells[k, 2] = min(cells[k, 2], value)
    cells[k, 3] = max(cells[k, 3], value)


@part
def collect(
    gross: Any,
    ceded: Any,
    count: int,
    floors: Any,
    weight: float,
    shift: Any,
    first: int,
    cells: Any,
) -> None:
    """Put what exceeds its floor into cells; neither part exceeds gross, so most years are none."""
    lowest = min(floors[0], min(floors[1], floors[2]))
    one = np.empty(3, dtype=np.float64)
    bits = one.view(np.int64)
    for i in range(count):
        if gross[i] > lowest:
            one[0], one[1], one[2] = gross[i], ceded[i], gross[i] - ceded[i]
            for j in range(3):
                if one[j] > floors[j]:
                    put(one[j], bits[j], weight, shift, first, cells[j])


@summing
def settle(gross: Any, ceded: Any, count: int, aggregate: float) -> Any:
    """Cap what is ceded; sums of gross and ceded."""
    all_gross, all_ceded = 0.0, 0.0
    for i in range(count):
        paid = ceded[i] if ceded[i] < aggregate else aggregate
        ceded[i] = paid
        all_gross += gross[i]
        all_ceded += paid
    return all_gross, all_ceded


@part
def sizes(w: Any, bits: Any, count: int, table: Any, shift: Any, first: int, out: Any) -> None:
    """Turn uniform numbers into losses; `bits` are those of `w`, cells are rows of `table`.

    The index has no sign, so that none is tested for.
    """
    for i in range(count):
        k = np.uint64((bits[i] >> shift) - first)
        out[i] = table[k, 0] + table[k, 1] * w[i]


@kernel
def years_with(
    losses: Any,
    years: Any,
    weights: Any,
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
    """Simulate years[j] years with losses[j] losses each; add them to the cells of the parts."""
    retention, limit, aggregate = terms[0], terms[1], terms[2]
    w, sized = np.empty(BLOCK, dtype=np.float64), np.empty(BLOCK, dtype=np.float64)
    bits = w.view(np.int64)
    gross = np.empty(BLOCK, dtype=np.float64)
    ceded = np.empty(BLOCK, dtype=np.float64)
    for piece in range(losses.size):
        weight = weights[piece]
        for start in range(0, years[piece], BLOCK):
            count = min(BLOCK, years[piece] - start)
            uniform(state, w)
            sizes(w, bits, BLOCK, table, shift, first, gross)
            for i in range(BLOCK):
                ceded[i] = min(max(gross[i] - retention, 0.0), limit)
            for _ in range(losses[piece] - 1):
                uniform(state, w)
                sizes(w, bits, BLOCK, table, shift, first, sized)
                for i in range(BLOCK):
                    gross[i] += sized[i]
                    ceded[i] += min(max(sized[i] - retention, 0.0), limit)
            money = settle(gross, ceded, count, aggregate)
            totals[0] += weight * money[0]
            totals[1] += weight * money[1]
            collect(gross, ceded, count, floors, weight, cell_shift, cell_first, cells)


@part
def spread_losses(
    raw: Any, start: int, count: int, sized: Any, venue: Any, gross: Any, ceded: Any
) -> None:
    """Put losses, given as shares of exposure, into the years that their low bits name."""
    exposure, retention, limit = venue[0], venue[1], venue[2]
    for i in range(count):
        year = np.int64(raw[start + i] & np.uint64(YEARS - 1))
        loss = exposure * sized[i]
        gross[year] += loss
        ceded[year] += min(max(loss - retention, 0.0), limit)


@part
def settle_venue(
    gross: Any,
    ceded: Any,
    aggregate: float,
    touched: Any,
    seen: int,
    all_gross: Any,
    all_ceded: Any,
) -> None:
    """Add a venue's years to the totals and clear them; only those touched where few are."""
    if seen < 0:
        for year in range(YEARS):
            all_gross[year] += gross[year]
            all_ceded[year] += min(ceded[year], aggregate)
            gross[year] = 0.0
            ceded[year] = 0.0
    for i in range(seen):
        year = touched[i]
        all_gross[year] += gross[year]
        all_ceded[year] += min(ceded[year], aggregate)
        gross[year] = 0.0
        ceded[year] = 0.0


@part
def one_loss(loss: float, year: int, venue: Any, gross: Any, ceded: Any) -> None:
    """Put one loss into its year."""
    gross[year] += loss
    ceded[year] += min(max(loss - venue[1], 0.0), venue[2])


@part
def strike(
    chance: Any, shocks: Any, kinds: Any, tables: Any, shift: Any, first: int, year: Any, share: Any
) -> int:
    """Draw a block's shocks: year and share lost of each; `shocks` has each shock's number."""
    one, at = np.empty(1, dtype=np.float64), 0
    bits = one.view(np.int64)
    for s in range(shocks.size):
        for _ in range(shocks[s]):
            year[at] = np.int64(chance[at] & np.uint64(YEARS - 1))
            one[0] = (np.float64(chance[at] >> np.uint64(11)) + 1.0) * ULP
            k = np.uint64((bits[0] >> shift) - first)
            share[at] = tables[kinds[s], k, 0] + tables[kinds[s], k, 1] * one[0]
            at += 1
    return at


@part
def number_of(state: Any, raw: Any, at: int, below: Any, least: int) -> Any:
    """How many losses a block has, by inversion; and where in the random numbers we are."""
    if at == RAW:
        fill(state, raw)
        at = 0
    u = (np.float64(raw[at] >> np.uint64(11)) + 0.5) * ULP
    return least + np.searchsorted(below, u), at + 1


@part
def struck_by(
    shocks: Any, struck: Any, share: Any, members: Any, venue: Any, touched: Any, seen: int,
    gross: Any, ceded: Any,
) -> int:  # fmt: skip
    """Put a venue's part of every shock into its year."""
    event = 0
    for s in range(shocks.size):
        if members[s] > 0.0:
            for i in range(event, event + shocks[s]):
                one_loss(venue[0] * members[s] * share[i], struck[i], venue, gross, ceded)
                if seen >= 0:
                    touched[seen] = struck[i]
                    seen += 1
        event += shocks[s]
    return seen


@part
def own_losses(
    left: int, state: Any, raw: Any, at: int, w: Any, bits: Any, table: Any, shift: Any, first: int,
    sized: Any, venue: Any, touched: Any, seen: int, gross: Any, ceded: Any,
) -> Any:  # fmt: skip
    """Draw so many losses of a venue and put them into their years."""
    while left > 0:
        if at == RAW:
            fill(state, raw)
            at = 0
        n = min(left, RAW - at)
        for i in range(n):
            w[i] = (np.float64(raw[at + i] >> np.uint64(11)) + 1.0) * ULP
        sizes(w, bits, n, table, shift, first, sized)
        if seen >= 0:
            for i in range(at, at + n):
                touched[seen] = np.int64(raw[i] & np.uint64(YEARS - 1))
                seen += 1
        spread_losses(raw, at, n, sized, venue, gross, ceded)
        at += n
        left -= n
    return seen, at


@kernel
def aligned_years(
    blocks: int, last: int, state: Any,
    venues: Any, kinds: Any, counts: Any, count_first: Any,
    shock_kinds: Any, shock_counts: Any, shock_first: Any, members: Any,
    tables: Any, shift: Any, first: int,
    floors: Any, weight: float, cell_shift: Any, cell_first: int, cells: Any, totals: Any,
) -> None:  # fmt: skip
    """Simulate blocks of years in which every venue has the same years; add their totals.

    `venues` has exposure, retention, limit and annual aggregate; the last block has `last` years.
    A shock strikes every venue in one year with one share lost: of venue v the part members[s, v].
    """
    shocks = np.zeros(shock_kinds.size, dtype=np.int64)
    most = shock_first.sum() + shock_counts.size
    struck = np.empty(most, dtype=np.int64)
    share = np.empty(most, dtype=np.float64)
    chance = np.empty((most // RAW + 1) * RAW, dtype=np.uint64)
    raw = np.empty(RAW, dtype=np.uint64)
    w, sized = np.empty(RAW, dtype=np.float64), np.empty(RAW, dtype=np.float64)
    bits = w.view(np.int64)
    gross, ceded = np.zeros(YEARS), np.zeros(YEARS)
    all_gross, all_ceded = np.empty(YEARS), np.empty(YEARS)
    touched = np.empty(YEARS // 4, dtype=np.int64)
    at = RAW
    for block in range(blocks):
        years = last if block == blocks - 1 else YEARS
        all_gross[:] = 0.0
        all_ceded[:] = 0.0
        for s in range(shocks.size):
            shocks[s], at = number_of(state, raw, at, shock_counts[s], shock_first[s])
        if shocks.sum() > 0:
            fill(state, chance)
            strike(chance, shocks, shock_kinds, tables, shift, first, struck, share)
        for v in range(venues.shape[0]):
            left, at = number_of(state, raw, at, counts[v], count_first[v])
            seen = 0 if left + shocks.sum() <= YEARS // 4 else -1
            seen = struck_by(
                shocks, struck, share, members[:, v], venues[v], touched, seen, gross, ceded
            )
            seen, at = own_losses(
                left, state, raw, at, w, bits, tables[kinds[v]], shift, first, sized, venues[v],
                touched, seen, gross, ceded,
            )  # fmt: skip
            settle_venue(gross, ceded, venues[v, 3], touched, seen, all_gross, all_ceded)
        money = settle(all_gross, all_ceded, years, np.inf)
        totals[0] += weight * money[0]
        totals[1] += weight * money[1]
        collect(all_gross, all_ceded, years, floors, weight, cell_shift, cell_first, cells)

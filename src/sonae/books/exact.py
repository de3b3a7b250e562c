"""Products wider than 128 bits, exact, for whole columns: floor(units x a fraction).

Units are decimal(38,0) columns of Arrow, read as four limbs of 32 bits. A fraction p/t is taken as
r = ceil(p x 2^160 / t): the product of units and r, shifted by 160 bits, is the floor wanted,
except where its fractional part is below units / 2^160 and the true value may lie just under a
whole number. That cannot be where t is below 2^32; elsewhere those rows, about one in 2^32, are
computed again one by one. No float is used, and the result is the same on every machine.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sonae.core.errors import Refused

SHIFT, BITS, MASK = 5, 32, np.uint64(0xFFFFFFFF)
"""Limbs that are shifted away, bits of a limb, and its mask."""
MOST = 7
"""Limbs of a fraction: below 2^64 after the point is set before limb 5."""
CHUNK = 1 << 14
UNITS = pa.decimal128(38, 0)
Limbs: TypeAlias = npt.NDArray[np.uint64]
"""Shape (4, rows): the limbs of non-negative integers below 2^127, lowest first."""


def limbs(column: pa.Array) -> Limbs:
    """A column of non-negative decimal(38,0) as limbs.

    Raises:
        Refused: a value is null or below zero.
    """
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if column.type != UNITS:
        raise TypeError(f"a column of {UNITS}, not {column.type}")
    if column.null_count:
        raise Refused("an amount is missing")
    buffer = column.buffers()[1]
    words = np.frombuffer(buffer, np.uint64)[2 * column.offset :][: 2 * len(column)].reshape(-1, 2)
    if (words[:, 1] >> np.uint64(63)).any():
        raise Refused("an amount is below zero")
    low, high = words[:, 0], words[:, 1]
    shift = np.uint64(BITS)
    return np.stack([low & MASK, low >> shift, high & MASK, high >> shift])


def column(parts: Limbs) -> pa.Array:
    """Limbs as a column of decimal(38,0)."""
    shift = np.uint64(BITS)
    words = np.empty((parts.shape[1], 2), np.uint64)
    words[:, 0], words[:, 1] = parts[0] | parts[1] << shift, parts[2] | parts[3] << shift
    return pa.Array.from_buffers(UNITS, len(words), [None, pa.py_buffer(words.tobytes())])


def total(parts: Limbs) -> int:
    """The sum, exactly."""
    return sum(int(limb.sum()) << (BITS * n) for n, limb in enumerate(parts))


def integers(parts: Limbs) -> list[int]:
    """The values, one by one."""
    rows: list[list[int]] = parts.T.tolist()
    return [a | b << 32 | c << 64 | d << 96 for a, b, c, d in rows]


def floor_of(units: Limbs, factor: Fraction) -> Limbs:
    """floor(units x factor) of each row.

    Args:
        units: amounts below 2^127.
        factor: not negative, below 2^64.

    Raises:
        Refused: a product reaches 2^127.
    """
    if factor < 0 or factor >= 1 << 64:
        raise Refused(f"a factor of {factor} is out of range")
    if factor in (0, 1):
        return units if factor else np.zeros_like(units)
    scaled = -(-(factor.numerator << (BITS * SHIFT)) // factor.denominator)
    multiplier = [np.uint64(scaled >> (BITS * n) & 0xFFFFFFFF) for n in range(MOST)]
    made = np.empty_like(units)
    for start in range(0, units.shape[1], CHUNK):
        part = slice(start, start + CHUNK)
        made[:, part] = _floor(units[:, part], multiplier, factor)
    return made


def _floor(units: Limbs, multiplier: list[np.uint64], factor: Fraction) -> Limbs:
    product = _product(units, multiplier)
    if product[SHIFT + 4 :].any() or (product[SHIFT + 3] >> np.uint64(BITS - 1)).any():
        raise Refused("a product reaches 2^127")
    made = product[SHIFT : SHIFT + 4].copy()
    if factor.denominator >> BITS:
        near = np.flatnonzero(product[SHIFT - 1] == 0)
        near = near[compare(product[: SHIFT - 1, near], units[:, near]) < 0]
        for row in near.tolist():
            [value] = integers(units[:, row : row + 1])
            exact = value * factor.numerator // factor.denominator
            made[:, row] = [exact >> (BITS * n) & 0xFFFFFFFF for n in range(4)]
    return made


def _product(units: Limbs, multiplier: list[np.uint64]) -> Limbs:
    """All limbs of the product: columns of halves are added up, then carried."""
    shift = np.uint64(BITS)
    columns = np.zeros((4 + MOST, units.shape[1]), np.uint64)
    for i, limb in enumerate(units):
        if not limb.any():
            continue
        for j, word in enumerate(multiplier):
            if word:
                both = limb * word
                columns[i + j] += both & MASK
                if i + j + 1 < 4 + MOST:
                    columns[i + j + 1] += both >> shift
    for n in range(3 + MOST):
        columns[n + 1] += columns[n] >> shift
        columns[n] &= MASK
    return columns


def from_integers(values: list[int]) -> Limbs:
    """Limbs of integers that are small in number."""
    rows: Any = [[value >> (BITS * n) & 0xFFFFFFFF for value in values] for n in range(4)]
    return np.array(rows, np.uint64).reshape(4, len(values))


def plus(a: Limbs, b: Limbs) -> Limbs:
    """A + b of each row; both below 2^126."""
    made = a + b
    shift = np.uint64(BITS)
    for n in range(3):
        made[n + 1] += made[n] >> shift
        made[n] &= MASK
    return made


def minus(a: Limbs, b: Limbs) -> Limbs:
    """A - b of each row, where b is never above a."""
    made = np.empty_like(a)
    borrow = np.zeros(a.shape[1], np.uint64)
    for n in range(4):
        left = a[n] + np.uint64(1 << BITS) - b[n] - borrow
        made[n], borrow = left & MASK, np.uint64(1) - (left >> np.uint64(BITS))
    if borrow.any():
        raise Refused("a difference is below zero")
    return made


def compare(a: Limbs, b: Limbs) -> npt.NDArray[np.int8]:
    """1, 0 or -1 for each row: a above, equal to or below b."""
    found = np.zeros(a.shape[1], np.int8)
    for n in range(3, -1, -1):
        open_ = found == 0
        found[open_ & (a[n] > b[n])] = 1
        found[open_ & (a[n] < b[n])] = -1
    return found


def at_most(units: Limbs, cap: int) -> Limbs:
    """The lesser of each row and a cap."""
    caps = np.repeat(from_integers([cap]), units.shape[1], axis=1)
    return np.where(compare(units, caps) > 0, caps, units)

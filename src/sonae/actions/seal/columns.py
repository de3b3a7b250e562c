"""Columns of Arrow as the arrays that are hashed, and back: texts, and numbers of 128 bits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sonae.core.errors import Refused
from sonae.seal.encoding import normal
from sonae.seal.fast.arrays import Pairs, Texts, amounts_of

MASK, HALF = np.uint64(0xFFFFFFFF), np.uint64(32)
UNITS = pa.decimal128(38, 0)
EXACT = 10**38 >> 64
"""High halves below this are of numbers that decimal(38,0) holds."""
Column = npt.NDArray[np.uint64]


def one_array(column: Any) -> Any:
    """A column as one array."""
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def halves(column: Any) -> tuple[Column, Column]:
    """High and low half of a column of decimal(38,0); below zero as two's complement."""
    array = one_array(column)
    words = np.frombuffer(array.buffers()[1], np.uint64)[2 * array.offset :][: 2 * len(array)]
    return words[1::2].copy(), words[::2].copy()


def signed_sum(high: Column, low: Column) -> int:
    """The exact sum of numbers in two's complement."""
    upper = high.view(np.int64) >> 32
    parts = [low & MASK, low >> HALF, high & MASK]
    total = sum(int(part.sum()) << 32 * i for i, part in enumerate(parts))
    return total + (int(upper.sum()) << 96)


def added_up(high: Column, low: Column, starts: Any) -> tuple[Column, Column]:
    """Sums, in two's complement as what is added, of all from each start to the next.

    Raises:
        Refused: a sum leaves 128 bits.
    """
    limbs = [low & MASK, low >> HALF, high & MASK, np.zeros_like(low)]
    sums = carried(np.stack([np.add.reduceat(limb, starts) for limb in limbs]))
    upper = np.add.reduceat(high.view(np.int64) >> 32, starts) + sums[3].view(np.int64)
    if (upper != upper.astype(np.int32)).any():
        raise Refused("what an account is owed leaves the range of 128 bits")
    return upper.view(np.uint64) << HALF | sums[2], sums[1] << HALF | sums[0]


def unsigned_sum(high: Column, low: Column) -> int:
    """The exact sum of numbers of 128 bits without a sign."""
    parts = [low & MASK, low >> HALF, high & MASK, high >> HALF]
    return sum(int(part.sum()) << 32 * i for i, part in enumerate(parts))


def normalised(column: Any) -> Any:
    """Texts in Unicode NFC; ASCII is so already."""
    array = one_array(column)
    plain = pc.string_is_ascii(array).to_numpy(zero_copy_only=False)
    if plain.all():
        return array
    every = array.to_pylist()
    return pa.array([t if a else normal(t) for t, a in zip(every, plain, strict=True)], pa.string())


def texts(column: Any) -> Texts:
    """A column of strings as the bytes that are hashed."""
    array = normalised(column)
    offsets = np.frombuffer(array.buffers()[1], np.int32)[array.offset :][: len(array) + 1]
    content = array.buffers()[2]
    data = np.frombuffer(content, np.uint8) if content is not None else np.zeros(0, np.uint8)
    return Texts(data, offsets.astype(np.int64))


def amount_texts(high: Column, low: Column) -> Any:
    """Numbers of 128 bits as text."""
    if (high >= np.uint64(EXACT)).any():
        pairs = zip(high.tolist(), low.tolist(), strict=True)
        return pa.array([str(a << 64 | b) for a, b in pairs], pa.string())
    words = np.empty((len(high), 2), np.uint64)
    words[:, 0], words[:, 1] = low, high
    return pa.Array.from_buffers(UNITS, len(high), [None, pa.py_buffer(words)]).cast(pa.string())


def amounts(column: Any) -> Pairs:
    """Numbers of 128 bits from text."""
    array = one_array(column)
    longest = pc.max(pc.binary_length(array)).as_py() or 0
    if longest > 38:
        return amounts_of([int(text) for text in array.to_pylist()])
    return np.stack(halves(array.cast(UNITS)), axis=1)


def limbs_of(numbers: Sequence[int]) -> Column:
    """Numbers as limbs of 32 bits, lowest first: shape (limbs, numbers)."""
    size = max(1, *((n.bit_length() + 31) // 32 for n in numbers)) if numbers else 1
    rows = [[n >> 32 * i & 0xFFFFFFFF for n in numbers] for i in range(size)]
    return np.array(rows, np.uint64)


def carried(limbs: Column) -> Column:
    """Limbs below 2^32 each; the last has room."""
    for i in range(len(limbs) - 1):
        limbs[i + 1] += limbs[i] >> HALF
        limbs[i] &= MASK
    return limbs


def divisors(number: int) -> list[int] | None:
    """Factors below 2^32 whose product is a number; None where a prime in it is larger."""
    found, chunk, rest, trial = list[int](), 1, number, 2
    while rest > 1:
        if rest % trial:
            trial += 1 if trial == 2 else 2
            if trial > 1 << 16:
                if rest >= 1 << 32:
                    return None
                trial = rest
            continue
        rest //= trial
        if chunk * trial >= 1 << 32:
            found.append(chunk)
            chunk = 1
        chunk *= trial
    return [*found, chunk]


def divided(limbs: Column, by: Sequence[int] | None, number: int) -> Column:
    """Numbers divided and rounded down: by one factor after the other is the same as at once."""
    if by is None:
        rows = zip(*(limb.tolist() for limb in limbs), strict=True)
        whole = [sum(n << 32 * i for i, n in enumerate(row)) // number for row in rows]
        return np.array(
            [[n >> 32 * i & 0xFFFFFFFF for n in whole] for i in range(len(limbs))], np.uint64
        )
    for factor in by:
        rest = np.zeros(limbs.shape[1], np.uint64)
        for i in reversed(range(len(limbs))):
            both = rest << HALF | limbs[i]
            limbs[i] = both // np.uint64(factor)
            rest = both - limbs[i] * np.uint64(factor)
    return limbs

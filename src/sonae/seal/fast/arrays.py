"""The arrays that a seal is made of, and the order of leaves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from sonae.core.errors import Refused
from sonae.seal.encoding import ROW

Rows: TypeAlias = npt.NDArray[np.uint8]
"""Shape (n, 48): hash and sum as they stand in a file."""
Digests: TypeAlias = npt.NDArray[np.uint8]
"""Shape (n, 32)."""
Pairs: TypeAlias = npt.NDArray[np.uint64]
"""Shape (n, 2): numbers of 128 bits, the high half first. Amounts, and the first half of salts."""
Numbers: TypeAlias = npt.NDArray[np.uint32]
"""Asset numbers."""
Places: TypeAlias = npt.NDArray[np.int64]
SAME_TEXT = "two accounts have the same account text; make their proof_text differ"


class Texts(NamedTuple):
    """Account texts in UTF-8, NFC: text i is `data[starts[i]:starts[i + 1]]`."""

    data: npt.NDArray[np.uint8]
    starts: Places

    def __len__(self) -> int:
        return len(self.starts) - 1

    def text(self, i: int) -> bytes:
        """One of them."""
        return self.data[self.starts[i] : self.starts[i + 1]].tobytes()


class Leaves(NamedTuple):
    """Leaves: the first 16 bytes of each salt, by which they are ordered, and their rows."""

    salts: Pairs
    rows: Rows

    def __len__(self) -> int:
        return len(self.rows)


def texts_of(given: Iterable[bytes]) -> Texts:
    """Texts from bytes."""
    every = list(given)
    starts = np.zeros(len(every) + 1, np.int64)
    starts[1:] = np.cumsum([len(text) for text in every])
    return Texts(np.frombuffer(b"".join(every), np.uint8), starts)


def amounts_of(given: Sequence[int]) -> Pairs:
    """Amounts from numbers below 2^128."""
    halves = [(n >> 64, n & (1 << 64) - 1) for n in given]
    return np.array(halves, np.uint64).reshape(-1, 2)


def rows_of(content: bytes | memoryview) -> Rows:
    """Rows as they stand in a file."""
    return np.frombuffer(content, np.uint8).reshape(-1, ROW)


def place(salts: Pairs) -> Places:
    """The order of salts, ascending.

    Sorting numbers is far quicker than sorting their places, so the place stands in the last bits
    of a number; what those bits pushed out is looked at only where the rest does not decide.

    Raises:
        Refused: two salts are equal in 16 bytes: of one text, since chance does not find such two.
    """
    count, first = len(salts), np.ascontiguousarray(salts[:, 0])
    if count < 2:
        return np.arange(count)
    bits = np.uint64((count - 1).bit_length())
    mask = (np.uint64(1) << bits) - np.uint64(1)
    common = np.uint64(64 - int(first.min() ^ first.max()).bit_length())
    numbers = (first << min(common, bits) if common < 64 else first * np.uint64(0)) & ~mask
    numbers |= np.arange(count, dtype=np.uint64)
    numbers.sort()
    order = (numbers & mask).astype(np.int64)
    numbers >>= bits
    if (numbers[1:] == numbers[:-1]).any():
        order = np.lexsort((salts[:, 1], first))
        sorted_ = salts[order]
        if (sorted_[1:] == sorted_[:-1]).all(axis=1).any():
            raise Refused(SAME_TEXT)
    return order


def ordered(found: Leaves) -> Leaves:
    """Leaves of one asset in the order of their salts.

    Raises:
        Refused: two accounts have one text, so that one leaf would serve two customers.
    """
    order = place(found.salts)
    rows = np.take(_words(found.rows), order, axis=0).view(np.uint8)
    return Leaves(np.take(found.salts, order, axis=0), rows)


def _words(rows: Rows) -> npt.NDArray[np.uint64]:
    """Rows as six words each, which are quicker to move."""
    return np.ascontiguousarray(rows).view(np.uint64)


def total(rows: Rows) -> int:
    """The sum of rows, exact."""
    words = np.ascontiguousarray(rows[:, 32:]).view(">u4").astype(np.uint64)
    sums = [int(column.sum()) for column in words.T]
    return sum(n << 32 * (3 - i) for i, n in enumerate(sums))

"""A tree as it is kept: the leaves, and every level from the tiles up; read where it is needed.

The levels below a tile's top are hashed again from its 256 leaves when a path is wanted, so a
receipt reads some kilobytes of a tree of any size. The levels stand one after the other, level 8
first, each as long as its leaves need; of a tree no higher than that there is level 8 alone.
"""

from __future__ import annotations

from collections.abc import Callable

from sonae.seal import tree
from sonae.seal.encoding import ROW, empty, height_of

TILE_LEVELS = 8
TILE = 1 << TILE_LEVELS
SPREAD = 8
"""Standard deviations to each side of where a salt is expected that are looked through first."""
Read = Callable[[int, int], bytes]
"""First row and how many -> the rows."""


class Stored:
    """One asset's tree, read by `leaves` and `above` (the levels from the tiles up)."""

    def __init__(self, count: int, leaves: Read, above: Read) -> None:
        self.count, self._leaves, self._above = count, leaves, above

    def find(self, salt: bytes, row: bytes) -> int | None:
        """Where a leaf stands, None where it does not.

        Salts are as good as drawn by lot, so a leaf's place follows from its salt to within the
        chance of draws; only where it is not there is more looked through.
        """
        expected = int.from_bytes(salt[:8], "big") * self.count >> 64
        reach = SPREAD * (1 << max(1, (self.count.bit_length() + 1) // 2)) // 2
        while True:
            first, end = max(0, expected - reach), min(self.count, expected + reach)
            at = place(self._leaves(first, end - first), row)
            if at is not None:
                return first + at
            if first == 0 and end == self.count:
                return None
            reach *= 8

    def path(self, index: int) -> bytes:
        """The sibling rows from the leaf at `index` up to the root, leaf level first."""
        if not 0 <= index < self.count:
            raise IndexError(index)
        height, first = height_of(self.count), index - index % TILE
        rows = tree.read_rows(self._leaves(first, min(TILE, self.count - first)))
        found = []
        for level in range(min(height, TILE_LEVELS)):
            beside = (index % TILE >> level) ^ 1
            found.append(rows[beside] if beside < len(rows) else empty(level))
            rows = tree.above(rows, level + 1)
        start = 0
        for level in range(TILE_LEVELS, height):
            size, beside = -(-self.count >> level), index >> level ^ 1
            found.append(self._above(start + beside, 1) if beside < size else empty(level))
            start += size
        return b"".join(found)


def in_memory(content: bytes) -> Stored:
    """The tree over rows that are at hand."""
    levels = tree.build(tree.read_rows(content)).levels[TILE_LEVELS:]
    above = b"".join(row for level in levels for row in level)
    return Stored(len(content) // ROW, reader(content), reader(above))


def reader(content: bytes) -> Read:
    """Rows read from bytes."""
    return lambda first, count: content[ROW * first : ROW * (first + count)]


def place(content: bytes, row: bytes) -> int | None:
    """Where a row stands among rows, None where it does not."""
    at = content.find(row)
    while at % ROW and at != -1:
        at = content.find(row, at + 1)
    return None if at == -1 else at // ROW

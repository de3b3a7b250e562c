"""One asset's tree: leaves in a secret order, sums that never wrap, a path for each leaf."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from itertools import pairwise
from operator import itemgetter
from typing import NamedTuple

from sonae.core.errors import Refused
from sonae.seal.encoding import (
    LEAF,
    LIMIT,
    ROW,
    empty,
    height_of,
    prefix,
    salted,
)


class Tree(NamedTuple):
    """Rows (hash, sum) by level, leaves first; the last level is the root alone."""

    levels: Sequence[Sequence[bytes]]
    leaves: int

    @property
    def height(self) -> int:
        """Levels above the leaves."""
        return len(self.levels) - 1

    @property
    def root(self) -> bytes:
        """The hash over everything, 32 bytes."""
        return self.levels[-1][0][:32]

    @property
    def total(self) -> int:
        """The sum of all leaves."""
        return int.from_bytes(self.levels[-1][0][32:], "big")

    def path(self, index: int) -> bytes:
        """The sibling rows from the leaf at `index` up to the root, leaf level first."""
        if not 0 <= index < self.leaves:
            raise IndexError(index)
        rows = []
        for level, nodes in enumerate(self.levels[:-1]):
            beside = index >> level ^ 1
            rows.append(nodes[beside] if beside < len(nodes) else empty(level))
        return b"".join(rows)


def leaves(
    claims: Iterable[tuple[bytes, int]], key: bytes, asset: int, parts: int
) -> list[tuple[bytes, bytes, int, int]]:
    """Salt, account digest, part and amount of every leaf, in the order of the tree.

    Raises:
        Refused: two accounts have one text, so that one leaf would serve two customers.
    """
    made = salted(claims, key, asset, parts)
    made.sort(key=itemgetter(0))
    if any(a[0] == b[0] for a, b in pairwise(made)):
        raise Refused("two accounts have the same account text; make their proof_text differ")
    return made


def rows_of(made: Iterable[tuple[bytes, bytes, int, int]], asset: int) -> list[bytes]:
    """The rows of leaves in the order given."""
    sha, middle = hashlib.sha256, asset.to_bytes(4, "big")
    tails = [middle + part.to_bytes(4, "big") for part in range(256)]
    rows = []
    for salt, digest, part, amount in made:
        total = amount.to_bytes(16, "big")
        rows.append(sha(LEAF + salt + digest + tails[part] + total).digest() + total)
    return rows


def build(rows: Sequence[bytes]) -> Tree:
    """The tree over the rows of leaves.

    Raises:
        Refused: a sum would reach 2^128.
    """
    levels: list[list[bytes]] = [list(rows)]
    for level in range(1, height_of(len(rows)) + 1):
        levels.append(above(levels[-1], level))
    return Tree(levels, len(rows))


def above(below: Sequence[bytes], level: int) -> list[bytes]:
    """The rows of a level over those below it, with an empty one where one is wanting.

    Raises:
        Refused: a sum would reach 2^128.
    """
    sha, head = hashlib.sha256, prefix("N", level)
    if len(below) % 2 or not below:
        below = [*below, *[empty(level - 1)] * (1 if below else 2)]
    sums = [int.from_bytes(row[32:], "big") for row in below]
    sums = [a + b for a, b in zip(sums[::2], sums[1::2], strict=True)]
    if max(sums) >= LIMIT:
        raise Refused("the sum of an asset reaches 2^128")
    pairs = zip(below[::2], below[1::2], sums, strict=True)
    return [sha(head + a + b).digest() + total.to_bytes(16, "big") for a, b, total in pairs]


def read_rows(content: bytes) -> list[bytes]:
    """Rows as they stand in a file, one after the other."""
    if len(content) % ROW:
        raise Refused(f"{len(content)} bytes are no rows of {ROW}")
    return [content[i : i + ROW] for i in range(0, len(content), ROW)]

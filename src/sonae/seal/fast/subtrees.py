"""A tree in parts: the nodes that cover a range of leaves, and the root over all of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from sonae.core.errors import Refused
from sonae.seal.encoding import ROW, empty, height_of
from sonae.seal.fast.arrays import Rows, rows_of
from sonae.seal.fast.hashing import TILE, TILE_LEVELS, Hashing, Plain, choose


class Node(NamedTuple):
    """A row of a tree at its level (leaves are 0) and place in it."""

    level: int
    place: int
    row: bytes


class Root(NamedTuple):
    """The root of an asset's tree and the sum of all leaves."""

    root: bytes
    total: int


def subtree(first: int, rows: Rows, hashing: Hashing | None = None) -> list[Node]:
    """The fewest nodes that cover the leaves `first` to `first + len(rows) - 1`, exactly.

    About two for each level at most: what a part of a tree hands on to whoever combines them.

    Raises:
        Refused: a sum reaches 2^128.
    """
    hashing = hashing or choose(len(rows))
    found: list[Node] = []
    lead = -first % TILE
    if len(rows) >= lead + TILE:
        whole = (len(rows) - lead) // TILE
        edge = lead + whole * TILE
        found += _climb(0, first, rows[:lead], hashing)
        tops = hashing.tiles(rows[lead:edge])
        found += _climb(TILE_LEVELS, (first + lead) // TILE, tops, hashing)
        return found + _climb(0, first + edge, rows[edge:], hashing)
    return _climb(0, first, rows, hashing)


def _climb(level: int, first: int, rows: Rows, hashing: Hashing) -> list[Node]:
    """The fewest nodes over rows of a level."""
    found = []
    while len(rows):
        if first % 2:
            found.append(Node(level, first, rows[0].tobytes()))
            first, rows = first + 1, rows[1:]
        if len(rows) % 2:
            found.append(Node(level, first + len(rows) - 1, rows[-1].tobytes()))
            rows = rows[:-1]
        if len(rows):
            level, first = level + 1, first // 2
            rows = hashing.nodes(level, rows)
    return found


def combine(nodes: Iterable[Node], leaves: int) -> Root:
    """Root and total of a tree of so many leaves, from the nodes of all its parts in any order.

    Raises:
        Refused: the nodes do not cover the leaves exactly, or a sum reaches 2^128.
    """
    levels: dict[int, dict[int, bytes]] = {}
    covered = 0
    for node in nodes:
        at = levels.setdefault(node.level, {})
        if node.place in at or node.place + 1 << node.level > leaves:
            raise Refused(f"a node of level {node.level} at {node.place} stands twice or beyond")
        at[node.place] = node.row
        covered += 1 << node.level
    if covered != leaves:
        raise Refused(f"the parts of a tree cover {covered} leaves, not {leaves}")
    hashing, height, at = Plain(), height_of(leaves), dict[int, bytes]()
    for level in range(height):
        at |= levels.pop(level, {})
        above = {}
        for place in sorted({place // 2 for place in at}):
            pair = b"".join(_row(at, 2 * place + side, level, leaves) for side in (0, 1))
            above[place] = hashing.nodes(level + 1, rows_of(pair)).tobytes()
        at = above
    at |= levels.pop(height, {})
    row = at.get(0) or empty(height)
    return Root(row[:32], int.from_bytes(row[32:], "big"))


def _row(at: dict[int, bytes], place: int, level: int, leaves: int) -> bytes:
    if place in at:
        return at[place]
    if place << level < leaves:
        raise Refused(f"a node of level {level} at {place} is missing, or covered twice")
    return empty(level)


def levels_above(tops: Rows, leaves: int, hashing: Hashing) -> list[Rows]:
    """The rows of every level from the tops of tiles to the root.

    `tops` are all of level 8; where the leaves end inside a tile the last has its empty part. For a
    tree no higher than a tile there is one.
    """
    found, rows = [tops], tops
    for level in range(TILE_LEVELS + 1, height_of(leaves) + 1):
        if len(rows) % 2:
            rows = np.concatenate([rows, rows_of(empty(level - 1))])
        rows = hashing.nodes(level, rows)
        found.append(rows)
    return found


def padded(rows: Rows) -> Rows:
    """Leaves with empty ones up to a whole tile."""
    short = -len(rows) % TILE
    return np.concatenate([rows, np.zeros((short, ROW), np.uint8)]) if short else rows

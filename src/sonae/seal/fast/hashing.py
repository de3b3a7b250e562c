"""Who hashes: the compiled kernels, or plain `hashlib` over the same arrays."""

from __future__ import annotations

import hashlib
import sys
from typing import TYPE_CHECKING, Protocol

import numpy as np

from sonae.core.errors import Refused
from sonae.seal import tree
from sonae.seal.encoding import LIMIT, ROW, prefix, salted
from sonae.seal.fast.arrays import Digests, Leaves, Numbers, Pairs, Rows, Texts, rows_of

if TYPE_CHECKING:
    from types import ModuleType

TILE_LEVELS = 8
TILE = 1 << TILE_LEVELS
"""Leaves of a tile: what is kept of a tree begins at the tops of its tiles."""
WORTH_IT = 1 << 16
"""Leaves from which the compiled kernels are worth their start."""
TOO_MUCH = "the sum of an asset reaches 2^128"


class Hashing(Protocol):
    """What is hashed for a seal. Compiled or plain, the bytes are the same."""

    name: str

    def accounts(self, texts: Texts) -> Digests:
        """The account digest of each text."""

    def leaves(
        self, key: bytes, digests: Digests, assets: Numbers, amounts: Pairs, parts: int
    ) -> Leaves:
        """The leaves of claims: part p of claim i at `i * parts + p`."""

    def nodes(self, level: int, rows: Rows) -> Rows:
        """The nodes of a level over an even number of rows; Refused where a sum does not fit."""

    def tiles(self, rows: Rows) -> Rows:
        """The top of each tile of 256 leaves, of a whole number of tiles; Refused likewise."""


def choose(leaves: int, lanes: int | None = None) -> Hashing:
    """The hashing for so many leaves.

    Args:
        leaves: how many there will be, about; few are not worth the start of compiled code.
        lanes: messages hashed at once, a power of 2 from 8; by itself what suits the machine.
    """
    if leaves < WORTH_IT and lanes is None:
        return Plain()
    found = _kernels()
    return Plain() if found is None else Compiled(found, lanes)


def _kernels() -> ModuleType | None:
    """The kernels, where Numba can be imported and the machine stores the low byte first."""
    if sys.byteorder != "little":
        return None
    try:
        from sonae.seal.fast import kernels
    except ImportError:
        return None
    return kernels


class Plain:
    """The reference of `sonae.seal`, over arrays."""

    name = "hashlib"

    def accounts(self, texts: Texts) -> Digests:
        """The account digest of each text."""
        head = prefix("A")
        made = [hashlib.sha256(head + texts.text(i)).digest() for i in range(len(texts))]
        return np.frombuffer(b"".join(made), np.uint8).reshape(-1, 32)

    def leaves(
        self, key: bytes, digests: Digests, assets: Numbers, amounts: Pairs, parts: int
    ) -> Leaves:
        """The leaves of claims: part p of claim i at `i * parts + p`."""
        salts, rows = [], list[bytes]()
        for digest, asset, (high, low) in zip(
            digests, assets.tolist(), amounts.tolist(), strict=True
        ):
            made = salted([(digest.tobytes(), high << 64 | low)], key, asset, parts)
            salts += [leaf[0][:16] for leaf in made]
            rows += tree.rows_of(made, asset)
        numbers = np.frombuffer(b"".join(salts), ">u8").astype(np.uint64)
        return Leaves(numbers.reshape(-1, 2), rows_of(b"".join(rows)))

    def nodes(self, level: int, rows: Rows) -> Rows:
        """The nodes of a level over an even number of rows."""
        content, head, made = rows.tobytes(), prefix("N", level), []
        for at in range(0, len(content), 2 * ROW):
            pair = content[at : at + 2 * ROW]
            both = int.from_bytes(pair[32:48], "big") + int.from_bytes(pair[80:], "big")
            if both >= LIMIT:
                raise Refused(TOO_MUCH)
            made.append(hashlib.sha256(head + pair).digest() + both.to_bytes(16, "big"))
        return rows_of(b"".join(made))

    def tiles(self, rows: Rows) -> Rows:
        """The top of each tile of 256 leaves."""
        for level in range(1, TILE_LEVELS + 1):
            rows = self.nodes(level, rows)
        return rows


class Compiled:
    """The kernels, several messages at a time; they let go of the interpreter while they run."""

    name = "numba"

    def __init__(self, kernels: ModuleType, lanes: int | None) -> None:
        from sonae.seal.fast.lanes import best

        self._kernels, self._lane = kernels, best() if lanes is None else (0,) * lanes

    def accounts(self, texts: Texts) -> Digests:
        """The account digest of each text."""
        out = np.empty((len(texts), 8), np.uint32)
        data = np.ascontiguousarray(texts.data)
        starts = np.ascontiguousarray(texts.starts, np.int64)
        self._kernels.accounts(self._lane, data, starts, out)
        return out.view(np.uint8)

    def leaves(
        self, key: bytes, digests: Digests, assets: Numbers, amounts: Pairs, parts: int
    ) -> Leaves:
        """The leaves of claims: part p of claim i at `i * parts + p`."""
        salts = np.empty((len(digests) * parts, 2), np.uint64)
        rows = np.empty((len(digests) * parts, ROW // 4), np.uint32)
        self._kernels.leaves(
            self._lane,
            _pads(key),
            _as_words(digests),
            np.ascontiguousarray(assets, np.uint32),
            np.ascontiguousarray(amounts, np.uint64),
            parts,
            salts,
            rows,
        )
        return Leaves(salts, rows.view(np.uint8))

    def nodes(self, level: int, rows: Rows) -> Rows:
        """The nodes of a level over an even number of rows."""
        out = np.empty((len(rows) // 2, ROW // 4), np.uint32)
        if not self._kernels.nodes(self._lane, level, _as_words(rows), out):
            raise Refused(TOO_MUCH)
        return out.view(np.uint8)

    def tiles(self, rows: Rows) -> Rows:
        """The top of each tile of 256 leaves."""
        out = np.empty((len(rows) // TILE, ROW // 4), np.uint32)
        if not self._kernels.tiles(self._lane, TILE_LEVELS, _as_words(rows), out):
            raise Refused(TOO_MUCH)
        return out.view(np.uint8)


def _as_words(content: Rows) -> Numbers:
    """Bytes as words; a copy of what may not be written, so that one form is compiled."""
    found = np.ascontiguousarray(content)
    return (found if found.flags.writeable else found.copy()).view(np.uint32)


def _pads(key: bytes) -> Numbers:
    """The two blocks of HMAC with a key of up to 64 bytes."""
    padded = np.frombuffer(key.ljust(64, b"\0"), np.uint8)
    return np.stack([(padded ^ pad).view(">u4") for pad in (0x36, 0x5C)]).astype(np.uint32)

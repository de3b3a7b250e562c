"""The header of a day: roots, totals and counts of every asset, chained to the day before.

    P(H,0) | seq u64 | time_ms u64 | previous header hash 32 | key commitment 32
    | operator hash 32 | manifest hash 32 | assets u32 | parts u32
    then by asset, ascending:  asset u32 | height u8 | 000000 | leaves u64 | total u128 | root 32

160 bytes and 64 for each asset. Its SHA-256 is what is signed, chained and published.
"""

from __future__ import annotations

import hashlib
import struct
import unicodedata
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from sonae.core.errors import SonaeError
from sonae.seal.encoding import height_of, prefix

_HEAD, _ASSET = struct.Struct(">8sQQ32s32s32s32sII"), struct.Struct(">IB3xQ16s32s")
NONE = bytes(32)
"""The previous header hash of a first seal."""


class SealError(SonaeError):
    """A seal, or a part of one, that does not hold; says which and why."""


class Sealed(NamedTuple):
    """One asset in a header."""

    asset: int
    height: int
    leaves: int
    total: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Header:
    """What one day commits to."""

    seq: int
    time_ms: int
    previous: bytes
    key_commitment: bytes
    operator: bytes
    manifest: bytes
    parts: int
    assets: tuple[Sealed, ...]

    def pack(self) -> bytes:
        """The bytes."""
        head = _HEAD.pack(
            prefix("H"),
            self.seq,
            self.time_ms,
            self.previous,
            self.key_commitment,
            self.operator,
            self.manifest,
            len(self.assets),
            self.parts,
        )
        rows = [
            _ASSET.pack(a.asset, a.height, a.leaves, a.total.to_bytes(16, "big"), a.root)
            for a in self.assets
        ]
        return head + b"".join(rows)

    def hash(self) -> str:
        """The header hash, in hexadecimal."""
        return hashlib.sha256(self.pack()).hexdigest()

    def sealed(self, asset: int) -> Sealed:
        """One asset; a SealError where the header does not have it."""
        for found in self.assets:
            if found.asset == asset:
                return found
        raise SealError(f"the header has no asset {asset}")


def unpack(content: bytes) -> Header:
    """A header from its bytes; a SealError where they are none, to the last one."""
    if len(content) < _HEAD.size or content[:8] != prefix("H"):
        raise SealError("not a header of version 1")
    _, seq, time_ms, previous, key, operator, said, count, parts = _HEAD.unpack_from(content)
    if len(content) != _HEAD.size + count * _ASSET.size:
        raise SealError(f"a header of {count} assets does not have {len(content)} bytes")
    assets = [
        Sealed(asset, height, leaves, int.from_bytes(total, "big"), root)
        for asset, height, leaves, total, root in _ASSET.iter_unpack(content[_HEAD.size :])
    ]
    if any(a.asset >= b.asset for a, b in pairwise(assets)):
        raise SealError("the assets of the header are not in ascending order")
    if any(a.height != height_of(a.leaves) for a in assets):
        raise SealError("the height of a tree is not that of its number of leaves")
    header = Header(seq, time_ms, previous, key, operator, said, parts, tuple(assets))
    if not parts or header.pack() != content:
        raise SealError("the header is not in its only form")
    return header


def operator_hash(name: str) -> bytes:
    """The hash under which an operator stands in a header."""
    return hashlib.sha256(unicodedata.normalize("NFC", name).encode()).digest()

"""A transparency log: a list to which entries are added and from which none can be taken.

Hashing and proofs are those of RFC 6962, section 2.1. A log here has one entry a day, so proofs are
made from all entries; they are checked without any.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

from sonae.core.errors import SonaeError

EMPTY = hashlib.sha256(b"").digest()
"""The root of a log without entries."""


class LogError(SonaeError):
    """A log, a proof, a signature or a file of a log does not hold; says which and why."""


class Head(NamedTuple):
    """A log at one moment: how many entries, and the root over them (32 bytes)."""

    size: int
    root: bytes


def leaf_hash(data: bytes) -> bytes:
    """The hash of an entry."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash over two hashes."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def _above(hashes: Sequence[bytes]) -> list[bytes]:
    """One level up: pairs are hashed, an odd last one is carried."""
    pairs = [node_hash(*hashes[i : i + 2]) for i in range(0, len(hashes) - 1, 2)]
    return pairs + list(hashes[len(pairs) * 2 :])


def root(hashes: Sequence[bytes]) -> bytes:
    """The root over the hashes of entries.

    >>> root([]).hex()[:8]
    'e3b0c442'
    """
    while len(hashes) > 1:
        hashes = _above(hashes)
    return hashes[0] if hashes else EMPTY


def head(entries: Sequence[bytes]) -> Head:
    """Size and root of a log of these entries."""
    return Head(len(entries), root([leaf_hash(entry) for entry in entries]))


def inclusion(index: int, hashes: Sequence[bytes]) -> list[bytes]:
    """The proof that the entry at `index` is in the log of all these hashes."""
    if not 0 <= index < len(hashes):
        raise LogError(f"no entry {index} in a log of {len(hashes)}")
    proof: list[bytes] = []
    while len(hashes) > 1:
        proof += hashes[index ^ 1 : (index ^ 1) + 1]
        hashes, index = _above(hashes), index // 2
    return proof


def consistency(old: int, hashes: Sequence[bytes]) -> list[bytes]:
    """The proof that the log of the first `old` hashes is the beginning of that of all."""
    if not 0 <= old <= len(hashes):
        raise LogError(f"a log of {len(hashes)} entries has no beginning of {old}")
    return _subproof(old, hashes, True) if old else []


def _subproof(old: int, hashes: Sequence[bytes], known: bool) -> list[bytes]:
    """SUBPROOF of RFC 6962, section 2.1.2; `known` where the verifier has the old root itself."""
    if old == len(hashes):
        return [] if known else [root(hashes)]
    half = 1 << (len(hashes) - 1).bit_length() - 1
    if old <= half:
        return [*_subproof(old, hashes[:half], known), root(hashes[half:])]
    return [*_subproof(old - half, hashes[half:], False), root(hashes[:half])]


def check_inclusion(leaf: bytes, index: int, log: Head, proof: Sequence[bytes]) -> None:
    """That the entry whose hash is `leaf` stands at `index` of the log; a LogError where not.

    The steps are those of RFC 9162, section 2.1.3.2.
    """
    if not 0 <= index < log.size:
        raise LogError(f"no entry {index} in a log of {log.size}")
    _thirty_two(leaf, log.root, *proof)
    at, last, made = index, log.size - 1, leaf
    for step in proof:
        if not last:
            raise LogError(f"the proof of entry {index} in a log of {log.size} is too long")
        left, at, last = _climb(at, last)
        made = node_hash(step, made) if left else node_hash(made, step)
    if last:
        raise LogError(f"the proof of entry {index} in a log of {log.size} is too short")
    if made != log.root:
        raise LogError(f"entry {index} is not shown to be in the log of {log.size}: another root")


def check_consistency(old: Head, new: Head, proof: Sequence[bytes]) -> None:
    """That `new` begins with all that `old` had, in its order; a LogError where not.

    The steps are those of RFC 9162, section 2.1.4.2. Every log begins with the empty one.
    """
    what = f"the log of {new.size} entries and the one of {old.size}"
    if not 0 <= old.size <= new.size:
        raise LogError(f"the log has shrunk from {old.size} entries to {new.size}")
    _thirty_two(old.root, new.root, *proof)
    if old.size == new.size and old.root != new.root:
        raise LogError(f"two logs of {old.size} entries with different roots")
    if old.size == 0 and old.root != EMPTY:
        raise LogError("a log without entries has another root than the empty one")
    if old.size in (0, new.size):
        if proof:
            raise LogError(f"{what}: the proof must be empty")
        return
    at, last = old.size - 1, new.size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    steps = [old.root, *proof] if not at else list(proof)
    if not steps:
        raise LogError(f"{what}: the proof is too short")
    was = made = steps[0]
    for step in steps[1:]:
        if not last:
            raise LogError(f"{what}: the proof is too long")
        left, at, last = _climb(at, last)
        was = node_hash(step, was) if left else was
        made = node_hash(step, made) if left else node_hash(made, step)
    if last:
        raise LogError(f"{what}: the proof is too short")
    if was != old.root:
        raise LogError(f"{what}: the proof does not lead to the old root")
    if made != new.root:
        raise LogError(f"{what}: the proof does not lead to the new root")


def _climb(at: int, last: int) -> tuple[bool, int, int]:
    """One step up: whether the proof's hash stands on the left, then node and last node there."""
    left = bool(at & 1) or at == last
    while left and at and not at & 1:
        at, last = at >> 1, last >> 1
    return left, at >> 1, last >> 1


def _thirty_two(*hashes: bytes) -> None:
    if any(len(one) != 32 for one in hashes):
        raise LogError("a hash that is not of 32 bytes")

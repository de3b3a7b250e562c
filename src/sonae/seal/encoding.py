"""The bytes that are hashed, version 1: integers unsigned and big-endian, SHA-256 never cut.

    K     = HMAC(master, P(S,0) | seq u64 | time_ms u64)              one key a day
    A     = H(P(A,0) | account text in UTF-8, NFC)                     account digest
    salt  = HMAC(K, A | asset u32 | part u32)
    leaf  = H(P(L,0) | salt | A | asset u32 | part u32 | amount u128)
    node  = H(P(N,level) | hash | sum u128 | hash | sum u128)          left, right
    P(kind, level) = "SONAE" 01 kind level

A hash and its sum (32 and 16 bytes) are a *row*. Both children's sums are hashed apart: adding them
before hashing lets one tree show two customers two totals (ePrint 2018/1139).
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from collections.abc import Iterable
from functools import cache

LIMIT = 1 << 128
"""Amounts and sums stay below this."""
ROW = 48


def prefix(kind: str, level: int = 0) -> bytes:
    """The first 8 bytes of everything that is hashed: no leaf can pass for a node."""
    return b"SONAE\x01" + kind.encode() + bytes([level])


LEAF = prefix("L")


def day_key(master: bytes, seq: int, time_ms: int) -> bytes:
    """The key of one day: whoever learns it opens that day and no other."""
    return hmac.digest(master, prefix("S") + _u64(seq) + _u64(time_ms), "sha256")


def key_commitment(key: bytes) -> bytes:
    """What a header says of its key: enough to know it again, not to find it."""
    return hashlib.sha256(prefix("K") + key).digest()


def normal(account: str) -> str:
    """An account text as it is hashed (Unicode NFC)."""
    return unicodedata.normalize("NFC", account)


def account_digest(account: str) -> bytes:
    """A: the digest of a text that the customer knows."""
    return hashlib.sha256(prefix("A") + normal(account).encode()).digest()


def salted(
    claims: Iterable[tuple[bytes, int]], key: bytes, asset: int, parts: int
) -> list[tuple[bytes, bytes, int, int]]:
    """Salt, account digest, part and amount of each part of each claim (digest, amount).

    A claim is split so that a neighbour sees a fragment only: each part but the last takes the
    share `salt[24:32] / 2^64` of what is left, rounded down.
    """
    padded = key.ljust(64, b"\0")
    inner, outer = (
        hashlib.sha256(padded.translate(bytes(b ^ pad for b in range(256)))).copy
        for pad in (0x36, 0x5C)
    )  # the two states of HMAC-SHA-256, kept
    tails = [(part, _u32(asset) + _u32(part)) for part in range(parts)]
    last, number, made = parts - 1, int.from_bytes, []
    for digest, left in claims:
        for part, tail in tails:
            first, second = inner(), outer()
            first.update(digest + tail)
            second.update(first.digest())
            salt = second.digest()
            share = left if part == last else left * number(salt[24:], "big") >> 64
            left -= share
            made.append((salt, digest, part, share))
    return made


@cache
def empty(level: int) -> bytes:
    """The row of a subtree without leaves; at level 0 a hash of zeros."""
    if level == 0:
        return bytes(ROW)
    below = empty(level - 1)
    return hashlib.sha256(prefix("N", level) + below + below).digest() + bytes(16)


def height_of(leaves: int) -> int:
    """The least height of at least 1 that has room for the leaves.

    >>> [height_of(n) for n in (0, 1, 2, 3, 4, 5)]
    [1, 1, 1, 2, 2, 3]
    """
    return max(1, (leaves - 1).bit_length()) if leaves else 1


def _u32(value: int) -> bytes:
    return value.to_bytes(4, "big")


def _u64(value: int) -> bytes:
    return value.to_bytes(8, "big")

"""Sealing by the reference, against a bare hashlib loop over the same preimages, in one run.

The preimages are everything that is hashed for the leaves of one asset: account digests, the two
halves of each salt's HMAC, leaves and nodes. The bare loop hashes them, already joined, and keeps
the digests; the reference derives, splits, sorts and builds.

    python benchmarks/seal.py [--leaves 1000000] [--rounds 3]
"""

from __future__ import annotations

import argparse
import hashlib
import platform
import resource
import time
from collections.abc import Callable
from statistics import median

from sonae.seal import tree
from sonae.seal.encoding import LEAF, account_digest, day_key, normal, prefix

ASSET, PARTS = 1, 2
AT_MOST = 6


def texts(leaves: int) -> list[str]:
    return [f"A{n:09}|customer{n}@example.jp" for n in range(leaves // PARTS)]


def reference(names: list[str], key: bytes) -> tree.Tree:
    """What the product does for one asset."""
    claims = [(account_digest(name), 7_919 * n + 1) for n, name in enumerate(names)]
    return tree.build(tree.rows_of(tree.leaves(claims, key, ASSET, PARTS), ASSET))


def preimages(names: list[str], key: bytes) -> list[bytes]:
    """Everything that is hashed on the way, joined beforehand."""
    found = [prefix("A") + normal(name).encode() for name in names]
    claims = [(account_digest(name), 7_919 * n + 1) for n, name in enumerate(names)]
    made = tree.leaves(claims, key, ASSET, PARTS)
    padded = key.ljust(64, b"\0")
    inner, outer = (bytes(b ^ pad for b in padded) for pad in (0x36, 0x5C))
    middle = ASSET.to_bytes(4, "big")
    for salt, digest, part, amount in made:
        message = digest + middle + part.to_bytes(4, "big")
        found.append(inner + message)
        found.append(outer + hashlib.sha256(inner + message).digest())
        tail = middle + part.to_bytes(4, "big") + amount.to_bytes(16, "big")
        found.append(LEAF + salt + digest + tail)
    levels = tree.build(tree.rows_of(made, ASSET)).levels
    for level, below in enumerate(levels[:-1], 1):
        rows = [*below, *[tree.empty(level - 1)] * (len(below) % 2)]
        found += [prefix("N", level) + a + b for a, b in zip(rows[::2], rows[1::2], strict=True)]
    return found


def bare(messages: list[bytes]) -> list[bytes]:
    sha = hashlib.sha256
    return [sha(message).digest() for message in messages]


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leaves", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    print(f"{platform.machine()}, Python {platform.python_version()}")
    names, key = texts(asked.leaves), day_key(bytes(32), 1, 0)
    times: list[tuple[float, float]] = []
    peak = 0
    for _ in range(asked.rounds):
        ours = seconds(lambda: reference(names, key))
        peak = peak or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        messages = preimages(names, key)
        times.append((ours, seconds(lambda messages=messages: bare(messages))))
        count = len(messages)
        del messages
    ours, theirs = (median(column) for column in zip(*times, strict=True))
    ratio = ours / theirs
    print(f"{asked.leaves:,} leaves, {count:,} preimages, {asked.rounds} rounds (medians)")
    print(f"  reference {ours:.2f} s   bare hashlib {theirs:.2f} s   {ratio:.2f} times", end="")
    print(f" (at most {AT_MOST})   memory {peak:,} MB; both grow with the leaves")
    print("held" if ratio <= AT_MOST else "NOT held")
    return 0 if ratio <= AT_MOST else 1


if __name__ == "__main__":
    raise SystemExit(main())

"""The encoding of a seal restated plainly, to hold the fast maker and the verifiers against.

Recursive and slow, one function per line of the table. Not to be made faster.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from collections.abc import Iterable
from typing import Any, NamedTuple

TOP = 1 << 128
EMPTY = bytes(32)


class Node(NamedTuple):
    """A hash and what the leaves below it add up to."""

    hash: bytes
    sum: int


class Leaf(NamedTuple):
    """One part of one account's amount of one asset."""

    salt: bytes
    digest: bytes
    asset: int
    part: int
    amount: int


class Sealed(NamedTuple):
    """What the maker hands out: a header for everyone, a receipt for each account."""

    header: bytes
    hash: bytes
    receipts: dict[str, dict[str, Any]]


def u(number: int, size: int) -> bytes:
    return number.to_bytes(size, "big")


def prefix(kind: str, level: int = 0) -> bytes:
    return b"SONAE" + bytes([1]) + kind.encode("ascii") + bytes([level])


def sha(*fields: bytes) -> bytes:
    return hashlib.sha256(b"".join(fields)).digest()


def mac(key: bytes, *fields: bytes) -> bytes:
    return hmac.new(key, b"".join(fields), hashlib.sha256).digest()


def nfc(text: str) -> bytes:
    return unicodedata.normalize("NFC", text).encode("utf-8")


def snapshot_key(master: bytes, seq: int, time_ms: int) -> bytes:
    return mac(master, prefix("S"), u(seq, 8), u(time_ms, 8))


def account_digest(account: str) -> bytes:
    return sha(prefix("A"), nfc(account))


def salt(key: bytes, digest: bytes, asset: int, part: int) -> bytes:
    return mac(key, digest, u(asset, 4), u(part, 4))


def split(amount: int, salts: list[bytes]) -> list[int]:
    """All but the last part take a secret share of what is left; the last takes the rest."""
    first, *others = salts
    if not others:
        return [amount]
    share = amount * int.from_bytes(first[24:32], "big") >> 64
    return [share, *split(amount - share, others)]


def leaf_node(leaf: Leaf) -> Node:
    fields = leaf.salt, leaf.digest, u(leaf.asset, 4), u(leaf.part, 4), u(leaf.amount, 16)
    return Node(sha(prefix("L"), *fields), leaf.amount)


def join(level: int, left: Node, right: Node) -> Node:
    if left.sum + right.sum >= TOP:
        raise ValueError(f"a sum at level {level} is 2^128 or more")
    fields = left.hash, u(left.sum, 16), right.hash, u(right.sum, 16)
    return Node(sha(prefix("N", level), *fields), left.sum + right.sum)


def node(leaves: list[Leaf], level: int, position: int) -> Node:
    """The node at a position of a level, from the leaves up; past the last leaf it is empty."""
    if level > 0:
        left, right = (node(leaves, level - 1, 2 * position + side) for side in (0, 1))
        return join(level, left, right)
    return leaf_node(leaves[position]) if position < len(leaves) else Node(EMPTY, 0)


def height(n: int) -> int:
    h = 1
    while 2**h < n:
        h += 1
    return h


def path(leaves: list[Leaf], index: int) -> bytes:
    """The siblings from the leaf's own up to the one below the root."""
    siblings = [node(leaves, at, (index >> at) ^ 1) for at in range(height(len(leaves)))]
    return b"".join(sibling.hash + u(sibling.sum, 16) for sibling in siblings)


def header_bytes(
    seq: int, time_ms: int, previous: bytes, key: bytes, operator: str, manifest: bytes,
    parts: int, trees: dict[int, list[Leaf]],
) -> bytes:  # fmt: skip
    head = prefix("H"), u(seq, 8), u(time_ms, 8), previous, sha(prefix("K"), key)
    rest = sha(nfc(operator)), sha(manifest), u(len(trees), 4), u(parts, 4)
    return b"".join([*head, *rest, *(entry(asset, trees[asset]) for asset in sorted(trees))])


def entry(asset: int, leaves: list[Leaf]) -> bytes:
    h = height(len(leaves))
    root = node(leaves, h, 0)
    return u(asset, 4) + u(h, 1) + bytes(3) + u(len(leaves), 8) + u(root.sum, 16) + root.hash


def order(leaf: Leaf) -> tuple[bytes, bytes, int]:
    return leaf.salt, leaf.digest, leaf.part


def seal(
    *, master: bytes, seq: int, time_ms: int, previous: bytes, operator: str, manifest: bytes,
    parts: int, rows: Iterable[tuple[str, int, int]],
) -> Sealed:  # fmt: skip
    """The whole of section 6: rows are account text, asset number, amount."""
    key = snapshot_key(master, seq, time_ms)
    trees: dict[int, list[Leaf]] = {}
    own: dict[str, list[Leaf]] = {}
    for account, asset, amount in rows:
        digest = account_digest(account)
        salts = [salt(key, digest, asset, part) for part in range(parts)]
        shares = split(amount, salts)
        made = [Leaf(salts[p], digest, asset, p, shares[p]) for p in range(parts)]
        mine = own.setdefault(unicodedata.normalize("NFC", account), [])
        if any(leaf.asset == asset for leaf in mine):
            raise ValueError(f"two rows of one account and asset: {account}, {asset}")
        mine += made
        trees.setdefault(asset, []).extend(made)
    for leaves in trees.values():
        leaves.sort(key=order)
    header = header_bytes(seq, time_ms, previous, key, operator, manifest, parts, trees)
    receipts = {account: receipt(header, account, own[account], trees) for account in own}
    return Sealed(header, sha(header), receipts)


def receipt(
    header: bytes, account: str, own: list[Leaf], trees: dict[int, list[Leaf]]
) -> dict[str, Any]:
    leaves = []
    for leaf in sorted(own, key=lambda leaf: (leaf.asset, leaf.part)):
        index = trees[leaf.asset].index(leaf)
        leaves.append(
            {
                "asset": leaf.asset,
                "part": leaf.part,
                "amount": str(leaf.amount),
                "index": index,
                "salt": leaf.salt.hex(),
                "path": path(trees[leaf.asset], index).hex(),
            }
        )
    return {"header": header.hex(), "account": account, "leaves": leaves}

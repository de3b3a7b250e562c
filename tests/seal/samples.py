"""A small seal to break, and the ways to break one field of a receipt."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable, Iterator
from typing import Any

from . import restated

ACCOUNT = "JP-000777|sato@example.jp|窓のガラス"
"""NFC; its NFD form has the voiced kana as two characters each."""

SEAL: dict[str, Any] = {
    "master": bytes(range(32)),
    "seq": 42,
    "time_ms": 1767225600000,
    "previous": hashlib.sha256(b"yesterday").digest(),
    "operator": "operator",
    "manifest": b"{}",
    "parts": 2,
}
ROWS = [
    (ACCOUNT, 1, 1_234_567_890_123_456_789),
    (ACCOUNT, 7, 9_007_199_254_740_993),  # 2^53 + 1: a binary float cannot hold it
    ("JP-000001|a@example.jp", 1, 5),
    ("JP-000002|b@example.jp", 1, 10**20),
    ("JP-000003|c@example.jp", 300, 0),
]


def sealed(rows: list[tuple[str, int, int]] = ROWS, **other: Any) -> restated.Sealed:
    return restated.seal(rows=rows, **{**SEAL, **other})


def changed(receipt: dict[str, Any], change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    """A copy of a receipt with one change made in it."""
    copied = copy.deepcopy(receipt)
    change(copied)
    return copied


def with_header(receipt: dict[str, Any], at: int, data: bytes) -> dict[str, Any]:
    """The receipt with other bytes at a place of its header."""
    header = bytes.fromhex(receipt["header"])
    return {**receipt, "header": (header[:at] + data + header[at + len(data) :]).hex()}


def hash_of(receipt: dict[str, Any]) -> str:
    return hashlib.sha256(bytes.fromhex(receipt["header"])).hexdigest()


def flips_of_bytes(data: bytes) -> Iterator[bytes]:
    """The same bytes with each single bit flipped in turn."""
    for bit in range(8 * len(data)):
        number = int.from_bytes(data, "big") ^ (1 << bit)
        yield number.to_bytes(len(data), "big")


def flips_of(value: Any, field: str) -> Iterator[Any]:
    """A value of a receipt with each single bit flipped; numbers as wide as in the bytes."""
    if field in ("header", "salt", "path"):
        yield from (data.hex() for data in flips_of_bytes(bytes.fromhex(value)))
    elif field == "amount":
        yield from (str(int(value) ^ (1 << bit)) for bit in range(128))
    elif field in ("asset", "part"):
        yield from (value ^ (1 << bit) for bit in range(32))
    elif field == "index":
        yield from (value ^ (1 << bit) for bit in range(64))
    else:
        for data in flips_of_bytes(value.encode("utf-8")):
            try:
                yield data.decode("utf-8")
            except UnicodeDecodeError:
                continue  # no text


def forged(
    seal: restated.Sealed, receipt: dict[str, Any], level: int, sibling: restated.Node
) -> dict[str, Any]:
    """A receipt of one leaf with another sibling, and a header whose root and total agree."""
    shown = receipt["leaves"][0]
    place = 96 * level
    data = sibling.hash + sibling.sum.to_bytes(16, "big")
    path = shown["path"][:place] + data.hex() + shown["path"][place + 96 :]
    forged_leaf = restated.Leaf(
        bytes.fromhex(shown["salt"]), restated.account_digest(receipt["account"]),
        1, 0, int(shown["amount"]),
    )  # fmt: skip
    node = restated.leaf_node(forged_leaf)
    for at in range(len(path) // 96):
        step = bytes.fromhex(path[96 * at : 96 * at + 96])
        other = restated.Node(step[:32], int.from_bytes(step[32:], "big"))
        pair = (other, node) if shown["index"] >> at & 1 else (node, other)
        node = wrapping(at + 1, *pair)
    header = seal.header[:176] + node.sum.to_bytes(16, "big") + node.hash
    return {**receipt, "header": header.hex(), "leaves": [{**shown, "path": path}]}


def wrapping(level: int, left: restated.Node, right: restated.Node) -> restated.Node:
    """A node as a dishonest maker would make it: its sum loses what does not fit."""
    fields = left.hash, left.sum.to_bytes(16, "big"), right.hash, right.sum.to_bytes(16, "big")
    digest = restated.sha(restated.prefix("N", level), *fields)
    return restated.Node(digest, (left.sum + right.sum) % 2**128)


def tall(leaves: int, assets: int = 4) -> restated.Sealed:
    """A header over trees of so many leaves each, of which two are made and the rest drawn.

    The two parts of the claim stand side by side at the start of each tree; beside their path stand
    nodes as a whole tree would have them.
    """
    key = restated.snapshot_key(SEAL["master"], 1, 1)
    own, entries, shown = restated.account_digest(ACCOUNT), [], []
    for asset in range(assets):
        salts = [restated.salt(key, own, asset, part) for part in (0, 1)]
        shares = restated.split(1_000_000_007 + asset, salts)
        made = [restated.Leaf(salts[p], own, asset, p, shares[p]) for p in (0, 1)]
        pair = [restated.leaf_node(leaf) for leaf in made]
        path, node = b"", restated.join(1, *pair)
        for level in range(1, restated.height(leaves)):
            beside = restated.Node(restated.sha(b"%d" % level), 10**20 + level)
            path += beside.hash + restated.u(beside.sum, 16)
            node = restated.join(level + 1, node, beside)
        for p, other in ((0, pair[1]), (1, pair[0])):
            sibling = other.hash + restated.u(other.sum, 16)
            fields = {"asset": asset, "part": p, "amount": str(shares[p]), "index": p}
            shown.append({**fields, "salt": salts[p].hex(), "path": (sibling + path).hex()})
        height = restated.u(restated.height(leaves), 1) + bytes(3)
        count = restated.u(leaves, 8)
        entries.append(restated.u(asset, 4) + height + count + restated.u(node.sum, 16) + node.hash)
    head = restated.header_bytes(1, 1, bytes(32), key, "operator", b"{}", 2, {})
    header = head[:152] + restated.u(assets, 4) + head[156:] + b"".join(entries)
    receipt = {"header": header.hex(), "account": ACCOUNT, "leaves": shown}
    return restated.Sealed(header, restated.sha(header), {ACCOUNT: receipt})

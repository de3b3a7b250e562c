"""Bitcoin through JSON-RPC: unspent outputs of named scripts at one block.

A node's own index knows its tip only, so blocks are walked: each is asked for raw, its hash and its
Merkle root are worked out again, and its place after the one before is checked. What a walk found
is the start of the next one. `embit` reads transactions, addresses and descriptors.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, NamedTuple

from embit import compact, script
from embit.descriptor import Descriptor
from embit.transaction import Transaction

from sonae.chains.node import Block, Node, NodeError, moment, number, octets

BATCH = 50
START = "0" * 64
"""What the first block of a chain names as the one before it."""
Coins = Mapping[str, "Coin"]
"""By outpoint, `transaction:index`."""


class Coin(NamedTuple):
    """An unspent output: satoshi, the script it is locked by in hexadecimal, its block's height."""

    units: int
    script: str
    height: int


@dataclass(frozen=True, slots=True)
class Opened:
    """A raw block whose hash and Merkle root hold: the block before it, time, transactions."""

    hash: str
    previous: str
    seconds: int
    transactions: tuple[tuple[str, Any], ...]


class Bitcoin:
    """The Bitcoin chain as one node knows it; `network` as the node names it: main, regtest."""

    def __init__(self, node: Node, network: str) -> None:
        self.node, self.network = node, network

    def ready(self) -> None:
        """Refuse another network and a node that is still catching up."""
        found = self.node.call("getblockchaininfo")
        if not isinstance(found, dict) or found.get("chain") != self.network:
            raise NodeError(f"the node is not of network {self.network}")
        blocks, headers = (number(found.get(k), k) for k in ("blocks", "headers"))
        if found.get("initialblockdownload") or blocks < headers:
            raise NodeError(f"the node is still catching up: {blocks} of {headers} blocks")

    def block(self, at: int | str) -> Block | None:
        """A block of the best chain by height, or `latest`."""
        tip = self.node.call("getbestblockhash")
        head = self._header(tip)
        if at == "latest" or at == head.height:
            return head
        if not isinstance(at, int):
            raise NodeError(f"Bitcoin knows no {at} block")
        if not 0 <= at < head.height:
            return None
        return self._header(self.node.call("getblockhash", at))

    def named(self, hash: str) -> Block | None:
        """A block by its hash."""
        try:
            return self._header(hash)
        except NodeError:
            return None

    def opened(self, hashes: Sequence[str]) -> list[Opened]:
        """Raw blocks by hash, each checked."""
        raws = self.node.batch([("getblock", (h, False)) for h in hashes])
        return [open_block(octets(r, "a block"), h) for r, h in zip(raws, hashes, strict=True)]

    def walk(
        self, scripts: frozenset[str], to: Block, start: Coins, after: Block | None = None
    ) -> dict[str, Coin]:
        """Unspent outputs of `scripts` at block `to`, from those at block `after` (None: none).

        Raises:
            NodeError: the blocks do not follow one another from `after` to `to`.
        """
        coins, last = dict(start), after.hash if after else START
        first = after.height + 1 if after else 0
        for low in range(first, to.height + 1, BATCH):
            heights = range(low, min(low + BATCH, to.height + 1))
            hashes = self.node.batch([("getblockhash", (h,)) for h in heights])
            for height, block in zip(heights, self.opened(hashes), strict=True):
                if block.previous != last:
                    raise NodeError(f"block {block.hash} at {height} does not follow {last}")
                spend(coins, block, scripts, height)
                last = block.hash
        if last != to.hash:
            raise NodeError(f"block {to.hash} left the best chain while it was read")
        return coins

    def _header(self, hash: Any) -> Block:
        found = self.node.call("getblockheader", hash, True)
        if not isinstance(found, dict) or found.get("hash") != hash:
            raise NodeError(f"no header of block {hash}")
        height, time = (number(found.get(k), f"a block's {k}") for k in ("height", "time"))
        return Block(height, str(hash), moment(time))


def spend(coins: dict[str, Coin], block: Opened, scripts: frozenset[str], height: int) -> None:
    """Take out what a block spends and put in what it pays to `scripts`."""
    for txid, transaction in block.transactions:
        for source in transaction.vin:
            coins.pop(f"{bytes(source.txid).hex()}:{source.vout}", None)
        for index, paid in enumerate(transaction.vout):
            to = paid.script_pubkey.data.hex()
            if to in scripts:
                coins[f"{txid}:{index}"] = Coin(paid.value, to, height)


def open_block(raw: bytes, hash: str) -> Opened:
    """Read a raw block; a NodeError where it is not the one asked for, to the byte."""
    if _twice(raw[:80])[::-1].hex() != hash:
        raise NodeError(f"block {hash}: the node sent another block")
    stream = io.BytesIO(raw[80:])
    try:
        count = compact.read_from(stream)
        found = [Transaction.read_from(stream) for _ in range(count)]
    except Exception as error:  # embit raises what the broken byte happens to cause
        raise NodeError(f"block {hash} cannot be read") from error
    ids = [t.txid() for t in found]
    if stream.read(1) or merkle_root([i[::-1] for i in ids]) != raw[36:68]:
        raise NodeError(f"block {hash}: its transactions are not those of its header")
    previous, seconds = raw[4:36][::-1].hex(), int.from_bytes(raw[68:72], "little")
    named = zip((i.hex() for i in ids), found, strict=True)
    return Opened(hash, previous, seconds, tuple(named))


def merkle_root(hashes: Sequence[bytes]) -> bytes:
    """The root over transaction ids, in the byte order of a header; the last of an odd row twice.

    A row whose last two are equal is refused: with it two lists of transactions share a root.
    """
    row = list(hashes)
    while len(row) > 1:
        if len(row) % 2:
            row.append(row[-1])
        elif row[-1] == row[-2]:
            return b""
        row = [_twice(a + b) for a, b in zip(row[::2], row[1::2], strict=True)]
    return row[0] if row else b""


def scripts_of(address: str, descriptor: str, last: int) -> tuple[str, ...]:
    """The scripts of a wallet, in hexadecimal: one address, or a descriptor up to index `last`.

    Raises:
        ValueError: neither can be read.
    """
    try:
        if address:
            return (script.address_to_scriptpubkey(address).data.hex(),)
        found = Descriptor.from_string(descriptor)
        each = (
            found.derive(index, branch)
            for branch in range(found.num_branches)
            for index in range(last + 1 if found.is_wildcard else 1)
        )
        return tuple(d.script_pubkey().data.hex() for d in each)
    except Exception as error:  # embit raises whatever the wrong character happens to cause
        raise ValueError(f"{address or descriptor}: {error}") from error


def address_of(locked: str, network: str) -> str:
    """The address of a script; `network` as a node names it."""
    if network not in script.NETWORKS:
        raise ValueError(f"no network {network}")
    return str(script.Script(bytes.fromhex(locked)).address(script.NETWORKS[network]))


def total(coins: Iterable[Coin], scripts: Iterable[str]) -> int:
    """Satoshi locked by any of the scripts."""
    own = set(scripts)
    return sum(c.units for c in coins if c.script in own)


def _twice(content: bytes) -> bytes:
    return sha256(sha256(content).digest()).digest()

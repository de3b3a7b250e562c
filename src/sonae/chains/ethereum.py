"""Ethereum-type chains through JSON-RPC: coins and ERC-20 tokens of many addresses at one block.

Every call names the block by its hash (EIP-1898) and asks that it be canonical; the hash at that
height is compared again after the last answer. A token address without a contract answers nothing
(`0x`), which is an error and not a balance of zero.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from sonae.chains.node import Block, Call, Node, NodeError, moment, number, octets

BALANCE_OF = "0x70a08231"
"""The first four bytes of Keccak-256 of `balanceOf(address)`."""
BATCH = 500
Asked = tuple[str, str | None]
"""An address, and the contract of a token; None asks for the chain's own coin."""
_ADDRESS = re.compile(r"0x[0-9A-Fa-f]{40}", re.ASCII)


class Ethereum:
    """One Ethereum-type chain as one node knows it."""

    def __init__(self, node: Node, chain_id: int) -> None:
        self.node, self.chain_id = node, chain_id

    def ready(self) -> None:
        """Refuse another network and a node that is still catching up."""
        found, syncing = self.node.batch([("eth_chainId", ()), ("eth_syncing", ())])
        if number(found, "eth_chainId") != self.chain_id:
            raise NodeError(f"the node is of chain {int(found, 16)}, not {self.chain_id}")
        if syncing is not False:
            raise NodeError("the node is still catching up (eth_syncing)")

    def block(self, at: int | str) -> Block | None:
        """A block by height or by a name such as `finalized`."""
        name = hex(at) if isinstance(at, int) else at
        return _block(self.node.call("eth_getBlockByNumber", name, False))

    def named(self, hash: str) -> Block | None:
        """A block by its hash."""
        return _block(self.node.call("eth_getBlockByHash", hash, False))

    def balances(self, block: Block, asked: Sequence[Asked]) -> list[int]:
        """Base units for each that is asked, all at that block.

        Raises:
            NodeError: one answer is missing or is no balance, or the block left the best chain.
        """
        at = {"blockHash": block.hash, "requireCanonical": True}
        found: list[int] = []
        for start in range(0, len(asked), BATCH):
            part = asked[start : start + BATCH]
            answers = self.node.batch([_call(address, token, at) for address, token in part])
            found += [_units(a, *who) for a, who in zip(answers, part, strict=True)]
        now = self.block(block.height)
        if now is None or now.hash != block.hash:
            raise NodeError(f"block {block.hash} left the best chain while balances were read")
        return found

    def call(self, block: Block, to: str, data: bytes) -> bytes:
        """What a contract answers at that block."""
        at = {"blockHash": block.hash, "requireCanonical": True}
        answer = self.node.call("eth_call", {"to": to, "data": "0x" + data.hex()}, at)
        return octets(answer, f"eth_call to {to}")

    def sent(self, transaction: str) -> dict[str, Any] | None:
        """A transaction that is in a block and did not fail, with that block; None else."""
        found, receipt = self.node.batch(
            [
                ("eth_getTransactionByHash", (transaction,)),
                ("eth_getTransactionReceipt", (transaction,)),
            ]
        )
        if not found or not receipt or receipt.get("status") != "0x1":
            return None
        height = number(receipt.get("blockNumber"), "the receipt's block")
        block = self.block(height)
        if block is None or block.hash != receipt.get("blockHash"):
            return None
        return {**found, "block": block}


def is_address(text: str) -> bool:
    """Whether text is 0x and 40 hexadecimal digits."""
    return bool(_ADDRESS.fullmatch(text))


def _block(found: Any) -> Block | None:
    if found is None:
        return None
    if not isinstance(found, dict) or len(octets(found.get("hash"), "a block's hash")) != 32:
        raise NodeError("a block without its hash")
    height = number(found.get("number"), "a block's number")
    time = moment(number(found.get("timestamp"), "a block's time"))
    return Block(height, str(found["hash"]), time)


def _call(address: str, token: str | None, at: dict[str, Any]) -> Call:
    if not is_address(address) or (token is not None and not is_address(token)):
        raise NodeError(f"{address if token is None else token} is no address")
    if token is None:
        return "eth_getBalance", (address, at)
    data = BALANCE_OF + address[2:].lower().rjust(64, "0")
    return "eth_call", ({"to": token, "data": data}, at)


def _units(answer: Any, address: str, token: str | None) -> int:
    if token is None:
        return number(answer, f"the balance of {address}")
    word = octets(answer, f"the balance of {address} in {token}")
    if len(word) != 32:
        raise NodeError(f"no token answers at {token}: {len(word)} bytes, not 32")
    return int.from_bytes(word)

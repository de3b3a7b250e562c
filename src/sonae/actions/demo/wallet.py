"""Wallets of the demo: they move coins on the demo's own nodes and answer challenges.

Their keys are worked out from names, so they are no secret and hold nothing on any public chain.
"""

from __future__ import annotations

import json
import select
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

from embit import script
from embit.ec import PrivateKey
from embit.transaction import Transaction, TransactionInput, TransactionOutput

from sonae.actions.chains.node_client import HttpNode
from sonae.chains.bitcoin import Bitcoin
from sonae.chains.node import NodeError
from sonae.chains.sign_bitcoin import to_sign, to_spend

FEE = 1_000
_TOKEN = "@openzeppelin/contracts/build/contracts/ERC20PresetFixedSupply.json"


class BitcoinWallet:
    """A P2WPKH wallet of one key on regtest."""

    def __init__(self, name: str) -> None:
        self._key = PrivateKey(sha256(f"sonae demo {name}".encode()).digest())
        self.locked = script.p2wpkh(self._key)
        self.address = str(self.locked.address(script.NETWORKS["regtest"]))

    def pay(self, node: HttpNode, address: str, units: int) -> str:
        """Send satoshi to an address and the rest back; the transaction, not yet in a block."""
        ledger = Bitcoin(node, "regtest")
        head = ledger.block("latest")
        assert head is not None
        coins = ledger.walk(frozenset({self.locked.data.hex()}), head, {})
        point, coin = min(
            (i for i in coins.items() if i[1].units >= units + FEE), key=lambda i: i[1].height
        )
        txid, _, index = point.partition(":")
        outs = [TransactionOutput(units, script.address_to_scriptpubkey(address))]
        if coin.units > units + FEE:
            outs.append(TransactionOutput(coin.units - units - FEE, self.locked))
        made = Transaction(
            version=2, vin=[TransactionInput(bytes.fromhex(txid), int(index))], vout=outs
        )
        made.vin[0].witness = self._witness(made, coin.units)
        sent = str(node.call("sendrawtransaction", made.serialize().hex()))
        for _ in range(500):
            if sent in node.call("getrawmempool"):
                return sent
            select.poll().poll(10)
        raise NodeError(f"{sent} was not taken by the node")

    def answer(self, text: str) -> str:
        """A BIP-322 signature of a text (simple)."""
        spent = to_spend(text, self.locked)
        witness = self._witness(to_sign(spent), 0)
        return "smp" + b64encode(witness.serialize()).decode()

    def _witness(self, made: Any, units: int) -> Any:
        plain = script.p2pkh_from_p2wpkh(self.locked)
        digest = made.sighash_segwit(0, plain, units)
        signature = self._key.sign(digest).serialize() + b"\x01"
        return script.Witness([signature, self._key.get_public_key().sec()])


def send(node: HttpNode, sender: str, to: str, units: int, data: str = "0x") -> str:
    """A transaction from an account that Anvil holds the key of; in a block when this returns."""
    words = {"from": sender, "to": to, "value": hex(units), "data": data}
    made = str(node.call("eth_sendTransaction", words))
    _receipt(node, made)
    return made


def deploy(node: HttpNode, sender: str, code: str) -> str:
    """The address of a contract that is put on the chain."""
    made = node.call("eth_sendTransaction", {"from": sender, "data": code, "gas": hex(5_000_000)})
    return str(_receipt(node, made)["contractAddress"])


def _receipt(node: HttpNode, transaction: str) -> Any:
    """The receipt; a block follows a transaction within moments."""
    for _ in range(500):
        found = node.call("eth_getTransactionReceipt", transaction)
        if found is not None:
            return found
        select.poll().poll(10)
    raise NodeError(f"{transaction} came into no block")


def token(node: HttpNode, modules: Path, sender: str, name: str, supply: int) -> str:
    """A real ERC-20 (OpenZeppelin's, as npm ships it compiled), its whole supply with `sender`."""
    compiled = json.loads((modules / _TOKEN).read_bytes())
    words = [128, 192, supply, int(sender, 16)]  # two offsets, supply, owner
    text = [len(name).to_bytes(32), name.encode().ljust(32, b"\0")] * 2
    constructor = b"".join(w.to_bytes(32) for w in words) + b"".join(text)
    return deploy(node, sender, str(compiled["bytecode"]) + constructor.hex())


def transfer(node: HttpNode, contract: str, sender: str, to: str, units: int) -> str:
    """Tokens from one account to another."""
    data = "0xa9059cbb" + to[2:].lower().rjust(64, "0") + units.to_bytes(32).hex()
    return send(node, sender, contract, 0, data)

"""Control over an Ethereum-type address: EIP-191, EIP-712, and ERC-1271 for contract wallets.

The bytes that are signed are made here as those texts order; the key is recovered from a signature
by `coincurve` (libsecp256k1), Keccak-256 is pycryptodome's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coincurve import PublicKey
from Crypto.Hash import keccak

from sonae.chains.challenge import Challenge, ProofError
from sonae.chains.ethereum import Ethereum
from sonae.chains.node import Block, NodeError

MAGIC = bytes.fromhex("1626ba7e")
"""What ERC-1271's `isValidSignature(bytes32,bytes)` answers, and its own first four bytes."""
Types = Mapping[str, list[Mapping[str, str]]]
TYPES: Types = {
    "EIP712Domain": [
        {"name": "name", "type": "string"},
        {"name": "version", "type": "string"},
        {"name": "chainId", "type": "uint256"},
    ],
    "ProofOfControl": [
        {"name": "firm", "type": "string"},
        {"name": "seal", "type": "bytes32"},
        {"name": "chain", "type": "string"},
        {"name": "height", "type": "uint256"},
        {"name": "blockHash", "type": "bytes32"},
        {"name": "holding", "type": "string"},
        {"name": "wallet", "type": "address"},
        {"name": "issued", "type": "string"},
        {"name": "expires", "type": "string"},
    ],
}


def keccak256(content: bytes) -> bytes:
    """Keccak-256 as Ethereum uses it, not SHA3-256."""
    return keccak.new(digest_bits=256, data=content).digest()


def personal_digest(text: str) -> bytes:
    """The hash that a wallet signs for a text (EIP-191, version 0x45)."""
    content = text.encode()
    return keccak256(b"\x19Ethereum Signed Message:\n" + str(len(content)).encode() + content)


def typed_data(challenge: Challenge) -> dict[str, Any]:
    """The challenge as a document for `eth_signTypedData_v4`; the same words, field by field."""
    return {
        "types": TYPES,
        "primaryType": "ProofOfControl",
        "domain": {"name": "Sonae-PoR", "version": "1", "chainId": challenge.chain_id},
        "message": {
            "firm": challenge.firm,
            "seal": "0x" + challenge.seal,
            "chain": challenge.chain,
            "height": challenge.block.height,
            "blockHash": challenge.block.hash,
            "holding": challenge.holding,
            "wallet": challenge.address,
            "issued": challenge.issued.isoformat(),
            "expires": challenge.expires.isoformat(),
        },
    }


def typed_digest(document: Mapping[str, Any]) -> bytes:
    """The hash that a wallet signs for typed data (EIP-712); arrays are not taken."""
    types = document["types"]
    domain = _struct("EIP712Domain", document["domain"], types)
    return keccak256(
        b"\x19\x01" + domain + _struct(document["primaryType"], document["message"], types)
    )


def _struct(name: str, value: Mapping[str, Any], types: Types) -> bytes:
    words = [keccak256(_encoded(name, types).encode())]
    words += [_word(field["type"], value[field["name"]], types) for field in types[name]]
    return keccak256(b"".join(words))


def _encoded(name: str, types: Types) -> str:
    """A type and, in alphabetical order, every type that it refers to."""
    found, waiting = set(), [name]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += [f["type"] for f in types[one] if f["type"] in types]
    return "".join(
        f"{one}({','.join(f['type'] + ' ' + f['name'] for f in types[one])})"
        for one in (name, *sorted(found - {name}))
    )


def _word(kind: str, value: Any, types: Types) -> bytes:
    if kind in types:
        return _struct(kind, value, types)
    if kind == "string":
        return keccak256(str(value).encode())
    if kind.startswith("uint"):
        return int(value).to_bytes(32)
    if kind in ("address", "bytes32"):
        return bytes.fromhex(str(value).removeprefix("0x")).rjust(32, b"\0")
    raise ProofError(f"typed data of kind {kind} is not taken")


def signer(digest: bytes, signature: bytes) -> str:
    """The address whose key made a signature of 65 bytes: r, s, and 27 or 28 (also 0 or 1).

    Raises:
        ProofError: it is no signature at all.
    """
    if len(signature) != 65 or signature[64] not in (0, 1, 27, 28):
        raise ProofError("a signature has 65 bytes, the last of them 27 or 28 (or 0 or 1)")
    recoverable = signature[:64] + bytes([signature[64] % 27])
    try:
        key = PublicKey.from_signature_and_message(recoverable, digest, hasher=None)
    except Exception as error:  # coincurve raises ValueError or a bare Exception
        raise ProofError(f"the signature cannot be read: {error}") from error
    return "0x" + keccak256(key.format(compressed=False)[1:])[12:].hex()


def check_signer(address: str, digest: bytes, signature: bytes) -> None:
    """Refuse a signature by any other key than that of the address."""
    found = signer(digest, signature)
    if found != address.lower():
        raise ProofError(f"signed by {found}, not by {address}, or over other words")


def check_contract(
    ledger: Ethereum, at: Block, address: str, digest: bytes, signature: bytes
) -> None:
    """Ask a contract wallet whether the signature is its own, at one block (ERC-1271)."""
    padded = signature + bytes(-len(signature) % 32)
    words = digest + (64).to_bytes(32) + len(signature).to_bytes(32) + padded
    try:
        answer = ledger.call(at, address, MAGIC + words)
    except NodeError as error:
        raise ProofError(f"the contract {address} did not say (ERC-1271): {error}") from error
    if answer[:32] != MAGIC.ljust(32, b"\0"):
        raise ProofError(f"the contract {address} does not take the signature as its own")


def check_sent(
    ledger: Ethereum, challenge: Challenge, transaction: str, final: int
) -> dict[str, object]:
    """Refuse unless the wallet sent itself the amount of the challenge, after its block."""
    found = ledger.sent(transaction)
    if found is None:
        raise ProofError(f"transaction {transaction} is in no block, or failed")
    address, block = challenge.address.lower(), found["block"]
    ends = [str(found.get(k) or "").lower() for k in ("from", "to")]
    if ends != [address, address]:
        raise ProofError(f"transaction {transaction} is not from {address} to itself")
    if int(str(found.get("value")), 16) != challenge.amount or not challenge.amount:
        raise ProofError(f"transaction {transaction} is not of {challenge.amount} base units")
    late = block.height > challenge.block.height and block.time >= challenge.issued
    if not late or block.height > final:
        raise ProofError(f"transaction {transaction} is before the challenge, or not yet final")
    return {"transaction": transaction, "block": block.as_json()}

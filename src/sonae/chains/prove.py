"""One door to every kind of proof: what holds without a node, and what a node must say.

Libraries for curves are imported only where a proof needs them, so that a register is read, and a
day's standing told, without them.
"""

from __future__ import annotations

import binascii
from datetime import datetime, timedelta

from sonae.chains.challenge import Challenge, ProofError
from sonae.core.chain import Verifier

ALONE = ("eip191", "eip712", "bip322", "bip137", "ed25519")
"""Methods that anyone can check again from the challenge and the signature."""
AHEAD = timedelta(hours=2)
"""How far a Bitcoin block's own time may be ahead of the clock."""
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def in_time(challenge: Challenge, at: datetime) -> None:
    """Refuse what was issued later than now, or has expired."""
    if at > challenge.expires:
        raise ProofError(
            f"the challenge expired at {challenge.expires.isoformat()}; make a new one"
        )
    if at + AHEAD < challenge.issued:
        raise ProofError("the challenge is of a later time than now")


def check_alone(challenge: Challenge, method: str, signature: str, verify: Verifier) -> None:
    """Refuse a signature that does not hold; `verify` is Ed25519.

    Ethereum-type signatures are 0x and hexadecimal, Bitcoin's base64, Ed25519's hexadecimal.
    """
    text, address = challenge.text(), challenge.address
    if method in ("eip191", "eip712"):
        from sonae.chains import sign_ethereum as ethereum

        digest = digest_of(challenge, method)
        ethereum.check_signer(address, digest, octets(signature))
    elif method in ("bip322", "bip137"):
        from sonae.chains import sign_bitcoin as bitcoin

        check = bitcoin.check_322 if method == "bip322" else bitcoin.check_137
        check(address, text, signature)
    elif method == "ed25519":
        if not verify(ed25519_key(address), octets(signature), text.encode()):
            raise ProofError(f"the signature is not that of {address} over the challenge")
    else:
        raise ProofError(f"{method} is none of {', '.join(ALONE)}")


def digest_of(challenge: Challenge, method: str) -> bytes:
    """What an Ethereum-type wallet signs: of the text (EIP-191), or of typed data (EIP-712)."""
    from sonae.chains import sign_ethereum as ethereum

    if method == "eip712":
        return ethereum.typed_digest(ethereum.typed_data(challenge))
    return ethereum.personal_digest(challenge.text())


def octets(text: str) -> bytes:
    """Bytes from hexadecimal, with or without 0x."""
    try:
        return binascii.unhexlify(text.strip().removeprefix("0x"))
    except (binascii.Error, ValueError) as error:
        raise ProofError("the signature is not hexadecimal") from error


def ed25519_key(address: str) -> bytes:
    """The key that an address is, where it is one: base58 (Solana) or 64 hexadecimal digits.

    >>> ed25519_key("11111111111111111111111111111111") == bytes(32)
    True
    """
    if len(address) == 64:
        return octets(address)
    number = 0
    for character in address:
        place = _BASE58.find(character)
        if place < 0:
            raise ProofError(f"{address} is not a key in base58")
        number = number * 58 + place
    zeros = len(address) - len(address.lstrip("1"))
    key = bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8)
    if len(key) != 32:
        raise ProofError(f"{address} is not a key of 32 bytes in base58")
    return key

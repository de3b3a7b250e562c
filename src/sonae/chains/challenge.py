"""A challenge that proves control of one wallet, bound to firm, day's seal, block and expiry.

The block shows that nothing was signed before it, the seal ties the proof to what is owed, the
expiry says when it stops counting. What a wallet signs is `text`: lines that a person can read on
the wallet's own screen, always in the same order.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sonae.chains.node import Block, block_from
from sonae.core.errors import SonaeError

FORMAT = "sonae-challenge/1"
TITLE = "Sonae-PoR/1"
_SEAL = re.compile(r"[0-9a-f]{64}", re.ASCII)


class ProofError(SonaeError):
    """A challenge that cannot be used, or a proof that does not hold; says why."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """`seal` is the header hash of the day; `amount` is what a wallet is to send to itself, or 0.

    `chain_id` is that of an Ethereum-type chain, else 0.
    """

    firm: str
    seal: str
    chain: str
    block: Block
    holding: str
    address: str
    issued: datetime
    expires: datetime
    amount: int = 0
    chain_id: int = 0

    def text(self) -> str:
        """The words that are signed."""
        lines = [
            TITLE,
            f"firm: {self.firm}",
            f"seal: {self.seal}",
            f"block: {self.chain} {self.block.height} {self.block.hash}",
            f"holding: {self.holding}",
            f"address: {self.address}",
            f"issued: {self.issued.isoformat()}",
            f"expires: {self.expires.isoformat()}",
        ]
        return "\n".join(lines + ([f"send to self: {self.amount}"] if self.amount else []))

    def as_json(self) -> dict[str, object]:
        """The challenge as a document."""
        return {
            "format": FORMAT,
            "firm": self.firm,
            "seal": self.seal,
            "chain": self.chain,
            "chain_id": self.chain_id,
            "block": self.block.as_json(),
            "holding": self.holding,
            "address": self.address,
            "issued": self.issued.isoformat(),
            "expires": self.expires.isoformat(),
            "amount": str(self.amount),
        }


def check(challenge: Challenge) -> Challenge:
    """The same challenge; a ProofError where it binds nothing or two readings are possible."""
    words = (challenge.firm, challenge.chain, challenge.holding, challenge.address)
    if not all(w.strip() and w.isprintable() for w in words):
        raise ProofError("firm, chain, holding and address are one line of text each")
    if not _SEAL.fullmatch(challenge.seal):
        raise ProofError("the seal is named by its header hash, 64 lower-case hexadecimal digits")
    if not challenge.block.time <= challenge.issued < challenge.expires:
        raise ProofError("a challenge is issued after its block and expires after that")
    if challenge.amount < 0 or challenge.chain_id < 0:
        raise ProofError("amount and chain id are not below zero")
    return challenge


def challenge_from(value: Mapping[str, Any]) -> Challenge:
    """A challenge of a document.

    Raises:
        ProofError: it is none, or binds nothing.
    """
    if value.get("format") != FORMAT:
        raise ProofError(f"no challenge ({FORMAT})")
    try:
        found = Challenge(
            firm=str(value["firm"]),
            seal=str(value["seal"]),
            chain=str(value["chain"]),
            block=block_from(value["block"]),
            holding=str(value["holding"]),
            address=str(value["address"]),
            issued=datetime.fromisoformat(value["issued"]),
            expires=datetime.fromisoformat(value["expires"]),
            amount=int(value["amount"]),
            chain_id=int(value["chain_id"]),
        )
        return check(found)
    except (KeyError, TypeError, ValueError) as error:
        raise ProofError(f"a challenge that is not whole: {error}") from error

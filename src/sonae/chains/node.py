"""What is asked of a node: JSON-RPC calls through a client that is passed in, and blocks.

An answer that is missing, empty or of another form is a NodeError, never a zero.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from sonae.core.errors import SonaeError

Call = tuple[str, Sequence[Any]]
_HEX = re.compile(r"0x[0-9a-f]*", re.ASCII | re.IGNORECASE)


class NodeError(SonaeError):
    """A node that is not reached, refuses, or does not answer in full; says which call."""


class Node(Protocol):
    """A client of one node's JSON-RPC. Both methods raise NodeError."""

    def call(self, method: str, *params: Any) -> Any:
        """The result of one call."""

    def batch(self, calls: Sequence[Call]) -> list[Any]:
        """The results of many calls, in their order: all of them or an error."""


@dataclass(frozen=True, slots=True)
class Block:
    """One block: `hash` as its chain writes it, `time` as the block states it (UTC)."""

    height: int
    hash: str
    time: datetime

    def as_json(self) -> dict[str, object]:
        """The block as plain values."""
        return {"height": self.height, "hash": self.hash, "time": self.time.isoformat()}


class Ledger(Protocol):
    """A chain as one node knows it. Every method raises NodeError."""

    def ready(self) -> None:
        """Nothing where the node is on the expected network and caught up."""

    def block(self, at: int | str) -> Block | None:
        """The block of the best chain at a height, or by a name such as `latest`; None past it."""

    def named(self, hash: str) -> Block | None:
        """The block with that hash, in the best chain or not; None where the node has none."""


def block_from(value: Any) -> Block:
    """A block of a document, as `as_json` wrote it."""
    return Block(int(value["height"]), str(value["hash"]), datetime.fromisoformat(value["time"]))


def moment(seconds: int) -> datetime:
    """An instant from seconds since 1970, as blocks state it."""
    return datetime.fromtimestamp(seconds, UTC)


def number(value: Any, what: str) -> int:
    """A whole number from JSON, or from hexadecimal with 0x.

    >>> number("0x10", "a count"), number(3, "a count")
    (16, 3)
    """
    if type(value) is int and value >= 0:
        return value
    if isinstance(value, str) and len(value) > 2 and _HEX.fullmatch(value):
        return int(value, 16)
    raise NodeError(f"{what}: the node answered {str(value)[:60]!r}, no whole number")


def octets(value: Any, what: str) -> bytes:
    """Bytes from hexadecimal, with or without 0x."""
    try:
        return bytes.fromhex(value.removeprefix("0x"))
    except (AttributeError, ValueError) as error:
        raise NodeError(f"{what}: the node answered {str(value)[:60]!r}, no bytes") from error

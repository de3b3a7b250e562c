"""Keys for tests, the same at every run, and what changes one byte."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_RAW = (serialization.Encoding.Raw, serialization.PublicFormat.Raw)


class TestKey:
    """An Ed25519 key from a seed of 32 bytes, or from a name."""

    __test__ = False

    def __init__(self, seed: bytes | str) -> None:
        seed = sha256(seed.encode()).digest() if isinstance(seed, str) else seed
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = self._private.public_key().public_bytes(*_RAW)

    def sign(self, message: bytes) -> bytes:
        return self._private.sign(message)


def flipped(content: bytes, step: int = 1) -> Iterator[bytes]:
    """The content with one bit turned, once for every byte (or every `step`-th)."""
    for at in range(0, len(content), step):
        yield content[:at] + bytes([content[at] ^ 1 << at % 8]) + content[at + 1 :]

r"""A chain of signed entries: each one's hash covers the one before, and its signature its bytes.

    hash(n) = SHA-256("sonae-entry/1\n" | hash(n-1) | signature(n) | body(n)),  hash(0) = 32 zeros

The two hashes and the signature have fixed lengths, so no two entries share their bytes. A person
signs "sonae-sign/1\n" | body. As a line of text an entry is the canonical JSON of its body, hash
and signature, so that its body is read from the line and never written again from values.
"""

from __future__ import annotations

import hashlib
from binascii import hexlify, unhexlify
from collections.abc import Callable
from typing import NamedTuple, Protocol

from sonae.core.errors import SonaeError

START = bytes(32)
_ENTRY, _SIGN = b"sonae-entry/1\n", b"sonae-sign/1\n"
_HEAD, _HASH, _SIGNATURE, _TAIL = b'{"body":', b',"hash":"', b'","signature":"', b'"}'
_FIXED = len(_HASH) + 64 + len(_SIGNATURE) + 128 + len(_TAIL)


class ChainError(SonaeError):
    """An entry whose bytes are not those that were signed or chained; says which."""


class Signer(Protocol):
    """A person's key: the public half (32 bytes) and a way to sign (64 bytes, Ed25519)."""

    public: bytes

    def sign(self, message: bytes) -> bytes:
        """The signature over `message`."""


Verifier = Callable[[bytes, bytes, bytes], bool]
"""(public key, signature, message) -> whether the signature is good."""


class Signed(NamedTuple):
    """The bytes a person signed, and the signature."""

    body: bytes
    signature: bytes

    @property
    def digest(self) -> str:
        """SHA-256 of the body in hexadecimal: the name under which an approval refers to it."""
        return hashlib.sha256(self.body).hexdigest()


def sign(signer: Signer, body: bytes) -> Signed:
    """Sign canonical bytes."""
    return Signed(body, signer.sign(_SIGN + body))


def signature_good(verify: Verifier, public: bytes, signed: Signed) -> bool:
    """Whether the signature over the body is that of the key."""
    return verify(public, signed.signature, _SIGN + signed.body)


def link(previous: bytes, signed: Signed) -> bytes:
    """The hash of an entry that follows `previous` (32 bytes)."""
    return hashlib.sha256(_ENTRY + previous + signed.signature + signed.body).digest()


def line(signed: Signed, hash: bytes) -> bytes:
    """An entry as one line of canonical JSON, without the newline."""
    parts = (_HEAD, signed.body, _HASH, hash.hex().encode(), _SIGNATURE)
    return b"".join((*parts, signed.signature.hex().encode(), _TAIL))


def read_line(text: bytes) -> tuple[Signed, bytes]:
    """Body and signature of a line, and its hash in hexadecimal as it is written there.

    A ChainError where the line is not one to the byte. The hash is not checked here.
    """
    rest = text[-_FIXED:]
    framed = text[:8] == _HEAD and rest[:9] == _HASH and rest[73:88] == _SIGNATURE
    if not framed or rest[216:] != _TAIL or len(text) <= 8 + _FIXED:
        raise ChainError("not an entry: the line is not in its canonical form")
    try:
        signature = unhexlify(rest[88:216])
    except ValueError as error:
        raise ChainError("the signature is not hexadecimal") from error
    if hexlify(signature) != rest[88:216]:
        raise ChainError("the signature is not in lower case")
    return Signed(text[8:-_FIXED], signature), rest[9:73]

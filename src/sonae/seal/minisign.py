"""Signatures that the program minisign checks: an outsider needs it and one line of public key.

What is signed is the BLAKE2b-512 digest of a file (algorithm `ED`, minisign's own default); a
trusted comment is signed with it. A key's id is the beginning of SHA-256 of its public half, so it
is the same wherever the key is; a key that minisign itself made has a random one.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from typing import NamedTuple

from sonae.core.chain import Signer, Verifier
from sonae.seal.note import from_base64
from sonae.seal.tlog import LogError

_UNTRUSTED, _TRUSTED = "untrusted comment: ", "trusted comment: "
_MOST = {_UNTRUSTED: 1022, _TRUSTED: 8190}
"""Bytes of the longest line that the program reads."""


class PublicKey(NamedTuple):
    """The public half (32 bytes), and the id (8 bytes) that stands in its signatures."""

    public: bytes
    id: bytes


def public_key(public: bytes) -> PublicKey:
    """A key of ours with its id."""
    return PublicKey(public, hashlib.sha256(public).digest()[:8])


def id_text(key: PublicKey) -> str:
    """The id as minisign prints it: a number, without leading zeros.

    >>> id_text(PublicKey(bytes(32), bytes.fromhex("51594d094dcfac03")))
    '3ACCF4D094D5951'
    """
    return f"{int.from_bytes(key.id, 'little'):X}"


def public_file(public: bytes) -> bytes:
    """The file of a public key; its second line alone serves `minisign -P`."""
    key = public_key(public)
    word = b64encode(b"Ed" + key.id + _sized(public, 32, "the public key")).decode()
    return f"{_UNTRUSTED}minisign public key {id_text(key)}\n{word}\n".encode()


def read_public(file: bytes) -> PublicKey:
    """The key of such a file, made here or by minisign."""
    _, word = _lines(file, _UNTRUSTED, "")
    content = _sized(from_base64(word, "the public key"), 42, "the public key")
    if content[:2] != b"Ed":
        raise LogError("the public key is not of minisign's algorithm Ed")
    return PublicKey(content[10:], content[2:10])


def signature_file(message: bytes, signer: Signer, trusted: str, untrusted: str = "") -> bytes:
    """The signature of a file's content, with a comment that is signed and one that is not."""
    return signature_over(hashlib.blake2b(message).digest(), signer, trusted, untrusted)


def signature_over(digest: bytes, signer: Signer, trusted: str, untrusted: str = "") -> bytes:
    """The same of a large file by its BLAKE2b-512 digest (64 bytes)."""
    key = public_key(signer.public)
    signature = signer.sign(_sized(digest, 64, "the digest"))
    over = signer.sign(signature + trusted.encode())
    lines = (
        _UNTRUSTED + (untrusted or f"signature by minisign key {id_text(key)}"),
        b64encode(b"ED" + key.id + signature).decode(),
        _TRUSTED + trusted,
        b64encode(over).decode(),
    )
    file = "".join(f"{line}\n" for line in lines).encode()
    _lines(file, _UNTRUSTED, "", _TRUSTED, "")
    return file


def check(message: bytes, signature: bytes, key: PublicKey, verify: Verifier) -> str:
    """The trusted comment of a signature file that holds; a LogError says what does not.

    `key` is `public_key(...)` of a key of ours, or what `read_public` read.
    """
    return check_over(hashlib.blake2b(message).digest(), signature, key, verify)


def check_over(digest: bytes, signature: bytes, key: PublicKey, verify: Verifier) -> str:
    """The same of a large file by its BLAKE2b-512 digest."""
    _, word, trusted, last = _lines(signature, _UNTRUSTED, "", _TRUSTED, "")
    content = _sized(from_base64(word, "the signature"), 74, "the signature")
    over = _sized(from_base64(last, "the signature of the comment"), 64, "that of the comment")
    if content[:2] != b"ED":
        raise LogError("the signature is not of minisign's algorithm ED (prehashed)")
    if content[2:10] != key.id:
        other = id_text(PublicKey(b"", content[2:10]))
        raise LogError(f"the signature is by key {other}, not by {id_text(key)}")
    if not verify(key.public, content[10:], digest):
        raise LogError("the signature is not that of the key over this file")
    if not verify(key.public, over, content[10:] + trusted.encode()):
        raise LogError("the trusted comment is not the one that was signed")
    return trusted


def _lines(file: bytes, *starts: str) -> list[str]:
    """The lines of a file without what each must start with."""
    try:
        lines = file.decode("utf-8").removesuffix("\n").split("\n")
    except UnicodeDecodeError as error:
        raise LogError("not a file of minisign: not UTF-8") from error
    if len(lines) != len(starts):
        raise LogError(f"not a file of minisign: {len(lines)} lines, not {len(starts)}")
    for line, start in zip(lines, starts, strict=True):
        if not line.startswith(start) or any(c < " " and c != "\t" for c in line):
            raise LogError(f"not a file of minisign: a line should start with {start!r}")
        if len(line.encode()) > _MOST.get(start, 1022):
            raise LogError("not a file of minisign: a line is too long")
    return [line.removeprefix(start) for line, start in zip(lines, starts, strict=True)]


def _sized(content: bytes, size: int, what: str) -> bytes:
    if len(content) != size:
        raise LogError(f"{what} has {len(content)} bytes, not {size}")
    return content

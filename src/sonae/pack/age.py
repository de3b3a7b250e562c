"""The file of a pack: an age file to several recipients, written and read as a stream."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyrage

from sonae.core.errors import Refused, UsageError
from sonae.pack.zipped import BLOCK, Pull

CHUNK = 1 << 16
"""Bytes that age encrypts at a time; a changed byte is found by the chunk it is in."""
_MAC = 16


def encrypt(parts: Iterator[bytes], out: Path, recipients: Sequence[str]) -> str:
    """Write an age file that each recipient can open; SHA-256 of what was put in."""
    digest = hashlib.sha256()

    def passed() -> Iterator[bytes]:
        for part in parts:
            digest.update(part)
            yield part

    people = [recipient(word) for word in recipients]
    with out.open("xb") as stream:
        pyrage.encrypt_io(Pull(passed()), stream, people)
        stream.flush()
    return digest.hexdigest()


def recipient(word: str) -> Any:
    """An age recipient; a UsageError where it is none."""
    try:
        return pyrage.x25519.Recipient.from_str(word)
    except pyrage.RecipientError as error:
        raise UsageError(f"not an age recipient: {word[:20]}… ({error})") from error


def identity(word: str) -> Any:
    """An age identity; a UsageError, which does not repeat it, where it is none."""
    try:
        return pyrage.x25519.Identity.from_str(word.strip())
    except pyrage.IdentityError as error:
        raise UsageError(f"not an age identity (AGE-SECRET-KEY-1…): {error}") from error


def read_identities(path: Path) -> list[Any]:
    """The identities in a key file as `age-keygen` writes it."""
    lines = path.read_text("utf-8").splitlines()
    found = [identity(x) for x in lines if x.strip() and not x.startswith("#")]
    if not found:
        raise UsageError(f"{path} holds no age identity")
    return found


class _Counted:
    def __init__(self, stream: Any) -> None:
        self._stream, self.size = stream, 0

    def write(self, content: bytes) -> int:
        self.size += len(content)
        self._stream.write(content)
        return len(content)

    def flush(self) -> None:
        """As of the stream."""
        self._stream.flush()


def decrypt(source: Path, out: Path, identities: Sequence[Any]) -> None:
    """Write what is inside.

    Raises:
        Refused: none of the keys opens it, or from which byte on it does not hold.
    """
    with source.open("rb") as stream, out.open("xb") as plain:
        counted = _Counted(plain)
        try:
            pyrage.decrypt_io(stream, counted, list(identities))
        except (pyrage.DecryptError, OSError, ValueError) as error:
            raise Refused(_why(source, counted.size, error)) from error


def _why(source: Path, size: int, error: Exception) -> str:
    words = str(error)
    if "matching keys" in words.lower():
        return f"{source.name}: none of the given keys opens this file; it is encrypted to others"
    start = _header_size(source)
    if start is None or not size:
        held = "its header, or the first 64 KiB after it"
        return f"{source.name}: a byte of {held}, was changed, or the file is cut short ({words})"
    first = start + 16 + size // CHUNK * (CHUNK + _MAC)
    return (
        f"{source.name}: what is inside does not hold from byte {first} on: "
        f"a byte was changed there, or the file is cut short ({words})"
    )


def _header_size(source: Path) -> int | None:
    """Where the header of an age file ends: after the line of its code."""
    with source.open("rb") as stream:
        head = stream.read(BLOCK)
    mark = head.find(b"\n--- ")
    end = head.find(b"\n", mark + 1)
    return None if mark < 0 or end < 0 else end + 1

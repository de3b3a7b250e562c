"""A person's key: an Ed25519 pair in a file of its own, and what that person last saw of a fund.

Beside the key file lies its memory (`<key>.seen`): for each fund the last entry its owner saw, and
an act that was signed and not yet known to be recorded. So a store restored from an older backup is
found by anyone who had seen more of it, and an act whose answer was lost is sent again, not twice.
"""

from __future__ import annotations

import hmac
import json
import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from sonae.core.chain import Signed
from sonae.core.errors import UsageError
from sonae.core.text import Text
from sonae.fund.entry import NOTHING, Seen

PASSPHRASE = "SONAE_PASSPHRASE"
_RAW = (serialization.Encoding.Raw, serialization.PublicFormat.Raw)


class Key:
    """A key that signs, and its memory."""

    def __init__(self, private: Ed25519PrivateKey, path: Path) -> None:
        self._private, self.path = private, path
        self.public = private.public_key().public_bytes(*_RAW)

    def sign(self, message: bytes) -> bytes:
        """The signature over `message`, 64 bytes."""
        return self._private.sign(message)

    def secret(self, label: bytes) -> bytes:
        """A secret of 32 bytes that only this key yields, by a label; it does not reveal it."""
        raw = self._private.private_bytes(
            serialization.Encoding.Raw,
            serialization.PrivateFormat.Raw,
            serialization.NoEncryption(),
        )
        return hmac.digest(raw, label, "sha256")

    @property
    def memory(self) -> Memory:
        """What the owner of this key last saw."""
        return Memory(self.path.with_name(self.path.name + ".seen"))


@lru_cache(maxsize=1024)
def _public(key: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(key)


def verify_signature(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether an Ed25519 signature (RFC 8032) is that of the public key."""
    try:
        _public(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def passphrase() -> bytes | None:
    """The passphrase for key files, from the environment; None where none is set."""
    words = os.environ.get(PASSPHRASE, "")
    return words.encode() or None


def new_key(path: Path) -> Key:
    """Make a key and write it, readable by its owner only; an existing file is never replaced.

    With a passphrase in the environment the file is encrypted (PKCS #8).
    """
    private, words = Ed25519PrivateKey.generate(), passphrase()
    lock: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if words is not None:
        lock = serialization.BestAvailableEncryption(words)
    content = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        text = Text(
            f"{path} は既にある。鍵は上書きしない", f"{path} exists; a key is never overwritten"
        )
        raise UsageError(text) from error
    with os.fdopen(handle, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    return Key(private, path)


def load_key(path: Path) -> Key:
    """Read a key file."""
    try:
        private = serialization.load_pem_private_key(path.read_bytes(), passphrase())
    except (ValueError, TypeError) as error:
        text = Text(
            f"{path} は鍵として開けない。作成時と同じ {PASSPHRASE} を設定しているか確かめる",
            f"{path} cannot be opened as a key; is {PASSPHRASE} set as when it was made?",
        )
        raise UsageError(text) from error
    if not isinstance(private, Ed25519PrivateKey):
        raise UsageError(f"{path} holds no Ed25519 key")
    return Key(private, path)


class Memory:
    """The file beside a key; replaced whole, so that a crash leaves the old or the new one."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def seen(self, fund: str) -> Seen:
        """The last entry of a fund that the owner saw."""
        found = self._fund(fund).get("seen")
        return Seen(found["seq"], found["hash"]) if found else NOTHING

    def pending(self, fund: str) -> Signed | None:
        """An act that was signed and whose recording was not confirmed."""
        found = self._fund(fund).get("pending")
        if not found:
            return None
        return Signed(found["body"].encode(), bytes.fromhex(found["signature"]))

    def signed(self, fund: str, act: Signed) -> None:
        """Keep an act before it is sent."""
        words = {"body": act.body.decode(), "signature": act.signature.hex()}
        self._write(fund, self._fund(fund) | {"pending": words})

    def recorded(self, fund: str, seen: Seen) -> None:
        """The act is recorded, or was refused unrecorded: forget it and keep the head."""
        head = {"seq": seen.seq, "hash": seen.hash}
        self._write(fund, {"seen": head, "pending": None})

    def _fund(self, fund: str) -> dict[str, Any]:
        return dict(self._all().get(fund, {}))

    def _all(self) -> Mapping[str, Any]:
        return json.loads(self.path.read_bytes()) if self.path.exists() else {}

    def _write(self, fund: str, value: Mapping[str, Any]) -> None:
        text = json.dumps({**self._all(), fund: value}, ensure_ascii=False, indent=1)
        fresh = self.path.with_name(f"{self.path.name}.{os.getpid()}.new")
        with fresh.open("w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        fresh.replace(self.path)

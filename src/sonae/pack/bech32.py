"""Bech32 (BIP 173) as age uses it for its keys: a name, 32 bytes, a checksum of six letters.

>>> decode(encode("age-secret-key-", bytes(32)), "age-secret-key-") == bytes(32)
True
"""

from __future__ import annotations

from collections.abc import Iterable

from sonae.core.errors import UsageError

_LETTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
SECRET = "age-secret-key-"
"""The name in an age identity, which is written in capitals."""


def _checksum(values: Iterable[int]) -> int:
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for bit, word in enumerate(_GENERATOR):
            check ^= word if top >> bit & 1 else 0
    return check


def _name(name: str) -> list[int]:
    return [ord(c) >> 5 for c in name] + [0] + [ord(c) & 31 for c in name]


def encode(name: str, content: bytes) -> str:
    """The text of some bytes, in small letters."""
    bits = len(content) * 8
    padded = int.from_bytes(content, "big") << (-bits % 5)
    length = (bits + 4) // 5
    words = [padded >> 5 * (length - 1 - n) & 31 for n in range(length)]
    check = _checksum([*_name(name), *words, *[0] * 6]) ^ 1
    words += [check >> 5 * (5 - n) & 31 for n in range(6)]
    return name + "1" + "".join(_LETTERS[w] for w in words)


def decode(text: str, name: str) -> bytes:
    """The bytes of a text of that name.

    Raises:
        UsageError: letters, name, checksum or padding do not hold; the text is not repeated.
    """
    if text not in (text.lower(), text.upper()):
        raise UsageError("a key is written in one case throughout")
    found, mark, rest = text.lower().rpartition("1")
    if not mark or found != name or len(rest) < 6 or set(rest) - set(_LETTERS):
        raise UsageError(f"not a key that begins with {name.upper()}1")
    words = [_LETTERS.index(c) for c in rest]
    if _checksum([*_name(name), *words]) != 1:
        raise UsageError("the checksum of the key does not hold: a letter was mistyped")
    value, bits = 0, 5 * (len(words) - 6)
    for word in words[:-6]:
        value = value << 5 | word
    spare = bits % 8
    if spare > 4 or value & ((1 << spare) - 1):
        raise UsageError("the key is not in its only form")
    return (value >> spare).to_bytes(bits // 8, "big")


def identity_text(secret: bytes) -> str:
    """An age identity of 32 secret bytes, as `age` reads it."""
    return encode(SECRET, secret).upper()


def secret_bytes(identity: str) -> bytes:
    """The 32 secret bytes of an age identity."""
    content = decode(identity.strip(), SECRET)
    if len(content) != 32:
        raise UsageError(f"an age identity has 32 bytes, not {len(content)}")
    return content

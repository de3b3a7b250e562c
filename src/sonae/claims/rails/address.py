"""Addresses on chains: their form and checksum, as far as they can be checked without a chain.

Bitcoin by base58check and by BIP-173 and BIP-350, XRP by base58check in its own alphabet. The
mixed case of an Ethereum-type address (EIP-55) is a checksum by Keccak-256, which the standard
library does not have: whoever has it passes it in, and without it such an address is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Literal

from sonae.core.text import Text

Form = Literal["bitcoin", "ethereum", "xrp"]
Hash = Callable[[bytes], bytes]
"""Keccak-256, where it is needed: bytes to 32 bytes."""
FORMS: tuple[Form, ...] = ("bitcoin", "ethereum", "xrp")
BASE58: Mapping[str, str] = {
    "bitcoin": "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz",
    "xrp": "rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz",
}
"""The same 58 characters in the order of each chain."""
VERSIONS: Mapping[str, tuple[int, ...]] = {"bitcoin": (0, 5), "xrp": (0,)}
"""First byte of what a base58check address holds: to a key or a script, on the main network."""
HRP = "bc"
BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATORS = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CONSTANTS = (1, 0x2BC830A3)
"""What the checksum comes to: version 0 (BIP-173), later versions (BIP-350)."""
_HEX = re.compile(r"0x[0-9A-Fa-f]{40}", re.ASCII)

_BASE58 = Text(
    "アドレスの形式か検査符号が合わない。本人に確認して入れ直す",
    "the form or the checksum of the address is wrong; ask for it again",
)
_SEGWIT = Text(
    "bc1アドレスの形式か検査符号が合わない（BIP-173、BIP-350）。本人に確認して入れ直す",
    "the form or the checksum of the bc1 address is wrong (BIP-173, BIP-350); ask for it again",
)
_UNUSED = Text(
    "規則のない種類のbc1アドレスで、送ったものを誰でも取れる。別のアドレスを求める",
    "a bc1 address of a kind without rules, which anyone could spend from; ask for another",
)
_NOT_HEX = Text(
    "0xと16進40桁が必要。本人に確認して入れ直す",
    "needs 0x and 40 hexadecimal digits; ask for it again",
)
_MIXED = Text(
    "大文字と小文字の混じるアドレスの検査符号（EIP-55、Keccak-256）はここでは確かめられない。"
    "別に確かめて小文字に揃える",
    "mixed case is a checksum (EIP-55, by Keccak-256) that cannot be checked here; "
    "check it elsewhere and give it in lower case",
)
_CHECKSUM = Text(
    "大文字と小文字の並びが検査符号（EIP-55）と合わない。写し間違いのおそれがあるため、"
    "本人に確認して入れ直す",
    "the mixed case is not the checksum of the address (EIP-55), so a digit may be wrong; "
    "ask for it again",
)
_NOBODY = Text("誰のものでもない零アドレス", "the zero address, which nobody holds")
_X_ADDRESS = Text(
    "Xアドレスは使えない。rで始まるアドレスと宛先タグに分けて入れる",
    "an X-address is not taken; give the address that starts with r, and the destination tag",
)


def fault(address: str, form: Form, keccak: Hash | None = None) -> Text | None:
    """Why an address cannot be paid, or None where nothing is wrong with its form.

    `keccak` checks the mixed case of an Ethereum-type address, which is refused without it.

    >>> fault("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "bitcoin") is None
    True
    """
    if form == "ethereum":
        return _hex_fault(address, keccak)
    if form == "bitcoin" and address.lower().startswith(f"{HRP}1"):
        return _segwit_fault(address)
    if form == "xrp" and address.startswith("X"):
        return _X_ADDRESS
    held = base58check(address, BASE58[form])
    good = held is not None and len(held) == 21 and held[0] in VERSIONS[form]
    return None if good else _BASE58


def fold(address: str) -> str:
    """The one writing under which an address is compared and written.

    >>> fold(" 0xAbC1 "), fold("BC1QAB"), fold("1Ab")
    ('0xabc1', 'bc1qab', '1Ab')
    """
    plain = address.strip()
    lower = plain.lower()
    return lower if lower.startswith(("0x", f"{HRP}1")) else plain


def base58check(address: str, alphabet: str) -> bytes | None:
    """The bytes before the four of the checksum; None where it differs or there is none."""
    if not 5 <= len(address) <= 100 or set(address) - set(alphabet):
        return None
    number = 0
    for character in address:
        number = number * 58 + alphabet.index(character)
    zeros = len(address) - len(address.lstrip(alphabet[0]))
    data = bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8)
    held, check = data[:-4], data[-4:]
    return held if sha256(sha256(held).digest()).digest()[:4] == check else None


def witness(address: str, hrp: str = HRP) -> tuple[int, bytes] | None:
    """Version and program of a segregated-witness address; None where BIP-350 has none."""
    lower = address.lower()
    if address not in (lower, address.upper()) or not 8 <= len(address) <= 90:
        return None
    prefix, _, data = lower.rpartition("1")
    if prefix != hrp or len(data) < 8 or set(data) - set(BECH32):
        return None
    values = [BECH32.index(c) for c in data]
    version = values[0]
    stretched = [ord(c) >> 5 for c in hrp] + [0] + [ord(c) & 31 for c in hrp]
    if version > 16 or _polymod(stretched + values) != _CONSTANTS[version > 0]:
        return None
    program = _octets(values[1:-6])
    if program is None or not 2 <= len(program) <= 40:
        return None
    return None if version == 0 and len(program) not in (20, 32) else (version, program)


def _polymod(values: list[int]) -> int:
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(_GENERATORS):
            check ^= generator if top >> bit & 1 else 0
    return check


def _octets(fives: list[int]) -> bytes | None:
    """Groups of five bits as bytes; None where what is left over is not under five zero bits."""
    number = 0
    for five in fives:
        number = number << 5 | five
    size, spare = divmod(5 * len(fives), 8)
    if spare > 4 or number & ((1 << spare) - 1):
        return None
    return (number >> spare).to_bytes(size)


def _segwit_fault(address: str) -> Text | None:
    found = witness(address)
    if found is None:
        return _SEGWIT
    version, program = found
    return None if version == 0 or (version == 1 and len(program) == 32) else _UNUSED


def checksummed(address: str, keccak: Hash) -> str:
    """An Ethereum-type address in the mixed case of EIP-55.

    A letter is a capital where the digit of the hash at its place is 8 or more; what is hashed are
    the 40 lower-case digits as text.
    """
    digits = address[2:].lower()
    places = keccak(digits.encode()).hex()
    mixed = (c.upper() if int(p, 16) >= 8 else c for c, p in zip(digits, places, strict=False))
    return "0x" + "".join(mixed)


def _hex_fault(address: str, keccak: Hash | None) -> Text | None:
    if not _HEX.fullmatch(address):
        return _NOT_HEX
    digits = address[2:]
    if not int(digits, 16):
        return _NOBODY
    if digits in (digits.lower(), digits.upper()):
        return None
    if keccak is None:
        return _MIXED
    return None if address == checksummed(address, keccak) else _CHECKSUM

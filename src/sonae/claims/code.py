"""A customer's claim number and code: made of a secret and the claim, so nothing has to be kept.

    number = 12 signs: base32(HMAC-SHA256(secret, "number" 0 incident 0 account))      60 bits
    code   = 20 signs: base32(HMAC-SHA256(secret, "code" 0 incident 0 account))       100 bits

The number names the claim and is no secret; the code shows that whoever types it has the letter.
A later version of the list changes neither. The signs have no 0, 1, I and O, so that a letter can
be read aloud and nothing in it looks like a telephone number.
"""

from __future__ import annotations

import hmac
import unicodedata

SIGNS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
NUMBER, CODE = 12, 20
"""Signs of each; every sign is five bits."""
GROUPS = {NUMBER: 4, CODE: 5}


def claim_number(secret: bytes, incident: str, account: str) -> str:
    """The number of a claim, in groups."""
    return _signs(secret, "number", incident, account, NUMBER)


def claim_code(secret: bytes, incident: str, account: str) -> str:
    """The code of a claim, in groups."""
    return _signs(secret, "code", incident, account, CODE)


def _signs(secret: bytes, what: str, incident: str, account: str, count: int) -> str:
    message = "\0".join((what, incident, account)).encode()
    value = int.from_bytes(hmac.digest(secret, message, "sha256"), "big")
    found = "".join(SIGNS[(value >> (5 * n)) & 31] for n in range(count))
    return grouped(found)


def grouped(signs: str) -> str:
    """Signs in groups, as they are printed.

    >>> grouped("23456789ABCD")
    '2345-6789-ABCD'
    """
    size = GROUPS.get(len(signs), len(signs) or 1)
    return "-".join(signs[n : n + size] for n in range(0, len(signs), size))


def typed(text: str) -> str:
    """What somebody typed as it is printed: wide or small letters, with or without hyphens.

    >>> typed(" ２３４５－6789abcd ")
    '2345-6789-ABCD'
    """
    plain = unicodedata.normalize("NFKC", text).upper()
    return grouped("".join(c for c in plain if c in SIGNS)[: CODE + 1])


def same(left: str, right: str) -> bool:
    """Whether two codes are one, in the same time whatever they are."""
    return hmac.compare_digest(left.encode(), right.encode())

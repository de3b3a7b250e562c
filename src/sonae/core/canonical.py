"""Exact numbers as text, and the one byte form that is hashed."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from fractions import Fraction

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]{1,3})?|-?[0-9]+/0*[1-9][0-9]*")


def parse_number(text: str) -> Fraction:
    """An exact number from decimal, exponent or `n/d` form.

    >>> parse_number("6e-06") == Fraction(6, 10**6)
    True
    """
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"not a number: {text!r}")
    return Fraction(text)


def decimal_text(value: Fraction) -> str | None:
    """The finite decimal that equals `value`, or None where there is none.

    >>> decimal_text(Fraction(13, 400))
    '0.0325'
    """
    twos = fives = 0
    rest = value.denominator
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    if rest != 1:
        return None
    places = max(twos, fives)
    digits = str(abs(value.numerator) * 10**places // value.denominator).rjust(places + 1, "0")
    sign = "-" if value < 0 else ""
    return sign + (f"{digits[:-places]}.{digits[-places:]}" if places else digits)


def number_text(value: Fraction) -> str:
    """The exact value as a decimal where it ends, else as `n/d`.

    >>> number_text(Fraction(1, 3))
    '1/3'
    """
    return decimal_text(value) or f"{value.numerator}/{value.denominator}"


def canonical_bytes(document: object) -> bytes:
    """JSON with sorted keys, no spaces, UTF-8: the same content gives the same bytes.

    Floats are refused: an exact number is text or an integer.
    """
    _no_float(document)
    text = json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return text.encode()


def digest(document: object) -> str:
    """SHA-256 of the canonical bytes, in hexadecimal."""
    return hashlib.sha256(canonical_bytes(document)).hexdigest()


def _no_float(document: object) -> None:
    if isinstance(document, float):
        raise TypeError(f"a float ({document}) must not enter exact bytes")
    if isinstance(document, Mapping):
        for key, item in document.items():
            if not isinstance(key, str):
                raise TypeError(f"key {key!r} is not text")
            _no_float(item)
    elif isinstance(document, Iterable) and not isinstance(document, str | bytes):
        for item in document:
            _no_float(item)

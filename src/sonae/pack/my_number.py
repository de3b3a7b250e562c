"""My Number (個人番号) must not be in a pack: columns by name are refused, values are warned of.

Check digit: digits P1..P11 from the right of the first eleven, Q = n + 1 for n <= 6, n - 5 above;
11 - (sum of P x Q mod 11), and 0 where the remainder is 0 or 1. Source: 平成26年総務省令第85号
第5条, from memory.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

PATTERN = (
    r"(^|[^0-9０-９])[0-9０-９]{4}[-‐－ 　]?[0-9０-９]{4}[-‐－ 　]?[0-9０-９]{4}($|[^0-9０-９])"
)
"""Twelve digits that stand alone, in groups of four or not; the engine's and Python's own."""
_NAMES = ("個人番号", "マイナンバー", "mynumber", "kojinbango", "individualnumber")
_DIGITS = re.compile(r"(?<![0-9])([0-9]{4})[-‐ ]?([0-9]{4})[-‐ ]?([0-9]{4})(?![0-9])")


def named(column: str) -> bool:
    """True where a column's name says that it holds My Number.

    >>> named("My_Number"), named("個人番号"), named("account_number")
    (True, True, False)
    """
    plain = unicodedata.normalize("NFKC", column).lower()
    plain = re.sub(r"[\s_\-.]", "", plain)
    return any(name in plain for name in _NAMES)


def right_digit(digits: str) -> bool:
    """True where the last of twelve digits is the check digit of the others.

    >>> right_digit("123456789018"), right_digit("123456789012")
    (True, False)
    """
    parts = zip(range(1, 12), reversed(digits[:11]), strict=True)
    rest = sum(int(p) * (n + 1 if n <= 6 else n - 5) for n, p in parts) % 11
    return int(digits[11]) == (0 if rest <= 1 else 11 - rest)


def looks_like(value: str) -> bool:
    """True where a value has twelve digits that stand alone and whose check digit is right."""
    plain = unicodedata.normalize("NFKC", value)
    return any(right_digit("".join(m.groups())) for m in _DIGITS.finditer(plain))


def like(values: Iterable[str]) -> int:
    """How many values look like one."""
    return sum(1 for value in values if looks_like(value))

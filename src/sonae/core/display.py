"""Numbers as people read them: exact, or marked ≈ where a digit was cut off."""

from __future__ import annotations

from fractions import Fraction

from sonae.core.canonical import decimal_text

MINUS = "−"
ABOUT = "≈ "
MOST_PLACES = 8


def with_separators(decimal: str) -> str:
    """Thousand separators in a plain decimal text.

    >>> with_separators("-1234567.5")
    '−1,234,567.5'
    """
    whole, point, part = decimal.removeprefix("-").partition(".")
    sign = MINUS if decimal.startswith("-") else ""
    return f"{sign}{int(whole):,}{point}{part}"


def fixed(value: Fraction, places: int) -> str:
    """Exactly so many decimals, rounded half away from zero; ≈ says that it is not exact.

    >>> fixed(Fraction(1, 3), 2), fixed(Fraction(5, 2), 2)
    ('≈ 0.33', '2.50')
    """
    scaled = abs(value) * 10**places
    digits = str((scaled * 2 + 1) // 2).rjust(places + 1, "0")
    text = f"{digits[:-places]}.{digits[-places:]}" if places else digits
    sign = "-" if value < 0 and set(text) - {"0", "."} else ""
    return ("" if scaled.denominator == 1 else ABOUT) + with_separators(sign + text)


def exact(value: Fraction) -> str:
    """The whole decimal where it ends, else rounded with ≈.

    >>> exact(Fraction(13, 400)), exact(Fraction(1, 3))
    ('0.0325', '≈ 0.33333333')
    """
    decimal = decimal_text(value)
    return fixed(value, MOST_PLACES) if decimal is None else with_separators(decimal)


def amount(value: Fraction) -> str:
    """Money in a sentence: exact to two decimals, else whole with ≈; below 1 as `exact`.

    >>> amount(Fraction(20_012, 10)), amount(Fraction(10**6, 3)), amount(Fraction(1, 800))
    ('2,001.2', '≈ 333,333', '0.00125')
    """
    return exact(value) if abs(value) < 1 or (value * 100).denominator == 1 else fixed(value, 0)

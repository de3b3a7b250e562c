"""Quantities as integers of an asset's smallest unit, and named rounding."""

from __future__ import annotations

from fractions import Fraction

from sonae.core.errors import Refused

LIMIT = 10**38
"""Sums per asset stay strictly below this in absolute value, or are refused."""


def bounded(units: int, what: str) -> int:
    """`units` unchanged, refused at 10^38 and beyond (design section 1)."""
    if abs(units) >= LIMIT:
        raise Refused(f"{what}: {units} base units reach 10^38; the sum is refused")
    return units


def coins(units: int, scale: int) -> Fraction:
    """Whole coins from base units.

    >>> coins(150000000, 8)
    Fraction(3, 2)
    """
    return Fraction(units, 10**scale)


def floor_to(value: Fraction, step: Fraction) -> Fraction:
    """Round down to a multiple of `step` (切捨て).

    >>> floor_to(Fraction(1999), Fraction(1000))
    Fraction(1000, 1)
    """
    return (value // step) * step


def ceil_to(value: Fraction, step: Fraction) -> Fraction:
    """Round up to a multiple of `step` (切上げ)."""
    return -((-value) // step) * step

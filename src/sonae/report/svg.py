"""Horizontal bars as inline SVG. Widths are integers out of 1,000; words stand beside the bar."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from markupsafe import Markup

WIDTH = 1000
HEIGHT = 10

PATTERNS = Markup(
    '<svg class="defs" width="0" height="0" aria-hidden="true" focusable="false"><defs>'
    '<pattern id="p-hot" width="14" height="5" patternUnits="userSpaceOnUse">'
    '<rect width="14" height="5" class="f-hot"/><path d="M0 5L14 0" class="l-hot"/></pattern>'
    '<pattern id="p-other" width="8" height="4" patternUnits="userSpaceOnUse">'
    '<rect width="8" height="4" class="f-other"/><rect x="2" y="1" width="3" height="1.6" '
    'class="d-other"/></pattern>'
    '<pattern id="p-range" width="10" height="10" patternUnits="userSpaceOnUse">'
    '<rect width="10" height="10" class="f-range"/><rect width="4" height="10" class="d-range"/>'
    "</pattern>"
    '<pattern id="p-gap" width="12" height="6" patternUnits="userSpaceOnUse">'
    '<rect width="12" height="6" class="f-gap"/><path d="M0 0L12 6" class="l-gap"/></pattern>'
    '<pattern id="p-failed" width="9" height="10" patternUnits="userSpaceOnUse">'
    '<rect width="9" height="10" class="f-failed"/><rect width="2" height="10" '
    'class="d-failed"/></pattern>'
    "</defs></svg>"
)
"""Patterns that fills refer to; once in a page."""


def place(value: Fraction, most: Fraction) -> int:
    """Where a value lies on the bar; something above zero is never drawn as nothing.

    >>> place(Fraction(1, 3), Fraction(1)), place(Fraction(1), Fraction(10**9))
    (333, 2)
    """
    if value <= 0 or most <= 0:
        return 0
    return max(2, min(WIDTH, int(value * WIDTH / most)))


def bar(parts: Iterable[tuple[Fraction, Fraction, str]], most: Fraction) -> Markup:
    """A bar of parts `(from, to, kind)`; the kind picks fill and pattern in the style sheet."""
    drawn = []
    for low, high, kind in parts:
        start, end = place(low, most), place(high, most)
        if end > start:
            width = end - start
            drawn.append(f'<rect class="b-{kind}" x="{start}" width="{width}" height="{HEIGHT}"/>')
    return Markup(
        f'<svg class="bar" viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" '
        f'aria-hidden="true" focusable="false">{"".join(drawn)}</svg>'
    )


def swatch(kind: str) -> Markup:
    """A small sample of a fill, for a key."""
    return Markup(
        f'<svg class="swatch" viewBox="0 0 30 {HEIGHT}" aria-hidden="true" focusable="false">'
        f'<rect class="b-{kind}" width="30" height="{HEIGHT}"/></svg>'
    )

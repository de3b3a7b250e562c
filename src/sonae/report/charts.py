"""Small charts as SVG, from places in thousandths: points over time, ranks, a curve with its band.

A chart carries its own colours, so that it can also stand as a file; words beside it say the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

WIDTH, HEIGHT = 900, 420
LEFT, RIGHT, TOP, BOTTOM = 90, 20, 20, 60
INK, SOFT, LINE, BLUE, RED, BAND = "#16202b", "#4d5b6a", "#cfd6de", "#1d3557", "#96161d", "#c9d6e6"
SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
FILLS = {"theft": BLUE, "insolvency": RED}


def _x(at: int) -> int:
    return LEFT + at * (WIDTH - LEFT - RIGHT) // 1000


def _y(at: int) -> int:
    return HEIGHT - BOTTOM - at * (HEIGHT - TOP - BOTTOM) // 1000


def power(exponent: int) -> str:
    """A power of ten.

    >>> power(6), power(-3)
    ('10⁶', '10⁻³')
    """
    return f"10{str(exponent).translate(SUPERSCRIPT)}"


def scatter(plot: Mapping[str, Any], title: str, across: str, upwards: str) -> Markup:
    """Points; thefts are discs, insolvencies are squares, so that colour is not needed."""
    drawn = []
    for point in plot["points"]:
        x, y, name = _x(point["x"]), _y(point["y"]), escape(point["id"])
        look = f'fill="{FILLS[point["kind"]]}" fill-opacity=".7"><title>{name}</title>'
        if point["kind"] == "theft":
            drawn.append(f'<circle cx="{x}" cy="{y}" r="4" {look}</circle>')
        else:
            drawn.append(f'<rect x="{x - 4}" y="{y - 4}" width="8" height="8" {look}</rect>')
    return _frame(plot, title, across, upwards, "".join(drawn))


def curve(plot: Mapping[str, Any], title: str, across: str, upwards: str) -> Markup:
    """A line inside the band of its draws."""
    around = [*plot["high"], *reversed(plot["low"])]
    band = f'<polygon points="{_points(around)}" fill="{BAND}"/>'
    points = _points(plot["line"])
    line = f'<polyline points="{points}" fill="none" stroke="{BLUE}" stroke-width="2.5"/>'
    return _frame(plot, title, across, upwards, band + line)


def _points(places: Sequence[Sequence[int]]) -> str:
    return " ".join(f"{_x(x)},{_y(y)}" for x, y in places)


def _frame(plot: Mapping[str, Any], title: str, across: str, upwards: str, inside: str) -> Markup:
    lines, words = [], []
    for tick in plot["x"]:
        x = _x(tick["at"])
        label = str(tick["year"]) if "year" in tick else power(tick["power"])
        lines.append(f'<path d="M{x} {TOP}V{HEIGHT - BOTTOM}"/>')
        under = HEIGHT - BOTTOM + 20
        words.append(f'<text x="{x}" y="{under}" text-anchor="middle">{label}</text>')
    for tick in plot["y"]:
        y = _y(tick["at"])
        lines.append(f'<path d="M{LEFT} {y}H{WIDTH - RIGHT}"/>')
        words.append(
            f'<text x="{LEFT - 8}" y="{y + 5}" text-anchor="end">{power(tick["power"])}</text>'
        )
    middle, low = (LEFT + WIDTH - RIGHT) // 2, HEIGHT - 14
    words.append(f'<text x="{middle}" y="{low}" text-anchor="middle">{escape(across)}</text>')
    turn = f"rotate(-90 18 {(TOP + HEIGHT - BOTTOM) // 2})"
    at = (TOP + HEIGHT - BOTTOM) // 2
    words.append(
        f'<text x="18" y="{at}" text-anchor="middle" transform="{turn}">{escape(upwards)}</text>'
    )
    return Markup(
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'role="img" aria-label="{escape(title)}" font-family="sans-serif" font-size="14" '
        f'fill="{SOFT}"><title>{escape(title)}</title><rect width="{WIDTH}" height="{HEIGHT}" '
        f'fill="#fff"/><g stroke="{LINE}">{"".join(lines)}</g>{inside}{"".join(words)}</svg>\n'
    )

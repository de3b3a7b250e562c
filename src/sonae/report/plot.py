"""A line with its points as inline SVG: marks and labels carry the meaning, colour does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

WIDTH, HEIGHT = 720, 300
LEFT, BOTTOM, TOP, RIGHT = 120, 44, 34, 40
MARKS = {
    "circle": '<circle cx="{x}" cy="{y}" r="4" class="b-cover"/>',
    "square": '<rect x="{a}" y="{b}" width="9" height="9" class="b-required"/>',
    "diamond": '<path d="M{x} {t}l6 6l-6 6l-6 -6z" class="m-chosen"/>',
}


@dataclass(frozen=True, slots=True)
class Point:
    """A place in thousandths of each axis, and what is written beside it."""

    across: int
    up: int
    label: str


@dataclass(frozen=True, slots=True)
class Line:
    """Points in order; `joined` draws the line between them."""

    mark: str
    points: Sequence[Point]
    joined: bool = True


def chart(
    lines: Sequence[Line],
    across: Sequence[tuple[int, str]],
    up: Sequence[tuple[int, str]],
    names: tuple[str, str],
    title: str,
) -> Markup:
    """A chart with ticks `(thousandths, words)` on both axes and the names of the axes."""
    drawn = [Markup("<title>{}</title>").format(title)]
    for at, words in across:
        x = _x(at)
        drawn.append(
            Markup('<path d="M{} {}v-{}" class="grid"/>').format(x, HEIGHT - BOTTOM, _tall())
        )
        drawn.append(_words(x, HEIGHT - BOTTOM + 16, words, "middle"))
    for at, words in up:
        y = _y(at)
        drawn.append(Markup('<path d="M{} {}h{}" class="grid"/>').format(LEFT, y, _wide()))
        drawn.append(_words(LEFT - 8, y + 4, words, "end"))
    drawn.append(_words(LEFT + _wide() // 2, HEIGHT - 6, names[0], "middle"))
    drawn.append(_words(8, 14, names[1], "start"))
    for line in lines:
        drawn += _line(line)
    return Markup(
        '<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>'
    ).format(WIDTH, HEIGHT, title, Markup("").join(drawn))


def mark(name: str) -> Markup:
    """A mark alone, for a key."""
    return Markup('<svg class="swatch" viewBox="0 0 16 16" aria-hidden="true">{}</svg>').format(
        _mark(name, 8, 8)
    )


def _line(line: Line) -> list[Markup]:
    places = [(_x(p.across), _y(p.up)) for p in line.points]
    found = []
    if line.joined and len(places) > 1:
        path = "M" + "L".join(f"{x} {y}" for x, y in places)
        found.append(Markup('<path d="{}" class="line"/>').format(path))
    for (x, y), point in zip(places, line.points, strict=True):
        found.append(_mark(line.mark, x, y))
        if point.label:
            found.append(_words(x + 8, y - 7, point.label, "end" if x > WIDTH - 160 else "start"))
    return found


def _mark(name: str, x: int, y: int) -> Markup:
    return Markup(MARKS[name].format(x=x, y=y, a=x - 4, b=y - 4, t=y - 6))


def _words(x: int, y: int, words: str, anchor: str) -> Markup:
    return Markup('<text x="{}" y="{}" text-anchor="{}">{}</text>').format(
        x, y, anchor, escape(words)
    )


def _wide() -> int:
    return WIDTH - LEFT - RIGHT


def _tall() -> int:
    return HEIGHT - TOP - BOTTOM


def _x(at: int) -> int:
    return LEFT + at * _wide() // 1000


def _y(at: int) -> int:
    return HEIGHT - BOTTOM - at * _tall() // 1000

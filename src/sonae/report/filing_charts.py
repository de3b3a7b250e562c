"""Charts for paper as SVG that carries its own fills: patterns, marks and words beside each colour.

The colours are told apart by people with any colour vision, and in print without colour.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from markupsafe import Markup, escape

from sonae.core.display import with_separators
from sonae.core.text import LANGS, Lang, Text
from sonae.report.format import MONTHS
from sonae.report.paper import Picture

Across = Callable[[date], int]
Up = Callable[[Fraction], int]
WIDTH = 900
INK, SOFT, LINE = "#16202b", "#4d5b6a", "#cfd6de"
FILLS: Mapping[str, str] = {"required": "#16202b", "cover": "url(#hatch)", "failed": "url(#dots)"}
PATTERNS = Markup(
    '<defs><pattern id="hatch" width="7" height="7" patternUnits="userSpaceOnUse">'
    '<rect width="7" height="7" fill="#bcd3ea"/><path d="M0 7L7 0" stroke="#1d3557" '
    'stroke-width="1.4"/></pattern><pattern id="dots" width="6" height="6" '
    'patternUnits="userSpaceOnUse"><rect width="6" height="6" fill="#fdf0e3"/>'
    '<circle cx="3" cy="3" r="1.3" fill="#8a3b00"/></pattern></defs>'
)
INKS = ("#1d3557", "#8a3b00", "#4d5b6a")
DASHES = ("", "7 4", "2 3")
MARKS = (
    '<circle cx="{x}" cy="{y}" r="3.4" fill="{ink}"/>',
    '<rect x="{a}" y="{b}" width="7" height="7" fill="{ink}"/>',
    '<path d="M{x} {t}l5 5l-5 5l-5 -5z" fill="{ink}"/>',
)
SIZES: Mapping[Lang, Sequence[tuple[int, str]]] = {
    "ja": ((12, "兆"), (8, "億"), (4, "万"), (0, "")),
    "en": ((12, " trillion"), (9, " billion"), (6, " million"), (0, "")),
}


# -- bars ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: what it is, its fill, its length, and the number beside it; None is no length."""

    name: Text
    fill: str
    value: Fraction | None
    says: Text


def bars(
    groups: Sequence[tuple[Text, Sequence[Bar]]], alt: Text, title: Text | None = None
) -> Picture:
    """Bars under headings on one scale; the number stands beside each bar."""
    return Picture(_both(lambda lang: _bars(groups, alt.lang(lang), lang)), alt, title)


def _bars(groups: Sequence[tuple[Text, Sequence[Bar]]], title: str, lang: Lang) -> Markup:
    left, room = 200, 430
    lengths = [b.value for _, each in groups for b in each if b.value is not None]
    most = max([*lengths, Fraction(0)])
    drawn: list[Markup] = []
    y = 0
    for head, each in groups:
        drawn.append(_words(0, y + 18, head.lang(lang), "start", "bold"))
        y += 28
        for bar in each:
            drawn.append(_words(left - 10, y + 14, bar.name.lang(lang), "end"))
            width = 0
            if bar.value is not None and bar.value > 0 and most:
                width = max(2, int(bar.value * room / most))
                drawn.append(
                    Markup(
                        f'<rect x="{left}" y="{y}" width="{width}" height="18" '
                        f'fill="{FILLS[bar.fill]}" stroke="{INK}" stroke-width=".8"/>'
                    )
                )
            else:
                drawn.append(Markup(f'<path d="M{left} {y}v18" stroke="{INK}"/>'))
            drawn.append(_words(left + width + 8, y + 14, bar.says.lang(lang), "start"))
            y += 24
        y += 10
    return _frame(drawn, title, y)


# -- days ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Series:
    """Values by day; the line is broken where a day of `breaks` lies between."""

    name: Text
    points: Mapping[date, Fraction]


def days(
    series: Sequence[Series],
    first: date,
    last: date,
    unit: Text | None,
    alt: Text,
    breaks: Sequence[date] = (),
    title: Text | None = None,
) -> Picture:
    """Lines over the days from `first` to `last`, told apart by dash and mark.

    `unit`: a currency; None for shares, whose axis is in per cent. `breaks`: days on which there
    should be a value and is none.
    """
    picked = [s for s in series if s.points]
    drawn = _both(lambda lang: _days(picked, first, last, unit, alt, breaks, lang))
    return Picture(drawn, alt, title)


HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 330, 110, 30, 62, 36


def _days(
    series: Sequence[Series],
    first: date,
    last: date,
    unit: Text | None,
    alt: Text,
    breaks: Sequence[date],
    lang: Lang,
) -> Markup:
    values = [v for s in series for v in s.points.values()]
    top = max([*values, Fraction(0)])
    step = _step(top)
    most = step * max(1, -(-top // step))
    wide, tall, whole = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM, max(1, (last - first).days)

    def x(on: date) -> int:
        return LEFT + (on - first).days * wide // whole

    def y(value: Fraction) -> int:
        return HEIGHT - BOTTOM - int(max(value, Fraction(0)) * tall / most)

    drawn = [_axis(step, most, unit, lang, y), _dates(first, last, lang, x)]
    at = LEFT
    for n, one in enumerate(series):
        ink, mark = INKS[n % 3], MARKS[n % 3]
        drawn.append(_line(one, x, y, ink, DASHES[n % 3], breaks))
        for on, value in sorted(one.points.items()):
            drawn.append(_mark(mark, x(on), y(value), ink))
        dash = f' stroke-dasharray="{DASHES[n % 3]}"' if DASHES[n % 3] else ""
        drawn.append(
            Markup(f'<path d="M{at} 40h30" stroke="{ink}" stroke-width="1.8" fill="none"{dash}/>')
        )
        drawn.append(_mark(mark, at + 15, 40, ink))
        drawn.append(_words(at + 38, 45, one.name.lang(lang), "start"))
        at += 60 + sum(15 if ord(c) > 0x2E80 else 8 for c in one.name.lang(lang))
    return _frame(drawn, alt.lang(lang), HEIGHT)


def _step(top: Fraction) -> Fraction:
    """The distance of ticks: 1, 2 or 5 times a power of ten, so that there are at most six."""
    if top <= 0:
        return Fraction(1)
    power = Fraction(1)
    while power * 10 <= top:
        power *= 10
    while power > top:
        power /= 10
    return next(s for s in (power / 5, power / 2, power, power * 2) if s * 6 >= top)


def _axis(step: Fraction, most: Fraction, unit: Text | None, lang: Lang, y: Up) -> Markup:
    """Ticks with their numbers, and the unit above them."""
    exponent, size = 0, ""
    if unit is not None:
        exponent, size = next((s for s in SIZES[lang] if most >= 10 ** s[0]), (0, ""))
    shown = Markup("")
    for n in range(int(most / step) + 1):
        value = step * n
        scaled = value * 100 if unit is None else value / 10**exponent
        place = y(value)
        shown += Markup(f'<path d="M{LEFT} {place}H{WIDTH - RIGHT}" stroke="{LINE}"/>')
        shown += _words(LEFT - 8, place + 5, _decimal(scaled), "end")
    if unit is None:
        words = "%"
    elif lang == "ja":
        words = f"単位：{size}{unit.ja}"
    else:
        words = f"in {unit.en}{size}"
    return shown + _words(0, 18, words, "start")


def _decimal(value: Fraction) -> str:
    """A tick's number: its decimal ends, as steps are 1, 2 or 5 times a power of ten."""
    places, scaled = 0, value
    while scaled.denominator != 1:
        places, scaled = places + 1, scaled * 10
    digits = str(scaled.numerator).rjust(places + 1, "0")
    return with_separators(f"{digits[:-places]}.{digits[-places:]}" if places else digits)


def _dates(first: date, last: date, lang: Lang, x: Across) -> Markup:
    """The first and last day, and the first of each month between."""
    shown = Markup("")
    done: set[int] = set()
    months = [date(y, m, 1) for y in range(first.year, last.year + 1) for m in range(1, 13)]
    for on in [first, *(d for d in months if first < d < last), last]:
        place = x(on)
        if any(abs(place - other) < 60 for other in done):
            continue
        done.add(place)
        shown += Markup(f'<path d="M{place} {HEIGHT - BOTTOM}v6" stroke="{SOFT}"/>')
        words = f"{on.month}月{on.day}日" if lang == "ja" else f"{on.day} {MONTHS[on.month][:3]}"
        shown += _words(place, HEIGHT - 10, words, "middle")
    return shown


def _line(one: Series, x: Across, y: Up, ink: str, dashed: str, breaks: Sequence[date]) -> Markup:
    path, before = "", None
    for on, value in sorted(one.points.items()):
        torn = before is None or any(before < b < on for b in breaks)
        path += f"{'M' if torn else 'L'}{x(on)} {y(value)}"
        before = on
    dash = f' stroke-dasharray="{dashed}"' if dashed else ""
    return Markup(f'<path d="{path}" fill="none" stroke="{ink}" stroke-width="1.8"{dash}/>')


def _mark(shape: str, x: int, y: int, ink: str) -> Markup:
    return Markup(shape.format(x=x, y=y, a=x - 3, b=y - 3, t=y - 5, ink=ink))


# -- shared ----------------------------------------------------------------------------------------


def _both(draw: Callable[[Lang], Markup]) -> Text:
    ja, en = (str(draw(lang)) for lang in LANGS)
    return Text(ja, en)


def _words(x: int, y: int, words: str, anchor: str, weight: str = "normal") -> Markup:
    return Markup(
        f'<text x="{x}" y="{y}" text-anchor="{anchor}" font-weight="{weight}">'
        f"{escape(words)}</text>"
    )


def _frame(drawn: Sequence[Markup], title: str, height: int) -> Markup:
    return Markup(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="{escape(title)}" font-family="sans-serif" font-size="14" fill="{INK}">'
        f"<title>{escape(title)}</title>{PATTERNS}{Markup('').join(drawn)}</svg>"
    )

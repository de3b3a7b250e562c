"""Numbers as ledgers and workbooks write them, read exactly: never through a float.

A form is declared, not tried out: a triangle, a bracket or a separator that the mapping does not
name is refused, so that 1.234 is never both a thousand and one and a bit.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from sonae.books.rows import Fault
from sonae.core.amount import LIMIT
from sonae.core.text import Text

SIGNS = ("minus", "brackets", "triangle", "trailing")
MOST_DIGITS = 60
YEN = ("￥", "\\")
"""The yen sign in files of CP932: a full-width one, and the byte that is a backslash elsewhere."""
_WIDE = {n + 0xFEE0: chr(n) for n in range(0x21, 0x7F)} | {0x3000: " ", 0x2212: "-", 0x2010: "-"}
_SIGNED = {
    "minus": re.compile(r"-(.+)", re.DOTALL),
    "brackets": re.compile(r"\((.+)\)", re.DOTALL),
    "triangle": re.compile(r"[△▲](.+)", re.DOTALL),
    "trailing": re.compile(r"(.+)-", re.DOTALL),
}


@dataclass(frozen=True)
class NumberForm:
    """How numbers are written: `units` are words after a number and their power of ten.

    With `units` a number without one of them is refused, unless "" is among them. `marks` are
    signs without meaning, such as ¥; `zero` are words that stand for nothing.
    """

    thousands: str = ""
    point: str = "."
    wide: bool = False
    negative: tuple[str, ...] = ("minus",)
    zero: tuple[str, ...] = ()
    units: Mapping[str, int] = field(default_factory=dict)
    marks: tuple[str, ...] = ()

    @cached_property
    def body(self) -> re.Pattern[str]:
        """Digits, with separators in groups of three where they are declared."""
        whole = r"[0-9]+"
        if self.thousands:
            whole = rf"[0-9]{{1,3}}(?:{re.escape(self.thousands)}[0-9]{{3}})+|[0-9]+"
        return re.compile(rf"({whole})(?:{re.escape(self.point)}([0-9]+))?")

    @property
    def plain(self) -> bool:
        """True where unsigned and minus numbers need no more than their separators removed."""
        return not self.units and self.point == "."


def narrow(text: str) -> str:
    """Full-width letters, digits and signs as half-width ones; nothing else changes.

    >>> narrow("（１，２３４．５）")
    '(1,234.5)'
    """
    return text.translate(_WIDE)


def read_number(text: str, form: NumberForm) -> tuple[int, int]:
    """Digits and how many of them stand after the point.

    >>> read_number("△1,234.50", NumberForm(thousands=",", negative=("triangle",)))
    (-123450, 2)

    Raises:
        Fault: not a number of this form.
    """
    rest = narrow(text) if form.wide else text
    if rest in form.zero or text in form.zero:
        return 0, 0
    rest, below = _sign(rest, form)
    rest, power = _unit(_unmarked(rest, form), form, text)
    if not below:
        rest, below = _sign(rest, form)
    rest = _unmarked(rest, form)
    found = form.body.fullmatch(rest)
    if found is None or len(rest) > MOST_DIGITS:
        raise Fault("corrupt-row", _why(rest, text, form))
    whole, part = found[1], found[2] or ""
    digits = int((whole.replace(form.thousands, "") if form.thousands else whole) + part)
    digits, places = (-digits if below else digits), len(part) - power
    return (digits, places) if places >= 0 else (digits * 10**-places, 0)


def _sign(text: str, form: NumberForm) -> tuple[str, bool]:
    for name in form.negative:
        if found := _SIGNED[name].fullmatch(text):
            return found[1].strip(), True
    return text, False


def _unmarked(text: str, form: NumberForm) -> str:
    for mark in (*form.marks, *(YEN if "¥" in form.marks else ())):
        text = text.removeprefix(mark).removesuffix(mark)
    return text.strip() if form.marks else text


def _unit(text: str, form: NumberForm, said: str) -> tuple[str, int]:
    if not form.units:
        return text, 0
    for unit in sorted(form.units, key=len, reverse=True):
        if unit and text.endswith(unit):
            return text.removesuffix(unit).strip(), form.units[unit]
    if "" in form.units:
        return text, form.units[""]
    known = ", ".join(form.units)
    raise Fault("no-unit", _NO_UNIT.format(v=said, known=known))


def _why(rest: str, said: str, form: NumberForm) -> Text:
    if any(c.isdigit() for c in rest) and narrow(rest) != rest and not form.wide:
        return _IS_WIDE.format(v=said)
    for name, pattern in _SIGNED.items():
        if name not in form.negative and pattern.fullmatch(narrow(rest)):
            return _SIGN.format(v=said, n=name)
    if "," in rest and not form.thousands:
        return _SEPARATOR.format(v=said)
    return _NUMBER.format(v=said)


def scaled(number: tuple[int, int], shift: int, said: str, asset: str = "") -> int:
    """The integer `number × 10^shift`; a digit below one is refused, never rounded.

    >>> scaled((15, 1), 8, "1.5")
    150000000
    """
    digits, places = number
    step: int = 10 ** abs(places - shift)
    if places > shift:
        digits, left = divmod(digits, step)
        if left:
            raise Fault("wrong-scale", _SCALE.format(v=said, a=asset, s=shift))
    else:
        digits *= step
    if abs(digits) >= LIMIT:
        raise Fault("corrupt-row", _LARGE.format(v=said))
    return digits


def decimal_text(number: tuple[int, int]) -> str:
    """Plain decimal text, without zeros that say nothing.

    >>> decimal_text((-123450, 2))
    '-1234.5'
    """
    digits, places = number
    text = str(abs(digits)).rjust(places + 1, "0")
    whole, part = (text[:-places], text[-places:]) if places else (text, "")
    part = part.rstrip("0")
    return f"{'-' if digits < 0 else ''}{whole}{'.' if part else ''}{part}"


_NUMBER = Text("「{v}」は数値として読めない", "{v!r} is not a number of the declared form")
_IS_WIDE = Text(
    "「{v}」は全角。マッピングに number.wide がない", "{v!r} is full-width; number.wide is not set"
)
_SIGN = Text(
    "「{v}」の負号の書き方は number.negative に「{n}」がないため読めない",
    "{v!r} writes its sign in a way that number.negative does not name ({n})",
)
_SEPARATOR = Text(
    "「{v}」に桁区切りがある。マッピングに number.thousands がない",
    "{v!r} has separators; number.thousands is not set",
)
_NO_UNIT = Text(
    "「{v}」に単位がない、または知らない単位。使える単位: {known}",
    "{v!r} has no unit, or one that is not known; known: {known}",
)
_SCALE = Text(
    "「{v}」は{a}の最小単位（小数{s}桁）より細かい",
    "{v!r} is finer than the smallest unit of {a} ({s} decimals)",
)
_LARGE = Text("「{v}」は38桁を超える", "{v!r} is longer than 38 digits")

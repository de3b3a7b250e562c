"""Every number that leaves Sonae is a Figure: a value that knows why it is what it is.

A Figure holds an exact value and its unit, the figures it was made from, and the provision, data
or named assumption it answers to. Arithmetic on figures makes figures, so the reasons are never
separate from the number. What cannot be computed is a value too: it names what is missing and
spreads, so that no gap is ever filled with a zero.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import Literal, TypeAlias

from sonae.core.citation import Citation
from sonae.core.errors import UnitError
from sonae.core.text import Text, same

Standing = Literal["in_force", "house", "enacted", "proposed"]
Confidence = Literal["verified", "derived", "secondary", "memory"]
STANDINGS: tuple[Standing, ...] = ("in_force", "house", "enacted", "proposed")
CONFIDENCES: tuple[Confidence, ...] = ("verified", "derived", "secondary", "memory")


@dataclass(frozen=True, slots=True)
class Missing:
    """Why a value cannot be computed: what is missing, and which provision asks for it."""

    key: str
    reason: Text


@dataclass(frozen=True, slots=True)
class NotComputable:
    """A value that cannot be computed, with every missing input named."""

    missing: tuple[Missing, ...]

    def reason(self) -> Text:
        """All reasons in one sentence."""
        return Text(
            "、".join(dict.fromkeys(m.reason.ja for m in self.missing)),
            "; ".join(dict.fromkeys(m.reason.en for m in self.missing)),
        )


@dataclass(frozen=True, slots=True)
class Range:
    """A value known only to lie between two bounds, both included."""

    low: Fraction
    high: Fraction

    def __post_init__(self) -> None:
        """Refuse bounds in the wrong order."""
        if self.low > self.high:
            raise ValueError(f"range from {self.low} to {self.high}: bounds in the wrong order")


@dataclass(frozen=True, slots=True)
class Source:
    """Where a fact was read: table, filter, number of rows, digest of the table's files."""

    table: str
    where: str
    rows: int
    digest: str


Value: TypeAlias = (
    "Fraction | date | bool | str | Range | NotComputable"
    " | Mapping[str, Figure] | tuple[Figure, ...] | None"
)
Operand: TypeAlias = "Figure | int | Fraction"


@dataclass(frozen=True, slots=True, eq=False)
class Figure:
    """A value with its reasons.

    `value` is a Fraction (number), date, bool (truth), str (code), None (the code "none"), Range,
    a mapping or tuple of figures (table), or NotComputable. `unit` is a word such as "JPY",
    "ratio", "coin", "JPY/coin", "days", "date", "truth", "code", "table". `formula` says how the
    value follows from `inputs`, whose names go into its places `{0}`, `{1}`. `standing` and
    `confidence` are the weakest found below.
    """

    value: Value
    unit: str
    id: str = ""
    label: Text | None = None
    formula: str = ""
    inputs: tuple[Figure, ...] = ()
    cites: tuple[Citation, ...] = ()
    standing: Standing = "in_force"
    confidence: Confidence = "derived"
    source: Source | None = None
    assumptions: tuple[Text, ...] = ()

    # -- what it is ------------------------------------------------------------------------

    @property
    def kind(self) -> str:
        """number, date, truth, code, range, table or not_computable."""
        return kind_of(self.value)

    @property
    def computable(self) -> bool:
        """False where the value, or a part of a table, cannot be computed."""
        return not isinstance(self.value, NotComputable)

    def number(self) -> Fraction:
        """The exact number; a TypeError where the figure is none."""
        if not isinstance(self.value, Fraction):
            raise TypeError(f"{self.id or self.formula}: {self.kind} is not a number")
        return self.value

    def truth(self) -> bool:
        """The truth; a TypeError where the figure is none."""
        if not isinstance(self.value, bool):
            raise TypeError(f"{self.id or self.formula}: {self.kind} is not a truth")
        return self.value

    def name(self) -> str:
        """Short name for formulas: the last part of the id, else the formula in brackets."""
        if self.id:
            return re.split("[#/:]", self.id)[-1]
        return f"({self.how()})" if self.inputs and self.formula else str_value(self.value)

    def how(self) -> str:
        """The formula with the names of the inputs in it."""
        return self.formula.format(*(child.name() for child in self.inputs))

    def named(self, id: str, label: Text | None = None, cites: Sequence[Citation] = ()) -> Figure:
        """The same figure under an id of its own.

        A figure that already has one is wrapped, so that both names stay in the tree.
        """
        if self.id and self.id != id:
            wrapped = derive("{0}", self.value, self.unit, (self,))
            return replace(wrapped, id=id, label=label, cites=tuple(cites))
        return replace(self, id=id, label=label or self.label, cites=(*self.cites, *cites))

    # -- tables ----------------------------------------------------------------------------

    def rows(self) -> Mapping[str, Figure]:
        """The rows of a table keyed by name."""
        if not isinstance(self.value, Mapping):
            raise TypeError(f"{self.id}: {self.kind} is not a table")
        return self.value

    def items(self) -> tuple[Figure, ...]:
        """The items of a list-shaped table, in order."""
        if not isinstance(self.value, tuple):
            raise TypeError(f"{self.id}: {self.kind} is not a list")
        return self.value

    # -- arithmetic ------------------------------------------------------------------------

    def __add__(self, other: Operand) -> Figure:
        return _arithmetic("+", self, other)

    def __sub__(self, other: Operand) -> Figure:
        return _arithmetic("-", self, other)

    def __mul__(self, other: Operand) -> Figure:
        return _arithmetic("×", self, other)

    def __truediv__(self, other: Operand) -> Figure:
        return _arithmetic("/", self, other)

    def __le__(self, other: Operand) -> Figure:
        return _compare("≤", self, other)

    def __lt__(self, other: Operand) -> Figure:
        return _compare("<", self, other)

    def __ge__(self, other: Operand) -> Figure:
        return _compare("≥", self, other)

    def __bool__(self) -> bool:
        raise TypeError("a Figure has no truth of its own; use truth() or choose()")


def kind_of(value: Value) -> str:
    """The kind of a value in the words of design section 1."""
    if isinstance(value, bool):
        return "truth"
    if isinstance(value, Fraction):
        return "number"
    if isinstance(value, date):
        return "date"
    if value is None or isinstance(value, str):
        return "code"
    if isinstance(value, Range):
        return "range"
    if isinstance(value, NotComputable):
        return "not_computable"
    return "table"


def str_value(value: Value) -> str:
    """A short exact text of a plain value, for formulas."""
    if isinstance(value, Fraction):
        return str(value)
    return value.isoformat() if isinstance(value, date) else str(value)


# -- making figures ---------------------------------------------------------------------------


def missing(key: str, reason: Text, unit: str = "", **marks: object) -> Figure:
    """A figure that cannot be computed because `key` is missing."""
    figure = Figure(NotComputable((Missing(key, reason),)), unit, id=f"fact:{key}")
    return replace(figure, **marks)  # type: ignore[arg-type]


def in_order(assumptions: Iterable[Text]) -> tuple[Text, ...]:
    """Each assumption once, by its English words."""
    return tuple(sorted(set(assumptions), key=lambda a: a.en))


def weakest(figures: Iterable[Figure]) -> tuple[Standing, Confidence, tuple[Text, ...]]:
    """Standing, confidence and assumptions that a figure made from these must carry."""
    seen = list(figures)
    standing: Standing = max((f.standing for f in seen), key=STANDINGS.index, default=STANDINGS[0])
    confidence: Confidence = max(
        (f.confidence for f in seen), key=CONFIDENCES.index, default=CONFIDENCES[0]
    )
    return standing, confidence, in_order(a for f in seen for a in f.assumptions)


def derive(
    formula: str,
    value: Value,
    unit: str,
    inputs: Sequence[Figure],
    cites: Sequence[Citation] = (),
) -> Figure:
    """A figure made from others: marks come from the inputs, and so does a gap."""
    gaps = gaps_in(inputs)
    standing, confidence, assumptions = weakest(inputs)
    return Figure(
        value=NotComputable(gaps) if gaps else value,
        unit=unit,
        formula=formula,
        inputs=tuple(inputs),
        cites=tuple(cites),
        standing=standing,
        confidence=confidence,
        assumptions=assumptions,
    )


def gaps_in(figures: Iterable[Figure]) -> tuple[Missing, ...]:
    """What is missing in these figures themselves (not in the rows of their tables)."""
    gaps: dict[Missing, None] = {}
    for figure in figures:
        if isinstance(figure.value, NotComputable):
            gaps.update(dict.fromkeys(figure.value.missing))
    return tuple(gaps)


def apply(
    formula: str,
    unit: str,
    inputs: Sequence[Figure],
    compute: Callable[[], Value],
    cites: Sequence[Citation] = (),
) -> Figure:
    """Like `derive`, but `compute` runs only when no input is missing."""
    value = NotComputable(gaps) if (gaps := gaps_in(inputs)) else compute()
    return derive(formula, value, unit, inputs, cites)


def constant(value: int | Fraction, unit: str) -> Figure:
    """A bare number in a formula. Law has none of these: parameters are data."""
    return Figure(Fraction(value), unit, formula=str(value), confidence="verified")


# -- arithmetic -------------------------------------------------------------------------------


def _arithmetic(sign: str, left: Figure, other: Operand) -> Figure:
    right = other if isinstance(other, Figure) else constant(other, _neutral(sign, left))
    unit = _unit(sign, left, right)
    formula = f"{{0}} {sign} {{1}}"

    def compute() -> Value:
        if sign == "/" and min(bounds(right)) <= 0 <= max(bounds(right)):
            return _zero_divisor(right)
        corners = [_op(sign, a, b) for a in bounds(left) for b in bounds(right)]
        return number_or_range(corners)

    return apply(formula, unit, (left, right), compute)


def _zero_divisor(figure: Figure) -> NotComputable:
    name = figure.name()
    reason = Text(f"{name}が零のため割れない", f"{name} is zero and cannot divide")
    return NotComputable((Missing(name, reason),))


def _neutral(sign: str, left: Figure) -> str:
    return left.unit if sign in "+-" else "ratio"


def _op(sign: str, a: Fraction, b: Fraction) -> Fraction:
    if sign == "+":
        return a + b
    if sign == "-":
        return a - b
    return a * b if sign == "×" else a / b


def _unit(sign: str, left: Figure, right: Figure) -> str:
    a, b = left.unit, right.unit
    if sign in "+-":
        if a != b:
            raise UnitError(f"{left.name()} [{a}] {sign} {right.name()} [{b}]: different units")
        return a
    if b == "ratio":
        return a
    if sign == "×" and a == "ratio":
        return b
    if sign == "×" and b.endswith(f"/{a}"):
        return b.removesuffix(f"/{a}")
    if sign == "×" and a.endswith(f"/{b}"):
        return a.removesuffix(f"/{b}")
    if sign == "/" and b.startswith(f"{a}/"):
        return b.removeprefix(f"{a}/")
    if sign == "/":
        return "ratio" if a == b else f"{a}/{b}"
    raise UnitError(f"{left.name()} [{a}] × {right.name()} [{b}]: no unit for the product")


def bounds(figure: Figure) -> tuple[Fraction, ...]:
    """The number, or both ends of the range."""
    if isinstance(figure.value, Range):
        return (figure.value.low, figure.value.high)
    return (figure.number(),)


def number_or_range(corners: Sequence[Fraction]) -> Value:
    """One number where all are the same, else the range they span."""
    low, high = min(corners), max(corners)
    return low if low == high else Range(low, high)


def _compare(sign: str, left: Figure, other: Operand) -> Figure:
    right = other if isinstance(other, Figure) else constant(other, left.unit)
    if left.unit != right.unit:
        raise UnitError(f"{left.name()} [{left.unit}] {sign} {right.name()} [{right.unit}]")
    tests: dict[str, Callable[[Fraction, Fraction], bool]] = {
        "≤": lambda a, b: a <= b,
        "<": lambda a, b: a < b,
        "≥": lambda a, b: a >= b,
    }

    def compute() -> Value:
        answers = {tests[sign](a, b) for a in bounds(left) for b in bounds(right)}
        return answers.pop() if len(answers) == 1 else _undecided(left, right)

    return apply(f"{{0}} {sign} {{1}}", "truth", (left, right), compute)


def _undecided(*figures: Figure) -> NotComputable:
    names = ", ".join(f.name() for f in figures)
    reason = Text(f"{names}の幅のため判定できない", f"{names}: the range does not decide it")
    return NotComputable((Missing(names, reason),))


def walk(figure: Figure) -> Iterator[Figure]:
    """The figure and everything below it, each object once, inputs first."""
    seen: set[int] = set()

    def visit(node: Figure) -> Iterator[Figure]:
        if id(node) in seen:
            return
        seen.add(id(node))
        for child in node.inputs:
            yield from visit(child)
        yield node

    yield from visit(figure)


def text_of(figure: Figure) -> Text:
    """The reason a figure cannot be computed, or its plain value."""
    if isinstance(figure.value, NotComputable):
        return figure.value.reason()
    return same(str_value(figure.value))

"""The functions rules are written with: sums, extremes, tests, choices and tables of figures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from sonae.core.errors import UnitError
from sonae.core.figure import (
    Figure,
    Range,
    Value,
    apply,
    bounds,
    constant,
    derive,
    number_or_range,
    weakest,
)


def total(figures: Sequence[Figure], unit: str, formula: str = "") -> Figure:
    """The sum; of nothing it is zero of `unit`."""
    for figure in figures:
        if figure.unit != unit:
            raise UnitError(f"{figure.name()} [{figure.unit}] in a sum of [{unit}]")

    def compute() -> Value:
        ends = [bounds(f) for f in figures]
        low = sum((e[0] for e in ends), Fraction(0))
        high = sum((e[-1] for e in ends), Fraction(0))
        return low if low == high else Range(low, high)

    text = formula or " + ".join(_places(figures)) or "0"
    return apply(text, unit, figures, compute)


def largest(*figures: Figure) -> Figure:
    """The greatest of figures in one unit."""
    return _extreme("max", max, figures)


def smallest(*figures: Figure) -> Figure:
    """The least of figures in one unit (いずれか低い額)."""
    return _extreme("min", min, figures)


def _extreme(
    name: str, pick: Callable[[Iterable[Fraction]], Fraction], figures: Sequence[Figure]
) -> Figure:
    if len({f.unit for f in figures}) != 1:
        raise UnitError(f"{name} of {[f.unit for f in figures]}: different units")

    def compute() -> Value:
        ends = [bounds(f) for f in figures]
        return number_or_range([pick(e[0] for e in ends), pick(e[-1] for e in ends)])

    formula = f"{name}({', '.join(_places(figures))})"
    return apply(formula, figures[0].unit, figures, compute)


def _places(figures: Sequence[Figure]) -> list[str]:
    return [f"{{{n}}}" for n in range(len(figures))]


def not_negative(figure: Figure) -> Figure:
    """The figure, or zero where it is below zero."""
    return largest(figure, constant(0, figure.unit))


def all_of(*truths: Figure) -> Figure:
    """True when all are; false as soon as one is false, even where another is not computable."""
    known_false = [t for t in truths if t.value is False]
    if known_false:
        return derive(" and ".join(_places(known_false)), False, "truth", known_false)
    return derive(" and ".join(_places(truths)), True, "truth", truths)


def choose(test: Figure, if_true: str, if_false: str) -> Figure:
    """A code by a truth, such as pass or fail."""
    return apply(
        f"{if_true} if {{0}} else {if_false}",
        "code",
        (test,),
        lambda: if_true if test.truth() else if_false,
    )


def table(rows: Mapping[str, Figure], formula: str = "") -> Figure:
    """A table of figures; a row that cannot be computed says so by itself."""
    standing, confidence, assumptions = weakest(rows.values())
    return Figure(
        dict(rows),
        "table",
        formula=formula,
        inputs=tuple(rows.values()),
        standing=standing,
        confidence=confidence,
        assumptions=assumptions,
    )


def sum_rows(of: Figure, formula: str, unit: str, pick: Callable[[Figure], Figure]) -> Figure:
    """The sum over a table's rows of what `pick` makes of each from that row alone.

    >>> coins = table({"X": table({"q": constant(2, "coin"), "p": constant(3, "JPY/coin")})})
    >>> sum_rows(coins, "Σ q × p", "JPY", lambda r: r.rows()["q"] * r.rows()["p"]).value
    Fraction(6, 1)
    """
    if not of.computable:
        return derive(formula, None, unit, (of,))
    terms = [pick(row) for row in of.rows().values()]
    summed = total(terms, unit, formula)
    return replace(summed, inputs=(of,))

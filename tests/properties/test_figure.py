"""Figure arithmetic against fractions: exact, sound over ranges, no gap or mark ever lost."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sonae.core.errors import UnitError
from sonae.core.figure import (
    CONFIDENCES,
    STANDINGS,
    Figure,
    NotComputable,
    Range,
    apply,
    bounds,
    constant,
    gaps_in,
    missing,
    walk,
)
from sonae.core.formula import (
    all_of,
    choose,
    largest,
    not_negative,
    smallest,
    sum_rows,
    table,
    total,
)
from sonae.core.text import Text, same

numbers = st.integers(-6, 6).map(Fraction) | st.fractions(-(10**20), 10**20, max_denominator=10**9)
standings, confidences = st.sampled_from(STANDINGS), st.sampled_from(CONFIDENCES)
names = st.frozensets(st.sampled_from([Text(f"補った値{n}", f"filled in {n}") for n in "abc"]))

OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "×": operator.mul,
    "/": operator.truediv,
}


@dataclass(frozen=True)
class Tree:
    """An expression over leaves: a figure to compute, and the same with plain numbers."""

    sign: str = ""
    left: Any = None
    right: Any = None
    leaf: Figure | None = None

    def figure(self) -> Figure:
        if self.leaf is not None:
            return self.leaf
        return OPERATIONS[self.sign](self.left.figure(), self.right.figure())

    def leaves(self) -> list[Figure]:
        if self.leaf is not None:
            return [self.leaf]
        return [*self.left.leaves(), *self.right.leaves()]

    def at(self, points: dict[int, Fraction]) -> Fraction:
        """The value where each leaf has a point of its own; ZeroDivisionError where there is none.

        A leaf that stands twice has one point: it is one number.
        """
        if self.leaf is not None:
            return points[id(self.leaf)]
        return OPERATIONS[self.sign](self.left.at(points), self.right.at(points))


def leaves(values: Any) -> Any:
    return st.builds(
        lambda value, standing, confidence, assumed: Figure(
            value,
            "ratio",
            standing=standing,
            confidence=confidence,
            assumptions=tuple(sorted(assumed, key=lambda a: a.en)),
        ),
        values,
        standings,
        confidences,
        names,
    )


def trees(values: Any, signs: str = "+-×/") -> Any:
    return st.recursive(
        leaves(values).map(lambda leaf: Tree(leaf=leaf)),
        lambda inner: st.builds(Tree, st.sampled_from(signs), inner, inner),
        max_leaves=6,
    )


# -- exact numbers ----------------------------------------------------------------------------


@settings(deadline=None)
@given(trees(numbers))
def test_arithmetic_on_figures_is_arithmetic_on_fractions(tree: Tree) -> None:
    """To the last digit; and a division by zero anywhere is a gap, not an exception."""
    figure = tree.figure()
    try:
        wanted = tree.at({id(leaf): leaf.number() for leaf in tree.leaves()})
    except ZeroDivisionError:
        assert isinstance(figure.value, NotComputable)
        assert "zero" in figure.value.reason().en
        assert "零" in figure.value.reason().ja
    else:
        assert figure.value == wanted
        assert type(figure.value) is Fraction
        assert figure.unit == "ratio"


@settings(deadline=None)
@given(numbers, numbers)
def test_comparisons_are_those_of_the_numbers(a: Fraction, b: Fraction) -> None:
    """Equal is inside ≤ and ≥ and outside <; a bare number takes the unit of the figure."""
    left, right = Figure(a, "JPY"), Figure(b, "JPY")
    assert [(left <= right).truth(), (left < right).truth(), (left >= right).truth()] == [
        a <= b,
        a < b,
        a >= b,
    ]
    assert (left <= b).truth() == (a <= b)
    assert choose(left >= right, "pass", "fail").value == ("pass" if a >= b else "fail")
    assert not_negative(left).value == max(a, 0)


@settings(deadline=None)
@given(st.lists(numbers, min_size=1, max_size=6))
def test_totals_and_extremes_are_those_of_the_numbers(values: list[Fraction]) -> None:
    """Sum, greatest, least; and the sum over the rows of a table."""
    figures = [Figure(v, "JPY") for v in values]
    assert total(figures, "JPY").value == sum(values)
    assert largest(*figures).value == max(values)
    assert smallest(*figures).value == min(values)
    rows = table({str(n): table({"v": f}) for n, f in enumerate(figures)})
    assert sum_rows(rows, "Σ v", "JPY", lambda r: r.rows()["v"]).value == sum(values)
    assert total([], "JPY").value == 0


def test_a_figure_has_no_truth_of_its_own() -> None:
    """`if figure:` would be true for a zero and for a gap; it is refused."""
    with pytest.raises(TypeError, match="truth"):
        bool(Figure(Fraction(0), "JPY"))


# -- ranges -----------------------------------------------------------------------------------


@st.composite
def ranges(draw: Any) -> Range | Fraction:
    low, high = sorted((draw(numbers), draw(numbers)))
    return low if low == high else Range(low, high)


def ends(figure: Figure) -> tuple[Fraction, Fraction]:
    return bounds(figure)[0], bounds(figure)[-1]


@settings(deadline=None)
@given(trees(ranges()), st.randoms(use_true_random=False))
def test_every_value_that_can_be_lies_inside_the_range(tree: Tree, random: Any) -> None:
    """All corners and some points between: the true value is never outside what is shown."""
    figure = tree.figure()
    every = {id(leaf): leaf for leaf in tree.leaves()}
    if isinstance(figure.value, NotComputable):
        assert "zero" in figure.value.reason().en
        return
    low, high = ends(figure)
    for corner in product(*(sorted(set(ends(leaf))) for leaf in every.values())):
        assert low <= tree.at(dict(zip(every, corner, strict=True))) <= high
    between = {
        key: a + (b - a) * Fraction(random.randrange(101), 100)
        for key, (a, b) in ((k, ends(leaf)) for k, leaf in every.items())
    }
    assert low <= tree.at(between) <= high


@settings(deadline=None)
@given(st.sampled_from("+-×/"), ranges(), ranges())
@example("×", Range(Fraction(-2), Fraction(3)), Range(Fraction(-5), Fraction(7)))
@example("/", Fraction(1), Range(Fraction(-1), Fraction(1)))
def test_one_operation_on_ranges_is_exactly_the_hull_of_its_corners(
    sign: str, a: Any, b: Any
) -> None:
    """Not wider than it must be; and a divisor that may be zero gives no range at all."""
    left, right = Figure(a, "ratio"), Figure(b, "ratio")
    figure = OPERATIONS[sign](left, right)
    low, high = ends(right)
    if sign == "/" and low <= 0 <= high:
        assert isinstance(figure.value, NotComputable)
        return
    corners = [OPERATIONS[sign](x, y) for x in bounds(left) for y in bounds(right)]
    assert ends(figure) == (min(corners), max(corners))
    assert isinstance(figure.value, Fraction) is (min(corners) == max(corners))


@settings(deadline=None)
@given(st.lists(ranges(), min_size=1, max_size=5))
def test_totals_and_extremes_of_ranges_go_end_by_end(values: list[Any]) -> None:
    """The least and the greatest that the sum, the maximum and the minimum can be."""
    figures = [Figure(v, "JPY") for v in values]
    lows, highs = zip(*(ends(f) for f in figures), strict=True)
    assert ends(total(figures, "JPY")) == (sum(lows), sum(highs))
    assert ends(largest(*figures)) == (max(lows), max(highs))
    assert ends(smallest(*figures)) == (min(lows), min(highs))


@settings(deadline=None)
@given(ranges(), ranges())
@example(Range(Fraction(0), Fraction(5)), Fraction(5))
@example(Range(Fraction(5), Fraction(6)), Fraction(5))
def test_a_comparison_is_decided_only_where_every_value_decides_it(a: Any, b: Any) -> None:
    """An overlap is a gap that names both sides; "pass" is never a guess."""
    left, right = Figure(a, "JPY", id="fact:a"), Figure(b, "JPY", id="fact:b")
    (low, high), (bottom, top) = ends(left), ends(right)
    surely = {"≤": high <= bottom, "<": high < bottom, "≥": low >= top}
    surely_not = {"≤": low > top, "<": low >= top, "≥": high < bottom}
    for sign, test in (("≤", left <= right), ("<", left < right), ("≥", left >= right)):
        if surely[sign]:
            assert test.truth() is True
        elif surely_not[sign]:
            assert test.truth() is False
        else:
            assert isinstance(test.value, NotComputable)
            assert "a, b" in test.value.reason().en


def test_a_range_with_its_bounds_the_wrong_way_round_is_refused() -> None:
    """It would turn every comparison upside down."""
    with pytest.raises(ValueError, match="wrong order"):
        Range(Fraction(2), Fraction(1))


# -- gaps -------------------------------------------------------------------------------------

gaps = st.sampled_from("abcdef").map(
    lambda key: missing(key, Text(f"{key}がない", f"no {key}"), "ratio").value
)


@settings(deadline=None)
@given(trees(numbers | gaps, "+-×"))
def test_a_gap_spreads_with_every_reason_and_nothing_fills_it(tree: Tree) -> None:
    """Every missing input below is named once, and no other."""
    figure = tree.figure()
    below = {gap for leaf in tree.leaves() if not leaf.computable for gap in leaf.value.missing}
    if not below:
        assert figure.computable
        return
    assert isinstance(figure.value, NotComputable)
    assert set(figure.value.missing) == below
    assert len(figure.value.missing) == len(below)
    for gap in below:
        assert gap.reason.en in figure.value.reason().en
        assert gap.reason.ja in figure.value.reason().ja


def test_a_formula_is_not_run_on_a_gap() -> None:
    """`apply` does not call the computation, so it cannot default anything."""
    gap = missing("x", same("no x"), "JPY")
    figure = apply("f({0})", "JPY", (gap,), lambda: pytest.fail("was run"))
    assert figure.value == gap.value
    assert gaps_in([figure]) == gap.value.missing


@settings(deadline=None)
@given(st.lists(st.sampled_from([True, False, None]), max_size=5))
def test_a_conjunction_is_false_as_soon_as_one_part_is(truths: list[bool | None]) -> None:
    """False beats a gap, a gap beats true."""
    parts = [
        missing(f"t{n}", same(f"no t{n}"), "truth") if t is None else Figure(t, "truth")
        for n, t in enumerate(truths)
    ]
    got = all_of(*parts)
    if False in truths:
        assert got.value is False
    elif None in truths:
        assert not got.computable
    else:
        assert got.value is True


# -- marks ------------------------------------------------------------------------------------


@settings(deadline=None)
@given(trees(numbers | gaps))
def test_the_marks_of_a_figure_are_the_weakest_of_all_it_was_made_from(tree: Tree) -> None:
    """Standing, confidence and every named assumption; computable or not."""
    figure, below = tree.figure(), tree.leaves()
    assert figure.standing == max((f.standing for f in below), key=STANDINGS.index)
    assert figure.confidence == max((f.confidence for f in below), key=CONFIDENCES.index)
    assert set(figure.assumptions) == {a for f in below for a in f.assumptions}
    english = [a.en for a in figure.assumptions]
    assert english == sorted(set(english))


@settings(deadline=None)
@given(st.lists(leaves(numbers), min_size=1, max_size=5))
def test_functions_over_several_figures_carry_the_weakest_mark_too(parts: list[Figure]) -> None:
    """Sum, extremes and tables; a bare number in a formula never weakens anything."""
    weakest = (
        max((f.standing for f in parts), key=STANDINGS.index),
        max((f.confidence for f in parts), key=CONFIDENCES.index),
        {a for f in parts for a in f.assumptions},
    )
    for made in (
        total(parts, "ratio"),
        largest(*parts),
        smallest(*parts),
        table({str(n): f for n, f in enumerate(parts)}),
        not_negative(total(parts, "ratio")),
        choose(total(parts, "ratio") <= 5, "pass", "fail"),
        total(parts, "ratio") * 2 + 1,
    ):
        assert (made.standing, made.confidence, set(made.assumptions)) == weakest


def test_bare_numbers_are_neutral() -> None:
    """A constant is verified and in force: it is a number of the formula, not of the world."""
    one = constant(1, "ratio")
    assert (one.standing, one.confidence) == ("in_force", "verified")


@settings(deadline=None)
@given(trees(numbers))
def test_every_leaf_can_be_reached_from_the_answer(tree: Tree) -> None:
    """Nothing a figure was made from is lost on the way, and inputs come before what they make."""
    seen = list(walk(tree.figure()))
    places = {id(node): n for n, node in enumerate(seen)}
    assert len(places) == len(seen)
    assert all(id(leaf) in places for leaf in tree.leaves())
    assert all(places[id(child)] < places[id(node)] for node in seen for child in node.inputs)


# -- units ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "sign", "right", "unit"),
    [
        ("JPY", "+", "JPY", "JPY"),
        ("JPY", "-", "JPY", "JPY"),
        ("JPY", "×", "ratio", "JPY"),
        ("ratio", "×", "JPY", "JPY"),
        ("coin", "×", "JPY/coin", "JPY"),
        ("JPY/coin", "×", "coin", "JPY"),
        ("JPY/coin", "×", "ratio", "JPY/coin"),
        ("JPY", "/", "JPY", "ratio"),
        ("JPY", "/", "ratio", "JPY"),
        ("JPY", "/", "coin", "JPY/coin"),
        ("ratio", "×", "ratio", "ratio"),
        ("ratio", "/", "ratio", "ratio"),
    ],
)
def test_units_multiply_and_divide_as_quantities_do(
    left: str, sign: str, right: str, unit: str
) -> None:
    """Coins at a price are yen; yen over yen is a share."""
    assert OPERATIONS[sign](Figure(Fraction(6), left), Figure(Fraction(2), right)).unit == unit


def test_yen_over_a_price_are_coins() -> None:
    """How many coins an amount buys: JPY / (JPY/coin) = coin."""
    assert (Figure(Fraction(6), "JPY") / Figure(Fraction(2), "JPY/coin")).unit == "coin"


MIXED = [("JPY", "USD"), ("JPY", "coin"), ("JPY", "ratio"), ("days", "months")]


@pytest.mark.parametrize(("a", "b"), [*MIXED, *((b, a) for a, b in MIXED)])
def test_unlike_quantities_are_never_added_or_compared(a: str, b: str) -> None:
    """Sum, difference, comparison, extreme, total: a UnitError names both units."""
    left, right = Figure(Fraction(1), a), Figure(Fraction(1), b)
    attempts: list[Callable[[], object]] = [
        lambda: left + right,
        lambda: left - right,
        lambda: left <= right,
        lambda: left < right,
        lambda: left >= right,
        lambda: largest(left, right),
        lambda: smallest(left, right),
        lambda: total([left, right], a),
    ]
    for attempt in attempts:
        with pytest.raises(UnitError) as error:
            attempt()
        assert b in str(error.value)


@pytest.mark.parametrize(
    ("a", "b"), [("JPY", "JPY"), ("JPY", "coin"), ("JPY", "JPY/coin"), ("coin", "JPY/USD")]
)
def test_a_product_without_a_unit_is_refused(a: str, b: str) -> None:
    """Square yen mean nothing; nor do yen times a price."""
    with pytest.raises(UnitError, match="no unit"):
        Figure(Fraction(1), a) * Figure(Fraction(1), b)


def test_units_are_checked_even_where_a_value_is_missing() -> None:
    """A wrong formula is wrong on every day, not only on days with all facts."""
    with pytest.raises(UnitError):
        missing("x", same("no x"), "JPY") + Figure(Fraction(1), "coin")


def test_a_number_is_asked_for_only_where_there_is_one() -> None:
    """A gap, a code or a table has no number and no truth to take by mistake."""
    for value in (NotComputable(()), "pass", None, {}, (), True, Range(Fraction(0), Fraction(1))):
        with pytest.raises(TypeError):
            Figure(value, "JPY").number()
    for value in (NotComputable(()), "pass", None, Fraction(1)):
        with pytest.raises(TypeError):
            Figure(value, "truth").truth()

"""Which alternatives of cover are asked for, and amounts that go over a rate and back."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from sonae.close.abroad import enough
from sonae.close.money import Money
from sonae.core.figure import Figure, Range, missing
from sonae.core.formula import total
from sonae.core.text import Text

AMOUNTS = st.integers(0, 10**12)
FORMS = st.dictionaries(st.sampled_from("abcd"), st.none() | AMOUNTS, min_size=1)


def form(key: str, amount: int | None) -> Figure:
    """A form of cover; None is one that nobody stated."""
    if amount is None:
        return missing(key, Text("ない", "not given"), "EUR")
    return Figure(Fraction(amount), "EUR")


@given(required=AMOUNTS, amounts=FORMS)
def test_a_form_that_nobody_stated_is_left_out_only_where_the_others_suffice(
    required: int, amounts: dict[str, int | None]
) -> None:
    """The sum is a number exactly where all are known, or those that are known are enough."""
    forms = {k: form(k, a) for k, a in amounts.items()}
    held = total(list(enough(Figure(Fraction(required), "EUR"), forms).values()), "EUR")
    known = [a for a in amounts.values() if a is not None]
    all_known = len(known) == len(amounts)
    suffices = bool(known) and sum(known) >= required
    assert held.computable == (all_known or suffices)
    if held.computable:
        assert held.number() == sum(known)


@given(
    low=AMOUNTS,
    wide=AMOUNTS,
    rate=st.fractions(Fraction(1, 10**6), 10**6, max_denominator=10**6),
)
def test_an_amount_goes_over_a_rate_and_back_without_loss(
    low: int, wide: int, rate: Fraction
) -> None:
    """Numbers and ranges, exactly; an amount that is in the currency already is left alone."""
    money = Money("EUR", {"KRW": Figure(rate, "EUR/coin")})
    for value in (Fraction(low), Range(Fraction(low), Fraction(low + wide + 1))):
        figure = Figure(value, "EUR")
        there = money.to(figure, "KRW")
        assert there.unit == "KRW"
        assert money.back(there).value == value
        assert money.to(figure, "EUR") is money.back(figure) is figure
    gone = money.to(Figure(Fraction(low), "EUR"), "HKD")
    assert not gone.computable

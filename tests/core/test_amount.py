"""Base units, whole coins and the bound of 38 digits."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonae.core.amount import LIMIT, bounded, coins
from sonae.core.display import ABOUT, exact, fixed
from sonae.core.errors import Refused


@pytest.mark.parametrize("units", [0, 1, -1, LIMIT - 1, 1 - LIMIT])
def test_a_sum_below_the_limit_is_unchanged(units: int) -> None:
    """10^38 - 1 on both sides of zero."""
    assert bounded(units, "x") == units


@pytest.mark.parametrize("units", [LIMIT, -LIMIT, LIMIT + 1, 10**60])
def test_a_sum_that_reaches_the_limit_is_refused_by_name(units: int) -> None:
    """The message says which sum."""
    with pytest.raises(Refused, match="owed of BTC"):
        bounded(units, "owed of BTC")


@settings(deadline=None)
@given(st.integers(-LIMIT, LIMIT), st.integers(0, 30))
def test_coins_are_units_over_a_power_of_ten(units: int, scale: int) -> None:
    """And back again, to the unit."""
    assert coins(units, scale) * 10**scale == units


@settings(deadline=None)
@given(st.fractions(-(10**12), 10**12, max_denominator=10**9), st.integers(0, 10))
def test_what_people_read_is_exact_or_marked_as_not(value: Fraction, places: int) -> None:
    """Half away from zero, at most half a last digit off, and ≈ exactly where a digit was cut."""
    text = fixed(value, places)
    shown = Fraction(text.removeprefix(ABOUT).replace(",", "").replace("−", "-"))
    assert abs(shown - value) * 2 * 10**places <= 1
    assert text.startswith(ABOUT) is (shown != value)
    if abs(shown - value) * 2 * 10**places == 1:
        assert abs(shown) > abs(value)
    whole = exact(value)
    assert whole.startswith(ABOUT) or (Fraction(whole.replace(",", "").replace("−", "-")) == value)

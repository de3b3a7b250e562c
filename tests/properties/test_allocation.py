"""The one allocator: everything is accounted for, nobody above their share, never a paradox."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sonae.core.allocate import pro_rata
from sonae.core.amount import ceil_to, floor_to
from sonae.core.errors import Refused

amounts = st.integers(0, 10**12).map(Fraction) | st.fractions(0, 10**12, max_denominator=1000)
claims = st.dictionaries(st.text("ABCDEFG", min_size=1, max_size=2), amounts, max_size=8)
steps = st.sampled_from([Fraction(1), Fraction(1, 100), Fraction(1000), Fraction(3, 7)])
numbers = st.fractions(-(10**9), 10**9, max_denominator=10**6)


@settings(deadline=None)
@given(claims, amounts, steps)
@example({}, Fraction(5), Fraction(1))
@example({"A": Fraction(0)}, Fraction(5), Fraction(1))
def test_what_goes_in_comes_out_and_nobody_is_above_their_claim(
    shares: dict[str, Fraction], pool: Fraction, step: Fraction
) -> None:
    """Pool = paid + residue + excess, each of them zero or more, payments in whole steps."""
    result = pro_rata(shares, pool, step)
    assert sum(result.paid.values()) + result.residue + result.excess == pool
    assert set(result.paid) == set(shares)
    for key, paid in result.paid.items():
        assert 0 <= paid <= shares[key]
        assert (paid / step).denominator == 1
    assert 0 <= result.residue < step * max(1, len(shares))
    assert result.excess == max(Fraction(0), pool - sum(shares.values()))


@settings(deadline=None)
@given(claims, amounts, steps)
def test_each_payment_is_the_exact_share_rounded_down(
    shares: dict[str, Fraction], pool: Fraction, step: Fraction
) -> None:
    """min(claim, pool x claim / total), and less than one step is lost."""
    total = sum(shares.values())
    result = pro_rata(shares, pool, step)
    for key, paid in result.paid.items():
        exact = min(shares[key], pool * shares[key] / total) if total else Fraction(0)
        assert paid <= exact < paid + step


@settings(deadline=None)
@given(claims, amounts, amounts, steps)
@example(
    {"A": Fraction(6), "B": Fraction(6), "C": Fraction(2)}, Fraction(10), Fraction(1), Fraction(1)
)
def test_a_larger_pool_never_lowers_anyones_payment(
    shares: dict[str, Fraction], pool: Fraction, more: Fraction, step: Fraction
) -> None:
    """The Alabama paradox of largest-remainder methods cannot happen here."""
    before, after = pro_rata(shares, pool, step), pro_rata(shares, pool + more, step)
    assert all(after.paid[key] >= paid for key, paid in before.paid.items())
    assert after.excess >= before.excess


@settings(deadline=None)
@given(claims, amounts, st.permutations(range(8)))
def test_the_order_of_claims_never_matters(
    shares: dict[str, Fraction], pool: Fraction, order: list[int]
) -> None:
    """Nobody gets more for standing first."""
    keys = list(shares)
    turned = {keys[i]: shares[keys[i]] for i in order if i < len(keys)}
    assert pro_rata(turned, pool) == pro_rata(shares, pool)


@settings(deadline=None)
@given(claims, amounts)
def test_equal_claims_are_paid_equally(shares: dict[str, Fraction], pool: Fraction) -> None:
    """And a larger claim is never paid less than a smaller one."""
    paid = pro_rata(shares, pool).paid
    for a in shares:
        for b in shares:
            assert shares[a] > shares[b] or paid[a] <= paid[b]


@pytest.mark.parametrize(("shares", "pool"), [({"A": -1}, 5), ({"A": 1}, -5)])
def test_negative_claims_and_pools_are_refused(shares: Any, pool: int) -> None:
    """A negative share would be paid by the others."""
    with pytest.raises(Refused, match="negative"):
        pro_rata({k: Fraction(v) for k, v in shares.items()}, Fraction(pool))


@settings(deadline=None)
@given(numbers, st.fractions("1/1000", 1000, max_denominator=1000))
def test_rounding_goes_to_the_next_multiple_on_its_own_side(
    value: Fraction, step: Fraction
) -> None:
    """切捨て never above, 切上げ never below, and neither moves a multiple."""
    low, high = floor_to(value, step), ceil_to(value, step)
    assert low <= value <= high
    assert value - low < step
    assert high - value < step
    assert (low / step).denominator == (high / step).denominator == 1
    assert floor_to(low, step) == low
    assert ceil_to(high, step) == high

"""The money trusts, written again from Order 26: what they must hold and how they pay out."""

from __future__ import annotations

from fractions import Fraction
from math import floor
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sonae.core.errors import SonaeError

from .ask import answer

yen = st.integers(-(10**15), 10**15) | st.fractions(-(10**15), 10**15, max_denominator=1000)
claims = st.dictionaries(
    st.text("ABCDEFGH", min_size=1, max_size=3),
    st.integers(0, 10**13) | st.fractions(0, 10**13, max_denominator=1000),
    max_size=8,
)
pools = st.integers(0, 10**14) | st.fractions(0, 10**14, max_denominator=1000)


@pytest.mark.parametrize(
    ("rule", "owed", "principal"),
    [
        ("jp.crypto.cash_trust", "customer_cash_jpy", "trust_principal_jpy"),
        ("jp.crypto.margin_cash_trust", "margin_cash_jpy", "margin_trust_principal_jpy"),
    ],
)
@settings(deadline=None)
@given(required=yen, held=yen)
@example(required=5, held=5)
def test_the_principal_must_not_be_below_the_required_amount(
    rule: str, owed: str, principal: str, required: Any, held: Any
) -> None:
    """Order 26(1)(vi): 元本の評価額が利用者区分管理必要額に満たない場合; equal is enough."""
    assert answer(rule, {owed: str(required), principal: str(held)}) == {
        "required_jpy": required,
        "held_jpy": held,
        "shortfall_jpy": required - held if held < required else 0,
        "excess_jpy": held - required if held > required else 0,
        "test": "fail" if held < required else "pass",
    }


@settings(deadline=None)
@given(claims, pools)
@example({"A": 6_000_000, "B": 4_000_000}, 9_000_000)
@example({"A": 6_000_000, "B": 4_000_000}, 12_000_000)
@example({"A": 0}, 1)
@example({}, 7)
def test_the_trust_pays_each_customer_the_share_of_the_principal(own: Any, principal: Any) -> None:
    """Order 26(1)(xiv), (xv).

    元本換価額に、必要額に対する個別金額の割合を乗じて得た額（個別金額を超える場合には、個別金額）;
    what is above the required amount belongs to the settlor. Fractions of a yen are ours: down.
    """
    required = sum(own.values(), Fraction(0))
    share = {k: Fraction(principal) * v / required if required else 0 for k, v in own.items()}
    paid = {k: floor(min(own[k], share[k])) for k in own}
    to_settlor = principal - required if principal > required else 0
    facts = {"entitlements": {k: str(v) for k, v in own.items()}, "pool": str(principal)}
    assert answer("jp.crypto.cash_trust_payout", facts) == {
        "paid": paid,
        "residue": principal - to_settlor - sum(paid.values()),
        "to_settlor": to_settlor,
    }


@pytest.mark.parametrize("facts", [({"A": -1}, 5), ({"A": 1}, -5)])
def test_a_negative_claim_or_pool_is_refused_as_an_error_of_ours(facts: Any) -> None:
    """`sonae explain --given` reaches this with any number; callers catch SonaeError only."""
    own, pool = facts
    with pytest.raises(SonaeError):
        answer("jp.crypto.cash_trust_payout", {"entitlements": own, "pool": pool})

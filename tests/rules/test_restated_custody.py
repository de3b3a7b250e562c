"""Custody, capital and domestic assets, written again from the words of the law.

Every expectation here was written from the quoted provision, not from the product's formula.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from .ask import GAP, answer

quantities = st.fractions(0, 10**12, max_denominator=10**18) | st.integers(0, 10**12)
prices = st.fractions(0, 10**9, max_denominator=10**6)
yen = st.integers(-(10**15), 10**15) | st.fractions(-(10**15), 10**15, max_denominator=100)


@st.composite
def coins(draw: Any) -> dict[str, dict[str, Fraction]]:
    names = draw(st.lists(st.sampled_from("ABCDE"), unique=True, max_size=5))
    return {
        name: {
            "customer_qty": Fraction(draw(quantities)),
            "hot_qty": Fraction(draw(quantities)),
            "price_jpy": draw(prices),
        }
        for name in names
    }


def given_as_text(rows: dict[str, dict[str, Fraction]]) -> dict[str, Any]:
    return {"coins": {c: {k: str(v) for k, v in row.items()} for c, row in rows.items()}}


def _over_all_coins(rows: dict[str, dict[str, Fraction]], quantity: str) -> Fraction:
    """当該暗号資産の数量を本邦通貨に換算した金額: the quantity turned into yen, all coins."""
    return sum((row[quantity] * row["price_jpy"] for row in rows.values()), Fraction(0))


@settings(deadline=None, max_examples=50)
@given(coins())
@example({})
@example({"X": {"customer_qty": Fraction(0), "hot_qty": Fraction(1), "price_jpy": Fraction(1)}})
def test_hot_limit_is_five_hundredths_of_all_coins_in_yen(rows: Any) -> None:
    """Order 27(2): 利用者の暗号資産の…金額に百分の五を乗じて得た金額を超えない場合に限る."""
    everything = _over_all_coins(rows, "customer_qty")
    outside = _over_all_coins(rows, "hot_qty")
    five_hundredths = everything * 5 / 100
    assert answer("jp.crypto.hot_limit", given_as_text(rows)) == {
        "customer_total_jpy": everything,
        "hot_total_jpy": outside,
        "limit_jpy": five_hundredths,
        "excess_jpy": outside - five_hundredths if outside > five_hundredths else 0,
        "ratio": outside / everything if everything else GAP,
        "ratio_test": "fail" if outside > five_hundredths else "pass",
    }


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.tuples(st.integers(1, 10**9), st.integers(1, 10**9)), min_size=1, max_size=5),
    st.fractions(0, 1, max_denominator=10**30).filter(bool),
)
def test_exactly_five_per_cent_passes_and_the_least_more_fails(pairs: Any, more: Fraction) -> None:
    """超えない場合: the boundary itself is inside, however small the step beyond it is."""
    rows = {
        f"C{n}": {
            "customer_qty": Fraction(quantity),
            "hot_qty": Fraction(quantity, 20),
            "price_jpy": Fraction(price),
        }
        for n, (quantity, price) in enumerate(pairs)
    }
    at = answer("jp.crypto.hot_limit", given_as_text(rows))
    assert (at["ratio"], at["ratio_test"], at["excess_jpy"]) == (Fraction(1, 20), "pass", 0)
    rows["C0"]["hot_qty"] += more
    over = answer("jp.crypto.hot_limit", given_as_text(rows))
    assert over["ratio_test"] == "fail"
    assert over["excess_jpy"] == more * rows["C0"]["price_jpy"]


@settings(deadline=None, max_examples=50)
@given(coins())
def test_guarantee_is_the_same_kind_and_quantity_as_is_kept_hot(rows: Any) -> None:
    """Payment Services Act 63-11-2(1): 同じ種類及び数量の暗号資産; no price is asked for."""
    unpriced = {c: {"hot_qty": str(row["hot_qty"])} for c, row in rows.items()}
    got = answer("jp.crypto.performance_guarantee", {"coins": unpriced})
    assert got == {"required_qty": {c: row["hot_qty"] for c, row in rows.items()}}


@settings(deadline=None, max_examples=50)
@given(yen, yen, st.fractions(0, 10**15, max_denominator=10**6), st.sampled_from([None, True]))
@example(10_000_000, 5, Fraction(5), None)
@example(9_999_999, 5, Fraction(5), None)
def test_a_custodian_needs_capital_and_the_value_of_its_guarantee(
    capital: Any, net: Any, guarantee: Fraction, custodian: bool | None
) -> None:
    """Order 9(1): 一千万円以上; 履行保証暗号資産の数量を本邦通貨に換算した金額以上.

    A firm that does not say what it is counts as keeping customers' crypto.
    """
    facts = {
        "capital_jpy": str(capital),
        "net_assets_jpy": str(net),
        "performance_guarantee_jpy": str(guarantee),
    }
    facts |= {} if custodian is None else {"custodian": custodian}
    assert answer("jp.crypto.capital_and_net_assets", facts) == {
        "test": "pass" if capital >= 10_000_000 and net >= guarantee else "fail",
        "net_assets_required_jpy": guarantee,
        "shortfall_jpy": guarantee - net if net < guarantee else 0,
        "capital_shortfall_jpy": 10_000_000 - capital if capital < 10_000_000 else 0,
    }


@settings(deadline=None, max_examples=50)
@given(yen, yen, st.none() | st.integers(0, 10**15))
@example(10_000_000, 0, None)
@example(10_000_000, -1, None)
def test_a_firm_without_custody_needs_net_assets_that_are_not_negative(
    capital: Any, net: Any, guarantee: int | None
) -> None:
    """Order 9(1)(ii): 純資産額が負の値でないこと; the guarantee is then no one's concern."""
    facts = {"capital_jpy": str(capital), "net_assets_jpy": str(net), "custodian": False}
    facts |= {} if guarantee is None else {"performance_guarantee_jpy": guarantee}
    assert answer("jp.crypto.capital_and_net_assets", facts) == {
        "test": "pass" if capital >= 10_000_000 and net >= 0 else "fail",
        "net_assets_required_jpy": 0,
        "shortfall_jpy": -net if net < 0 else 0,
        "capital_shortfall_jpy": 10_000_000 - capital if capital < 10_000_000 else 0,
    }


@settings(deadline=None, max_examples=50)
@given(yen, yen, yen)
def test_domestic_assets_are_liabilities_with_guarantees_less_debts_abroad(
    liabilities: Any, guarantees: Any, abroad: Any
) -> None:
    """Order 38-2: 負債の額（保証債務の額を含む。）から…非居住者に対する債務の額を控除."""
    owed = liabilities + guarantees - abroad
    facts = {
        "liabilities_jpy": str(liabilities),
        "guarantee_liabilities_jpy": str(guarantees),
        "debts_to_nonresidents_jpy": str(abroad),
    }
    got = answer("jp.crypto.domestic_assets", facts)
    assert got == {"assets_to_hold_in_japan_jpy": owed if owed > 0 else 0}

"""Brokers, commodity firms, trusts and funds of Japan: amounts and limits, written again."""

from __future__ import annotations

from fractions import Fraction
from math import floor
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from .ask import GAP, answer

fifty = settings(deadline=None, max_examples=50)
MILLION = 10**6


def exact(low: int, high: int) -> Any:
    """Exact numbers between two, whole or not, the ends and their neighbours among them."""
    near = st.sampled_from(sorted({low, min(low + 1, high), max(high - 1, low), high}))
    return near | st.integers(low, high) | st.fractions(low, high, max_denominator=1000)


yen = exact(0, 10**13)
signed = exact(-(10**13), 10**13)
near_zero = st.sampled_from([-1, Fraction(-1, 1000), 0, Fraction(1, 1000), 1])
"""One yen under, exactly met, one yen over."""


def words(facts: dict[str, Any]) -> dict[str, Any]:
    """Exact numbers as a caller writes them."""
    return {k: str(v) if type(v) in (int, Fraction) else v for k, v in facts.items()}


# -- registered financial institutions (FIB Order 189) -----------------------------------------

INSTITUTION = {
    "bond_futures_value": "0.0016",
    "bond_option_premium": "0.3",
    "fx_futures_notional": "0.0096",
    "deposit_rate_futures_notional": "0.0012",
    "bill_discount_futures_notional": "0.0024",
    "commodity_futures_notional": "0.01",
    "commodity_index_futures_notional": "0.01",
    "commodity_option_premium": "0.1",
}
"""イ to チ: 万分の… on this year's volume; item 2 has four times as much on the best year's."""

institution_years = st.lists(
    st.dictionaries(st.sampled_from(sorted(INSTITUTION)), exact(0, 10**15)), min_size=1, max_size=6
)


@fifty
@given(institution_years, yen, yen)
@example([{"bond_option_premium": 10**12}, {}, {"bond_option_premium": 10**11}], 120 * MILLION, 0)
@example([{"bond_option_premium": 10**12}], 90 * MILLION, 0)
@example([{"bond_option_premium": 10**12}], 90 * MILLION + 1, 0)
def test_a_registered_institution_accrues_the_lower_of_two_sums_over_eight_rows(
    years: Any, reserve: Any, used: Any
) -> None:
    """Order 189(1): this year and the two before it; no row for shares."""
    rates = {k: Fraction(v) / 10_000 for k, v in INSTITUTION.items()}
    window, had = years[-3:], Fraction(reserve) - used
    item1 = sum((rates[k] * v for k, v in years[-1].items()), Fraction(0))
    full = sum((4 * rates[k] * max(y.get(k, 0) for y in window) for k in rates), Fraction(0))
    accrual = max(0, min(item1, full - had))
    facts = {"volumes_oldest_to_current_fy": [words(y) for y in years]}
    facts |= words({"opening_reserve": reserve, "used_for_incidents": used})
    assert answer("jp.securities.liability_reserve_registered_institution", facts) == {
        "item1": item1,
        "cap_sum": full,
        "item2": full - had,
        "accrual": accrual,
        "closing_before_release": had + accrual,
        "releasable_without_approval": max(0, had + accrual - full),
    }


# -- foreign brokers (FIEA 49-4) ---------------------------------------------------------------


@fifty
@given(signed, yen, near_zero)
@example(30 * MILLION, 50 * MILLION, -1)
@example(30 * MILLION, 50 * MILLION, 0)
def test_the_loss_reserve_takes_a_tenth_of_profit_until_the_minimum_capital_is_reached(
    profit: Any, minimum: Any, beyond: Any
) -> None:
    """最低資本金の額に達するまでは、利益の額に十分の一を乗じた額以上; reached means equal."""
    opening = max(0, minimum + beyond)
    duty = opening < minimum
    accrual = Fraction(profit) / 10 if duty and profit > 0 else 0
    facts = {"branch_profit_jpy": profit, "opening_reserve": opening}
    assert answer(
        "jp.securities.loss_reserve", words(facts | {"minimum_capital_jpy": minimum})
    ) == {
        "duty": duty,
        "minimum_accrual_jpy": accrual,
        "closing_at_least_jpy": opening + accrual,
    }


# -- own capital of brokers (FIB Order 14, 176; FIEA 46-6) -------------------------------------

LONG, SHORT = "long_term_subordinated_debt", "short_term_subordinated_debt"
supplementary = st.dictionaries(
    st.sampled_from(["liability_reserve", "valuation_differences", "allowances", LONG, SHORT]), yen
)


@fifty
@given(signed, supplementary, yen)
@example(1000, {"liability_reserve": 1001}, 300)
@example(1000, {LONG: 500}, 300)
@example(1000, {LONG: 501}, 300)
@example(1000, {SHORT: 401}, 800)
@example(1000, {SHORT: 5}, 1000)
@example(1000, {SHORT: 5}, 1001)
@example(1000, {LONG: 600, SHORT: 500, "liability_reserve": 7}, 800)
@example(-5, {"liability_reserve": 10, LONG: 4, SHORT: 4}, 0)
def test_supplementary_items_count_up_to_the_basic_items_and_debt_up_to_its_own_limits(
    basic: Any, items: Any, deductions: Any
) -> None:
    """Order 176(1)(vii): half of the basic items; twice basic items less deductions; all."""
    limits = {LONG: Fraction(basic) / 2, SHORT: 2 * (Fraction(basic) - deductions)}
    all_items = sum((min(v, max(0, limits.get(k, v))) for k, v in items.items()), Fraction(0))
    counted = min(all_items, max(0, basic))
    facts = {"basic_items": str(basic), "deductions": str(deductions)}
    got = answer("jp.securities.unfixed_capital", facts | {"supplementary_items": words(items)})
    assert got == {
        "supplementary_total": all_items,
        "supplementary_counted": counted,
        "unfixed_capital": basic + counted - deductions,
    }


@fifty
@given(st.tuples(yen, yen, yen), st.sampled_from(["1.2", "1.4", "0"]), near_zero | signed)
@example((0, 0, 0), "0", 0)
@example((0, 0, 0), "0", -1)
@example((100, 50, 50), "1.2", -1)
@example((100, 50, 50), "1.4", -1)
def test_the_capital_ratio_is_120_percent_or_more_and_below_140_it_is_notified(
    risks: Any, share: str, beyond: Any
) -> None:
    """百二十パーセントを下回ることのないように; 百四十パーセントを下回った場合. Equal is enough."""
    risk = sum(risks, Fraction(0))
    capital = risk * Fraction(share) + beyond
    names = ("market_risk_jpy", "counterparty_risk_jpy", "basic_risk_jpy")
    facts = {"unfixed_capital_jpy": capital} | dict(zip(names, risks, strict=True))
    assert answer("jp.securities.capital_adequacy", words(facts)) == {
        "risk_jpy": risk,
        "ratio": capital / risk if risk else GAP,
        "test": "pass" if capital * 100 >= risk * 120 else "fail",
        "shortfall_jpy": max(0, risk * Fraction(6, 5) - capital),
        "notify_at_once": capital * 100 < risk * 140,
    }


@fifty
@given(yen, yen, st.none() | yen, near_zero | signed)
@example(112 * MILLION, 12 * MILLION, None, 0)
@example(112 * MILLION, 12 * MILLION, 1, -1)
def test_net_assets_leave_the_liability_reserve_out_of_the_liabilities(
    liabilities: Any, reserve: Any, other: Any, beyond: Any
) -> None:
    """Order 14(1): reserves of the listed kinds are no liabilities; at least fifty million yen."""
    assets = 50 * MILLION + liabilities - reserve - (other or 0) + beyond
    facts = {"assets_jpy": assets, "liabilities_jpy": liabilities, "liability_reserve_jpy": reserve}
    facts |= {} if other is None else {"other_retained_reserves_jpy": other}
    assert answer("jp.securities.net_assets", words(facts)) == {
        "net_assets_jpy": 50 * MILLION + beyond,
        "required_jpy": 50 * MILLION,
        "shortfall_jpy": max(0, -beyond),
        "test": "pass" if beyond >= 0 else "fail",
    }


# -- making good losses (FIB Order 119) --------------------------------------------------------

PROVEN = {
    "judgment": 1,
    "court_settlement": 2,
    "conciliation": 3,
    "mediation_association": 4,
    "mediation_designated_adr": 4,
    "mediation_bar_association": 5,
    "mediation_consumer_body": 6,
    "mediation_certified_adr": 7,
}
AGREED = {
    "lawyer_settlement": 8,
    "judicial_scrivener_settlement": 8,
    "committee_of_lawyers": 9,
    "committee_of_judicial_scriveners": 9,
}
CLASSES = [f"118-1-{c}" for c in "イロハニホ"] + [f"118-2-{c}" for c in "イロハ"]
amounts = exact(0, 2 * MILLION) | exact(9_999_998, 10_000_002) | yen


def _gate(item: int, reached: bool) -> dict[str, Any]:
    """What the rule says where an item of 119(1) holds, or does not."""
    return {
        "confirmation_needed": not reached,
        "item": f"119-1-{item}" if reached else None,
        "report_required": reached and item >= 9,
    }


@fifty
@given(st.sampled_from(sorted(PROVEN)), st.none() | amounts)
def test_what_a_court_or_mediator_settled_needs_no_confirmation_at_any_amount(
    basis: str, amount: Any
) -> None:
    """119(1)(i) to (vii): no limit, and no report."""
    facts = {"basis": basis} | ({} if amount is None else {"amount_jpy": str(amount)})
    assert answer("jp.securities.compensation_gate", facts) == _gate(PROVEN[basis], reached=True)


@fifty
@given(st.sampled_from(sorted(AGREED)), exact(1, 20 * MILLION), near_zero | signed)
@example("lawyer_settlement", 1_400_000, 0)
@example("lawyer_settlement", 1_400_000, 1)
@example("committee_of_lawyers", 1_400_000, 1)
@example("judicial_scrivener_settlement", 1_400_000, 0)
@example("judicial_scrivener_settlement", 1_400_000, 1)
@example("committee_of_judicial_scriveners", 1_400_000, 1)
def test_an_agreed_amount_needs_confirmation_above_ten_million_or_the_scriveners_limit(
    basis: str, scriveners: Any, beyond: Any
) -> None:
    """119(1)(viii), (ix): 千万円を超えないこと; through scriveners the limit of their own Act."""
    limit = scriveners if "scrivener" in basis else 10 * MILLION
    amount = max(0, limit + beyond)
    facts = {"basis": basis, "amount_jpy": amount, "scrivener_limit_jpy": scriveners}
    got = answer("jp.securities.compensation_gate", words(facts))
    assert got == _gate(AGREED[basis], reached=amount <= limit)


@fifty
@given(st.sampled_from(CLASSES), exact(0, 10 * MILLION), near_zero | signed, st.booleans())
@example("118-1-ハ", 500_000, 0, True)
@example("118-1-ハ", 500_000, 1, True)
@example("118-1-イ", 500_000, 0, True)
@example("118-2-イ", 0, -1, True)
def test_one_days_loss_goes_up_to_a_million_for_each_class_less_what_the_books_showed(
    kind: str, evident: Any, beyond: Any, less: bool
) -> None:
    """119(1)(x), (2): 百万円を上回らないとき; ハ and ニ deduct what item 11 covered."""
    amount = max(0, MILLION + (evident if less else 0) + beyond)
    counted = amount - evident if kind in ("118-1-ハ", "118-1-ニ") else amount
    facts = {"basis": "one_day_loss", "amount_jpy": amount, "incident_class": kind}
    got = answer(
        "jp.securities.compensation_gate", words(facts | {"evident_from_books_jpy": evident})
    )
    assert got == _gate(10, reached=kind.startswith("118-1") and counted <= MILLION)


@fifty
@given(st.sampled_from(CLASSES), amounts)
def test_an_order_error_or_system_fault_shown_by_the_books_has_no_limit(
    kind: str, amount: Any
) -> None:
    """119(1)(xi): only 前条第一号ハ又はニ."""
    facts = {"basis": "evident_from_books", "amount_jpy": str(amount), "incident_class": kind}
    got = answer("jp.securities.compensation_gate", facts)
    assert got == _gate(11, reached=kind in ("118-1-ハ", "118-1-ニ"))


# -- commodity firms (Ordinance 111, regulation record 1.8) ------------------------------------

THIS = {
    "futures": "futures_value_fy",
    "cash_settled": "cash_settled_futures_value_fy",
    "index": "index_futures_value_fy",
    "options": "option_premium_fy",
    "professional": "professional_value_fy",
    "professional_options": "professional_option_premium_fy",
}
BEST = {
    "futures": "best_of_3y_value",
    "cash_settled": "best_of_3y_cash_settled_futures_value",
    "index": "best_of_3y_index_futures_value",
    "options": "best_of_3y_option_premium",
    "professional": "best_of_3y_professional_value",
    "professional_options": "best_of_3y_professional_option_premium",
}
COLUMN = {kind: name.removesuffix("_fy") for kind, name in THIS.items()}
CAP = {
    "futures": Fraction(625, 10**7),
    "cash_settled": Fraction(625, 10**7),
    "index": Fraction(625, 10**7),
    "options": Fraction(625, 10**6),
    "professional": Fraction(2, 10**6),
    "professional_options": Fraction(2, 10**5),
}
kinds = st.fixed_dictionaries(dict.fromkeys(THIS, exact(0, 10**12)))
small = exact(0, 2 * 10**7)


def _item1(
    fy: dict[str, Any], rate: Fraction, option_rate: Fraction, balance: Any
) -> dict[str, Any]:
    """The loss-based or flat rate with its floors, and the first class once more if small."""
    futures = max(rate, Fraction(1, 10**6))
    others = (fy["cash_settled"] + fy["index"]) * futures
    others += fy["options"] * max(option_rate, Fraction(1, 10**5))
    others += Fraction(fy["professional"], 10**6) + Fraction(fy["professional_options"], 10**5)
    again = Fraction(0)
    if balance < 10 * MILLION:
        again = min(fy["futures"], (10 * MILLION - balance - others) / (2 * futures))
        again = max(Fraction(0), again)
    base = fy["futures"] * futures + others
    return {
        "rate": futures,
        "base": base,
        "addon_volume": again,
        "addon": again * futures,
        "item1": base + again * futures,
    }


def _closing(item1: Any, cap: Any, balance: Any) -> dict[str, Any]:
    accrual = max(0, min(item1, cap - balance))
    return {"cap": cap, "item2": cap - balance, "accrual": accrual, "closing": balance + accrual}


def _cap(best: dict[str, Any]) -> Fraction:
    return max(Fraction(10 * MILLION), sum((CAP[k] * v for k, v in best.items()), Fraction(0)))


@fifty
@given(kinds, kinds, small, exact(1, 10**12), exact(0, 10**9), small, exact(0, MILLION))
@example(dict.fromkeys(THIS, 0), dict.fromkeys(THIS, 0), 0, 1, 0, 10 * MILLION, 0)
@example(dict.fromkeys(THIS, 0) | {"futures": 10**12}, dict.fromkeys(THIS, 0), 0, 1, 0, 10**7, 1)
@example(dict.fromkeys(THIS, 10**12), dict.fromkeys(THIS, 10**12), 3, 10**6, 0, 9_999_999, 0)
def test_the_commodity_reserve_follows_the_firms_own_incidents(
    fy: Any, best: Any, payouts: Any, value: Any, premium: Any, opening: Any, used: Any
) -> None:
    """The lower of item 1 and the room to the cap; the rate is payouts over value and premiums."""
    best = {k: max(fy[k], best[k]) for k in fy}
    rate, balance = Fraction(payouts) / (Fraction(value) + premium), Fraction(opening) - used
    facts = {THIS[k]: v for k, v in fy.items()} | {BEST[k]: v for k, v in best.items()}
    facts |= {"incident_payouts_prior_3y": payouts, "value_prior_3y": value}
    facts |= {"option_premium_prior_3y": premium}
    facts |= {"opening_reserve": opening, "used_for_incidents": used}
    first = _item1(fy, rate, rate, balance)
    expected = {"incident_rate": rate} | first | _closing(first["item1"], _cap(best), balance)
    assert answer("jp.commodity.liability_reserve", words(facts)) == expected


@fifty
@given(kinds, st.integers(1, 6), small)
def test_an_entrants_first_three_years_have_a_flat_rate(fy: Any, year: int, opening: Any) -> None:
    """3/100,000 on futures and 3/10,000 on premiums; from the fourth year the loss-based rate."""
    flat = year <= 3
    rate, options = (Fraction(3, 10**5), Fraction(3, 10**4)) if flat else (Fraction(1, 10**6),) * 2
    facts = {THIS[k]: v for k, v in fy.items()} | {BEST[k]: v for k, v in fy.items()}
    facts |= {"incident_payouts_prior_3y": 1, "value_prior_3y": MILLION, "opening_reserve": opening}
    got = answer("jp.commodity.liability_reserve", words(facts | {"new_entrant_year": year}))
    first = _item1(fy, rate, options, opening)
    expected = {"incident_rate": Fraction(1, MILLION)} | first
    assert got == expected | _closing(first["item1"], _cap(fy), opening)


commodity_years = st.lists(st.tuples(kinds, st.none() | st.integers(1, 12)), min_size=1, max_size=3)


@fifty
@given(commodity_years)
def test_a_short_year_is_annualised_for_the_cap_and_only_there(years: Any) -> None:
    """value / months x 12, class by class, before the best of three years is taken."""
    full = [{k: Fraction(v) * 12 / (m or 12) for k, v in y.items()} for y, m in years]
    fy = years[-1][0]
    rows = [
        {COLUMN[k]: str(v) for k, v in y.items()} | ({} if m is None else {"months": m})
        for y, m in years
    ]
    facts = words({THIS[k]: v for k, v in fy.items()})
    facts |= {"incident_payouts_prior_3y": 0, "value_prior_3y": 1, "opening_reserve": 10**7}
    got = answer("jp.commodity.liability_reserve", facts | {"years": rows})
    cap = _cap({k: max(y[k] for y in full) for k in THIS})
    item1 = _item1(fy, Fraction(0), Fraction(0), 10**7)["item1"]
    expected = _closing(item1, cap, 10**7)
    assert {k: got[k] for k in expected} == expected


# -- stablecoins in trust (Order 38) -----------------------------------------------------------

claims = st.dictionaries(st.text("ABCDEFGH", min_size=1, max_size=3), exact(0, 10**9), max_size=8)
steps = st.sampled_from([None, Fraction(1), Fraction(1, 100), Fraction(1, 10**18)])


@fifty
@given(claims, st.sampled_from(["short", "met", "over"]), exact(0, 10**9), steps)
@example({"A": 700, "B": 300}, "met", 0, None)
@example({"A": 700, "B": 300}, "over", 1, None)
@example({"A": 1, "B": 1, "C": 1}, "short", 1, Fraction(1, 100))
@example({}, "over", 5, None)
def test_the_stablecoin_trust_returns_each_customer_a_share_of_the_quantity(
    own: Any, pool_is: str, more: Any, step: Any
) -> None:
    """38(2)(xi), (xii): 個別数量を超える場合には個別数量; the excess is the settlor's."""
    required = sum(own.values(), Fraction(0))
    pool = {"short": min(more, required), "met": required, "over": required + more}[pool_is]
    unit = step or 1
    share = {k: min(v, pool * v / required) if required else Fraction(0) for k, v in own.items()}
    paid = {k: floor(v / unit) * unit for k, v in share.items()}
    to_settlor = max(0, pool - required)
    facts = {"entitlements": words(own), "pool": str(pool)}
    got = answer("jp.stablecoin.trust_payout", facts | ({"step": str(step)} if step else {}))
    assert got == {
        "paid": paid,
        "residue": pool - to_settlor - sum(paid.values()),
        "to_settlor": to_settlor,
    }


# -- segregation in kind (PSA 63-11) -----------------------------------------------------------

positions = st.dictionaries(st.text("ABC", min_size=1, max_size=3), st.tuples(yen, yen | near_zero))


@fifty
@given(positions)
@example({"A": (10, 10)})
@example({"A": (10, 10), "B": (5, Fraction(4999, 1000)), "C": (0, 10**9)})
def test_a_shortage_of_one_coin_is_not_made_up_by_another(coins: Any) -> None:
    """Kind by kind; one kind short is enough to fail."""
    over = {k: Fraction(held) - owed for k, (owed, held) in coins.items()}
    facts = {k: {"owed_qty": str(o), "held_qty": str(h)} for k, (o, h) in coins.items()}
    assert answer("jp.crypto.segregation", {"positions": facts}) == {
        "break_qty": over,
        "shortage_qty": {k: max(0, -v) for k, v in over.items()},
        "excess_qty": {k: max(0, v) for k, v in over.items()},
        "test": "fail" if any(v < 0 for v in over.values()) else "pass",
    }


@fifty
@given(yen, near_zero | signed)
@example(3, 0)
@example(3, 1)
def test_own_coins_may_be_mixed_in_up_to_the_firms_limit(limit: Any, beyond: Any) -> None:
    """当該数量を超える混同: exactly the limit is allowed."""
    mixed = max(0, limit + beyond)
    facts = words({"buffer_qty": mixed, "buffer_limit_qty": limit})
    assert answer("jp.crypto.buffer", facts) == {
        "excess_qty": max(0, mixed - limit),
        "room_qty": max(0, limit - mixed),
        "test": "fail" if mixed > limit else "pass",
    }


# -- the investor protection fund (FIEA 79-57) -------------------------------------------------

claim = exact(0, 20 * MILLION) | exact(9_999_999, 10_000_001)


@fifty
@given(claim, claim, claim, claim, st.booleans())
@example(10 * MILLION, 0, 0, 0, False)
@example(10 * MILLION + 1, 0, 0, 0, False)
@example(15 * MILLION, 5 * MILLION, 0, 0, False)
@example(9 * MILLION, 3 * MILLION, 5 * MILLION, 2 * MILLION, True)
@example(9 * MILLION, 3 * MILLION, 1 * MILLION, 2 * MILLION, False)
def test_the_fund_pays_the_claim_less_collateral_and_debts_up_to_ten_million(
    asked: Any, debt: Any, collateral: Any, secured: Any, to_firm: bool
) -> None:
    """控除 first, 千万円 after; a debt already taken as collateral is not taken again."""
    first = min(collateral, secured)
    second = max(0, debt - first) if to_firm else debt
    before = max(0, asked - first - second)
    facts = {"claim_jpy": asked, "debt_owed_to_firm_jpy": debt, "collateral_jpy": collateral}
    facts |= {"secured_debt_jpy": secured, "secured_debt_is_owed_to_firm": to_firm}
    assert answer("jp.jipf.payment", words(facts)) == {
        "collateral_deducted_jpy": first,
        "debt_deducted_jpy": second,
        "before_limit_jpy": before,
        "payout_jpy": min(before, 10 * MILLION),
        "not_covered_jpy": asked - min(before, 10 * MILLION),
    }


NOT_PAID = ("officer", "parent", "subsidiary", "false_name", "transfer_institution", "designated")
NOT_PAID += ("qualified_institutional_investor", "government", "investor_protection_fund")
NOT_PAID += ("foreign_government", "designated_professional")


@fifty
@given(claim, st.sampled_from((*NOT_PAID, "general_customer")))
def test_the_fund_pays_general_customers_and_nobody_of_the_firms_own_circle(
    asked: Any, claimant: str
) -> None:
    """Order 18-5, 18-11: professionals, the State, officers and the group are paid nothing."""
    facts = {"claim_jpy": asked, "debt_owed_to_firm_jpy": 0, "collateral_jpy": 0}
    got = answer("jp.jipf.payment", words(facts | {"claimant": claimant}))
    paid = 0 if claimant in NOT_PAID else min(asked, 10 * MILLION)
    assert (got["payout_jpy"], got["not_covered_jpy"]) == (paid, asked - paid)


# -- deposit insurance (Deposit Insurance Act 54) ----------------------------------------------

deposit = st.fixed_dictionaries(
    {
        "principal": exact(1, 12 * MILLION) | st.sampled_from([4 * MILLION, 6 * MILLION]),
        "interest": exact(0, 10**4),
        "rate": st.sampled_from(["0.1%", "0.002", "1%"]),
        "matures": st.sampled_from(["", "2026-12-01", "2027-03-31", "2027-04-01"]),
        "encumbered": st.booleans(),
        "kind": st.sampled_from(["", "", "", "payment", "excluded"]),
    }
)
RATE = {"0.1%": Fraction(1, 1000), "0.002": Fraction(1, 500), "1%": Fraction(1, 100)}


def _order(row: dict[str, Any]) -> tuple[Any, ...]:
    """担保権の目的となっていないもの, 弁済期の早いもの, 金利の低いもの; encumbered: all level."""
    return (True,) if row["encumbered"] else (False, row["matures"], RATE[row["rate"]])


def _deposits(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Principal in the Act's order until ten million yen are reached, and interest in proportion.

    Payment deposits are insured by principal alone (54-2(1): 元本の額に相当する金額).
    """
    named = {str(n): r for n, r in enumerate(rows)}
    paid = {n: Fraction(r["principal"] if r["kind"] == "payment" else 0) for n, r in named.items()}
    general = [n for n, r in named.items() if not r["kind"]]
    left, marked = Fraction(10 * MILLION), False
    for level in sorted({_order(named[n]) for n in general}):
        group = [n for n in general if _order(named[n]) == level]
        marked |= len(group) > 1 and 0 < left < sum(named[n]["principal"] for n in group)
        for n in sorted(group, key=lambda n: (named[n]["principal"], n)):
            paid[n] = min(left, Fraction(named[n]["principal"]))
            left -= paid[n]
    return {
        "insured_principal": paid,
        "insured_interest": {
            n: paid[n] / r["principal"] * r["interest"]
            for n, r in named.items()
            if r["kind"] != "payment"
        },
        "uninsured_principal": {n: r["principal"] - paid[n] for n, r in named.items()},
        "insured_total_jpy": sum(paid.values(), Fraction(0)),
        "order_left_to_corporation": marked,
    }


def _asked(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    given_rows = [{k: v for k, v in words(r).items() if v != ""} for r in rows]
    return [{"id": str(n)} | row for n, row in enumerate(given_rows)]


PLAIN = {"interest": 0, "rate": "0.1%", "matures": "", "encumbered": False, "kind": ""}


@fifty
@given(st.lists(deposit, max_size=7))
@example([PLAIN | {"principal": 4 * MILLION}, PLAIN | {"principal": 6 * MILLION}])
@example([PLAIN | {"principal": 4 * MILLION}, PLAIN | {"principal": 6 * MILLION + 1}])
@example([PLAIN | {"principal": 10 * MILLION}, PLAIN | {"principal": 1, "encumbered": True}])
@example(
    [PLAIN | {"principal": 9 * MILLION, "encumbered": True}, PLAIN | {"principal": 2 * MILLION}]
)
def test_deposits_of_one_person_are_insured_in_the_acts_order_up_to_ten_million(rows: Any) -> None:
    """Unencumbered, earlier, lower rate; level ones are marked only where the limit cuts them."""
    got = answer("jp.dicj.insured_deposit", {"deposits": _asked(rows)})
    assert got == _deposits(rows)


@pytest.mark.parametrize("extra", [0, 1])
def test_exactly_ten_million_is_insured_and_one_yen_more_is_not(extra: int) -> None:
    """保険基準額を超えるとき."""
    rows = [PLAIN | {"principal": 10 * MILLION + extra, "interest": 0}]
    got = answer("jp.dicj.insured_deposit", {"deposits": _asked(rows)})
    assert got["insured_total_jpy"] == 10 * MILLION
    assert got["uninsured_principal"] == {"0": extra}

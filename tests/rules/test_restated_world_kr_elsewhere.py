"""Korea's, Dubai's, Singapore's, Turkey's, the US's and the UK's numbers, written again.

Every expectation was written from the quoted provision, or from the summary where the text was
not at hand, and not from the product's formula. All amounts are exact.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sonae.core.errors import UsageError
from sonae.rulebook.calendars import CALENDARS
from sonae.rulebook.comparison import comparison
from sonae.rulebook.rule import registered

from .ask import DAY, GAP, answer

ONE = timedelta(days=1)
LEAST = Fraction(1, 10**18)
WON_MARKET, OTHER = 3_000_000_000, 500_000_000

amounts = st.integers(0, 10**13).map(Fraction) | st.fractions(0, 10**13, max_denominator=10**6)
quantities = st.fractions(0, 10**9, max_denominator=10**18)
steps = st.sampled_from([Fraction(0), Fraction(1), Fraction(-1), LEAST, -LEAST]) | st.fractions(
    -(10**9), 10**9, max_denominator=100
)
"""How far from a limit: on it, one unit or the least bit to either side, or anywhere."""
names = st.sampled_from("ABCDE")
fifty = settings(deadline=None, max_examples=50)


def passed(met: bool) -> str:
    return "pass" if met else "fail"


def missing(required: Fraction, held: Fraction) -> Fraction:
    return required - held if held < required else Fraction(0)


def text(rows: Any) -> Any:
    """The same facts with every number written out exactly."""
    if isinstance(rows, dict):
        return {key: text(row) for key, row in rows.items()}
    return str(rows)


# -- Korea: user deposits ---------------------------------------------------------------------


@fifty
@given(amounts, steps)
@example(Fraction(100), Fraction(0))
@example(Fraction(100), Fraction(-1))
def test_all_user_deposits_are_at_the_bank(deposits: Fraction, step: Fraction) -> None:
    """Decree 8(3): 총액의 100분의 100 이상; exactly all of it is enough, more is excess."""
    held = max(Fraction(0), deposits + step)
    facts = {"user_deposits_krw": str(deposits), "held_by_bank_krw": str(held)}
    assert answer("kr.vaupa.deposits", facts) == {
        "required_krw": deposits,
        "held_krw": held,
        "shortfall_krw": missing(deposits, held),
        "excess_krw": missing(held, deposits),
        "test": passed(held >= deposits),
    }


@fifty
@given(
    st.dictionaries(names, st.integers(0, 10**12), min_size=1),
    st.sampled_from([0, 1, -1]) | st.integers(-(10**12), 10**12),
)
@example({"A": 1, "B": 1, "C": 1}, -1)
@example({"A": 100, "B": 200}, 1)
@example({"A": 0, "B": 0}, 0)
def test_the_bank_pays_each_user_by_the_ratio_and_never_more_than_all(
    claims: dict[str, int], step: int
) -> None:
    """Decree 10(1)(i): 예치금의 총액을 이용자별 예치금의 총액으로 나눈 비율; 다만 … 전액.

    Fractions of a won are rounded down and named (house rule); not a won is lost on the way.
    """
    owed = sum(claims.values())
    pool = max(0, owed + step)
    paid = claims if pool >= owed else {name: c * pool // owed for name, c in claims.items()}
    got = answer("kr.vaupa.deposit_payout", {"entitlements": claims, "pool": pool})
    assert got == {
        "paid": paid,
        "residue": min(pool, owed) - sum(paid.values()),
        "excess": pool - owed if pool > owed else 0,
    }


# -- Korea: coins -----------------------------------------------------------------------------


@fifty
@given(st.dictionaries(names, st.tuples(quantities, steps)))
@example({"A": (Fraction(1), -LEAST), "B": (Fraction(10), Fraction(1))})
def test_the_same_kind_and_quantity_is_held_and_no_kind_helps_another(rows: Any) -> None:
    """Act 7(2): 동일한 종류와 수량; a surplus of one coin is nothing to the users of another."""
    held = {name: max(Fraction(0), qty + step) for name, (qty, step) in rows.items()}
    assets = {n: {"entrusted_qty": qty, "held_qty": held[n]} for n, (qty, _) in rows.items()}
    short = {n: missing(qty, held[n]) for n, (qty, _) in rows.items()}
    assert answer("kr.vaupa.in_kind", {"assets": text(assets)}) == {
        "required_qty": {n: qty for n, (qty, _) in rows.items()},
        "shortfall_qty": short,
        "test": passed(not any(short.values())),
    }


@fifty
@given(amounts, steps, st.sampled_from(["80/100", "100/100", "90/100", "70/100"]))
@example(Fraction(10**12), Fraction(0), "80/100")
@example(Fraction(10**12), Fraction(-1), "80/100")
@example(Fraction(0), Fraction(0), "80/100")
def test_four_fifths_of_economic_value_is_offline_or_the_share_that_applies(
    total: Fraction, step: Fraction, share: str
) -> None:
    """Decree 11(1) with the notice: 80%; 전부 for a custodian; else the share notified (다만)."""
    asked: dict[str, Any] = {"80/100": {}, "100/100": {"custodian_for_others": True}}.get(
        share, {"notified_share": share, "custodian_for_others": False}
    )
    needed = total * Fraction(share)
    cold = min(total, max(Fraction(0), needed + step))
    facts = {"economic_value_total_krw": str(total), "economic_value_cold_krw": str(cold), **asked}
    assert answer("kr.vaupa.cold_share", facts) == {
        "required_share": Fraction(share),
        "required_cold_krw": needed,
        "cold_ratio": cold / total if total else GAP,
        "cold_test": passed(cold >= needed),
        "shortfall_krw": missing(needed, cold),
        "non_cold_economic_value_krw": total - cold,
    }


def test_a_notified_share_does_not_let_a_custodian_keep_less_than_everything_offline() -> None:
    """Decree 11(2)(iii): 전부; the proviso 다만 stands in 11(1) and speaks of its share only."""
    facts = {
        "economic_value_total_krw": 100,
        "economic_value_cold_krw": 90,
        "custodian_for_others": True,
        "notified_share": "90/100",
    }
    assert answer("kr.vaupa.cold_share", facts)["cold_test"] == "fail"


@fifty
@given(
    st.dictionaries(names, st.tuples(quantities, amounts, st.fractions(0, 1))),
    st.dictionaries(st.sampled_from("VWX"), amounts),
)
@example({"A": (Fraction(100), Fraction(50_000_000), Fraction(4, 5))}, {})
@example({"A": (Fraction(1), Fraction(1), Fraction(1))}, {"X": Fraction(9)})
def test_economic_value_is_quantity_times_the_year_average_over_all_assets(
    rows: Any, unheld: Any
) -> None:
    """R-KR-04: SUM over assets of quantity x average price; a price of no asset adds nothing."""
    by_asset = {n: qty * price for n, (qty, price, _) in rows.items()}
    cold = sum((qty * part * price for qty, price, part in rows.values()), Fraction(0))
    facts = {
        "quantities": {n: qty for n, (qty, _, _) in rows.items()},
        "average_price_krw": {n: price for n, (_, price, _) in rows.items()} | unheld,
        "cold_quantities": {n: qty * part for n, (qty, _, part) in rows.items()},
    }
    whole = sum(by_asset.values(), Fraction(0))
    assert answer("kr.vaupa.economic_value", text(facts)) == {
        "by_asset_krw": by_asset,
        "economic_value_krw": whole,
        "economic_value_cold_krw": cold,
        "non_cold_economic_value_krw": whole - cold,
    }


def test_a_coin_kept_offline_beyond_what_users_own_does_not_cover_another_coin() -> None:
    """Act 7(3): 이용자의 가상자산 중; the firm's own coin in cold storage is not the users'.

    Users own 3 A and 3 B at 2 won each; 4 A and no B are offline: all 6 won of B are not.
    """
    facts = {
        "quantities": {"A": 3, "B": 3},
        "average_price_krw": {"A": 2, "B": 2},
        "cold_quantities": {"A": 4, "B": 0},
    }
    assert answer("kr.vaupa.economic_value", facts)["non_cold_economic_value_krw"] == 6


@fifty
@given(
    amounts,
    st.sampled_from([("won_market", WON_MARKET), ("other", OTHER)]),
    st.tuples(st.none() | amounts, st.none() | amounts),
    steps,
)
@example(Fraction(60_000_000_000), ("won_market", WON_MARKET), (None, None), Fraction(0))
@example(Fraction(60_000_000_020), ("won_market", WON_MARKET), (None, None), Fraction(-1))
@example(Fraction(0), ("other", OTHER), (Fraction(1), None), Fraction(-1))
def test_cover_is_five_per_cent_of_what_is_not_offline_but_at_least_the_minimum(
    online: Fraction, kind: tuple[str, int], others: Any, step: Fraction
) -> None:
    """Act 8: insurance, mutual aid or a reserve, added together; 5% or the type's minimum."""
    by_rate = online * 5 / 100
    needed = by_rate if by_rate > kind[1] else Fraction(kind[1])
    insurance, aid = others
    held = max(Fraction(0), needed + step)
    reserve = max(Fraction(0), held - (insurance or 0) - (aid or 0))
    facts = {"non_cold_economic_value_krw": online, "type": kind[0], "reserve_krw": reserve}
    facts |= {} if insurance is None else {"insurance_krw": insurance}
    facts |= {} if aid is None else {"mutual_aid_krw": aid}
    together = (insurance or 0) + (aid or 0) + reserve
    assert answer("kr.vaupa.cover_required", text(facts)) == {
        "by_rate_krw": by_rate,
        "minimum_krw": kind[1],
        "required_cover_krw": needed,
        "held_krw": together,
        "shortfall_krw": missing(needed, together),
        "test": passed(together >= needed),
    }


# -- Korea: clocks and calendar ---------------------------------------------------------------


@fifty
@given(st.dates(date(2024, 7, 19), date(2060, 12, 31)))
@example(date(2028, 2, 29))
@example(date(2025, 2, 28))
@example(date(2028, 2, 28))
def test_records_are_kept_for_fifteen_years_from_the_end_of_the_relationship(end: date) -> None:
    """Act 9(1): 15년간; Civil Act 157 and 160: counted from the next day, to the day before it.

    Where the last month has no such day, to the end of that month.
    """
    first = end + ONE
    try:
        last = date(first.year + 15, first.month, first.day) - ONE
    except ValueError:
        last = date(first.year + 15, 2, 28)
    got = answer("kr.vaupa.records_until", {"relationship_ended_on": end.isoformat()})
    assert got == {"keep_until": last}


@fifty
@given(
    st.datetimes(datetime(2024, 7, 19), datetime(2060, 1, 1)).map(  # noqa: DTZ001
        lambda at: at.replace(microsecond=0)
    ),
    st.sampled_from(["", "+09:00", "+00:00"]),
    st.sampled_from([date(2024, 7, 19), date(2026, 9, 30), date(2026, 10, 1), DAY]),
)
def test_a_hold_against_fraud_ends_72_hours_after_the_deposit_at_the_latest(
    at: datetime, zone: str, on: date
) -> None:
    """Decree 17(v): 입금된 때부터 72시간의 범위; through nights, weekends and the new wording."""
    got = answer("kr.vaupa.withdrawal_block_hold", {"deposited_at": at.isoformat() + zone}, on)
    assert got == {
        "longest_hours": 72,
        "release_by": (at + 3 * ONE).isoformat() + zone,
        "report_to_fsc": "immediately",
    }


def test_korean_banks_close_on_public_holidays_their_substitutes_and_labour_day() -> None:
    """Calendar facts (Korean public holidays, substitutes, and Labour Day), 2025 and 2026.

    2026: Seollal 16 to 18 February; 2 March for Independence Movement Day on a Sunday; 1 May;
    25 May for the Buddha's Birthday on a Sunday; local elections 3 June; 17 August for Liberation
    Day on a Saturday; Chuseok 24 and 25 September; 5 October for Foundation Day on a Saturday.
    2025: 27 January (temporary), 6 May (substitute), 3 June (election), 3 to 9 October.
    """
    closed = "2025-01-27 2025-05-01 2025-05-06 2025-06-03 2025-10-03 2025-10-08 2025-10-09"
    closed += " 2026-01-01 2026-02-16 2026-02-17 2026-02-18 2026-03-02 2026-05-01 2026-05-05"
    closed += " 2026-05-25 2026-06-03 2026-08-17 2026-09-24 2026-09-25 2026-10-05 2026-10-09"
    closed += " 2026-12-25"
    opened = "2025-10-02 2025-10-10 2026-01-02 2026-02-19 2026-03-03 2026-05-04 2026-09-23"
    opened += " 2026-09-28 2026-10-06 2026-12-24 2026-12-31"
    bank = CALENDARS["kr.bank"]
    assert [d for d in closed.split() if bank.is_open(date.fromisoformat(d))] == []
    assert [d for d in opened.split() if not bank.is_open(date.fromisoformat(d))] == []


# -- Dubai ------------------------------------------------------------------------------------

VARA = {
    "custody": (600_000, 25),
    "exchange_vara_custodian": (800_000, 15),
    "exchange_own_custody": (1_500_000, 25),
    "broker_dealer_vara_custodian": (400_000, 15),
    "broker_dealer_own_custody": (600_000, 25),
    "lending": (500_000, 25),
    "management_investment_vara_custodian": (280_000, 15),
    "management_investment_own_custody": (500_000, 25),
    "transfer": (500_000, 25),
    "advisory": (100_000, 0),
}
"""Rule VI.B.1: AED and per cent of fixed annual overheads; advice has an amount only."""


@fifty
@given(
    st.lists(st.sampled_from(sorted(VARA)), min_size=1, max_size=10, unique=True),
    st.fractions(0, 10**8, max_denominator=100) | st.integers(0, 10**8).map(Fraction),
)
@example(["custody", "advisory"], Fraction(0))
@example(sorted(VARA), Fraction(6_000_000))
@example(["exchange_vara_custodian"], Fraction(5_333_334))
def test_paid_up_capital_in_dubai_is_the_higher_amount_for_each_activity_added_up(
    activities: list[str], overheads: Fraction
) -> None:
    """Rule VI.B.1: "the higher of [i] AED … [ii] …% of fixed annual overheads"; VI.B.2: each."""
    each = {a: max(Fraction(VARA[a][0]), overheads * VARA[a][1] / 100) for a in activities}
    facts = {"activities": activities, "fixed_annual_overheads_aed": str(overheads)}
    together = {"by_activity_aed": each, "paid_up_capital_aed": sum(each.values())}
    assert answer("ae.vara.paid_up_capital", facts) == together
    one = activities[0]
    alone = {"activity": one, "fixed_annual_overheads_aed": str(overheads)}
    got = answer("ae.vara.paid_up_capital", alone)
    assert got == {"by_activity_aed": {one: each[one]}, "paid_up_capital_aed": each[one]}


@pytest.mark.parametrize("activity", sorted(VARA))
@pytest.mark.parametrize("more", [0, 1])
def test_each_floor_in_dubai_holds_until_its_share_of_overheads_exceeds_it(
    activity: str, more: int
) -> None:
    """At floor / share the two limbs are equal; one dirham of capital beyond it, overheads bind."""
    floor, share = VARA[activity]
    overheads = Fraction(floor + more) * 100 / share if share else Fraction(10**9)
    facts = {"activity": activity, "fixed_annual_overheads_aed": str(overheads)}
    got = answer("ae.vara.paid_up_capital", facts)["paid_up_capital_aed"]
    assert got == floor + (more if share else 0)


@fifty
@given(amounts, amounts, steps)
@example(Fraction(500_000), Fraction(400_000), Fraction(0))
def test_net_liquid_assets_are_one_and_a_fifth_of_a_months_expenses(
    month: Fraction, owed: Fraction, step: Fraction
) -> None:
    """Rule VI.C.1: "their surplus over current liabilities is worth at least 1.2 times"."""
    needed = month + month / 5
    facts = {
        "monthly_operating_expenses_aed": str(month),
        "current_liquid_assets_aed": str(max(Fraction(0), owed + needed + step)),
        "current_liabilities_aed": str(owed),
    }
    surplus = Fraction(facts["current_liquid_assets_aed"]) - owed
    assert answer("ae.vara.net_liquid_assets", facts) == {
        "net_liquid_assets_required_aed": needed,
        "net_liquid_assets_aed": surplus,
        "shortfall_aed": missing(needed, surplus),
        "test": passed(surplus >= needed),
    }


@fifty
@given(st.dictionaries(names, st.tuples(quantities, steps), min_size=1))
@example({"A": (Fraction(1), Fraction(1)), "B": (Fraction(10), -LEAST)})
def test_reserve_assets_in_dubai_are_one_to_one_in_the_same_asset(rows: Any) -> None:
    """Part VI: 100% of client liabilities, in the same virtual asset; no netting."""
    held = {n: max(Fraction(0), qty + step) for n, (qty, step) in rows.items()}
    short = {n: missing(qty, held[n]) for n, (qty, _) in rows.items()}
    assets = {n: {"client_liabilities": qty, "reserve": held[n]} for n, (qty, _) in rows.items()}
    assert answer("ae.vara.reserve_assets", {"assets": text(assets)}) == {
        "shortfall": short,
        "reserve_test": passed(not any(short.values())),
    }
    name, (qty, _) = next(iter(rows.items()))
    alone = {"client_liabilities_btc": str(qty), "reserve_btc": str(held[name])}
    assert answer("ae.vara.reserve_assets", alone) == {
        "shortfall_btc": short[name],
        "reserve_test": passed(held[name] >= qty),
    }


# -- Singapore and Turkey ---------------------------------------------------------------------


@fifty
@given(amounts, steps)
@example(Fraction(100_000_000), Fraction(-1))
@example(Fraction(0), Fraction(0))
def test_nine_tenths_of_retail_tokens_are_cold_in_singapore(
    total: Fraction, step: Fraction
) -> None:
    """PS-G03: at least 90% cold for retail; exactly that is enough."""
    needed = total * 9 / 10
    cold = max(Fraction(0), needed + step)
    facts = {"customer_dpt_value_sgd": str(total), "cold_sgd": str(cold)}
    assert answer("sg.mas.cold_share", facts) == {
        "required_cold_sgd": needed,
        "cold_ratio": cold / total if total else GAP,
        "shortfall_sgd": missing(needed, cold),
        "test": passed(cold >= needed),
    }


@fifty
@given(amounts, steps)
@example(Fraction(1_000), Fraction(0))
@example(Fraction(1_000), Fraction(1))
@example(Fraction(0), Fraction(0))
def test_a_turkish_platform_keeps_at_most_a_twentieth_itself(
    total: Fraction, step: Fraction
) -> None:
    """III-35/B.2: a platform may itself keep at most 5% of customers' assets."""
    most = total / 20
    own = max(Fraction(0), most + step)
    facts = {"customer_assets_try": str(total), "own_wallets_try": str(own)}
    assert answer("tr.cmb.own_wallet_share", facts) == {
        "limit_try": most,
        "excess_try": missing(own, most),
        "test": passed(own <= most),
    }


# -- United States and United Kingdom ---------------------------------------------------------


@fifty
@given(amounts, st.sampled_from([("weekly", 3), ("daily", 2)]), steps, steps)
@example(Fraction(100_000_000), ("weekly", 3), Fraction(0), Fraction(0))
@example(Fraction(100_000_000), ("daily", 2), Fraction(1), Fraction(-1))
def test_the_customer_reserve_is_credits_less_debits_after_the_cut_and_never_negative(
    debits: Fraction, cut: tuple[str, int], over: Fraction, step: Fraction
) -> None:
    """15c3-3a: debits cut by 3%, by 2% when computed daily; daily from USD 500m on average."""
    counted = debits * (100 - cut[1]) / 100
    credit = max(Fraction(0), counted + over)
    facts = {
        "total_credits": str(credit),
        "aggregate_debits": str(debits),
        "computed": cut[0],
        "average_total_credits": str(max(Fraction(0), 500_000_000 + step)),
    }
    assert answer("us.sec_15c3_3.required_deposit", facts) == {
        "debits_after_cut": counted,
        "required_deposit": missing(credit, counted),
        "daily_computation_required": step >= 0,
    }


def test_a_reserve_computed_at_another_pace_is_refused_by_name() -> None:
    """No cut is known for a monthly computation; the message says which are."""
    facts = {"total_credits": 1, "aggregate_debits": 1, "computed": "monthly"}
    with pytest.raises(UsageError, match="weekly, daily"):
        answer("us.sec_15c3_3.required_deposit", facts)


@st.composite
def claims(draw: Any) -> tuple[Fraction, Fraction, Fraction]:
    """Net equity, the cash in it, and what was recovered, near and far from both limits."""
    near = st.sampled_from([0, 1, 249_999, 250_000, 250_001, 499_999, 500_000, 500_001])
    amount = near.map(Fraction) | st.fractions(0, 10**7, max_denominator=100)
    cash, securities = draw(amount), draw(amount)
    return cash + securities, cash, draw(amount)


@fifty
@given(claims())
@example((Fraction(800_000), Fraction(300_000), Fraction(0)))
@example((Fraction(800_000), Fraction(300_000), Fraction(400_000)))
@example((Fraction(300_000), Fraction(300_000), Fraction(0)))
@example((Fraction(250_001), Fraction(250_001), Fraction(0)))
@example((Fraction(0), Fraction(0), Fraction(0)))
def test_an_advance_is_at_most_500000_and_for_cash_at_most_250000(
    claim: tuple[Fraction, Fraction, Fraction],
) -> None:
    """78fff-3(a): what net equity "exceeds his ratable share"; cash within its own limit.

    The recovery is set against cash and securities in proportion (the reading that is declared).
    """
    equity, cash, recovered = claim
    left = Fraction(0) if recovered >= equity else 1 - recovered / equity
    for_cash, for_securities = min(cash * left, 250_000), (equity - cash) * left
    facts = {
        "net_equity_usd": str(equity),
        "of_which_cash_usd": str(cash),
        "customer_property_recovered_usd": str(recovered),
    }
    assert answer("us.sipc.advance", facts) == {
        "unsatisfied_usd": equity * left,
        "unsatisfied_cash_usd": cash * left,
        "advance_usd": min(for_cash + for_securities, 500_000),
    }


@fifty
@given(
    st.dates(date(2017, 1, 30), date(2027, 12, 31))
    | st.sampled_from([date(2025, 11, 30), date(2025, 12, 1)]),
    st.sampled_from([85_000, 120_000]),
    steps.filter(lambda step: step > -85_000),
    st.sampled_from([date(2025, 6, 30), DAY]),
)
@example(date(2025, 11, 30), 85_000, Fraction(1), DAY)
@example(date(2025, 12, 1), 120_000, Fraction(1), DAY)
def test_a_depositor_is_paid_up_to_the_limit_of_the_day_of_failure(
    failed: date, about: int, step: Fraction, asked_on: date
) -> None:
    """GBP 120,000 for failures from 2025-12-01, GBP 85,000 before, whenever one asks."""
    deposit = about + step
    limit = 120_000 if failed >= date(2025, 12, 1) else 85_000
    facts = {"eligible_deposit_gbp": str(deposit), "failed_on": failed.isoformat()}
    paid = min(deposit, Fraction(limit))
    assert answer("uk.fscs.payout", facts, asked_on) == {
        "limit_gbp": limit,
        "payout_gbp": paid,
        "uncovered_gbp": deposit - paid,
    }


# -- the comparison table ---------------------------------------------------------------------


def test_every_row_of_the_comparison_speaks_both_languages_and_says_how_sure_it_is() -> None:
    """A reader of either language gets the whole row; no number stands without its confidence."""
    rows = comparison()
    assert len({row.id for row in rows}) == len(rows) > 10
    for row in rows:
        for words in (row.place, row.rule, row.numbers, row.provision):
            assert words.ja.strip(), row.id
            assert words.en.strip(), row.id
        assert row.confidence in {"verified", "derived", "secondary", "memory"}, row.id


def test_a_row_of_the_comparison_without_a_source_says_that_it_is_from_memory() -> None:
    """What has no address to look it up at must not look as if it had been looked up."""
    unsourced = [row for row in comparison() if not row.source.startswith("https://")]
    assert [row.id for row in unsourced if row.source or row.confidence != "memory"] == []


def test_every_row_of_the_comparison_has_a_source() -> None:
    """A number that is cited and never computed from is only worth where it was read."""
    assert [row.id for row in comparison() if not row.source] == []


def test_every_rule_named_in_the_comparison_is_there_and_none_of_these_places_is_left_out() -> None:
    """A row that points to no rule, or a rule abroad without a row, would mislead a reader."""
    answer("sg.mas.cold_share", {})  # reads the rulebook
    named = {rule for row in comparison() for rule in row.rules}
    places = ("ae.", "sg.", "tr.", "uk.", "us.")
    assert named == {rule for rule in registered() if rule.startswith(places)}

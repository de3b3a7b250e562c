"""The European Union's and Hong Kong's numbers, written again from the words of the law.

Every expectation was written from the quoted provision (for Hong Kong: from the summaries read),
not from the product's formula. All amounts are exact; limits are met exactly and missed by little.
"""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sonae.core.errors import UsageError
from sonae.rulebook.calendars import CALENDARS

from .ask import DAY, GAP, answer

ONE = timedelta(days=1)
LEAST = Fraction(1, 10**18)

amounts = st.integers(0, 10**12).map(Fraction) | st.fractions(0, 10**12, max_denominator=10**6)
steps = st.sampled_from([Fraction(0), Fraction(1), Fraction(-1), LEAST, -LEAST]) | st.fractions(
    -(10**9), 10**9, max_denominator=100
)
"""How far from a limit: on it, one unit or the least bit to either side, or anywhere."""
some_days = settings(deadline=None, max_examples=50)


def passed(met: bool) -> str:
    return "pass" if met else "fail"


def missing(required: Fraction, held: Fraction) -> Fraction:
    return required - held if held < required else Fraction(0)


# -- MiCA 67(1) to (4): prudential safeguards -------------------------------------------------

ANNEX_IV = {"1": 50_000, "2": 125_000, "3": 150_000}


@some_days
@given(st.sampled_from("123"), amounts, amounts, steps)
@example("1", Fraction(200_000), Fraction(0), Fraction(0))
@example("2", Fraction(500_004), Fraction(0), Fraction(-1))
@example("3", Fraction(2_400_000), Fraction(400_000), Fraction(0))
def test_safeguards_are_the_higher_of_the_class_minimum_and_a_quarter_of_overheads(
    kind: str, expenses: Fraction, deductions: Fraction, step: Fraction
) -> None:
    """Article 67(1): "at least the higher of the following"; equal safeguards are enough."""
    overheads = expenses - deductions
    needed = sorted([Fraction(ANNEX_IV[kind]), overheads / 4])[-1]
    funds = needed + step
    facts = {
        "class": kind,
        "fixed_overheads_eur": str(expenses),
        "deductions_67_3_eur": str(deductions),
        "own_funds_eur": str(funds),
    }
    assert answer("eu.mica.prudential_safeguards", facts) == {
        "permanent_minimum_eur": ANNEX_IV[kind],
        "fixed_overheads_eur": overheads,
        "overheads_part_eur": overheads / 4,
        "requirement_eur": needed,
        "held_eur": funds,
        "shortfall_eur": -step if step < 0 else 0,
        "test": passed(step >= 0),
    }


@some_days
@given(st.sampled_from("123"), st.integers(0, 10**9), amounts, amounts)
def test_a_euro_of_overheads_beyond_four_minimums_adds_a_quarter_of_a_euro(
    kind: str, more: int, own_funds: Fraction, insurance: Fraction
) -> None:
    """At four times the minimum both limbs agree; 67(4) takes own funds and insurance together."""
    facts = {
        "class": kind,
        "fixed_overheads_eur": 4 * ANNEX_IV[kind] + more,
        "deductions_67_3_eur": 0,
        "own_funds_eur": str(own_funds),
        "eligible_insurance_eur": str(insurance),
    }
    got = answer("eu.mica.prudential_safeguards", facts)
    needed = ANNEX_IV[kind] + Fraction(more, 4)
    assert got["requirement_eur"] == needed
    assert got["held_eur"] == own_funds + insurance
    assert got["shortfall_eur"] == missing(needed, own_funds + insurance)


@some_days
@given(amounts, st.tuples(amounts, amounts, amounts, amounts))
def test_the_four_deductions_listed_one_by_one_are_taken_off_in_full(
    expenses: Fraction, four: tuple[Fraction, ...]
) -> None:
    """Article 67(3): (a) bonuses, (b) profit shares, (c) appropriations, (d) non-recurring."""
    names = (
        "profit_dependent_remuneration_eur",
        "profit_shares_eur",
        "discretionary_appropriations_eur",
        "non_recurring_expenses_eur",
    )
    facts = {
        "class": "1",
        "fixed_overheads_eur": str(expenses),
        "deductions_67_3": {name: str(item) for name, item in zip(names, four, strict=True)},
    }
    got = answer("eu.mica.prudential_safeguards", facts)
    rest = expenses - four[0] - four[1] - four[2] - four[3]
    assert got["fixed_overheads_eur"] == rest
    assert got["requirement_eur"] == (rest / 4 if rest > 200_000 else 50_000)


@some_days
@given(
    st.dates(date(2025, 1, 1), date(2028, 12, 31)).filter(lambda d: (d.month, d.day) != (2, 29)),
    st.integers(-3, 3) | st.integers(-365, 365),
    amounts,
    amounts,
)
@example(date(2025, 11, 20), 0, Fraction(800_000), Fraction(400_000))
@example(date(2025, 11, 20), -1, Fraction(800_000), Fraction(400_000))
def test_projections_count_until_the_firm_has_been_in_business_for_a_year(
    began: date, days: int, projected: Fraction, actual: Fraction
) -> None:
    """Article 67(2): "have not been in business for one year" from the day services began."""
    anniversary = began.replace(year=began.year + 1)
    facts = {
        "class": "1",
        "services_began_on": began.isoformat(),
        "projected_fixed_overheads_eur": str(projected),
        "fixed_overheads_eur": str(actual),
        "deductions_67_3_eur": 0,
    }
    got = answer("eu.mica.prudential_safeguards", facts, anniversary + days * ONE)
    assert got["fixed_overheads_eur"] == (projected if days < 0 else actual)


# -- MiCA 67(5) and (6): insurance ------------------------------------------------------------

FACE = ("insurer_authorised", "third_party", "disclosed_on_website")
RISKS = (
    "loss_of_documents",
    "misrepresentation",
    "breach_of_legal_obligations",
    "breach_of_duty_to_act_honestly",
    "breach_of_confidentiality",
    "conflict_of_interest_procedures",
    "business_disruption",
    "gross_negligence",
    "custody_liability",
)
mostly = st.sampled_from([True] * 9 + [False])


@some_days
@given(
    st.sampled_from(["11", "12", "13", "35/3"]),
    st.sampled_from([0, 89, 90, 91]),
    st.tuples(*[mostly] * len(FACE)),
    st.tuples(*[mostly] * len(RISKS)),
)
@example("12", 90, (True,) * len(FACE), (True,) * len(RISKS))
@example("35/3", 90, (True,) * len(FACE), (True,) * len(RISKS))
@example("12", 89, (True,) * len(FACE), (True,) * len(RISKS))
def test_a_policy_counts_only_with_every_characteristic_and_every_risk(
    term: str, notice: int, face: tuple[bool, ...], risks: tuple[bool, ...]
) -> None:
    """67(5): "not less than one year", "at least 90 days"; 67(6): "all of the following"."""
    answers = {
        "initial_term": Fraction(term) >= 12,
        "cancellation_notice": notice >= 90,
        **dict(zip(FACE, face, strict=True)),
        **dict(zip(RISKS, risks, strict=True)),
    }
    policy = {
        "initial_term_months": term,
        "cancellation_notice_days": notice,
        **dict(zip(FACE, face, strict=True)),
        "covers": dict(zip(RISKS, risks, strict=True)),
    }
    assert answer("eu.mica.insurance_eligibility", {"policy": policy}) == {
        "eligible": False not in answers.values(),
        "covers_every_risk": False not in risks,
        "counts_as_safeguard": False not in answers.values(),
        "reasons": answers,
    }


# -- MiCA 70, 75, 85 --------------------------------------------------------------------------


@some_days
@given(
    st.fractions(0, 10**9, max_denominator=10**18),
    st.fractions(0, 10**9, max_denominator=10**8),
    st.fractions(0, 10**9, max_denominator=10**8),
    st.sampled_from([None, True, False]),
)
@example(Fraction(2), Fraction(60_000), Fraction(90_000), None)
def test_liability_stops_at_the_market_value_at_the_time_of_the_loss(
    lost: Fraction, then: Fraction, later: Fraction, attributable: bool | None
) -> None:
    """75(8): "capped at the market value … at the time the loss occurred", however prices move.

    A firm that does not show that the loss was not its own is liable.
    """
    facts: dict[str, Any] = {
        "qty_lost": str(lost),
        "price_at_loss_eur": str(then),
        "price_at_claim_eur": str(later),
    }
    facts |= {} if attributable is None else {"attributable": attributable}
    assert answer("eu.mica.custody_liability", facts) == {
        "market_value_at_loss_eur": lost * then,
        "liability_cap_eur": 0 if attributable is False else lost * then,
        "value_at_claim_eur": lost * later,
    }


def _later(day: date, months: int) -> date:
    """The same date some months on, or the last day of a month without that date."""
    year, month = day.year + (day.month - 1 + months) // 12, (day.month - 1 + months) % 12 + 1
    for back in range(4):
        try:
            return date(year, month, day.day - back)
        except ValueError:
            continue
    raise AssertionError(day)


def _ends_a_short_month(day: date) -> bool:
    return (day + ONE).day == 1 and day.day < 31


days = st.dates(date(2025, 1, 1), date(2036, 12, 31))


@some_days
@given(days.filter(lambda day: not _ends_a_short_month(day)))
@example(date(2026, 12, 31))
@example(date(2027, 11, 29))
def test_a_statement_of_position_is_due_three_months_after_the_last(last: date) -> None:
    """75(5): "at least once every three months"."""
    got = answer("eu.mica.custody_statement_due", {"last_statement_on": last.isoformat()})
    assert got == {"due": _later(last, 3)}


@some_days
@given(
    st.sampled_from([Fraction(0), Fraction(1), LEAST]) | amounts,
    days.filter(lambda day: not _ends_a_short_month(day)),
)
def test_fifteen_million_users_on_average_make_a_provider_significant(
    over: Fraction, reached: date
) -> None:
    """85(1): "at least 15 million"; 85(2): "within two months of reaching the number"."""
    facts = {"average_active_users": str(15_000_000 + over), "reached_on": reached.isoformat()}
    assert answer("eu.mica.significant_casp", facts) == {
        "threshold_users": 15_000_000,
        "significant": True,
        "notify_by": _later(reached, 2),
    }


@some_days
@given(st.sampled_from([Fraction(1), LEAST]) | st.fractions(LEAST, 15_000_000))
def test_the_least_bit_below_fifteen_million_is_not_significant(below: Fraction) -> None:
    """An average is a fraction: 14,999,999.99 must not be rounded up to the threshold."""
    got = answer("eu.mica.significant_casp", {"average_active_users": str(15_000_000 - below)})
    assert got["significant"] is False


@pytest.mark.parametrize(
    ("event", "two_on", "three_on"),
    [
        (date(2026, 2, 28), date(2026, 4, 28), date(2026, 5, 28)),
        (date(2026, 6, 30), date(2026, 8, 30), date(2026, 9, 30)),
        (date(2026, 4, 30), date(2026, 6, 30), date(2026, 7, 30)),
    ],
)
def test_a_european_period_from_a_month_end_ends_on_the_same_date(
    event: date, two_on: date, three_on: date
) -> None:
    """Regulation (EEC, Euratom) 1182/71 Article 3(2)(c): "falls on the same date".

    Nothing there moves the end of a short month to the end of a longer one: three months after
    28 February is 28 May, and a statement on 31 May is not "at least once every three months".
    """
    facts = {"average_active_users": 15_000_000, "reached_on": event.isoformat()}
    due = answer("eu.mica.custody_statement_due", {"last_statement_on": event.isoformat()})["due"]
    notify_by = answer("eu.mica.significant_casp", facts)["notify_by"]
    assert (notify_by, due) == (two_on, three_on)


def _easter(year: int) -> date:
    """The anonymous Gregorian computation."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    h = (19 * a + b - d - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    f = (32 + 2 * e + 2 * (c // 4) - h - c % 4) % 7
    g = h + f - 7 * ((a + 11 * h + 22 * f) // 451) + 114
    return date(year, g // 31, g % 31 + 1)


def _target_day(day: date) -> bool:
    fixed = {(1, 1), (5, 1), (12, 25), (12, 26)}
    moving = {_easter(day.year) - 2 * ONE, _easter(day.year) + ONE}
    return day.isoweekday() < 6 and (day.month, day.day) not in fixed and day not in moving


def test_target_is_closed_on_six_days_a_year_and_at_weekends() -> None:
    """Calendar fact (ECB, since 2002): New Year, Good Friday, Easter Monday, 1 May, Christmas, 26.

    Easter fell on 20 April 2025 and 5 April 2026, and falls on 28 March 2027.
    """
    assert [_easter(y) for y in (2025, 2026, 2027)] == [
        date(2025, 4, 20),
        date(2026, 4, 5),
        date(2027, 3, 28),
    ]
    every = [date(2024, 1, 1) + n * ONE for n in range(13 * 365)]
    target = CALENDARS["eu.target"]
    assert [day for day in every if target.is_open(day) != _target_day(day)] == []


@some_days
@given(days)
@example(date(2026, 4, 2))
@example(date(2026, 12, 24))
@example(date(2026, 10, 31))
def test_client_funds_are_placed_by_the_end_of_the_next_business_day(received: date) -> None:
    """70(3): "by the end of the business day following the day on which" they were received."""
    after = (received + n * ONE for n in range(1, 10))
    got = answer("eu.mica.client_funds_deadline", {"received_on": received.isoformat()})
    assert got == {"place_by": next(day for day in after if _target_day(day))}


# -- Hong Kong: custody and the compensation arrangement --------------------------------------


@some_days
@given(amounts, steps)
@example(Fraction(20_000_000), Fraction(0))
@example(Fraction(0), Fraction(0))
def test_ninety_eight_per_cent_of_client_assets_is_cold_by_value(
    other: Fraction, step: Fraction
) -> None:
    """Para 10.6(c): "should store 98% … in cold storage": exactly 98 to 2 is enough."""
    cold = max(Fraction(0), other * 49 + step)
    everything = cold + other
    needed = everything * 98 / 100
    facts = {"client_va_cold_hkd": str(cold), "client_va_hot_or_other_hkd": str(other)}
    share = {
        "cold_ratio": cold / everything if everything else GAP,
        "cold_test": passed(cold >= needed),
        "cold_shortfall_hkd": missing(needed, cold),
    }
    assert answer("hk.vatp.cold_share", facts) == share
    assert answer("hk.vatp.compensation_cover_required", facts) == {
        **share,
        "compensation_required_hkd": cold / 2 + other,
    }


def test_e56_hot_100_and_cold_1000_need_cover_of_600_and_a_seven_month_deposit_is_none() -> None:
    """Situation E56: 100 + 500 = 600; a term deposit of seven months is not eligible."""
    facts = {"client_va_cold_hkd": 1_000, "client_va_hot_or_other_hkd": 100}
    needed = answer("hk.vatp.compensation_cover_required", facts)
    assert needed["compensation_required_hkd"] == 600
    assert needed["cold_test"] == "fail"
    deposit = {"kind": "fixed_deposit_on_trust", "amount_hkd": 600, "maturity_months": 7}
    cover = {"required_hkd": 600, "instruments": [deposit]}
    assert answer("hk.vatp.compensation_cover", cover) == {
        "eligible_hkd": 0,
        "shortfall_hkd": 600,
        "notify_sfc": True,
        "refused": {"1": "maturity_too_long"},
    }
    cover["instruments"] = [{**deposit, "maturity_months": 6}]
    assert answer("hk.vatp.compensation_cover", cover) == {
        "eligible_hkd": 600,
        "shortfall_hkd": 0,
        "notify_sfc": False,
        "refused": {},
    }


ACCEPTED = ("insurance", "demand_deposit_on_trust", "bank_guarantee")
instruments = st.lists(
    st.tuples(st.sampled_from(ACCEPTED), amounts, st.none())
    | st.tuples(
        st.just("fixed_deposit_on_trust"),
        amounts,
        st.sampled_from([Fraction(1), Fraction(6), 6 + LEAST, Fraction(7)]),
    )
    | st.tuples(st.just("parent_guarantee"), amounts, st.none()),
    max_size=6,
)


@some_days
@given(instruments, steps)
@example([("fixed_deposit_on_trust", Fraction(50), Fraction(6))], Fraction(0))
@example([("fixed_deposit_on_trust", Fraction(50), Fraction(6))], Fraction(1))
@example([], Fraction(1))
def test_only_insurance_money_on_trust_and_bank_guarantees_count_as_cover(
    rows: Any, step: Fraction
) -> None:
    """R-HK-03: fixed deposits of at most six months; R-HK-04: a shortfall goes to the SFC."""
    counted, refused = Fraction(0), {}
    for place, (kind, amount, months) in enumerate(rows, start=1):
        if kind == "parent_guarantee":
            refused[str(place)] = "kind_not_accepted"
        elif months is not None and months > 6:
            refused[str(place)] = "maturity_too_long"
        else:
            counted += amount
    needed = max(Fraction(0), counted + step)
    listed = [
        {"kind": k, "amount_hkd": str(a)} | ({} if m is None else {"maturity_months": str(m)})
        for k, a, m in rows
    ]
    facts = {"required_hkd": str(needed), "instruments": listed}
    assert answer("hk.vatp.compensation_cover", facts) == {
        "eligible_hkd": counted,
        "shortfall_hkd": missing(needed, counted),
        "notify_sfc": counted < needed,
        "refused": refused,
    }


# -- Hong Kong: financial soundness -----------------------------------------------------------


@some_days
@given(amounts, steps)
@example(Fraction(60_000_000), Fraction(0))
@example(Fraction(60_000_020), Fraction(-1))
def test_liquid_capital_is_three_million_or_five_per_cent_of_adjusted_liabilities(
    liabilities: Fraction, step: Fraction
) -> None:
    """R-HK-06: the higher of the minimum and the variable requirement; held exactly, it passes."""
    variable = liabilities / 20
    needed = variable if variable > 3_000_000 else Fraction(3_000_000)
    facts = {
        "adjusted_liabilities_hkd": str(liabilities),
        "liquid_capital_hkd": str(needed + step),
    }
    assert answer("hk.frr.required_liquid_capital", facts) == {
        "variable_hkd": variable,
        "required_liquid_capital_hkd": needed,
        "shortfall_hkd": -step if step < 0 else 0,
        "test": passed(step >= 0),
    }


@some_days
@given(amounts, amounts, amounts, amounts)
def test_adjusted_liabilities_leave_out_client_money_client_margin_and_approved_loans(
    rest: Fraction, client_money: Fraction, margin: Fraction, loans: Fraction
) -> None:
    """Cap. 571N s. 2: all on the balance sheet, provisions included, "excluding" three items."""
    facts = {
        "liabilities_hkd": str(rest + client_money + margin + loans),
        "client_money_payable_hkd": str(client_money),
        "client_margin_at_clearing_houses_hkd": str(margin),
        "approved_subordinated_loans_hkd": str(loans),
    }
    assert answer("hk.frr.adjusted_liabilities", facts) == {"adjusted_liabilities_hkd": rest}


@some_days
@given(amounts, steps)
def test_liquid_assets_cover_twelve_months_of_actual_operating_expenses(
    year: Fraction, step: Fraction
) -> None:
    """R-HK-07: at least twelve months of actual expenses, on a rolling basis."""
    held = max(Fraction(0), year + step)
    facts = {
        "actual_opex_last_12_months_hkd": str(year),
        "sufficiently_liquid_assets_hkd": str(held),
    }
    assert answer("hk.vatp.liquid_assets", facts) == {
        "required_hkd": year,
        "shortfall_hkd": missing(year, held),
        "test": passed(held >= year),
    }


@some_days
@given(steps.filter(lambda step: step > -5_000_000))
@example(Fraction(0))
@example(Fraction(-1))
def test_paid_up_capital_in_hong_kong_is_at_least_five_million(step: Fraction) -> None:
    """R-HK-05: at least HKD 5,000,000; exactly that is enough."""
    assert answer("hk.vatp.paid_up_capital", {"paid_up_capital_hkd": str(5_000_000 + step)}) == {
        "required_hkd": 5_000_000,
        "shortfall_hkd": -step if step < 0 else 0,
        "test": passed(step >= 0),
    }


def test_hong_kong_banks_close_on_the_general_holidays_and_their_substitutes() -> None:
    """Calendar facts (general holidays, Hong Kong Government): 2025 and 2026.

    2026: Lunar New Year 17 to 19 February; Ching Ming fell on Easter Sunday, so Easter Monday
    stands for it and 7 April is the day following; 25 May is for the Buddha's Birthday on a
    Sunday; Tuen Ng 19 June; 1 July; 1 October; Chung Yeung on a Sunday, so 19 October.
    2025: Good Friday 18 April, the Buddha's Birthday 5 May, Chung Yeung 29 October.
    """
    closed = "2025-04-18 2025-05-05 2025-10-29 2026-01-01 2026-02-17 2026-02-18 2026-02-19"
    closed += " 2026-04-03 2026-04-06 2026-04-07 2026-05-01 2026-05-25 2026-06-19 2026-07-01"
    closed += " 2026-10-01 2026-10-19 2026-12-25"
    opened = "2026-02-16 2026-02-20 2026-04-02 2026-04-08 2026-05-26 2026-10-02 2026-12-28"
    bank = CALENDARS["hk.bank"]
    assert [d for d in closed.split() if bank.is_open(date.fromisoformat(d))] == []
    assert [d for d in opened.split() if not bank.is_open(date.fromisoformat(d))] == []


def test_a_class_that_annex_iv_does_not_know_gets_no_minimum() -> None:
    """A misread class must not pass with another's capital; the message lists the classes."""
    facts = {"class": "4", "fixed_overheads_eur": 0, "deductions_67_3_eur": 0}
    with pytest.raises(UsageError, match="1, 2, 3"):
        answer("eu.mica.prudential_safeguards", facts, DAY)

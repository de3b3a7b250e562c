"""Insurance: what one policy pays for one event, written a second time, and how terms are read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sonae.core.errors import InputError
from sonae.core.figure import Figure, missing
from sonae.core.text import same
from sonae.policy.evaluate import pays
from sonae.policy.terms import AMOUNTS, Policy, read_policies

ITEM: dict[str, Any] = {
    "policy_id": "P1",
    "insurer": "Insurer",
    "insurer_licence": "L1",
    "form": "crime",
    "insurance_kind": "liability",
    "currency": "JPY",
    "beneficiary": "customers",
    "pledge": "none",
    "limit_per_event": 100,
    "annual_aggregate": "200",
    "retention": 10,
    "co_insurance": "1/10",
    "claims_paid": 0,
    "period_start": date(2026, 1, 1),
    "period_end": date(2026, 12, 31),
    "terminates_on": [],
}
yen = st.integers(0, 10**12).map(Fraction) | st.fractions(0, 10**12, max_denominator=1000)
shares = st.fractions(0, 1, max_denominator=1000)


def policy(**terms: Any) -> Policy:
    [made] = read_policies({"policy": [ITEM]})
    return replace(made, **terms)


def paid(terms: Policy, loss: Any) -> Fraction:
    """What the policy pays for a loss in its own currency."""
    return pays(terms, Figure(loss, "JPY"), lambda n: Figure(getattr(terms, n), "JPY")).number()


@st.composite
def policies(draw: Any) -> Policy:
    terms = {name: draw(yen) for name in AMOUNTS if name != "co_insurance"}
    return policy(**terms, co_insurance=draw(shares))


@settings(deadline=None)
@given(policies(), yen)
@example(policy(retention=Fraction(50)), Fraction(50))
@example(policy(claims_paid=Fraction(300)), Fraction(50))
def test_a_policy_pays_the_loss_above_the_retention_up_to_both_limits(p: Policy, loss: Any) -> None:
    """Step by step: retention, limit of the event, the insured's share, what the year has left."""
    payment = loss - p.retention
    if payment < 0:
        payment = Fraction(0)
    if payment > p.limit_per_event:
        payment = p.limit_per_event
    payment -= payment * p.co_insurance
    left = p.annual_aggregate - p.claims_paid
    if left < 0:
        left = Fraction(0)
    if payment > left:
        payment = left
    assert paid(p, loss) == payment


@settings(deadline=None)
@given(policies(), yen, yen)
def test_better_terms_never_pay_less_and_worse_terms_never_pay_more(
    p: Policy, loss: Any, more: Any
) -> None:
    """Monotone in loss, limit and aggregate; antitone in retention and in claims already paid."""
    base = paid(p, loss)
    assert paid(p, loss + more) >= base
    assert paid(replace(p, limit_per_event=p.limit_per_event + more), loss) >= base
    assert paid(replace(p, annual_aggregate=p.annual_aggregate + more), loss) >= base
    assert paid(replace(p, retention=p.retention + more), loss) <= base
    assert paid(replace(p, claims_paid=p.claims_paid + more), loss) <= base


@settings(deadline=None)
@given(policies(), yen, shares)
def test_a_larger_own_share_never_pays_more(p: Policy, loss: Any, share: Fraction) -> None:
    """And an own share of one pays nothing."""
    worse = replace(p, co_insurance=max(share, p.co_insurance))
    assert paid(worse, loss) <= paid(p, loss)
    assert paid(replace(p, co_insurance=Fraction(1)), loss) == 0


@settings(deadline=None)
@given(policies(), yen)
def test_a_payment_is_never_negative_above_the_loss_or_above_a_limit(p: Policy, loss: Any) -> None:
    """Insurance makes good; it does not enrich."""
    assert 0 <= paid(p, loss) <= min(loss, p.limit_per_event, p.annual_aggregate)


def test_an_unknown_loss_or_term_is_a_gap_and_not_a_payment_of_zero() -> None:
    """A policy in a currency without a price pays an unknown amount."""
    gap = missing("USD/price", same("no price of USD"), "JPY")
    assert not pays(policy(), gap, lambda n: Figure(getattr(policy(), n), "JPY")).computable
    assert not pays(policy(), Figure(Fraction(50), "JPY"), lambda n: gap).computable


@pytest.mark.parametrize(
    ("day", "inside"),
    [
        (date(2025, 12, 31), False),
        (date(2026, 1, 1), True),
        (date(2026, 12, 31), True),
        (date(2027, 1, 1), False),
    ],
)
def test_a_policy_is_in_force_from_its_first_to_its_last_day(day: date, inside: bool) -> None:
    """Both ends are covered days."""
    assert policy().in_force(day) is inside


@pytest.mark.parametrize(
    ("terms", "reaches"),
    [
        ({"insurance_kind": "liability", "beneficiary": "firm"}, True),
        ({"insurance_kind": "first_party", "beneficiary": "firm"}, False),
        ({"insurance_kind": "first_party", "beneficiary": "customers"}, True),
        ({"insurance_kind": "first_party", "beneficiary": "firm", "pledge": "customers"}, True),
    ],
)
def test_insurance_money_reaches_customers_by_lien_beneficiary_or_pledge(
    terms: dict[str, str], reaches: bool
) -> None:
    """First-party cover of the firm falls into the general estate (Insurance Act Art. 22)."""
    assert policy(**terms).reaches_customers is reaches


@pytest.mark.parametrize(
    ("ending", "survives"),
    [
        ((), True),
        (("change_of_control",), True),
        (("receiver",), False),
        (("insolvency", "change_of_control"), False),
        (("supervisory_order",), False),
    ],
)
def test_cover_that_ends_with_the_firm_does_not_survive_its_failure(
    ending: tuple[str, ...], survives: bool
) -> None:
    """What ends it is a term of the policy, not an assumption."""
    assert policy(terminates_on=ending).survives_failure is survives


# -- reading ----------------------------------------------------------------------------------


def problems(*items: Any, **more: Any) -> dict[str, str]:
    with pytest.raises(InputError) as refused:
        read_policies({"policy": list(items), **more})
    assert {p.file for p in refused.value.problems} == {"policies.toml"}
    return {p.key: p.message.en for p in refused.value.problems}


def test_terms_are_read_exactly() -> None:
    """Integers, decimals as text and quotients; no float."""
    [read] = read_policies({"policy": [ITEM | {"limit_per_event": "0.1", "retention": "1e3"}]})
    assert (read.limit_per_event, read.retention) == (Fraction(1, 10), Fraction(1000))
    assert read.co_insurance == Fraction(1, 10)
    assert read_policies({}) == ()


def test_every_fault_of_every_policy_is_listed_at_once() -> None:
    """Missing, unknown and unusable terms of two policies, and an unknown setting beside them."""
    first = ITEM | {"form": "fire", "retention": "-1", "period_end": "soon", "colour": "red"}
    del first["insurer"]
    second = ITEM | {"co_insurance": "11/10", "terminates_on": ["bankruptcy"], "pledge": 3}
    del second["limit_per_event"], second["period_start"]
    found = problems(first, second, polices=[])
    assert set(found) == {
        "polices",
        "policy[0].form",
        "policy[0].retention",
        "policy[0].period_end",
        "policy[0].colour",
        "policy[0].insurer",
        "policy[1].co_insurance",
        "policy[1].terminates_on",
        "policy[1].pledge",
        "policy[1].limit_per_event",
        "policy[1].period_start",
    }
    assert "required" in found["policy[0].insurer"]


@pytest.mark.parametrize("key", sorted(ITEM))
def test_no_term_has_a_default(key: str) -> None:
    """A policy without a stated retention is not a policy with a retention of zero."""
    assert list(problems({k: v for k, v in ITEM.items() if k != key})) == [f"policy[0].{key}"]


@pytest.mark.parametrize("value", [True, "", "1,000", "ten", "nan", "-1", "1 000"])
@pytest.mark.parametrize("key", AMOUNTS)
def test_an_amount_that_is_no_exact_number_is_a_problem(key: str, value: Any) -> None:
    """Named, and not guessed."""
    assert list(problems(ITEM | {key: value})) == [f"policy[0].{key}"]


@pytest.mark.parametrize("raw", [{"policy": dict(ITEM)}, {"policy": 5}, {"policy": ["P1"]}])
def test_a_file_of_another_shape_is_a_problem_and_not_a_crash(raw: Any) -> None:
    """[policy] for [[policy]] is the commonest slip in TOML."""
    with pytest.raises(InputError):
        read_policies(raw)


@pytest.mark.parametrize("ending", [5, True, [["receiver"]]])
def test_an_ending_that_is_no_list_of_codes_is_a_problem(ending: Any) -> None:
    """`terminates_on = 5` must be told with the other faults."""
    assert list(problems(ITEM | {"terminates_on": ending})) == ["policy[0].terminates_on"]


def test_an_instant_is_no_day_of_a_period() -> None:
    """It could not be compared with the day of a close."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    assert list(problems(ITEM | {"period_start": at})) == ["policy[0].period_start"]


def test_a_period_that_ends_before_it_begins_is_a_problem() -> None:
    """It is in force on no day, so the slip shows only as lapsed cover."""
    assert list(problems(ITEM | {"period_end": date(2025, 12, 31)})) == ["policy[0].period_end"]
    read_policies({"policy": [ITEM | {"period_end": ITEM["period_start"]}]})


def test_one_policy_counted_twice_is_a_problem() -> None:
    """Its cover would stand behind a requirement twice."""
    assert list(problems(ITEM, ITEM)) == ["policy_id"]

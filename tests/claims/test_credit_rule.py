"""How much of a requirement insurance may stand for: the worked example and the gates."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest

from sonae.policy.credit import Cell, Credit, call, credit
from sonae.policy.credit_rule import LENIENT, RULES, STRICT, TAKEN_FROM, CreditRule
from tests.claims.policies import ON, M, policies

CELLS = [
    Cell("external_hack", "hot", Fraction(1200 * M)),
    Cell("external_hack", "cold", Fraction(2800 * M)),
]


def of(
    *changes: dict[str, Any], rule: CreditRule = STRICT, on: date = ON, rate: int = 150, **more: Any
) -> Credit:
    found = credit(CELLS, policies(*changes), rule, on, {"USD": Fraction(rate)}, **more)
    assert sum(u.amount for u in found.refused) == found.cash
    assert found.credit + found.cash == found.requirement == 4000 * M
    return found


def millions(found: Credit) -> dict[str, Any]:
    return {u.code: u.amount / M for u in found.refused}


@pytest.mark.parametrize(
    ("rate", "cap", "raw", "haircut", "credited"),
    [
        (150, "1/2", (1050, 2650), 3330, 2000),
        (150, "1/5", (1050, 2650), 3330, 800),
        (100, "1/2", (1000, 2000), 2700, 2000),
        (100, "1/5", (1000, 2000), 2700, 800),
    ],
)
def test_the_worked_example_comes_out_to_the_yen(
    rate: int, cap: str, raw: tuple[int, int], haircut: int, credited: int
) -> None:
    """Requirement 4,000 m = hot 1,200 + cold 2,800; aggregate USD 30 m, hot 10 m, factor 0.9."""
    found = of({}, rule=replace(STRICT, cap=Fraction(cap)), rate=rate)
    assert tuple(m.raw / M for m in found.mapped) == raw
    assert found.raw == sum(raw) * M
    assert found.after_haircut == haircut * M
    assert found.cap == 4000 * M * Fraction(cap)
    assert (found.credit, found.cash) == (credited * M, (4000 - credited) * M)


def test_every_yen_of_the_worked_example_that_is_not_credited_has_a_reason() -> None:
    """Two retentions of 150, a tenth of 3,700, and what is above the cap."""
    expected = {"retention": 300, "payment_uncertainty": 370, "cap": 1330}
    assert millions(of({})) == expected
    at_100 = {"sublimit": 100, "retention": 200, "aggregate_used": 700}
    assert millions(of({}, rate=100)) == at_100 | {"payment_uncertainty": 300, "cap": 700}


SMALL = {"annual_aggregate": 10 * M, "limit_per_event": 10 * M, "retention": M // 4,
         "sublimits": [{"tier": "hot", "amount": 2 * M}], "co_insurance": "0.1",
         "cancellation_notice_days": 30}  # fmt: skip


def test_a_short_notice_of_cancellation_counts_nothing_when_strict() -> None:
    """The small reference programme: 30 days against 90."""
    found = of(SMALL)
    assert found.credit == 0
    assert found.raw == 1500 * M


def test_a_short_notice_of_cancellation_is_a_haircut_when_lenient() -> None:
    """Raw 1,500 (hot 300, cold 1,200), 10 % own share, half for the notice, 10 % uncertain."""
    found = of(SMALL, rule=LENIENT)
    assert found.credit == Fraction(1500 * M) * Fraction(9, 10) / 2 * Fraction(9, 10)
    assert [c.code for c in found.cuts] == ["co_insurance", "short_notice", "payment_uncertainty"]


def test_an_insurer_downgraded_below_the_floor_counts_less_from_the_day_it_is_known() -> None:
    """E64: the credit falls on that day, and what it was is called in cash."""
    known = date(2026, 4, 10)
    ratings = [{"known_on": date(2026, 1, 1), "rating": "A"}, {"known_on": known, "rating": "BBB"}]
    before, after = (
        of({"ratings": ratings}, rule=LENIENT, on=known - timedelta(days=d)) for d in (1, 0)
    )
    assert (before.credit, "rating" in millions(before)) == (2000 * M, False)
    assert after.credit < 1700 * M
    assert call(before, after) == before.credit - after.credit > 0
    assert call(after, before) == 0
    strict = of({"ratings": ratings}, on=known)
    assert (strict.credit, "rating" in millions(strict)) == (0, True)


def test_a_dollar_policy_loses_a_third_of_its_credit_when_the_yen_rises() -> None:
    """E65: what the aggregate can give, from 150 to 100 yen."""
    whole = [Cell("external_hack", "cold", Fraction(10**12))]
    at_150, at_100 = (
        credit(whole, policies({}), STRICT, ON, {"USD": Fraction(r)}).raw for r in (150, 100)
    )
    assert at_100 == at_150 * Fraction(2, 3)


@pytest.mark.parametrize(
    ("peril", "form"),
    [
        ("external_hack", "specie"),
        ("social_engineering", "crime"),
        ("chain_failure", "crime"),
        ("contract_failure", "specie"),
    ],
)
def test_a_peril_that_the_form_does_not_cover_has_no_credit(peril: str, form: str) -> None:
    """E58, E59 and E67."""
    cells = [Cell(peril, "cold", Fraction(1200 * M))]
    found = credit(
        cells, policies({"form": form, "sublimits": None}), STRICT, ON, {"USD": Fraction(150)}
    )
    assert found.credit == 0
    assert found.refused[0].code.startswith("peril_")


def test_a_custodian_whose_client_holds_a_key_has_no_credit() -> None:
    """E60."""
    cells = [Cell("external_hack", "cold", Fraction(1200 * M), custodian="a client")]
    found = credit(cells, policies({}), STRICT, ON, {"USD": Fraction(150)})
    assert {u.code for u in found.refused} == {"keys_elsewhere"}


def test_insurance_counts_nothing_inside_thirty_days() -> None:
    """E69: an insurer that pays after ten months is no liquidity; the reserve is there first."""
    found = of({"days_to_cash": 300}, within_days=30)
    assert (found.credit, found.cash) == (0, 4000 * M)
    assert "inside_liquidity_days" in millions(found)
    assert of({"days_to_cash": 300}, within_days=365).credit == 2000 * M


def test_an_amount_in_dispute_is_no_longer_relied_on() -> None:
    """E59: disputed dollars leave the aggregate."""
    assert of({}, disputed={"P1": Fraction(30 * M)}).credit == 0
    less = of({}, disputed={"P1": Fraction(20 * M)})
    assert less.raw == 1500 * M
    claims = {"claims_paid": 5 * M, "claims": [{"paid_on": ON, "amount": 5 * M}]}
    assert of(claims, disputed={"P1": Fraction(5 * M)}).raw == 3000 * M


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        ({"admission": None}, "not_admitted"),
        ({"admission": "none"}, "not_admitted"),
        ({"ratings": None}, "not_rated"),
        ({"period_end": date(2027, 3, 30)}, "term_too_short"),
        ({"cancellation_notice_days": None}, "no_cancellation_notice"),
        ({"insurance_kind": "first_party", "beneficiary": "firm"}, "not_for_customers"),
        ({"breached_warranties": ["hot wallets at most 2 %"]}, "warranty_breached"),
        ({"captive": True}, "captive_not_reinsured"),
    ],
)
def test_what_a_policy_lacks_closes_the_gate(terms: dict[str, Any], code: str) -> None:
    """Not stated is not assumed; the amount that would have counted has this reason."""
    found = of(terms)
    assert (found.credit, found.raw) == (0, 0)
    assert code in millions(found)


@pytest.mark.parametrize("admission", ["licensed", "permission_186_2", "fronting"])
def test_a_foreign_insurer_counts_with_permission_or_behind_a_front(admission: str) -> None:
    """Insurance Business Act Art. 186(2)."""
    assert of({"admission": admission}).credit == 2000 * M


def test_a_captive_counts_for_its_outside_reinsurance_only() -> None:
    """A quarter ceded outside: a quarter of the raw amount, then the rest of the haircuts."""
    found = of({"captive": True, "reinsured_share": "1/4"})
    assert found.credit == Fraction(3700 * M) / 4 * Fraction(9, 10)


def test_less_than_a_year_left_counts_less_and_ninety_days_nothing() -> None:
    """A straight line from 365 days to 90."""
    rule = replace(STRICT, cap=Fraction(1))
    for left, share in ((365, Fraction(1)), (200, Fraction(110, 275)), (90, Fraction(0))):
        on = date(2027, 3, 31) - timedelta(days=left - 1)
        assert of({}, rule=rule, on=on).credit == 3330 * M * share


def test_a_notice_of_cancellation_takes_the_credit_away_day_by_day() -> None:
    """45 of 90 days are left: half, beside what the term takes."""
    given = {"cancellation_given_on": date(2026, 4, 1)}
    found = of(given, on=date(2026, 5, 16))
    assert next(c.factor for c in found.cuts if c.code == "notice_given") == Fraction(1, 2)


def test_a_second_tower_counts_for_what_the_first_did_not() -> None:
    """Nothing is counted twice, and a tower behind a closed gate takes nothing away."""
    second = {"policy_id": "P2", "sequence": 1, "limit_per_event": 100 * M,
              "annual_aggregate": 100 * M, "sublimits": None, "retention": M // 2}  # fmt: skip
    assert of({}, second, rule=replace(STRICT, cap=Fraction(1))).raw == 3850 * M
    closed = of({"admission": "none"}, second)
    assert closed.raw == 3850 * M


def test_without_a_policy_all_of_it_is_cash() -> None:
    """The reason is that there is no insurance."""
    assert millions(of()) == {"no_insurance": 4000}


def test_every_parameter_is_named_and_a_house_rule() -> None:
    """With what it was taken from; the cap of Japan is not law."""
    for rule in RULES.values():
        shown = rule.as_json()
        assert set(shown) == set(TAKEN_FROM) == set(CreditRule.__dataclass_fields__)
        assert {p["standing"] for p in shown.values()} == {"house"}
    assert STRICT.as_json()["cap"]["value"] == "0.5"

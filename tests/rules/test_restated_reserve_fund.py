"""The reserve fund's rules, written again in whole numbers from what they say they do.

Amounts are multiples of a hundred yen, so that every haircut leaves whole yen; shares are compared
by multiplying out. The day is one on which every value of these topics is there.
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from .ask import GAP, answer

ON = date(2026, 11, 25)
SIX_MONTHS_ON = date(2027, 5, 25)
PER_CENT = {
    "cash": 0,
    "trust_deposit": 0,
    "fixed_deposit": 0,
    "bond": 2,
    "coin": 50,
    "bank_guarantee": 0,
    "insurance_receivable": 10,
}
OTHER_MONEY = 8
HOLDER, COIN, FOREIGN = 50, 25, 50
"""Limits, in per cent of what counts."""


# -- assets --------------------------------------------------------------------------------------


@st.composite
def an_asset(draw: Any) -> dict[str, Any]:
    kind = draw(st.sampled_from(sorted(PER_CENT)))
    mostly_no = st.sampled_from([False, False, False, True])
    row = {
        "kind": kind,
        "title": draw(st.sampled_from(["own_account", "pledged", "deposited"])),
        "bankruptcy_remote": draw(st.sampled_from(["yes", "no", "untested"])),
        "holder": draw(st.sampled_from(["bank-a", "bank-b", "bank-c"])),
        "unit": draw(st.sampled_from(["BTC", "ETH"] if kind == "coin" else ["JPY", "USD"])),
        "own_issue": draw(mostly_no),
        "guarantee": draw(mostly_no),
        "evidence": not draw(mostly_no),
        "value_jpy": 100 * draw(st.integers(0, 10**12)),
    }
    if kind == "insurance_receivable":
        row["accepted"] = draw(st.booleans())
    if kind in ("fixed_deposit", "bond"):
        row["matures_on"] = draw(st.dates(date(2026, 11, 20), date(2027, 6, 1))).isoformat()
    return row


an_inventory = st.dictionaries(st.sampled_from("abcdef"), an_asset(), max_size=6)


def why_not(row: dict[str, Any]) -> str | None:
    """The first reason for which an asset counts zero."""
    if row["own_issue"]:
        return "own_token"
    if row["guarantee"]:
        return "guarantee_counted_elsewhere"
    if not row["evidence"]:
        return "no_evidence"
    if not row.get("accepted", True):
        return "not_accepted_by_insurer"
    if "matures_on" in row and date.fromisoformat(row["matures_on"]) < ON:
        return "matured"
    fixed = row["kind"] == "fixed_deposit"
    if fixed and date.fromisoformat(row["matures_on"]) > SIX_MONTHS_ON:
        return "maturity_too_long"
    return None


def taken_off(row: dict[str, Any]) -> int:
    """Per cent taken off the value: a coin's own rate, or the kind's and other money's."""
    other_money = row["kind"] != "coin" and row["unit"] != "JPY"
    return PER_CENT[row["kind"]] + (OTHER_MONEY if other_money else 0)


def yen(row: dict[str, Any]) -> int:
    return 0 if why_not(row) else row["value_jpy"] // 100 * (100 - taken_off(row))


def by(rows: list[dict[str, Any]], field: str) -> dict[str, int]:
    """Yen that count, by holder or coin."""
    return {
        name: sum(yen(r) for r in rows if r[field] == name) for name in {r[field] for r in rows}
    }


def within(parts: list[int], whole: int, limit: int) -> str:
    return "pass" if all(part * 100 <= whole * limit for part in parts) else "fail"


@settings(deadline=None, max_examples=120)
@given(an_inventory)
@example({})
def test_what_counts_of_the_reserve_and_who_holds_it(assets: dict[str, dict[str, Any]]) -> None:
    """Less a haircut or zero with the reason; a holder's share leaves out what is remote."""
    got = answer("jp.reserve.assets", {"assets": assets}, ON)
    for name, row in assets.items():
        assert got["counted"][name] == {
            "haircut": Fraction(taken_off(row), 100),
            "counted_jpy": yen(row),
            "reason": why_not(row),
        }
    rows = list(assets.values())
    going = sum(map(yen, rows))
    remote = sum(yen(r) for r in rows if r["bankruptcy_remote"] == "yes")
    assert got["going_concern_jpy"] == going
    assert got["on_insolvency_jpy"] == remote
    assert got["general_pool_jpy"] == going - remote
    holders = by([r for r in rows if r["bankruptcy_remote"] != "yes"], "holder")
    coins = by([r for r in rows if r["kind"] == "coin"], "unit")
    foreign = sum(yen(r) for r in rows if r["unit"] != "JPY")
    assert got["holder_test"] == within(list(holders.values()), going, HOLDER)
    assert got["coin_test"] == within(list(coins.values()), going, COIN)
    assert got["foreign_test"] == within([foreign], going, FOREIGN)
    if going:
        assert {k: v * going for k, v in got["holder_shares"].items()} == holders
        assert {k: v * going for k, v in got["coin_shares"].items()} == coins
        assert got["foreign_share"] * going == foreign


@settings(deadline=None, max_examples=40)
@given(an_inventory)
def test_the_order_of_the_assets_never_matters(assets: dict[str, dict[str, Any]]) -> None:
    backwards = dict(reversed(assets.items()))
    assert answer("jp.reserve.assets", {"assets": backwards}, ON) == answer(
        "jp.reserve.assets", {"assets": assets}, ON
    )


@pytest.mark.parametrize(
    ("kind", "matures_on", "reason"),
    [
        ("fixed_deposit", "2026-11-24", "matured"),
        ("fixed_deposit", "2026-11-25", None),
        ("fixed_deposit", "2027-05-25", None),
        ("fixed_deposit", "2027-05-26", "maturity_too_long"),
        ("bond", "2026-11-24", "matured"),
        ("bond", "2046-11-25", None),
    ],
)
def test_a_maturity_counts_from_today_to_six_months_and_a_bonds_is_not_limited(
    kind: str, matures_on: str, reason: str | None
) -> None:
    row = {
        "kind": kind,
        "title": "own_account",
        "bankruptcy_remote": "no",
        "holder": "bank-a",
        "unit": "JPY",
        "own_issue": False,
        "guarantee": False,
        "evidence": True,
        "matures_on": matures_on,
        "value_jpy": 100,
    }
    got = answer("jp.reserve.assets", {"assets": {"x": row}}, ON)
    assert got["counted"]["x"]["reason"] == reason


# -- the two gates -------------------------------------------------------------------------------

NEEDED = {
    "article_118": {"incident_record", "amount_calculation"},
    "illegal_outflow": {"proof_of_outflow", "amount_calculation"},
    "approval": {"approval_document"},
    "court_order": {"court_order_document"},
    "excess": {"calculation_of_excess"},
}
CODES = sorted(set().union(*NEEDED.values()))


@settings(deadline=None, max_examples=200)
@given(
    ground=st.sampled_from(sorted(NEEDED)),
    reserve_class=st.sampled_from(["special_law_reserve", "voluntary_reserve", "provision"]),
    evidence=st.dictionaries(st.sampled_from(CODES), st.booleans()),
    after_petition=st.booleans(),
    amount=st.integers(0, 10),
    excess=st.integers(0, 10),
    usable=st.booleans(),
)
def test_the_reserve_is_used_on_a_ground_that_holds_with_its_evidence(
    ground: str,
    reserve_class: str,
    evidence: dict[str, bool],
    after_petition: bool,
    amount: int,
    excess: int,
    usable: bool,
) -> None:
    """Nothing of the cause is asked; after a petition nothing moves without the court."""
    needed = NEEDED[ground] | ({"court_order_document"} if after_petition else set())
    lacking = {code for code in needed if not evidence.get(code, False)}
    on_courts_word = ground == "court_order" or not after_petition
    assume(on_courts_word or "court_order_document" in lacking)
    if not on_courts_word:
        reason = "court_order_needed"
    elif ground == "article_118" and not usable:
        reason = "ground_does_not_hold"
    elif ground == "excess" and amount > excess:
        reason = "above_excess"
    elif ground == "illegal_outflow" and reserve_class == "special_law_reserve":
        reason = "statute_not_in_force"
    else:
        reason = "evidence_missing" if lacking else None
    facts = {
        "ground": ground,
        "reserve_class": reserve_class,
        "evidence": evidence,
        "after_petition": after_petition,
        "amount_jpy": amount,
        "excess_jpy": excess,
        "reserve_usable_without_approval": usable,
        "statute_in_force": False,
    }
    assert answer("jp.reserve.ground", facts, ON) == {
        "may_proceed": reason is None,
        "reason": reason,
        "evidence_needed": {code: code not in lacking for code in needed},
        "missing_evidence": dict.fromkeys(lacking, False),
    }


BODY = {"spot": "jvcea_confirmation", "derivatives": "finance_bureau_confirmation"}
stated = st.sampled_from([None, True, False])


@settings(deadline=None, max_examples=120)
@given(
    nature=st.sampled_from(
        ["return_in_kind", "damages_for_non_return", "transaction_loss", "goodwill"]
    ),
    business=st.sampled_from(sorted(BODY)),
    from_incident=stated,
    confirmed=stated,
    confirmation_needed=stated,
)
def test_a_customer_is_paid_what_is_owed_freely_and_a_loss_once_confirmed(
    nature: str,
    business: str,
    from_incident: bool | None,
    confirmed: bool | None,
    confirmation_needed: bool | None,
) -> None:
    """A duty performed meets no ban. A loss not said to be from an incident is not decided."""
    facts: dict[str, Any] = {"nature": nature, "business": business}
    flags = {
        "from_incident": from_incident,
        "confirmed": confirmed,
        "confirmation_needed": confirmation_needed,
    }
    facts |= {key: flag for key, flag in flags.items() if flag is not None}
    banned = nature in ("transaction_loss", "goodwill")
    needed: str | None = None
    if banned and from_incident is None:
        needed = GAP
    elif banned and not from_incident:
        needed = "no_ground_exists"
    elif banned and not confirmed:
        free = business == "derivatives" and confirmation_needed is False
        needed = None if free else BODY[business]
    assert answer("jp.reserve.payment", facts, ON) == {
        "ban_applies": banned,
        "needed": needed,
        "may_pay": GAP if needed == GAP else needed is None,
    }


# -- booking -------------------------------------------------------------------------------------

amounts = st.integers(-(10**12), 10**12)


@settings(deadline=None, max_examples=100)
@given(
    choice=st.sampled_from(["voluntary_reserve", "provision"]),
    amount=amounts,
    net=amounts,
    required=amounts,
    basic=amounts,
    deductions=st.integers(0, 10**12),
    risk=st.integers(0, 10**9),
)
@example("provision", 50, 500, 450, 0, 0, 0)
@example("provision", 51, 500, 450, 0, 0, 1)
def test_only_a_provision_lowers_net_assets_and_capital_while_no_statute_is_in_force(
    choice: str, amount: int, net: int, required: int, basic: int, deductions: int, risk: int
) -> None:
    """A voluntary reserve stays where it was; a release, below zero, goes the other way."""
    gone = amount if choice == "provision" else 0
    facts = {
        "amount_jpy": amount,
        "choice": choice,
        "statute_in_force": False,
        "net_assets_jpy": net,
        "net_assets_required_jpy": required,
        "basic_items_jpy": basic,
        "deductions_jpy": deductions,
        "risk_jpy": risk,
        "reserve_before_jpy": 0,
    }
    got = answer("jp.reserve.booking", facts, ON)
    assert got["reserve_class"] == choice
    assert got["net_assets_after_jpy"] == net - gone
    assert got["net_assets_test_before"] == ("pass" if net >= required else "fail")
    assert got["net_assets_test_after"] == ("pass" if net - gone >= required else "fail")
    assert got["distributable_after_jpy"] == GAP
    if risk:
        assert got["capital_ratio_before"] * risk == basic - deductions
        assert got["capital_ratio_after"] * risk == basic - gone - deductions
    else:
        assert got["capital_ratio_before"] == got["capital_ratio_after"] == GAP
    assert (got["ifrs_recognised"], got["tax_deductible"]) == ("probably_not", "probably_not")

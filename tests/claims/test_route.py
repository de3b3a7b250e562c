"""Claims to the way by which they are paid: one place for each, and nothing is lost."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonae.claims.counters import Cell, suppressed
from sonae.claims.hold import Hold
from sonae.claims.payment import Claim, PaymentError
from sonae.claims.route import (
    FIXES,
    PLACES,
    Facts,
    LegalOrder,
    Routed,
    Ways,
    again,
    checked,
    count_places,
    coverage,
    expunge,
    route,
)
from sonae.core.errors import Refused

WAYS = Ways({"agent-a": frozenset({"JP", "US"}), "agent-b": frozenset({"DE", "US"})}, {})
MONEY = Facts(Claim("i1", "p1", "JPY", 1), 12_000, in_kind=False, verified=True, account="bank|1")
COINS = Facts(Claim("i1", "p1", "BTC", 1), 1_000, in_kind=True, verified=True, wallet="w1")
ABROAD = replace(MONEY, account="", place="DE", agent="agent-b")


def one(facts: Facts, ways: Ways = WAYS) -> Routed:
    [found] = route([facts], ways)
    return found


def of(facts: Facts, person: str, **changed: Any) -> Facts:
    return replace(facts, claim=facts.claim._replace(person=person), **changed)


# -- E88: without lifting a finger -----------------------------------------------------------------


@pytest.mark.parametrize("units", [1, 12_000, 14_999, 10**12])
def test_E88_a_verified_account_is_paid_whatever_the_size_and_without_an_answer(units: int) -> None:
    found = one(replace(MONEY, units=units))
    assert (found.place, found.rails, found.money) == ("transfer", {"money": "transfer"}, units)
    credited = one(replace(MONEY, units=units, account="", open_account=True))
    assert (credited.place, credited.rails) == ("credit", {"money": "credit"})


def test_E88_no_fact_is_an_answer_and_no_result_a_code_to_redeem() -> None:
    names = {f.name for kind in (Facts, Routed) for f in fields(kind)}
    assert not {n for n in names if any(w in n for w in ("answer", "code", "redeem", "accept"))}


def test_after_a_trigger_event_nothing_is_credited_with_us() -> None:
    facts = replace(MONEY, account="", open_account=True)
    found = one(facts, WAYS._replace(credit=False))
    assert found.place == "exception"
    assert found.fixes == (FIXES["account"],)
    assert one(MONEY, WAYS._replace(credit=False)).place == "transfer"


# -- E98: held -------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["estate", "minor", "guardianship", "police", "sanction"])
def test_E98_a_hold_names_its_owner_and_day_and_the_debt_stays(code: str) -> None:
    found = one(replace(MONEY, hold=Hold(code, "legal", date(2027, 1, 15))))
    assert (found.place, found.rails, found.money) == ("held", {}, MONEY.units)
    for words in (found.reason.ja, found.reason.en):
        assert code in words
        assert "legal" in words
        assert "2027-01-15" in words


# -- E92: not verified -----------------------------------------------------------------------------

ORDER = LegalOrder("東京地方裁判所", "令和9年(ヒ)第1号", date(2027, 1, 1), "a" * 64,
                   frozenset({MONEY.claim.key}))  # fmt: skip
AFTER = date(2027, 1, 1)


def test_E92_who_is_not_verified_is_kept_and_counted() -> None:
    silent = replace(MONEY, verified=False)
    every = [silent, of(MONEY, "p2"), of(COINS, "p3", verified=False)]
    found = route(every, WAYS._replace(buyable={"BTC": 0}))
    assert [r.claim.person for r in found] == ["p1", "p2", "p3"]
    assert [r.place for r in found] == ["unverified_reserved", "transfer", "unverified_reserved"]
    counts = count_places(every, found)
    assert counts["JPY"].buckets["unverified_reserved"] == Cell(1, 12_000)
    assert counts["BTC"].buckets["unverified_reserved"] == Cell(1, 1_000)
    assert counts["JPY"].entitled == Cell(2, 24_000)
    assert (found[2].coins, found[2].money) == (1_000, 0)
    assert suppressed(counts, 1)["JPY"]["unverified_reserved"] == Cell(1, 12_000)


def test_E92_it_ends_only_by_a_loaded_legal_order() -> None:
    kept = one(replace(MONEY, verified=False))
    with pytest.raises(Refused, match="loaded legal order"):
        expunge(kept, None, AFTER)
    for order in (
        ORDER._replace(claims=frozenset()),
        ORDER._replace(effective_on=date(2027, 1, 2)),
        ORDER._replace(sha256="A" * 64),
        ORDER._replace(sha256=""),
        ORDER._replace(authority=""),
        ORDER._replace(number=""),
    ):
        with pytest.raises(Refused):
            expunge(kept, order, AFTER)
    with pytest.raises(Refused, match="not transfer"):
        expunge(one(MONEY), ORDER, AFTER)
    ended = expunge(kept, ORDER, AFTER)
    assert (ended.place, ended.units) == ("expunged", 12_000)
    assert ORDER.number in ended.reason.ja
    counts = count_places([kept.facts], [ended])
    assert counts["JPY"].buckets["expunged"] == Cell(1, 12_000)


def test_E92_routing_alone_ends_nothing() -> None:
    assert one(replace(MONEY, verified=False, account="")).place == "unverified_reserved"


# -- E86: agents -----------------------------------------------------------------------------------


def test_E86_an_agent_licensed_in_the_place_pays() -> None:
    found = one(ABROAD)
    assert (found.place, found.rails) == ("agent", {"money": "agent-b"})


def test_E86_where_an_agent_is_not_licensed_another_one_pays() -> None:
    found = one(replace(ABROAD, agent="agent-a"))
    assert (found.place, found.rails) == ("agent", {"money": "agent-b"})
    assert "agent-a is not licensed in DE" in found.reason.en
    assert "agent-a" in found.reason.ja


@pytest.mark.parametrize("place", ["FR", ""])
def test_E86_where_none_is_licensed_it_is_put_off_and_its_reserve_kept(place: str) -> None:
    found = one(replace(ABROAD, place=place))
    assert (found.place, found.units, found.rails) == ("deferred", 12_000, {})
    assert "reserve kept" in found.reason.en
    assert count_places([found.facts], [found])["JPY"].buckets["deferred"] == Cell(1, 12_000)
    with pytest.raises(Refused):
        expunge(found, ORDER, AFTER)


# -- E87: what does not match ----------------------------------------------------------------------


@pytest.mark.parametrize("field", ["email", "birth_date"])
def test_E87_what_does_not_match_at_the_agent_waits_for_a_named_correction(field: str) -> None:
    found = one(replace(ABROAD, mismatched=(("agent-b", field),)))
    assert (found.place, found.rails) == ("exception", {})
    [fix] = found.fixes
    assert fix.field == field
    assert fix.who in ("customer", "payout desk")
    assert fix.what.ja
    assert fix.what.en


def test_E87_it_is_not_tried_again_before_something_was_corrected() -> None:
    stuck = replace(ABROAD, mismatched=(("agent-b", "birth_date"), ("agent-b", "email")))
    found = one(stuck)
    assert [fix.field for fix in found.fixes] == ["birth_date", "email"]
    for _ in range(10):
        with pytest.raises(Refused, match=r"birth_date \(payout desk\); email \(customer\)"):
            again(found, stuck)
    half = again(found, replace(stuck, mismatched=stuck.mismatched[:1]))
    assert one(half).place == "exception"
    assert one(again(one(half), replace(half, mismatched=()))).place == "agent"
    with pytest.raises(Refused, match="another"):
        again(found, replace(stuck, units=1))


def test_E87_a_verified_account_needs_no_agent_that_agrees() -> None:
    facts = replace(MONEY, place="DE", agent="agent-b", mismatched=(("agent-b", "email"),))
    assert one(facts).place == "transfer"
    with pytest.raises(Refused, match="shoe"):
        one(replace(facts, mismatched=(("agent-b", "shoe"),)))


# -- E77: a coin that cannot be bought -------------------------------------------------------------


def test_E77_what_cannot_be_bought_falls_to_money_for_all_alike_with_the_reason() -> None:
    every = [
        of(COINS, "p1", account="bank|1"),
        of(COINS, "p2", units=333, account="bank|2"),
        of(COINS, "p3", units=2_000, verified=False),
    ]
    found = route(every, WAYS._replace(buyable={"BTC": 1_666}))
    # 1,666 of 3,333: 499.84… and 166.45… are rounded down
    assert [(r.place, r.coins, r.money) for r in found] == [
        ("cash_part", 499, 501),
        ("cash_part", 166, 167),
        ("unverified_reserved", 2_000, 0),
    ]
    assert found[0].rails == {"coins": "transfer", "money": "transfer"}
    assert "501 of 1000 falls to money" in found[0].reason.en
    assert "同意がなければ" in found[0].reason.ja


def test_E77_a_coin_that_can_be_bought_or_is_not_named_stays_whole() -> None:
    for buyable in ({}, {"BTC": 1_000}, {"BTC": 10**9}, {"ETH": 0}):
        found = one(COINS, WAYS._replace(buyable=buyable))
        assert (found.place, found.coins, found.money) == ("transfer", 1_000, 0)


def test_E77_money_needs_a_way_too_and_nothing_falls_to_money_before_there_is_one() -> None:
    found = one(COINS, WAYS._replace(buyable={"BTC": 1}))
    assert (found.place, found.coins, found.money) == ("exception", 1_000, 0)
    assert found.fixes == (FIXES["account"],)
    none = one(replace(COINS, wallet="", account="bank|1"), WAYS._replace(buyable={"BTC": 0}))
    assert (none.place, none.coins, none.money) == ("cash_part", 0, 1_000)
    with pytest.raises(Refused, match="below 0"):
        one(COINS, WAYS._replace(buyable={"BTC": -1}))


# -- conservation ----------------------------------------------------------------------------------

PEOPLE = st.builds(
    Facts,
    claim=st.builds(
        Claim, st.just("i1"), st.sampled_from("abcdef"), st.sampled_from(["JPY", "BTC", "XEM"]),
        st.integers(1, 2),
    ),
    units=st.integers(1, 10**30),
    in_kind=st.booleans(),
    verified=st.booleans(),
    account=st.sampled_from(["", "bank|1"]),
    wallet=st.sampled_from(["", "w1"]),
    open_account=st.booleans(),
    place=st.sampled_from(["", "JP", "US", "DE", "FR"]),
    agent=st.sampled_from(["", "agent-a", "agent-b", "agent-x"]),
    mismatched=st.lists(
        st.tuples(st.sampled_from(["agent-a", "agent-b"]), st.sampled_from(sorted(FIXES))),
        max_size=3,
    ).map(tuple),
    hold=st.sampled_from([None, None, None, Hold("estate", "legal", date(2027, 1, 1))]),
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(
    st.lists(PEOPLE, max_size=14, unique_by=lambda f: f.claim),
    st.dictionaries(st.sampled_from(["BTC", "XEM"]), st.integers(0, 10**31)),
    st.booleans(),
    st.randoms(use_true_random=False),
)
def test_E86_E87_E88_E92_every_claim_is_in_exactly_one_place_and_sums_are_equal(
    every: list[Facts], buyable: dict[str, int], credit: bool, random: Any
) -> None:
    ways = WAYS._replace(buyable=buyable, credit=credit)
    found = route(every, ways)
    mixed = list(every)
    random.shuffle(mixed)
    assert route(mixed, ways) == found
    reach = coverage(found)
    assert sum(map(sum, reach.values())) == len(every)
    assert sum(r.with_way for r in reach.values()) == sum(bool(r.rails) for r in found)
    assert sorted(r.claim for r in found) == sorted(f.claim for f in every)
    counts = count_places(every, found)
    for asset, row in counts.items():
        owed = [f.units for f in every if f.claim.asset == asset]
        assert row.entitled == Cell(len(owed), sum(owed))
        assert sum(c.units for c in row.buckets.values()) == sum(owed)
    for asset, most in buyable.items():
        paid = [r.coins for r in found if r.claim.asset == asset and "coins" in r.rails]
        assert sum(paid) <= most
    for r in found:
        assert r.place in PLACES
        assert r.place != "expunged"
        assert (r.place in ("transfer", "credit", "agent", "cash_part")) == bool(r.rails)
        assert (r.place == "exception") == bool(r.fixes)
        assert (r.place == "held") == (r.facts.hold is not None)
        unverified = not r.facts.verified and r.facts.hold is None
        assert (r.place == "unverified_reserved") == unverified
        assert r.reason.ja
        assert r.reason.en
        if r.facts.verified and not r.facts.in_kind and r.facts.account and not r.facts.hold:
            assert r.place == "transfer"


def test_a_claim_lost_doubled_or_changed_is_refused() -> None:
    every = [MONEY, of(MONEY, "p2")]
    found = route(every, WAYS)
    wrongs = (found[:1], [*found, found[0]], [found[0], replace(found[1], money=1)])
    for wrong in (*wrongs, [found[0], replace(found[1], place="nowhere")]):
        with pytest.raises(Refused):
            checked(every, wrong)
    with pytest.raises(Refused, match="twice"):
        route([MONEY, MONEY], WAYS)
    with pytest.raises(PaymentError):
        route([replace(MONEY, units=0)], WAYS)

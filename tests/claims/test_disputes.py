"""A disputed claim: the rest is paid at once, the estimate reserved, others decide."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonae.actions.pay.dispute import decide_dispute, estimate_dispute, open_dispute
from sonae.actions.pay.fund import standing
from sonae.actions.pay.hold import lift
from sonae.actions.pay.programme import make_file, open_programme, plan, plan_again
from sonae.actions.pay.verify import faults
from sonae.claims.dispute import (
    RAISES,
    STATES,
    VERDICTS,
    Dispute,
    Said,
    check_decision,
    check_estimate,
    fold,
)
from sonae.claims.payment import Claim, PaymentError
from sonae.store.payments import Payments
from tests.claims.desk import DAY, PROGRAMME, Desk, latest, people_rows, states
from tests.claims.paper import Paper
from tests.fund.servers import database

CLAIM = Claim(PROGRAMME, "p000001", "JPY", 1)
OWED = 1_001


@pytest.fixture(params=["sqlite", "postgresql"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Desk:
    place = str(tmp_path / "fund.db") if request.param == "sqlite" else database()
    return Desk(tmp_path, place)


@pytest.fixture
def store(desk: Desk) -> Iterator[Payments]:
    with Payments(desk.place) as found:
        yield found
        assert faults(found) == []
        found.counters(PROGRAMME)


def opened(
    desk: Desk,
    store: Payments,
    by: tuple[str, ...] = ("aoi", "chi"),
    claim: Claim = CLAIM,
    said: int = 5_000,
    estimate: int = 2_500,
) -> Dispute:
    words = (store, claim, said, estimate, "trade log of 26 January")
    return [open_dispute(*words, desk.key(name), desk.now)[0] for name in by][-1]


def decided(
    desk: Desk,
    store: Payments,
    verdict: str,
    amount: int = 0,
    by: tuple[str, ...] = ("ben", "chi"),
    id: int | None = None,
    **more: Any,
) -> Dispute:
    id = id or store.disputes()[-1].id
    words = (store, id, verdict, "board paper 9")
    return [decide_dispute(*words, desk.key(name), amount, now=desk.now, **more)[0] for name in by][
        -1
    ]


def buckets(store: Payments) -> dict[str, int]:
    row = store.counters(PROGRAMME)["JPY"]
    assert row.entitled.units == sum(c.units for c in row.buckets.values())
    return {"entitled": row.entitled.units} | {k: c.units for k, c in row.buckets.items()}


def test_the_undisputed_part_is_paid_at_once_and_the_estimate_is_reserved(
    desk: Desk, store: Payments
) -> None:
    rail, whole = Paper(), sum(r.amount for r in people_rows(3))
    desk.plan(store, people_rows(3))
    found = opened(desk, store, ("aoi",))
    assert (found.state, found.author, found.reviewer) == ("opened", "aoi", "")
    assert opened(desk, store, ("chi",)).reviewer == "chi"
    assert buckets(store)["entitled"] == whole + 2_500
    desk.pay(store, rail)
    assert states(store) == {"accepted": 3}
    [found] = store.disputes()
    assert (found.state, found.open) == ("reviewed", True)
    told = buckets(store)
    assert (told["disputed"], told["in_flight"]) == (2_500, whole)


@pytest.mark.parametrize("verdict", ["upheld", "withdrawn"])
def test_a_decision_that_leaves_the_entitlement_frees_the_reserve(
    desk: Desk, store: Payments, verdict: str
) -> None:
    desk.plan(store, people_rows(3))
    opened(desk, store)
    before = standing(store, PROGRAMME, "JPY").room
    assert decided(desk, store, verdict, by=("ben",)).verdict == ""
    found = decided(desk, store, verdict, by=("chi",))
    assert (found.state, found.deciders) == (verdict, ("ben", "chi"))
    assert standing(store, PROGRAMME, "JPY").room == before + 2_500
    assert buckets(store)["entitled"] == sum(r.amount for r in people_rows(3))
    assert buckets(store)["disputed"] == 0
    with pytest.raises(PaymentError, match="is decided"):
        decided(desk, store, "changed", 2_000)
    assert opened(desk, store).id != found.id  # it may be disputed again


def test_a_raise_is_a_claim_of_its_own_that_waits_for_money_to_be_confirmed_again(
    desk: Desk, store: Payments
) -> None:
    """Nothing paid is taken back, and the raise is paid once."""
    rail = Paper()
    desk.plan(store, people_rows(3))
    found = opened(desk, store)
    desk.pay(store, rail)
    decided(desk, store, "changed", 4_000)
    [raised] = store.held("funding")
    assert (raised.amount, raised.tranche) == (4_000 - OWED, RAISES + found.id)
    assert raised.account == "acc1"
    told = buckets(store)
    assert told["entitled"] == sum(r.amount for r in people_rows(3)) + 4_000 - OWED
    assert (told["held"], told["disputed"]) == (4_000 - OWED, 0)
    for name in ("aoi", "chi"):
        with pytest.raises(PaymentError, match="confirm the money again"):
            lift(store, [raised.reference], "hurry", desk.key(name), desk.now)
    desk.pay(store, rail)
    assert states(store) == {"accepted": 3, "held": 1}
    made = desk.fund(store, PROGRAMME, 0, "balance letter of 3 December")
    assert made.lifted == (raised.reference,)
    desk.pay(store, rail)
    assert states(store) == {"accepted": 4}
    with pytest.raises(PaymentError, match="money is back"):
        plan_again(store, [raised.reference], now=desk.now)
    assert len(rail.sent) == 2


def test_a_raise_beyond_the_money_that_is_there_stays_held(desk: Desk, store: Payments) -> None:
    open_programme(store, "second", now=desk.now)
    claim = CLAIM._replace(programme="second")
    desk.fund(store, "second", 3_000, "letter")
    opened(desk, store, claim=claim, said=9_000, estimate=3_000)  # on no list, yet reserved
    row = store.counters("second")["JPY"]
    assert row.entitled == row.buckets["disputed"]
    assert row.entitled == (1, 3_000)
    with pytest.raises(PaymentError, match="give an account"):
        decided(desk, store, "changed", 5_000)
    decided(desk, store, "changed", 5_000, account="acc-new")
    assert desk.fund(store, "second", 0, "still there").lifted == ()
    assert desk.fund(store, "second", 1_999, "more").lifted == ()
    assert len(desk.fund(store, "second", 1, "the last").lifted) == 1
    assert store.counters("second")["JPY"].buckets["payable"] == (1, 5_000)


def test_what_is_reserved_for_a_dispute_pays_nobody_else(desk: Desk, store: Payments) -> None:
    rail = Paper()
    open_programme(store, "second", now=desk.now)
    rows = people_rows(2)
    plan(store, "second", rows, now=desk.now)
    desk.fund(store, "second", sum(r.amount for r in rows), "exactly the list")
    file = make_file(store, "second", "JPY", rail, DAY, now=desk.now)
    assert file is not None
    desk.sign(store, file)
    opened(desk, store, claim=CLAIM._replace(programme="second"), estimate=1)
    with pytest.raises(PaymentError, match="1 reserved for disputes"):
        desk.send(store, file, rail)
    desk.fund(store, "second", 1, "for the dispute")
    desk.send(store, file, rail)


def test_before_a_court_the_estimate_stays_reserved_until_it_is_decided(
    desk: Desk, store: Payments
) -> None:
    desk.plan(store, people_rows(2))
    opened(desk, store)
    found = decided(desk, store, "court")
    assert (found.open, buckets(store)["disputed"]) == (True, 2_500)
    with pytest.raises(PaymentError, match="before a court already"):
        decided(desk, store, "court")
    estimate_dispute(store, found.id, 3_999, "the other side's brief", desk.key("chi"), desk.now)
    with pytest.raises(PaymentError, match="yet to review"):
        decided(desk, store, "changed", 5_000, by=("ben",))
    found = estimate_dispute(
        store, found.id, 3_999, "the other side's brief", desk.key("ben"), desk.now
    )
    assert (found.estimate, found.author, found.reviewer) == (3_999, "chi", "ben")
    with pytest.raises(PaymentError, match="others decide"):
        decided(desk, store, "changed", 5_000, by=("chi",))
    assert buckets(store)["disputed"] == 3_999
    decided(desk, store, "changed", 5_000, by=("aoi", "ben"))
    assert store.held("funding")[0].amount == 5_000 - OWED


def test_who_may_do_what(desk: Desk, store: Payments) -> None:
    desk.plan(store, people_rows(2))
    opened(desk, store, ("aoi", "aoi"))
    with pytest.raises(PaymentError, match="yet to review"):
        decided(desk, store, "upheld")
    with pytest.raises(PaymentError, match="open on this claim"):
        opened(desk, store, ("chi",), estimate=1)
    opened(desk, store, ("chi",))
    with pytest.raises(PaymentError, match="open on this claim"):
        opened(desk, store, ("ben",))
    with pytest.raises(PaymentError, match="others decide"):
        decided(desk, store, "upheld", by=("aoi",))
    for amount, verdict in ((OWED, "changed"), (5_001, "changed"), (1, "upheld"), (0, "lowered")):
        with pytest.raises(PaymentError):
            decided(desk, store, verdict, amount)
    assert len(latest(store)) == 2


def test_states_and_verdicts_are_in_both_languages() -> None:
    assert set(VERDICTS) <= set(STATES)
    assert all(t.ja and t.en for t in STATES.values())


# -- pure ------------------------------------------------------------------------------------------

UNITS = st.integers(0, 10**30)


@settings(max_examples=200, deadline=None)
@given(UNITS, UNITS, UNITS)
def test_an_estimate_is_within_what_is_in_dispute(entitled: int, said: int, estimate: int) -> None:
    if said > entitled and estimate <= said - entitled:
        check_estimate(entitled, said, estimate)
    else:
        with pytest.raises(PaymentError):
            check_estimate(entitled, said, estimate)


@settings(max_examples=200, deadline=None)
@given(UNITS, UNITS, UNITS)
def test_no_decision_lowers_a_claim_or_gives_more_than_was_said(
    entitled: int, said: int, amount: int
) -> None:
    found = Dispute(1, CLAIM, entitled, said, 0, "why", "aoi", "chi")
    if entitled < amount <= said:
        check_decision(found, "changed", amount, "ben")
    else:
        with pytest.raises(PaymentError):
            check_decision(found, "changed", amount, "ben")


def test_disputes_are_what_their_acts_make_them_in_any_order_of_reading() -> None:
    said = {**CLAIM._asdict(), "entitled": "5", "said": "9", "estimate": "2", "reason": "r"}
    verdict = {"dispute": 3, "verdict": "changed", "amount": "8", "reason": "x"}
    acts = [
        Said(3, "aoi", "dispute", 0, said),
        Said(4, "chi", "dispute", 3, said),
        Said(5, "ben", "decide", 0, verdict),
        Said(6, "chi", "decide", 5, verdict),
    ]
    [found] = fold(acts[::-1])
    assert found == fold(acts)[0]
    assert (found.state, found.decided, found.deciders) == ("changed", 8, ("ben", "chi"))
    assert [d.state for n in range(1, 5) for d in fold(acts[:n])] == [
        "opened", "reviewed", "reviewed", "changed",
    ]  # fmt: skip

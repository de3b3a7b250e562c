"""Payments on paper: keys, moves, holds, counters, and what of them is published."""

from __future__ import annotations

import itertools
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from sonae.claims.counters import BUCKETS, Cell, Counters, count, suppressed
from sonae.claims.hold import HOLDS, VISIBLE, Hold
from sonae.claims.payment import (
    AGAIN,
    EVENTS,
    MOVES,
    PLANNED,
    STATES,
    Claim,
    Event,
    PaymentError,
    State,
    next_attempt,
    next_state,
    reference,
    returns_until,
)
from sonae.core.errors import Refused
from sonae.rulebook.calendars import CALENDARS

CODES = {"hold": "estate", "return": "closed"}
GONE = ("released", "unknown", "accepted", "returned", "settled")


def after(state: State, name: str) -> State:
    return next_state(state, Event(name, CODES.get(name, "")))


# -- keys ------------------------------------------------------------------------------------------


def test_a_key_is_of_programme_person_asset_and_tranche_and_of_nothing_else() -> None:
    claim = Claim("incident-1", "p1", "JPY", 1)
    others = [("incident-2", "p1", "JPY", 1), ("incident-1", "p2", "JPY", 1)]
    others += [("incident-1", "p1", "BTC", 1), ("incident-1", "p1", "JPY", 2)]
    others += [("incident-1p", "1", "JPY", 1)]
    keys = {claim.key, *(Claim(*other).key for other in others)}
    assert len(keys) == 6
    assert claim.key == Claim("incident-1", "p1", "JPY", 1).key
    # printf '{"asset":"JPY","person":"p1","programme":"incident-1","tranche":1}' | sha256sum
    assert claim.key == "e5354744505434f5ff9747948c04fb1999fe4d0d6982f30058ba8f55f068650f"


def test_a_reference_is_twenty_digits_and_another_for_each_attempt() -> None:
    key = Claim("incident-1", "p1", "JPY", 1).key
    found = [reference(key, attempt) for attempt in range(1, 200)]
    assert all(len(r) == 20 and r.isdecimal() for r in found)
    assert len(set(found)) == 199


# -- moves -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("state", "event"), list(itertools.product(STATES, EVENTS)))
def test_every_move_that_is_not_in_the_table_is_refused_in_words(state: str, event: str) -> None:
    if (state, event) in MOVES:
        assert after(State(state), event).name == MOVES[state, event]
    else:
        with pytest.raises(PaymentError, match=state):
            after(State(state), event)


def test_what_is_unknown_is_asked_about_and_never_sent_again() -> None:
    assert {e for s, e in MOVES if s == "unknown"} == {"accept", "absent", "return"}
    for event in ("file", "release", "cancel", "hold", "withdraw"):
        with pytest.raises(PaymentError, match="asked"):
            after(State("unknown"), event)
    with pytest.raises(PaymentError):
        next_attempt(State("unknown"), 1)


def test_a_claim_is_planned_again_only_once_the_money_is_back() -> None:
    allowed = [s for s in STATES if s in AGAIN]
    assert allowed == ["back", "cancelled"]
    for state in set(STATES) - set(allowed):
        with pytest.raises(PaymentError, match="money is back"):
            next_attempt(State(state), 1)
    assert next_attempt(State("back", "closed"), 1) == 2
    returned = after(State("accepted"), "return")
    assert returned == State("returned", "closed")
    assert after(returned, "money_back") == State("back", "closed")


def test_from_release_on_no_way_leads_back_but_through_the_money() -> None:
    """Every path from released to a new attempt passes returned and back, or absent."""
    reached, edge = {"released"}, ["released"]
    while edge:
        here = edge.pop()
        for (state, event), to in MOVES.items():
            if state == here and to not in reached and event not in ("money_back", "absent"):
                reached.add(to)
                edge.append(to)
    assert reached == set(GONE)


def test_a_return_and_a_hold_need_their_codes() -> None:
    with pytest.raises(PaymentError, match="code"):
        next_state(State("accepted"), Event("return"))
    with pytest.raises(PaymentError, match="no hold is called"):
        next_state(PLANNED, Event("hold", "because"))


def test_a_payment_settles_after_business_days_of_the_bank() -> None:
    """30 December 2026 and two bank days: the 31st to the 3rd are closed, Monday the 4th opens."""
    bank = CALENDARS["jp.bank"]
    assert returns_until(date(2026, 12, 30), 2, bank) == date(2027, 1, 5)
    assert returns_until(date(2026, 12, 30), 0, bank) == date(2026, 12, 30)


# -- holds -----------------------------------------------------------------------------------------


def test_what_a_customer_sees_never_tells_of_a_suspicious_transaction_report() -> None:
    """Its visible code is that of several everyday holds, and no visible word names a reason."""
    alike = {code for code, seen in HOLDS.items() if seen == HOLDS["suspicion"]}
    assert {"account_changed", "account_check", "unverified"} <= alike
    assert set(HOLDS.values()) == set(VISIBLE)
    assert not set(VISIBLE) & set(HOLDS)
    for words in VISIBLE.values():
        said = words.en.lower() + words.ja
        for telling in ("suspic", "report", "police", "sanction", "疑", "届出", "警察", "制裁"):
            assert telling not in said


def test_a_hold_has_a_code_an_owner_and_a_day_of_review() -> None:
    today = date(2026, 11, 25)
    assert Hold("estate", "legal", today).checked(today).visible == "documents"
    for bad in (
        Hold("whim", "legal", today),
        Hold("estate", " ", today),
        Hold("estate", "legal", date(2026, 11, 24)),
    ):
        with pytest.raises(Refused):
            bad.checked(today)


# -- counters --------------------------------------------------------------------------------------


def test_every_state_is_counted_once() -> None:
    every = [State(s) for s in STATES if s != "held"] + [State("held", code) for code in HOLDS]
    last = [("JPY", state, 10**n) for n, state in enumerate(every)]
    found = count([("JPY", amount) for _, _, amount in last], last)["JPY"]
    assert found.entitled == Cell(len(every), sum(10**n for n in range(len(every))))
    assert sum(c.units for c in found.buckets.values()) == found.entitled.units
    by_state = {s.name: a for _, s, a in last}
    in_flight = ("released", "accepted", "unknown", "returned")
    assert found.buckets["in_flight"].units == sum(by_state[s] for s in in_flight)


def test_a_counter_that_does_not_add_up_is_refused() -> None:
    with pytest.raises(PaymentError, match="7 owed"):
        count([("JPY", 7)], [("JPY", PLANNED, 6)])
    with pytest.raises(PaymentError):
        count([("JPY", 7)], [])
    with pytest.raises(PaymentError):
        count([], [("BTC", PLANNED, 1)])


def counters(*people: int) -> Counters:
    cells = {name: Cell(n, n * 1_000) for name, n in zip(BUCKETS, people, strict=True)}
    return Counters(Cell(sum(people), sum(people) * 1_000), cells)


def shown(*people: int, smallest: int) -> tuple[int | None, ...]:
    found = suppressed({"JPY": counters(*people)}, smallest)["JPY"]
    return tuple(None if c is None else c.people for c in found.values())


def test_small_cells_are_withheld_with_one_large_enough_to_hide_behind() -> None:
    assert shown(50, 20, 900, 0, 30, 10, smallest=10) == (1010, 50, 20, 900, 0, 30, 10)
    assert shown(50, 20, 900, 0, 30, 3, smallest=10) == (1003, 50, None, 900, 0, 30, None)
    assert shown(20, 20, 900, 0, 30, 3, smallest=10) == (973, None, None, 900, 0, 30, None)
    assert shown(0, 0, 4, 0, 0, 3, smallest=10) == (None, 0, 0, None, 0, 0, None)


FEW = st.integers(min_value=0, max_value=5)


@settings(max_examples=150, deadline=None)
@given(st.tuples(FEW, FEW, FEW, FEW, FEW, FEW), st.integers(min_value=2, max_value=4))
def test_a_withheld_cell_cannot_be_recovered_even_knowing_the_rule(
    people: tuple[int, ...], smallest: int
) -> None:
    """Another table with other values in every small cell would be published the same."""
    page = shown(*people, smallest=smallest)
    if page[0] is None:
        assert all(n < smallest for n in people)
        return
    hidden = [n for n, value in enumerate(page[1:]) if value is None]
    assert page[0] == sum(people)
    for n in hidden:
        others = {
            swapped[n]
            for order in itertools.permutations([people[i] for i in hidden])
            if shown(*(swapped := _put(people, hidden, order)), smallest=smallest) == page
        }
        assert len(others) > 1
    assert all(n not in range(1, smallest) for n in page[1:] if n is not None)


def _put(people: tuple[int, ...], places: list[int], values: tuple[int, ...]) -> list[int]:
    made = list(people)
    for place, value in zip(places, values, strict=True):
        made[place] = value
    return made


# -- any order of events -------------------------------------------------------------------------


class Claims(RuleBasedStateMachine):
    """Forty claims and whatever may befall them; an honest rail keeps its own books."""

    def __init__(self) -> None:
        super().__init__()
        self.owed = {n: (("JPY", "BTC")[n % 2], 7**n) for n in range(40)}
        self.attempts: dict[int, list[State]] = {n: [PLANNED] for n in self.owed}
        self.kept = dict.fromkeys(self.owed, 0)

    @rule(n=st.integers(0, 39), data=st.data())
    def happens(self, n: int, data: Any) -> None:
        state = self.attempts[n][-1]
        moves = sorted(e for s, e in MOVES if s == state.name)
        if not moves:
            return
        event = data.draw(st.sampled_from(moves))
        self.attempts[n][-1] = after(state, event)
        if event == "accept":
            self.kept[n] += 1
        elif event == "money_back":
            self.kept[n] = 0

    @rule(n=st.integers(0, 39), name=st.sampled_from(EVENTS))
    def is_tried(self, n: int, name: str) -> None:
        """Anything at all: what is no move changes nothing."""
        state = self.attempts[n][-1]
        if (state.name, name) not in MOVES:
            with pytest.raises(PaymentError):
                after(state, name)

    @precondition(lambda self: any(a[-1].name in AGAIN for a in self.attempts.values()))
    @rule(n=st.integers(0, 39))
    def planned_again(self, n: int) -> None:
        while self.attempts[n][-1].name not in AGAIN:
            n = (n + 1) % 40
        assert next_attempt(self.attempts[n][-1], len(self.attempts[n])) > 1
        self.attempts[n].append(PLANNED)

    @invariant()
    def everything_owed_is_in_one_bucket(self) -> None:
        last = [(*self.owed[n], a[-1]) for n, a in self.attempts.items()]
        found = count(self.owed.values(), [(asset, s, amount) for asset, amount, s in last])
        for asset, row in found.items():
            assert row.entitled.units == sum(a for x, a in self.owed.values() if x == asset)
            assert sum(c.people for c in row.buckets.values()) == row.entitled.people == 20

    @invariant()
    def nobody_is_paid_twice(self) -> None:
        assert all(kept <= 1 for kept in self.kept.values())
        for states in self.attempts.values():
            assert sum(s.name in GONE for s in states) <= 1
            assert all(s.name in AGAIN for s in states[:-1])


Claims.TestCase.settings = settings(max_examples=25, stateful_step_count=60, deadline=None)
TestClaims = Claims.TestCase

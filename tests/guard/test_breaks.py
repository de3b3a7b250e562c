"""Every difference has an owner until it is gone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonae.guard.breaks import (
    Break,
    BreakError,
    Event,
    Movement,
    escalations,
    match,
    standing,
    step,
)

AT = datetime(2026, 2, 6, 1, 0, tzinfo=UTC)
PAIR = ("ledger", "wallet")


def later(minutes: int) -> datetime:
    """So many minutes after the break was opened."""
    return AT + timedelta(minutes=minutes)


def opened(units: int = -5) -> Break:
    """A break that was just found."""
    return standing("b1", "BTC", PAIR, [Event("opened", AT, "guard", units, evidence="minute 1")])


def test_it_begins_open_unowned_and_unknown() -> None:
    """Nothing is guessed about a difference."""
    found = opened()
    assert (found.state, found.class_, found.owner, found.units) == ("open", "unknown", "", -5)


def test_a_plug_entry_needs_class_cause_and_a_second_person_and_is_counted() -> None:
    """E19: whoever books it cannot approve it."""
    with pytest.raises(BreakError, match="class and a cause"):
        step(opened(), Event("plug", later(1), "ann", class_="plug"))
    plug = Event("plug", later(1), "ann", class_="plug", cause="rounding in an old system")
    waiting = step(opened(), plug)
    assert (waiting.state, waiting.plugs) == ("open", 0)
    with pytest.raises(BreakError, match="another person"):
        step(waiting, Event("checked", later(2), "ann"))
    done = step(waiting, Event("checked", later(2), "ben"))
    assert (done.state, done.plugs, done.units) == ("closed", 1, 0)
    assert [e.kind for e in done.history] == ["opened", "plug", "checked"]


def test_it_is_closed_only_when_gone_owned_and_understood() -> None:
    """Size, owner, class and cause."""
    end = Event("closed", later(9), "ann", class_="unbooked_fee", cause="fee booked a day late")
    with pytest.raises(BreakError, match="still open"):
        step(opened(), end)
    gone = step(opened(), Event("changed", later(1), "guard", 0))
    with pytest.raises(BreakError, match="nobody owns"):
        step(gone, end)
    owned = step(gone, Event("assigned", later(2), "ben", owner="ann"))
    with pytest.raises(BreakError, match="its class and its cause"):
        step(owned, end._replace(class_="unknown"))
    closed = step(owned, end)
    assert closed.state == "closed"
    with pytest.raises(BreakError, match="new break"):
        step(closed, Event("changed", later(10), "guard", 1))
    assert (
        step(closed, Event("noted", later(11), "cat", evidence="ticket")).evidence[-1] == "ticket"
    )


def test_history_is_in_order_of_time() -> None:
    """Nobody writes something in before what happened last."""
    with pytest.raises(BreakError, match="before"):
        step(opened(), Event("noted", AT - timedelta(minutes=1), "ann", evidence="x"))


def move(layer: str, reference: str, units: int, purpose: str = "") -> Movement:
    """A record of a layer."""
    return Movement(layer, reference, units, purpose, AT)


def test_a_sweep_recorded_on_one_side_is_matched_by_its_hash() -> None:
    """E23: both legs are there once the other layer's record comes; the total is unchanged."""
    out = move("wallet", "0xaa", -5, "sweep")
    assert match(-5, PAIR, [out]) == ("internal_transfer", ("0xaa",))
    assert match(0, PAIR, [out, move("wallet", "0xaa", 5, "sweep")]) is None
    assert match(-5, PAIR, [out, move("wallet", "0xaa", 5, "sweep")]) is None


def test_fees_and_timing_explain_exactly_or_not_at_all() -> None:
    """A difference is explained to the last unit; near is not enough."""
    fees = [move("wallet", "f1", -2, "fee"), move("wallet", "f2", -3, "fee")]
    assert match(-5, PAIR, fees) == ("unbooked_fee", ("f1", "f2"))
    assert match(-6, PAIR, fees) is None
    booked = [move("ledger", "f1", -2, "fee")]
    assert match(-3, PAIR, fees + booked) == ("unbooked_fee", ("f2",))
    incoming = move("wallet", "0xin", 7)
    assert match(7, PAIR, [incoming]) == ("timing", ("0xin",))
    assert match(2, PAIR, [incoming, *fees]) == ("timing", ("0xin", "f1", "f2"))


MOVES = st.lists(
    st.builds(
        move,
        st.sampled_from(["ledger", "wallet", "chain"]),
        st.sampled_from(["a", "b", "c", "d"]),
        st.integers(-9, 9),
        st.sampled_from(["", "fee", "sweep"]),
    ),
    max_size=8,
)


@given(MOVES, st.integers(-30, 30))
def test_what_a_match_names_makes_up_the_difference(moves: list[Movement], units: int) -> None:
    """Restated: wallet records less ledger records under the references it names."""
    found = match(units, PAIR, moves)
    if found is not None:
        named = [m for m in moves if m.reference in found.references]
        side = {"wallet": 1, "ledger": -1}
        purposes = {"internal_transfer": "sweep", "unbooked_fee": "fee"}
        mine = [m for m in named if m.purpose == purposes.get(found.class_, m.purpose)]
        sums = {sum(side.get(m.layer, 0) * m.units for m in part) for part in (mine, named)}
        timing = [m for m in named if not m.purpose]
        sums.add(sum(side.get(m.layer, 0) * m.units for m in timing))
        assert units in sums


def test_the_fifth_business_day_materiality_and_a_missing_owner_are_told() -> None:
    """E20: past the fifth business day it is told upwards; each reason is named."""

    def due(one: Break, today: date) -> set[str]:
        fifth = {date(2026, 2, 6): date(2026, 2, 16)}
        found = escalations([one], today, fifth.__getitem__, {"BTC": 100}, lambda at: at.date())
        return {d.why for d in found}

    owned = replace(opened(), owner="ann")
    assert due(owned, date(2026, 2, 13)) == set()
    assert due(owned, date(2026, 2, 16)) == {"fifth-business-day"}
    assert due(opened(), date(2026, 2, 6)) == {"unowned"}
    assert due(replace(owned, units=-100), date(2026, 2, 6)) == {"material"}

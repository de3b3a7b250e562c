"""Readings come in late, twice, out of order or broken: nothing is lost, nothing is guessed."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonae.guard.feed import AHEAD, Feed

NOW = datetime(2026, 2, 6, 10, 0, tzinfo=UTC)
STREAM = ("ledger", "BTC", "")


def said(number: int, units: int, kind: str = "change", **more: Any) -> dict[str, Any]:
    """A message of the ledger."""
    return {
        "source": "ledger", "layer": "ledger", "node": "core-db", "number": number, "asset": "BTC",
        "kind": kind, "units": str(units), "at": NOW.isoformat(), **more,
    }  # fmt: skip


def feed() -> Feed:
    """An empty feed that allows five seconds of skew."""
    return Feed(timedelta(seconds=5))


@given(st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=30), st.randoms())
def test_order_and_repetition_make_no_difference(units: list[int], dice: random.Random) -> None:
    """Every message twice, in any order: the total is the sum, each counted once."""
    found = feed()
    messages = [said(n, u) for n, u in enumerate(units, 1)] * 2
    dice.shuffle(messages)
    assert all(found.take(m, NOW) for m in messages)
    line = found.lines[STREAM]
    assert (line.units, line.last, line.missing) == (sum(units), len(units), None)
    assert (found.took, found.twice, found.faults) == (len(units), len(units), [])


def test_a_gap_is_named_and_counts_as_incomplete_until_it_is_filled() -> None:
    """Changes behind a missing one wait; they are not added to a total that lacks it."""
    found = feed()
    for n in (1, 2, 5, 6):
        found.take(said(n, 10), NOW)
    assert (found.lines[STREAM].units, found.lines[STREAM].missing) == (20, (3, 4))
    found.take(said(3, 10), NOW)
    found.take(said(4, 10), NOW)
    assert (found.lines[STREAM].units, found.lines[STREAM].missing) == (60, None)


def test_a_whole_total_stands_by_itself() -> None:
    """It closes a gap, takes the place of what waited before it, and what follows is added."""
    found = feed()
    for n in (1, 3, 6):
        found.take(said(n, 10), NOW)
    found.take(said(5, 100, "total"), NOW)
    assert (found.lines[STREAM].units, found.lines[STREAM].missing) == (110, None)
    assert not found.take(said(4, 1), NOW)
    assert [f.name for f in found.faults] == ["too-late"]


def test_one_number_with_two_contents_is_shown_and_the_first_stands() -> None:
    """Never the second silently, never both."""
    found = feed()
    found.take(said(1, 10), NOW)
    assert not found.take(said(1, 11), NOW)
    assert found.lines[STREAM].units == 10
    assert [f.name for f in found.faults] == ["number-twice"]
    assert "11" in found.faults[0].said


def test_a_clock_ahead_of_ours_is_shown_and_the_time_of_receipt_is_used() -> None:
    """A source cannot make itself fresh for ever."""
    found = feed()
    late = (NOW + timedelta(hours=1)).isoformat()
    assert found.take(said(1, 10, at=late), NOW)
    assert found.lines[STREAM].at == NOW
    assert [f.name for f in found.faults] == ["clock-ahead"]


def test_a_flood_behind_a_gap_is_refused_aloud() -> None:
    """What waits is bounded; beyond it each message is refused and shown, none is dropped."""
    found = feed()
    for n in range(2, AHEAD + 2):
        assert found.take(said(n, 1), NOW)
    assert not found.take(said(AHEAD + 2, 1), NOW)
    assert [f.name for f in found.faults] == ["gap"]
    found.take(said(1, 1), NOW)
    assert found.lines[STREAM].units == AHEAD + 1


@pytest.mark.parametrize(
    ("message", "keys"),
    [
        ("nonsense", {"source", "layer", "node", "asset", "kind", "units", "at", "number"}),
        (said(1, 1) | {"units": "1.5"}, {"units"}),
        (said(1, 1) | {"units": "1e3"}, {"units"}),
        (said(1, 1) | {"units": 1}, {"units"}),
        (said(1, 1) | {"units": str(10**38)}, {"units"}),
        (said(0, 1), {"number"}),
        (said(True, 1), {"number"}),
        (said(1, 1, at="2026-02-06T10:00:00"), {"at"}),
        (said(1, 1, layer="cloud", kind="guess", tier="warm"), {"layer", "kind", "tier"}),
        (said(1, 1, complete="no"), {"complete"}),
    ],
)
def test_a_malformed_message_names_every_field(message: Any, keys: set[str]) -> None:
    """All at once, with what was said."""
    found = feed()
    assert not found.take(message, NOW)
    assert set(found.faults[0].words.en.partition(": ")[2].split(", ")) >= keys
    assert found.lines == {}
    assert found.faults[0].said


def block(number: int, units: int, height: int, kind: str = "change") -> dict[str, Any]:
    """A change of a wallet in a block."""
    return said(number, units, kind, source="wallet", layer="wallet", height=height)


def test_a_change_counts_once_its_chain_is_far_enough() -> None:
    """Three blocks, its own included; until then it is pending and shown apart."""
    found = Feed(timedelta(seconds=5), {"BTC": 3})
    line = found.line(("wallet", "BTC", ""), "wallet", "core-db")
    found.take(block(1, 100, 0, "total"), NOW)
    found.take(block(2, 7, 500), NOW)
    found.take(block(3, 5, 501), NOW)
    assert (line.units, line.pending) == (100, {500: 7, 501: 5})
    found.take(said(4, 0, source="wallet", layer="wallet", tip=502), NOW)
    assert (line.units, line.pending) == (107, {501: 5})
    found.take(block(5, 200, 501, "total"), NOW)
    assert (line.units, line.pending) == (200, {})


def test_a_reorganised_block_takes_its_change_back_before_or_after_it_counted() -> None:
    """E11: pending coins vanish, final ones are taken off by a change of their own."""
    found = Feed(timedelta(seconds=5), {"BTC": 2})
    line = found.line(("wallet", "BTC", ""), "wallet", "core-db")
    found.take(block(1, 7, 500), NOW)
    found.take(block(2, -7, 500, "reorganised"), NOW)
    assert (line.units, line.pending) == (0, {500: 0})
    found.take(block(3, 9, 501), NOW)
    found.take(said(4, 0, source="wallet", layer="wallet", tip=502), NOW)
    assert line.units == 9
    found.take(block(5, -9, 501, "reorganised"), NOW)
    assert line.units == 0
    assert [r.height for r in found.reorganised] == [500, 501]


@given(st.lists(st.tuples(st.integers(-9, 9), st.integers(1, 30)), max_size=20), st.integers(1, 6))
def test_final_and_pending_are_all_there_is(changes: list[tuple[int, int]], depth: int) -> None:
    """Restated: final is what lies deep enough under the highest block seen so far."""
    found = Feed(timedelta(seconds=5), {"BTC": depth})
    line = found.line(("wallet", "BTC", ""), "wallet", "core-db")
    for n, (units, height) in enumerate(changes, 1):
        found.take(block(n, units, height), NOW)
    tip = max((h for _, h in changes), default=0)
    assert line.units == sum(u for u, h in changes if tip - h + 1 >= depth)
    assert line.units + sum(line.pending.values()) == sum(u for u, _ in changes)

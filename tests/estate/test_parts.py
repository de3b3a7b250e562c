"""The parts beside the distribution: ratio, set-off, register, look-back, schedule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonae.books import exact
from sonae.claims.estate.level import Limits, level
from sonae.claims.estate.lookback import Moved, flagged
from sonae.claims.estate.register import Assignment, holders
from sonae.claims.estate.schedule import Listed, held_back, outside_general, schedule
from sonae.claims.estate.setoff import set_off
from sonae.claims.estate.steps import down_of, up_of
from sonae.claims.estate.terms import Product, elect, within_cap
from sonae.core.errors import InputError
from sonae.rulebook.edition import Edition
from sonae.rulebook.law.estate.proceedings import PROCEEDINGS, STATES
from sonae.rulebook.rule import facts_from

from .kit import plan

small = st.integers(0, 50)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(small, small, small), min_size=1, max_size=6), st.integers(0, 120))
def test_the_ratio_is_the_greatest_that_fits_between_the_bounds_of_every_row(
    rows: list[tuple[int, int, int]], more: int
) -> None:
    """Against every ratio at which a rounded-down payment changes, tried one by one."""
    shares = [a for a, _, _ in rows]
    lows = [min(b, c) for _, b, c in rows]
    highs = [max(low, min(a, max(b, c))) for low, (a, b, c) in zip(lows, rows, strict=True)]
    pool = sum(lows) + more
    sides = [exact.from_integers(side) for side in (shares, lows, highs)]

    def contest() -> Iterator[Limits]:
        yield Limits(*sides)

    def paid(ratio: Fraction) -> int:
        three = zip(shares, lows, highs, strict=True)
        return sum(max(low, min(int(a * ratio), high)) for a, low, high in three)

    found = level(pool, contest)
    assert paid(found) <= pool
    steps = {Fraction(k, a) for a in shares if a for k in range(a + 1)}
    better = [r for r in steps if r > found and paid(r) <= pool]
    exactly = [r for r in better if _without_rounding(r, shares, lows, highs) <= pool]
    assert exactly == []


def _without_rounding(
    ratio: Fraction, shares: list[int], lows: list[int], highs: list[int]
) -> Fraction:
    three = zip(shares, lows, highs, strict=True)
    return sum((max(Fraction(b), min(a * ratio, Fraction(c))) for a, b, c in three), Fraction(0))


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10**18), st.integers(1, 10**30), st.integers(1, 10**12))
def test_rounding_up_and_down_at_any_rate_is_that_of_plain_integers(
    units: int, above: int, below: int
) -> None:
    factor = Fraction(above, below)
    if units * factor >= 2**126:
        return
    column = exact.from_integers([units])
    assert exact.integers(down_of(column, factor)) == [units * above // below]
    assert exact.integers(up_of(column, factor)) == [-(-units * above // below)]


# -- set-off ---------------------------------------------------------------------------------------


@settings(deadline=None)
@given(
    st.dictionaries(st.sampled_from("ABC"), st.integers(0, 10**9), min_size=1),
    st.integers(0, 10**9),
    st.fractions(min_value=Fraction(1, 10**4), max_value=10**4),
)
def test_a_set_off_takes_no_more_than_the_debt_and_no_asset_that_is_not_named(
    owed: dict[str, int], debt: int, rate: Fraction
) -> None:
    made = set_off(owed, debt, dict.fromkeys("ABC", rate), ["B", "A"])
    assert made.used.get("C", 0) == 0
    assert all(made.claims[a] + made.used[a] == n and made.claims[a] >= 0 for a, n in owed.items())
    value = sum(made.used.values()) * rate
    assert 0 <= made.debt_left <= debt
    assert debt - made.debt_left < value + len(owed)
    if made.debt_left:
        assert made.claims.get("A", 0) == made.claims.get("B", 0) == 0


def test_low_grade_collateral_does_not_offset_beyond_its_haircut() -> None:
    """E6: the debt is met by the token only as far as it counts, and BTC is not named."""
    made = set_off(
        {"BTC": 10, "TOK": 1000},
        600,
        {"BTC": Fraction(100), "TOK": Fraction(1)},
        ["TOK"],
        {"TOK": Fraction(3, 10)},
    )
    assert made.claims == {"BTC": 10, "TOK": 0}
    assert made.debt_left == 300


# -- terms over persons ----------------------------------------------------------------------------


def test_a_cap_is_filled_in_the_order_of_the_list_for_each_person_over_their_claims() -> None:
    """E54: unencumbered, earlier maturity, lower rate, smaller, lower number."""
    day, later = date(2026, 12, 1), date(2027, 1, 1)
    products = [
        Product("1", "P", 40, encumbered=True),
        Product("2", "P", 40, matures=later),
        Product("3", "P", 40, matures=day, rate=Fraction(2, 100)),
        Product("4", "P", 40, matures=day, rate=Fraction(1, 100)),
        Product("5", "P", 30, matures=later),
        Product("6", "Q", 150),
    ]
    found = within_cap(products, 120)
    assert found == {"4": 40, "3": 40, "5": 30, "2": 10, "1": 0, "6": 120}
    assert within_cap(products, 120, ["smaller"])["1"] == 40


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("PQR"), st.integers(0, 100)), max_size=8),
    st.integers(0, 150),
)
def test_a_cap_is_used_up_by_each_person_and_never_exceeded(
    claims: list[tuple[str, int]], cap: int
) -> None:
    products = [Product(str(n), who, value) for n, (who, value) in enumerate(claims)]
    found = within_cap(products, cap)
    for who in "PQR":
        mine = [p for p in products if p.person == who]
        assert sum(found[p.id] for p in mine) == min(cap, sum(p.value for p in mine))
        assert all(0 <= found[p.id] <= p.value for p in mine)


@pytest.mark.parametrize(
    ("early", "expected"),
    [(True, (200_000, 115_356, 433_962, 0)), (False, (200_000, 0, 0, 549_318))],
)
def test_an_election_splits_a_claim_without_losing_a_unit(
    early: bool, expected: tuple[int, int, int, int]
) -> None:
    """One bitcoin at the rates of the Mt. Gox plan, in whole yen."""
    found = elect(749_318, 200_000, Fraction(21, 100), early)
    assert (found.in_full, found.early, found.waived, found.later) == expected
    assert sum(expected) == 749_318


# -- the register of assignments -------------------------------------------------------------------

KEY = ("seller", "BTC", "customer")


def entry(holder: str, on: str) -> Assignment:
    return Assignment(KEY, holder, date.fromisoformat(on))


def test_the_holder_on_the_register_at_the_record_date_is_paid() -> None:
    """E90: sold twice before the record date of 20 December and once after it."""
    entries = [
        entry("third", "2026-12-21"),
        entry("second", "2026-12-20"),
        entry("x", "2026-12-01"),
    ]
    assert holders(plan([]), entries, "r.csv") == {KEY: "second"}


@pytest.mark.parametrize(("on", "refused"), [("2026-12-09", False), ("2026-12-10", True)])
def test_an_assignment_inside_the_restriction_period_is_refused(on: str, refused: bool) -> None:
    """E90: the first day of the period, and the day before it."""
    closed = replace(plan([]), restricted=(date(2026, 12, 10), date(2026, 12, 20)))
    if not refused:
        assert holders(closed, [entry("buyer", on)], "r.csv") == {KEY: "buyer"}
        return
    with pytest.raises(InputError) as error:
        holders(closed, [entry("buyer", on)], "r.csv")
    assert error.value.problems[0].name == "assignment-restricted"


# -- look-back -------------------------------------------------------------------------------------


def test_large_net_withdrawals_are_shown_with_dates_and_amounts_and_nothing_is_set_off() -> None:
    """E102: net of what came in; returns of the customer's own property are told apart."""
    first, last = date(2026, 10, 21), date(2026, 11, 20)
    moves = [
        Moved("whale", "BTC", -90, date(2026, 11, 1), False),
        Moved("whale", "BTC", 10, date(2026, 11, 2), False),
        Moved("whale", "BTC", -1000, date(2026, 10, 20), False),
        Moved("small", "BTC", -7, date(2026, 11, 1), False),
        Moved("trust", "BTC", -80, last, True),
        Moved("odd", "NEW", -1, first, False),
    ]
    found = {
        f.customer: f for f in flagged(moves, first, last, {"BTC": Fraction(5)}, Fraction(400))
    }
    assert set(found) == {"whale", "trust", "odd"}
    assert found["whale"].value == 400
    assert [(m.on.day, m.units) for m in found["whale"].moves] == [(1, -90), (2, 10)]
    assert (found["trust"].own_property, found["whale"].own_property) == (True, False)
    assert found["odd"].unpriced == ("NEW",)


@pytest.mark.parametrize("proceeding", PROCEEDINGS)
def test_what_waits_and_what_lapses_is_what_the_rulebook_says(proceeding: str) -> None:
    """Where the rule does not know, the claim waits; it never lapses for want of knowledge."""
    edition = Edition(date(2026, 12, 20))
    for state in STATES:
        given = {"proceeding": proceeding, "state": state}
        facts, _ = facts_from(given, edition.rule("estate.jp.claim_standing"))
        said = edition.evaluate("estate.jp.claim_standing", facts)["treatment"].value
        assert (state not in held_back(proceeding, "ordinary")) == (said == "takes_part")
        assert (state in outside_general(proceeding, "ordinary")) == (said == "no_dividend")


def test_the_schedule_of_approval_adds_up_by_rank_and_asset() -> None:
    lines = [
        Listed("b", "BTC", "customer", 10, 4, "objected"),
        Listed("a", "BTC", "customer", 5, 5, "admitted"),
        Listed("c", "JPY", "ordinary", 7, 0, "late"),
    ]
    found = schedule(lines)
    assert list(found) == [("customer", "BTC"), ("ordinary", "JPY")]
    row = found["customer", "BTC"]
    assert (row.claimed, row.admitted, row.not_admitted) == (15, 9, 6)
    assert row.states == {"admitted": 1, "objected": 1}

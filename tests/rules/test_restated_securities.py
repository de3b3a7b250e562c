"""Article 175 of the FIB Order, written again from the text: rates, best years, cap, release."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from sonae.core.canonical import parse_number
from tests import kit

from .ask import answer

RULE = "jp.securities.liability_reserve"
ROWS = {
    "equity_value": ("0.2", "0.8"),
    "equity_index_futures_value": ("0.006", "0.024"),
    "equity_option_premium": ("0.3", "1.2"),
    "bond_futures_value": ("0.0016", "0.0064"),
    "bond_option_premium": ("0.3", "1.2"),
    "fx_futures_notional": ("0.0096", "0.0384"),
    "deposit_rate_futures_notional": ("0.0012", "0.0048"),
    "bill_discount_futures_notional": ("0.0024", "0.0096"),
    "commodity_futures_notional": ("0.01", "0.04"),
    "commodity_index_futures_notional": ("0.01", "0.04"),
    "commodity_option_premium": ("0.1", "0.4"),
}
"""イ to ル: 万分の…, on this year's volume and on the best year's (the law research, 1.2)."""
COMMODITY = ("commodity_futures_notional", "commodity_index_futures_notional")
COMMODITY += ("commodity_option_premium",)

years = st.dictionaries(
    st.sampled_from(sorted(ROWS)),
    st.integers(0, 10**15) | st.fractions(0, 10**15, max_denominator=100),
)
amounts = st.integers(0, 10**13) | st.fractions(0, 10**13, max_denominator=100)


def _article_175(window: Any, reserve: Any, used: Any, rows: Any) -> dict[str, Fraction]:
    """いずれか低い金額: item 1 over this year, item 2 over the best year of each row."""
    this_year = window[-1] if window else {}
    first = second = Fraction(0)
    for row in rows:
        rate, cap = (Fraction(x) / 10_000 for x in ROWS[row])
        first += rate * this_year.get(row, 0)
        second += cap * max([year.get(row, 0) for year in window], default=0)
    already = Fraction(reserve) - used
    room = second - already
    lower = first if first < room else room
    added = lower if lower > 0 else Fraction(0)
    over = already + added - second
    return {
        "item1": first,
        "cap_sum": second,
        "item2": room,
        "accrual": added,
        "closing_before_release": already + added,
        "releasable_without_approval": over if over > 0 else Fraction(0),
    }


def _facts(window: Any, reserve: Any, used: Any) -> dict[str, Any]:
    return {
        "volumes_oldest_to_current_fy": [{k: str(v) for k, v in y.items()} for y in window],
        "opening_reserve": str(reserve),
        "used_for_incidents": str(used),
    }


@settings(deadline=None, max_examples=50)
@given(st.lists(years, min_size=1, max_size=3), amounts, amounts)
@example([{"equity_value": 10**12}, {"equity_value": 5}, {"fx_futures_notional": 7}], 10, 3)
def test_the_accrual_is_the_lower_of_two_sums_over_eleven_rows(
    window: Any, reserve: Any, used: Any
) -> None:
    """The maximum is taken row by row; what was used is no longer accumulated."""
    got = answer(RULE, _facts(window, reserve, used))
    assert got == _article_175(window, reserve, used, ROWS)


@settings(deadline=None, max_examples=50)
@given(st.lists(years, min_size=4, max_size=6), amounts, amounts)
def test_a_year_that_has_left_the_window_no_longer_counts(
    whole: Any, reserve: Any, used: Any
) -> None:
    """With full years, this year and the two that began in the two years before it count."""
    got = answer(RULE, _facts(whole, reserve, used))
    assert got == _article_175(whole[-3:], reserve, used, ROWS)


firsts = st.lists(
    st.tuples(st.integers(2020, 2026), st.sampled_from((1, 4, 7, 10))), min_size=1, unique=True
)


@settings(deadline=None, max_examples=50)
@given(firsts, st.data(), amounts)
@example([(2024, 4), (2025, 4), (2025, 10), (2026, 4)], None, 0)
@example([(2024, 1), (2024, 4), (2026, 4)], None, 0)
def test_the_window_is_by_first_days_and_not_by_number(
    starts: Any, data: Any, reserve: Any
) -> None:
    """This year and every year that began within the two years before its first day (1.2)."""
    starts = sorted(starts)
    volumes = [
        {"equity_value": 10**12 * (9 - n)} if data is None else data.draw(years)
        for n in range(len(starts))
    ]
    year, month = starts[-1]
    inside = [v for v, s in zip(volumes, starts, strict=True) if s >= (year - 2, month)]
    facts = _facts(volumes, reserve, 0)
    for row, (y, m) in zip(facts["volumes_oldest_to_current_fy"], starts, strict=True):
        row["starts_on"] = date(y, m, 1).isoformat()
    assert answer(RULE, facts) == _article_175(inside, reserve, 0, ROWS)


@settings(deadline=None, max_examples=50)
@given(
    st.dates(date(2007, 9, 30), date(2020, 6, 30)), st.lists(years, min_size=1, max_size=3), amounts
)
@example(date(2020, 6, 30), [dict.fromkeys(ROWS, 10**12)], 0)
def test_before_july_2020_the_article_has_eight_rows(day: date, window: Any, reserve: Any) -> None:
    """The commodity rows リ, ヌ and ル begin on 2020-07-01; before it they add nothing."""
    eight = [row for row in ROWS if row not in COMMODITY]
    got = answer(RULE, _facts(window, reserve, 0), on=day)
    assert got == _article_175(window, reserve, 0, eight)


@settings(deadline=None, max_examples=50)
@given(years, st.integers(4, 8))
def test_four_years_at_the_same_volume_fill_the_reserve_and_the_fifth_adds_nothing(
    year: Any, more: int
) -> None:
    """Every cap rate is four times its rate, so the reserve is full after four equal years."""
    balance, adds = Fraction(0), []
    for n in range(1, more + 1):
        got = answer(RULE, _facts([year] * min(n, 3), balance, 0))
        adds.append(got["accrual"])
        balance = got["closing_before_release"]
        assert got["releasable_without_approval"] == 0
    full = _article_175([year], 0, 0, ROWS)
    assert adds[:4] == [full["item1"]] * 4
    assert balance == full["cap_sum"]
    assert set(adds[4:]) <= {0}


@settings(deadline=None, max_examples=50)
@given(st.lists(years, min_size=1, max_size=3), amounts, amounts)
def test_a_use_reopens_exactly_the_room_it_took(window: Any, reserve: Any, used: Any) -> None:
    """Item 2 is net of the amount used (case JP-SEC-006)."""
    before = answer(RULE, _facts(window, reserve, 0))
    after = answer(RULE, _facts(window, reserve, used))
    assert after["item2"] - before["item2"] == used
    assert after["item1"] == before["item1"]


# -- the window by dates, through a close ------------------------------------------------------

VENUE = kit.VENUE.format(cut_off=kit.CUT_OFF, house="", more="").replace(
    'regimes = ["jp"]', 'regimes = ["jp.securities"]'
)


def closed_with(folder: Path, volumes: dict[str, int]) -> dict[str, Fraction]:
    """Outputs of the rule in the close of a broker with these equities by fiscal year."""
    tables = kit.clean()
    tables["volumes"] = [
        {"fiscal_year_start": start, "item": "equity_value", "amount": value}
        for start, value in volumes.items()
    ]
    tables["financials"] = [
        {"on": "2026-03-31", "item": item, "amount": 0}
        for item in ("opening_reserve", "used_for_incidents")
    ]
    closed = kit.close(folder / "books", tables, files={"venue.toml": VENUE})
    figures = {f["id"]: f for f in closed.document["figures"]}
    names = ("item1", "cap_sum", "accrual")
    return {n: parse_number(figures[f"{RULE}#{n}"]["value"]) for n in names}


def test_years_that_began_more_than_two_years_before_this_one_are_outside(tmp_path: Path) -> None:
    """W(t): this year and every year that began within the two years before its first day."""
    old = {"2022-04-01": 10**15, "2023-04-01": 10**14, "2027-04-01": 10**15}
    window = {"2024-04-01": 3 * 10**12, "2025-04-01": 10**12, "2026-04-01": 2 * 10**12}
    assert closed_with(tmp_path, old | window) == {
        "item1": 2 * 10**12 * Fraction(2, 100_000),
        "cap_sum": 3 * 10**12 * Fraction(8, 100_000),
        "accrual": 2 * 10**12 * Fraction(2, 100_000),
    }


def test_a_changed_year_end_puts_a_fourth_year_in_the_window(tmp_path: Path) -> None:
    """The window is by first day, not by number: two short years make four years in it (1.2).

    The peak began on 2024-04-01, exactly two years before this year's first day, and counts.
    """
    window = {
        "2024-04-01": 9 * 10**12,
        "2025-04-01": 10**12,
        "2025-10-01": 10**12,
        "2026-04-01": 2 * 10**12,
    }
    assert closed_with(tmp_path, window)["cap_sum"] == 9 * 10**12 * Fraction(8, 100_000)

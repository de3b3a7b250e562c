"""Numbers, days and eras in every declared form, against a restatement of how they are written."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonae.books.map.batch import Batch, Faults
from sonae.books.map.convert import Row, to_units
from sonae.books.map.dates import DateForm, read_date, read_instant
from sonae.books.map.numbers import SIGNS, NumberForm, decimal_text, read_number, scaled
from sonae.books.rows import Fault

WIDE = {ord(c): ord(c) + 0xFEE0 for c in "0123456789,.()-"}
KINDS = {
    "minus": "-{}",
    "brackets": "({})",
    "triangle": "△{}",
    "trailing": "{}-",
}
EVERY = NumberForm(thousands=",", wide=True, negative=SIGNS, units={"": 0, "千円": 3}, marks=("¥",))


def grouped(digits: str) -> str:
    """Commas as a person sets them, from the right."""
    parts = []
    while len(digits) > 3:
        digits, part = digits[:-3], digits[-3:]
        parts.insert(0, part)
    return ",".join([digits, *parts])


@given(
    st.integers(-(10**30), 10**30),
    st.integers(0, 18),
    st.sampled_from(SIGNS),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["", "千円"]),
    st.sampled_from(["", "¥"]),
)
def test_a_number_written_in_any_form_is_read_back_exactly(
    digits: int, places: int, sign: str, wide: bool, commas: bool, unit: str, mark: str
) -> None:
    """Written here by hand of its own; its value is a fraction of integers."""
    text = str(abs(digits)).rjust(places + 1, "0")
    whole, part = text[: len(text) - places], text[len(text) - places :]
    written = mark + (grouped(whole) if commas else whole) + (f".{part}" if places else "")
    if digits < 0:
        written = KINDS[sign].format(written)
    written += unit
    if wide:
        written = written.translate(WIDE)
    if sign == "trailing" and unit and digits < 0:
        return  # a sign after the number and before its unit is nobody's form
    found, left = read_number(written, EVERY)
    value = Fraction(digits, 10**places) * (1000 if unit else 1)
    assert Fraction(found, 10**left) == value
    assert Fraction(decimal_text((found, left))) == value


@given(st.text("0123456789,.-()△ －１２", max_size=8), st.integers(0, 20))
def test_whole_columns_and_single_values_are_read_alike(text: str, shift: int) -> None:
    """The fast way may never take what the exact reader refuses, or read it otherwise."""
    form = NumberForm(thousands=",", wide=True, negative=("minus", "brackets", "triangle"))
    faults = Faults()
    batch = Batch("f", pa.array([1]), {"n": pa.array([text])})
    row = Row("s", batch, faults)
    powers = pa.array([shift], pa.int32())
    (made,) = to_units(batch.columns["n"], form, (powers, {}), row, "n").to_pylist()
    try:
        due = scaled(read_number(text, form), shift, text)
    except Fault:
        assert (made, bool(faults)) == (None, True)
    else:
        assert (int(made), bool(faults)) == (due, False)


@settings(deadline=None)
@given(
    st.lists(st.none() | st.text("012,.-()△－１", max_size=6), min_size=1, max_size=4),
    st.lists(st.none() | st.integers(0, 19), min_size=1, max_size=3),
    st.sampled_from([1, 40]),
    st.sets(st.sampled_from(SIGNS)),
    st.booleans(),
)
def test_a_column_of_few_or_many_numbers_is_read_as_each_of_them_alone(
    texts: list[str | None], shifts: list[int | None], times: int, signs: set[str], wide: bool
) -> None:
    """Repeated texts, several scales and gaps; every sign that is declared and none that is not."""
    form = NumberForm(thousands=",", wide=wide, negative=tuple(sorted(signs)), zero=("－",))
    count = len(texts) * len(shifts) * times
    column = pa.array((texts * count)[:count], pa.string())
    powers = pa.array((shifts * count)[:count], pa.int32())
    row = Row("s", Batch("f", pa.array(range(count)), {"n": column}), Faults())
    made = to_units(column, form, (powers, {}), row, "n").to_pylist()
    for n, (text, power) in enumerate(zip(column.to_pylist(), powers.to_pylist(), strict=True)):
        due: int | None = None
        if text is not None and power is not None:
            try:
                due = scaled(read_number(text, form), power, text)
            except Fault:
                assert row.bad[n]
        assert made[n] == due, (text, power)


UNDECLARED = {
    "1,234": NumberForm(),
    "１２３": NumberForm(),
    "(5)": NumberForm(thousands=","),
    "△5": NumberForm(negative=("brackets",)),
    "1.234,5": NumberForm(thousands=","),
    "12,34": NumberForm(thousands=","),
    "1,2345": NumberForm(thousands=","),
    "1e3": EVERY,
    "1_000": EVERY,
    "－": NumberForm(wide=True),
    "": EVERY,
    "--5": EVERY,
    "(-5)": EVERY,
    "5百万円": EVERY,
    "٣": EVERY,
    "0x10": EVERY,
    "NaN": EVERY,
}


@pytest.mark.parametrize("text", UNDECLARED)
def test_a_form_that_is_not_declared_is_refused(text: str) -> None:
    with pytest.raises(Fault):
        read_number(text, UNDECLARED[text])


def test_a_point_and_a_separator_mean_what_the_mapping_says() -> None:
    """1.234 is one and a bit, or a thousand: never guessed."""
    assert read_number("1.234", NumberForm()) == (1234, 3)
    assert read_number("1.234", NumberForm(thousands=".", point=",")) == (1234, 0)
    assert scaled(read_number("1.234,5", NumberForm(thousands=".", point=",")), 1, "") == 12345


def test_with_units_a_number_without_one_is_refused() -> None:
    """Mixed units in a column: each must say its own."""
    form = NumberForm(units={"円": 0, "千円": 3})
    assert scaled(read_number("12千円", form), 0, "") == 12_000
    with pytest.raises(Fault):
        read_number("12", form)


def test_a_digit_below_the_smallest_unit_is_refused_never_rounded() -> None:
    assert scaled((15, 1), 8, "") == 150_000_000
    assert scaled((1500, 3), 1, "") == 15
    with pytest.raises(Fault):
        scaled((15, 1), 0, "")


FIRST = {"令和": (2019, 5, 1), "平成": (1989, 1, 8), "昭和": (1926, 12, 25), "大正": (1912, 7, 30)}
LETTERS = {"令和": "R", "平成": "H", "昭和": "S", "大正": "T"}


def era_of(day: date) -> str:
    """The era of a day: the newest that had begun."""
    return next(e for e, first in FIRST.items() if day >= date(*first))


@given(st.dates(date(1912, 7, 31), date(2060, 12, 31)), st.booleans(), st.sampled_from("./-年"))
def test_every_day_of_an_era_is_read_back(day: date, letter: bool, mark: str) -> None:
    """Written by counting years from the first of the era."""
    era = era_of(day)
    year = day.year - FIRST[era][0] + 1
    name = LETTERS[era] if letter else era
    words = f"{name}{'元' if year == 1 else year}"
    text = f"{words}年{day.month}月{day.day}日" if mark == "年" else (
        f"{words}{mark}{day.month:02}{mark}{day.day:02}"
    )  # fmt: skip
    assert read_date(text, DateForm(("era",))) == day
    assert read_date(text.translate(WIDE), DateForm(("era",), wide=True)) == day
    compact = f"{year:02}{day:%m%d}"
    assert read_date(compact, DateForm(("era_compact",), era)) == day


@given(st.sampled_from(sorted(FIRST)), st.integers(1, 30_000))
def test_a_day_before_an_era_began_is_refused(era: str, days: int) -> None:
    day = date(*FIRST[era]) - timedelta(days)
    year = day.year - FIRST[era][0] + 1
    if year < 1:
        return
    with pytest.raises(Fault):
        read_date(f"{era}{year}年{day.month}月{day.day}日", DateForm(("era",)))


@pytest.mark.parametrize("text", ["平成31年5月1日", "昭和64年1月8日", "令和8年2月29日", "R0.1.1"])
def test_days_that_no_calendar_had_are_refused(text: str) -> None:
    with pytest.raises(Fault):
        read_date(text, DateForm(("era",)))


def test_a_day_that_reads_two_ways_is_refused() -> None:
    """03/04/2026 where both orders are declared; 13/04/2026 has one reading."""
    form = DateForm(("dmy", "mdy"))
    assert read_date("13/04/2026", form) == date(2026, 4, 13)
    with pytest.raises(Fault) as refused:
        read_date("03/04/2026", form)
    assert refused.value.name == "ambiguous-date"


def test_local_times_get_their_zone_and_what_a_zone_has_twice_is_refused() -> None:
    zone = DateForm(("slash",), zone="Europe/Berlin")
    assert read_instant("2026/10/25 01:59", zone) == "2026-10-25T01:59:00+02:00"
    for text in ("2026/10/25 02:30", "2026/3/29 02:30"):
        with pytest.raises(Fault):
            read_instant(text, zone)
    day = DateForm(("iso",), zone="+09:00", time="23:59:59")
    assert read_instant("2026-11-20", day) == "2026-11-20T23:59:59+09:00"
    assert read_instant("2026-11-20 14:59:59+00", DateForm()) == "2026-11-20T14:59:59+00:00"
    assert read_instant("1795186740000", DateForm(("unix_ms",))) == "2026-11-20T14:59:00+00:00"
    with pytest.raises(Fault):
        read_instant("2026-11-20T00:00:00", DateForm())

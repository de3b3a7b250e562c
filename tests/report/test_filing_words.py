"""Amounts by 万 and 億, and charts that need no colour."""

from __future__ import annotations

import re
from datetime import date, timedelta
from fractions import Fraction
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from sonae.core.text import LANGS, Text, same
from sonae.report.filing_charts import Bar, Series, bars, days
from sonae.report.format import money, oku

UNITS = {"": 1, "万": 10**4, "億": 10**8, "兆": 10**12, "京": 10**16}


@given(st.fractions(min_value=-(10**21), max_value=10**21, max_denominator=7))
def test_an_amount_by_oku_reads_back_as_the_amount_in_whole_yen(value: Fraction) -> None:
    """Restated: each group of digits times its power of ten thousand."""
    text, plain = oku(value), money(value)
    assert text.startswith("≈") == plain.startswith("≈")
    body = text.removeprefix("≈ ")
    parts = re.findall(r"([0-9,]+)([万億兆京]?)", body)
    total = sum(int(n.replace(",", "")) * UNITS[unit] for n, unit in parts)
    signed = -total if body.startswith("−") else total
    assert signed == int(plain.removeprefix("≈ ").replace(",", "").replace("−", "-"))


def test_bars_are_told_apart_by_pattern_and_words() -> None:
    """Three fills, each another one without colour; the name and number stand beside each bar."""
    drawn = [
        Bar(Text("所要額", "Required"), "required", Fraction(3), same("3")),
        Bar(Text("充当", "Cover"), "cover", Fraction(2), same("2")),
        Bar(Text("破綻時", "Failed"), "failed", None, Text("計算不能", "not computable")),
    ]
    picture = bars([(Text("制度", "Regime"), drawn)], Text("図", "chart"))
    assert isinstance(picture.svg, Text)
    for lang in LANGS:
        tree = ElementTree.fromstring(picture.svg.lang(lang))
        words = [e.text for e in tree.iter() if e.tag.endswith("}text")]
        for bar in drawn:
            assert bar.name.lang(lang) in words
            assert bar.says.lang(lang) in words
        shapes = [e for e in tree if e.tag.endswith("}rect")]
        assert len(shapes) == 2
        assert {e.attrib["fill"] for e in shapes} == {"#16202b", "url(#hatch)"}
        assert Fraction(shapes[1].attrib["width"]) * 3 - Fraction(shapes[0].attrib["width"]) * 2 < 3


@given(st.dictionaries(st.integers(0, 30), st.fractions(0, 10**13), min_size=1), st.integers(0, 30))
def test_a_line_over_days_has_a_mark_for_each_value_and_is_broken_where_one_is_missing(
    values: dict[int, Fraction], gap: int
) -> None:
    first = date(2026, 10, 1)
    points = {first + timedelta(days=n): v for n, v in values.items() if n != gap}
    torn = [first + timedelta(days=gap)]
    series = [Series(Text("甲", "a"), points), Series(Text("乙", "b"), points)]
    picture = days(series, first, first + timedelta(days=30), same("JPY"), same("x"), torn)
    assert isinstance(picture.svg, Text)
    tree = ElementTree.fromstring(picture.svg.en)
    discs = [e for e in tree if e.tag.endswith("}circle")]
    assert len(discs) == (len(points) + 1 if points else 0)
    lines = [e for e in tree if e.tag.endswith("}path") and e.attrib["d"].startswith("M")]
    paths = [e.attrib["d"] for e in lines if e.attrib.get("stroke-width") == "1.8"]
    before, after = any(n < gap for n in values), any(n > gap for n in values)
    expected = int(before) + int(after)
    if points:
        assert paths[0].count("M") == expected
        assert "stroke-dasharray" in picture.svg.en

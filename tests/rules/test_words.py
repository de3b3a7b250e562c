"""The law's own words against the numbers beside them: each number is read a second time, in kanji.

A value typed wrongly, or put beside another sentence, is found here without knowing the law.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from fractions import Fraction

import pytest

from sonae.rulebook.edition import topics
from sonae.rulebook.parameter import SCALES, Dated, Parameter, exact

DIGITS = {c: n for n, c in enumerate("〇一二三四五六七八九")}
TENS = {"十": 10, "百": 100, "千": 1000}
MYRIADS = {"万": 10**4, "億": 10**8}

PARAMETERS = {f"{t.id}/{p.key}": p for t in topics().values() for p in t.parameters.values()}
VALUES = [
    (f"{key} from {v.start}", p, v)
    for key, p in PARAMETERS.items()
    for v in p.values
    if key.startswith("jp.") and v.cites.says
]


def kanji_number(words: str) -> Fraction:
    """A number in kanji or ASCII digits, whole or with ・ as its point."""
    words = unicodedata.normalize("NFKC", words).replace("・", ".")
    words = words.replace("・", ".")
    if re.fullmatch(r"[0-9.]+", words):
        return Fraction(Decimal(words))
    whole, _, part = words.partition(".")
    if part or set(whole) <= set(DIGITS):
        digits = (
            "".join(str(DIGITS[c]) for c in whole) + "." + "".join(str(DIGITS[c]) for c in part)
        )
        return Fraction(Decimal(digits))
    total = group = digit = 0
    for c in whole:
        if c in DIGITS:
            digit = DIGITS[c]
        elif c in TENS:
            group, digit = group + (digit or 1) * TENS[c], 0
        else:
            total, group, digit = total + (group + digit or 1) * MYRIADS[c], 0, 0
    return Fraction(total + group + digit)


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("〇・〇〇一六", "0.0016"),
        ("一・二", "1.2"),
        ("五", "5"),
        ("百", "100"),
        ("二十一", "21"),
        ("一千万", "10000000"),
        ("四百億", "40000000000"),
        ("万", "10000"),
        ("5", "5"),
    ],
)
def test_kanji_numbers_are_read_right(words: str, number: str) -> None:
    """The reader of this file is itself tried on numbers whose value is plain."""
    assert kanji_number(words) == Fraction(Decimal(number))


NUMBER = r"([〇一二三四五六七八九十百千万億・0-9０-９]+)"
PATTERNS = {
    "ratio": re.compile(rf"(百|千|万|十万|百万)分の{NUMBER}"),
    "days": re.compile(rf"翌日から起算して()({NUMBER[1:-1]})営業日"),
    "months": re.compile(rf"()({NUMBER[1:-1]})(?:か|箇|カ)?月以内"),
    "JPY": re.compile(rf"()({NUMBER[1:-1]})円以上"),
}
WORDS = {"同じ種類及び数量": Fraction(1), "負の値でない": Fraction(0)}
"""Words that are a number: the same kind and quantity; not negative."""
KNOWN = {
    "jp.crypto.capital/minimum_capital",
    "jp.crypto.capital/net_assets_without_custody",
    "jp.crypto.clocks/audit_report_months",
    "jp.crypto.clocks/cure_days_buffer_excess",
    "jp.crypto.clocks/cure_days_cash_trust",
    "jp.crypto.clocks/cure_days_chain_shortage",
    "jp.crypto.clocks/cure_days_hot_excess",
    "jp.crypto.clocks/incident_status_report_months",
    "jp.crypto.custody/guarantee_ratio",
    "jp.crypto.custody/hot_share_limit",
}
"""Parameters whose quoted sentence states their number."""


def read(unit: str, words: str) -> set[Fraction]:
    """The numbers of this unit that a sentence states."""
    found = PATTERNS[unit].findall(words) if unit in PATTERNS else []
    numbers = {kanji_number(n) / (kanji_number(per) if per else 1) for per, n in found}
    return numbers | {number for phrase, number in WORDS.items() if phrase in words}


SINGLE = [
    v for v in VALUES if not isinstance(v[2].value, dict) and read(v[1].unit, v[2].cites.says)
]
TABLES = [v for v in VALUES if isinstance(v[2].value, dict) and "／" in v[2].cites.says]


@pytest.mark.parametrize(
    ("parameter", "value"), [v[1:] for v in SINGLE], ids=[v[0] for v in SINGLE]
)
def test_the_number_is_the_one_in_the_words_quoted_beside_it(
    parameter: Parameter, value: Dated
) -> None:
    """百分の五 is 5/100, 二営業日 is two days, 一千万円 is ten million yen."""
    assert exact(value.value) in read(parameter.unit, value.cites.says)


@pytest.mark.parametrize(
    ("parameter", "value"), [v[1:] for v in TABLES], ids=[v[0] for v in TABLES]
)
def test_each_row_of_a_table_is_the_number_of_its_sentence(
    parameter: Parameter, value: Dated
) -> None:
    """One sentence per row, in order: 万分の〇・〇〇一六 is 0.0016 per 10,000."""
    for sentence, stated in zip(value.cites.says.split("／"), value.value.values(), strict=True):
        [(per, number)] = PATTERNS["ratio"].findall(sentence)
        assert int(kanji_number(per)) == SCALES[parameter.unit]
        assert kanji_number(number) == exact(stated), sentence


def test_article_175_has_its_rows_in_the_order_of_the_law() -> None:
    """イ to チ, and since 2020 リ to ル."""
    for key in ("rates", "cap_rates"):
        old, new = PARAMETERS[f"jp.securities.reserve/{key}"].values
        for dated, heads in ((old, "イロハニホヘトチ"), (new, "イロハニホヘトチリヌル")):
            assert "".join(s[0] for s in dated.cites.says.split("／")) == heads


def test_every_number_that_its_sentence_states_is_read() -> None:
    """A pattern that no longer finds its number would leave the value unproven."""
    assert {v[0].partition(" ")[0] for v in SINGLE} >= KNOWN
    assert len(TABLES) >= 4


def test_a_clock_that_is_a_word_stays_a_word() -> None:
    """直ちに has no number of hours in the text, so it has none here."""
    first = PARAMETERS["jp.crypto.clocks/incident_first_report"].values[0]
    assert (first.value, "直ちに" in first.cites.says) == ("immediately", True)

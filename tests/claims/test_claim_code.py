"""Claim numbers and codes, their letter, and days to object by when the page failed."""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonae.actions.claims.numbers import whole
from sonae.claims.code import CODE, SIGNS, claim_code, claim_number, same, typed
from sonae.claims.portal import Outage, days_down, extended
from sonae.core.errors import Refused
from sonae.core.text import LANGS, Text
from sonae.report.notice import Entitled, Head, entitlement_notice, url_like
from sonae.report.words import catalogue
from sonae.rulebook.calendars import CALENDARS

SECRETS, ACCOUNTS = st.binary(min_size=32, max_size=32), st.text(min_size=1, max_size=40)
BANK = CALENDARS["jp.bank"]
JAPAN = ZoneInfo("Asia/Tokyo")
TOLD, LAST = date(2026, 11, 24), date(2026, 12, 24)


# -- numbers and codes -----------------------------------------------------------------------------


def test_a_code_is_worth_a_hundred_bits_and_is_an_hmac_restated_here():
    assert CODE * (len(SIGNS).bit_length() - 1) == 100
    assert len(set(SIGNS)) == 32
    key = bytes(range(32))
    mac = hmac.new(key, b"code\0INC-1\0A1", hashlib.sha256).digest()
    bits = bin(int.from_bytes(mac, "big"))[2:].zfill(256)[::-1]
    signs = "".join(SIGNS[int(bits[n : n + 5][::-1], 2)] for n in range(0, 100, 5))
    assert claim_code(key, "INC-1", "A1") == "-".join(signs[n : n + 5] for n in range(0, 20, 5))


@given(SECRETS, ACCOUNTS, ACCOUNTS)
def test_another_account_or_key_or_use_has_another_code(key: bytes, one: str, other: str):
    code = claim_code(key, "INC-1", one)
    assert (claim_code(key, "INC-1", other) == code) is (one == other)
    assert claim_code(key[::-1] + b"x", "INC-1", one) != code
    assert claim_code(key, "INC-2", one) != code
    assert not code.startswith(claim_number(key, "INC-1", one)[:9])


@given(SECRETS, ACCOUNTS, st.sampled_from(["", " ", "-", "－", "　"]))
def test_a_code_is_read_however_it_is_typed(key: bytes, account: str, between: str):
    code = claim_code(key, "INC-1", account)
    wide = "".join(chr(ord(c) + 0xFEE0) for c in code.replace("-", ""))
    for way in (code.lower(), between.join(code.split("-")), wide, f"  {code}  "):
        assert same(typed(way), code)
    assert not same(typed(code[:-1]), code)
    assert not same(typed(code + "2"), code)


@given(st.text(max_size=80))
def test_whatever_is_typed_is_a_code_or_none_and_never_an_error(text: str):
    assert set(typed(text)) <= {*SIGNS, "-"}
    found = whole(text, 8)
    assert found is None or 0 <= found < 10**38


# -- the letter ------------------------------------------------------------------------------------


def letter(number: str, code: str, lang: str, to: str = "山田 太郎") -> str:
    found = Entitled(
        date(2026, 11, 20), "XEM", Fraction(100), Fraction(0), Fraction("88.549"), 8854, 0, "JPY",
        Text("流出時の価格", "price at the loss"), "none", LAST, code=code,
    )  # fmt: skip
    return entitlement_notice(Head("例示株式会社", to, number, TOLD), found, lang)  # type: ignore[arg-type]


@settings(deadline=None)  # the first letter reads the catalogue
@given(SECRETS, ACCOUNTS)
def test_E95_no_number_or_code_makes_a_letter_look_as_if_it_had_a_link(key: bytes, account: str):
    number, code = (make(key, "INC-1", account) for make in (claim_number, claim_code))
    for lang in LANGS:
        text = letter(number, code, lang)
        assert not url_like(text)
        assert number in text
        assert code in text
        assert not re.search(r"https?|www\.|@|\.[a-z]{2,}\b(?<!\.549)", text.casefold())
        assert not re.search(
            r"attach|添付いた|同封のファイル", text.split("We never")[0].casefold()
        )


@pytest.mark.parametrize("lang", LANGS)
def test_E95_what_a_letter_says_of_the_page_names_no_address_and_asks_for_no_click(lang: str):
    for key in ("claim_number", "claim_code", "claim_code_text", "portal_down"):
        words = catalogue()[f"notice.{key}"].lang(lang)  # type: ignore[arg-type]
        assert not url_like(words)
        assert not re.search(r"クリック|タップ|こちら|click|tap ", words.casefold())


@pytest.mark.parametrize(
    "code", ["", "1234", "https-links-evils-comxx", "ABCDE-FGHJK-LMNPQ-RSTU0", "ABCDE" * 4]
)
def test_E95_a_code_of_another_form_is_refused(code: str):
    if not code:
        assert "照合コード" not in letter("2345-6789-ABCD", code, "ja")
        return
    with pytest.raises(Refused):
        letter("2345-6789-ABCD", code, "ja")


# -- E96 -------------------------------------------------------------------------------------------


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), JAPAN)


def test_E96_the_day_to_object_by_is_put_off_by_each_day_the_page_was_down():
    now = at(date(2026, 12, 20), 12)
    down = days_down(
        [Outage(at(TOLD + timedelta(days=1), 9), at(TOLD + timedelta(days=2), 9))], now
    )
    assert down == {date(2026, 11, 25), date(2026, 11, 26)}
    assert extended(LAST, TOLD, down, BANK) == date(2026, 12, 28)  # 26 December is a Saturday


def test_E96_an_outage_of_the_first_hour_counts_and_one_of_minutes_does_not():
    day = date(2026, 12, 1)
    now = at(date(2026, 12, 20), 12)
    assert days_down([Outage(at(day, 0), at(day, 1))], now) == {day}
    assert days_down([Outage(at(day, 0), at(day, 0, 59))], now) == set()
    parts = [Outage(at(day, h), at(day, h, 20)) for h in (1, 5, 9)]
    assert days_down(parts, now) == {day}, "three times twenty minutes are an hour"
    twice = [Outage(at(day, 1), at(day, 1, 40)), Outage(at(day, 1), at(day, 1, 40))]
    assert days_down(twice, now) == set(), "the same minutes count once"


def test_E96_a_page_that_is_still_down_puts_the_day_off_day_by_day():
    outage = [Outage(at(LAST, 9), None)]
    before = [
        extended(LAST, TOLD, days_down(outage, at(LAST + timedelta(days=n), 23)), BANK)
        for n in range(6)
    ]
    assert before == sorted(before)
    assert all(day >= LAST + timedelta(days=n) for n, day in enumerate(before))


@given(st.sets(st.dates(date(2026, 11, 1), date(2027, 2, 28)), max_size=40))
def test_E96_the_day_is_never_earlier_is_a_business_day_and_gives_back_every_day(down: set[date]):
    found = extended(LAST, TOLD, down, BANK)
    lost = sum(TOLD < day <= found for day in down)
    assert found >= LAST + timedelta(days=lost)
    assert BANK.is_open(found) or not lost
    assert extended(LAST, TOLD, down | {TOLD, date(2026, 11, 2)}, BANK) == found, (
        "before the notice"
    )


def test_E96_an_outage_that_ends_before_it_begins_is_refused():
    with pytest.raises(Refused):
        Outage(at(LAST, 9), at(LAST, 8)).checked()
    assert days_down([Outage(datetime(2027, 1, 1, tzinfo=UTC), None)], at(LAST, 9)) == set()

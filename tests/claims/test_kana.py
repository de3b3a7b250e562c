"""Which characters a file may hold, and names brought into them without losing a letter."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonae.claims.rails.kana import BYTES, KANA, MORE, PLAIN, decode, encode, half_width, refused


@pytest.mark.parametrize(
    ("name", "half"),
    [
        ("ヤマダ　タロウ", "ﾔﾏﾀﾞ ﾀﾛｳ"),
        ("やまだ たろう", "ﾔﾏﾀﾞ ﾀﾛｳ"),
        ("ジョン・スミス", "ｼﾞﾖﾝ・ｽﾐｽ"),
        ("ｼﾞｮﾝ", "ｼﾞﾖﾝ"),
        ("カ）パピプペポ", "ｶ)ﾊﾟﾋﾟﾌﾟﾍﾟﾎﾟ"),
        ("ヴァレリー", "ｳﾞｱﾚﾘ-"),
        ("ａｂｃ　１２", "ABC 12"),
        (unicodedata.normalize("NFD", "ガギグ"), "ｶﾞｷﾞｸﾞ"),
    ],
)
def test_kana_of_any_width_and_size_become_what_a_file_writes(name: str, half: str) -> None:
    """Small kana become large, marks of voice become characters of their own."""
    assert half_width(name) == half


@pytest.mark.parametrize(
    "odd",
    [
        *(
            "髙",
            "高",
            "﨑",
            "邊",
            "㈱",
            "・",
            "ヰ",
            "ゑ",
            "①",
            "À",
            "ß",
            "🙂",
            "\0",
            "\n",
            "\u2212",
            "¥",
        ),
        *("ｧ", "ｯ", "ｮ", "ｰ", "･", "｡", "a", "z", "ア", "あ", "Ａ", "　", "\ufffe", "\ud800"),
        *("!", '"', "#", "$", "%", "&", "'", "*", "+", ":", ";", "<", "=", "@", "[", "_", "~"),
        *MORE,
    ],
)
def test_what_is_not_permitted_is_refused_never_replaced(odd: str) -> None:
    """Kanji, kana without a half-width form, small, wide and lower letters, signs, controls."""
    assert refused(f"ﾔﾏ{odd}ﾀﾞ") == odd
    with pytest.raises(UnicodeEncodeError):
        encode(f"ﾔﾏ{odd}ﾀﾞ")


@given(st.text())
def test_a_text_is_encoded_exactly_where_nothing_in_it_is_refused(text: str) -> None:
    """One byte a character, and back to the same characters."""
    if refused(text):
        with pytest.raises(UnicodeEncodeError):
            encode(text)
    else:
        assert decode(encode(text)) == text
        assert len(encode(text)) == len(text)


@given(st.text("やまだタロウー゛ガｯA髙 "))
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    """And what it leaves, it leaves for the writer to refuse."""
    once = half_width(text)
    assert half_width(once) == once
    assert ("髙" in text) == ("髙" in once)


def test_the_bytes_are_those_of_jis_x_0201() -> None:
    """As Shift_JIS has them in one byte, the yen sign's byte apart."""
    assert all(c.encode("shift_jis") == bytes([b]) for c, b in BYTES.items())
    assert BYTES["ｱ"] == 0xB1
    assert BYTES["ﾟ"] == 0xDF
    assert len(PLAIN + KANA) == 10 + 26 + 5 + 44 + 3
    assert encode("ｦ/", MORE) == b"\xa6/"


def test_a_byte_that_is_not_permitted_is_not_read() -> None:
    """Reading is as strict as writing."""
    for byte in set(range(256)) - {BYTES[c] for c in PLAIN + KANA}:
        with pytest.raises(UnicodeDecodeError):
            decode(bytes([0xB1, byte]))

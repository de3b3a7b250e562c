"""Normal forms of what goes with a name: birth date, address, phone, account for payouts.

Each gives "" for what is absent, unreadable or a placeholder: such a value proves nothing.
"""

from __future__ import annotations

import re
from datetime import date

from sonae.claims.names import name, wide

_ERAS = {
    "明治": (1867, 45),
    "大正": (1911, 15),
    "昭和": (1925, 64),
    "平成": (1988, 31),
    "令和": (2018, 99),
}
_LETTERS = dict(zip("MTSHR", _ERAS, strict=True))
_ERA = re.compile(
    r"(明治|大正|昭和|平成|令和|[MTSHR])(元|\d{1,2})[年./-](\d{1,2})[月./-](\d{1,2})日?"
)
_DAY = re.compile(r"(\d{4})[年./-](\d{1,2})[月./-](\d{1,2})日?|(\d{4})(\d\d)(\d\d)")
_SPACE = re.compile(r"\s")
_UNKNOWN = date(1900, 1, 1)
"""What systems write for a birth date that nobody gave."""


def birth_date(text: str) -> str:
    """An ISO date from the ways a birth date is written; "" where it is none.

    >>> birth_date("1980/1/2"), birth_date("昭和55年1月2日"), birth_date("S55.1.2")
    ('1980-01-02', '1980-01-02', '1980-01-02')
    >>> birth_date("1980-02-30"), birth_date("昭和70年1月2日"), birth_date("1900-01-01")
    ('', '', '')
    """
    plain = _SPACE.sub("", wide(text)).upper()
    if found := _ERA.fullmatch(plain):
        base, last = _ERAS[_LETTERS.get(found[1], found[1])]
        number = 1 if found[2] == "元" else int(found[2])
        parts = [base + number if number <= last else 0, int(found[3]), int(found[4])]
    elif found := _DAY.fullmatch(plain):
        parts = [int(g) for g in found.groups() if g is not None]
    else:
        return ""
    try:
        made = date(*parts)
    except ValueError:
        return ""
    return "" if made <= _UNKNOWN else made.isoformat()


# -- addresses -------------------------------------------------------------------------------------

_PREFECTURE = re.compile(
    r"北海道|東京都|京都府|大阪府|(?:神奈川|和歌山|鹿児島|青森|岩手|宮城|秋田|山形|福島|茨城|栃木|群馬|埼玉"
    r"|千葉|新潟|富山|石川|福井|山梨|長野|岐阜|静岡|愛知|三重|滋賀|兵庫|奈良|鳥取|島根|岡山|広島|山口"
    r"|徳島|香川|愛媛|高知|福岡|佐賀|長崎|熊本|大分|宮崎|沖縄)県"
)
_POST = re.compile(r"^〒?\s*\d{3}-?\d{4}\s*")
_KANJI = "〇一二三四五六七八九"
_NUMERAL = re.compile(
    rf"([{_KANJI}十百]+)(?=丁目|番地|番(?!町)|号|条|線|階|の[{_KANJI}十百\d])"
    rf"|(?<=[\dの番地])([{_KANJI}十百]+)(?=$|号|-|の)"
)
_DASH = re.compile(r"[-‐‑‒–—―−ー─](?=[\d-])|(?<=\d)[-‐‑‒–—―−ー─]")
_UNITS = re.compile(r"(?<=\d)(?:丁目|番地の?|番(?!町)の?|号室?|の(?=\d))")


def _number(found: re.Match[str]) -> str:
    """Kanji numerals as digits: 二十三 is 23, 一〇一 is 101."""
    word = found[1] or found[2]
    if "十" not in word and "百" not in word:
        return "".join(str(_KANJI.index(c)) for c in word)
    total = digit = 0
    for c in word:
        if c in "十百":
            total, digit = total + (digit or 1) * (10 if c == "十" else 100), 0
        else:
            digit = _KANJI.index(c)
    return str(total + digit)


def address(text: str) -> tuple[str, str]:
    """The prefecture, "" where it is not given, and the rest with its numbers made alike.

    Two addresses are one where the rest is equal and no two prefectures are named: 府中市 is in
    Tokyo and in Hiroshima.

    >>> address("東京都千代田区丸の内一丁目二番三号")
    ('東京都', '千代田区丸の内1-2-3')
    >>> address("〒100-0005 千代田区丸の内１－２－３")
    ('', '千代田区丸の内1-2-3')
    >>> address("大阪府大阪市北区大字梅田3丁目1番地の4 ハイツ 101号室")[1]
    '大阪市北区梅田3-1-4ハイツ101'
    >>> address("千代田区三番町二十三番地 101")[1]
    '千代田区三番町23-101'
    """
    plain = _POST.sub("", wide(text)).replace("大字", "")
    plain = re.sub(r"(?<=\d)\s+(?=\d)|(?<=[号番地])\s+(?=\d)", "-", plain)
    plain = _NUMERAL.sub(_number, name(plain))
    plain = _DASH.sub("-", _UNITS.sub("-", plain))
    plain = re.sub(r"(?<=\d)-+(?=\D|$)", "", re.sub("-+", "-", plain))
    found = _PREFECTURE.match(plain)
    return (found[0], plain[found.end() :]) if found else ("", plain)


# -- phone and account -----------------------------------------------------------------------------


def phone(text: str) -> str:
    """The digits of a phone number with its leading zero; "" for a placeholder.

    >>> phone("+81 90-1234-5678"), phone("０９０（１２３４）５６７８"), phone("090-0000-0000")
    ('09012345678', '09012345678', '')
    """
    plain = wide(text)
    digits = re.sub(r"\D", "", plain)
    if plain.lstrip("(").startswith("+81"):
        digits = "0" + digits.removeprefix("81").removeprefix("0")
    return digits if len(digits) >= 9 and len(set(digits[-7:])) > 1 else ""


def payout_account(bank: str, branch: str, account: str) -> str:
    """Bank, branch and account for payouts as one key; "" where one is missing or a placeholder.

    >>> payout_account("1", "001", "１２３４５６７"), payout_account("0001", "1", "0000000")
    ('0001-001-1234567', '')
    """
    parts = [_padded(t, n) for t, n in ((bank, 4), (branch, 3), (account, 7))]
    return "-".join(parts) if all(parts) and len(set(parts[2])) > 1 else ""


def _padded(text: str, length: int) -> str:
    plain = text if text.isascii() and text.isdecimal() else name(text)
    return plain.zfill(length) if plain.isdecimal() else plain

"""Numbers and dates as people read them: exact, or marked ≈ where a digit was cut off."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

from sonae.core.canonical import decimal_text
from sonae.core.display import ABOUT, MINUS, fixed, with_separators
from sonae.core.text import Lang

MYRIADS = ("", "万", "億", "兆", "京")
SCHEME = re.compile(r"https?://", re.IGNORECASE)
JAPANESE = re.compile("[぀-ヿ㐀-鿿ｦ-ﾟ]")
"""A character that Japanese is written with: kana or kanji."""
MONTHS = (
    "",
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)


def money(value: Fraction) -> str:
    """A whole amount of money for a table.

    >>> money(Fraction(2001, 2))
    '≈ 1,001'
    """
    return fixed(value, 0)


def oku(value: Fraction) -> str:
    """An amount in whole units by 万, 億 and 兆, no digit lost but those that `money` rounds.

    >>> oku(Fraction(2_625_000_000)), oku(Fraction(12_345)), oku(Fraction(-10**12))
    ('26億2,500万', '1万2,345', '−1兆')
    """
    plain = money(value)
    units = int(plain.removeprefix(ABOUT).removeprefix(MINUS).replace(",", ""))
    parts, power = [], 0
    while units:
        units, part = divmod(units, 10_000) if power < len(MYRIADS) - 1 else (0, units)
        if part:
            parts.append(f"{part:,}{MYRIADS[power]}")
        power += 1
    about, sign = ABOUT if plain.startswith(ABOUT) else "", MINUS if MINUS in plain else ""
    return f"{about}{sign}{''.join(reversed(parts)) or '0'}"


def coins(value: Fraction, scale: int) -> str:
    """A quantity with all decimals of its asset, so that points stand under one another.

    >>> coins(Fraction(3, 2), 8), coins(Fraction(0), 8)
    ('1.50000000', '0')
    """
    return fixed(value, scale) if value else "0"


def percent(ratio: Fraction, lang: Lang) -> str:
    """A share in per cent; two digits and ≈ where its decimal is long.

    >>> percent(Fraction(1, 20), "ja"), percent(Fraction(1, 3), "en")
    ('5%', '≈ 33.33 %')
    """
    hundredfold = ratio * 100
    decimal = decimal_text(hundredfold)
    if decimal is not None and len(decimal.partition(".")[2]) <= 4:
        text = with_separators(decimal)
    else:
        places = 2
        while hundredfold and abs(hundredfold) * 10**places < 1:
            places += 2
        text = fixed(hundredfold, places)
    return f"{text}%" if lang == "ja" else f"{text} %"


def ends(low: str, high: str) -> str:
    """A range, both ends included.

    >>> ends("0", "1,017,120,000")
    '0 – 1,017,120,000'
    """
    return f"{low} – {high}"


def day(iso: str, lang: Lang) -> str:
    """A date in words; what is no date is left as it is.

    >>> day("2026-11-20", "ja"), day("2026-11-20", "en")
    ('2026年11月20日', '20 November 2026')
    """
    try:
        on = date.fromisoformat(iso)
    except ValueError:
        return iso
    if lang == "ja":
        return f"{on.year}年{on.month}月{on.day}日"
    return f"{on.day} {MONTHS[on.month]} {on.year}"


def month(iso: str, lang: Lang) -> str:
    """A month in words.

    >>> month("2026-11", "ja"), month("2026-11", "en")
    ('2026年11月', 'November 2026')
    """
    year, number = map(int, iso.split("-"))
    return f"{year}年{number}月" if lang == "ja" else f"{MONTHS[number]} {year}"


def instant(iso: str, zone: str, lang: Lang) -> str:
    """A moment with its offset and, where given, the name of the time zone.

    >>> instant("2026-11-20T23:59:59+09:00", "Asia/Tokyo", "en")
    '20 November 2026, 23:59:59 (UTC+09:00, Asia/Tokyo)'
    """
    at = datetime.fromisoformat(iso)
    offset = f"UTC{iso[-6:]}" if at.utcoffset() is not None and iso[-3] == ":" else "UTC"
    place = f"{offset}, {zone}" if zone else offset
    time = iso[11:19]
    if lang == "ja":
        return f"{day(iso[:10], lang)} {time}（{place.replace(', ', '、')}）"
    return f"{day(iso[:10], lang)}, {time} ({place})"


def local(at: str, zone: str) -> datetime:
    """An instant by the clock of a zone; one without an offset is in UTC.

    >>> local("2026-11-20T15:30:00Z", "Asia/Tokyo").isoformat()
    '2026-11-21T00:30:00+09:00'
    """
    found = datetime.fromisoformat(at)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(ZoneInfo(zone))


def clock(at: str, zone: str, lang: Lang) -> str:
    """An instant to the minute by the clock of a zone, which has to be named beside it.

    >>> clock("2026-11-20T15:30:00Z", "Asia/Tokyo", "en")
    '21 November 2026, 00:30'
    """
    found, gap = local(at, zone), " " if lang == "ja" else ", "
    return f"{day(found.date().isoformat(), lang)}{gap}{found:%H:%M}"


def tongue(words: str) -> Lang | None:
    """The language that somebody wrote in; None for what is no words, such as a number.

    >>> tongue("2018年の告知"), tongue("company notices"), tongue("12.5")
    ('ja', 'en', None)
    """
    if JAPANESE.search(words):
        return "ja"
    return "en" if re.search("[A-Za-z]{2}", words) else None


def sentence(words: str, lang: Lang) -> str:
    """A capital first letter in English, unless the first word may be a name or an id.

    >>> sentence("net assets required", "en"), sentence("vault-a is old", "en")
    ('Net assets required', 'vault-a is old')
    """
    plain = lang == "en" and re.match(r"[a-z]+('s?)?( |$)", words)
    return words[0].upper() + words[1:] if plain else words


def title(words: str, lang: Lang) -> str:
    """The same for the title of a rule or figure, where a first word with a hyphen is a word.

    >>> title("custody-value formula", "en"), title("domain/vault-a", "en")
    ('Custody-value formula', 'domain/vault-a')
    """
    plain = lang == "en" and re.match(r"[a-z]+(-[a-z]+)*('s?|,)?( |$)", words)
    return words[0].upper() + words[1:] if plain else words


def without_scheme(page: str) -> str:
    """Addresses as plain text: a report refers to nothing on a network.

    >>> without_scheme("see https://example.org")
    'see example.org'
    """
    while SCHEME.search(page):
        page = SCHEME.sub("", page)
    return page

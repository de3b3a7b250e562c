"""The half-width characters of a Zengin file (JIS X 0201): which are permitted, and their bytes.

Permitted in every field of words: digits, capital letters, the space, the 44 kana ｱ to ﾝ without
small ones, ﾞ and ﾟ, and `( ) - .` (secondary: the maker of an accounting program lists these for
names of holders; a payroll program agrees, both as rules of the bankers' association). Banks
permit more, each its own: a profile may add any of `MORE`.
"""

from __future__ import annotations

import codecs
import unicodedata
from functools import lru_cache
from typing import Any

PLAIN = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ ()-."
KANA = "".join(map(chr, range(0xFF71, 0xFFA0)))
"""ｱ to ﾝ, ﾞ and ﾟ."""
MORE = "/,\\｢｣ｦ"
"""What a bank may permit besides; `\\` is the byte of the yen sign."""
_UNDEFINED = "\ufffe"


def _bytes() -> dict[str, int]:
    """Each character of JIS X 0201 that any bank permits, and its byte."""
    shift = 0xFF61 - 0xA1
    return {c: ord(c) if c < "\x80" else ord(c) - shift for c in PLAIN + KANA + MORE}


BYTES = _bytes()


@lru_cache(maxsize=64)
def _table(symbols: str) -> str:
    """256 characters by byte; the rest is undefined, but for byte 0.

    `charmap_build` makes its fast map only where byte 0 is character 0; `encode` refuses that.
    """
    by_byte = {BYTES[c]: c for c in PLAIN + KANA + symbols} | {0: "\0"}
    return "".join(by_byte.get(n, _UNDEFINED) for n in range(256))


@lru_cache(maxsize=64)
def _map(symbols: str) -> Any:
    return codecs.charmap_build(_table(symbols))


def encode(text: str, symbols: str = "") -> bytes:
    """`text` in JIS X 0201, one byte a character.

    Raises:
        UnicodeEncodeError: a character is not permitted; nothing is replaced or dropped.
    """
    if (at := text.find("\0")) >= 0:
        raise UnicodeEncodeError("zengin", text, at, at + 1, "not permitted")
    return codecs.charmap_encode(text, "strict", _map(symbols))[0]


def decode(content: bytes, symbols: str = "") -> str:
    """The characters of these bytes.

    Raises:
        UnicodeDecodeError: a byte that is not permitted.
    """
    if (at := content.find(b"\0")) >= 0:
        raise UnicodeDecodeError("zengin", content, at, at + 1, "not permitted")
    return codecs.charmap_decode(content, "strict", _table(symbols))[0]


def refused(text: str, symbols: str = "") -> str:
    """The characters of `text` that a file cannot hold, each once, in order.

    >>> refused("ﾀｶﾊｼ 髙ｮ")
    '髙ｮ'
    """
    permitted = set(PLAIN + KANA + symbols)
    return "".join(dict.fromkeys(c for c in text if c not in permitted))


def _half_forms() -> dict[int, str]:
    """Wide, small and hiragana forms -> the permitted half-width characters."""
    forms = {n + 0xFEE0: chr(n) for n in range(0x21, 0x7F)} | {0x3000: " ", 0x309B: "ﾞ", 0x309C: "ﾟ"}
    forms |= {0x3099: "ﾞ", 0x309A: "ﾟ", ord("ー"): "-", ord("ｰ"): "-"}
    for n in range(0xFF66, 0xFF9E):
        half, wide = chr(n), unicodedata.normalize("NFKC", chr(n))
        name = unicodedata.name(wide, "")
        if half == "ｰ" or not name.startswith("KATAKANA LETTER"):
            continue
        large = unicodedata.lookup(name.replace("LETTER SMALL ", "LETTER "))
        plain = next(chr(m) for m in range(0xFF66, 0xFF9E) if _wide(m) == large)
        forms |= {n: plain, ord(wide): plain, ord(wide) - 0x60: plain}
    forms |= {ord(small): big for small, big in zip("ヮヵヶゎゕゖ", "ﾜｶｹﾜｶｹ", strict=True)}
    forms |= {c: forms[c].upper() for c in forms} | {
        ord(c): c.upper() for c in "abcdefghijklmnopqrstuvwxyz"
    }
    return forms


def _wide(half: int) -> str:
    return unicodedata.normalize("NFKC", chr(half))


_HALF = _half_forms()


def half_width(name: str) -> str:
    """`name` as a file writes it: kana of any width, size or kind, wide letters and digits.

    Small kana become large and the long sound mark a hyphen, as names of holders are kept (from
    memory for the hyphen). What has no such form, kanji above all, stays, for the writer to refuse.

    >>> half_width("ガブシャ　やまだ・髙")
    'ｶﾞﾌﾞｼﾔ ﾔﾏﾀﾞ・髙'
    """
    split = "".join(
        unicodedata.normalize("NFD", c) if "\u3041" <= c <= "\u30fe" else c for c in name
    )
    return split.translate(_HALF)

"""Normal forms of names and kana: keys to compare by, never what is shown or printed.

Two writings of one name give one key. What people merely confuse (斎 and 斉 are two characters)
gives one `confusable` key, which makes a pair worth a person's look and never an equality.
"""

from __future__ import annotations

import re
import unicodedata

_SAME = (
    "高髙 崎﨑嵜 辺邊邉 浜濱濵 斎齋 斉齊 沢澤 広廣 国國 桜櫻 吉𠮷 富冨 島嶋嶌 関關 黒黑 徳德 "
    "恵惠 真眞 栄榮 条條 実實 竜龍 滝瀧 桑桒 浅淺 曽曾 薮藪 渕淵 槙槇 桧檜 柳栁 峰峯 館舘 野埜 "
    "頼賴 豊豐 静靜 寿壽 児兒 万萬 与與 亀龜 円圓 剣劍 厳嚴 団團 塩鹽 壮壯 宝寶 尚尙 巌巖 弥彌 "
    "応應 戸戶 来來 横橫 清淸 温溫 渓溪 瑶瑤 礼禮 穂穗 縄繩 芦蘆 蔵藏 薗園 蛍螢 遥遙 鉄鐵 鎮鎭 "
    "頴穎 顕顯 鶏鷄 為爲"
)
"""Families of one character in several writings (旧字体, 異体字): own table, small on purpose."""
_CONFUSED = "斎斉 坂阪 太大 河川 祐裕佑 郎朗 己巳 末未 土士"
"""Different characters that people take for one another: for candidates only."""


def _table(families: str) -> dict[int, str]:
    return {ord(c): family[0] for family in families.split() for c in family[1:]}


_FOLD, _MIX = _table(_SAME), _table(_CONFUSED)
_LARGE = str.maketrans("ァィゥェォッャュョヮヵヶ", "アイウエオツヤユヨワカケ")
_VOICE = str.maketrans({"゛": "\u3099", "゜": "\u309a"})
_KATAKANA = {c: chr(c + 0x60) for c in range(ord("ぁ"), ord("ゖ") + 1)}
_LONG = dict.fromkeys(map(ord, "-‐‑‒–—―−ー─"), "ー")
_SPACES = re.compile(r"[\s·・･,、.。'’]+")
_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef\u200b-\u200d]")
_AGAIN = re.compile("(.)(々+)")
_SOUND = str.maketrans("ヂヅヲヰヱ", "ジズオイエ", "ー")


def wide(text: str) -> str:
    """One width (NFKC), voiced marks joined to their kana, selectors of glyph variants removed.

    >>> wide("ﾔﾏﾀﾞ　㈱１２"), wide("カ゛"), wide("辻\U000e0100")
    ('ヤマダ (株)12', 'ガ', '辻')
    """
    if text.isascii():
        return text.strip()
    return unicodedata.normalize("NFKC", _SELECTORS.sub("", text).translate(_VOICE)).strip()


def _tight(text: str) -> str:
    """One width, capitals, no spaces; composed again, as a mark may have followed a space."""
    plain = _SPACES.sub("", wide(text).upper())
    return plain if plain.isascii() else unicodedata.normalize("NFKC", plain)


def kana(text: str) -> str:
    """Katakana as banks write it: small letters large, no spaces, every long mark a ー.

    A long mark stays: オノ (小野) and オーノ (大野) are two names.

    >>> kana("やまだ しょうた"), kana("ﾔﾏﾀﾞ ｼｮｳﾀ"), kana("ロ-ラ")
    ('ヤマダシヨウタ', 'ヤマダシヨウタ', 'ローラ')
    """
    return _tight(text).translate(_KATAKANA).translate(_LARGE).translate(_LONG)


def sound(key: str) -> str:
    """A looser key of a `kana` key, for candidates: no long marks, ヂ as ジ, ヅ as ズ, ヲ as オ.

    >>> sound(kana("オーノ ミヅキ")) == sound(kana("オノ ミズキ"))
    True
    """
    return key.translate(_SOUND)


def name(text: str) -> str:
    """A name with widths, spaces and the writings of one character made alike.

    >>> name("髙橋　一郎") == name("高橋一郎"), name("渡邉 佐々木") == name("渡辺佐佐木")
    (True, True)
    >>> name("斎藤") == name("斉藤"), name("齋藤") == name("斎藤")
    (False, True)
    """
    plain = _tight(text).translate(_FOLD).translate(_LARGE)
    return (
        _AGAIN.sub(lambda found: found[1] * (1 + len(found[2])), plain) if "々" in plain else plain
    )


def confusable(key: str) -> str:
    """A looser key, from one of `name`, for candidates: characters that people confuse made alike.

    >>> confusable(name("斎藤")) == confusable(name("齊藤"))
    True
    """
    return key.translate(_MIX)

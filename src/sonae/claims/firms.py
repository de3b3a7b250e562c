"""Names of firms: forms of legal persons, and trade names of sole proprietors (屋号).

A legal person is never its owner; a sole proprietor is, whatever the shop is called.
"""

from __future__ import annotations

import re

from sonae.claims.names import kana, name, wide

_FORMS = {
    "株式会社": "株",
    "有限会社": "有",
    "合同会社": "同",
    "合資会社": "資",
    "合名会社": "名",
    "相互会社": "相",
    "特定目的会社": "特目",
    "一般社団法人": "一社",
    "公益社団法人": "公社",
    "一般財団法人": "一財",
    "公益財団法人": "公財",
    "特定非営利活動法人": "特非",
    "医療法人": "医",
    "学校法人": "学",
    "宗教法人": "宗",
    "社会福祉法人": "福",
    "弁護士法人": "弁",
    "税理士法人": "税",
    "司法書士法人": "司",
    "行政書士法人": "行",
    "独立行政法人": "独",
    "農事組合法人": "農",
    "監査法人": "監",
    "投資法人": "投",
    "協同組合": "協",
}
_SHORT = {short: form for form, short in _FORMS.items()}
_KANA = {
    "カ": "株式会社",
    "ユ": "有限会社",
    "ド": "合同会社",
    "シ": "合資会社",
    "メ": "合名会社",
}
_WHOLE = re.compile("|".join(_FORMS))
_BRACKET = re.compile(rf"\(({'|'.join(sorted(_SHORT, key=len, reverse=True))})\)")
_KANA_FORM = re.compile(r"^\(?([カユドシメ])\)|\(([カユドシメ])\)?$|\(([カユドシメ])\)")
_ENGLISH = re.compile(
    r"\b(CO\.?,? ?LTD|K\.K|KK|INC|LLC|LLP|LTD|LIMITED|CORP|CORPORATION|GMBH|PLC|S\.A|G\.K)\.?$"
)


def corporate_form(text: str) -> str:
    """The form of a legal person that a name or its kana shows, or "" where it shows none.

    >>> corporate_form("㈱山田商店"), corporate_form("ｶ)ﾔﾏﾀﾞｼﾖｳﾃﾝ"), corporate_form("ABC Co., Ltd.")
    ('株式会社', '株式会社', 'CO., LTD.')
    >>> corporate_form("山田太郎"), corporate_form("山田商店")
    ('', '')
    """
    plain = wide(text).upper()
    if found := _WHOLE.search(plain):
        return found[0]
    if found := _BRACKET.search(plain):
        return _SHORT[found[1]]
    if found := _KANA_FORM.search(plain):
        return _KANA[next(g for g in found.groups() if g)]
    found = _ENGLISH.search(plain)
    return found[0] if found else ""


def corporate_name(text: str) -> str:
    """The key of a legal person's name: its form in full, in front or behind as it stands.

    株式会社山田 and 山田株式会社 are two companies, so the place of the form is part of the key.

    >>> corporate_name("㈱山田") == corporate_name("株式会社 山田")
    True
    >>> corporate_name("山田㈱") == corporate_name("㈱山田")
    False
    """
    return name(_BRACKET.sub(lambda found: _SHORT[found[1]], wide(text).upper()))


_TRADES = tuple(
    word
    for line in (
        "商店 商会 工務店 工業 製作所 事務所 企画 設計 工房 農園 医院 クリニツク 歯科 薬局 研究所",
        "写真館 食堂 酒店 書店 美容室 理容室 整骨院 鍼灸院 教室 学習塾 サロン スタジオ オフイス",
        "カフエ デザイン システム サービス シヨウテン シヨウカイ コウムテン セイサクシヨ ジムシヨ",
        "キカク セツケイ コウボウ ノウエン ヤツキヨク",
    )
    for word in line.split()
)
"""How a word ends that only trades carry, small kana large. 屋, 堂 and 園 end surnames too."""
_NAMED = re.compile(r"(.+?)(?:こと|コト|/) ?(.+)")
_HEADED = re.compile(r"(.+?) ?(?:代表者|代表|事業主)[ :](.+)")
_ROUND = re.compile(r"(.+?) ?[(「『](.+)[)」』]")


def split_trade_name(text: str) -> tuple[str, str]:
    """The trade name (屋号) and the person's own name, as far as the writing says which is which.

    Without a marker (こと, 代表, brackets) or a word that only trades carry, nothing is split.

    >>> split_trade_name("山田商店 山田 太郎"), split_trade_name("スズキ工房こと鈴木花子")
    (('山田商店', '山田 太郎'), ('スズキ工房', '鈴木花子'))
    >>> split_trade_name("佐藤一郎（佐藤デザイン）"), split_trade_name("土屋 太郎")
    (('佐藤デザイン', '佐藤一郎'), ('', '土屋 太郎'))
    >>> split_trade_name("鈴木ことみ"), split_trade_name("花の家 代表 鈴木花子")
    (('', '鈴木ことみ'), ('花の家', '鈴木花子'))
    """
    plain = re.sub(r"\s+", " ", wide(text))
    if found := _HEADED.fullmatch(plain):
        return found[1], found[2].strip()
    if (found := _NAMED.fullmatch(plain)) and _trades(found[1]):
        return found[1], found[2]
    if found := _ROUND.fullmatch(plain):
        pairs = [(found[1], found[2]), (found[2], found[1])]
    else:
        first, _, rest = plain.partition(" ")
        start, _, last = plain.rpartition(" ")
        pairs = [(first, rest), (last, start)]
    split = [(shop, own) for shop, own in pairs if _trades(shop) and not _trades(own)]
    return split[0] if len(split) == 1 and len(split[0][1]) > 1 else ("", plain)


def _trades(word: str) -> bool:
    return kana(word).endswith(_TRADES) if word else False

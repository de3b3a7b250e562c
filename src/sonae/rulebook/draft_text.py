"""A draft in the language of Japanese legislation, and set beside its former version.

The text is machine-made from the draft file, an aid for those who draft; it is not law.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sonae.core.canonical import number_text
from sonae.core.errors import RulebookError
from sonae.core.text import Text
from sonae.rulebook.draft import Draft, Version
from sonae.rulebook.draft_formula import YEARS
from sonae.rulebook.parameter import SCALES, exact

DIGITS = "〇一二三四五六七八九"
LARGE = ((10**20, "垓"), (10**16, "京"), (10**12, "兆"), (10**8, "億"), (10**4, "万"))
LARGEST = 10**24
_ASSETS = "基準日における利用者の暗号資産"
_COLD = "府令第二十七条第三項に定める方法"
BASE_WORDS = {
    "custody_value": f"{_ASSETS}の評価額",
    "custody_value_cold": f"{_ASSETS}のうち{_COLD}により管理するものの評価額",
    "custody_value_not_cold": f"{_ASSETS}のうち{_COLD}以外の方法により管理するものの評価額",
    "largest_signing_domain": f"{_ASSETS}のうち一の署名権限の下にあるものの評価額の最も大きい額",
    "traded_value": "当該事業年度における暗号資産の売買等の総額",
    "loss_history": "過去の事故による利用者の損失額",
}
FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
OPEN = {
    "grounds": Text("使用できる場合", "grounds for use"),
    "refill_business_days": Text("使用後の補充期限", "days to refill after use"),
    "bracket": Text("下限及び上限", "floor and cap"),
    "rounding": Text("端数処理", "rounding"),
    "insurance_share": Text("保険で充当できる割合", "share that insurance may meet"),
    "insurance_gates": Text("保険の適格要件", "conditions an insurance must meet"),
    "phase_in": Text("経過措置", "phase-in"),
    "exemptions": Text("適用除外", "exemptions"),
}


def kanji(number: int) -> str:
    """A whole number in kanji numerals, as statutes write it.

    >>> kanji(2_000_000_000)
    '二十億'
    """
    if number == 0:
        return DIGITS[0]
    if number >= LARGEST:
        raise RulebookError(f"{number} is too large to be written out in an article")
    text = ""
    for value, name in LARGE:
        if number >= value:
            text += _below_ten_thousand(number // value) + name
            number %= value
    return text + (_below_ten_thousand(number) if number else "")


def _below_ten_thousand(number: int) -> str:
    text = ""
    for value, name in ((1000, "千"), (100, "百"), (10, "十")):
        count, number = divmod(number, value)
        if count:
            text += ("" if count == 1 else DIGITS[count]) + name
    return text + (DIGITS[number] if number else "")


def ratio_words(stated: Any, unit: str = "ratio") -> str:
    """A share as statutes write it.

    >>> ratio_words("5/100")
    '百分の五'
    """
    share, scale = exact(stated), SCALES.get(unit)
    decimal = number_text(share)
    if scale and "/" not in decimal:
        return f"{_parts(scale)}分の{_decimal_kanji(decimal)}"
    if scale:
        share /= scale
    elif share == 1:
        return "百分の百"
    top, bottom = share.numerator, share.denominator
    if not scale and isinstance(stated, str) and "/" in stated:
        top, bottom = (int(n) for n in stated.split("/"))
    return f"{_parts(bottom)}分の{kanji(top)}"


def _parts(number: int) -> str:
    """百, 千, 万 without the leading 一 that counting puts before 万."""
    return kanji(number).removeprefix("一") or kanji(number)


def _decimal_kanji(number: str) -> str:
    whole, _, part = number.partition(".")
    tail = "・" + "".join(DIGITS[int(d)] for d in part) if part else ""
    return kanji(int(whole)) + tail


def _whole_yen(stated: Any) -> str:
    amount = exact(stated)
    if amount.denominator != 1:
        raise RulebookError(f"{stated} yen: an article states whole yen; round the amount")
    return kanji(int(amount))


def article(version: Version) -> list[str]:
    """The draft as paragraphs of an article, in Japanese."""
    return list(_lines(version).values())


def _lines(version: Version) -> dict[str, str]:
    """Paragraphs and items by what they are about, numbered as they stand."""
    raw = version.raw
    lines = {}
    for number, (key, text, items) in enumerate([_duty(raw), *_options(raw)], 1):
        head = "第〇条　" if number == 1 else f"{number}　".translate(FULL_WIDTH)
        lines[key] = head + text
        lines |= {f"{key}/{n}": f"　{kanji(n)}　{item}" for n, item in enumerate(items, 1)}
    return lines


def _duty(raw: Mapping[str, Any]) -> tuple[str, str, list[str]]:
    items = [_component(part) for part in raw.get("component", [])]
    several = "のうち最も高い金額" if raw.get("combine") == "max" else "の合計額"
    what = f"次に掲げる金額{several if len(items) > 1 else ''}"
    if bracket := raw.get("bracket"):
        floor, cap = (_whole_yen(bracket[k]) for k in ("floor", "cap"))
        what += (
            f"（その額が{floor}円に満たない場合にあっては{floor}円、"
            f"{cap}円を超える場合にあっては{cap}円）"
        )
    text = f"暗号資産交換業者は、{what}を責任準備金として積み立てなければならない。"
    return "duty", text, items


def _component(part: Mapping[str, Any]) -> str:
    base, unit = BASE_WORDS[part["base"]], part.get("unit", "ratio")
    if part.get("rate_from") == "loss":
        return f"{base}に、当該損失の額の同評価額に対する割合を乗じて得た額"
    if "bands" in part:
        return f"{base}を次の区分に応じて区分し、{_bands(part['bands'], unit)}を合計した額"
    text = f"{base}に{ratio_words(part['rate'], unit)}を乗じて得た額"
    if "cap_rate" in part:
        share = ratio_words(part["cap_rate"], unit)
        best = f"{_years(part.get('window', YEARS))}の{share}に相当する額"
        limit = f"（{best}から既に積み立てた額を控除した額を限度とする。）"
        text = f"{text}{limit}を既に積み立てた額に加えた額"
    return text


def _years(window: int) -> str:
    if window == 1:
        return "当該事業年度の額"
    before = f"その開始の日前{kanji(window - 1)}年以内に開始した各事業年度"
    return f"当該事業年度及び{before}のうち最も高い額"


def _bands(bands: Any, unit: str) -> str:
    words, below = [], ""
    for band in bands:
        rate = ratio_words(band["rate"], unit)
        if "up_to" in band:
            top = _whole_yen(band["up_to"])
            start = f"{below}円を超え" if below else ""
            words.append(f"{start}{top}円以下の部分については{rate}を乗じて得た額")
            below = top
        else:
            words.append(f"{below or kanji(0)}円を超える部分については{rate}を乗じて得た額")
    return "、".join(words)


def _options(raw: Mapping[str, Any]) -> Iterator[tuple[str, str, list[str]]]:
    if "rounding" in raw:
        step = _whole_yen(raw["rounding"]["step"])
        turn = "切り上げる" if raw["rounding"].get("mode") == "up" else "切り捨てる"
        yield "rounding", f"前項の金額に{step}円未満の端数があるときは、これを{turn}。", []
    if "insurance_share" in raw:
        gates = list(raw.get("insurance_gates", []))
        yield "insurance", _insurance(ratio_words(raw["insurance_share"]), bool(gates)), gates
    if "grounds" in raw:
        text = "責任準備金は、次に掲げる場合のほか、使用してはならない。"
        yield "grounds", text, list(raw["grounds"])
    if "refill_business_days" in raw:
        days = kanji(int(raw["refill_business_days"]))
        text = "責任準備金を使用したときは、使用した日の翌日から起算して"
        yield "refill", f"{text}{days}営業日以内に、その額を補充しなければならない。", []
    for n, exemption in enumerate(raw.get("exemptions", [])):
        amount = _whole_yen(exemption["below"])
        who = f"{BASE_WORDS[exemption['base']]}が{amount}円に満たない者"
        yield f"exemption-{n}", f"{who}については、第一項の規定は、適用しない。", []
    if "phase_in" in raw:
        items = [
            f"{_japanese_date(p['from'])}以後　{ratio_words(p['share'])}" for p in raw["phase_in"]
        ]
        text = "第一項の金額は、次の各号に掲げる日以後においては、"
        yield "phase_in", f"{text}当該各号に定める割合を乗じて得た額とする。", items


def _insurance(share: str, gated: bool) -> str:
    which = "次に掲げる要件の全てを満たす" if gated else ""
    return (
        f"暗号資産交換業者は、{which}保険契約の保険金の額を、第一項の金額の{share}に"
        "相当する額を限度として、積み立てるべき額から控除することができる。"
    )


def _japanese_date(day: Any) -> str:
    year = day.year - 2018
    return f"令和{'元' if year == 1 else kanji(year)}年{kanji(day.month)}月{kanji(day.day)}日"


def undecided(version: Version) -> list[Text]:
    """What the draft leaves open."""
    return [text for key, text in OPEN.items() if key not in version.raw]


@dataclass(frozen=True, slots=True)
class Change:
    """One line of a comparison: the paragraph after and before, "" where there is none."""

    after: str
    before: str


def compare(new: Draft, old: Draft) -> list[Change]:
    """新旧対照表: paragraph by paragraph of each version, only what differs."""
    before = {_version_key(v, old): _lines(v) for v in old.versions}
    changes = []
    for version in new.versions:
        lines, former = _lines(version), before.pop(_version_key(version, new), {})
        for key in dict.fromkeys((*lines, *former)):
            pair = (lines.get(key, ""), former.get(key, ""))
            if pair[0] != pair[1]:
                changes.append(Change(*pair))
    changes += [Change("", line) for lines in before.values() for line in lines.values()]
    return changes


def _version_key(version: Version, draft: Draft) -> str:
    return version.rule.id.removeprefix(draft.id)

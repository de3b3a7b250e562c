"""Why each choice of a calibration is as it is, in words."""

from __future__ import annotations

from typing import Any

from sonae.actions.level.question import Question
from sonae.core.canonical import number_text
from sonae.core.text import Text
from sonae.loss.exposure import reference


def choices(question: Question, fitted: int, firms: int) -> list[dict[str, Any]]:
    """Every choice with its value and its reason, in both languages."""
    values: dict[str, str | None] = {
        "formula": question.draft or question.family,
        "variant": question.variant,
        "target": number_text(question.target),
        "both_shares": "past and possible",
        "losses": str(fitted),
        "firms": str(firms),
        "law": question.law,
        "floor": None if question.floor is None else str(question.floor),
        "cap": None if question.cap is None else str(question.cap),
        "insurance_share": number_text(question.insurance_share),
        "capital_cost": number_text(question.capital_cost),
        "premium": number_text(question.premium),
        "days_cash": str(question.days_cash),
        "days_insurance": str(question.days_insurance),
        "phase_in": str(question.phase_in),
        "rounding": "up, 4 places",
        "dollars": "yearly mean",
        "until": None if question.until is None else str(question.until),
        "validate": str(question.validate),
        "seed": str(question.seed),
    }
    return [{"key": k, "value": v, "reason": _REASONS[k].as_json()} for k, v in values.items()]


def notes(volume: bool) -> list[dict[str, str]]:
    """What a reader must know before using any of it."""
    found = [_SELECTION, _GIVEN_LOSS, _CONVERTED]
    if volume:
        turnover = reference()["turnover"]
        found.append(_TURNOVER.format(**{k: turnover[k] for k in ("least", "usual", "most")}))
    return [t.as_json() for t in found]


_SELECTION = Text(
    "残高が公表された事故は無作為の標本ではない。損失が大きいほど公表されやすく、率は高めに出る",
    "losses whose balance became public are no random sample: the larger the loss, the likelier it "
    "is known, so the rate comes out high",
)
_GIVEN_LOSS = Text(
    "目標は、事故が起きたときに全額を補償できる割合であり、事故の起きる確率ではない",
    "the target is the share of losses that are made good once one has happened, not the chance "
    "that one happens",
)
_CONVERTED = Text(
    "海外の事故の円換算は記憶による年平均相場を用いた。失われた割合には影響せず、円建ての下限・上限には影響する",
    "losses abroad are converted at yearly mean rates from memory; the share lost does not depend "
    "on them, floor and cap in yen do",
)
_TURNOVER = Text(
    "取引額が公表されていない事業者は、預かり資産額の{usual}倍とした（業界の月次統計では{least}倍から{most}倍）",
    "where traded value is not public it is {usual} times custody (monthly statistics of the "
    "industry: {least} to {most} times)",
)
_REASONS = {
    "formula": Text("利用者が選んだ算式", "the formula asked for"),
    "variant": Text("案に複数の版があるときの版", "the version, where a draft has several"),
    "target": Text("利用者が選んだ割合", "the share asked for"),
    "both_shares": Text(
        "過去の事故だけでは件数が少なく、想定損失だけではモデルに依存するため、両方で目標を満たす率とする",
        "past losses alone are few and possible ones alone rest on a model; the rate reaches the "
        "target in both",
    ),
    "losses": Text(
        "損失前の残高が公表された盗難・運営上の事故。不正・破綻、範囲でしか分からない事故、記憶だけに基づく行は当てはめに用いない",
        "thefts and operational losses with a public balance; fraud and insolvency, cases known "
        "as a range only and rows that rest on memory are not fitted to",
    ),
    "firms": Text(
        "指定がなければデモの事業者と公開資料の事業者。破綻した事業者を除き、各社の事故は同じ確からしさとする",
        "unless given: demonstration venues and the public list, without firms in proceedings; a "
        "loss at each is equally likely",
    ),
    "law": Text(
        "初期値はベータ分布（割合は0から1でよく合う）。対数正規分布、規模効果、残高不明の事故も含むモデルによる結果を並べて示す",
        "Beta unless given: the share lost lies between 0 and 1 and it fits well; lognormal, size "
        "effect and the model that counts venues of unknown balance are shown beside it",
    ),
    "floor": Text(
        "指定がなければ設けない。報道の20億円は別に示す",
        "none unless given; the reported JPY 2bn is shown beside",
    ),
    "cap": Text(
        "指定がなければ設けない。報道の400億円は別に示す",
        "none unless given; the reported JPY 40bn is shown beside",
    ),
    "insurance_share": Text(
        "保険で充当できる割合は定められていない。同梱の例示案と同じ2分の1を初期値とする",
        "no rule fixes the share; one half, as in the shipped illustrations, unless given",
    ),
    "capital_cost": Text(
        "社内の想定（年率）。資本コストの公表値はない",
        "a house assumption a year; none is published",
    ),
    "premium": Text(
        "社内の想定（限度額に対する年間の料率）。参考プログラムの料率は0.6%から8%",
        "a house assumption, rate on line a year; the reference programmes lie between 0.6 % and "
        "8 %",
    ),
    "days_cash": Text(
        "準備金を個別の承認なく使えるとしたときの、補填までの日数の想定。DMM Bitcoinの調達は14日",
        "an assumption of days to make good from a reserve usable without approval; DMM Bitcoin "
        "bought its coins in 14 days",
    ),
    "days_insurance": Text(
        "参考プログラムの中位の保険金支払日数", "days to cash of the middle reference programme"
    ),
    "phase_in": Text(
        "経過措置の年数。0は初日から全額", "years of phase-in; 0 is the whole from the first day"
    ),
    "rounding": Text(
        "目標を下回らないよう小数4桁に切り上げて確定する",
        "frozen upward to 4 places, so that the target still holds",
    ),
    "dollars": Text("日々の相場は同梱していない", "daily rates are not shipped"),
    "until": Text(
        "当てはめに用いる最後の年。指定がなければ全期間",
        "the last year fitted to; all unless given",
    ),
    "validate": Text(
        "この年までに当てはめ、以後を予測して点数を付ける",
        "fit up to this year, predict what came after and score it",
    ),
    "seed": Text(
        "再標本の乱数の種。同じ種は同じ結果となる",
        "of resampling; the same seed gives the same result",
    ),
}

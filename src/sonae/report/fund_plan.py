"""The plan of a reserve in a terminal: what is short, the payments, who bears it, price paths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text as Styled

from sonae.core.canonical import parse_number
from sonae.core.display import fixed
from sonae.core.text import Lang, Text
from sonae.report.format import day, money, percent, sentence, title
from sonae.report.terminal import short_text
from sonae.report.words import Words

Entries = Mapping[str, Mapping[str, Any]]


def plan_view(document: Mapping[str, Any], lang: Lang) -> RenderableType:
    """The document of `plan_fund` as one screen; every amount is in whole yen, ≈ where rounded."""
    view = PlanView(document, lang)
    draft = document["draft"]
    head = Styled(f"{document['venue']['name']} · {day(document['on'], lang)}", style="bold")
    mark = Words(lang)(f"standing.{draft['standing']}")
    rule = Styled(f"{title(draft['title'][lang], lang)} [{mark}]")
    note = Styled(sentence(draft["note"][lang], lang), style="dim")
    parts = [head, rule, note, view.amounts(), view.plan(), view.feasibility(), view.forecast()]
    if "stress" in document:
        parts.append(view.stress())
    return Group(*parts, *view.reasons())


class PlanView:
    """Tables of one document; why a value is not computable is said once, at the end."""

    def __init__(self, document: Mapping[str, Any], lang: Lang) -> None:
        self.document, self.lang = document, lang
        self.entries: Entries = {f["id"]: f for f in document["figures"]}
        self.gaps: dict[str, int] = {}

    def cell(self, id: str) -> str:
        """A value in a table; one that is not computable carries the number of its reason."""
        entry, words = self.entries[id], Words(self.lang)
        kind, unit = entry["kind"], entry["unit"]
        if kind == "not_computable":
            number = self.gaps.setdefault(entry["reason"][self.lang], len(self.gaps) + 1)
            return f"{words('value.not_computable')} [{number}]"
        if kind == "date":
            return day(entry["value"], self.lang)
        if kind in ("code", "truth"):
            word = {None: "never", True: "yes", False: "no"}[entry["value"]]
            return _WORDS[word].lang(self.lang)
        if kind == "number" and unit == "ratio":
            return percent(parse_number(entry["value"]), self.lang)
        if kind == "number" and unit == "years":
            years = parse_number(entry["value"])
            places = 0 if years.denominator == 1 else 1
            return _WORDS["years"].lang(self.lang).format(n=fixed(years, places))
        if kind == "number":
            return money(parse_number(entry["value"]))
        return short_text(entry, self.lang)

    def number(self, id: str) -> Fraction | None:
        """An exact value; None where it is not computable."""
        entry = self.entries[id]
        return parse_number(entry["value"]) if entry["kind"] == "number" else None

    def amounts(self) -> RenderableType:
        """Required, insurance, what is to be held, the balance and the shortfall."""
        ids = self.document["amounts"]["figures"]
        names = ["required", "insurance", "balance", "shortfall"]
        if self.document["with_insurance"]:
            names.insert(2, "to_hold")
        return self._pairs("amounts", [(self.label(ids[n]), ids[n]) for n in names])

    def plan(self) -> RenderableType:
        """One line per payment."""
        rows = self.document["plan"]
        span = _WORDS["plan"].lang(self.lang)
        span = span.format(
            first=day(self.document["first"], self.lang),
            target=day(self.document["target"], self.lang),
        )
        if not rows:
            return Group(self._title(span), Styled(_WORDS["nothing"].lang(self.lang)))
        if self.entries[rows[0]["figures"]["contribution"]]["kind"] == "not_computable":
            words = self.cell(rows[0]["figures"]["contribution"])
            return Group(self._title(span), Styled(words))
        table = self._table("pays_on", "contribution", "balance_after", "still_short")
        for row in rows:
            ids = row["figures"]
            cells = [self.cell(ids[k]) for k in ("contribution", "balance_after", "still_short")]
            table.add_row(day(row["pays_on"], self.lang), *cells)
        return Group(self._title(span), table)

    def feasibility(self) -> RenderableType:
        """The shortfall beside capital, net assets and profit, and the refill clock."""
        ids = self.document["feasibility"]["figures"]
        pairs = [(self.label(id), id) for key, id in ids.items() if key != "shortfall"]
        refill = self.document["refill"]
        used = _WORDS["refill"].lang(self.lang).format(day=day(refill["used_on"], self.lang))
        return self._pairs("feasibility", [*pairs, (used, refill["figures"]["due"])])

    def forecast(self) -> RenderableType:
        """One line per price path: its last day, the first day short and the worst shortfall."""
        forecast = self.document["forecast"]
        heads = ["path", "required", "reserve", "cover", "first_short", "worst", "worst_alone"]
        table = self._table(*heads)
        for path in forecast["paths"]:
            last, found = path["points"][-1]["figures"], path["figures"]
            ids = [last["required"], last["reserve"], last["cover"], found["first_day_short"]]
            ids += [found["worst_shortfall"], found["worst_shortfall_reserve_alone"]]
            table.add_row(path["label"][self.lang], *[self.cell(id) for id in ids])
        moving = forecast["moves"]["figures"]["moves_with_prices"]
        notes = [f"{self.label(moving)}: {self.cell(moving)}", forecast["note"][self.lang]]
        if forecast["history_missing"]:
            reason = forecast["history_missing"][self.lang]
            notes.append(_WORDS["no_history"].lang(self.lang).format(reason=reason))
        notes += self._assumptions()
        dim = [Styled(sentence(words, self.lang), style="dim") for words in notes]
        return Group(self._title(_WORDS["forecast"].lang(self.lang)), table, *dim)

    def stress(self) -> RenderableType:
        """One line per case: what is to hold, the months, and what a loss leaves."""
        found = self.document["stress"]
        table = self._table("case", "to_hold", "short", "months", "month", "gap", "each")
        for case in found["cases"]:
            ids, months = case["figures"], case["months"]
            first = months[0]["contribution"] if months else "0"
            each = money(parse_number(first)) if isinstance(first, str) else "-"
            cells = [self.cell(ids[k]) for k in ("to_hold", "shortfall")]
            gap = [self.cell(ids[k]) for k in ("recovery_gap", "recovery_gap_per_customer")]
            table.add_row(case["label"][self.lang], *cells, str(len(months)), each, *gap)
        note = Styled(sentence(found["note"][self.lang], self.lang), style="dim")
        return Group(self._title(_WORDS["stress"].lang(self.lang)), table, note)

    def reasons(self) -> list[RenderableType]:
        """Why values are not computable."""
        return [
            Styled(f"[{n}] {sentence(reason, self.lang)}", style="yellow")
            for reason, n in self.gaps.items()
        ]

    def _assumptions(self) -> list[str]:
        """What the balance rests on, such as that it was given and is money."""
        entry = self.entries[self.document["amounts"]["figures"]["balance"]]
        return [a[self.lang] for a in entry["assumptions"]]

    def label(self, id: str) -> str:
        """What a figure is called."""
        label = self.entries[id]["label"]
        return title(label[self.lang], self.lang) if label else id

    def _title(self, words: str) -> Styled:
        return Styled(f"\n{words}", style="bold")

    def _pairs(self, key: str, pairs: Sequence[tuple[str, str]]) -> RenderableType:
        table = Table(box=None, pad_edge=False, show_header=False)
        table.add_column()
        table.add_column(justify="right")
        for words, id in pairs:
            table.add_row(words, self.cell(id))
        return Group(self._title(_WORDS[key].lang(self.lang)), table)

    def _table(self, first: str, *rest: str) -> Table:
        table = Table(box=None, pad_edge=False, header_style="dim")
        table.add_column(_WORDS[first].lang(self.lang))
        for key in rest:
            table.add_column(_WORDS[key].lang(self.lang), justify="right")
        return table


_WORDS = {
    "amounts": Text("準備金の不足（円）", "What the reserve is short of (JPY)"),
    "plan": Text("積立計画（円）: {first}から{target}まで", "Plan (JPY): from {first} to {target}"),
    "nothing": Text("不足はなく、積立ては不要", "Nothing is short and nothing is to be paid."),
    "pays_on": Text("積立日", "paid on"),
    "contribution": Text("当月の積立額", "contribution"),
    "balance_after": Text("積立後の残高", "balance after"),
    "still_short": Text("なお不足する額", "still short"),
    "feasibility": Text("負担の見通し", "Whether the firm can bear it"),
    "refill": Text("補充期限（{day}に使用した場合）", "Refill due, if used on {day}"),
    "years": Text("{n}年", "{n} years"),
    "forecast": Text(
        "価格変動による30日後の見通し（円）", "Thirty days ahead, by price path (JPY)"
    ),
    "path": Text("価格経路", "price path"),
    "required": Text("30日後の所要額", "required, day 30"),
    "reserve": Text("30日後の準備金資産", "reserve, day 30"),
    "cover": Text("30日後の充当（継続時）", "cover, day 30"),
    "first_short": Text("最初に不足する日", "first day short"),
    "worst": Text("最大の不足額", "worst shortfall"),
    "worst_alone": Text("同（保険を除く）", "without insurance"),
    "stress": Text("ストレス時の積立計画と復旧不足額（円）", "Under stress (JPY)"),
    "case": Text("想定", "case"),
    "to_hold": Text("積み立てる額", "to be held"),
    "short": Text("不足額", "short"),
    "months": Text("月数", "months"),
    "month": Text("毎月の積立額", "each month"),
    "gap": Text("復旧不足額", "recovery gap"),
    "each": Text("利用者1人当たり", "for each customer"),
    "never": Text("なし", "none"),
    "yes": Text("はい", "yes"),
    "no": Text("いいえ", "no"),
    "no_history": Text("実績の価格経路はない: {reason}", "No path from prices seen: {reason}"),
}

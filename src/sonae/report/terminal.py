"""The close in a terminal: the day in one screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text as Styled

from sonae.core.canonical import parse_number
from sonae.core.text import Lang
from sonae.report.tree import CONFIDENCE, STANDING, amount_text, grouped, value_text

STYLES = {"breach": "bold red", "warning": "yellow", "note": "dim"}
WORDS = {
    "breach": {"ja": "違反", "en": "breach"},
    "warning": {"ja": "警告", "en": "warning"},
    "note": {"ja": "注記", "en": "note"},
    "regime": {"ja": "制度", "en": "regime"},
    "required": {"ja": "所要額", "en": "required"},
    "going": {"ja": "充当（継続時）", "en": "cover, going concern"},
    "failed": {"ja": "充当（破綻時）", "en": "cover, on insolvency"},
    "surplus": {"ja": "過不足", "en": "surplus"},
    "asset": {"ja": "資産", "en": "asset"},
    "owed": {"ja": "預かり", "en": "owed"},
    "held": {"ja": "保有", "en": "held"},
    "break": {"ja": "照合差異", "en": "break"},
    "due": {"ja": "期限", "en": "due"},
    "finding": {"ja": "指摘", "en": "finding"},
    "clean": {"ja": "違反・警告なし", "en": "no breach or warning"},
    "more": {"ja": "ほか注記{n}件（レポート参照）", "en": "and {n} notes (see the report)"},
    "refused": {"ja": "入力を受け付けられません", "en": "the input is refused"},
    "proposed": {"ja": "提案段階", "en": "proposed"},
}
SHOWN_PROBLEMS = 30


def summary(document: Mapping[str, Any], lang: Lang) -> RenderableType:
    """Venue, regimes, reconciliation and what must be acted on."""
    venue = document["venue"]
    title = Styled(f"{venue['name']} · {document['on']}", style="bold")
    figures = {f["id"]: f for f in document["figures"]}
    parts: list[RenderableType] = [title, _regimes(document, figures, lang)]
    parts += [_assets(document, lang), _findings(document["findings"], lang)]
    return Group(*parts)


def _regimes(document: Mapping[str, Any], figures: Mapping[str, Any], lang: Lang) -> RenderableType:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column(WORDS["regime"][lang])
    for key in ("required", "going", "failed", "surplus"):
        table.add_column(WORDS[key][lang], justify="right")
    for name, cover in document["cover"]["by_regime"].items():
        ids = cover["figures"]
        mark = f" ({WORDS['proposed'][lang]})" if cover["standing"] == "proposed" else ""
        cells = [ids["required"], ids["going_concern"]["total"], ids["on_insolvency"]["total"]]
        table.add_row(name + mark, *[_short(figures[i], lang) for i in [*cells, ids["surplus"]]])
    return table


def _short(entry: Mapping[str, Any], lang: Lang) -> str:
    """A cell: the number, or that it is not computable (the report says why)."""
    if entry["kind"] == "not_computable":
        return {"ja": "計算不能", "en": "not computable"}[lang]
    return amount_text(entry, lang).removesuffix(f" {entry['unit']}")


def _assets(document: Mapping[str, Any], lang: Lang) -> RenderableType:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column(WORDS["asset"][lang])
    for key in ("owed", "held", "break"):
        table.add_column(WORDS[key][lang], justify="right")
    for line in document["reconciliation"]:
        values = (line["owed"], line["held"]["total"], line["break"])
        table.add_row(
            line["asset"], *["-" if v is None else grouped(parse_number(v), 18) for v in values]
        )
    return table


def _findings(findings: Sequence[Mapping[str, Any]], lang: Lang) -> RenderableType:
    act = [f for f in findings if f["severity"] != "note"]
    lines: list[RenderableType] = []
    for finding in act:
        due = finding["due"][lang] if isinstance(finding["due"], Mapping) else finding["due"]
        clock = f"  [{WORDS['due'][lang]} {due}]" if due else ""
        mark = WORDS[finding["severity"]][lang]
        text = Styled(f"{mark} {finding['name']}", style=STYLES[finding["severity"]])
        lines.append(text.append(f"  {finding['message'][lang]}{clock}", style="default"))
    if not act:
        lines.append(Styled(WORDS["clean"][lang], style="green"))
    if rest := len(findings) - len(act):
        lines.append(Styled(WORDS["more"][lang].format(n=rest), style="dim"))
    return Group(*lines)


def refusal(problems: Sequence[Mapping[str, Any]], lang: Lang) -> RenderableType:
    """Why the input is refused, place by place."""
    lines = [Styled(f"{WORDS['refused'][lang]} ({len(problems)})", style="bold red")]
    for problem in problems[:SHOWN_PROBLEMS]:
        row = f" row {problem['row']}" if problem["row"] is not None else ""
        key = f" [{problem['key']}]" if problem["key"] else ""
        place = f"{problem['file'] or problem['table']}{row} {problem['column']}{key}"
        lines.append(Styled(f"{place}: {problem['message'][lang]} ({problem['name']})"))
    if len(problems) > SHOWN_PROBLEMS:
        lines.append(Styled(f"… {len(problems) - SHOWN_PROBLEMS}", style="dim"))
    return Group(*lines)


# -- the rulebook ------------------------------------------------------------------------------


def _table(lang: Lang, *columns: tuple[str, str]) -> Table:
    """A plain table with headings in the language; long cells fold."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for words in columns:
        table.add_column(words[0] if lang == "ja" else words[1], overflow="fold")
    return table


def steps(found: Sequence[Mapping[str, Any]], lang: Lang) -> RenderableType:
    """A timeline of law."""
    columns = (("日付", "day"), ("値", "value"), ("状態", "status"), ("確度", "confidence"))
    table = _table(lang, *columns, ("条項", "provision"))
    for step in found:
        mark = {"ja": "確認日以降", "en": "attested"}[lang] if step["attested"] else ""
        status = STANDING.get(step["status"], {}).get(lang, step["status"])
        table.add_row(
            f"{step['on']} {mark}",
            f"{step['title'][lang]}: {step['value']} {step['unit']}",
            status,
            CONFIDENCE[step["confidence"]][lang],
            step["provision"][lang],
        )
    return table


def differences(found: Mapping[str, Any], lang: Lang) -> RenderableType:
    """Two editions side by side."""
    law = _table(lang, ("法令・案", "law or draft"), (found["before"],) * 2, (found["after"],) * 2)
    for item in found["law"]:
        law.add_row(
            f"{item['what']} {item['title'][lang]}", item["before"] or "—", item["after"] or "—"
        )
    parts: list[RenderableType] = [law]
    if found["venue"] is not None:
        name = found["venue"]["name"]
        table = _table(lang, (name, name), (found["before"],) * 2, (found["after"],) * 2)
        for item in found["venue"]["outputs"]:
            cells = [value_text(item[k], lang) if item[k] else "—" for k in ("before", "after")]
            table.add_row(item["id"], *cells)
        parts += ["", table]
    return Group(*parts)


def duties(found: Mapping[str, Any], lang: Lang) -> RenderableType:
    """Clocks in the order they fall due."""
    columns = (("期限", "due"), ("翌開庁日等", "next open day"), ("義務", "duty"))
    table = _table(
        lang, *columns, ("起算", "begins with"), ("暦", "calendar"), ("条項", "provision")
    )
    for duty in found["duties"]:
        due = duty["due"] if isinstance(duty["due"], str) else duty["due"][lang]
        table.add_row(
            due,
            duty["open_day"] or "",
            duty["title"][lang],
            duty["begins_with"][lang],
            duty["calendar"][lang],
            duty["provision"][lang],
        )
    title = f"{found['venue']} · {found['from']} – {found['to']} ({found['time_zone']})"
    return Group(Styled(title, style="bold"), table)


def proposal(found: Mapping[str, Any], lang: Lang) -> RenderableType:
    """A draft: what it would require, its text, the comparison, what is undecided."""
    mark = WORDS["proposed"][lang]
    parts: list[RenderableType] = [
        Styled(f"{found['title'][lang]} ({mark})", style="bold"),
        Styled(found["note"][lang], style="dim"),
    ]
    for version in found["versions"]:
        table = _table(lang, (version["rule"],) * 2, ("所要額", "required"))
        for venue in version["venues"]:
            required = value_text(venue["outputs"]["required"], lang)
            table.add_row(f"{venue['venue']} {venue['on']}", required)
        open_ = "、".join(t[lang] for t in version["undecided"])
        label = {"ja": "未定", "en": "undecided"}[lang]
        parts += ["", table, "", *version["article"], Styled(f"{label}: {open_}", style="dim")]
    if found["against"]:
        pairs = _table(lang, ("新", "new"), ("旧", "former"))
        for pair in found["comparison"]:
            pairs.add_row(pair["after"] or "（削る）", pair["before"] or "（新設）")
        title = {"ja": "新旧対照表", "en": "comparison with the former draft"}[lang]
        parts += ["", Styled(title, style="bold"), pairs]
    return Group(*parts)


def matrix(found: Mapping[str, Any], lang: Lang) -> RenderableType:
    """A venue under every regime: own currency, the venue's currency, clock."""
    home = found["currency"]
    columns = (("制度", "regime"), ("規則・案", "rule or draft"), ("所要額", "required"))
    more = (("算入額", "counts"), ("不足額", "shortfall"), (f"不足額（{home}）", f"short ({home})"))
    table = _table(lang, *columns, *more, ("期限", "clock"), ("確度", "confidence"))
    reasons: list[str] = []
    for line in found["lines"]:
        mark = f" ({WORDS['proposed'][lang]})" if line["standing"] == "proposed" else ""
        ids = [line[k] for k in ("required", "counts", "shortfall")] + [line["home"]["shortfall"]]
        table.add_row(
            line["regime"],
            f"{line['title'][lang]}{mark}",
            *[_noted(found["figures"][i], lang, reasons) for i in ids],
            line["clock"][lang],
            CONFIDENCE[line["confidence"]][lang],
        )
    title = Styled(f"{found['venue']} · {found['on']}", style="bold")
    notes = [Styled(f"[{n}] {reason}", style="dim") for n, reason in enumerate(reasons, 1)]
    return Group(title, table, *notes)


def _noted(entry: Mapping[str, Any], lang: Lang, reasons: list[str]) -> str:
    """An amount in whole units, or that it is not computable with the number of its reason."""
    if entry["kind"] != "not_computable":
        return amount_text(entry, lang)
    reason = entry["reason"][lang]
    if reason not in reasons:
        reasons.append(reason)
    return f"{_short(entry, lang)} [{reasons.index(reason) + 1}]"

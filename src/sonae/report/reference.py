"""Reference pages of the rulebook in Markdown: one page per topic and language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sonae.core.text import Lang
from sonae.report.words import Words

WORDS = {
    "provision": {"ja": "条項", "en": "Provision"},
    "needs": {"ja": "入力", "en": "Needs"},
    "outputs": {"ja": "出力", "en": "Outputs"},
    "formula": {"ja": "算式（実装のまま）", "en": "Formula as written"},
    "parameters": {"ja": "パラメーター", "en": "Parameters"},
    "example": {"ja": "計算例", "en": "Worked example"},
    "cases": {"ja": "検証用事例", "en": "Cases"},
    "unmodelled": {"ja": "表現していない事項", "en": "Not modelled"},
    "rules": {"ja": "規則", "en": "Rules"},
    "optional": {"ja": "任意", "en": "optional"},
    "unchecked": {"ja": "人による照合は未了", "en": "not yet compared with the text by a person"},
    "attested": {"ja": "以降（確認日。施行日は不明）", "en": "on (attested; first day unknown)"},
    "from": {"ja": "以降", "en": "on"},
    "no_case": {"ja": "事例なし", "en": "no case"},
    "index": {"ja": "規則集", "en": "Rulebook"},
    "reverse": {"ja": "条項から規則・報告行へ", "en": "From provision to rules and report lines"},
}
HEADINGS = {
    "ja": ("値", "期間", "状態", "確度", "条項"),
    "en": ("value", "in force", "status", "confidence", "provision"),
}


def page(topic: Mapping[str, Any], lang: Lang) -> str:
    """A topic's page."""
    lines = [f"# {topic['title'][lang]}", "", f"`{topic['id']}`", ""]
    for rule in topic["rules"]:
        lines += _rule(rule, lang)
    if topic["parameters"]:
        lines += [f"## {WORDS['parameters'][lang]}", ""]
        for parameter in topic["parameters"]:
            lines += _parameter(parameter, lang)
    if topic["unmodelled"]:
        lines += [f"## {WORDS['unmodelled'][lang]}", ""]
        for item in topic["unmodelled"]:
            quote = f" 「{item['says']}」" if item["says"] else ""
            lines.append(f"- {item['provision'][lang]}{quote}: {item['reason'][lang]}")
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _rule(rule: Mapping[str, Any], lang: Lang) -> Iterator[str]:
    yield from (f"## {rule['title'][lang]}", "", f"`{rule['id']}`", "")
    yield f"**{WORDS['provision'][lang]}** {rule['provision'][lang]}"
    yield ""
    if rule["says"]:
        yield from (f"> {rule['says']}", "")
    yield from (rule["explains"], "") if lang == "en" else ()
    yield f"**{WORDS['needs'][lang]}** " + ", ".join(_need(n, lang) for n in rule["needs"])
    yield ""
    yield f"**{WORDS['outputs'][lang]}**"
    yield ""
    yield from (f"- `{key}` {title[lang]}" for key, title in rule["outputs"].items())
    yield from ("", f"**{WORDS['formula'][lang]}**", "", "```python", rule["source"], "```", "")
    if rule["cases"]:
        case = rule["cases"][0]
        yield from (f"**{WORDS['example'][lang]}** `{case['id']}` ({case['on']})", "", "```json")
        yield from (case["given"], "→", case["expect"], "```", "")
        names = ", ".join(f"`{c['id']}`" for c in rule["cases"])
        yield f"**{WORDS['cases'][lang]}** {names}"
    else:
        yield f"**{WORDS['cases'][lang]}** {WORDS['no_case'][lang]}"
    yield ""


def _need(need: Mapping[str, Any], lang: Lang) -> str:
    return f"`{need['key']}`" + ("" if need["required"] else f" ({WORDS['optional'][lang]})")


def _parameter(parameter: Mapping[str, Any], lang: Lang) -> Iterator[str]:
    yield from (
        f"### {parameter['title'][lang]}",
        "",
        f"`{parameter['key']}` ({parameter['unit']})",
    )
    heads = HEADINGS[lang]
    yield from ("", "| " + " | ".join(heads) + " |", "|" + "---|" * len(heads))
    for value in parameter["values"]:
        since = WORDS["attested" if value["attested"] else "from"][lang]
        period = f"{value['on']} {since}" if lang == "ja" else f"from {value['on']} {since}"
        status = Words(lang).known(f"standing.{value['status']}", value["status"])
        cells = (
            value["value"],
            period.removesuffix(" on"),
            status,
            Words(lang)(f"confidence.{value['confidence']}"),
            value["provision"][lang],
        )
        yield "| " + " | ".join(cells) + " |"
    yield ""
    for value in parameter["values"]:
        if value["says"]:
            yield from (f"> {value['says']}", "")
        if value["note"]:
            yield from (f"*{value['note'][lang]}*", "")
    if any(v["checked"] is None for v in parameter["values"]):
        yield from (f"*{WORDS['unchecked'][lang]}*", "")


def index(
    topics: Sequence[Mapping[str, Any]], reverse: Sequence[Mapping[str, Any]], lang: Lang
) -> str:
    """The list of topics, and from every provision back to rules and report lines."""
    lines = [f"# {WORDS['index'][lang]}", ""]
    for topic in topics:
        rules = ", ".join(f"`{r['id']}`" for r in topic["rules"])
        lines.append(f"- [{topic['title'][lang]}]({topic['id']}.{lang}.md) {rules}")
    lines += ["", f"## {WORDS['reverse'][lang]}", "", "| | |", "|---|---|"]
    for item in reverse:
        names = ", ".join(f"`{n}`" for n in item["lines"])
        lines.append(f"| {item['provision'][lang]} | {names} |")
    return "\n".join(lines) + "\n"

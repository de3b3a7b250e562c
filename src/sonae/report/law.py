"""The rulebook in a terminal: timelines, differences, duties, drafts, venues under every regime."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text as Styled

from sonae.core.text import Lang
from sonae.report.terminal import short_text
from sonae.report.tree import amount_text, value_text
from sonae.report.words import Words


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
        status = Words(lang).known(f"standing.{step['status']}", step["status"])
        table.add_row(
            f"{step['on']} {mark}",
            f"{step['title'][lang]}: {step['value']} {step['unit']}",
            status,
            Words(lang)(f"confidence.{step['confidence']}"),
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
    mark = Words(lang)("terminal.proposed")
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
        mark = f" ({Words(lang)('terminal.proposed')})" if line["standing"] == "proposed" else ""
        ids = [line[k] for k in ("required", "counts", "shortfall")] + [line["home"]["shortfall"]]
        table.add_row(
            line["regime"],
            f"{line['title'][lang]}{mark}",
            *[_noted(found["figures"][i], lang, reasons) for i in ids],
            line["clock"][lang],
            Words(lang)(f"confidence.{line['confidence']}"),
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
    return f"{short_text(entry, lang)} [{reasons.index(reason) + 1}]"

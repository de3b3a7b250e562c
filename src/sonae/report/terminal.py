"""The close in a terminal: the day in one screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text as Styled

from sonae.core.canonical import parse_number
from sonae.core.display import exact
from sonae.core.text import Lang
from sonae.report.against import against
from sonae.report.figures import Figures
from sonae.report.seal import not_sealed
from sonae.report.titles import Titles
from sonae.report.tree import amount_text
from sonae.report.words import Words

STYLES = {"breach": "bold red", "warning": "yellow", "note": "dim"}
SHOWN_PROBLEMS = 30


def summary(document: Mapping[str, Any], lang: Lang) -> RenderableType:
    """Venue, regimes, reconciliation and what must be acted on."""
    venue = document["venue"]
    title = Styled(f"{venue['name']} · {document['on']}", style="bold")
    if document["what_if_on"]:
        title.append(" " + Words(lang)("terminal.what_if", day=document["what_if_on"]))
    figures = {f["id"]: f for f in document["figures"]}
    parts: list[RenderableType] = [title, _regimes(document, figures, lang)]
    parts += [_assets(document, lang), _segregation(document, figures, lang)]
    parts += [_findings(document["findings"], lang)]
    if left := (document["seal"] or {}).get("not_sealed"):
        parts += [not_sealed(left, lang)]
    return Group(*parts)


def _segregation(
    document: Mapping[str, Any], figures: Mapping[str, Any], lang: Lang
) -> RenderableType:
    totals = document["segregation"]["totals"]
    fall, unknown = (short_text(figures[totals[s]], lang) for s in ("would_fall", "not_known"))
    return Styled(Words(lang)("segregation.terminal", fall=fall, unknown=unknown), style="dim")


def _regimes(document: Mapping[str, Any], figures: Mapping[str, Any], lang: Lang) -> RenderableType:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column(Words(lang)("terminal.regime"))
    for key in ("required", "going", "failed", "surplus"):
        table.add_column(Words(lang)(f"terminal.{key}"), justify="right")
    for name, cover in document["cover"]["by_regime"].items():
        ids = cover["figures"]
        mark = f" ({Words(lang)('terminal.proposed')})" if cover["standing"] == "proposed" else ""
        cells = [ids["required"], ids["going_concern"]["total"], ids["on_insolvency"]["total"]]
        unit = figures[ids["required"]]["unit"]
        currency = "" if unit == document["venue"]["currency"] else f" {unit}"
        table.add_row(
            name + mark + currency,
            *[short_text(figures[i], lang) for i in [*cells, ids["surplus"]]],
        )
    return table


def short_text(entry: Mapping[str, Any], lang: Lang) -> str:
    """A cell: the number, or that it is not computable (the report says why)."""
    if entry["kind"] == "not_computable":
        return Words(lang)("value.not_computable")
    return amount_text(entry, lang).removesuffix(f" {entry['unit']}")


def _assets(document: Mapping[str, Any], lang: Lang) -> RenderableType:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column(Words(lang)("terminal.asset"))
    for key in ("owed", "held", "break"):
        table.add_column(Words(lang)(f"terminal.{key}"), justify="right")
    for line in document["reconciliation"]:
        values = (line["owed"], line["held"]["total"], line["break"])
        table.add_row(
            line["asset"], *["-" if v is None else exact(parse_number(v)) for v in values]
        )
    return table


def _findings(findings: Sequence[Mapping[str, Any]], lang: Lang) -> RenderableType:
    act = [f for f in findings if f["severity"] != "note"]
    lines: list[RenderableType] = []
    for finding in act:
        due = finding["due"][lang] if isinstance(finding["due"], Mapping) else finding["due"]
        clock = f"  [{Words(lang)('terminal.due')} {due}]" if due else ""
        mark = Words(lang)(f"terminal.{finding['severity']}")
        text = Styled(f"{mark} {finding['name']}", style=STYLES[finding["severity"]])
        lines.append(text.append(f"  {finding['message'][lang]}{clock}", style="default"))
    if not act:
        lines.append(Styled(Words(lang)("terminal.clean"), style="green"))
    if rest := len(findings) - len(act):
        lines.append(Styled(Words(lang)("terminal.more", n=rest), style="dim"))
    return Group(*lines)


def loss(document: Mapping[str, Any], lang: Lang) -> RenderableType | None:
    """The loss in question against each rule and draft, where the venue names one."""
    figures = Figures(document, lang)
    found = against(figures, Titles(figures))
    if found is None:
        return None
    words = Words(lang)
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column(words("terminal.rule"))
    for key in ("required", "covered", "share"):
        table.add_column(words(f"terminal.{key}"), justify="right")
    for row in found.rows:
        name = f"{row.title} {row.detail}".strip()
        table.add_row(name, row.required.text, row.covered, row.share)
    title = Styled(words("terminal.against", loss=found.loss.text), style="bold")
    context = [Styled(f"{n.what} ({n.source})", style="dim") for n in found.context]
    return Group(title, table, *context)


def refusal(problems: Sequence[Mapping[str, Any]], lang: Lang) -> RenderableType:
    """Why the input is refused, place by place."""
    words = Words(lang)
    lines = [Styled(f"{words('terminal.refused')} ({len(problems)})", style="bold red")]
    for problem in problems[:SHOWN_PROBLEMS]:
        row = "" if problem["row"] is None else words("terminal.at_row", n=problem["row"])
        key = f"[{problem['key']}]" if problem["key"] else ""
        at = (problem["file"] or problem["table"], row, problem["column"], key)
        place = " ".join(part for part in at if part)
        lines.append(Styled(f"{place}: {problem['message'][lang]} ({problem['name']})"))
    if len(problems) > SHOWN_PROBLEMS:
        lines.append(Styled(f"… {len(problems) - SHOWN_PROBLEMS}", style="dim"))
    if any(problem["row"] is not None for problem in problems[:SHOWN_PROBLEMS]):
        lines.append(Styled(words("refusal.row_note"), style="dim"))
    return Group(*lines)

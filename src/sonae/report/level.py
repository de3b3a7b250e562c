"""Levels in a terminal: a calibration, totals of a survey, statistics, a mix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text as Styled

from sonae.core.text import Lang
from sonae.report.level_view import LevelView, oku, span
from sonae.report.words import Words

Found = Mapping[str, Any]


def table_of(head: Sequence[str], rows: Sequence[Sequence[str]]) -> RenderableType:
    """A plain table; the first column is words, the rest numbers."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for n, cell in enumerate(head):
        table.add_column(Styled(cell), justify="left" if n == 0 else "right")
    for row in rows:
        table.add_row(*(Styled(cell) for cell in row))  # brackets are words, not markup
    return table


def calibration_view(found: Found, lang: Lang) -> RenderableType:
    """The document of `calibrate` as one screen."""
    view, words = LevelView(found, lang), Words(lang)
    parts: list[RenderableType] = [
        Styled(view.title(), style="bold"),
        Styled(view.mark(), style="dim"),
    ]
    for key, rows in view.tables().items():
        if len(rows) > 1:
            parts += [
                Styled(f"\n{words(f'level.{key}')}", style="bold"),
                table_of(rows[0], rows[1:]),
            ]
    notes = [Styled(line, style="dim") for line in view.notes()]
    return Group(*parts, Styled(""), *notes)


def totals_view(found: Found, lang: Lang) -> RenderableType:
    """Totals of a survey; a suppressed cell says so."""
    words = Words(lang)
    head = [words("level.item"), *(words(f"level.{g}") for g in ("small", "mid", "large", "all"))]
    rows = []
    for item in found["items"].values():
        cells = []
        for group in ("small", "mid", "large", "all"):
            cell = item[group]
            hidden = words("level.suppressed")
            cells.append(
                hidden if cell["suppressed"] else f"{int(cell['sum']):,} ({cell['firms']})"
            )
        rows.append([item["label"][lang], *cells])
    rule = Styled(found["suppression"]["words"][lang], style="dim")
    return Group(table_of(head, rows), rule)


def association_view(found: Found, lang: Lang) -> RenderableType:
    """What the statistics give."""
    words, turnover = Words(lang), found["turnover"]
    lines = [words("level.months", n=found["months"], first=found["first"], last=found["last"])]
    if found["custody_jpy"]:
        lines.append(
            words(
                "level.custody_of",
                month=found["custody_month"],
                amount=oku(found["custody_jpy"], lang),
            )
        )
    if turnover:
        lines.append(words("level.turnover", range=span([turnover["least"], turnover["most"]])))
    return Group(*(Styled(line) for line in lines))

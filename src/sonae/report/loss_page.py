"""Sections with lines, a table and a chart: the same for the terminal and for a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from markupsafe import Markup
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text as Styled

from sonae.core.text import Lang
from sonae.report.html import page


@dataclass(frozen=True, slots=True)
class Section:
    """A title, lines, a table whose columns of `right` hold numbers, and a chart for pages."""

    title: str
    lines: tuple[str, ...] = ()
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    right: frozenset[int] = field(default_factory=frozenset)
    chart: Markup | None = None


def html(
    title: str, kind: str, lead: Sequence[str], sections: Sequence[Section], lang: Lang
) -> str:
    """One self-contained page."""
    view = {"title": title, "kind": kind, "lead": lead, "sections": sections}
    return page("loss.html", lang, title, "", view)


def terminal(title: str, lead: Sequence[str], sections: Sequence[Section]) -> RenderableType:
    """Tables one below another; charts are left to pages."""
    parts: list[RenderableType] = [Styled(title, style="bold"), *map(Styled, lead)]
    for section in sections:
        if not (section.rows or section.lines):
            continue
        parts += [Styled(""), Styled(section.title, style="bold")]
        if section.rows:
            table = Table(box=None, pad_edge=False, header_style="dim")
            for n, name in enumerate(section.head):
                justify = "right" if n in section.right else "left"
                table.add_column(name, justify=justify, overflow="fold")  # type: ignore[arg-type]
            for row in section.rows:
                table.add_row(*row)
            parts.append(table)
        parts += [Styled(line, style="dim") for line in section.lines]
    return Group(*parts)

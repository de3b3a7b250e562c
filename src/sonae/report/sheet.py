"""A sheet of words, commands and tables in one or both languages: read on a screen or on paper."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sonae.core.text import Lang, Text
from sonae.report.html import page

Cell = Text | str
NUMBER = re.compile("[−-]?[0-9][0-9,.]*")
"""A column of these stands to the right."""


def words(cell: Cell, lang: Lang) -> str:
    """A cell in one language."""
    return cell.lang(lang) if isinstance(cell, Text) else cell


@dataclass
class Sheet:
    """Blocks in order; each is in both languages until it is shown."""

    kind: Cell
    title: Cell
    blocks: list[tuple[str, Any]] = field(default_factory=list)

    def head(self, text: Cell) -> Sheet:
        """A heading."""
        self.blocks.append(("h2", text))
        return self

    def say(self, *texts: Cell) -> Sheet:
        """Paragraphs."""
        self.blocks += [("p", text) for text in texts]
        return self

    def show(self, text: Cell) -> Sheet:
        """Something to be typed or compared."""
        self.blocks.append(("pre", text))
        return self

    def steps(self, *steps: tuple[Cell, str]) -> Sheet:
        """Numbered steps, each with a command or ""."""
        self.blocks.append(("steps", steps))
        return self

    def table(self, head: Sequence[Cell], rows: Sequence[Sequence[Cell]]) -> Sheet:
        """A table; nothing where there is no row."""
        if rows:
            self.blocks.append(("table", [head, *rows]))
        return self

    def _in(self, lang: Lang) -> dict[str, Any]:
        def one(kind: str, body: Any) -> Any:
            if kind == "steps":
                return [(words(said, lang), command) for said, command in body]
            if kind == "table":
                rows = [[words(cell, lang) for cell in row] for row in body]
                right = [
                    all(map(NUMBER.fullmatch, column)) for column in zip(*rows[1:], strict=True)
                ]
                return [list(zip(row, right, strict=True)) for row in rows]
            return words(body, lang)

        return {
            "lang": lang,
            "kind": words(self.kind, lang),
            "title": words(self.title, lang),
            "blocks": [(kind, one(kind, body)) for kind, body in self.blocks],
        }


def sheet_page(sheet: Sheet, *langs: Lang) -> str:
    """One self-contained page; with two languages the second begins a new sheet of paper."""
    foot = words(sheet.title, langs[0])
    return page("sheet.html", langs[0], foot, "", {"sheets": [sheet._in(x) for x in langs]})

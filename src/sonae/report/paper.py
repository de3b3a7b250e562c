"""A document for paper: sections of words, tables and pictures, as PDF/A and as a workbook.

One view, two files. What a court, a supervisor or an insurer files is written here once; the PDF is
set by Typst and the same view gives the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from importlib.resources import files
from typing import Final

import typst

from sonae.core.errors import Refused
from sonae.core.text import Lang, Text
from sonae.report.format import day
from sonae.report.sheets import SHEET_ROWS, Row, workbook

COVER: Final = "document"
"""The first sheet of a workbook."""
STANDARD: Final = "a-3b"
"""PDF/A-3: made to be kept (ISO 19005-3)."""
FONTS: dict[Lang, tuple[str, ...]] = {
    "ja": ("Noto Sans CJK JP", "IPAexGothic", "Hiragino Sans", "Yu Gothic", "MS Gothic"),
    "en": ("Noto Sans CJK JP", "Libertinus Serif"),
}
"""In order of preference; the last English one comes with Typst."""


@dataclass(frozen=True, slots=True)
class Amount:
    """A number as a page shows it, where it may be rounded and then says ≈, and with every digit.

    The workbook has every digit.
    """

    shown: Text
    whole: str


Cell = str | Text | Amount


@dataclass(frozen=True, slots=True)
class Column:
    """The head of a column; numbers stand to the right, what is `narrow` takes no spare room."""

    title: Text
    number: bool = False
    narrow: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under columns; `name` is its sheet in the workbook, 31 characters at most."""

    name: str
    title: Text
    columns: tuple[Column, ...]
    rows: Sequence[Sequence[Cell]]
    note: Text | None = None
    total: bool = False
    """True where the last row is a sum."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing as SVG, one for both languages or one for each, and what it shows, in words."""

    svg: str | Text
    alt: Text
    title: Text | None = None


@dataclass(frozen=True, slots=True)
class Boxes:
    """Empty boxes beside one another, to be dated and signed by hand."""

    names: tuple[Text, ...]
    lines: tuple[Text, ...]


Block = Text | Table | Picture | Boxes


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it."""

    title: Text
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Paper:
    """A whole document.

    `mark` is written across every page and in every sheet, as where a proposal was assumed; `wide`
    lays the paper on its side.
    """

    title: Text
    entity: str
    on: date
    facts: tuple[tuple[Text, Cell], ...]
    sections: tuple[Section, ...]
    mark: Text | None = None
    wide: bool = False

    def tables(self) -> Iterator[Table]:
        """Every table, in order."""
        for section in self.sections:
            yield from (b for b in section.blocks if isinstance(b, Table))


def pdf(paper: Paper, lang: Lang) -> bytes:
    """The document as PDF/A; the same paper is the same bytes.

    Raises:
        Refused: no font with Japanese characters is installed.
    """
    font = _font(lang)
    template = files("sonae.report.templates").joinpath("paper.typ").read_bytes()
    made = datetime(paper.on.year, paper.on.month, paper.on.day, tzinfo=UTC)
    found = typst.compile(
        template,
        format="pdf",
        sys_inputs={"view": json.dumps(_view(paper, lang, font), ensure_ascii=False)},
        pdf_standards=STANDARD,
        timestamp=int(made.timestamp()),
    )
    assert isinstance(found, bytes)
    return found


def sheets(paper: Paper, lang: Lang) -> bytes:
    """The tables of the document as a workbook, one sheet each, every digit kept.

    Raises:
        Refused: a table is longer than a sheet.
    """
    mark = "" if paper.mark is None else paper.mark.lang(lang)
    found: dict[str, list[Row]] = {COVER: _cover(paper, lang, mark)}
    for table in paper.tables():
        if len(table.rows) >= SHEET_ROWS:
            raise Refused(f"{table.name}: {len(table.rows)} rows; a sheet holds {SHEET_ROWS - 1}")
        head = [*(c.title.lang(lang) for c in table.columns), *([mark] if mark else [])]
        found[table.name] = [head, *([_whole(c, lang) for c in row] for row in table.rows)]
    return workbook(found, mark)


def _cover(paper: Paper, lang: Lang, mark: str) -> list[Row]:
    """The first sheet: what the document is, its facts and its mark."""
    rows: list[Row] = [[paper.title.lang(lang), mark]]
    rows += [["", paper.entity], ["", day(paper.on.isoformat(), lang)]]
    return rows + [[name.lang(lang), _whole(value, lang)] for name, value in paper.facts]


@cache
def _families() -> frozenset[str]:
    """Names of the font families there are, on the system and with Typst."""
    return frozenset(typst.Fonts().families())


def _font(lang: Lang) -> str:
    found = next((f for f in FONTS[lang] if f in _families()), None)
    if found is None:
        raise Refused(
            "a PDF in Japanese needs a font with Japanese characters; install Noto Sans CJK "
            "(Debian: fonts-noto-cjk) or take the workbook"
        )
    return found


def _cell(cell: Cell, lang: Lang) -> str:
    """A cell as it stands on a page."""
    if isinstance(cell, Amount):
        return cell.shown.lang(lang)
    return cell.lang(lang) if isinstance(cell, Text) else cell


def _whole(cell: Cell, lang: Lang) -> str:
    """A cell as it stands in the workbook."""
    return cell.whole if isinstance(cell, Amount) else _cell(cell, lang)


def _view(paper: Paper, lang: Lang, font: str) -> dict[str, object]:
    return {
        "lang": lang,
        "font": font,
        "title": paper.title.lang(lang),
        "entity": paper.entity,
        "on": day(paper.on.isoformat(), lang),
        "wide": paper.wide,
        "mark": None if paper.mark is None else paper.mark.lang(lang),
        "facts": [[name.lang(lang), _cell(value, lang)] for name, value in paper.facts],
        "sections": [
            {"title": s.title.lang(lang), "blocks": [_block(b, lang, font) for b in s.blocks]}
            for s in paper.sections
        ],
    }


def _block(block: Block, lang: Lang, font: str) -> dict[str, object]:
    if isinstance(block, Text):
        return {"kind": "words", "text": block.lang(lang)}
    if isinstance(block, Picture):
        svg = _cell(block.svg, lang).replace('"sans-serif"', f'"{font}"')
        title = "" if block.title is None else block.title.lang(lang)
        return {"kind": "picture", "svg": svg, "alt": block.alt.lang(lang), "title": title}
    if isinstance(block, Boxes):
        names, lines = ([t.lang(lang) for t in x] for x in (block.names, block.lines))
        return {"kind": "boxes", "names": names, "lines": lines}
    return {
        "kind": "table",
        "title": block.title.lang(lang),
        "heads": [c.title.lang(lang) for c in block.columns],
        "numbers": [c.number for c in block.columns],
        "narrow": [c.number or c.narrow for c in block.columns],
        "rows": [[_cell(c, lang) for c in row] for row in block.rows],
        "total": block.total,
        "note": "" if block.note is None else block.note.lang(lang),
    }

"""A mix of cash and insurance as one self-contained page."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from markupsafe import Markup

from sonae.core.text import Lang
from sonae.report import format as fmt
from sonae.report.html import page
from sonae.report.level_view import oku
from sonae.report.loss_page import Section
from sonae.report.mix import mix_notes, mix_tables, mix_title
from sonae.report.plot import Line, Point, chart, mark
from sonae.report.words import Words


def mix_page(found: Mapping[str, Any], lang: Lang) -> str:
    """The page in one language."""
    words, title = Words(lang), mix_title(found, lang)
    sections = [
        {
            "id": key, "title": words(f"mix.of_{key}"), "head": head, "rows": rows,
            "chart": _frontier(found, words) if key == "frontier" else "",
        }
        for key, (head, rows) in mix_tables(found, lang).items()
    ]  # fmt: skip
    view = {
        "title": title,
        "asked": words(
            "mix.asked", source=found["asked"]["source"],
            custody=oku(Fraction(str(found["asked"]["custody"])), lang),
            required=oku(Fraction(str(found["asked"]["required"])), lang),
        ),
        "sections": sections,
        "notes": [fmt.sentence(n, lang) for n in mix_notes(found, lang)],
        "marks": {k: mark(k) for k in ("circle", "square")},
    }  # fmt: skip
    return page("mix.html", lang, title, words("mix.estimate"), {"mix": view})


def mix_sections(found: Mapping[str, Any], lang: Lang) -> list[Section]:
    """The same for a page of somebody else's: a section for each table, notes at the end."""
    words = Words(lang)
    sections = [
        Section(
            words(f"mix.of_{key}"),
            (),
            tuple(head),
            tuple(tuple(row) for row in rows),
            frozenset(range(2 if key == "layers" else 1, len(head))),
            _key(words) + _frontier(found, words) if key == "frontier" else None,
        )
        for key, (head, rows) in mix_tables(found, lang).items()
    ]
    notes = tuple(fmt.sentence(n, lang) for n in mix_notes(found, lang))
    return [*sections, Section(words("mix.estimate"), notes)]


def _key(words: Words) -> Markup:
    """What each mark of the frontier stands for."""
    pairs = (("circle", "cost"), ("square", "cash"))
    items = (Markup("<li>{}{}</li>").format(mark(m), words(f"mix.{k}")) for m, k in pairs)
    return Markup('<ul class="keys">{}</ul>').format(Markup("").join(items))


def _frontier(found: Mapping[str, Any], words: Words) -> Markup:
    """Cost a year, and cash, of the cheapest programme at each level of the retained tail."""
    points = found["frontier"]
    most = max([*(p["cash"] for p in points), 1])
    step = 1000 // max(len(points) - 1, 1)

    def line(key: str, shape: str) -> Line:
        places = [Point(n * step, round(1000 * p[key] / most), "") for n, p in enumerate(points)]
        return Line(shape, places)

    across = [(n * step, f"{p['level']:g}") for n, p in enumerate(points)]
    up = [(n * 250, oku(Fraction(round(most * n)) / 4, words.lang)) for n in range(5)]
    names = (words("mix.level"), words("mix.a_year"))
    return chart(
        [line("cost", "circle"), line("cash", "square")], across, up, names,
        words("mix.of_frontier"),
    )  # fmt: skip

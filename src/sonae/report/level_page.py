"""A calibration as one page: what was fitted, every named loss, who bears it, what it costs."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import log10
from typing import Any

from markupsafe import Markup

from sonae.core.text import Lang
from sonae.report.html import page
from sonae.report.level_view import LevelView, oku, ratio
from sonae.report.plot import Line, Point, chart, mark
from sonae.report.svg import bar

DECADES = (8, 14)
"""Bars of firms run from JPY 100m to 100tn, each power of ten as wide as the next."""
ONE = Fraction(1)


def level_page(document: Mapping[str, Any], lang: Lang) -> str:
    """The page in one language."""
    view = LevelView(document, lang)
    tables = view.tables()
    sections = [
        {
            "id": key,
            "title": view.words(f"level.{key}"),
            "rows": tables[key],
            "bars": [],
            "chart": "",
        }
        for key in tables
        if len(tables[key]) > 1
    ]
    for section in sections:
        if section["id"] == "back_test":
            section["bars"] = [covered(row) for row in document["back_test"]]
        elif section["id"] == "burden":
            section["bars"] = [borne(row) for row in document["burden"]]
        elif section["id"] == "frontier":
            section["chart"] = _frontier(view, document)
    words = {
        "title": view.title(),
        "mark": view.mark(),
        "sections": sections,
        "choices": view.choices(),
        "notes": view.notes(),
        "digest": document["digest"],
        "marks": {k: mark(k) for k in ("circle", "square", "diamond")},
    }
    return page("level.html", lang, view.title(), view.words("level.proposed"), {"level": words})


def covered(row: Mapping[str, Any]) -> Markup:
    """Of one loss the part paid, the part that a range leaves open, and the rest."""
    if row["coverage"] is None:
        return bar([], ONE)
    low, high = (ratio(c) for c in row["coverage"])
    return bar([(Fraction(0), low, "cover"), (low, high, "range"), (high, ONE, "gap")], ONE)


def borne(row: Mapping[str, Any]) -> Markup:
    """What one firm would have to hold, from JPY 100m to 100tn by powers of ten."""
    if not isinstance(row["required"], str) or not ratio(row["required"]):
        return bar([], ONE)
    width = Fraction(DECADES[1] - DECADES[0])
    at = Fraction(round(1000 * (log10(ratio(row["required"])) - DECADES[0])), 1000)
    return bar([(Fraction(0), at, "cover")], width)


def _frontier(view: LevelView, document: Mapping[str, Any]) -> Markup:
    """Cost a year against the share of possible losses made good; the bracket beside it."""
    points = [p for p in document["frontier"] if p["rates"] is not None]
    bracket = document["bracket"]
    others = [("square", k, bracket[k]) for k in ("cap_for_all", "around_the_formula")]
    costs = [p["cost"] for p in points] + [w["cost"] for _, _, w in others]
    most = max([*costs, 1])

    def place(found: Mapping[str, Any], label: str) -> Point:
        return Point(
            round(1000 * (found["future"] or 0)), round(1000 * found["cost"] / most), label
        )

    lines = [Line("circle", [place(p, view.share(p["target"])) for p in points])]
    lines += [Line(m, [place(w, "")], joined=False) for m, _, w in others]
    lines.append(Line("diamond", [place(document["reached"], "")], joined=False))
    across = [(n * 250, f"{n * 25}%") for n in range(5)]
    up = [(n * 250, oku(Fraction(round(most * n)) / 4, view.lang)) for n in range(5)]
    names = (view.words("level.future"), view.words("level.cost"))
    return chart(lines, across, up, names, view.words("level.frontier"))

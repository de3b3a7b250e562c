"""Today: a firm's state in one glance, from the newest close."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from sonae.core.canonical import digest
from sonae.core.text import Lang
from sonae.report.against import against
from sonae.report.figures import Figures
from sonae.report.findings import findings
from sonae.report.rules import gaps, tests
from sonae.report.state import regimes
from sonae.report.titles import Titles
from sonae.web.page import Data, Here, page

router = APIRouter()
Day = Annotated[str, Query(pattern=r"^\d{4}-\d{2}-\d{2}$|^$", description="a closed day")]


def _screen(data: Data, lang: Lang, request: Request) -> Mapping[str, Any]:
    document = request.app.state.home.firm(data["firm"]).close(data["on"])
    figures = Figures(document, lang)
    titles = Titles(figures)
    ids = {n: id for id, n in figures.numbers.items()}
    return {
        "ids": ids,
        "on": data["on"],
        "currency": figures.words.known(f"currency.{figures.currency}", figures.currency),
        "regimes": regimes(figures, titles, proposed=False),
        "drafts": regimes(figures, titles, proposed=True),
        "findings": findings(figures, titles),
        "tests": tests(figures, titles),
        "gaps": gaps(figures, titles),
        "against": against(figures, titles),
    }


@page(router, "/{firm}/today", "today.html", _screen)
def today(firm: str, home: Here, day: Day = "") -> Data:
    """Requirement against cover for each regime, findings with their clocks, closed days."""
    found = home.firm(firm)
    document = found.close(day)
    return {
        "firm": found.id,
        "venue": document["venue"],
        "on": document["on"],
        "known_at": document["known_at"],
        "edition": document["edition"],
        "what_if_on": document["what_if_on"],
        "document": digest(document),
        "days": found.days(),
        "cover": document["cover"],
        "findings": document["findings"],
        "seal": document["seal"],
    }

"""Today: a firm's state in one glance, from the newest close and the register of breaks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from sonae.actions.console.day import Day, breaks, day_of
from sonae.core.text import Lang
from sonae.report.figures import Figures
from sonae.report.findings import findings
from sonae.report.rules import gaps, tests
from sonae.report.state import regimes
from sonae.report.titles import Titles
from sonae.web.page import Data, Here, grouped, kept, page

RIGHT = "look"
router = APIRouter()
NEXT = 5
"""Duties named on the page; the calendar has them all."""
OnDay = Annotated[str, Query(pattern=r"^\d{4}-\d{2}-\d{2}$|^$", description="a closed day")]


def _screen(data: Data, lang: Lang, request: Request) -> Mapping[str, Any]:
    """Views of the close as the reports have them; drawn once for each close, language, breaks."""
    day = day_of(request.app.state.home.firm(data["firm"]), data["on"])
    short = grouped(request)
    key = (day.stamp, lang, short, json.dumps(data["breaks"]))

    def views() -> Mapping[str, Any]:
        return _views(day, data, Figures(day.document, lang, short))

    return {"content": kept("today_content.html", key, request, views)}


def _views(day: Day, data: Data, figures: Figures) -> Mapping[str, Any]:
    titles = Titles(figures)
    breaks = data["breaks"] or ()
    dated = [d for d in data["due"]["duties"] if isinstance(d["due"], str)]
    undated = {d["id"] for d in data["due"]["duties"] if not isinstance(d["due"], str)}
    return {
        "data": data,
        "on": data["on"],
        "ids": {n: id for id, n in figures.numbers.items()},
        "currency": figures.words.known(f"currency.{figures.currency}", figures.currency),
        "regimes": regimes(figures, titles, proposed=False),
        "drafts": regimes(figures, titles, proposed=True),
        "findings": findings(figures, titles),
        "tests": tests(figures, titles),
        "gaps": gaps(figures, titles),
        "against": None,
        "hot": day.hot_share and {k: figures.cell(f["id"]) for k, f in day.hot_share.items()},
        "without_owner": sum(1 for b in breaks if b["owner"] is None),
        "oldest": max((b["days"] for b in breaks), default=0),
        "eldest": max((f["days"] for f in data["open_findings"]), default=0),
        "next": dated[:NEXT],
        "undated": len(undated),
    }


@page(router, "/{firm}/today", "today.html", _screen)
def today(firm: str, home: Here, day: OnDay = "") -> Data:
    """Requirement against cover by regime, hot share, findings and breaks with age, what is due."""
    found = home.firm(firm)
    shown = day_of(found, day)
    document = shown.document
    return {
        "firm": found.id,
        "venue": document["venue"],
        "on": document["on"],
        "known_at": document["known_at"],
        "edition": document["edition"],
        "what_if_on": document["what_if_on"],
        "document": shown.digest,
        "days": shown.days,
        "cover": document["cover"],
        "findings": document["findings"],
        "open_findings": shown.open_findings,
        "breaks": breaks(found, document),
        "hot_share": shown.hot_share,
        "due": shown.due,
        "seal": document["seal"],
    }

"""Incidents of a firm, and one of them: clocks, loss, methods, freeze, approvals, counters."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi import Path as InPath

from sonae.actions.console.home import NotFound
from sonae.actions.console.incident import (
    counters_of,
    day_in_japan,
    incident_list,
    incident_view,
)
from sonae.core.text import Lang, Text
from sonae.report import incident_page as report
from sonae.web.page import Data, Here, page

RIGHT = "look"
router = APIRouter()
Name = Annotated[str, InPath(max_length=64, description="the folder of an incident")]
AsOf = Annotated[
    str,
    Query(alias="on", pattern=r"^\d{4}-\d{2}-\d{2}$|^$", description="as of this day; else today"),
]


def _day(on: str) -> date:
    """The day by which clocks are looked at.

    Raises:
        NotFound: no calendar has it.
    """
    if not on:
        return day_in_japan()
    try:
        return date.fromisoformat(on)
    except ValueError as error:
        raise NotFound(Text(f"{on}という日はない", f"there is no day {on}")) from error


def _listed(data: Data, lang: Lang, _: Request) -> Mapping[str, Any]:
    rows = [
        {**i, "lost": report.lost_rows({"loss": {"asset": i["loss"], "prices": {}}}, lang)}
        for i in data["incidents"]
    ]
    return {"rows": rows}


@page(router, "/{firm}/incident", "incidents.html", _listed)
def incidents(firm: str, home: Here, on: AsOf = "") -> Data:
    """Incidents of a firm, the newest first, each with its next clock."""
    found, day = home.firm(firm), _day(on)
    return {"firm": found.id, "on": day.isoformat(), "incidents": incident_list(found, day)}


def _counters(data: Data, lang: Lang, _: Request) -> Mapping[str, Any]:
    views = {p: report.counter_views(c, lang) for p, c in data["counters"].items()}
    return {"views": views}


@page(router, "/{firm}/incident/{name}/counters", "parts/counters.html", _counters)
def counters(firm: str, name: Name, home: Here) -> Data:
    """What was planned, sent, is unknown, settled, returned and unclaimed, at this moment."""
    return counters_of(home.firm(firm), name)


def _screen(data: Data, lang: Lang, _: Request) -> Mapping[str, Any]:
    found = data["incident"]
    return {
        "times": report.times(found, lang),
        "clocks": report.clock_rows(data["clocks"], lang),
        "lost": report.lost_rows(found, lang),
        "places": report.place_rows(found, lang),
        "borne": report.borne_view(found, lang),
        "refill": report.refill_rows(found, lang),
        "gates": report.gate_rows(found, lang),
        "methods": report.method_rows(data["methods"], data["valuation"], lang),
        "programmes": report.programme_views(data["programmes"], lang),
        "waits": report.waiting_rows(data["waiting"], lang),
    }


@page(router, "/{firm}/incident/{name}", "incident.html", _screen)
def incident(firm: str, name: Name, home: Here, on: AsOf = "") -> Data:
    """One incident: what is due, what was lost, rival methods, the freeze, and the payments."""
    return incident_view(home.firm(firm), name, _day(on))

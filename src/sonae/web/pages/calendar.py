"""Calendar: every duty of a firm with its day, its provision, and what an event would start."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from sonae.actions.console.day import due
from sonae.core.text import Lang
from sonae.report.ics import calendar_file
from sonae.web.page import Data, Here, lang_of, page

RIGHT = "look"
router = APIRouter()
First = Annotated[
    date | None, Query(alias="from", description="first day; the one after the close")
]
Days = Annotated[int, Query(ge=1, le=800, description="how many days")]
Event = Annotated[date | None, Query(description="a day on which something happened")]
Daily = Annotated[bool, Query(description="also the duties of every business day")]


def _screen(data: Data, lang: Lang, request: Request) -> Mapping[str, Any]:
    """Duties by month; those without a day once each, at the end."""
    months: dict[str, list[Any]] = {}
    undated: dict[str, Any] = {}
    for duty in data["duties"]:
        if isinstance(duty["due"], str):
            day = duty["open_day"] or duty["due"]
            months.setdefault(day[:7], []).append({**duty, "on": day, "more": 0})
        elif duty["id"] in undated:
            undated[duty["id"]]["more"] += 1
        else:
            undated[duty["id"]] = {**duty, "on": "", "more": 0}
    for found in months.values():
        found.sort(key=lambda d: (d["on"], d["id"]))
    last = [("", list(undated.values()))] if undated else []
    return {"months": [*sorted(months.items()), *last]}


@page(router, "/{firm}/calendar", "calendar.html", _screen)
def calendar(
    firm: str,
    home: Here,
    first: First = None,
    days: Days = 366,
    event: Event = None,
    daily: Daily = False,
) -> Data:
    """Duties for so many days; `event` adds what something on that day starts."""
    document = home.firm(firm).close()
    found = due(document, first, days, event, daily=daily)
    return {
        "firm": firm,
        "venue": document["venue"],
        "known_at": document["known_at"],
        "event": event.isoformat() if event else None,
        "daily": daily,
        "days": days,
        **found,
    }


@router.get("/{firm}/calendar.ics", response_class=Response, tags=["files"])
def calendar_ics(
    request: Request, firm: str, home: Here, first: First = None, days: Days = 366
) -> Response:
    """The same duties as iCalendar, for the officers' own calendars."""
    data = calendar(firm, home, first, days)
    made = datetime.fromisoformat(data["known_at"])
    content = calendar_file(data["duties"], data["venue"]["name"], made, lang_of(request))
    name = f'attachment; filename="{firm}.ics"'
    return Response(content, media_type="text/calendar", headers={"content-disposition": name})

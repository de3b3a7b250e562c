"""Exports of personal data: asked for by one person, let go by another, taken once, marked."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse, Response, StreamingResponse

from sonae.actions.console.export import ask, exports, let_go, personal_files, take
from sonae.web.page import Data, Here, page
from sonae.web.rights import Me, Who, needs

router = APIRouter()
RIGHT = "look"
"""The page names files only; what a file holds leaves through `take`, which records it."""
May = Annotated[None, needs("personal")]
Id = Annotated[str, Form(pattern="^[0-9a-f]{16}$")]


@page(router, "/{firm}/exports", "exports.html")
def exports_page(firm: str, home: Here, people: Who, me: Me, may: May) -> Data:
    """Files of personal data, and exports that wait or may be taken."""
    found = home.firm(firm)
    names = ("id", "file", "reason", "by_id", "second_id", "ends")
    waiting = [{k: e[k] for k in names} for e in exports(people, found)]
    zone, files = found.time_zone(), personal_files(found)
    return {"firm": firm, "time_zone": zone, "files": files, "exports": waiting}


@router.post("/{firm}/exports/ask", include_in_schema=False)
def exports_ask(
    firm: str, home: Here, people: Who, me: Me, may: May,
    file: Annotated[str, Form(max_length=300)], reason: Annotated[str, Form(max_length=500)],
) -> Response:  # fmt: skip
    """Ask for a file."""
    ask(people, me, home.firm(firm), file, reason)
    return RedirectResponse(f"/{firm}/exports", 303)


@router.post("/{firm}/exports/let-go", include_in_schema=False)
def exports_let_go(firm: str, home: Here, people: Who, me: Me, may: May, id: Id) -> Response:
    """Let another's export go."""
    let_go(people, me, home.firm(firm), id)
    return RedirectResponse(f"/{firm}/exports", 303)


@router.post("/{firm}/exports/take", include_in_schema=False)
def exports_take(firm: str, home: Here, people: Who, me: Me, may: May, id: Id) -> Response:
    """The file, marked, once."""
    content = take(people, me, home.firm(firm), id)
    headers = {"content-disposition": f'attachment; filename="export-{id}.csv"'}
    return StreamingResponse(content, media_type="text/csv; charset=utf-8", headers=headers)

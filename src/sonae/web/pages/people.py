"""The people of the console: who may see and do what, invitations, what was seen and done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from sonae.actions.console.people import EVERY, GRANTS, SECONDED
from sonae.core.text import Lang
from sonae.store.console_schema import USER
from sonae.web.page import Data, page, render
from sonae.web.rights import Me, Who, needs

router = APIRouter()
RIGHT = "look"
LINES = 200
Id = Annotated[str, Form(max_length=64)]
Chosen = Annotated[list[Annotated[str, Form(max_length=64)]], Form(max_length=200)]


def _screen(data: Data, lang: Lang, request: Request) -> Mapping[str, Any]:
    return {
        "grants": GRANTS,
        "seconded": SECONDED,
        "every": EVERY,
        "all_firms": [f.id for f in request.app.state.home.firms()],
    }


@page(router, "/people", "people.html", _screen)
def people_page(people: Who, me: Me, may: Annotated[None, needs("registrar", "auditor")]) -> Data:
    """Everybody, invitations that wait, and the last lines of the log."""
    users = people.store.rows(USER)
    return {
        "users": [{**u, "roles": u["roles"].split(), "firms": u["firms"].split()} for u in users],
        "waiting": [
            {k: c[k] for k in ("hash", "user_id", "name", "roles", "firms", "by_id",
                               "needs_second", "second_id", "ends")}
            for c in people.waiting()
        ],
        "log": [
            {k: line[k] for k in ("seq", "at", "by_id", "kind", "firm", "subject")}
            for line in people.store.log(LINES)
        ],
    }  # fmt: skip


Registrar = Annotated[None, needs("registrar")]


@router.post("/people/invite", include_in_schema=False)
def invite(
    request: Request, people: Who, me: Me, may: Registrar, id: Id,
    name: Annotated[str, Form(max_length=200)], roles: Chosen, firms: Chosen,
) -> Response:  # fmt: skip
    """A one-time code for one person, shown once."""
    code, second = people.invite(me, id, name, roles, firms)
    view = {
        "code": code,
        "second": second,
        "id": id,
        "name": name,
        "origin": people.passkeys.origin,
    }
    return render(request, "people_code.html", view)


@router.post("/people/second", include_in_schema=False)
def second(people: Who, me: Me, may: Registrar, hash: Id) -> Response:
    """Agree to another registrar's invitation."""
    people.second(me, hash)
    return RedirectResponse("/people", 303)


@router.post("/people/revoke", include_in_schema=False)
def revoke(people: Who, me: Me, may: Registrar, id: Id) -> Response:
    """End everything of a person at once."""
    people.revoke(me, id)
    return RedirectResponse("/people", 303)

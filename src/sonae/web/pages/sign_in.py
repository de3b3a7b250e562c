"""Signing in with a passkey, joining by a one-time code, signing out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from pydantic import BaseModel, Field

from sonae.actions.console.people import People
from sonae.core.text import Lang
from sonae.web.page import Data, page
from sonae.web.rights import Me, Who, cookie_name, limited

router = APIRouter()
RIGHT = {
    "/sign-in": "public",
    "/sign-in/options": "public",
    "/sign-in/done": "public",
    "/join": "public",
    "/join/options": "public",
    "/join/done": "public",
    "/sign-out": "look",
}


class Code(BaseModel):
    """A one-time code; the first person says who they are."""

    code: Annotated[str, Field(max_length=64)]
    id: Annotated[str, Field(max_length=64)] = ""
    name: Annotated[str, Field(max_length=200)] = ""


class Done(BaseModel):
    """A passkey's answer in a ceremony that was begun."""

    ceremony: Annotated[str, Field(max_length=64)]
    credential: dict[str, Any]


def _screen(data: Data, lang: Lang, request: Request) -> Mapping[str, Any]:
    there: People = request.app.state.people
    to = request.query_params.get("to", "/")
    local = to.startswith("/") and to[1:2] not in ("/", "\\") and to.isprintable()
    elsewhere = request.url.netloc != there.passkeys.origin.partition("://")[2]
    return {"to": to if local else "/", "origin": there.passkeys.origin, "elsewhere": elsewhere}


@page(router, "/sign-in", "sign_in.html", _screen)
def sign_in(people: Who) -> Data:
    """Where people sign in; whether anybody has joined yet."""
    return {"empty": people.store.empty()}


@page(router, "/join", "join.html", _screen)
def join(people: Who) -> Data:
    """Where somebody with a one-time code registers a passkey; the first one says who it is."""
    return {"first": people.store.empty()}


@router.post("/sign-in/options.json", dependencies=[Depends(limited)])
def sign_in_options(people: Who) -> Data:
    """What the browser is asked to confirm with a passkey."""
    ceremony, options = people.begin_sign_in()
    return {"ceremony": ceremony, "options": options}


@router.post("/sign-in/done.json", dependencies=[Depends(limited)])
def sign_in_done(people: Who, said: Done) -> Response:
    """Begin a session."""
    return _begun(people, people.sign_in(said.ceremony, said.credential))


@router.post("/join/options.json", dependencies=[Depends(limited)])
def join_options(people: Who, said: Code) -> Data:
    """What the browser is asked to register."""
    ceremony, options = people.begin_join(said.code, said.id, said.name)
    return {"ceremony": ceremony, "options": options}


@router.post("/join/done.json", dependencies=[Depends(limited)])
def join_done(people: Who, said: Done) -> Response:
    """Keep the passkey and begin a session."""
    return _begun(people, people.join(said.ceremony, said.credential))


@router.post("/sign-out", include_in_schema=False)
def sign_out(people: Who, me: Me) -> Response:
    """End the session."""
    people.sign_out(me)
    answer = RedirectResponse("/sign-in", 303)
    answer.delete_cookie(
        cookie_name(people), secure=people.passkeys.https, httponly=True, samesite="strict"
    )
    return answer


def _begun(people: People, token: str) -> Response:
    answer = JSONResponse({"signed_in": True})
    answer.set_cookie(
        cookie_name(people), token,
        path="/", secure=people.passkeys.https, httponly=True, samesite="strict",
    )  # fmt: skip
    return answer

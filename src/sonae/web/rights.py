"""Who may see or do what, enforced for every page in one place.

Each page module states `RIGHT` (a mapping from path to right, where its pages differ):

    public      anyone; such a page reveals nothing about others
    look        whoever signed in and may see the firm; in a demo everyone on this machine
    personal    whoever has the role `personal` as well; each view is recorded before it is shown
    act         whoever signed in with a role that acts; the ledger judges each act by itself

A firm that is not for the reader is not there. A write by somebody who signed in carries the
session's token, in the field `token` of a form or the header `x-sonae-token`.
"""

from __future__ import annotations

import hmac
import sys
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from fastapi.params import Depends as Dependency
from starlette.concurrency import run_in_threadpool

from sonae.actions.console.home import Firm, NotFound
from sonae.actions.console.people import ACTING, NOBODY, People, Reader
from sonae.actions.once import Rate
from sonae.core.errors import SonaeError, UsageError
from sonae.core.text import Text
from sonae.web.shield import SAFE

RIGHTS = ("public", "look", "personal", "act")
SHUT = "act"
"""The right of a page that states none."""
COOKIE, HOST_COOKIE = "sonae", "__Host-sonae"
TRIES = Rate(30, 2)
"""Codes and passkeys tried from an address: thirty at once, thirty a minute after."""


class SignInFirst(SonaeError):
    """The page is for people who signed in."""


class NotAllowed(SonaeError):
    """The reader has no right to this."""


class TooMany(SonaeError):
    """An address has tried too often."""


def people(request: Request) -> People:
    """The people of this console.

    Raises:
        NotAllowed: a demo has none.
    """
    found: People | None = request.app.state.people
    if found is None:
        raise NotAllowed(
            Text(
                "デモでは閲覧だけできる。サインインは `sonae serve フォルダー` で",
                "in a demo everyone looks and nobody signs in; use `sonae serve HOME`",
            )
        )
    return found


def reader(request: Request) -> Reader:
    """Whoever asks, as the gate of this page found them."""
    found: Reader = getattr(request.state, "reader", NOBODY)
    return found


Who = Annotated[People, Depends(people)]
Me = Annotated[Reader, Depends(reader)]


def visible(request: Request) -> list[Firm]:
    """The firms that the reader may see: what a page over all firms shows."""
    found = request.app.state.home.firms()
    who = reader(request)
    if request.app.state.demo:
        return list(found)
    return [f for f in found if who.signed_in and who.sees(f.id)]


def needs(*roles: str) -> Any:
    """A dependency: the reader has one of these roles."""

    def check(me: Me) -> None:
        if not me.roles & set(roles):
            raise NotAllowed(NO_ROLE)

    return Depends(check)


def record_view(request: Request, subject: str, firm: str = "") -> None:
    """Record that the reader sees somebody's personal data, before it is shown."""
    who, there = reader(request), request.app.state.people
    if there is None or not who.signed_in:
        raise NotAllowed(NO_ROLE)
    there.store.note(there.at(), who.id, "viewed", firm, quote(subject, safe="/?&=:,.-_~%"))


def limited(request: Request) -> None:
    """A dependency of what may be guessed at: so many tries for an address."""
    if not TRIES.may(request.client.host if request.client else "?"):
        raise TooMany(Text("試行が多すぎる。1分後にもう一度", "too many tries; again in a minute"))


NO_ROLE = Text("この画面を見る役割がない", "this is for people with another role")
NO_FIRM = Text("そのような事業者はない", "no such firm")
NO_TOKEN = Text(
    "画面が古い。開き直してからもう一度送る", "the page is out of date; open it again and resend"
)


# -- the gate -------------------------------------------------------------------------------------


def guards(router: APIRouter) -> list[Dependency]:
    """What every route of a router goes through, by the right that its module states."""
    return [Depends(_gate(right_of(router)))]


def right_of(router: APIRouter) -> str | Mapping[str, str]:
    """The right that the module of a router states."""
    for name, module in list(sys.modules.items()):
        if name.startswith("sonae.web.pages.") and getattr(module, "router", None) is router:
            found: str | Mapping[str, str] = getattr(module, "RIGHT", SHUT)
            stated = {found} if isinstance(found, str) else set(found.values())
            if not stated <= set(RIGHTS):
                raise UsageError(f"{name}: RIGHT is one of {', '.join(RIGHTS)}")
            return found
    return SHUT


def _gate(
    stated: str | Mapping[str, str],
) -> Callable[[Request], Coroutine[Any, Any, None]]:
    async def check(request: Request) -> None:
        who = await _who(request)
        request.state.reader = who
        right = stated if isinstance(stated, str) else stated.get(_path(request), SHUT)
        firm, demo = request.path_params.get("firm"), request.app.state.demo
        known = right == "public" or who.signed_in
        if firm and known and not demo and firm not in {f.id for f in _firms(request, right)}:
            raise NotFound(NO_FIRM)
        if right == "public":
            return
        if not demo:
            only = frozenset(f.id for f in visible(request))
            request.state.home = replace(request.app.state.home, only=only)
        if who.signed_in and request.method not in SAFE:
            await _token(request, who)
        if not who.signed_in and not (demo and right == "look"):
            raise (NotAllowed(NO_ROLE) if demo else SignInFirst(FIRST))
        if right == "act" and not who.roles & ACTING:
            raise NotAllowed(NO_ROLE)
        if right == "personal":
            if "personal" not in who.roles:
                raise NotAllowed(NO_ROLE)
            query = f"?{request.url.query}" if request.url.query else ""
            await run_in_threadpool(record_view, request, request.url.path + query, firm or "")

    return check


def _firms(request: Request, right: str) -> list[Firm]:
    """The firms of pages with this right: a public page is there for each."""
    return list(request.app.state.home.firms()) if right == "public" else visible(request)


FIRST = Text("サインインが必要", "sign in first")


async def _who(request: Request) -> Reader:
    there: People | None = request.app.state.people
    if there is None:
        return NOBODY
    token = request.cookies.get(cookie_name(there), "")
    return await run_in_threadpool(there.reader, token) if token else NOBODY


async def _token(request: Request, who: Reader) -> None:
    given: object = request.headers.get("x-sonae-token")
    kind = request.headers.get("content-type", "")
    if given is None and kind.startswith(("application/x-www-form", "multipart/form-data")):
        given = (await request.form()).get("token")
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), who.token.encode()):
        raise NotAllowed(NO_TOKEN)


def _path(request: Request) -> str:
    """The path of the route as its module wrote it; a twin has the right of its page."""
    path = str(getattr(request.scope.get("route"), "path", ""))
    return path.removesuffix(".json")


def cookie_name(there: People) -> str:
    """`__Host-` binds the cookie to this very host; browsers keep it over https only."""
    return HOST_COOKIE if there.passkeys.https else COOKIE

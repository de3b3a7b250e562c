"""The console: every page over one folder, and the API that is their twin."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from sonae import __version__
from sonae.actions.console.home import Home, NotFound
from sonae.actions.console.people import People
from sonae.actions.fund.screen import Acts
from sonae.core.errors import InputError, SonaeError
from sonae.core.text import Text
from sonae.web import rights
from sonae.web.meter import Log, Meter
from sonae.web.page import render
from sonae.web.pages import (
    calendar,
    claim,
    exports,
    filings,
    health,
    incident,
    me,
    people,
    proof,
    reserve,
    reserve_act,
    resolution,
    risk,
    rows,
    sign_in,
    supervisor,
    today,
    why,
)
from sonae.web.shield import App, Shield

ROUTERS = (
    claim.router,
    exports.router,
    health.router,
    me.router,
    people.router,
    sign_in.router,
    supervisor.router,
    calendar.router,
    filings.router,
    incident.router,
    proof.router,
    reserve_act.router,
    reserve.router,
    resolution.router,
    risk.router,
    rows.router,
    today.router,
    why.router,
)
"""The first that fits an address answers."""
WHAT = {
    404: Text("このページはない", "there is no such page"),
    405: Text("このページにその操作はない", "this page has no such operation"),
}

STATUS: Mapping[type[Exception], int] = {
    NotFound: 404,
    rights.SignInFirst: 401,
    rights.NotAllowed: 403,
    rights.TooMany: 429,
}


def console_app(home: Home, *, demo: bool = False, people: People | None = None) -> FastAPI:
    """The application; `demo` lets everyone look without signing in, else `people` sign in."""
    app = FastAPI(
        title="Sonae",
        version=__version__,
        description="What the console shows, as JSON: exact numbers are strings.",
        docs_url=None,
        redoc_url=None,
    )
    app.state.home, app.state.demo, app.state.people = home, demo, people
    app.state.acts = Acts(people) if people is not None else None
    app.add_api_route("/static/report.css", _report_css, methods=["GET"], include_in_schema=False)
    app.mount("/static", StaticFiles(packages=[("sonae.web", "static")]), name="static")
    app.add_api_route("/", _first, methods=["GET"], include_in_schema=False)
    for router in ROUTERS:
        app.include_router(router, dependencies=rights.guards(router))
    app.state.paths = {p for r in ROUTERS for p in (x.path for x in r.routes)}  # type: ignore[attr-defined]
    app.add_exception_handler(Exception, _failed)
    app.add_exception_handler(SonaeError, _refused)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    return app


def shielded(app: FastAPI, log: Log | None = None) -> App:
    """The application as it is served: counted, logged, and behind the rules of the shield."""
    people: People | None = app.state.people
    return Meter(Shield(app, https=people is not None and people.passkeys.https), log)


def _first(request: Request) -> Response:
    """The first firm's day; where there is none to be seen, what to do."""
    people = request.app.state.people
    if people is not None:
        request.state.reader = people.reader(request.cookies.get(rights.cookie_name(people), ""))
        if not request.state.reader.signed_in:
            return RedirectResponse("/join" if people.store.empty() else "/sign-in", 303)
    firms = rights.visible(request)
    if not firms:
        return render(request, "empty.html", {})
    return RedirectResponse(f"/{firms[0].id}/today", 303)


def _report_css() -> Response:
    """The style sheet of the reports, whose parts the pages use."""
    sheet = resources.files("sonae.report").joinpath("templates", "style.css").read_text("utf-8")
    return Response(sheet, media_type="text/css")


def answer(
    request: Request, status: int, text: Text, problems: list[object] | None = None
) -> Response:
    """What went wrong, as a page or as JSON; a page says what to do."""
    if not request.url.path.endswith(".json"):
        return render(
            request,
            "error.html",
            {"text": text, "status": status, "problems": problems or []},
            status,
        )
    error = {"message": text.as_json(), "problems": problems or []}
    return JSONResponse({"error": error}, status)


async def _refused(request: Request, error: Exception) -> Response:
    if isinstance(error, InputError):
        problems: list[object] = [p.as_json() for p in error.problems]
        what = Text(f"{len(problems)}件の問題がある", f"{len(problems)} problem(s)")
        return answer(request, 422, what, problems)
    assert isinstance(error, SonaeError)
    page = request.method == "GET" and not request.url.path.endswith(".json")
    if isinstance(error, rights.SignInFirst) and page:
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"/sign-in?to={quote(request.url.path + query)}", 303)
    status = next((s for kind, s in STATUS.items() if isinstance(error, kind)), 409)
    return answer(request, status, error.text)


async def _failed(request: Request, error: Exception) -> Response:
    """A fault of ours; what is known of it is in the log, by kind and place only."""
    what = Text(
        "内部の誤り。何も記録していない。時刻を添えて管理者に知らせる",
        "a fault of ours; tell whoever runs the console, with the time",
    )
    return answer(request, 500, what)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    text = WHAT.get(error.status_code, Text(str(error.detail), str(error.detail)))
    found = answer(request, error.status_code, text)
    found.headers.update(error.headers or {})
    return found


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found: list[object] = []
    for one in error.errors():
        place = ".".join(str(p) for p in one["loc"])
        found.append(
            {"name": "bad-request", "key": place, "message": Text(one["msg"], one["msg"]).as_json()}
        )
    what = Text(
        "入力に誤りがある。各項目を直してもう一度送る",
        "something in the request is wrong; correct it and send it again",
    )
    return answer(request, 422, what, found)

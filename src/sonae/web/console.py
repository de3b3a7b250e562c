"""The console: every page over one folder, and the API that is their twin."""

from __future__ import annotations

from importlib import resources

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from sonae import __version__
from sonae.actions.console import Home, NotFound
from sonae.core.errors import InputError, SonaeError
from sonae.core.text import Text
from sonae.web.page import render
from sonae.web.pages import calendar, filings, risk, supervisor, today, why
from sonae.web.shield import App, Shield

ROUTERS = (
    calendar.router,
    filings.router,
    risk.router,
    supervisor.router,
    today.router,
    why.router,
)
"""The first that fits an address answers."""
WHAT = {
    404: Text("このページはない", "there is no such page"),
    405: Text("このページにその操作はない", "this page has no such operation"),
}


def console_app(home: Home, *, demo: bool = False) -> FastAPI:
    """The application; `demo` lets everyone look without signing in."""
    app = FastAPI(
        title="Sonae",
        version=__version__,
        description="What the console shows, as JSON: exact numbers are strings.",
        docs_url=None,
        redoc_url=None,
    )
    app.state.home, app.state.demo = home, demo
    app.add_api_route("/static/report.css", _report_css, methods=["GET"], include_in_schema=False)
    app.mount("/static", StaticFiles(packages=[("sonae.web", "static")]), name="static")
    app.add_api_route("/", _first, methods=["GET"], include_in_schema=False)
    for router in ROUTERS:
        app.include_router(router)
    app.state.paths = {p for r in ROUTERS for p in (x.path for x in r.routes)}  # type: ignore[attr-defined]
    app.add_exception_handler(SonaeError, _refused)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    return app


def shielded(app: FastAPI) -> App:
    """The application as it is served."""
    return Shield(app)


def _first(request: Request) -> Response:
    """The first firm's day; a page that says what to do where there is no firm."""
    firms = request.app.state.home.firms()
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
    return answer(request, 404 if isinstance(error, NotFound) else 409, error.text)


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

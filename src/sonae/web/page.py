"""A page and its `.json` twin from one function; the twin is the API.

A page function takes what FastAPI reads from the request and returns plain values: exact numbers as
strings, words as `{"ja", "en"}`. `dress` makes from them what only a screen needs, such as a chart.

    @page(router, "/{firm}/today", "today.html")
    def today(firm: str, home: Here) -> dict[str, Any]: ...

serves /{firm}/today.json, described in /openapi.json, and /{firm}/today.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from sonae.actions.console.home import Home
from sonae.core.text import LANGS, Lang
from sonae.report import format as fmt
from sonae.report.marked import moment, when, written, zone_name
from sonae.report.svg import PATTERNS, swatch
from sonae.report.words import Words
from sonae.web.rights import visible

Data = dict[str, Any]
View = Callable[..., Data]
Dress = Callable[[Data, Lang, Request], Mapping[str, Any]]
COOKIE = "lang"
AMOUNTS = "amounts"
"""`oku` for 万 and 億, `units` for whole units."""
MOST_KEPT = 128
"""Drawn parts in memory, some 50 kB each."""
_KEPT: dict[Hashable, Markup] = {}
_LOCK = Lock()
"""Pages are drawn on several threads."""
VENDOR = Path(__file__).parent / "static" / "vendor" / "htmx.min.js"
"""One of the scripts of others that set-up puts there; pages work without them."""
NAV = (
    *("today", "calendar", "reserve", "risk", "incident", "resolution", "reports"),
    *("proof", "supervisor"),
)
"""Pages of the menu, in order; one appears when its page is there."""


def home(request: Request) -> Home:
    """The folder that this console shows, with the firms that are for the reader."""
    found: Home = getattr(request.state, "home", request.app.state.home)
    return found


Here = Annotated[Home, Depends(home)]


def lang_of(request: Request) -> Lang:
    """`?lang=`, else the cookie, else what the browser asks for first, else Japanese."""
    asked = request.query_params.get(COOKIE) or request.cookies.get(COOKIE)
    for lang in LANGS:
        if asked == lang:
            return lang
    for part in request.headers.get("accept-language", "").split(","):
        for lang in LANGS:
            if part.strip().lower().startswith(lang):
                return lang
    return "ja"


def grouped(request: Request) -> bool:
    """Whether a Japanese reader asked for amounts by 万 and 億: `?amounts=`, else the cookie."""
    asked = request.query_params.get(AMOUNTS) or request.cookies.get(AMOUNTS)
    return asked == "oku" and lang_of(request) == "ja"


def page(
    router: APIRouter, path: str, template: str, dress: Dress | None = None
) -> Callable[[View], View]:
    """Serve what a function returns as a page at `path`, and as JSON at `path`.json."""

    def serve(view: View) -> View:
        asked = Depends(view)

        def screen(request: Request, data: Any = asked) -> HTMLResponse:
            lang = lang_of(request)
            more = dress(data, lang, request) if dress else {}
            return render(request, template, {"data": data, **more})

        name = view.__name__
        router.add_api_route(path + ".json", view, methods=["GET"], name=f"{name}.json")
        router.add_api_route(
            path, screen, methods=["GET"], name=name, include_in_schema=False,
            response_class=HTMLResponse,
        )  # fmt: skip
        return view

    return serve


def render(
    request: Request, template: str, view: Mapping[str, Any], status: int = 200
) -> HTMLResponse:
    """A page in the reader's language; a language that was asked for by name is remembered."""
    lang = lang_of(request)
    firm = request.path_params.get("firm", "")
    text = (
        _environment()
        .get_template(template)
        .render(
            **_common(request, lang),
            request=request,
            reader=getattr(request.state, "reader", None),
            demo=request.app.state.demo,
            vendor=VENDOR.is_file(),
            firms=visible(request),
            here=request.url.path,
            nav=_nav(request, firm),
            other=_again(request, COOKIE, "en" if lang == "ja" else "ja"),
            amounts=_again(request, AMOUNTS, "units" if grouped(request) else "oku"),
            grouped=grouped(request),
            patterns=PATTERNS,
            **view,
        )
    )
    answer = HTMLResponse(text, status)
    if request.query_params.get(COOKIE) in LANGS:
        answer.set_cookie(COOKIE, lang, max_age=31_536_000, samesite="lax", httponly=True)
    if request.query_params.get(AMOUNTS) in ("oku", "units"):
        chosen = request.query_params[AMOUNTS]
        answer.set_cookie(AMOUNTS, chosen, max_age=31_536_000, samesite="lax", httponly=True)
    return answer


def kept(
    template: str, key: Hashable, request: Request, make: Callable[[], Mapping[str, Any]]
) -> Markup:
    """A part of a page that is the same for every reader, drawn once for each `key`.

    The key has to hold all that the part depends on, the language with it.
    """
    name = (template, key, request.path_params.get("firm", ""))
    with _LOCK:
        found = _KEPT.pop(name, None)
    if found is None:
        common = _common(request, lang_of(request))
        found = Markup(_environment().get_template(template).render(**common, **make()))
    with _LOCK:
        _KEPT[name] = found
        while len(_KEPT) > MOST_KEPT:
            del _KEPT[next(iter(_KEPT))]
    return found


def _common(request: Request, lang: Lang) -> dict[str, Any]:
    """What every template may use."""
    return {
        "lang": lang,
        "w": Words(lang),
        "sep": "：" if lang == "ja" else ": ",
        "comma": "、" if lang == "ja" else ", ",
        "stop": "。" if lang == "ja" else ". ",
        "firm": request.path_params.get("firm", ""),
        "swatch": swatch,
    }


def _nav(request: Request, firm: str) -> list[tuple[str, str]]:
    """Keys and addresses of the pages of the menu, for a firm or for none."""
    served = request.app.state.paths
    found = []
    for key in NAV:
        if f"/{key}" in served:
            found.append((key, f"/{key}"))
        elif firm and f"/{{firm}}/{key}" in served:
            found.append((key, f"/{firm}/{key}"))
    return found


def _again(request: Request, name: str, value: str) -> str:
    """This page with another choice of the reader: the other language, amounts in other words."""
    asked = [(k, v) for k, v in request.query_params.multi_items() if k != name]
    asked.append((name, value))
    return request.url.path + "?" + "&".join(f"{quote(k)}={quote(v)}" for k, v in asked)


@pass_context
def _why(context: Context, number: int) -> str:
    """Where a number of a firm's page leads: to the page that says why."""
    figure = quote(context["ids"][number])
    return f"/{context['firm']}/why?figure={figure}&day={context['on']}"


@cache
def _environment() -> Environment:
    """Templates of the console first, then those of the reports, whose parts are used again."""
    found = Environment(
        loader=ChoiceLoader([PackageLoader("sonae.web"), PackageLoader("sonae.report")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.globals["address"] = _why
    found.globals["register"] = False
    found.filters["day"] = fmt.day
    found.filters["capital"] = fmt.sentence
    found.filters["month"] = fmt.month
    found.filters["written"] = written
    found.filters["when"] = when
    found.filters["moment"] = moment
    found.filters["zone"] = zone_name
    return found

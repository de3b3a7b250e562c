"""My claim, for a customer: what I am owed and why, agree or dispute, how and when I am paid.

The number and the code come from a letter; nobody is signed in, and nothing is kept in the browser.
A wrong number and a wrong code are answered alike, and an address that is wrong too often waits.
What is answered becomes a file for the staff: this page writes into no store and moves no money.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse

from sonae.actions.claims.my_claim import LONGEST, Claim, claim_view, find_claim, record_answer
from sonae.actions.claims.portal import status, status_file
from sonae.core.errors import Refused, UsageError
from sonae.core.text import Text
from sonae.report import claim_page as report
from sonae.web.page import Data, Here, lang_of, page, render
from sonae.web.tries import WHILE, Tries

RIGHT = "public"
router = APIRouter()
Signs = Annotated[str, Form(max_length=100, description="as it is printed in the letter")]
Kind = Annotated[Literal["agree", "dispute"], Form()]
Asset = Annotated[str, Form(max_length=32)]
Says = Annotated[str, Form(max_length=64, description="in whole units")]
Reason = Annotated[str, Form(max_length=LONGEST * 2)]
WRONG = Text(
    "請求番号または照合コードが違います。お手元の通知と照らし合わせてください",
    "the claim number or the code is wrong; compare them with your letter",
)
OFTEN = Text(
    "誤りが続いたため、15分ほど待ってからもう一度入力してください。お急ぎの場合は書面でお申し出ください",
    "too many were wrong; wait a quarter of an hour and try again, or write to us",
)
NOTHING = {"asset": "", "says": "", "reason": ""}
_TRIES = Tries()
ALSO: dict[int | str, dict[str, Any]] = {
    403: {"description": "the number or the code is wrong"},
    409: {"description": "no such answer can be kept"},
    429: {"description": "wrong too often; wait"},
}
R = TypeVar("R", bound=Response)


@page(router, "/claim", "claim.html", lambda _, lang, __: {"view": None, "wrong": None})
def claim(home: Here) -> Data:
    """Whether the page is up, and until when each incident's customers may object."""
    return status(home)


@router.get("/status.html", response_class=HTMLResponse, include_in_schema=False)
def status_page(home: Here) -> Response:
    """The static status page, as `sonae claims portal status` writes it."""
    return HTMLResponse(status_file(home))


def _found(request: Request, home: Here, number: str, code: str) -> Claim | Text:
    """The claim, or the one answer to everything that is wrong."""
    address = request.client.host if request.client else "?"
    if not _TRIES.left(address):
        return OFTEN
    found = find_claim(home, number, code)
    if found is None:
        _TRIES.failed(address)
        return WRONG
    return found


@router.get("/claim/answer", response_class=RedirectResponse, include_in_schema=False)
def again(request: Request) -> Response:
    """Back to the form, in the language that was asked for: nothing of a claim is in an address."""
    lang = lang_of(request)
    return RedirectResponse(f"/claim?lang={lang}", 303)


@router.post("/claim.json", name="claim.look", responses=ALSO)
def look(request: Request, home: Here, number: Signs, code: Signs) -> Response:
    """A claim, by its number and code."""
    found = _found(request, home, number, code)
    if isinstance(found, Text):
        return _refused_json(found)
    return JSONResponse(claim_view(home, found))


@router.post("/claim", response_class=HTMLResponse, include_in_schema=False)
def look_page(request: Request, home: Here, number: Signs, code: Signs) -> Response:
    """The same as a page."""
    found = _found(request, home, number, code)
    if isinstance(found, Text):
        return _refused_page(request, home, found)
    return _page(request, home, found, code)


@router.post("/claim/answer.json", name="claim.answer", responses=ALSO)
def answer(
    request: Request,
    home: Here,
    number: Signs,
    code: Signs,
    kind: Kind,
    asset: Asset = "",
    says: Says = "",
    reason: Reason = "",
) -> Response:
    """Agree, or dispute: kept as a file for the staff, with a receipt."""
    found = _found(request, home, number, code)
    if isinstance(found, Text):
        return _refused_json(found)
    return JSONResponse(record_answer(found, kind, asset, says, reason))


@router.post("/claim/answer", response_class=HTMLResponse, include_in_schema=False)
def answer_page(
    request: Request,
    home: Here,
    number: Signs,
    code: Signs,
    kind: Kind,
    asset: Asset = "",
    says: Says = "",
    reason: Reason = "",
) -> Response:
    """The same as a page; what is not usable is said beside the form."""
    found = _found(request, home, number, code)
    if isinstance(found, Text):
        return _refused_page(request, home, found)
    try:
        receipt = record_answer(found, kind, asset, says, reason)
    except (UsageError, Refused) as error:
        typed = {"asset": asset, "says": says, "reason": reason}
        return _page(request, home, found, code, 422, fault=error.text, typed=typed)
    return _page(request, home, found, code, receipt=receipt)


def _page(
    request: Request, home: Here, found: Claim, code: str, status_code: int = 200, **more: Any
) -> HTMLResponse:
    data, lang = claim_view(home, found), lang_of(request)
    shown: Mapping[str, Any] = {"fault": None, "typed": NOTHING, "receipt": None, **more}
    view = report.claim_rows(data, lang)
    return render(
        request, "claim.html", {"data": data, "view": view, "code": code, **shown}, status_code
    )


def _refused_page(request: Request, home: Here, why: Text) -> HTMLResponse:
    return _after(
        render(request, "claim.html", {"data": status(home), "view": None, "wrong": why}, _of(why))
    )


def _refused_json(why: Text) -> JSONResponse:
    error = {"message": why.as_json(), "problems": list[Any]()}
    return _after(JSONResponse({"error": error}, _of(why)))


def _of(why: Text) -> int:
    return 429 if why is OFTEN else 403


def _after(answered: R) -> R:
    if answered.status_code == 429:
        answered.headers["retry-after"] = str(WHILE)
    return answered

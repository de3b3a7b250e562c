"""Reports: the papers that officers sign and file, made from the closes of this folder."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from sonae.actions.console.home import CLOSES, Firm, Home, NotFound
from sonae.actions.report.close import made_close
from sonae.actions.report.exposure import made_exposure
from sonae.actions.report.files import Made
from sonae.actions.report.quarter import made_quarter
from sonae.actions.report.year_end import made_year_end
from sonae.core.calendar import add_months
from sonae.core.text import Text
from sonae.web.page import Data, Here, lang_of, page
from sonae.web.pages.today import OnDay

RIGHT = "look"
router = APIRouter()
Kind = Literal["close", "quarter", "year-end", "exposure"]
KINDS = ("close", "quarter", "year-end", "exposure")
MEDIA = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
To = Annotated[date | None, Query(description="last day of the quarter; the newest that ended")]
Grouped = Annotated[bool, Query(description="億 and 万 on the Japanese page")]


@page(router, "/{firm}/reports", "reports.html")
def reports(firm: str, home: Here) -> Data:
    """What can be made from this firm's closes and its ledger, as PDF/A and as a workbook."""
    found = home.firm(firm)
    days = found.days()
    return {
        "firm": firm,
        "days": days,
        "quarter_to": _quarter(date.fromisoformat(days[0])).isoformat() if days else None,
        "ledger": found.store("fund") is not None,
        "kinds": list(KINDS),
    }


@router.get("/{firm}/reports/{kind}.json", tags=["files"])
def report_document(
    firm: str, kind: Kind, home: Here, day: OnDay = "", to: To = None, grouped: Grouped = False
) -> dict[str, Any]:
    """The same report as plain values."""
    return dict(_made(home, firm, kind, day, to, grouped).document)


@router.get("/{firm}/reports/{kind}.{form}", tags=["files"], response_class=Response)
def report_file(
    request: Request,
    firm: str,
    kind: Kind,
    form: Literal["pdf", "xlsx"],
    home: Here,
    day: OnDay = "",
    to: To = None,
    grouped: Grouped = False,
) -> Response:
    """One report; the same bytes each time. `day` is that of the close and the year-end."""
    made = _made(home, firm, kind, day, to, grouped)
    lang = lang_of(request)
    content = made.pdf(lang) if form == "pdf" else made.xlsx(lang)
    name = f'attachment; filename="{firm}-{kind}.{form}"'
    return Response(content, media_type=MEDIA[form], headers={"content-disposition": name})


def _made(home: Home, name: str, kind: str, day: str, to: date | None, grouped: bool) -> Made:
    firm = home.firm(name)
    close = firm.close_file(day)
    if kind == "close":
        return made_close(close, grouped)
    if kind == "exposure":
        return made_exposure(close if day else firm.folder / CLOSES, grouped=grouped)
    if kind == "quarter":
        last = to or _quarter(date.fromisoformat(close.parent.name))
        return made_quarter(firm.folder / CLOSES, last, grouped=grouped)
    return made_year_end(close, _ledger(firm), grouped=grouped)


def _ledger(firm: Firm) -> str:
    place = firm.store("fund")
    if place is None:
        raise NotFound(
            Text(
                f"{firm.id}に準備金の台帳（fund.db）がない。`sonae fund init`で作る",
                f"{firm.id} has no reserve ledger (fund.db); begin one with `sonae fund init`",
            )
        )
    return place


def _quarter(day: date) -> date:
    """The last day of the calendar quarter that `day` is in."""
    first = date(day.year, 3 * ((day.month - 1) // 3) + 1, 1)
    return date.fromordinal(add_months(first, 3).toordinal() - 1)

"""Supervisor: firms side by side, a laboratory for drafts, a firm's file worked out again."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request

from sonae.actions.console.supervise import shared_suppliers, side_by_side
from sonae.actions.incident.insurance import today as this_day
from sonae.actions.level.laboratory import Formula, try_formula
from sonae.actions.rules.recompute import recompute
from sonae.core.canonical import parse_number
from sonae.core.text import Lang
from sonae.report.level_page import borne, covered
from sonae.report.level_view import LevelView, oku, ratio
from sonae.report.supervise import firms_section, recomputed_lines, suppliers_section
from sonae.report.words import Words
from sonae.web.page import Data, Here, page
from sonae.web.pages.today import OnDay

RIGHT = "look"
router = APIRouter()
PERCENT = r"^(\d{1,3}(\.\d{1,12})?)?$"
Percent = Annotated[str, Query(pattern=PERCENT, description="per cent, an exact decimal")]
Yen = Annotated[str, Query(pattern=r"^(\d{1,18})?$", description="yen; empty for none")]
Family = Literal["custody-value", "cold-value", "hot-value", "volume", "max"]


def _side(data: Data, lang: Lang, _: Request) -> Mapping[str, Any]:
    return {
        "sections": [
            firms_section(data["firms"], lang),
            suppliers_section(data["suppliers"], lang),
        ]
    }


@page(router, "/supervisor", "supervisor.html", _side)
def supervisor(home: Here) -> Data:
    """Every firm's newest close side by side, and suppliers that several firms hang on."""
    firms = home.firms()
    return {"firms": side_by_side(firms, this_day()), "suppliers": shared_suppliers(firms)}


def _laboratory(data: Data, lang: Lang, _: Request) -> Mapping[str, Any]:
    view, words = LevelView(data, lang), Words(lang)
    share = data["protection"]["share"]
    return {
        "tables": {
            "back_test": (_told(view.back_test()), [covered(r) for r in data["back_test"]]),
            "burden": (_told(view.burden()), [borne(r) for r in data["burden"]]),
            "leave": (view.leave(), []),
        },
        "share": words("level.none") if share is None else view.coverage([share, share]),
        "paid": oku(data["protection"]["paid"], lang),
        "lost": oku(data["protection"]["of"], lang),
        "heaviest": _heaviest(data, view),
        "known": len(_known(data)),
    }


def _told(rows: list[list[str]]) -> list[list[str]]:
    """Without the columns that say nothing here: nothing was fitted, so nothing has an interval."""
    full = [n for n in range(len(rows[0])) if any(row[n] != "-" for row in rows[1:])]
    return [[row[n] for n in full] for row in rows]


def _known(data: Data) -> list[Data]:
    """Firms whose burden can be held against their own capital."""
    return [r for r in data["burden"] if isinstance(r["share_of_capital"], str)]


def _heaviest(data: Data, view: LevelView) -> str:
    """The largest share of its own capital that a firm would have to hold in cash."""
    known = _known(data)
    if not known:
        return view.words("level.unknown")
    most = max(known, key=lambda r: ratio(r["share_of_capital"]))
    return f"{ratio(most['share_of_capital']) * 100 // 1}% ({most['venue']})"


@page(router, "/supervisor/laboratory", "laboratory.html", _laboratory)
def laboratory(
    home: Here,
    family: Family = "custody-value",
    rate: Percent = "5",
    rate_hot: Percent = "",
    floor: Yen = "2000000000",
    cap: Yen = "40000000000",
    insured: Percent = "50",
) -> Data:
    """A formula tried: what every firm would have to hold, what past losses would have been paid.

    `rate_hot` is the second rate of the family `max`. Nothing is kept and nothing becomes law.
    """
    given = [rate, rate_hot] if family == "max" else [rate]
    rates = tuple(_share(text) for text in given)
    most = int(cap) if cap else None
    formula = Formula(family, rates, int(floor or 0), most, _share(insured))
    return try_formula(formula, home.firms(), this_day())


def _share(percent: str) -> Fraction:
    return parse_number(percent or "0") / 100


def _again(data: Data, lang: Lang, _: Request) -> Mapping[str, Any]:
    return {"lines": recomputed_lines(data, lang)}


@page(router, "/{firm}/recompute", "recompute.html", _again)
def recomputed(firm: str, home: Here, day: OnDay = "") -> Data:
    """A firm's file worked out again from the facts in it, by the rulebook of this console."""
    return recompute(home.firm(firm).close(day))

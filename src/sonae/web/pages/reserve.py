"""The reserve: balances, proposals that wait, rules, forecast, acts; and each entry as signed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request

from sonae.actions.console.home import Firm
from sonae.actions.fund.forms import FORMS
from sonae.actions.fund.overview import chain_after, entry_of, overview
from sonae.actions.fund.screen import FUND, place_of
from sonae.actions.fund.session import looking, utc_now
from sonae.core.text import Lang
from sonae.report import reserve as view
from sonae.report.fund import account_name
from sonae.report.words import Words
from sonae.store.ledger import Ledger
from sonae.store.view import LAST
from sonae.web.page import Data, Here, page
from sonae.web.rights import Me, reader

router = APIRouter()
RIGHT = "look"
PLAN = "fund-plan.json"
"""What `sonae fund plan … --json` printed, in the firm's folder."""
Seq = Annotated[int, Path(ge=1, le=2**53, description="the number of an entry")]


@contextmanager
def at(firm: Firm) -> Iterator[Ledger]:
    """The ledger of a firm's fund."""
    with looking(place_of(firm)) as ledger:
        yield ledger


def _keys(request: Request) -> list[str]:
    """Act keys of whoever looks."""
    who, acts = reader(request), request.app.state.acts
    return acts.keys(who) if acts is not None and who.signed_in else []


def _plan(firm: Firm) -> dict[str, Any] | None:
    file = firm.folder / PLAN
    found: dict[str, Any] | None = json.loads(file.read_text("utf-8")) if file.is_file() else None
    return found


def _screen(data: Data, lang: Lang, request: Request) -> Mapping[str, Any]:
    fund, words = data["reserve"], Words(lang)
    if fund is None:
        return {"fund": None}
    rules, plan = fund["rules"], data["plan"]
    last = fund["history"][-1]["seq"] if fund["history"] else 1
    return {
        "fund": fund,
        "balances": view.balance_rows(fund, lang),
        "proposals": view.proposal_rows(fund, lang),
        "acts": view.act_rows(fund, lang),
        "limits": view.limit_rows(rules, lang) if rules else [],
        "rules": rules,
        "account": account_name(words, fund["account"]) if fund["account"] else "",
        "older": last if last > 1 else None,
        "plan": view.plan_view(plan, lang) if plan else None,
        "may_act": bool(reader(request).roles),
    }


@page(router, "/{firm}/reserve", "reserve.html", _screen)
def reserve(
    firm: str,
    home: Here,
    request: Request,
    before: Annotated[int, Query(ge=1, le=2**62, description="acts before this entry")] = LAST,
    account: Annotated[
        str, Query(max_length=96, pattern=r"^[!-~]*$", description="acts that moved it")
    ] = "",
) -> Data:
    """The reserve ledger of a firm; `reserve` is null where it has none."""
    found = home.firm(firm)
    zone = found.time_zone()
    if found.store(FUND) is None:
        return {"firm": firm, "time_zone": zone, "reserve": None, "plan": _plan(found)}
    with at(found) as ledger:
        fund = overview(ledger, utc_now, _keys(request), before, account or None)
    return {"firm": firm, "time_zone": zone, "reserve": fund, "plan": _plan(found)}


def _form(data: Data, lang: Lang, request: Request) -> Mapping[str, Any]:
    return {"fields": FORMS[data["kind"]] if data["kind"] else ()}


@page(router, "/{firm}/reserve/new", "reserve_new.html", _form)
def new(
    firm: str,
    home: Here,
    me: Me,
    kind: Annotated[str, Query(max_length=16, description="what is to be proposed")] = "",
) -> Data:
    """What a kind of proposal asks for: the registered assets, units and closed days."""
    found = home.firm(firm)
    with at(found) as ledger:
        constitution, seq = ledger.view.constitution(), ledger.head().seq
        return {
            "firm": firm,
            "kind": kind if kind in FORMS else None,
            "kinds": list(FORMS),
            "assets": sorted(ledger.view.assets()),
            "units": dict(constitution.units) if constitution else {},
            "days": found.days(),
            "head": seq,
        }


def _entry(data: Data, lang: Lang, request: Request) -> Mapping[str, Any]:
    proposal = data["proposal"]
    rows = view.act_rows({"history": [data["entry"]]}, lang)
    return {
        "act": rows[0],
        "lines": view.proposal_lines(proposal, lang) if proposal else [],
        "content": view.content_rows(proposal["content"], lang) if proposal else [],
        "may_act": bool(reader(request).roles),
    }


@page(router, "/{firm}/reserve/{seq}", "reserve_entry.html", _entry)
def entry(firm: str, home: Here, request: Request, seq: Seq) -> Data:
    """One entry as it was signed; a proposal as its second person must see it."""
    found = home.firm(firm)
    with at(found) as ledger:
        said = entry_of(ledger, seq, _keys(request))
    return {"firm": firm, "time_zone": found.time_zone(), **said}


@router.get("/{firm}/reserve-chain.json")
def chain(
    firm: str,
    home: Here,
    after: Annotated[int, Query(ge=0, le=2**53, description="the last entry that was seen")] = 0,
) -> Data:
    """Entries after one as signed and chained, so that a browser can link them by itself."""
    with at(home.firm(firm)) as ledger:
        return {"entries": chain_after(ledger, after)}

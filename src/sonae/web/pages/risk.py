"""Risk: losses that may happen, what covers them, what past events would do here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request

from sonae.actions.console.risk import risk_of
from sonae.core.text import Lang
from sonae.report.loss_model import reserve_parts
from sonae.report.loss_replay import replay_section
from sonae.report.mix import mix_title
from sonae.report.mix_page import mix_sections
from sonae.report.words import Words
from sonae.web.page import Data, Here, page

RIGHT = "look"
router = APIRouter()


def _screen(data: Data, lang: Lang, _: Request) -> Mapping[str, Any]:
    words = Words(lang)
    lead, sections = reserve_parts(data["reserve"], lang) if data["reserve"] else ([], [])
    charts = {}
    for name in ("gross", "net"):
        at = data["reserve"] if name == "gross" else (data["reserve"] or {}).get("net")
        if at:
            title = f"{words('model.curve')}: {words(f'model.{name}')}"
            charts[title] = _curve(at["curve"], title, data["reserve"]["currency"], words)
    return {
        "lead": lead,
        "sections": [(s, charts.get(s.title)) for s in sections],
        "mix": mix_sections(data["mix"], lang) if data["mix"] else [],
        "mix_title": mix_title(data["mix"], lang) if data["mix"] else "",
        "replays": [(name, replay_section(r, lang)) for name, r in data["replays"].items()],
        "gaps": {name: _gap(r) for name, r in data["replays"].items()},
    }


def _gap(replay: Mapping[str, Any]) -> bool:
    return str(replay["gap"]) != "0"


def _curve(points: list[Any], title: str, currency: str, words: Words) -> dict[str, Any]:
    """An exceedance curve with its band, to be looked into."""
    series = [
        {
            "name": words(f"console_risk.{name}"),
            "points": [[p["amount"], p[name]] for p in points if p[name] > 0],
        }
        for name in ("predictive", "low", "high")
    ]
    return {
        "title": title,
        "x": {"name": words("model.amount", currency=currency), "log": True},
        "y": {"name": words("model.chance"), "log": True},
        "series": series,
    }


@page(router, "/{firm}/risk", "risk.html", _screen)
def risk(firm: str, home: Here) -> Data:
    """The model's reserve, the mix of cash and insurance, replays; null for what is not there."""
    found = home.firm(firm)
    return {"firm": firm, **risk_of(found)}

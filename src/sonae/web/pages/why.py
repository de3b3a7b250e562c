"""Why: any figure of a close opened down to the words of the law and the rows it was read from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from sonae.actions.console.home import NotFound
from sonae.core.text import Lang, Text
from sonae.report.figures import Figures
from sonae.report.titles import Titles
from sonae.report.tree import value_text
from sonae.web.page import Data, Here, grouped, page
from sonae.web.pages.today import OnDay

RIGHT = "look"
router = APIRouter()
DEPTH = 3
"""Levels that are open when the page is opened."""


def _open(
    figures: Figures, titles: Titles, id: str, seen: set[str], depth: int
) -> Mapping[str, Any]:
    """A figure and what it was made from; one that was opened before is named only."""
    entry, lang = figures.entries[id], figures.lang
    again = id in seen and bool(entry["from"])
    seen.add(id)
    return {
        "id": id,
        "entry": entry,
        "label": figures.label(id),
        "value": figures.cell(id, unit=True),
        "exact": value_text(entry, lang),
        "provisions": [titles.provision(key) for key in figures.cites(id)],
        "again": again,
        "open": depth < DEPTH,
        "inputs": [] if again else [
            _open(figures, titles, child, seen, depth + 1) for child in dict.fromkeys(entry["from"])
        ],
    }  # fmt: skip


def _screen(data: Data, lang: Lang, request: Request) -> Mapping[str, Any]:
    document = request.app.state.home.firm(data["firm"]).close(data["on"])
    figures = Figures(document, lang, grouped(request))
    top = _open(figures, Titles(figures), data["figure"]["id"], set(), 0)
    return {"top": top, "on": data["on"], "ids": {n: i for i, n in figures.numbers.items()}}


def _below(entries: Mapping[str, Any], id: str, found: dict[str, Any]) -> Iterator[Any]:
    if id not in found:
        found[id] = entries[id]
        yield entries[id]
        for child in entries[id]["from"]:
            yield from _below(entries, child, found)


@page(router, "/{firm}/why", "why.html", _screen)
def why(
    firm: str,
    home: Here,
    figure: Annotated[str, Query(max_length=300, description="the id of a figure")],
    day: OnDay = "",
) -> Data:
    """A figure with everything it was made from, and the provisions that these answer to."""
    document = home.firm(firm).close(day)
    entries = {f["id"]: f for f in document["figures"]}
    if figure not in entries:
        raise NotFound(
            Text(
                f"{document['on']}の締めに{figure}という数値はない",
                f"the close of {document['on']} has no figure {figure}",
            )
        )
    below = list(_below(entries, figure, {}))
    figures = Figures(document, "ja")
    lines = {f["id"]: figures.cites(f["id"]) for f in below if not f["cites"]}
    keys = dict.fromkeys(c for f in below for c in f["cites"] or lines[f["id"]])
    return {
        "firm": firm,
        "on": document["on"],
        "figure": entries[figure],
        "figures": below,
        "lines": {id: list(cites) for id, cites in lines.items() if cites},
        "citations": {k: document["citations"][k] for k in keys},
    }

"""The overview of a group for people: entities beside one another, sums that net nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text as Styled

from sonae.core.canonical import digest, parse_number
from sonae.core.text import Lang
from sonae.report.format import day, instant, money, sentence
from sonae.report.html import page
from sonae.report.terminal import STYLES
from sonae.report.words import Words

PARTS = ("required", "going_concern", "on_insolvency", "shortage")
_STATES = {"closed": "note", "refused": "breach", "failed": "breach"}


def overview_page(document: Mapping[str, Any], lang: Lang) -> str:
    """The overview as one page."""
    words = Words(lang)
    view = {
        "heads": [words(f"group.{p}") for p in PARTS],
        "rows": [row for e in document["entities"] for row in _rows(e, lang)],
        "sums": [_sum(s, lang) for s in document["side_by_side"]],
        "findings": [
            {**f, "entity": e["name"], "message": sentence(f["message"][lang], lang)}
            for e in document["entities"]
            for f in e.get("to_act_on", ())
        ],
        "remarks": [r[lang] for r in document["remarks"]],
        "what_if": _day(document["asked"]["what_if_on"], lang),
        "states": _states(document, words),
        "document_digest": digest(document),
    }
    return page("group.html", lang, words("group.title"), "", view)


def overview_view(document: Mapping[str, Any], lang: Lang) -> RenderableType:
    """The overview in a terminal."""
    words = Words(lang)
    table = Table(box=None, pad_edge=False, header_style="dim")
    for head in ("entity", "state", "regime"):
        table.add_column(words(f"group.{head}"))
    for part in PARTS:
        table.add_column(words(f"group.{part}"), justify="right")
    table.add_column(words("group.findings"))
    for entity in document["entities"]:
        for row in _rows(entity, lang):
            style = STYLES["breach"] if row["kind"] == "breach" else ""
            cells = [row["name"], row["state"], row["regime"], *row["amounts"], row["findings"]]
            table.add_row(*cells, style=style)
    parts: list[RenderableType] = [Styled(_states(document, words), style="bold"), table]
    for each in document["side_by_side"]:
        said = _sum(each, lang)
        text = words("group.sum", **{k: said[k] for k in ("regime", "currency", "entities")})
        amounts = "  ".join(
            f"{words(f'group.{p}')} {a}" for p, a in zip(PARTS, said["amounts"], strict=True)
        )
        parts.append(Styled(f"{text}  {amounts}"))
    parts.append(Styled(words("group.not_netted"), style="dim"))
    parts += [Styled(r[lang], style=STYLES["warning"]) for r in document["remarks"]]
    return Group(*parts)


def _states(document: Mapping[str, Any], words: Words) -> str:
    counts = document["states"]
    given = {s: counts.get(s, 0) for s in _STATES}
    return words("group.states", n=len(document["entities"]), **given)


def _day(iso: str | None, lang: Lang) -> str:
    return day(iso, lang) if iso else ""


def _rows(entity: Mapping[str, Any], lang: Lang) -> list[dict[str, Any]]:
    """One row for each regime of an entity; one that says why where it was not closed."""
    words = Words(lang)
    row = {"name": entity["name"], "state": words(f"group.{entity['state']}"), "regime": ""}
    row |= {"entity": entity.get("entity", ""), "link": "", "proposed": False, "cut_off": ""}
    if entity["state"] != "closed":
        said = entity.get("why")
        count = entity.get("problems", 0)
        why = said[lang] if said else words("group.problems", n=count, folder=entity["folder"])
        return [{**row, "amounts": [""] * len(PARTS), "findings": why, "kind": "breach"}]
    counts = entity["findings"]
    found = words("group.counts", breach=counts["breach"], warning=counts["warning"])
    row |= {"findings": found, "link": f"{entity['name']}/report.{lang}.html"}
    row |= {"cut_off": instant(entity["cut_off"], "", lang)}
    rows = [
        row
        | {
            "regime": _title(regime, entity["currency"], lang),
            "proposed": regime["standing"] == "proposed",
            "amounts": [_amount(regime[part], words) for part in PARTS],
            "kind": "breach" if counts["breach"] else "",
        }
        for regime in entity["regimes"].values()
    ]
    return rows or [{**row, "amounts": ["-"] * len(PARTS), "kind": ""}]


def _title(regime: Mapping[str, Any], home: str, lang: Lang) -> str:
    """The regime; with its currency where that is not the entity's."""
    title, currency = str(regime["title"][lang]), regime["currency"]
    if currency == home:
        return title
    return f"{title}（{currency}）" if lang == "ja" else f"{title} ({currency})"


def _amount(value: Any, words: Words) -> str:
    """A whole amount of the regime's currency, a range, or that there is no number."""
    try:
        return money(parse_number(value))
    except (TypeError, ValueError):
        return words("value.not_computable")


def _sum(line: Mapping[str, Any], lang: Lang) -> dict[str, Any]:
    without: dict[str, Sequence[str]] = line["without"]
    names = sorted({n for several in without.values() for n in several})
    return {
        "regime": line["title"][lang],
        "currency": line["currency"],
        "entities": line["entities"],
        "short": len(line["short"]),
        "amounts": [_amount(line[part], Words(lang)) for part in PARTS],
        "without": Words(lang)("group.without", names=", ".join(names)) if names else "",
    }

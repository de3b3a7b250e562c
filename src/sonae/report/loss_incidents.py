"""The list of loss events for people: table, years, redress, timeline and severity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup
from rich.console import RenderableType

from sonae.core.canonical import parse_number
from sonae.core.display import fixed
from sonae.core.text import Lang
from sonae.report import format as fmt
from sonae.report.charts import scatter
from sonae.report.loss_page import Section, html, terminal
from sonae.report.words import Words

Found = Mapping[str, Any]


def incidents_view(found: Found, lang: Lang) -> RenderableType:
    """Tables for a terminal."""
    words = Words(lang)
    return terminal(words("evidence.title"), _lead(found, words), _sections(found, words, False))


def incidents_page(found: Found, lang: Lang) -> str:
    """A page with sources and drawings."""
    words = Words(lang)
    sections = _sections(found, words, True)
    return html(
        words("evidence.title"), words("evidence.kind"), _lead(found, words), sections, lang
    )


def incident_charts(found: Found, lang: Lang) -> dict[str, Markup]:
    """The drawings by name; none where nothing has an amount."""
    words, charts = Words(lang), {}
    dollars, rank = words("evidence.loss"), words("evidence.rank")
    if found["timeline"]:
        title = words("evidence.timeline")
        charts["timeline"] = scatter(found["timeline"], title, words("evidence.year"), dollars)
    if found["severity"]:
        charts["severity"] = scatter(found["severity"], words("evidence.severity"), dollars, rank)
    return charts


def _lead(found: Found, words: Words) -> list[str]:
    memory = found["memory"]
    if not memory["left_out"]:
        return (
            [words("evidence.memory_in")] if any(e["from_memory"] for e in found["events"]) else []
        )
    before, after = memory["with"], memory["without"]
    return [
        words(
            "evidence.memory", n=len(memory["left_out"]),
            with_usd=_whole(before["loss_usd"]), without_usd=_whole(after["loss_usd"]),
            with_thefts=before["thefts"], without_thefts=after["thefts"],
        )
    ]  # fmt: skip


def _sections(found: Found, words: Words, full: bool) -> list[Section]:
    charts = incident_charts(found, words.lang) if full else {}
    names = ["id", "day", "entity", "jurisdiction", "kind_of", "tier", "loss", "share", "redress",
             "days", "confidence"]  # fmt: skip
    rows = [_row(e, words) for e in found["events"]]
    if full:
        names.append("source")
        rows = [(*r, e["source"]) for r, e in zip(rows, found["events"], strict=True)]
    sections = [Section(words(f"evidence.{n}"), chart=chart) for n, chart in charts.items()]
    sections.append(_years(found, words))
    sections.append(_redress(found, words))
    head = tuple(words(f"evidence.{n}") for n in names)
    sections.append(Section(words("evidence.list"), (), head, tuple(rows), frozenset({6, 7, 8, 9})))
    return sections


def _row(event: Found, words: Words) -> tuple[str, ...]:
    loss, assets = event["loss_usd"], event["assets_usd"]
    share = "–"
    if loss and assets:
        share = fmt.percent(parse_number(loss) / parse_number(assets), words.lang)
    redress = event["compensated"]
    days = event["compensation_days"]
    return (
        event["id"],
        event["day"],
        event["entity"],
        event["jurisdiction"],
        words(f"evidence.{event['kind']}"),
        words(f"evidence.{event['tier']}"),
        _whole(loss) if loss else words("evidence.unknown"),
        share,
        "–" if redress is None else fmt.percent(parse_number(redress), words.lang),
        "–" if days is None else str(days),
        words(f"evidence.{event['confidence']}"),
    )


def _years(found: Found, words: Words) -> Section:
    head = tuple(
        words(f"evidence.{n}") for n in ("year", "events", "thefts", "loss", "insolvencies", "loss")
    )
    rows = tuple(
        (str(y["year"]), str(y["events"]), str(y["thefts"]), _whole(y["theft_usd"]),
         str(y["insolvencies"]), _whole(y["insolvency_usd"]))
        for y in found["years"]
    )  # fmt: skip
    return Section(words("evidence.years"), (), head, rows, frozenset({1, 2, 3, 4, 5}))


def _redress(found: Found, words: Words) -> Section:
    names = ("kind_of", "events", "known", "in_full", "in_part", "not_at_all", "median_days", "by")
    rows = []
    for kind, line in found["redress"].items():
        by = ", ".join(f"{words(f'evidence.by_{k}')} {n}" for k, n in line["by"].items())
        days = line["median_days"]
        shown = "–" if days is None else f"{days} (n = {line['days_known']})"
        counts = (str(line[k]) for k in ("events", "known", "in_full", "in_part", "not_at_all"))
        rows.append((words(f"evidence.{kind}"), *counts, shown, by))
    head = tuple(words(f"evidence.{n}") for n in names)
    right = frozenset({1, 2, 3, 4, 5, 6})
    return Section(words("evidence.made_good"), (), head, tuple(rows), right)


def _whole(text: str) -> str:
    return fixed(parse_number(text), 0)

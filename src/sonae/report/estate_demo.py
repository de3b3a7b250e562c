"""Three failed exchanges for people: what was done when, what was shared, what is not known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text as Styled

from sonae.core.display import with_separators
from sonae.core.text import Lang
from sonae.report.estate import conserved, law_words
from sonae.report.words import Words

Found = Mapping[str, Any]


def stories_view(document: Found, lang: Lang) -> RenderableType:
    """Every story, one after the other."""
    parts: list[RenderableType] = []
    for name, story in document["stories"].items():
        parts += [*_story(name, story, lang), Styled("")]
    return Group(*parts)


def _story(name: str, story: Found, lang: Lang) -> Iterator[RenderableType]:
    words = Words(lang)
    yield Styled(words(f"estate_demo.{name}", entity=story["entity"]), style="bold")
    if (days := story.get("published")) is not None:
        yield Styled(words("estate_demo.published", **days))
    yield _times(story, words)
    state = "verified" if story["verified"] else "not_verified"
    yield Styled(words(f"estate_demo.{state}"))
    yield from map(Styled, law_words(story["law"], lang, only=("cash_payer", "coin_payer")))
    for made in story["distributions"]:
        yield Styled(words("estate_demo.distribution", n=made["number"]))
        yield from (Styled(f"  {line}") for line in conserved(made, lang))
    for n, row in enumerate(story.get("late", ()), 1):
        shown = {k: with_separators(v) for k, v in row.items()}
        yield Styled(words("estate_demo.late", n=n, **shown))
    if "alarms" in story:
        counts = {k: story[k] for k in ("tasks", "letters", "recognised")}
        yield Styled(words("estate_demo.taken_over", batches=story["sweep"]["batches"], **counts))
        yield from (Styled(a["message"][lang], style="bold red") for a in story["alarms"])
    ready = {line["item"]: line["value"] for line in story["readiness"]}
    yield Styled(words("estate_demo.ready", gaps=len(story["gaps"]), **_known(ready, words)))
    yield from (Styled(f"  · {g['message'][lang]}", style="yellow") for g in story["gaps"])
    open_ = [*story["not_placed"], *story["not_known"]]
    yield Styled(words("estate_demo.open", n=len(open_)))
    yield from (Styled(f"  · {o['subject']}: {o['message'][lang]}", style="yellow") for o in open_)


def _known(ready: Mapping[str, Any], words: Words) -> dict[str, Any]:
    unknown = words("takeover.unknown")
    keys = ("verified", "people", "assets_with_rail", "assets_owed", "shares_shown")
    found = {k: unknown if ready.get(k) is None else ready[k] for k in keys}
    return found | {"drill": ready["last_drill_seconds"]}


def _times(story: Found, words: Words) -> Table:
    """One row: the seconds of each step."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for step in story["seconds"]:
        table.add_column(words(f"estate_demo.step_{step.replace('-', '_')}"), justify="right")
    table.add_row(*(f"{seconds} s" for seconds in story["seconds"].values()))
    return table

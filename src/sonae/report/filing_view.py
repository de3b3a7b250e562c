"""What a command says of a filing that it wrote."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text as Styled

from sonae.core.text import Lang
from sonae.report import format as fmt
from sonae.report.words import Words


def report_view(found: Mapping[str, Any], lang: Lang) -> RenderableType:
    """One line on what it is about, and what keeps it from being filed."""
    words = Words(lang)
    kind = found["format"].removeprefix("sonae-report-").partition("/")[0]
    head = f"{words(f'filing_view.{kind}')} · {found['entity']} · {fmt.day(found['on'], lang)}"
    parts: list[RenderableType] = [Styled(head, style="bold")]
    if found["assumed"]:
        names = ", ".join(found["assumed"])
        parts.append(Styled(words("filing_view.assumed", names=names), style="yellow"))
    if found.get("what_if_on"):
        parts.append(Styled(words("filing_view.what_if"), style="yellow"))
    for severity, style in (("breach", "red"), ("warning", "yellow")):
        counts = found.get("counts", {})
        if n := counts.get(severity, 0):
            title = words(f"severity.{severity}")
            parts.append(Styled(f"{title} {n:,}", style=style))
    for one in found.get("open", ()):
        parts.append(Styled(f"! {one['message'][lang]}", style="yellow"))
    return Group(*parts)

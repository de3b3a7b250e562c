"""The notices of an incident and their hashes: a terminal view."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import RenderableType
from rich.table import Table

from sonae.core.text import Lang
from sonae.report.words import Words


def notices_view(found: Mapping[str, Any], lang: Lang) -> RenderableType:
    """Each file with its hash; drafts are on no public list."""
    words = Words(lang)
    table = Table(box=None, pad_edge=False, header_style="dim")
    for key in ("file", "hash"):
        table.add_column(words(f"hashes.{key}"), overflow="fold")
    for notice in found["notices"]:
        table.add_row(
            notice["file"], words("hashes.draft") if notice["draft"] else notice["sha256"]
        )
    return table

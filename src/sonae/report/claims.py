"""Claims for people: terminal views."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import RenderableType
from rich.table import Table

from sonae.core.display import with_separators
from sonae.core.text import Lang
from sonae.report.words import Words

Found = Mapping[str, Any]


def allocation_table(found: Found, lang: Lang) -> RenderableType:
    """Each pool: claimants, paid, and what no claimant gets."""
    words = Words(lang)
    table = Table(box=None, pad_edge=False, header_style="dim")
    for key in ("asset", "claimants", "paid", "residue"):
        table.add_column(words(f"claims.{key}"), justify="left" if key == "asset" else "right")
    for asset, paid in found["paid"].items():
        total = sum(int(amount) for amount in paid.values())
        cells = [str(len(paid)), str(total), found["residue"][asset]]
        table.add_row(asset, *map(with_separators, cells))
    return table

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


COUNTS = (
    "customers",
    "persons",
    "with_several_accounts",
    "across_brands",
    "candidates",
    "waiting_for_a_second_person",
    "rules_overruled",
    "unclear",
    "birth_dates_unread",
)


def people_table(found: Found, lang: Lang) -> RenderableType:
    """How many customers are how many people, and what people must look at."""
    words = Words(lang)
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column()
    table.add_column(justify="right")
    for key in COUNTS:
        table.add_row(words(f"people.{key}"), f"{found[key]:,}")
    for rule, count in found["by_rule"].items():
        table.add_row(f"  {rule}", f"{count:,}")
    if not found["scored"]:
        table.add_row(words("people.unscored"), "")
    return table


def counters_table(found: Found, lang: Lang) -> RenderableType:
    """Counters by asset; what is withheld says so."""
    words = Words(lang)
    table = Table(box=None, pad_edge=False, header_style="dim")
    for key in ("asset", "state", "people", "amount"):
        right = key in ("people", "amount")
        table.add_column(words(f"pay.{key}"), justify="right" if right else "left")
    for asset, row in found.items():
        for name, cell in row.items():
            hidden = [words("pay.withheld")] * 2
            cells = (
                hidden if cell is None else [f"{cell['people']:,}", with_separators(cell["amount"])]
            )
            table.add_row(asset, words.known(f"pay.{name}", name), *cells)
    return table

"""Losses that may happen, for people: terminal views of estimates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text as Styled

from sonae.core.text import Lang
from sonae.report.words import Words

PARTS = ("gross", "ceded", "retained")
Found = Mapping[str, Any]


def price_table(found: Found, lang: Lang) -> RenderableType:
    """VaR and TVaR by level and part, each with its standard error; then engine and check."""
    words = Words(lang)
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("")
    for part in PARTS:
        table.add_column(words(f"chance.{part}"), justify="right")
    for measure in ("var", "tvar"):
        for level in _levels(found, measure):
            cells = [_cell(found, part, measure, level) for part in PARTS]
            table.add_row(words(f"chance.{measure}", level=level), *cells)
    check = found["checks"].get("fft")
    lines = [words("chance.engine", engine=found["engine"], seed=found["seed"])]
    if check:
        lines.append(words("chance.checked", difference=f"{check['largest_difference']:.1e}"))
    lines += [reason[lang] for reason in found["not_computable"].values()]
    return Group(table, *(Styled(line, style="dim") for line in lines))


def _levels(found: Found, measure: str) -> list[str]:
    return next(list(found[part][measure]) for part in PARTS if found[part])


def _cell(found: Found, part: str, measure: str, level: str) -> str:
    """`1,067.7 ± 0.1`, or a dash where the engine has no such law."""
    if found[part] is None:
        return "-"
    error = found["error"][part][measure][level]
    return f"{found[part][measure][level]:,.2f} ± {error:.2g}"

"""Closes of several days for tests of filings, and what a reader takes out of the files."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

from sonae.actions.close import close_books
from sonae.core.canonical import parse_number
from tests.estate.test_report import workbook
from tests.kit import CUT_OFF, Rows, clean, holding, write
from tests.report.test_paper import text_of

DRAFT = "jp.proposal.combined"
WHOLE = 100_0000_0000
"""What the kit's customers are owed, in base units of BTC."""


def close_day(
    root: Path,
    on: str,
    *,
    hot: int = 0,
    short: int = 0,
    known: str = "09:00",
    name: str = "",
    more: Mapping[str, Rows] | None = None,
    assume: tuple[str, ...] = (),
    entity: str = "Test Exchange K.K.",
) -> dict[str, Any]:
    """Close a day of the kit with so much hot, and so much missing; its document.

    The hot part is matched by guarantee coins, so that only `short` is a finding.
    """
    cut = f"{on}T23:59:59+09:00"
    tables: dict[str, Rows] = dict(clean() | (more or {}))
    if more is None or "holdings" not in more:
        coins = [holding("vault", "BTC", WHOLE - hot - short)]
        if hot:
            coins += [
                holding("hot-1", "BTC", hot, tier="hot"),
                holding("own-1", "BTC", hot, owner="guarantee"),
            ]
        tables["holdings"] = coins
    fresh = {"as_of": cut, "control_proved_on": on}
    tables["holdings"] = [dict(h) | fresh for h in tables["holdings"]]
    tables["prices"] = [dict(p) | {"at": cut} for p in tables["prices"]]
    tables["statements"] = [dict(s) | {"as_of": on} for s in tables["statements"]]
    books = write(root / "books" / (name or on), tables, cut_off=cut)
    venue = books / "venue.toml"
    text = venue.read_text("utf-8").replace("Test Exchange K.K.", entity)
    after = (date.fromisoformat(on) + timedelta(days=1)).isoformat()
    text = text.replace("2026-11-21T09:00:00+09:00", f"{after}T{known}:00+09:00")
    venue.write_text(text.replace(CUT_OFF, cut), "utf-8")
    return close_books(books, assume, out=root / "closes" / (name or on)).document


def number(cell: str) -> Fraction:
    """A cell of a workbook as a number."""
    return parse_number(cell.replace(",", "").replace("−", "-"))


def tables(file: Path) -> dict[str, list[dict[str, str]]]:
    """Sheets of a workbook by name, rows by head; the first sheet is left out."""
    found = {}
    for name, rows in workbook(file).items():
        if name != "document":
            found[name] = [dict(zip(rows[0], row, strict=False)) for row in rows[1:]]
    return found


def pages(file: Path) -> list[str]:
    """The text of every page of a PDF."""
    return text_of(file.read_bytes(), file.parent).split("\f")[:-1]


def squeezed(file: Path) -> str:
    """All text of a PDF without spaces, as lines are broken anywhere."""
    return re.sub(r"\s", "", "".join(pages(file)))


def inside(content: bytes) -> bytes:
    """The bytes of a PDF with its compressed parts opened."""
    found = [content]
    for part in re.finditer(rb"stream\r?\n(.*?)endstream", content, re.DOTALL):
        opened = zlib.decompressobj()
        try:
            found.append(opened.decompress(part[1]))
        except zlib.error:
            found.append(part[1])
    return b"".join(found)

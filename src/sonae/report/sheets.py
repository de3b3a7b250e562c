"""Tables as files that a spreadsheet program opens without changing them."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import xlsxwriter

SHEET_ROWS = 1_048_576
"""Rows of one sheet, its head included (Office Open XML)."""

A4 = 9
"""The size of paper, as Office Open XML numbers it."""

Row = Sequence[str]


def as_csv(rows: Sequence[Row]) -> bytes:
    """CSV in UTF-8 with a mark, which spreadsheet programs need for Japanese."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([_safe(c) for c in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def _safe(cell: str) -> str:
    """A spreadsheet must not take a text for a formula; a plain number stays one."""
    digits = cell.removeprefix("-").replace(".", "", 1)
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@") and not digits.isdecimal() else cell


def workbook(tables: Mapping[str, Sequence[Row]], mark: str = "") -> bytes:
    """The tables as a workbook; every cell is text, so that no digit is lost beyond fifteen.

    The day of making in it is a fixed one: the same tables are the same file. A `mark` stands at
    the head of every page that is printed of it.
    """
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True, "strings_to_numbers": False})
    book.set_properties({"created": datetime(2000, 1, 1, tzinfo=UTC)})
    bold = book.add_format({"bold": True})
    for name, rows in tables.items():
        sheet = book.add_worksheet(name)
        sheet.freeze_panes(1, 0)
        sheet.repeat_rows(0)
        sheet.set_landscape()
        sheet.set_paper(A4)
        sheet.fit_to_pages(1, 0)
        if mark:
            sheet.set_header(f"&C&B{mark.replace('&', '&&')}")
        for n, row in enumerate(rows):
            for column, cell in enumerate(row):
                sheet.write_string(n, column, cell, bold if n == 0 else None)
        sheet.autofit()
    book.close()
    return content.getvalue()

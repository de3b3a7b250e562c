"""A workbook of one long sheet, written column by column: every cell text, no digit lost.

The workbook around the rows is xlsxwriter's own; the rows are put into it as inline strings, made
for whole columns at a time, because cell by cell a million rows take many minutes.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

from sonae.pack.zipped import TIME

ROWS = 1_048_575
"""Rows of a sheet below its header."""
AT_ONCE = 20_000
_FORBIDDEN = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x{fffe}\x{ffff}]"
"""Characters that XML cannot hold."""
_SPECIAL = rf"[&<>]|{_FORBIDDEN}"
_SHEET, _END = "xl/worksheets/sheet1.xml", b"</sheetData>"


def write_sheet(path: Path, name: str, head: Sequence[str], batches: Iterable[Any]) -> None:
    """Write a workbook; `batches` have the columns of `head`, of any type that becomes text."""
    with (
        zipfile.ZipFile(io.BytesIO(_empty(name, head))) as frame,
        zipfile.ZipFile(path, "w") as out,
    ):
        for part in frame.namelist():
            info = zipfile.ZipInfo(part, TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            info._compresslevel = 1  # type: ignore[attr-defined]  # level of this entry alone
            content = frame.read(part)
            if part != _SHEET:
                out.writestr(info, content)
                continue
            content = re.sub(rb"<dimension [^>]*/>", b"", content)
            before, end, after = content.partition(_END)
            with out.open(info, "w", force_zip64=True) as stream:
                stream.write(before)
                for rows in _rows(batches):
                    stream.write(rows)
                stream.write(end + after)


def _empty(name: str, head: Sequence[str]) -> bytes:
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True})
    book.set_properties({"created": datetime(2000, 1, 1, tzinfo=UTC)})
    sheet = book.add_worksheet(name[:31])
    sheet.freeze_panes(1, 0)
    bold = book.add_format({"bold": True})
    for column, cell in enumerate(head):
        sheet.write_string(0, column, cell, bold)
    book.close()
    return content.getvalue()


def _rows(batches: Iterable[Any]) -> Iterator[bytes]:
    number = 2
    for batch in batches:
        for start in range(0, batch.num_rows, AT_ONCE):
            part = batch.slice(start, AT_ONCE)
            yield _xml(part, number)
            number += part.num_rows


def _xml(batch: Any, first: int) -> bytes:
    places = pa.array(range(first, first + batch.num_rows), pa.int64()).cast(pa.string())
    cells = []
    for n, column in enumerate(batch.columns):
        text = pc.fill_null(column.cast(pa.string()), "")
        empty = pc.equal(text, "")
        if pc.any(pc.match_substring_regex(text, _SPECIAL)).as_py():
            for old, new in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
                text = pc.replace_substring(text, old, new)
            text = pc.replace_substring_regex(text, _FORBIDDEN, "")
        start = pc.binary_join_element_wise(f'<c r="{xl_col_to_name(n)}', places, _OPEN, "")
        cell = pc.binary_join_element_wise(start, text, "</t></is></c>", "")
        cells.append(pc.if_else(empty, "", cell))
    rows = pc.binary_join_element_wise('<row r="', places, '">', *cells, "</row>", "")
    return "".join(rows.to_pylist()).encode()


_OPEN = '" t="inlineStr"><is><t xml:space="preserve">'

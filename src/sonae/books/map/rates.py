"""Euro reference rates as the European Central Bank publishes them: the wide CSV, or the XML.

Both say how much of each currency one euro is. A currency without a rate on a day has no row.
"""

from __future__ import annotations

import csv
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from pathlib import Path

from sonae.books.map.batch import Batch, Faults, batches
from sonae.books.map.dates import DateForm, read_date
from sonae.books.map.spec import Source
from sonae.books.rows import Fault
from sonae.core.errors import Problem
from sonae.core.text import Text

ECB_COLUMNS = ("date", "currency", "rate")
_NAME = "{http://www.ecb.int/vocabulary/2002-08-01/eurofxref}Cube"
_Row = tuple[int, Sequence[str | None]]


def read_ecb(source: Source, path: Path, name: str, faults: Faults) -> Iterator[Batch]:
    """One row for each day and currency: how much of it one euro is. "N/A" is no rate."""
    with path.open("rb") as stream:
        xml = stream.read(64).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
    read = _cubes if xml else _rates
    yield from batches(name, ECB_COLUMNS, read(source, path, name, faults))


def _cubes(source: Source, path: Path, name: str, faults: Faults) -> Iterator[_Row]:
    """Of the XML: a `Cube` for each day with one for each currency in it. Rows count the days."""
    content = path.read_bytes()
    try:
        if b"<!DOCTYPE" in content or b"<!ENTITY" in content or b"\0" in content:
            raise ET.ParseError("neither a document type nor UTF-16 is allowed")
        root = ET.fromstring(content)
    except (ET.ParseError, ValueError) as error:
        text = Text(f"XMLとして読めない: {error}", f"not readable as XML: {error}")
        faults.add(Problem("unreadable-file", source.id, text, name))
        return
    outer = [c for c in root if c.tag == _NAME]
    days = list(outer[0]) if len(outer) == 1 else []
    if not days:
        faults.add(Problem("layout-changed", source.id, _XML.format(t=root.tag), name))
        return
    for number, cube in enumerate(days, 1):
        try:
            if cube.tag != _NAME or list(cube.attrib) != ["time"]:
                raise Fault("layout-changed", _XML.format(t=f"{cube.tag} {sorted(cube.attrib)}"))
            day = read_date(cube.attrib["time"], DateForm(("iso",))).isoformat()
            rows = [_cube(one) for one in cube]
        except Fault as fault:
            faults.add(Problem(fault.name, source.id, fault.message, name, number))
            continue
        for code, rate in rows:
            yield number, [day, code, rate]


def _cube(one: ET.Element) -> tuple[str, str]:
    if one.tag != _NAME or sorted(one.attrib) != ["currency", "rate"]:
        raise Fault("layout-changed", _XML.format(t=f"{one.tag} {sorted(one.attrib)}"))
    return one.attrib["currency"], one.attrib["rate"]


def _rates(source: Source, path: Path, name: str, faults: Faults) -> Iterator[_Row]:
    """Of the CSV: a line for each day, a column for each currency."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
        reader = csv.reader(stream)
        head = [h.strip() for h in next(reader, [])]
        codes = head[1:-1] if head and not head[-1] else head[1:]
        if head[:1] != ["Date"] or not codes or not all(re.fullmatch("[A-Z]{3}", c) for c in codes):
            text = _ECB.format(h=", ".join(head[:6]))
            faults.add(Problem("layout-changed", source.id, text, name))
            return
        for number, row in enumerate(reader, 1):
            cells = [c.strip() for c in row]
            if not any(cells):
                continue
            if len(cells) not in (len(head), len(codes) + 1):
                text = _CELLS.format(n=len(cells), m=len(head))
                faults.add(Problem("corrupt-row", source.id, text, name, number))
                continue
            try:
                day = read_date(cells[0], DateForm(("iso", "english"))).isoformat()
            except Fault as fault:
                problem = Problem(fault.name, source.id, fault.message, name, number, column="date")
                faults.add(problem)
                continue
            for code, rate in zip(codes, cells[1:], strict=False):
                if rate not in ("", "N/A"):
                    yield number, [day, code, rate]


_XML = Text(
    "ECBの参照レートのXML（Cube に time、その中に currency と rate）でない: {t}",
    "not the XML of ECB reference rates (Cube with time, in it currency and rate): {t}",
)
_ECB = Text(
    "ECBの参照レートの見出し（Date と通貨）でない: {h}",
    "not the headings of ECB reference rates (Date and currencies): {h}",
)
_CELLS = Text("列が{n}個ある（見出しは{m}個）", "{n} cells where the headings are {m}")

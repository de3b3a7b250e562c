"""Large tables: parts, the same bytes however rows come, workbooks that hold every character."""

from __future__ import annotations

import csv
import hashlib
import resource
import subprocess
import sys
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonae.pack import tables
from sonae.pack.sheet import write_sheet
from sonae.pack.tables import write_table
from sonae.pack.zipped import Pull, unzip, zip_stream

SCHEMA = pa.schema([("name", pa.string()), ("units", pa.decimal128(38, 0))])
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def batch(rows: list[tuple[str | None, int]]) -> pa.RecordBatch:
    names = pa.array([r[0] for r in rows], pa.string())
    units = pa.array([r[1] for r in rows], pa.int64()).cast(pa.decimal128(38, 0))
    return pa.RecordBatch.from_arrays([names, units], schema=SCHEMA)


def sheet(path: Path) -> list[list[str]]:
    """The cells of a workbook's only sheet, read with the standard library."""
    with zipfile.ZipFile(path) as book:
        root = ET.fromstring(book.read("xl/worksheets/sheet1.xml"))
        strings = [
            "".join(t.text or "" for t in item.iter(f"{MAIN}t"))
            for item in ET.fromstring(book.read("xl/sharedStrings.xml"))
        ]
    found = []
    for n, row in enumerate(root.iter(f"{MAIN}row"), 1):
        assert row.get("r") == str(n)
        cells = {}
        for cell in row:
            place = "".join(c for c in cell.get("r", "") if c.isalpha())
            assert cell.get("r") == f"{place}{n}"
            inline = "".join(t.text or "" for t in cell.iter(f"{MAIN}t"))
            value = cell.find(f"{MAIN}v")
            cells[place] = inline if value is None else strings[int(value.text or "")]
        found.append([cells.get(c, "") for c in ("A", "B")])
    return found


TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=6)
ROWS = st.lists(st.tuples(st.none() | TEXTS, st.integers(-(10**18), 10**18)), max_size=40)


@given(rows=ROWS, cut=st.integers(0, 40))
@settings(max_examples=25, deadline=None)
def test_rows_come_back_and_their_batches_do_not_matter(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str | None, int]], cut: int
) -> None:
    one, two = (tmp_path_factory.mktemp("t") for _ in "ab")
    patch = pytest.MonkeyPatch()
    patch.setattr(tables, "PART", 12)
    patch.setattr(tables, "GROUP", 4)
    try:
        counts = write_table(one, "x", [batch(rows)], SCHEMA)
        again = write_table(two, "x", [batch(rows[:cut]), batch(rows[cut:])], SCHEMA)
    finally:
        patch.undo()
    assert counts == again
    for file in counts:
        assert (one / file).read_bytes() == (two / file).read_bytes()
    found = [r for f in sorted((one / "x").glob("*.parquet")) for r in pq.read_table(f).to_pylist()]
    assert [(r["name"], int(r["units"])) for r in found] == rows
    assert max(1, -(-len(rows) // 12)) == len(list((one / "x").glob("*.csv")))
    kept = sheet(one / "x" / "x.xlsx")[1:]
    assert [r[1] for r in kept] == [str(n) for _, n in rows]


@pytest.mark.parametrize(
    ("text", "shown"),
    [("=1+2", "'=1+2"), ("@x", "'@x"), ("-5.00", "-5.00"), ("-x", "'-x"), ('a,"b"\n', 'a,"b"\n')],
)
def test_a_text_is_no_formula_in_a_csv(tmp_path: Path, text: str, shown: str) -> None:
    write_table(tmp_path, "x", [batch([(text, -7)])], SCHEMA)
    with (tmp_path / "x" / "x-00001.csv").open(encoding="utf-8-sig", newline="") as stream:
        assert list(csv.reader(stream)) == [["name", "units"], [shown, "-7"]]


def test_a_workbook_holds_every_character_but_those_that_xml_cannot(tmp_path: Path) -> None:
    words = ["<&>", "=A1", " 空白 ", "髙﨑\U00020b9f", "a\x00\x0bb", ""]
    write_sheet(tmp_path / "x.xlsx", "x", ["name", "units"], [batch([(w, 1) for w in words])])
    found = [row[0] for row in sheet(tmp_path / "x.xlsx")[1:]]
    assert found == [*words[:4], "ab", ""]


@given(st.lists(st.binary(max_size=3000), min_size=1, max_size=4), st.integers(1, 999))
@settings(max_examples=25, deadline=None)
def test_a_zip_is_read_as_it_was_made_and_is_the_same_each_time(
    tmp_path_factory: pytest.TempPathFactory, files: list[bytes], size: int
) -> None:
    folder = tmp_path_factory.mktemp("z")
    names = [f"a/{n}.csv" for n in range(len(files))]
    (folder / "in" / "a").mkdir(parents=True)
    for name, content in zip(names, files, strict=True):
        (folder / "in" / name).write_bytes(content)
    pull, read = Pull(zip_stream(folder / "in", names)), b""
    while part := pull.read(size):
        read += part
    assert read == b"".join(zip_stream(folder / "in", names))
    (folder / "x.zip").write_bytes(read)
    digests = unzip(folder / "x.zip", folder / "out")
    assert digests == {n: hashlib.sha256(c).hexdigest() for n, c in zip(names, files, strict=True)}


@pytest.mark.slow
def test_half_a_million_accounts_are_packed_and_opened_in_bounded_memory(tmp_path: Path) -> None:
    """Neither command holds more than the bound of the engine and a few groups of rows."""
    program = """
import sys
from pathlib import Path
from tests.pack import made
from sonae.actions.close import close_books
from sonae.actions.keys import new_key
from sonae.actions.pack.make import Wanted, make_pack
from sonae.actions.pack.open import Opening, open_pack
from sonae.books.sample import write_sample
import pyrage
root = Path(sys.argv[1])
write_sample(root / "books", 500_000, 4, rows_per_account=3)
close_books(root / "books", out=root / "day")
new_key(root / "key")
key, other = (pyrage.x25519.Identity.generate() for _ in "ab")
(root / "id.txt").write_text(str(key))
terms = made.TERMS.format(trustee=key.to_public(), administrator=other.to_public())
terms = terms.replace('register = "administrator/register.json"\\n', "")
(root / "r.toml").write_text(terms, encoding="utf-8")
wanted = Wanted(root / "books", root / "day", root / "r.toml", root / "key", root / "x.pack.age")
made_ = make_pack(wanted)
found = open_pack(Opening(root / "x.pack.age", root / "id.txt"), root / "out")
assert found["totals"] == made_["manifest"]["totals"]
assert "totals-differ" not in {f["name"] for f in found["findings"]}
"""
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss  # in KiB on Linux
    assert peak < 2_500_000

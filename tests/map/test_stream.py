"""Files read in pieces: where they are cut never matters, and each row keeps its number."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from sonae.books.map import textfiles
from sonae.books.map.batch import Faults
from sonae.books.map.spec import Source

LAYOUT = ("口座", "氏名", "額")


def lines(count: int) -> list[str]:
    """Rows of one to three characters a byte, some quoted over two lines, some with a cell less."""
    made = []
    for n in range(1, count + 1):
        if n % 17 == 5:
            made.append(f"{n},足りない")
        elif n % 11 == 3:
            made.append(f'{n},"ﾔﾏﾀﾞ\n太郎、""次""",１')
        else:
            made.append(f"{n},表示{'漢' * (n % 7)},{n}")
    return made


@pytest.mark.parametrize("block", [1 << 10, 3000, 1 << 22])
@pytest.mark.parametrize("encoding", ["cp932", "utf-8", "euc-jp"])
def test_rows_and_their_numbers_do_not_depend_on_how_a_file_is_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int, encoding: str
) -> None:
    """Against the csv module of the language over the whole text."""
    monkeypatch.setattr(textfiles, "BLOCK", block)
    text = "\r\n".join([",".join(LAYOUT), *lines(1200), ""])
    path = tmp_path / "a.csv"
    path.write_bytes(text.encode(textfiles.ENCODINGS[encoding]))
    due, odd = [], []
    for number, row in enumerate([*csv.reader(io.StringIO(text, newline=""))][1:], 1):
        (due if len(row) == 3 else odd).append((number, *row))
    source = Source("s", "csv", ("a.csv",), encoding=encoding, layout=LAYOUT)
    faults = Faults()
    found = []
    for batch in textfiles.read_csv(source, path, "a.csv", faults):
        values = [batch.numbers.to_pylist(), *(c.to_pylist() for c in batch.columns.values())]
        found += [*zip(*values, strict=True)]
    assert found == due
    assert [p.row for p in faults.problems()] == [n for n, *_ in odd]


def test_a_byte_of_no_character_is_found_wherever_the_file_is_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """0xFF in row 700; and C1 controls that the codec of CP932 lets through."""
    monkeypatch.setattr(textfiles, "BLOCK", 1 << 10)
    rows = [f"{n},表示,{n}".encode("cp932") for n in range(1, 1001)]
    rows[699] = b"700,\x95\x5c\xff,700"
    rows[899] = b"900,\x80,900"
    path = tmp_path / "a.csv"
    path.write_bytes(b"\n".join([",".join(LAYOUT).encode("cp932"), *rows]))
    source = Source("s", "csv", ("a.csv",), encoding="cp932", layout=LAYOUT)
    faults = Faults()
    count = sum(len(b) for b in textfiles.read_csv(source, path, "a.csv", faults))
    assert count == 1000
    found = [(p.name, p.row, p.column) for p in faults.problems()]
    assert found == [("bad-encoding", 700, "氏名"), ("bad-encoding", 900, "氏名")]
    assert "FF" in faults.problems()[0].message.en

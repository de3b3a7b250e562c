"""A document for paper: what stands in the PDF, how it is marked, the same bytes each time."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import zipfile
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from sonae.core.text import LANGS, Lang, Text
from sonae.report.paper import Amount, Boxes, Column, Paper, Picture, Section, Table, pdf, sheets

BAR = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 1"><rect width="7" height="1"/></svg>'
)
POOL = Table(
    "pools",
    Text("原資", "Pools"),
    (
        Column(Text("資産", "Asset")),
        Column(Text("保有額（円）", "Held (JPY)"), number=True),
    ),
    (
        (Text("信託財産", "Trust property"), "123,456,789,012,345,678"),
        (Text("合計", "Total"), "123,456,789,012,345,678"),
    ),
    note=Text("端数は残余勘定へ", "Remainders go to the residue account"),
    total=True,
)
PAPER = Paper(
    Text("配当の報告書", "Report on the distribution"),
    "株式会社サンプル取引所",
    date(2026, 11, 20),
    ((Text("手続", "Proceeding"), Text("民事再生", "civil rehabilitation")),),
    (
        Section(
            Text("原資の内訳", "What there is to distribute"),
            (Text("次のとおり。", "As follows."), POOL, Picture(BAR, Text("7割", "seven tenths"))),
        ),
    ),
)


def text_of(content: bytes, folder: Path) -> str:
    """What a reader of the PDF would copy out of it."""
    tool = shutil.which("pdftotext")
    if tool is None:
        pytest.skip("pdftotext is not installed (Debian: poppler-utils)")
    file = folder / "paper.pdf"
    file.write_bytes(content)
    done = subprocess.run([tool, "-layout", file, "-"], capture_output=True, check=True)
    return done.stdout.decode()


@pytest.mark.parametrize("lang", LANGS)
def test_everything_on_the_view_stands_on_the_page(lang: Lang, tmp_path: Path) -> None:
    """Title, facts, words, heads, every digit of a number, notes."""
    found = re.sub(r"\s", "", text_of(pdf(PAPER, lang), tmp_path))
    words = [PAPER.title, PAPER.facts[0][0], PAPER.sections[0].title, POOL.title]
    words += [c.title for c in POOL.columns]
    assert POOL.note is not None
    for word in (*words, POOL.note):
        assert re.sub(r"\s", "", word.lang(lang)) in found
    assert found.count("123,456,789,012,345,678") == 2
    assert PAPER.entity in found


def test_the_same_paper_is_the_same_pdf() -> None:
    """No time of making, no random id."""
    assert pdf(PAPER, "ja") == pdf(PAPER, "ja")
    assert sheets(PAPER, "ja") == sheets(PAPER, "ja")


def test_it_is_pdf_a_and_says_its_language() -> None:
    """The metadata that an archive looks at."""
    content = pdf(PAPER, "ja")
    assert content.startswith(b"%PDF-")
    assert re.search(rb"<pdfaid:part>3</pdfaid:part>", content)
    assert b"/Lang" in content


def test_a_mark_is_written_across_every_page(tmp_path: Path) -> None:
    """A page on which a proposal was assumed says so, however many pages there are."""
    rows = tuple((f"asset {n}", str(n)) for n in range(200))
    long = replace(POOL, rows=rows, total=False)
    section = Section(Text("長い表", "A long table"), (long,))
    marked = replace(PAPER, sections=(section,), mark=Text("提案段階", "PROPOSED"))
    pages = text_of(pdf(marked, "en"), tmp_path).split("\f")[:-1]
    assert len(pages) > 3
    assert all("PROPOSED" in page for page in pages)


def test_words_are_data_and_never_instructions(tmp_path: Path) -> None:
    """A name that looks like a command of the typesetter is printed as it is."""
    odd = '#panic("x") *bold* $1/0$ \\ @ref <b>'
    section = Section(Text("x", "x"), (Text(odd, odd),))
    assert odd in text_of(pdf(replace(PAPER, sections=(section,)), "en"), tmp_path)


def test_the_workbook_holds_every_digit_as_text() -> None:
    """A spreadsheet program keeps fifteen digits of a number; a text keeps all."""
    with zipfile.ZipFile(io.BytesIO(sheets(PAPER, "en"))) as book:
        words = book.read("xl/sharedStrings.xml").decode()
        names = book.read("xl/workbook.xml").decode()
    assert "123,456,789,012,345,678" in words
    assert 'name="pools"' in names


def test_an_amount_is_rounded_on_the_page_and_whole_in_the_workbook(tmp_path: Path) -> None:
    """A page says ≈; a workbook is where figures are taken from."""
    cell = Amount(Text("≈ 1", "≈ 1"), "1.000000000000000001")
    table = replace(POOL, rows=((Text("信託", "Trust"), cell),), total=False)
    paper = replace(PAPER, sections=(Section(Text("額", "Amounts"), (table,)),))
    page = re.sub(r"\s", "", text_of(pdf(paper, "en"), tmp_path))
    assert "≈1" in page
    assert "1.000000000000000001" not in page
    with zipfile.ZipFile(io.BytesIO(sheets(paper, "en"))) as book:
        assert "1.000000000000000001" in book.read("xl/sharedStrings.xml").decode()


def test_a_picture_has_its_own_words_in_each_language_and_boxes_stand_empty(
    tmp_path: Path,
) -> None:
    drawn = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 90 9"><text y="8" {}>{}</text></svg>'
    )
    look = 'font-family="sans-serif" font-size="8"'
    both = Text(drawn.format(look, "所要額"), drawn.format(look, "Required"))
    boxes = Boxes((Text("作成者", "Maker"),), (Text("署名", "Signature"),))
    picture = Picture(both, Text("棒", "bars"), Text("図の題", "Chart"))
    paper = replace(PAPER, sections=(Section(Text("図", "Charts"), (picture, boxes)),))
    ja, en = (text_of(pdf(paper, lang), tmp_path) for lang in LANGS)
    assert all(word in ja for word in ("所要額", "図の題", "作成者", "署名"))
    assert all(word in en for word in ("Required", "Chart", "Maker", "Signature"))


def test_the_first_sheet_says_what_the_workbook_is_and_its_mark_is_on_each(
    tmp_path: Path,
) -> None:
    marked = replace(PAPER, mark=Text("提案段階", "PROPOSED"))
    with zipfile.ZipFile(io.BytesIO(sheets(marked, "en"))) as book:
        names = re.findall(r'<sheet name="([^"]+)"', book.read("xl/workbook.xml").decode())
        heads = [book.read(f"xl/worksheets/sheet{n}.xml").decode() for n in (1, 2)]
        words = book.read("xl/sharedStrings.xml").decode()
    assert names == ["document", "pools"]
    assert all("&amp;C&amp;BPROPOSED" in head for head in heads)
    for word in (PAPER.title.en, PAPER.entity, "civil rehabilitation"):
        assert word in words

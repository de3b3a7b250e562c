"""`sonae report close`: what stands on the statement is what `close.json` says, to the digit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sonae.core.text import LANGS, Lang
from sonae.report.filing import digits
from tests.command import Said, sonae
from tests.estate.test_report import workbook
from tests.kit import balance, clean, holding
from tests.report.filed import DRAFT, close_day, inside, number, pages, squeezed, tables


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("closes")
    close_day(found, "2026-11-20", hot=3_0000_0000, short=12_3456_7800)
    close_day(found, "2026-11-19")
    close_day(found, "2026-11-18", assume=(DRAFT,))
    return found


def said(root: Path, day: str, out: Path, *words: str) -> Said:
    return sonae(
        *("report", "close", root / "closes" / day, "--out", out / "a.pdf"),
        *("--xlsx", out / "a.xlsx", "--json", *words),
    )


def document(root: Path, day: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((root / "closes" / day / "close.json").read_bytes())
    return found


@pytest.mark.parametrize("lang", LANGS)
def test_the_statement_says_what_the_close_says(root: Path, tmp_path: Path, lang: Lang) -> None:
    """Requirement, cover and surplus of each regime, breaks, digests: figure by figure."""
    close, found = document(root, "2026-11-20"), said(root, "2026-11-20", tmp_path, "--lang", lang)
    assert found.code == 1, found.err
    answer = found.json()
    cover = close["cover"]["by_regime"]["jp"]
    assert answer["regimes"]["jp"]["required"] == cover["required"]
    assert answer["regimes"]["jp"]["going_concern"] == cover["going_concern"]["total"]
    assert answer["hot"]["ratio"] == "0.03"
    sheets = tables(tmp_path / "a.xlsx")
    [row] = sheets["cover"]
    values = [number(v) for v in list(row.values())[2:6]]
    expect = (
        cover["required"],
        cover["going_concern"]["total"],
        cover["on_insolvency"]["total"],
        cover["surplus"],
    )
    assert values == [number(v) for v in expect]
    text = squeezed(tmp_path / "a.pdf")
    for value in (cover["required"], cover["surplus"].removeprefix("-")):
        assert digits(number(value)) in text
    assert "−12.345678" in text
    for digest in close["sources"]["files"].values():
        assert digest in text
    assert answer["close_digest"] in text
    assert answer["may_be_filed"]
    assert answer["may_be_signed"]


def test_the_lines_of_custody_law_add_up_to_the_regime(root: Path, tmp_path: Path) -> None:
    """Sums in the workbook, made by nothing of ours."""
    said(root, "2026-11-20", tmp_path, "--lang", "en")
    sheets = tables(tmp_path / "a.xlsx")
    [whole] = sheets["cover"]
    for head in ("Required (JPY)", "Cover, going concern (JPY)", "Cover, on insolvency (JPY)"):
        assert sum(number(r[head]) for r in sheets["lines"]) == number(whole[head])
    short = sum(number(r["Shortfall (JPY)"]) for r in sheets["lines"])
    assert short == -number(whole["Surplus or shortfall (JPY)"])
    [coin] = [r for r in sheets["assets"] if r["Asset"] == "BTC"]
    assert number(coin["Held"]) - number(coin["Owed"]) == number(coin["Break"])


def test_every_finding_to_act_on_stands_with_its_clock(root: Path, tmp_path: Path) -> None:
    """A shortage on chain has five business days, and the law that says so."""
    found = said(root, "2026-11-20", tmp_path, "--lang", "ja")
    assert found.json()["counts"]["breach"] == 1
    [row] = tables(tmp_path / "a.xlsx")["findings"]
    assert row["重さ"] == "違反"
    assert row["期限"] == "2026年11月30日"
    assert "II-2-2-3-2(3)④" in row["定め"]
    assert "2026年11月30日" in squeezed(tmp_path / "a.pdf")


def test_a_clean_day_has_boxes_to_sign_and_no_mark(root: Path, tmp_path: Path) -> None:
    found = said(root, "2026-11-19", tmp_path, "--lang", "ja")
    assert found.code == 0, found.out
    text = squeezed(tmp_path / "a.pdf")
    assert "違反・警告はない" in text
    for word in ("作成者", "確認者", "署名又は押印", "法定の様式ではない"):
        assert word in text
    assert "提出不可" not in text


@pytest.mark.parametrize(
    ("lang", "mark"), [("ja", "提案段階・提出不可"), ("en", "PROPOSED – NOT TO BE FILED")]
)
def test_a_proposal_assumed_is_written_on_every_page_and_sheet(
    root: Path, tmp_path: Path, lang: str, mark: str
) -> None:
    """E46: what a draft touches shows as proposed and cannot enter a filing."""
    found = said(root, "2026-11-18", tmp_path, "--lang", lang).json()
    assert found["assumed"] == [DRAFT]
    assert not found["may_be_filed"]
    every = pages(tmp_path / "a.pdf")
    assert len(every) > 1
    assert all(mark in page for page in every)
    for rows in workbook(tmp_path / "a.xlsx").values():
        assert mark in rows[0]


def test_a_what_if_is_marked_and_is_not_signed(tmp_path: Path) -> None:
    close_day(tmp_path, "2026-11-20")
    books, out = tmp_path / "books" / "2026-11-20", tmp_path / "closes" / "w"
    assert sonae("close", books, "--what-if-on", "2027-01-04", "--out", out).code == 0
    found = said(tmp_path, "w", tmp_path, "--lang", "ja").json()
    assert not found["may_be_signed"]
    assert not found["may_be_filed"]
    assert all("試算・提出不可" in page for page in pages(tmp_path / "a.pdf"))
    assert "試算のため署名しない" in squeezed(tmp_path / "a.pdf")


@pytest.mark.parametrize("lang", LANGS)
def test_the_same_close_is_the_same_files(root: Path, tmp_path: Path, lang: Lang) -> None:
    digests = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        digests.append(said(root, "2026-11-20", tmp_path / name, "--lang", lang).json()["files"])
    for kind in ("pdf", "xlsx"):
        assert digests[0][kind]["sha256"] == digests[1][kind]["sha256"]
        a, b = ((tmp_path / n / f"a.{kind}").read_bytes() for n in ("a", "b"))
        assert a == b


def test_it_is_pdf_a_3_with_words_for_its_pictures(root: Path, tmp_path: Path) -> None:
    """What an archive looks at, and what a screen reader says of a chart."""
    said(root, "2026-11-20", tmp_path, "--lang", "en")
    content = (tmp_path / "a.pdf").read_bytes()
    assert b"<pdfaid:part>3</pdfaid:part>" in content
    assert b"<pdfaid:conformance>B</pdfaid:conformance>" in content
    assert inside(content).count(b"/Alt") >= 2


def test_amounts_by_oku_and_man_are_an_option_and_lose_nothing(root: Path, tmp_path: Path) -> None:
    plain, grouped = tmp_path / "p", tmp_path / "g"
    for folder, words in ((plain, ()), (grouped, ("--oku",))):
        folder.mkdir()
        said(root, "2026-11-19", folder, "--lang", "ja", *words)
    assert "1,501,000,000" in squeezed(plain / "a.pdf")
    assert "15億100万" in squeezed(grouped / "a.pdf")
    assert (plain / "a.xlsx").read_bytes() == (grouped / "a.xlsx").read_bytes()


def test_digits_that_a_page_rounds_are_whole_in_the_workbook(tmp_path: Path) -> None:
    """A price with many digits: ≈ on the page, every digit in the workbook."""
    odd = [balance("A1", "BTC", 1), *clean()["balances"][2:]]
    coins = [holding("vault", "BTC", 1)]
    close = close_day(tmp_path, "2026-11-20", more={"balances": odd, "holdings": coins})
    said(tmp_path, "2026-11-20", tmp_path, "--lang", "en")
    required = close["cover"]["by_regime"]["jp"]["required"]
    assert required == "1000000.15"
    [row] = tables(tmp_path / "a.xlsx")["cover"]
    assert row["Required (JPY)"] == "1,000,000.15"
    assert "≈1,000,000" in squeezed(tmp_path / "a.pdf")


def test_what_is_no_close_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    file = tmp_path / "close.json"
    assert sonae("report", "close", tmp_path, "--out", tmp_path / "a.pdf").code == 2
    for text, name in (("{", "unreadable"), ("{}", "not-a-close")):
        file.write_text(text)
        refused = sonae("report", "close", tmp_path, "--out", tmp_path / "a.pdf", "--json")
        assert refused.code == 3
        assert [p["name"] for p in refused.json()["problems"]] == [name]
    assert not (tmp_path / "a.pdf").exists()


def test_a_report_goes_to_a_file_or_to_json(root: Path) -> None:
    assert sonae("report", "close", root / "closes" / "2026-11-19").code == 2
    assert sonae("report", "close", root / "closes" / "2026-11-19", "--json").code == 0

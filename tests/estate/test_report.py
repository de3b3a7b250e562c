"""`sonae estate report`: schedules that reconcile to the pools, statements, notices."""

from __future__ import annotations

import csv
import io
import json
import shutil
import zipfile
from fractions import Fraction
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pyarrow.parquet as pq
import pytest

from sonae.report.notice import url_like
from tests.command import sonae

PLAN = """
[estate]
id = "example"
entity = "Example K.K."
proceeding = "{proceeding}"
trigger_event = true
commencement_on = 2026-11-20
record_on = 2026-12-20
currency = "JPY"
basis = "in_kind"
residue_account = "residue"
[[asset]]
asset = "JPY"
scale = 0
[[asset]]
asset = "BTC"
scale = 8
rate = "10000000"
[[pool]]
id = "coins"
kind = "segregated"
asset = "BTC"
amount = "150000001"
cost = 100000
[[pool]]
id = "trust"
kind = "cash_trust"
asset = "JPY"
amount = 1000
[[pool]]
id = "general"
kind = "general"
asset = "JPY"
amount = 2000000
"""
CLAIMS = """claimant,person,asset,amount,rank,state,flags
A1,P1,BTC,100000000,customer,admitted,
A2,P1,BTC,50000000,customer,admitted,
B1,P2,BTC,50000000,customer,late,
B1,P2,JPY,900,customer,admitted,
costs,,JPY,70000,cost,admitted,
"""
NS = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@pytest.fixture
def made(tmp_path: Path) -> Path:
    return distributed(tmp_path, "bankruptcy")


def distributed(root: Path, proceeding: str) -> Path:
    (root / "plan.toml").write_text(PLAN.format(proceeding=proceeding), "utf-8")
    (root / "claims.csv").write_text(CLAIMS, "utf-8")
    said = sonae(
        *("estate", "distribute", root / "plan.toml", "--claims", root / "claims.csv"),
        *("--out", root / "d1"),
    )
    assert said.code == 0, said.err
    return root / "d1"


def workbook(file: Path) -> dict[str, list[list[str]]]:
    """Sheets by name, cells as text, read with nothing of ours."""
    with zipfile.ZipFile(file) as book:
        names = [
            s.attrib["name"]
            for s in ElementTree.fromstring(book.read("xl/workbook.xml")).iter(f"{NS}sheet")
        ]
        shared = [
            "".join(t.text or "" for t in item.iter(f"{NS}t"))
            for item in ElementTree.fromstring(book.read("xl/sharedStrings.xml"))
        ]
        found = {}
        for n, name in enumerate(names, 1):
            tree = ElementTree.fromstring(book.read(f"xl/worksheets/sheet{n}.xml"))
            found[name] = [
                [shared[int(c.findtext(f"{NS}v") or 0)] for c in row.iter(f"{NS}c")]
                for row in tree.iter(f"{NS}row")
            ]
    return found


def number(cell: str) -> Fraction:
    return Fraction(cell.replace(",", ""))


def test_the_schedules_reconcile_to_the_pools_to_the_unit(made: Path, tmp_path: Path) -> None:
    """What is printed, read back and added up: claims, rows and pools are the same money."""
    said = sonae("estate", "report", made, "--lang", "en", "--xlsx", tmp_path / "a.xlsx", "--json")
    assert said.code == 0, said.err
    sheets = workbook(tmp_path / "a.xlsx")
    for asset, amount in (("BTC", Fraction(150000001, 10**8)), ("JPY", Fraction(2001000))):
        [line] = [r for r in sheets["balance"] if r[0] == asset]
        pool, cost, paid, reserved, left = map(number, line[1:])
        assert pool == amount == cost + paid + reserved + left
    pools = [r for r in sheets["pools"][1:] if r[0] in ("trust", "general")]
    assert sum(number(r[2]) for r in pools) == 2001000
    coins = [r for r in sheets["distribution"][1:] if r[2] == "in kind" and r[1] == "BTC"]
    rows = pq.read_table(made / "distribution.parquet").to_pylist()
    mine = sum(int(r["in_kind_now"]) for r in rows if r["asset"] == "BTC")
    assert sum(number(r[5]) for r in coins) == Fraction(mine, 10**8)
    assert {r[0]: r[5] for r in sheets["creditors"][1:] if r[4] == "late"} == {"B1": "reserved"}
    assert [r[:4] for r in sheets["schedule"][1:3]] == [
        ["customers", "BTC", "admitted", "2"],
        ["customers", "BTC", "late", "1"],
    ]


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_the_same_distribution_is_the_same_file_byte_for_byte(
    made: Path, tmp_path: Path, lang: str
) -> None:
    names = (("--out", "pdf"), ("--xlsx", "xlsx"), ("--statements", "csv"), ("--notice", "txt"))
    for run in ("a", "b"):
        words = [w for option, end in names for w in (option, tmp_path / f"{run}.{end}")]
        assert sonae("estate", "report", made, "--lang", lang, *words).code == 0
    for _, end in names:
        assert (tmp_path / f"a.{end}").read_bytes() == (tmp_path / f"b.{end}").read_bytes()
    page = (tmp_path / "a.pdf").read_bytes()
    assert page.startswith(b"%PDF-")
    assert b"pdfaid" in page
    assert not url_like((tmp_path / "a.txt").read_text("utf-8"))


def test_a_table_that_was_edited_or_sums_that_differ_are_not_reported(
    made: Path, tmp_path: Path
) -> None:
    """The rows are added up again, so that a document cannot say what its table does not."""
    copy = Path(shutil.copytree(made, tmp_path / "copy"))
    document = json.loads((copy / "estate.json").read_bytes())
    document["groups"][0]["general"]["now"] = "70001"
    (copy / "estate.json").write_text(json.dumps(document), "utf-8")
    said = sonae("estate", "report", copy, "--out", tmp_path / "x.pdf")
    assert said.code == 3
    assert "do not add up" in said.err
    with (copy / "distribution.parquet").open("ab") as stream:
        stream.write(b"x")
    said = sonae("estate", "report", copy, "--out", tmp_path / "x.pdf")
    assert said.code == 3
    assert not (tmp_path / "x.pdf").exists()


def test_one_person_gets_one_statement_of_both_payers(made: Path, tmp_path: Path) -> None:
    for end, option in (("pdf", "--out"), ("xlsx", "--xlsx")):
        said = sonae(
            *("estate", "report", made, "--person", "P2", option, tmp_path / f"p.{end}"),
            *("--lang", "en"),
        )
        assert said.code == 0, said.err
    sheets = workbook(tmp_path / "p.xlsx")
    paid = {(r[2], r[3]): (r[5], r[6], r[7]) for r in sheets["payments"][1:]}
    assert paid["in kind", "JPY"] == ("900", "0", "the beneficiaries' agent")
    assert paid["in kind", "BTC"][::2] == ("0", "the trustee")
    assert number(paid["in kind", "BTC"][1]) == Fraction(149900001 // 4, 10**8)
    assert [r[0] for r in sheets["reserved"][1:]] == ["B1"]
    assert {r[0] for r in sheets["claims"][1:]} == {"B1"}
    nobody = sonae("estate", "report", made, "--person", "P9", "--out", tmp_path / "n.pdf")
    assert nobody.code == 3
    assert not (tmp_path / "n.pdf").exists()


def test_statements_of_all_say_of_each_claim_who_pays_what(made: Path, tmp_path: Path) -> None:
    file = tmp_path / "all.csv"
    sonae("estate", "report", made, "--statements", file, "--lang", "en")
    rows = list(csv.DictReader(io.StringIO(file.read_text("utf-8-sig"))))
    table = pq.read_table(made / "distribution.parquet").to_pylist()
    assert len(rows) == len(table) == 5
    for row, other in zip(rows, table, strict=True):
        assert row["claimant"] == other["claimant"]
        assert int(row["in_kind_now"]) == int(other["in_kind_now"])
        assert row["scale"] == ("8" if row["asset"] == "BTC" else "0")
    payer = {(r["claimant"], r["asset"]): r["in_kind_payer"] for r in rows}
    assert payer["B1", "JPY"] == "the beneficiaries' agent"
    assert payer["A1", "BTC"] == "the trustee"
    assert oct(file.stat().st_mode)[-3:] == "600"


def test_what_rests_on_a_proposal_is_marked_and_who_pays_is_never_made_up(tmp_path: Path) -> None:
    made = distributed(tmp_path, "return_administration")
    said = sonae("estate", "report", made, "--out", tmp_path / "a.pdf", "--json")
    assert said.json()["proposed"]
    from sonae.report.estate_paper import report_paper

    document = json.loads((made / "estate.json").read_bytes())
    paper = report_paper(document, None, None, 5)
    assert paper.mark is not None
    assert "提案段階" in paper.mark.ja
    sonae("estate", "report", made, "--xlsx", tmp_path / "a.xlsx", "--lang", "ja")
    assert all("提案段階の制度による" in rows[0] for rows in workbook(tmp_path / "a.xlsx").values())
    open_ = next(t for t in paper.tables() if t.name == "open")
    assert len(open_.rows) >= 5
    sonae("estate", "report", made, "--notice", tmp_path / "n.txt", "--lang", "en")
    assert "proposed" in (tmp_path / "n.txt").read_text("utf-8")
    unknown = document["law"]["estate.jp.payers#cash_payer"]
    unknown |= {"reason": {"ja": "不明", "en": "not known"}}
    (made / "estate.json").write_text(json.dumps(document), "utf-8")
    refused = sonae("estate", "report", made, "--notice", tmp_path / "m.txt")
    assert refused.code == 3
    assert not (tmp_path / "m.txt").exists()


def test_many_claims_are_shown_in_sums_and_the_rest_is_in_the_table(
    made: Path, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr("sonae.actions.estate.report.IN_WORKBOOK", 4)
    sonae("estate", "report", made, "--xlsx", tmp_path / "a.xlsx")
    sheets = workbook(tmp_path / "a.xlsx")
    assert "creditors" not in sheets
    assert len(sheets["creditors in sums"]) == 4
    assert sonae("estate", "report", made).code == 2

"""`sonae report year-end`: the reserve from opening to closing, from its ledger and the close."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from sonae.core.text import LANGS, Lang
from sonae.report.year_end import KINDS
from tests.command import Said, sonae
from tests.estate.test_report import workbook
from tests.fund.people import People
from tests.fund.test_story import OUTFLOW, books
from tests.report.filed import number, pages, squeezed, tables

BEFORE, WITHIN = "2025-11-20", "2026-11-20"
"""The last day of the former fiscal year, and the last day of this one."""


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> People:
    """A year with everything in it, and one entry of the year before."""
    folder = tmp_path_factory.mktemp("fund")
    found = People(folder, str(folder / "fund.db"))
    found.begin()
    for name in ("chain.txt", "amount.txt"):
        found.file(name, name)
    found.done("contribute", 'asset = "TRUST"\namount = "500000000"', on=BEFORE)
    found.done("set_aside", 'amount = "500000000"', on=BEFORE)
    found.done("contribute", 'asset = "TRUST"\namount = "1500000000"', on=WITHIN)
    found.done("set_aside", 'amount = "1500000000"', on=WITHIN)
    found.done(
        "contribute", 'asset = "COLD"\namount = "1.5"\n[prices]\nBTC = "15000000"', on=WITHIN
    )
    wrong = found.done("contribute", 'asset = "TRUST"\namount = "7"', on=WITHIN)
    found.done("correct", f"corrects = {wrong}", on=WITHIN)
    found.done("use", OUTFLOW, on=WITHIN)
    found.done("recover", 'incident = "INC-1"\nasset = "TRUST"\namount = "30"', on=WITHIN)
    day = books(folder / "books")
    venue = day / "venue.toml"
    text = venue.read_text("utf-8")
    venue.write_text(text.replace("Test Exchange K.K.", "Example K.K."), "utf-8")
    for name, words in (("plain", ()), ("draft", ("--assume", "jp.proposal.custody-value"))):
        out = folder / name
        assert sonae("close", day, "--fund", found.store, "--out", out, *words).code in (0, 1)
    return found


def said(people: People, close: str, out: Path, *words: str | Path) -> Said:
    return sonae(
        *("report", "year-end", people.folder / close, "--store", people.store),
        *("--out", out / "y.pdf", "--xlsx", out / "y.xlsx", "--json", *words),
    )


def test_opening_and_every_movement_make_the_closing(people: People, tmp_path: Path) -> None:
    """To the smallest unit, restated by hand and against the ledger's own balances."""
    answer = said(people, "draft", tmp_path, "--lang", "en")
    found = answer.json()
    accounts = {(a["account"], a["unit"]): a for a in found["accounts"]}
    for row in accounts.values():
        moved = sum(Fraction(row[k]) for k in KINDS)
        assert Fraction(row["opening"]) + moved == Fraction(row["closing"])
    reserve = accounts["reserve/voluntary_reserve", "JPY"]
    assert reserve == reserve | {
        "opening": "500000000",
        "set_aside": "1500000000",
        "use": "-400000000",
        "closing": "1600000000",
    }
    trust = accounts["asset/TRUST", "JPY"]
    assert trust == trust | {
        "opening": "500000000",
        "contribute": "1500000007",
        "use": "-400000000",
        "recover": "30",
        "correct": "-7",
        "closing": "1600000030",
    }
    assert accounts["asset/COLD", "BTC"]["closing"] == "1.5"
    ledger = people.balances()
    assert ledger["asset/TRUST JPY"] == "1600000030"
    sheet = tables(tmp_path / "y.xlsx")["asset"]
    for row in sheet:
        parts = [number(v) for k, v in row.items() if k not in ("Account", "Unit", "Closing")]
        assert sum(parts) == number(row["Closing"])
    assert "1,600,000,030" in squeezed(tmp_path / "y.pdf")


def test_a_use_stands_with_its_legal_basis_and_who_decided(people: People, tmp_path: Path) -> None:
    found = said(people, "plain", tmp_path, "--lang", "ja").json()
    [use] = found["uses"]
    assert use["ground"] == "illegal_outflow"
    assert use["standing"] == "proposed"
    assert use["incident"] == "INC-1"
    assert use["provision"]
    assert (use["by"], use["approved_by"]) == ("aoi", ["ben"])
    assert use["evidence"] == ["amount_calculation", "proof_of_outflow"]
    [row] = tables(tmp_path / "y.xlsx")["uses"]
    assert row["使用の根拠"] == "不正流出（新法、提案段階）"
    wrong = [c for c in found["contributions"] if c["corrected"]]
    assert [c["amounts"][0]["amount"] for c in wrong] == ["7"]


def test_a_use_on_proposed_law_marks_every_page_and_sheet(people: People, tmp_path: Path) -> None:
    """No draft is assumed in this close; what the money was used on is not in force."""
    found = said(people, "plain", tmp_path, "--lang", "ja").json()
    assert found["assumed"] == []
    assert found["proposed"]
    assert not found["may_be_filed"]
    every = pages(tmp_path / "y.pdf")
    assert len(every) > 1
    assert all("提案段階・提出不可" in page for page in every)
    assert all("提案段階・提出不可" in rows[0] for rows in workbook(tmp_path / "y.xlsx").values())


def test_the_requirement_is_that_of_the_close(people: People, tmp_path: Path) -> None:
    """What is not computable is said with its reason and is not zero."""
    answer = said(people, "draft", tmp_path, "--lang", "en")
    assert answer.code == 1
    close: dict[str, Any] = json.loads((people.folder / "draft" / "close.json").read_bytes())
    found = {r["regime"]: r for r in answer.json()["requirement"]}
    assert found["jp.crypto.liability_reserve"]["required"] is None
    assert "Cabinet Office Order" in found["jp.crypto.liability_reserve"]["reason"]["en"]
    for regime, cover in close["cover"]["by_regime"].items():
        if regime != "jp":
            assert found[regime]["required"] == cover["required"]
            assert found[regime]["reserve"] == cover["going_concern"]["reserve"]
    compared = {c["asset"]: (c["ledger"], c["close"]) for c in answer.json()["compared"]}
    assert compared == {"TRUST": ("1600000030", "1600000030"), "COLD": ("1.5", "1.5")}


def test_a_close_that_did_not_read_this_ledger_is_told(people: People, tmp_path: Path) -> None:
    """Money that moved after the close, and a close of no ledger, are not passed over."""
    plain = said(people, "plain", tmp_path).json()
    assert "close-without-ledger" in [o["name"] for o in plain["open"]]
    head = plain["head"]["seq"]
    other = People(tmp_path, str(tmp_path / "other.db"))
    other.begin()
    other.done("contribute", 'asset = "TRUST"\namount = "1"', on=WITHIN)
    words = ("--store", other.store, "--out", tmp_path / "y.pdf", "--json")
    found = sonae("report", "year-end", people.folder / "draft", *words).json()
    names = [o["name"] for o in found["open"]]
    assert "another-ledger" in names
    assert "ledger-differs-from-close" in names
    assert head > 1
    assert said(people, "draft", tmp_path, "--head", "99999").code == 2


@pytest.mark.parametrize("lang", LANGS)
def test_a_later_entry_changes_nothing_up_to_a_head(
    people: People, tmp_path: Path, lang: Lang
) -> None:
    """Made again after more entries about the same year: the same bytes, with --head."""
    head = str(said(people, "draft", tmp_path, "--lang", lang).json()["head"]["seq"])
    first = [(tmp_path / f"y.{e}").read_bytes() for e in ("pdf", "xlsx")]
    people.done("contribute", 'asset = "TRUST"\namount = "3"', on=WITHIN)
    said(people, "draft", tmp_path, "--lang", lang, "--head", head)
    assert [(tmp_path / f"y.{e}").read_bytes() for e in ("pdf", "xlsx")] == first
    said(people, "draft", tmp_path, "--lang", lang)
    assert (tmp_path / "y.pdf").read_bytes() != first[0]


def test_two_legal_entities_do_not_stand_in_one_report(people: People, tmp_path: Path) -> None:
    """E25: a group is never netted."""
    day = books(tmp_path / "books")
    assert sonae("close", day, "--out", tmp_path / "other").code in (0, 1)
    words = ("--store", people.store, "--out", tmp_path / "y.pdf")
    refused = sonae("report", "year-end", tmp_path / "other", *words)
    assert refused.code == 3
    assert "two legal entities" in refused.err
    assert not (tmp_path / "y.pdf").exists()

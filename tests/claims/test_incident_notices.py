"""`incident notice`: every notice in both languages, no link in any, a hash for the public list."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from sonae.actions.demo.incident import SHIPPED, incident_file
from sonae.claims.hold import VISIBLE
from sonae.report.notice import url_like
from tests.claims.test_incident import INCIDENT, done, incident
from tests.command import contents, sonae

CRUDE = re.compile(r"://|www|@|＠|[A-Za-z0-9-][.．。｡][A-Za-z]{2}|https?|mailto|<a |href", re.I)
FORMS = {"public", "customers", "changed", "dispute", *(f"hold-{v}" for v in VISIBLE)}


@pytest.mark.parametrize("name", SHIPPED)
def test_no_notice_of_a_shipped_incident_has_a_link(tmp_path: Path, name: str) -> None:
    done(sonae("incident", "notice", incident_file(name), "--out", tmp_path / "out", "--json"))
    texts = {k: v.decode() for k, v in contents(tmp_path / "out").items() if k.endswith(".txt")}
    texts.pop("hashes.txt")
    assert len(texts) >= 2 * (len(FORMS) + 6)
    assert [k for k, t in texts.items() if CRUDE.search(t) or url_like(t) or "{" in t] == []


def test_each_notice_is_there_in_both_languages_with_its_hash(tmp_path: Path) -> None:
    file, folder = incident(tmp_path), tmp_path / "out"
    found = done(sonae("incident", "notice", file, "--out", folder, "--json"))
    files = contents(folder)
    for notice in found["notices"]:
        assert hashlib.sha256(files[notice["file"]]).hexdigest() == notice["sha256"]
        assert notice["number"] in files[notice["file"]].decode()
    names = {n["file"].removesuffix(".txt") for n in found["notices"]}
    assert {n.partition("/")[2] for n in names if not n.count("/drafts/")} == FORMS
    assert {n[3:] for n in names if n.startswith("ja/")} == {
        n[3:] for n in names if n.startswith("en/")
    }
    drafts = {n.rpartition("/")[2] for n in names if "/drafts/" in n}
    assert drafts == {
        "authority", "authority_status", "personal_data_preliminary", "personal_data_final",
        "police", "jvcea", "trust_bank", "insurer",
    }  # fmt: skip
    listed = files["hashes.txt"].decode().splitlines()
    assert len(listed) == 2 * len(FORMS)
    assert not [line for line in listed if "drafts" in line]
    for lang in ("ja", "en"):
        said = sonae("incident", "notice", file, "--out", folder, "--lang", lang)
        assert said.code == 0
        assert listed[0].split()[0][:20] in said.out.replace("\n", "")
    assert contents(folder) == files  # the same input gives the same bytes


def test_what_they_say(tmp_path: Path) -> None:
    words = ("--on", "2026-11-21", "--next-by", "2026-11-25", "--out", tmp_path / "out")
    done(sonae("incident", "notice", incident(tmp_path), "--json", *words))
    read = {k: v.decode() for k, v in contents(tmp_path / "out").items()}
    assert "50 BTC" in read["en/public.txt"]
    assert "25 November 2026" in read["en/public.txt"]
    assert "関係者各位" in read["ja/public.txt"]
    assert "72 hours" in read["en/changed.txt"]
    assert "21 December 2026" in read["en/dispute.txt"]
    draft = read["ja/drafts/authority_status.txt"]
    assert "下書き" in draft
    assert "DRAFT" in draft
    assert "700,000,000円" in draft
    assert "添付ファイル" not in draft  # what customers are told of links is no matter of an office
    assert "御中" in draft
    assert "直ちに" in read["ja/drafts/authority.txt"]
    assert "20 December 2026" in read["en/drafts/authority_status.txt"]  # from when it was learned
    assert "速やかに" in read["ja/drafts/personal_data_preliminary.txt"]


def test_a_clock_that_cannot_be_computed_is_for_people_to_fill_in(tmp_path: Path) -> None:
    words = ("--out", tmp_path / "out", "--json")
    done(sonae("incident", "notice", incident_file("coincheck-2018"), *words))
    draft = (tmp_path / "out/en/drafts/authority_status.txt").read_text("utf-8")
    assert "not computable" in draft


def test_a_firm_whose_name_is_an_address_is_refused_and_writes_nothing(tmp_path: Path) -> None:
    file = incident(tmp_path, base=INCIDENT.replace("Test Exchange K.K.", "evil.example"))
    said = sonae("incident", "notice", file, "--out", tmp_path / "out")
    assert said.code == 3
    assert not (tmp_path / "out").exists()


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("x")
    said = sonae("incident", "notice", incident(tmp_path), "--out", tmp_path / "mine")
    assert said.code == 2
    assert (tmp_path / "mine" / "letter.txt").read_text() == "x"


def test_next_is_after_the_day_of_the_notice(tmp_path: Path) -> None:
    words = ("--on", "2026-11-21", "--next-by", "2026-11-21", "--out", tmp_path / "out")
    assert sonae("incident", "notice", incident(tmp_path), *words).code == 3

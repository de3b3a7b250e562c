"""From Books of two brands to the files of one person, filled in and given back."""

from __future__ import annotations

import csv
import json
import stat
from pathlib import Path
from typing import Any

import pytest

from sonae.actions.claims import people
from sonae.actions.claims.people import identify
from sonae.core.errors import InputError, UsageError
from tests.kit import changed, write

TARO = {
    "customer_id": "C1",
    "kind": "person",
    "name": "髙橋 太郎",
    "name_kana": "ﾀｶﾊｼ ﾀﾛｳ",
    "birth_date": "1980-01-02",
    "address": "東京都府中市宮町一丁目2番3号",
    "phone": "+81-90-1234-5678",
}
SAME = TARO | {"customer_id": "=9", "name": "高橋太郎", "phone": "09012345678"}
ALIKE = TARO | {"customer_id": "=10", "name": "高端太朗", "address": "", "phone": ""}
DECIDED = {"same": "yes", "by": "aoi", "approved_by": "ben", "at": "2026-11-20", "reason": "旅券"}


@pytest.fixture
def books(tmp_path: Path) -> list[tuple[str, Path]]:
    two = {"A": [TARO], "B": [SAME, ALIKE]}
    return [(b, write(tmp_path / b, changed(customers=rows))) for b, rows in two.items()]


@pytest.fixture(autouse=True)
def unscored(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Scores take half a second and decide nothing; one test has them."""
    if "scored" not in request.node.name:
        monkeypatch.setattr(people, "available", lambda: False)


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def fill(file: Path, to: Path, **cells: str) -> Path:
    """The list as a person gives it back: every row filled in alike."""
    filled = [row | cells for row in rows(file)]
    with to.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, filled[0])
        writer.writeheader()
        writer.writerows(filled)
    return to


def refused(*args: Any) -> list[tuple[str, str, str]]:
    with pytest.raises(InputError) as caught:
        identify(*args)
    return [(p.name, p.file, p.column) for p in caught.value.problems]


def test_a_run_writes_who_is_one_and_who_may_be(books: Any, tmp_path: Path) -> None:
    """The customers of both brands, and one pair with what agrees and differs."""
    summary = identify(books, (), tmp_path / "out")
    private = tmp_path / "out" / "private"
    found = {r["customer_id"]: r for r in rows(private / "people.csv")}
    assert found["C1"]["person"] == found["'=9"]["person"] != found["'=10"]["person"]
    assert (found["C1"]["rule"], found["'=10"]["rule"]) == ("same-phone", "alone")
    [pair] = rows(private / "candidates.csv")
    assert (pair["agrees"], pair["differs"]) == ("kana birth_date", "name")
    assert pair["score"] == ""
    assert (summary["customers"], summary["persons"], summary["candidates"]) == (3, 2, 1)
    assert summary["by_rule"] == {"same-address": 1, "same-phone": 1}


def test_nothing_personal_leaves_the_private_folder(books: Any, tmp_path: Path) -> None:
    """The summary counts; the folder with names is for its owner's eyes."""
    summary = identify(books, (), tmp_path / "out")
    text = json.dumps(summary, ensure_ascii=False) + (tmp_path / "out/summary.json").read_text()
    for row in (TARO, SAME, ALIKE):
        assert not [v for k, v in row.items() if k != "kind" and v and v in text]
    assert stat.S_IMODE((tmp_path / "out" / "private").stat().st_mode) == 0o700
    assert identify(books) == summary


def test_a_filled_in_list_given_back_merges_and_is_kept(books: Any, tmp_path: Path) -> None:
    """Two people: one person. The decisions of this run serve the next."""
    out = tmp_path / "out"
    identify(books, (), out)
    filled = fill(out / "private" / "candidates.csv", tmp_path / "filled.csv", **DECIDED)
    summary = identify(books, (filled,), out)
    assert (summary["persons"], summary["candidates"], summary["by_rule"]["decided"]) == (1, 0, 1)
    before = (out / "private" / "people.csv").read_bytes()
    assert identify(books, (out / "private" / "decisions.csv", filled), out) == summary | {
        "decisions": 4
    }
    assert (out / "private" / "people.csv").read_bytes() == before


def test_one_person_alone_waits(books: Any, tmp_path: Path) -> None:
    """An empty approved_by merges nobody; a list not filled in says nothing."""
    identify(books, (), tmp_path / "out")
    listed = tmp_path / "out" / "private" / "candidates.csv"
    one = fill(listed, tmp_path / "one.csv", **DECIDED | {"approved_by": ""})
    summary = identify(books, (one,))
    assert (summary["persons"], summary["waiting_for_a_second_person"]) == (2, 1)
    assert identify(books, (listed,))["decisions"] == 0


def test_every_fault_of_a_filled_in_list_is_named(books: Any, tmp_path: Path) -> None:
    """By row and column, in both languages, and nothing is written."""
    identify(books, (), tmp_path / "out")
    listed = tmp_path / "out" / "private" / "candidates.csv"
    wrong = {"same": "maybe", "by": "aoi", "approved_by": " AOI", "at": "yesterday", "reason": ""}
    bad = fill(listed, tmp_path / "bad.csv", **wrong)
    head = tmp_path / "head.csv"
    head.write_text("brand_1,same\nA,yes\n", "utf-8")
    found = refused(books, (bad, head, tmp_path / "none.csv"), tmp_path / "new")
    assert found == [
        ("bad-decision", "bad.csv", "same"),
        ("bad-decision", "bad.csv", "at"),
        ("bad-decision", "bad.csv", "reason"),
        ("bad-decision", "bad.csv", "approved_by"),
        ("missing-column", "head.csv", ""),
        ("unreadable-file", "none.csv", ""),
    ]
    assert not (tmp_path / "new").exists()


def test_books_that_cannot_be_used_are_named_by_brand(books: Any, tmp_path: Path) -> None:
    """No folder, no customers, a bad kind, a column that does not exist: all at once."""
    bad = write(tmp_path / "bad", changed(customers=[TARO | {"kind": "human"}]))
    odd = write(tmp_path / "odd", changed(customers=[TARO | {"nickname": "T"}]))
    none = write(tmp_path / "none", changed())
    every = [("C", bad), ("D", odd), ("E", none), ("F", tmp_path / "gone"), *books]
    assert refused(every) == [
        ("unknown-code", "C/customers.csv", "kind"),
        ("unknown-column", "D/customers.csv", "nickname"),
        ("missing-table", "E/customers.csv", ""),
        ("missing-folder", "F/gone", ""),
    ]


def test_two_books_of_one_brand_share_its_customers(books: Any, tmp_path: Path) -> None:
    """The same row in both is one customer; two different rows are refused."""
    again = write(tmp_path / "A2", changed(customers=[TARO]))
    assert identify([*books, ("A", again)])["customers"] == 3
    other = write(tmp_path / "A3", changed(customers=[TARO | {"name": "別人"}]))
    assert refused([*books, ("A", other)]) == [("repeated-key", "", "")]


def test_somebody_elses_folder_is_left_alone(books: Any, tmp_path: Path) -> None:
    """An `out` with other files, and no brand at all, are wrong usage."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "notes.txt").write_text("x", "utf-8")
    for given in (books, [], [(" ", books[0][1])]):
        with pytest.raises(UsageError):
            identify(given, (), tmp_path / "out")


def test_a_scored_run_adds_the_score_and_changes_no_person(
    books: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the extra the exact keys still make candidates, and the summary says so."""
    pytest.importorskip("splink")
    scored = identify(books, (), tmp_path / "scored")
    monkeypatch.setattr(people, "available", lambda: False)
    plain = identify(books, (), tmp_path / "plain")
    assert (scored, plain["scored"]) == (plain | {"scored": True}, False)
    [pair] = rows(tmp_path / "scored" / "private" / "candidates.csv")
    assert pair["score"].endswith("%")
    before, after = (tmp_path / n / "private" / "people.csv" for n in ("plain", "scored"))
    assert before.read_bytes() == after.read_bytes()

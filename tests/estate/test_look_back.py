"""`sonae estate look-back`: large net withdrawals of the period, with days; nothing is set off."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.command import Said, sonae
from tests.estate.test_report import PLAN

MOVES = """customer,asset,quantity_decimal,on,own_property
big,BTC,-3,2026-09-01,false
big,BTC,1,2026-09-02,false
edge,JPY,-20000000,2026-08-22,false
early,JPY,-99000000,2026-08-21,false
small,JPY,-19999999,2026-11-20,false
own,JPY,-30000000,2026-10-01,true
late,JPY,-30000000,2026-11-21,false
"""


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "plan.toml").write_text(PLAN.format(proceeding="bankruptcy"), "utf-8")
    (tmp_path / "moves.csv").write_text(MOVES, "utf-8")
    return tmp_path


def looked(files: Path, *more: str) -> Said:
    return sonae(
        *("estate", "look-back", files / "plan.toml", files / "moves.csv", *more),
        *("--petition-on", "2026-11-20", "--least", "20000000"),
    )


def test_ninety_days_of_withdrawals_are_flagged_with_amounts_and_dates(files: Path) -> None:
    """E102: both ends are inside, what came back counts, own property is told apart."""
    said = looked(files, "--days", "90", "--json")
    assert said.code == 1
    found = said.json()
    assert (found["from"], found["until"], found["inside"]) == ("2026-08-22", "2026-11-20", 5)
    flags = {f["customer"]: (f["value"], f["own_property"]) for f in found["flagged"]}
    assert flags == {
        "big": ("20000000", False),
        "edge": ("20000000", False),
        "own": ("30000000", True),
    }
    [big] = [f for f in found["flagged"] if f["customer"] == "big"]
    assert [(m["on"], m["quantity"]) for m in big["moves"]] == [
        ("2026-09-01", "-3"),
        ("2026-09-02", "1"),
    ]
    assert found["set_off"] == "none"
    assert found["law"]["standing"] == "house"


def test_a_period_of_the_rulebook_says_how_sure_it_is(files: Path) -> None:
    """E102: 30 days before inability to pay, from a secondary source and marked so."""
    words = ("--ground", "no_obligation", "--inability-on", "2026-10-10", "--json")
    found = looked(files, *words).json()
    assert found["from"] == "2026-09-10"
    assert [f["customer"] for f in found["flagged"]] == ["own"]
    assert found["law"]["confidence"] in ("secondary", "memory", "derived")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((), 2),
        (("--days", "90", "--ground", "preference"), 2),
        (("--ground", "no_obligation"), 2),
        (("--ground", "kindness"), 2),
        (("--days", "0"), 2),
    ],
)
def test_a_period_that_is_not_known_is_not_guessed(
    files: Path, words: tuple[str, ...], code: int
) -> None:
    assert looked(files, *words).code == code


def test_a_proceeding_without_avoidance_has_no_period_by_law(files: Path) -> None:
    (files / "plan.toml").write_text(PLAN.format(proceeding="special_liquidation"), "utf-8")
    assert looked(files, "--ground", "preference").code == 2
    assert looked(files, "--days", "90").code == 1


def test_every_row_that_cannot_be_read_is_told_in_one_run(files: Path) -> None:
    (files / "moves.csv").write_text(
        "customer,asset,quantity_decimal,on,own_property\n"
        ",BTC,1,2026-09-01,true\nA,XXX,1,2026-09-01,true\nA,JPY,0.5,2026-09-01,true\n"
        "A,JPY,1,2026-13-01,true\nA,JPY,1,2026-09-01,\n",
        "utf-8",
    )
    said = looked(files, "--days", "90", "--json")
    assert said.code == 3
    assert [p["row"] for p in said.json()["problems"]] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("lang", "word"), [("ja", "相殺も減額もしていない"), ("en", "nothing is set")]
)
def test_people_read_that_nothing_was_set_off(files: Path, lang: str, word: str) -> None:
    assert word in looked(files, "--days", "90", "--lang", lang).out

"""The shipped events as evidence: nothing is lost in reading, and what is left out is said."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from fractions import Fraction
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonae.core.errors import InputError
from sonae.loss.incident_list import incident_list
from sonae.loss.incidents import CONFIDENCE_WORDS, KINDS, TIERS, Event, Selection, find, select

from ..command import sonae
from .evidence import official, whole


def rows() -> list[dict[str, str]]:
    """The file as it is shipped, read anew."""
    text = resources.files("sonae.data").joinpath("incidents.csv").read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))


def test_every_event_ships_with_source_and_confidence() -> None:
    assert len(whole()) == 257
    assert all(e.source and e.confidence in CONFIDENCE_WORDS for e in whole())
    assert {e.id for e in whole()} == {r["id"] for r in rows()}


def test_amounts_are_read_exactly() -> None:
    by_id = {r["id"]: r for r in rows()}
    for event in whole():
        row = by_id[event.id]
        for value, column in (
            (event.loss_usd, "loss_usd_at_time"),
            (event.assets_usd, "customer_assets_held_usd_before"),
            (event.compensated, "customer_compensated_fraction"),
        ):
            assert value == (Fraction(row[column]) if row[column] else None)


@pytest.mark.parametrize(
    ("what", "many"),
    [
        (lambda e: e.theft, 155),
        (lambda e: e.theft and e.day.year >= 2017 and e.loss_usd >= 1_000_000, 93),
        (lambda e: e.theft and e.day.year >= 2017 and e.loss_usd > 1_000_000, 90),
        (lambda e: e.theft and e.assets_usd is not None, 19),
    ],
)
def test_counts_are_those_of_the_study_of_the_list(
    what: Callable[[Event], bool], many: int
) -> None:
    assert sum(bool(what(e)) for e in whole()) == many


def test_rows_from_memory_are_left_out_and_the_change_is_said() -> None:
    found = incident_list(Selection())
    memory = [r for r in rows() if r["source"].lower().startswith("memory")]
    assert found["memory"]["left_out"] == [
        r["id"] for r in sorted(memory, key=lambda r: (r["date"], r["id"]))
    ]
    assert not {e["id"] for e in found["events"]} & {r["id"] for r in memory}
    counted = [r for r in rows() if r["loss_usd_at_time"] and not r["overlap_with"]]
    every = sum(Fraction(r["loss_usd_at_time"]) for r in counted)
    kept = sum(Fraction(r["loss_usd_at_time"]) for r in counted if r not in memory)
    assert Fraction(found["memory"]["with"]["loss_usd"]) == every
    assert Fraction(found["memory"]["without"]["loss_usd"]) == kept < every


words = st.lists(st.sampled_from(KINDS), unique=True, max_size=3)


@given(words, st.lists(st.sampled_from(TIERS), unique=True, max_size=2), st.booleans())
def test_a_selection_is_split_between_kept_and_left_out(
    kinds: list[str], tiers: list[str], overlaps: bool
) -> None:
    wanted = Selection(tuple(kinds), tuple(tiers), overlaps=overlaps)
    kept, left = select(wanted)
    assert set(kept) | set(left) == {
        e for e in whole()
        if (not kinds or e.kind in kinds) and (not tiers or e.tier in tiers)
        and (overlaps or not e.within)
    }  # fmt: skip
    assert not any(e.from_memory for e in kept)
    assert all(e.from_memory for e in left)


@pytest.mark.parametrize(
    ("name", "id"),
    [
        ("dmm-2024", "2024-05-31-dmm-bitcoin"),
        ("Bybit-2025", "2025-02-21-bybit"),
        ("2018-09-14-zaif", "2018-09-14-zaif"),
    ],
)
def test_an_event_has_its_id_and_a_short_name(name: str, id: str) -> None:
    assert find(name).id == id


@pytest.mark.parametrize(
    ("name", "problem", "said"),
    [
        ("zaif-2018", "several-events", "2018-09-14-zaif"),
        ("nobody-2018", "unknown-event", "sonae loss incidents"),
        ("dmm", "unknown-event", "no such event"),
    ],
)
def test_a_name_that_is_not_one_event_is_refused(name: str, problem: str, said: str) -> None:
    with pytest.raises(InputError) as refused:
        find(name)
    [found] = refused.value.problems
    assert found.name == problem
    assert said in found.message.en


def test_the_command_prints_tables_and_writes_pages_and_drawings(tmp_path: Path) -> None:
    said = sonae("loss", "incidents", "--jurisdiction", "jp", "--out", tmp_path / "out")
    assert said.code == 0
    assert "2024-05-31-dmm-bitcoin" in said.out
    assert "Rows from memory are left out (1)" in said.out
    names = {p.name for p in (tmp_path / "out").iterdir()}
    assert {"incidents.json", "incidents.ja.html", "timeline.en.svg", "severity.ja.svg"} <= names
    page = (tmp_path / "out" / "incidents.ja.html").read_text("utf-8")
    assert page.count("<svg xmlns") == 2
    assert "コインチェック" not in page  # names as the list has them
    assert "smbiz.asahi.com/article/15288839" in page
    drawn = (tmp_path / "out" / "timeline.en.svg").read_text("utf-8")
    shown = [e for e in official() if e.jurisdiction == "JP" and e.loss_usd and not e.within]
    assert drawn.count("<circle") + drawn.count('<rect x="') == len(shown)


def test_an_unknown_word_is_refused_with_those_that_are_known() -> None:
    said = sonae("loss", "incidents", "--kind", "bridge", "--tier", "warm", "--json")
    assert said.code == 3
    problems = json.loads(said.err or said.out)["problems"]
    assert [p["name"] for p in problems] == ["unknown-word", "unknown-word"]
    assert "cold_wallet" in problems[0]["message"]["en"]

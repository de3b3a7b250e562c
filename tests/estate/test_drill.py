"""Drills against the clock, and how ready a take-over is."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sonae.actions.keys import new_key
from sonae.actions.takeover.drill import compare_drills, load_drill, start_drill, step_drill
from sonae.actions.takeover.ready import readiness
from sonae.cli.main import run
from sonae.core.errors import Refused, SonaeError, UsageError
from tests.estate.firm import books, pack, people

START = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """A clock."""
    return Clock()


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """A person's key."""
    new_key(tmp_path / "adm.key")
    return tmp_path / "adm.key"


def drilled(folder: Path, name: str, key: Path, clock: Clock, steps: dict[str, int]) -> Path:
    """A drill with steps so many minutes after its start."""
    record, began = folder / name, clock.now
    source = folder / "books"
    start_drill(source if source.exists() else books(source), record, key, now=clock)
    for step, minutes in steps.items():
        clock.now = began + timedelta(minutes=minutes)
        step_drill(record, step, key, clock)
    return record


def test_a_drill_takes_its_times_from_the_tool_and_is_signed(
    tmp_path: Path, key: Path, clock: Clock
) -> None:
    """Steps in seconds from the start; 23 h 59 min is inside the target of 24 hours."""
    record = drilled(tmp_path, "d1", key, clock, {"pack_opened": 30, "finish": 24 * 60 - 1})
    found = load_drill(record)
    assert found.as_json()["steps"]["pack_opened"]["seconds"] == 1800
    assert found.took() == timedelta(hours=23, minutes=59)
    assert found.in_time()
    assert len(found.signers) == 1


@pytest.mark.parametrize(("minutes", "in_time"), [(24 * 60, True), (24 * 60 + 1, False)])
def test_the_target_is_24_hours_to_the_minute(
    tmp_path: Path, key: Path, clock: Clock, minutes: int, in_time: bool
) -> None:
    """The boundary is in time, a minute later is not."""
    record = drilled(tmp_path, "d1", key, clock, {"finish": minutes})
    assert load_drill(record).in_time() is in_time


def test_a_record_that_was_touched_is_refused(tmp_path: Path, key: Path, clock: Clock) -> None:
    """Any byte, a line taken out, a line moved: found."""
    record = drilled(tmp_path, "d1", key, clock, {"pack_opened": 30, "totals_rebuilt": 50})
    good = record.read_bytes()
    lines = good.splitlines(keepends=True)
    for bad in (
        good.replace(b"T09:30", b"T09:10"),
        b"".join([lines[0], lines[2]]),
        b"".join([lines[0], lines[2], lines[1]]),
        b"".join(lines[1:]),
    ):
        assert bad != good
        record.write_bytes(bad)
        with pytest.raises(SonaeError):
            load_drill(record)
    record.write_bytes(good)
    assert set(load_drill(record).steps) == {"pack_opened", "totals_rebuilt"}


def test_a_step_is_recorded_once_and_nothing_after_the_end(
    tmp_path: Path, key: Path, clock: Clock
) -> None:
    """No second try, no unknown step, no clock that runs backwards."""
    record = drilled(tmp_path, "d1", key, clock, {"pack_opened": 30})
    with pytest.raises(Refused):
        step_drill(record, "pack_opened", key, clock)
    with pytest.raises(UsageError, match="totals_rebuilt"):
        step_drill(record, "coffee", key, clock)
    clock.now = START
    with pytest.raises(Refused, match="clock"):
        step_drill(record, "totals_rebuilt", key, clock)
    clock.now = START + timedelta(hours=1)
    step_drill(record, "finish", key, clock)
    with pytest.raises(Refused):
        step_drill(record, "totals_rebuilt", key, clock)
    with pytest.raises(UsageError):
        start_drill(tmp_path / "books", record, key, now=clock)


def test_drills_are_compared_step_by_step_with_the_best_before(
    tmp_path: Path, key: Path, clock: Clock
) -> None:
    """The second opens the pack ten minutes faster and ends two hours later."""
    first = drilled(tmp_path, "d1", key, clock, {"pack_opened": 30, "finish": 300})
    clock.now = START + timedelta(days=90)
    second = drilled(tmp_path, "d2", key, clock, {"pack_opened": 20, "finish": 420})
    found = compare_drills([second, first])
    steps = {r["step"]: r for r in found["steps"]}
    assert steps["pack_opened"]["seconds"] == [1800, 1200]
    assert steps["pack_opened"]["change"] == -600
    assert steps["finish"]["change"] == 7200
    assert found["last_in_time"]


def test_the_commands_of_a_drill_work_with_the_machines_clock(
    tmp_path: Path, key: Path, capsys: Any
) -> None:
    """Start, step, finish, compare."""
    record = str(tmp_path / "d1")
    signed = ["--key", str(key)]
    assert run(["estate", "drill", "start", str(books(tmp_path / "b")), record, *signed]) == 0
    assert run(["estate", "drill", "step", record, "pack_opened", *signed]) == 0
    assert run(["estate", "drill", "compare", record]) == 1
    assert run(["estate", "drill", "finish", record, *signed]) == 0
    capsys.readouterr()
    assert run(["estate", "drill", "compare", record, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["last_in_time"]


# -- readiness --------------------------------------------------------------------------------


def lines(document: dict[str, Any]) -> dict[str, Any]:
    return {x["item"]: x["value"] for x in document["lines"]}


def gaps(document: dict[str, Any]) -> set[str]:
    return {g["name"] for g in document["gaps"]}


def register(folder: Path, *checked: str) -> Path:
    """A register of three shares, two needed; `checked` is when each was last shown, or nothing."""
    holders = [
        {"number": n, "holder": f"h{n}", "checked": [{"year": 2026, "on": day}] if day else []}
        for n, day in enumerate(checked, 1)
    ]
    found = {"format": "sonae-pack-register/1", "shares": 3, "needed": 2, "made_on": "2024-01-01"}
    path = folder / "register.json"
    path.write_text(json.dumps(found | {"holders": holders}), "utf-8")
    return path


def test_readiness_is_what_is_known_and_a_gap_for_the_rest(tmp_path: Path, clock: Clock) -> None:
    """Nothing given: nothing is ready, and no line is filled in."""
    document = readiness(books(tmp_path / "books"), now=clock)
    found = lines(document)
    assert found["verified_share"] is None
    assert found["shares"] is None
    assert found["last_drill"] is None
    assert found["pack_hours"] is None
    assert not document["ready"]
    assert gaps(document) >= {"payout-not-known", "shares-not-known", "no-drill", "no-pack"}


def test_readiness_in_order_has_no_gap(tmp_path: Path, key: Path, clock: Clock) -> None:
    """Everybody verified, rails for coins and money, two shares shown, a drill, a pack of today."""
    source = books(tmp_path / "books", customers=people("2026-10-01", "2026-11-20"))
    record = drilled(tmp_path, "d1", key, clock, {"finish": 300})
    shares = register(tmp_path, "2026-02-01", "2026-03-01", "")
    last = pack(tmp_path / "pack")
    document = readiness(source, tmp_path / "out", shares, [record], last, clock)
    assert document["gaps"] == []
    assert document["ready"]
    found = lines(document)
    assert (found["people"], found["verified"], found["verified_share"]) == (2, 2, "1")
    assert (found["assets_owed"], found["assets_with_rail"]) == (2, 2)
    assert (found["shares"], found["shares_needed"], found["shares_shown"]) == (3, 2, 2)
    assert found["last_drill_seconds"] == 300 * 60
    assert found["pack_hours"] == 14
    for lang in ("ja", "en"):
        assert (tmp_path / "out" / f"readiness.{lang}.html").is_file()


def test_each_limit_of_readiness_has_its_gap(tmp_path: Path, key: Path, clock: Clock) -> None:
    """One of two verified, one share shown, a late drill, a pack over 48 hours old."""
    source = books(tmp_path / "books", customers=people("2026-10-01", "2026-11-21"))
    record = drilled(tmp_path, "d1", key, clock, {"finish": 25 * 60})
    shares = register(tmp_path, "2026-02-01", "2025-01-01", "")
    clock.now = START + timedelta(hours=58)
    document = readiness(source, None, shares, [record], pack(tmp_path / "pack"), clock)
    assert gaps(document) == {"payout-not-verified", "too-few-shares", "drill-late", "pack-old"}
    assert lines(document)["verified_share"] == "0.5"
    clock.now = START + timedelta(days=400)
    later = readiness(source, None, shares, [record], tmp_path / "pack", clock)
    assert "drill-old" in gaps(later)

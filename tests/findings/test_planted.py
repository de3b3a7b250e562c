"""Faults planted in sample books of 300 accounts, found from the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sonae.books.sample import PLANTS
from sonae.cli.main import run
from tests.command import FULL, REFUSAL, contents

REFUSED = ("corrupt-row", "wrong-scale")
FOUND = [p for p in PLANTS if p not in REFUSED]


def sampled(folder: Path, *plants: str) -> Path:
    """Sample books of 300 accounts with these faults."""
    named = [word for plant in plants for word in ("--plant", plant)]
    assert run(["sample", str(folder), "--accounts", "300", *named]) == 0
    return folder


def closed(capsys: Any, books: Path, out: Path) -> tuple[int, Any]:
    """Exit code and the JSON document of a close."""
    capsys.readouterr()
    code = run(["close", str(books), "--out", str(out), "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_a_clean_sample_closes_with_exit_code_0(tmp_path: Path, capsys: Any) -> None:
    """No plant: nothing to act on, and the full set of files."""
    code, document = closed(capsys, sampled(tmp_path / "books"), tmp_path / "out")
    assert code == 0
    assert [f["name"] for f in document["findings"] if f["severity"] != "note"] == []
    assert set(contents(tmp_path / "out")) >= FULL
    assert json.loads((tmp_path / "out" / "close.json").read_bytes()) == document


@pytest.mark.parametrize("plant", FOUND)
def test_a_planted_fault_is_found_by_its_name(tmp_path: Path, capsys: Any, plant: str) -> None:
    """Exit code 1, the finding in the document, the full set of files and nothing beside it."""
    books = sampled(tmp_path / "books", plant)
    code, document = closed(capsys, books, tmp_path / "out")
    assert code == 1
    acts = {f["name"] for f in document["findings"] if f["severity"] != "note"}
    assert plant in acts
    written = set(contents(tmp_path / "out"))
    assert written >= FULL
    assert not [name for name in written if name.startswith("refused")]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["books", "out"]


@pytest.mark.parametrize("plant", REFUSED)
def test_a_row_that_cannot_be_read_refuses_the_whole_close(
    tmp_path: Path, capsys: Any, plant: str
) -> None:
    """Exit code 3; the folder holds the reasons and nothing that looks like a close."""
    books = sampled(tmp_path / "books", plant)
    code, document = closed(capsys, books, tmp_path / "out")
    assert code == 3
    [problem] = document["problems"]
    assert problem["name"] == plant
    assert problem["table"] == "balances"
    assert problem["file"] == "balances/planted-decimal.parquet"
    assert (problem["row"], problem["column"]) == (1, "quantity")
    assert set(contents(tmp_path / "out")) == REFUSAL
    written = json.loads((tmp_path / "out" / "refused.json").read_bytes())
    assert written["problems"] == document["problems"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["books", "out"]


def test_every_fault_at_once_is_refused_for_both_reasons(tmp_path: Path, capsys: Any) -> None:
    """All plants in one Books: both unreadable rows are named in one run."""
    books = sampled(tmp_path / "books", *PLANTS)
    code, document = closed(capsys, books, tmp_path / "out")
    assert code == 3
    assert sorted(p["name"] for p in document["problems"]) == sorted(REFUSED)


def test_every_readable_fault_at_once_is_found(tmp_path: Path, capsys: Any) -> None:
    """No fault hides another (but a confused unit swells what the hot limit is a share of)."""
    plants = [p for p in FOUND if p != "unit-confusion"]
    books = sampled(tmp_path / "books", *plants)
    code, document = closed(capsys, books, tmp_path / "out")
    assert code == 1
    assert {f["name"] for f in document["findings"]} >= set(plants)


@pytest.mark.parametrize("plants", [(), ("hot-excess",), ("corrupt-row",)])
def test_the_same_close_twice_gives_the_same_bytes(
    tmp_path: Path, capsys: Any, plants: tuple[str, ...]
) -> None:
    """Every file of two closes of the same Books, written to two folders, is equal."""
    books = sampled(tmp_path / "books", *plants)
    first = closed(capsys, books, tmp_path / "first")
    second = closed(capsys, books, tmp_path / "second")
    assert first == second
    assert contents(tmp_path / "first") == contents(tmp_path / "second")


def test_another_process_zone_language_and_order_of_hashing_give_the_same_bytes(
    tmp_path: Path, capsys: Any
) -> None:
    """Nothing of the surroundings gets into a close."""
    books = sampled(tmp_path / "books", "hot-excess")
    closed(capsys, books, tmp_path / "here")
    program = "import sys; from sonae.cli.main import run; sys.exit(run(sys.argv[1:]))"
    command = [sys.executable, "-c", program, "close", str(books), "--out", str(tmp_path / "there")]
    around = {"PYTHONHASHSEED": "7", "TZ": "America/St_Johns", "LC_ALL": "ja_JP.UTF-8"}
    done = subprocess.run(command, env=os.environ | around, capture_output=True, check=False)
    assert done.returncode == 1
    assert contents(tmp_path / "there") == contents(tmp_path / "here")


def test_the_same_sample_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    """Same accounts, assets, seed and plants: every file is equal."""
    first = sampled(tmp_path / "first", "hot-excess")
    second = sampled(tmp_path / "second", "hot-excess")
    assert contents(first) == contents(second)

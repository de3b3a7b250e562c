"""What a close writes: whole or not at all, and never over somebody else's files."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest

from sonae.actions.close import close_books
from sonae.cli.main import run
from sonae.core.errors import InputError
from tests.command import FULL, REFUSAL, contents
from tests.kit import changed, clean, price, write


def around(tmp_path: Path) -> list[str]:
    """What stands beside the Books, hidden names included."""
    return sorted(p.name for p in tmp_path.iterdir() if not p.name.startswith("books"))


@pytest.fixture
def books(tmp_path: Path) -> Path:
    """Books that close clean."""
    return write(tmp_path / "books", clean())


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """Books that close clean with another result."""
    return write(tmp_path / "books-2", changed(prices=[price("BTC", "16000000")]))


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """Books that are refused."""
    return write(tmp_path / "books-3", changed(prices=[price("BTC", "x")]))


def test_a_folder_with_other_files_is_refused_as_wrong_usage(books: Path, tmp_path: Path) -> None:
    """Exit code 2, and the files are as they were."""
    out = tmp_path / "out"
    out.mkdir()
    (out / "thesis.txt").write_text("years of work", "utf-8")
    assert run(["close", str(books), "--out", str(out)]) == 2
    assert contents(out) == {"thesis.txt": b"years of work"}


def test_a_file_in_place_of_the_folder_is_refused(books: Path, tmp_path: Path) -> None:
    """Exit code 2, and the file is as it was."""
    (tmp_path / "out").write_text("x", "utf-8")
    assert run(["close", str(books), "--out", str(tmp_path / "out")]) == 2
    assert (tmp_path / "out").read_bytes() == b"x"


def test_a_file_put_beside_a_former_close_is_not_lost(books: Path, tmp_path: Path) -> None:
    """Somebody's notes beside close.json: the next close refuses or keeps them."""
    out = tmp_path / "out"
    assert run(["close", str(books), "--out", str(out)]) == 0
    (out / "notes.txt").write_text("call the trustee", "utf-8")
    run(["close", str(books), "--out", str(out)])
    assert (out / "notes.txt").read_bytes() == b"call the trustee"


def test_an_empty_folder_and_a_new_one_below_new_ones_are_fine(books: Path, tmp_path: Path) -> None:
    """Folders on the way are made."""
    (tmp_path / "empty").mkdir()
    for out in (tmp_path / "empty", tmp_path / "a" / "b" / "c"):
        assert run(["close", str(books), "--out", str(out)]) == 0
        assert set(contents(out)) >= FULL


def test_a_former_close_is_replaced_whole(books: Path, other: Path, tmp_path: Path) -> None:
    """Nothing of the former close is left, and nothing lies beside it."""
    close_books(other, out=tmp_path / "fresh")
    close_books(books, out=tmp_path / "out")
    (tmp_path / "out" / "report.en.html").unlink()
    close_books(other, out=tmp_path / "out")
    assert contents(tmp_path / "out") == contents(tmp_path / "fresh")
    assert around(tmp_path) == ["fresh", "out"]


def test_a_former_refusal_is_replaced_by_a_close(
    books: Path, broken: Path, tmp_path: Path, capsys: Any
) -> None:
    """First refused, then mended: the reasons of yesterday do not stand beside the close."""
    out = tmp_path / "out"
    assert run(["close", str(broken), "--out", str(out), "--json"]) == 3
    assert set(contents(out)) == REFUSAL
    problems = json.loads(capsys.readouterr().out)["problems"]
    assert json.loads((out / "refused.json").read_bytes())["problems"] == problems
    assert run(["close", str(books), "--out", str(out)]) == 0
    assert set(contents(out)) >= FULL
    assert not REFUSAL & set(contents(out))


def test_a_refusal_leaves_a_former_close_as_it_was(
    books: Path, broken: Path, tmp_path: Path
) -> None:
    """The reasons go to `<out>.refused`; the close of before is not touched."""
    out = tmp_path / "out"
    close_books(books, out=out)
    before = contents(out)
    for _ in range(2):
        assert run(["close", str(broken), "--out", str(out)]) == 3
        assert contents(out) == before
        assert set(contents(tmp_path / "out.refused")) == REFUSAL
        assert around(tmp_path) == ["out", "out.refused"]


def test_a_refusal_never_replaces_a_folder_of_somebody_else(
    books: Path, broken: Path, tmp_path: Path
) -> None:
    """`<out>.refused` exists and is not ours: its files must survive."""
    out, taken = tmp_path / "out", tmp_path / "out.refused"
    close_books(books, out=out)
    taken.mkdir()
    (taken / "thesis.txt").write_text("years of work", "utf-8")
    run(["close", str(broken), "--out", str(out)])
    assert (taken / "thesis.txt").read_bytes() == b"years of work"


def test_without_out_nothing_is_written(
    books: Path, broken: Path, tmp_path: Path, monkeypatch: Any
) -> None:
    """Neither a close nor a refusal leaves a file, in the working folder or beside the Books."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    before = contents(tmp_path)
    assert run(["close", str(books)]) == 0
    assert run(["close", str(broken)]) == 3
    assert contents(tmp_path) == before


# -- a disk that fills up ------------------------------------------------------------------------


def full_disk(monkeypatch: Any, call: str, after: int, owner: Any = os) -> None:
    """The call fails for want of space, once it went well so many times."""
    real, calls = getattr(owner, call), []

    def failing(*args: Any, **kwargs: Any) -> Any:
        calls.append(args)
        if len(calls) > after:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(*args, **kwargs)

    monkeypatch.setattr(owner, call, failing)


@pytest.mark.parametrize("after", [0, 1, 2])
@pytest.mark.parametrize("former", [True, False])
def test_a_full_disk_leaves_the_old_folder_and_no_debris(
    books: Path, other: Path, tmp_path: Path, monkeypatch: Any, after: int, former: bool
) -> None:
    """fsync fails at the first, second or third file."""
    if former:
        close_books(other, out=tmp_path / "out")
    before = contents(tmp_path)
    full_disk(monkeypatch, "fsync", after)
    with pytest.raises(OSError, match="No space left"):
        close_books(books, out=tmp_path / "out")
    assert contents(tmp_path) == before
    assert around(tmp_path) == (["out"] if former else [])


@pytest.mark.parametrize("after", [0, 1, 2])
def test_a_full_disk_while_refusing_leaves_the_old_folder_and_no_debris(
    books: Path, broken: Path, tmp_path: Path, monkeypatch: Any, after: int
) -> None:
    """The report of why cannot be written: the former close stands, nothing half-done beside it."""
    close_books(books, out=tmp_path / "out")
    before = contents(tmp_path)
    full_disk(monkeypatch, "fsync", after)
    with pytest.raises((OSError, InputError)):
        close_books(broken, out=tmp_path / "out")
    assert contents(tmp_path) == before
    assert around(tmp_path) == ["out"]


@pytest.mark.parametrize("after", [0, 1])
def test_a_rename_that_fails_leaves_the_old_folder_and_no_debris(
    books: Path, other: Path, tmp_path: Path, monkeypatch: Any, after: int
) -> None:
    """Moving the old folder away fails, or moving the new one in after that."""
    close_books(other, out=tmp_path / "out")
    before = contents(tmp_path)
    with monkeypatch.context() as patch:
        full_disk(patch, "rename", after, Path)
        with pytest.raises(OSError, match="No space left"):
            close_books(books, out=tmp_path / "out")
    assert contents(tmp_path) == before
    assert around(tmp_path) == ["out"]


def test_a_full_disk_is_one_line_and_no_exit_code_of_a_finding(
    books: Path, tmp_path: Path, monkeypatch: Any, capsys: Any
) -> None:
    """1 means that a finding was made; a disk that fills up is not one."""
    full_disk(monkeypatch, "fsync", 0)
    assert run(["close", str(books), "--out", str(tmp_path / "out")]) in (2, 3)
    assert "No space left" in capsys.readouterr().err


def test_the_working_folder_itself_cannot_be_the_output(
    books: Path, tmp_path: Path, monkeypatch: Any
) -> None:
    """`--out .` in an empty folder: written into it or refused as wrong usage, no debris."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    code = run(["close", str(books), "--out", "."])
    written = set(contents(tmp_path / "work"))
    assert (code == 0 and written >= FULL) or (code == 2 and not written)
    assert not [p for p in (tmp_path / "work").iterdir() if p.name.startswith(".")]

"""A run that was killed: repeated, it takes up what was finished and says the same to the byte."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import duckdb
import pytest

from sonae.actions.close import close_books
from sonae.actions.work import LOCK, Work, megabytes
from sonae.books.engine import open_engine
from sonae.books.engine.kept import Kept
from sonae.books.read import read_books
from sonae.books.sample import write_sample
from sonae.core.errors import InputError, UsageError
from tests.command import contents, decided, sonae
from tests.kit import changed, clean, price, write

if sys.platform == "win32":
    pytest.skip("kill -9 is a POSIX signal", allow_module_level=True)

# A process that forks for each result that is kept; the child kills itself once it has kept it,
# another repeats the run and says how much it took up.
STEPS = """
import json, os, signal, sys
from pathlib import Path
from sonae.actions.close import close_books
from sonae.books import transcribe
from sonae.books.engine import kept

books, root = map(Path, sys.argv[1:])

def run(out, step):
    seen, real = 0, kept.write_kept
    def write(file, content):
        nonlocal seen
        real(file, content)
        seen += 1
        if seen == step:
            os.kill(os.getpid(), signal.SIGKILL)
    kept.write_kept = transcribe.write_kept = write
    close_books(books, out=out)
    (root / f"{out.name}.kept").write_text(str(seen))
    os._exit(0)

def child(out, step):
    if not (pid := os.fork()):
        run(out, step)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

for step in range(1, 50):
    out = root / str(step)
    if child(out, step) == 0:
        break
    assert not out.exists() and (root / f".{step}.work").is_dir()
    assert child(out, 0) == 0
"""


def as_csv(books: Path) -> Path:
    """The balances of sample books as CSV."""
    parts = sorted((books / "balances").glob("*.parquet"))
    for part in parts:
        duckdb.sql(f"copy (from '{part}') to '{part.with_suffix('.csv')}'")
        part.unlink()
    return books


def test_killed_after_any_stage_the_same_command_says_the_same(tmp_path: Path) -> None:
    """Each repeated run computes what was missing and nothing else; then nothing hidden is left."""
    write_sample(tmp_path / "books", 40, 4)
    books = as_csv(tmp_path / "books")
    close_books(books, out=tmp_path / "whole")
    root = tmp_path / "root"
    root.mkdir()
    subprocess.run([sys.executable, "-c", STEPS, str(books), str(root)], check=True)
    outs = sorted((p for p in root.iterdir() if p.is_dir()), key=lambda p: int(p.name))
    assert len(outs) > 5
    assert not [p for p in root.iterdir() if p.name.startswith(".")]
    for out in outs:
        assert contents(out) == contents(tmp_path / "whole")
    computed = [int((root / f"{out.name}.kept").read_text()) for out in outs]
    assert computed == [*range(len(outs) - 2, -1, -1), len(outs) - 1]


def test_a_result_that_was_damaged_or_is_of_other_bytes_is_not_taken_up(tmp_path: Path) -> None:
    """Half a file, a changed number, a changed table: all of it is computed again."""
    books = write(tmp_path / "books", clean())
    folder = tmp_path / "kept"
    folder.mkdir()

    def taken_up() -> tuple[int, Any]:
        engine = Kept(open_engine(), folder)
        try:
            found = read_books(books, engine)
            return engine.taken_up, found.owed
        finally:
            engine.close()

    none, first = taken_up()
    every, again = taken_up()
    assert none == 0
    assert every > 1
    assert again == first
    half, lie = sorted(p for p in folder.glob("*.json") if b'"copy"' not in p.read_bytes())[:2]
    half.write_bytes(half.read_bytes()[:-9])
    changed_ = json.loads(lie.read_bytes())
    changed_["content"] = [{k: 7 for k in row} for row in changed_["content"]] or [{}]
    lie.write_text(json.dumps(changed_))
    assert taken_up() == (every - 2, first)
    balances = books / "balances.csv"
    balances.write_text(balances.read_text("utf-8").replace("\r\n", "\n"), "utf-8")
    assert taken_up() == (0, first)


def test_what_is_kept_is_for_its_owner_and_gone_with_the_answer(tmp_path: Path) -> None:
    """Also where the answer is that the Books are refused; a failure keeps a folder one named."""
    books = write(tmp_path / "books", clean())
    wrong = write(tmp_path / "wrong", changed(prices=[price("BTC", "x")]))
    work = Work(folder=tmp_path / "work", named=True)

    def fails() -> None:
        with work.running() as engine:
            assert engine.scratch().stat().st_mode & 0o777 == 0o700
            read_books(books, engine)
            raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        fails()
    assert list((tmp_path / "work").glob("*.json"))
    close_books(books, out=tmp_path / "out", work=work)
    assert not (tmp_path / "work").exists()
    with pytest.raises(InputError):
        close_books(wrong, out=tmp_path / "refused", work=work)
    assert not (tmp_path / "work").exists()


def test_a_work_folder_is_not_shared_and_takes_no_others(tmp_path: Path) -> None:
    """Two runs in one folder would take each other's files away."""
    books, folder = write(tmp_path / "books", clean()), tmp_path / "work"
    with Work(folder=folder).running():
        assert (folder / LOCK).is_file()
        said = sonae("close", books, "--work", folder, "--lang", "en")
        assert said.code == 2
        assert "another run" in said.err
    folder.mkdir(exist_ok=True)
    (folder / "thesis.txt").write_text("years of work", "utf-8")
    assert sonae("close", books, "--work", folder).code == 2
    assert contents(folder) == {"thesis.txt": b"years of work"}


@pytest.mark.parametrize("memory", ["", "2", "2 KB", "1.5GB", "700MB", "lots"])
def test_a_memory_that_is_none_is_refused(memory: str, tmp_path: Path) -> None:
    """With the form that is understood, in the language asked for."""
    with pytest.raises(UsageError, match="MB"):
        megabytes(memory)
    said = sonae("close", write(tmp_path / "books", clean()), "--memory", memory, "--lang", "ja")
    assert (said.code, "メモリー" in said.err) == (2, True)


def test_memory_and_threads_never_change_the_result(tmp_path: Path) -> None:
    """The least memory and one thread against more of both."""
    write_sample(tmp_path / "books", 2_000, 6)
    for name, work in (("a", Work("800MB", threads=1)), ("b", Work("4GB", threads=3))):
        close_books(tmp_path / "books", out=tmp_path / name, work=work)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


@pytest.mark.slow
def test_ten_million_rows_killed_in_the_middle_come_to_the_same(tmp_path: Path) -> None:
    """Five kills at moments of a streamed close and seal, half of it CSV; then one left alone."""
    write_sample(tmp_path / "books", 2_500_000, 6, rows_per_account=4)
    for part in sorted((tmp_path / "books" / "balances").glob("*.parquet"))[::2]:
        duckdb.sql(f"copy (from '{part}') to '{part.with_suffix('.csv')}'")
        part.unlink()
    assert sonae("seal", "key", tmp_path / "seal.key").code == 0
    program = "import sys; from sonae.cli.main import run; sys.exit(run(sys.argv[1:]))"
    command = [sys.executable, "-c", program, "close", str(tmp_path / "books")]
    command += ["--memory", "1GB", "--seal-key", str(tmp_path / "seal.key"), "--out"]
    began = time.monotonic()
    subprocess.run([*command, str(tmp_path / "whole")], stdout=subprocess.DEVNULL, check=True)
    taken = time.monotonic() - began
    moments, kills, stages = random.Random(7), 0, set[str]()
    for _ in range(5):
        running = subprocess.Popen([*command, str(tmp_path / "out")], stdout=subprocess.DEVNULL)
        time.sleep(taken * moments.uniform(0.1, 0.6))
        running.send_signal(signal.SIGKILL)
        kills += running.wait() == -signal.SIGKILL
        assert not (tmp_path / "out").exists() or not (tmp_path / ".out.work").exists()
        stages |= {p.parent.name for p in tmp_path.glob(".out.work/**/*.*")}
    assert kills >= 2
    assert "seal" in stages
    subprocess.run([*command, str(tmp_path / "out")], stdout=subprocess.DEVNULL, check=True)
    assert decided(tmp_path / "out") == decided(tmp_path / "whole")
    assert not os.path.lexists(tmp_path / ".out.work")

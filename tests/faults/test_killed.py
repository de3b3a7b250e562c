"""kill -9 at any moment: the output folder is absent, the old or the new one, never a mixture."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sonae.actions.close import close_books
from sonae.books.sample import write_sample

if sys.platform == "win32":
    pytest.skip("kill -9 is a POSIX signal", allow_module_level=True)

# A process that forks once per step of writing; the child kills itself when it reaches the step.
STEPS = """
import os, signal, sys
from pathlib import Path
from sonae.actions.files import replace_folder

files = {p.name: p.read_bytes() for p in Path(sys.argv[1]).iterdir()}
root = Path(sys.argv[2])
events = ("os.rename", "os.mkdir", "os.chmod", "os.remove", "os.rmdir", "shutil.rmtree", "open")

def child(step, out):
    seen = 0
    def count(event, args):
        nonlocal seen
        if event in events and str(root) in str(args[0] if args else ""):
            seen += 1
            if seen == step:
                os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(count)
    replace_folder(out, files)
    os._exit(0)

for step in range(1, 200):
    out = root / str(step) / "out"
    if not (pid := os.fork()):
        child(step, out)
    if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0:
        print(step)
        break
"""


def state(folder: Path) -> str:
    """One digest over names and contents; empty where the folder is not there."""
    if not folder.exists():
        return ""
    sha = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        sha.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes() + b"\0")
    return sha.hexdigest()


def test_killed_at_every_step_of_writing_the_folder_is_old_new_or_absent(tmp_path: Path) -> None:
    """One kill before each rename, mkdir, open and removal; then the next close finishes it."""
    write_sample(tmp_path / "old-books", 20, 3, seed=1)
    write_sample(tmp_path / "new-books", 20, 3, seed=2)
    close_books(tmp_path / "old-books", out=tmp_path / "old")
    close_books(tmp_path / "new-books", out=tmp_path / "new")
    root = tmp_path / "root"
    for step in range(1, 200):
        former = root / str(step) / "out"
        former.mkdir(parents=True)
        for file in (tmp_path / "old").iterdir():
            os.link(file, former / file.name)
    command = [sys.executable, "-c", STEPS, str(tmp_path / "new"), str(root)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    steps = int(done.stdout)
    assert steps > 8
    old, new = state(tmp_path / "old"), state(tmp_path / "new")
    states = [state(root / str(step) / "out") for step in range(1, steps + 1)]
    assert set(states) <= {old, new, ""}
    assert states[0] == old
    assert states[-1] == new

    for step in (s for s, found in enumerate(states, 1) if found == ""):
        close_books(tmp_path / "new-books", out=root / str(step) / "out")
        assert state(root / str(step) / "out") == new


def test_killed_at_random_moments_the_command_leaves_old_new_or_nothing(tmp_path: Path) -> None:
    """`sonae close` killed at moments from its start to its end; the last run is left alone."""
    write_sample(tmp_path / "old-books", 20, 3, seed=1)
    write_sample(tmp_path / "new-books", 20, 3, seed=2)
    out = tmp_path / "out"
    close_books(tmp_path / "new-books", out=out)
    new = state(out)
    close_books(tmp_path / "old-books", out=out)
    old = state(out)

    program = "import sys; from sonae.cli.main import run; sys.exit(run(sys.argv[1:]))"
    command = [sys.executable, "-c", program, "close", str(tmp_path / "new-books")]
    command += ["--out", str(out)]
    started = time.monotonic()
    whole = subprocess.run(command, capture_output=True, check=False)
    taken = time.monotonic() - started
    assert (whole.returncode, state(out)) == (0, new)
    close_books(tmp_path / "old-books", out=out)

    moments = random.Random(7)
    for _ in range(3):
        running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(taken * moments.uniform(0.3, 1))
        running.send_signal(signal.SIGKILL)
        running.wait()
        assert state(out) in {old, new, ""}
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    assert state(out) == new

"""kill -9 while files are mapped: the folder is absent or whole, and the next run ends."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sonae.actions.books.map import map_books
from tests.command import contents

from .kit import LEDGER, firm

if sys.platform == "win32":
    pytest.skip("kill -9 is a POSIX signal", allow_module_level=True)

RUN = "import sys; from sonae.cli.main import run; sys.exit(run(sys.argv[1:]))"


@pytest.mark.slow
def test_a_mapping_killed_at_any_moment_leaves_nothing_half_done(tmp_path: Path) -> None:
    """Killed earlier and later in its run; scratch of the dead is gone after the next run."""
    mapping = firm(tmp_path / "in")
    lines = LEDGER.splitlines()
    body = [f'{n:07},某,ビットコイン,"{n:,}.5",0.5,－,顧客' for n in range(1, 20_000)]
    total = sum(2 * n + 1 for n in range(1, 20_000)) // 2
    odd = "5" if sum(2 * n + 1 for n in range(1, 20_000)) % 2 else "0"
    text = "\n".join([*lines[:3], *body, f"合計,,,{total}.{odd},,,", ""])
    (tmp_path / "in" / "ledger.csv").write_bytes(text.encode("cp932"))
    out = tmp_path / "made" / "books"
    command = [sys.executable, "-c", RUN, "books", "map", str(mapping), "--out", str(out)]
    begun = time.monotonic()
    map_books(mapping, tmp_path / "whole")
    whole, length = contents(tmp_path / "whole"), time.monotonic() - begun
    killed = 0
    for part in range(1, 7):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(timeout=part * (length + 1) / 4)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            killed += process.wait() == -signal.SIGKILL
        assert not out.exists() or contents(out) == whole
    assert killed > 1
    map_books(mapping, out)
    assert contents(out) == whole
    assert [p.name for p in out.parent.iterdir()] == ["books"]

"""Opened by outsiders: with age and minisign by the printed page, and without a network."""

from __future__ import annotations

import html
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import sonae
from sonae.actions.pack.keep import write_page

from . import made
from .made import World

CI = "CI" in os.environ
TOOLS = [name for name in ("age", "minisign") if shutil.which(name) is None]


def _isolated() -> bool:
    """Whether a process without a network can be started here."""
    if shutil.which("unshare") is None:
        return False
    return subprocess.run(["unshare", "-rn", "true"], capture_output=True).returncode == 0


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return made.world(tmp_path_factory.mktemp("pack"))


def commands(page: str) -> list[str]:
    """The commands of the steps, as printed."""
    steps = page[page.index("<ol>") : page.index("</ol>")]
    found = re.findall(r"<pre><code>(.*?)</code></pre>", steps, re.DOTALL)
    return [html.unescape(text) for text in found]


@pytest.mark.skipif(bool(TOOLS) and not CI, reason=f"not installed: {', '.join(TOOLS)}")
def test_the_printed_page_alone_opens_it_with_age_and_minisign(
    world: World, tmp_path: Path
) -> None:
    """E103: what stands on paper is run word by word, with nothing of ours on the machine."""
    write_page(world.recipients, str(world.key), "Test Exchange K.K.", tmp_path / "page.html")
    listed = commands((tmp_path / "page.html").read_text("utf-8"))
    assert [line.split()[0] for line in listed] == ["apt", "minisign", "age", "unzip", "cd"]
    run = listed[1:]
    if shutil.which("unzip") is None:
        run[2] = "python3 -m zipfile -e pack.zip pack"
    home = tmp_path / "home"
    home.mkdir()
    shutil.copy(world.file, home / "FILE.pack.age")
    shutil.copy(world.file.with_name(world.file.name + ".minisig"), home / "FILE.pack.age.minisig")
    shutil.copy(world.trustee, home / "KEY.txt")
    script = "set -e\n" + "\n".join(run)
    clean = {"PATH": "/usr/bin:/bin", "HOME": str(home)}
    done = subprocess.run(["sh", "-c", script], cwd=home, env=clean, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Signature and comment signature verified") == 3
    assert "wallets.csv: OK" in done.stdout
    checked = subprocess.run(
        ["python3", "check.py"], cwd=home / "pack", env=clean, capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "BTC\t10000000000" in checked.stdout
    (home / "pack" / "banks.csv").write_text("x")
    broken = subprocess.run(
        ["python3", "check.py"], cwd=home / "pack", env=clean, capture_output=True, text=True
    )
    assert broken.returncode == 1
    assert "changed: banks.csv" in broken.stdout


@pytest.mark.skipif(not _isolated() and not CI, reason="unshare -rn is not permitted here")
def test_another_user_opens_it_without_network_home_or_anything_of_its_maker(
    world: World, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    shutil.copy(world.file, tmp_path / "got.pack.age")
    shutil.copy(world.trustee, tmp_path / "key.txt")
    program = "import sys; from sonae.cli.main import main; main()"
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(Path(sonae.__file__).parents[1]),
    }
    done = subprocess.run(
        [
            *("unshare", "-rn", sys.executable, "-c", program),
            *("pack", "open", "got.pack.age", "--identity", "key.txt", "--out", "out"),
            *("--signer", world.signer),
        ],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1, done.stderr  # parts that it lacks, and its age
    assert "totals-differ" not in done.stdout
    assert (tmp_path / "out" / "READ-FIRST.ja.html").is_file()
    assert oct((tmp_path / "out").stat().st_mode)[-3:] == "700"

"""A console that really runs: `python -m sonae.web.serve` over the demo, on a free port."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from sonae.actions.demo.console import fill


@dataclass(frozen=True)
class Answer:
    """What the console said."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass(frozen=True)
class Console:
    """A running console: its address, and a way to ask it without a browser."""

    url: str
    process: subprocess.Popen[str]
    first: str = ""

    @property
    def origin(self) -> str:
        """The address at which browsers allow passkeys."""
        return self.url.replace("127.0.0.1", "localhost")

    def ask(
        self, path: str, method: str = "GET", body: bytes | None = None, **headers: str
    ) -> Answer:
        named = {k.replace("_", "-"): v for k, v in headers.items()}
        request = urllib.request.Request(self.url + path, body, named, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as found:
                return Answer(found.status, dict(found.headers), found.read())
        except urllib.error.HTTPError as error:
            return Answer(error.code, dict(error.headers), error.read())


@contextmanager
def running(home: Path, *options: str) -> Iterator[Console]:
    """A console over a folder; it is ended when the block is left."""
    words = [sys.executable, "-m", "sonae.web.serve", str(home), "--port", "0", *options]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            assert url.startswith("http://127.0.0.1:"), "the console did not start"
            line = "" if "--demo" in options else process.stdout.readline()
            yield Console(url, process, line.split()[-1] if line.strip() else "")
        finally:
            process.terminate()


@pytest.fixture(scope="session")
def demo_home(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The folder of `sonae serve --demo`, filled once for all that run at the same time."""
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent
    home = shared / "console" / "home"
    with (shared / "console.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the others wait, and find it filled
        if not home.is_dir():
            made = shared / "console.part"
            shutil.rmtree(made, ignore_errors=True)
            fill(made / "home")
            made.rename(home.parent)
    return home


@pytest.fixture(scope="session")
def demo(demo_home: Path) -> Iterator[Console]:
    """The demo, served."""
    with running(demo_home, "--demo") as console:
        yield console


@pytest.fixture
def serve() -> Callable[..., object]:
    """Start a console over a folder of the test's own."""
    return running

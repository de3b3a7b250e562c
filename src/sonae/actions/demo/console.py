"""The folder of a console, filled with the demo: real commands on shipped books, nothing drawn."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from sonae.actions.close import close_books
from sonae.actions.console.home import CLOSES
from sonae.actions.demo.close import VENUES, demo_books
from sonae.actions.demo.console_fund import fund
from sonae.actions.demo.console_incident import incidents
from sonae.actions.demo.console_resolution import resolution
from sonae.actions.demo.console_risk import risk
from sonae.books.sample import write_sample
from sonae.core.errors import UsageError
from sonae.core.text import Text
from sonae.rulebook.draft import shipped

SAMPLE = "mihon"
"""The firm that does not exist (見本, a sample)."""
Step = Callable[[Text], None]
MARK = ".sonae-demo"
"""A file that says that a folder may be filled again."""


def fill(home: Path, step: Step = lambda _: None) -> None:
    """Fill `home` with the demo venues; what a former run left there is replaced.

    Raises:
        UsageError: the folder holds something else.
    """
    if home.exists() and any(home.iterdir()) and not (home / MARK).is_file():
        raise UsageError(f"{home} holds other files; give a new or empty folder")
    home.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{home.name}.", dir=home.parent))
    try:
        for filler in FILLERS:
            filler(fresh, step)
        (fresh / MARK).touch()
        shutil.rmtree(home, ignore_errors=True)
        fresh.chmod(0o755)
        fresh.rename(home)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def closes(home: Path, step: Step) -> None:
    """Every demo venue, closed for real under every shipped draft."""
    for name in VENUES:
        step(Text(f"{name}を締める", f"closing {name}"))
        closed = close_books(demo_books(name), assume=shipped(), out=home / ".close")
        folder = home / name / CLOSES / closed.document["on"]
        folder.parent.mkdir(parents=True)
        (home / ".close").rename(folder)


def sample(home: Path, step: Step) -> None:
    """A firm that does not exist, with two faults planted: what a bad day looks like."""
    step(Text("見本の事業者を締める", "closing a sample firm"))
    books, out = home / ".books", home / ".close"
    write_sample(books, 500, plants=("hot-excess", "cash-trust-shortage"))
    closed = close_books(books, assume=shipped(), out=out)
    folder = home / SAMPLE / CLOSES / closed.document["on"]
    folder.parent.mkdir(parents=True)
    out.rename(folder)
    shutil.rmtree(books)


FILLERS: tuple[Callable[[Path, Step], None], ...] = (
    closes,
    sample,
    fund,
    risk,
    incidents,
    resolution,
)
"""What fills the folder, in order; each page that needs more adds its own."""

"""The shipped demo: venues rebuilt from public figures, closed for real."""

from __future__ import annotations

from collections.abc import Callable
from importlib import resources
from pathlib import Path

from sonae.actions.close import Closed, close_books
from sonae.core.text import Text
from sonae.rulebook.draft import shipped

VENUES = ("dmm-bitcoin", "ftx-japan", "coincheck")


def demo_books(name: str) -> Path:
    """The folder of a demo venue's Books inside the package."""
    return Path(str(resources.files("sonae.data").joinpath("demo", name)))


def demo(out: Path, step: Callable[[Text], None] = lambda _: None) -> dict[str, Closed]:
    """Close every demo venue under every shipped draft; reports go to `out/<venue>`."""
    return {
        name: close_books(demo_books(name), assume=shipped(), out=out / name, step=step)
        for name in VENUES
    }

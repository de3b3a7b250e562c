"""Read and check Books without closing them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sonae.actions.close import EXAMINE
from sonae.books.engine import open_engine
from sonae.books.read import read_books
from sonae.core.text import Text


def check_books(folder: Path, step: Callable[[Text], None] = lambda _: None) -> dict[str, str]:
    """The digest of each table; an InputError lists every problem."""
    engine = open_engine()
    try:
        return dict(read_books(folder, engine, step, EXAMINE).digests)
    finally:
        engine.close()

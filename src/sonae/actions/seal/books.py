"""Seal a day's Books."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from sonae.actions.close import closing
from sonae.actions.files import replace_folder
from sonae.actions.seal.folder import kept_files
from sonae.actions.seal.make import Sealing, seal_day, seal_files
from sonae.core.text import Text
from sonae.seal.header import Header

Step = Callable[[Text], None]


def seal_books(
    books: Path,
    out: Path,
    how: Sealing,
    assume: Sequence[str] = (),
    fund: str | None = None,
    step: Step = lambda _: None,
    engine: str = "duckdb",
) -> Header:
    """Close the Books and seal what is owed; the folder is written whole or not at all.

    Where it holds this very seal already, it is left as it is. Killed at any moment, the same again
    goes on from what was finished, and comes to the same seal.

    Drafts assumed, and the store of the reserve ledger, are for the sufficiency statement: they
    change nothing of the header.

    Raises:
        InputError: the Books, or the numbers of their assets, cannot be used; nothing is written.
        Refused: what would be sealed is not what is owed, or not after the seal before it.
    """
    with closing(books, assume, engine=engine, step=step, fund=fund) as day:
        step(Text("封緘する", "sealing"))
        with seal_day(day, how, sealing_folder(out)) as seal:
            if not kept_files(out, seal.header):
                replace_folder(out, seal_files(day, seal, how), "private")
            return seal.header


def sealing_folder(out: Path) -> Path:
    """Where the seal of a folder is made, beside it: what a kill leaves is taken up from there."""
    return out.resolve().with_name(f".{out.resolve().name}.sealing")

"""Write synthetic books."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from sonae.books.sample import write_sample
from sonae.core.text import Text


def make_sample(
    folder: Path,
    accounts: int,
    assets: int,
    seed: int,
    plants: Sequence[str],
    rows_per_account: int | None,
    step: Callable[[Text], None] = lambda _: None,
) -> None:
    """Write a new folder of synthetic Books, whole or not at all."""
    step(Text("架空の帳簿を作る", "writing synthetic books"))
    write_sample(folder, accounts, assets, seed, plants, rows_per_account)

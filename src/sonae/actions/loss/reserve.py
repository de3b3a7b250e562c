"""The reserve of Books from the loss model."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from sonae.actions.files import json_bytes, replace_folder
from sonae.actions.loss.books import open_books
from sonae.core.canonical import parse_number
from sonae.core.errors import InputError, Problem, UsageError
from sonae.core.text import LANGS, Text
from sonae.loss.credibility import watched_with
from sonae.loss.incidents import Selection, select
from sonae.loss.reserve import reserve
from sonae.report.loss_model import reserve_page

LEVELS = ("0.99", "0.995", "0.999")
GROUPED = ("tier", "domain")
FINEST = Fraction(9999, 10_000)


def reserve_of(
    folder: Path,
    policies: Path | None = None,
    rates: Sequence[str] = (),
    levels: Sequence[str] = LEVELS,
    memory: bool = False,
    severity: str = "beta",
    by: str = "tier",
    seed: int = 0,
    out: Path | None = None,
    venue_years: Sequence[str] = (),
) -> dict[str, Any]:
    """What a bad year would cost the venue of these Books; with `out`, also as pages there.

    Raises:
        InputError: the Books, policies, levels or evidence cannot be used.
    """
    if by not in GROUPED:
        raise UsageError(f"--by: give one of {', '.join(GROUPED)}")
    wanted, watched = _levels(levels), watched_with(venue_years)
    opened = open_books(folder, policies, rates)
    events, left_out = select(Selection(memory=memory))
    found = reserve(
        opened.place, events, left_out, opened.policies, opened.rates, wanted, seed, severity, by,
        watched=watched,
    )  # fmt: skip
    if out is not None:
        pages = {f"reserve.{lang}.html": reserve_page(found, lang).encode() for lang in LANGS}
        replace_folder(out, {"reserve.json": json_bytes(found), **pages})
    return found


def _levels(levels: Sequence[str]) -> tuple[str, ...]:
    problems = []
    for text in levels:
        try:
            number = parse_number(text)
        except ValueError:
            number = Fraction(0)
        if not 0 < number <= FINEST:
            words = Text(
                "水準は0より大きく0.9999以下とする", "give a level above 0 and at most 0.9999"
            )
            problems.append(Problem("level-outside", "levels", words, key=text))
    if problems:
        raise InputError(problems)
    return tuple(dict.fromkeys(levels))

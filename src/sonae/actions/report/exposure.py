"""The insurer's exposure list, from closes."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from sonae.actions.report.files import Files, Made, closes_below
from sonae.core.errors import UsageError
from sonae.core.text import Lang
from sonae.report.bordereau import bordereau_document
from sonae.report.bordereau_paper import bordereau_paper
from sonae.report.closes import choose
from sonae.report.filing import Money


def made_exposure(
    place: Path, first: date | None = None, last: date | None = None, grouped: bool = False
) -> Made:
    """The exposure list of a period; nothing is written.

    Args:
        place: a close, or a folder with closes at any depth.
        first: the first day; without it the first closed day.
        last: the last day; without it the last closed day.
        grouped: amounts by 万 and 億 on the Japanese page.

    Raises:
        UsageError: no close of the period.
        InputError: closes that cannot stand in one report.
    """
    closes = choose(closes_below(place), last or date.max)
    days = [d for d in closes.days if first is None or d >= first]
    if not days:
        raise UsageError(f"{place} holds no close of the period")
    document = bordereau_document(closes, first or days[0], last or days[-1])
    paper, tables = (
        bordereau_paper(document, Money(grouped), every_day=every) for every in (False, True)
    )
    return Made(document, paper, tables)


def report_exposure(
    place: Path,
    files: Files,
    lang: Lang,
    first: date | None = None,
    last: date | None = None,
    grouped: bool = False,
) -> dict[str, Any]:
    """Write the exposure list; what it says as plain values, and the files with digests."""
    return made_exposure(place, first, last, grouped).write(files, lang)

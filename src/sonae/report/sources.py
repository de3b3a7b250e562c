"""Where the data comes from, what was filled in, and the numbers of assumptions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sonae.report.figures import Figures
from sonae.report.format import sentence, title

CONTEXT = "context"


@dataclass(frozen=True, slots=True)
class Note:
    """One source note in one language.

    `number` is that of its assumption, 0 without one; `first` is False where an earlier note has
    the same.
    """

    number: int
    first: bool
    table: str
    what: str
    why: str
    source: str
    confidence: str


@dataclass(frozen=True, slots=True)
class SourcesView:
    """Notes, filled-in items, other assumptions, files and tables with digests."""

    notes: Sequence[Note]
    filled: Sequence[Note]
    others: Sequence[tuple[int, str]]
    files: Mapping[str, str]
    tables: Mapping[str, str]


class Assumptions:
    """Numbers filled-in notes first, then any other assumption a figure names."""

    def __init__(self, figures: Figures) -> None:
        notes = figures.document["sources"]["notes"]
        self.filled = [n for n in notes if n["filled"]]
        self.lang = figures.lang
        self.numbers: dict[str, int] = {}
        for note in self.filled:
            self.number(_name(note))
        self.known = len(self.numbers)
        for entry in figures.entries.values():
            for assumption in entry["assumptions"]:
                self.number(assumption)

    def number(self, assumption: Mapping[str, str]) -> int:
        """The number of an assumption."""
        return self.numbers.setdefault(assumption[self.lang], len(self.numbers) + 1)


def sources(figures: Figures, assumptions: Assumptions) -> SourcesView:
    """Everything about where the document's data comes from."""
    given = figures.document["sources"]
    plain = [n for n in given["notes"] if not n["filled"] and n["table"] != CONTEXT]
    numbers = [assumptions.number(_name(n)) for n in assumptions.filled]
    return SourcesView(
        [note(figures, n) for n in plain],
        [
            note(figures, n, number, first=number not in numbers[:place])
            for place, (n, number) in enumerate(zip(assumptions.filled, numbers, strict=True))
        ],
        [(n, text) for text, n in assumptions.numbers.items() if n > assumptions.known],
        given["files"],
        given["tables"],
    )


def _name(given: Mapping[str, Any]) -> dict[str, str]:
    """The assumption that a filled-in note is, as figures name it."""
    return {
        "ja": f"補った値（{given['table']}）: {given['what']['ja']}",
        "en": f"filled in ({given['table']}): {given['what']['en']}",
    }


def note(
    figures: Figures, given: Mapping[str, Any], number: int = 0, *, first: bool = True
) -> Note:
    """A note of the document in the page's language."""
    lang = figures.lang
    why = sentence(given["why"][lang], lang) if given["why"] else ""
    what = title(given["what"][lang], lang)
    table = f"{given['table']} ({given['asset']})" if given.get("asset") else given["table"]
    return Note(number, first, table, what, why, given["source"], given["confidence"])

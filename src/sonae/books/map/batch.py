"""What every form of file becomes: rows as text, with the row each came from and what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import pyarrow as pa

from sonae.books.rows import LISTED, rest
from sonae.core.errors import Problem
from sonae.core.text import Text

BATCH = 50_000
SHOWN = 60
REMEMBERED = 100_000
"""Places of a kind that are known again; beyond them one may be counted for each of its tables."""


def no_cell(row: int, column: str) -> str:
    """A file without cells that have names of their own."""
    return ""


@dataclass(frozen=True)
class Batch:
    """Rows of one file: `numbers` count its data rows from 1, every value is text or null.

    `cell` names a place as the file's own program does (`残高!C7`).
    """

    file: str
    numbers: pa.Array
    columns: Mapping[str, pa.Array]
    cell: Callable[[int, str], str] = no_cell

    def filter(self, keep: pa.Array) -> Batch:
        """The rows where `keep` is true."""
        columns = {n: c.filter(keep) for n, c in self.columns.items()}
        return replace(self, numbers=self.numbers.filter(keep), columns=columns)

    def slice(self, start: int, end: int) -> Batch:
        """The rows from `start` to before `end`."""
        columns = {n: c.slice(start, end - start) for n, c in self.columns.items()}
        return replace(self, numbers=self.numbers.slice(start, end - start), columns=columns)

    def __len__(self) -> int:
        return len(self.numbers)


@dataclass
class Faults:
    """Problems by kind, file and column: counted in full, the first 1,000 of each kept."""

    kept: dict[tuple[str, str, str, str], list[Problem]] = field(default_factory=dict)
    counts: dict[tuple[str, str, str, str], int] = field(default_factory=dict)
    places: dict[tuple[str, str, str, str], set[tuple[int | None, str]]] = field(
        default_factory=dict
    )

    def add(self, problem: Problem) -> None:
        """One more problem; a place that two tables read is told once."""
        kind = (problem.table, problem.file, problem.name, problem.column)
        told = self.places.setdefault(kind, set())
        place = (problem.row, f"{problem.key}{problem.message.en}")
        if place in told:
            return
        if len(told) < REMEMBERED:
            told.add(place)
        self.counts[kind] = self.counts.get(kind, 0) + problem.count
        listed = self.kept.setdefault(kind, [])
        if len(listed) < LISTED:
            listed.append(problem)

    def at(
        self, source: str, batch: Batch, row: int, column: str, name: str, message: Text
    ) -> None:
        """A problem with one value of a batch, at its place in the file."""
        cell = batch.cell(row, column)
        self.add(Problem(name, source, message, batch.file, row, cell, column))

    def problems(self) -> list[Problem]:
        """All of them in order of place, each kind with one line for those that are not listed."""
        found: list[Problem] = []
        for kind, listed in sorted(self.kept.items()):
            found += listed
            if more := self.counts[kind] - sum(p.count for p in listed):
                found.append(replace(rest(listed[0], more), file=listed[0].file))
        return found

    def __bool__(self) -> bool:
        return bool(self.kept)


def ahead(found: Iterator[Batch]) -> Iterator[Batch]:
    """The same batches; the next one is read while this one is worked on."""
    with ThreadPoolExecutor(1) as thread:
        waiting = thread.submit(next, found, None)
        while (batch := waiting.result()) is not None:
            waiting = thread.submit(next, found, None)
            yield batch


def batches(
    file: str,
    layout: Sequence[str],
    rows: Iterable[tuple[int, Sequence[str | None]]],
    cell: Callable[[int, str], str] = no_cell,
) -> Iterator[Batch]:
    """Rows made one by one, each with its number, as batches."""
    numbers: list[int] = []
    values: list[Sequence[str | None]] = []
    for number, row in rows:
        numbers.append(number)
        values.append(row)
        if len(numbers) == BATCH:
            yield _packed(file, layout, numbers, values, cell)
            numbers, values = [], []
    if numbers:
        yield _packed(file, layout, numbers, values, cell)


def _packed(
    file: str,
    layout: Sequence[str],
    numbers: list[int],
    values: list[Sequence[str | None]],
    cell: Callable[[int, str], str],
) -> Batch:
    columns = {
        name: pa.array([row[n] for row in values], pa.string()) for n, name in enumerate(layout)
    }
    return Batch(file, pa.array(numbers, pa.int64()), columns, cell)


def shown(value: str | None) -> str:
    """A value as a report repeats it: short enough for one line."""
    text = "" if value is None else value.replace("\n", "⏎")
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"

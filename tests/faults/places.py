"""Problems as plain tuples, so that a test states all of them exactly."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sonae.core.errors import Problem

Place = tuple[str, str, str, int | None, str]


def places(problems: Sequence[Problem]) -> list[Place]:
    """Name, table, file, row and column of each problem, in a fixed order."""
    for problem in problems:
        assert problem.message.ja
        assert problem.message.en
    return ordered((p.name, p.table, p.file, p.row, p.column) for p in problems)


def ordered(found: Iterable[Place]) -> list[Place]:
    """By name, table, row and column."""
    return sorted(found, key=lambda p: (p[0], p[1], p[3] or 0, p[4]))


def bad(table: str, row: int | None, column: str, name: str = "corrupt-row") -> Place:
    """A problem of a CSV table."""
    return (name, table, f"{table}.csv", row, column)

"""Decisions of people on candidates, read from the list that they filled in."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from sonae.claims.decision import Decision, person_key
from sonae.core.errors import Problem
from sonae.core.text import Text

COLUMNS = (
    "brand_1", "customer_id_1", "brand_2", "customer_id_2",
    "seen", "same", "by", "approved_by", "at", "reason",
)  # fmt: skip
FILLED = COLUMNS[5:]
"""What people fill in; the columns before say which records they saw."""
ANSWERS = {"yes": True, "no": False, "はい": True, "いいえ": False}


def read_decisions(file: Path, problems: list[Problem]) -> list[Decision]:
    """What people said; a row whose `same` and names are empty was not decided yet.

    A row with `by` and `approved_by` is the word of two people.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, strict=True)
            head = next(reader, [])
            missing = [c for c in COLUMNS if head.count(c) != 1]
            if missing:
                text = _COLUMN.format(columns=", ".join(missing))
                problems.append(Problem("missing-column", "decisions", text, file.name))
                return []
            rows = [(n, cells) for n, cells in enumerate(reader, 1) if any(cells)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        text = Text(f"読めないファイル: {error}", f"the file cannot be read: {error}")
        problems.append(Problem("unreadable-file", "decisions", text, file.name))
        return []
    return [d for n, cells in rows for d in _row(file.name, n, head, cells, problems)]


def _row(
    file: str, number: int, head: Sequence[str], cells: Sequence[str], problems: list[Problem]
) -> Iterator[Decision]:
    def fault(column: str, text: Text) -> None:
        problems.append(Problem("bad-decision", "decisions", text, file, number, column=column))

    if len(cells) != len(head):
        fault("", _CELLS.format(n=len(cells), m=len(head)))
        return
    row = {name: _plain(cell) for name, cell in zip(head, cells, strict=True)}
    if not any(row[c] for c in FILLED):
        return
    before = len(problems)
    if row["same"].lower() not in ANSWERS:
        fault("same", _ANSWER)
    if not _is_day(row["at"]):
        fault("at", _DAY)
    for column in ("seen", "by", "reason"):
        if not row[column]:
            fault(column, _EMPTY.format(c=column))
    if row["by"] and person_key(row["by"]) == person_key(row["approved_by"]):
        fault("approved_by", _OTHER)
    if len(problems) == before:
        a, b, c, d = (row[name] for name in COLUMNS[:4])
        for by in filter(None, (row["by"], row["approved_by"])):
            same = ANSWERS[row["same"].lower()]
            yield Decision(
                ((a, b), (c, d)), same, by, row["at"], row["reason"], row["seen"], number
            )


def _plain(cell: str) -> str:
    """A cell without the mark that keeps a spreadsheet from taking it for a formula."""
    text = cell.strip()
    return text[1:] if text[:1] == "'" and text[1:2] in ("=", "+", "-", "@") else text


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


_COLUMN = Text(
    "列 {columns} が一つずつ必要。candidates.csv の見出しを変えない",
    "columns {columns} must stand once each; keep the header of candidates.csv",
)
_CELLS = Text("列が{n}個ある（見出しは{m}個）", "{n} cells where the header has {m}")
_ANSWER = Text("same は yes か no（はい・いいえも可）", "same is yes or no")
_DAY = Text("at は判断した日（YYYY-MM-DD）", "at is the day of the decision (YYYY-MM-DD)")
_EMPTY = Text("「{c}」を記入する", "fill in {c}")
_OTHER = Text(
    "approved_by は by と別の人。一人の判断では統合しない",
    "approved_by is somebody other than by: one person alone merges nobody",
)

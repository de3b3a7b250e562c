"""Closes of one entity over a period: which of each day counts, and which days have none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sonae.core.calendar import Calendar
from sonae.core.errors import InputError, Problem
from sonae.core.text import Text

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Kept:
    """A close as it was kept: where, the digest of its bytes, what it says."""

    name: str
    digest: str
    document: Mapping[str, Any]

    @property
    def on(self) -> date:
        """The day it is about."""
        return date.fromisoformat(self.document["on"])

    @property
    def known_at(self) -> datetime:
        """When it was known."""
        return datetime.fromisoformat(self.document["known_at"])


@dataclass(frozen=True)
class Closes:
    """The close that counts of each day, oldest first, and those it superseded."""

    days: Mapping[date, Kept]
    superseded: Sequence[Kept]

    def within(self, first: date, last: date) -> dict[date, Kept]:
        """Those of a period."""
        return {on: k for on, k in self.days.items() if first <= on <= last}

    def until(self, last: date) -> dict[date, Kept]:
        """Those up to a day."""
        return {on: k for on, k in self.days.items() if on <= last}


def choose(kept: Sequence[Kept], last: date) -> Closes:
    """The newest close of each day up to `last`, by `known_at`.

    Raises:
        InputError: closes of several entities or currencies, what-ifs, or two of one day and one
            `known_at` that differ: everything that is wrong at once.
    """
    problems = list(_problems(kept))
    days: dict[date, Kept] = {}
    superseded: list[Kept] = []
    for one in sorted(kept, key=lambda k: (k.on, k.known_at, k.name)):
        before = days.get(one.on)
        if before is not None and before.digest == one.digest:
            continue
        if before is not None:
            if before.known_at == one.known_at:
                problems.append(_problem("two-closes", one, _TWICE.format(other=before.name)))
            superseded.append(before)
        days[one.on] = one
    if problems:
        raise InputError(problems)
    return Closes(
        {on: k for on, k in days.items() if on <= last}, [k for k in superseded if k.on <= last]
    )


def _problems(kept: Sequence[Kept]) -> Iterator[Problem]:
    venue = kept[0].document["venue"]
    for one in kept:
        if one.document["what_if_on"]:
            yield _problem("what-if-close", one, _WHAT_IF)
        for key, words in (("entity", _ENTITY), ("currency", _CURRENCY)):
            if one.document["venue"][key] != venue[key]:
                values = {"mine": one.document["venue"][key], "other": venue[key]}
                yield _problem(f"other-{key}", one, words.format(**values))


def _problem(name: str, one: Kept, words: Text) -> Problem:
    return Problem(name, "close", words, one.name)


def missing_days(
    closed: Iterable[date], first: date, last: date, calendar: Calendar
) -> tuple[list[date], int]:
    """Open days without a close, and how many closed days have none."""
    have = set(closed)
    every = [first + DAY * n for n in range((last - first).days + 1)]
    without = [d for d in every if d not in have]
    return [d for d in without if calendar.is_open(d)], sum(
        not calendar.is_open(d) for d in without
    )


_TWICE = Text(
    "同じ日・同じ確定時刻の締め「{other}」と内容が違う。正しい方だけを残す",
    "differs from {other}, the close of the same day known at the same moment; keep the right one",
)
_WHAT_IF = Text(
    "基準日でない日の法令を当てはめた試算。報告書には使えないので、フォルダーから外す",
    "a what-if under another day's law; no report rests on one: take it out of the folder",
)
_ENTITY = Text(
    "「{mine}」の締め。ほかは「{other}」。法人ごとにフォルダーを分ける",
    "a close of {mine}, others are of {other}; one folder for each legal entity",
)
_CURRENCY = Text(
    "報告通貨が{mine}。ほかは{other}。報告通貨ごとにフォルダーを分ける",
    "reports in {mine}, others in {other}; one folder for each reporting currency",
)

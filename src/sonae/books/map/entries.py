"""Statements of a bank put one after another: every closing balance is the next opening one.

One statement that agrees with itself may still be one of two, or the wrong one. Over several files
of an account a missing statement shows as a gap in its numbers or its balances, a file that was
fetched twice as entries that stand twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any, NamedTuple

from sonae.books.map.banks import ENTRY_COLUMNS, BankEntry, Number, Statement, iso
from sonae.books.map.numbers import decimal_text
from sonae.core.errors import Problem
from sonae.core.text import Text

COLUMNS = (*ENTRY_COLUMNS, "file", "row")


class Filed(NamedTuple):
    """A statement and the file it is in."""

    file: str
    statement: Statement


@dataclass(frozen=True)
class Account:
    """The statements of one account and currency in their order."""

    account: str
    currency: str
    filed: tuple[Filed, ...]

    def as_json(self) -> dict[str, Any]:
        """Balances, the statements, and a line for each day with entries."""
        first, last = self.filed[0].statement, self.filed[-1].statement
        return {
            "account": self.account,
            "currency": self.currency,
            "from": iso(first.first),
            "to": iso(last.last),
            "opening": first.opening and decimal_text(first.opening),
            "closing": decimal_text(last.closing),
            "statements": [
                {
                    "file": f.file,
                    "number": f.statement.sequence,
                    "from": iso(f.statement.first),
                    "to": iso(f.statement.last),
                    "opening": f.statement.opening and decimal_text(f.statement.opening),
                    "closing": decimal_text(f.statement.closing),
                    "entries": len(f.statement.entries),
                }
                for f in self.filed
            ],
            "days": list(_days([e for f in self.filed for e in f.statement.entries])),
        }

    def rows(self) -> Iterator[list[str | None]]:
        """The entries as rows of `COLUMNS`."""
        for file, statement in self.filed:
            for entry in statement.entries:
                yield [*entry.cells(self.account, self.currency), file, str(entry.row)]


def reconcile(found: Sequence[Filed], problems: list[Problem]) -> list[Account]:
    """Accounts with their statements in order; everything that does not follow is a problem."""
    grouped: dict[tuple[str, str], list[Filed]] = {}
    for filed in found:
        key = (filed.statement.account, filed.statement.currency)
        grouped.setdefault(key, []).append(filed)
    accounts = []
    for (account, currency), several in sorted(grouped.items()):
        several.sort(key=_order)
        for before, after in pairwise(several):
            problems += _follows(before, after)
        problems += _twice(several)
        accounts.append(Account(account, currency, tuple(several)))
    return accounts


def _order(filed: Filed) -> tuple[date, date, int, str]:
    s = filed.statement
    return s.first or date.min, s.last or date.min, s.sequence or 0, filed.file


def _follows(before: Filed, after: Filed) -> Iterator[Problem]:
    """What speaks against `after` being the statement that comes next."""
    one, two = before.statement, after.statement
    where = (two.account, after.file, two.row)
    same = (one.first, one.last, one.sequence, one.opening, one.closing, len(one.entries))
    if same == (two.first, two.last, two.sequence, two.opening, two.closing, len(two.entries)):
        yield _problem("repeated-file", where, _SAME.format(f=before.file))
        return
    if one.sequence is not None and two.sequence is not None:
        new_year = two.sequence == 1 and one.last and two.first and two.first.year > one.last.year
        if two.sequence != one.sequence + 1 and not new_year:
            text = _NUMBERS.format(a=one.sequence, f=before.file, b=two.sequence)
            yield _problem("gap-in-sequence", where, text)
    if one.last and two.first and two.first < one.last:
        text = _OVERLAP.format(a=two.first, f=before.file, b=one.last)
        yield _problem("overlapping-period", where, text)
    if two.opening is None:
        yield _problem("missing-value", where, _NO_OPENING)
    elif not _equal(one.closing, two.opening):
        text = _BALANCES.format(
            c=decimal_text(one.closing), f=before.file, o=decimal_text(two.opening)
        )
        yield _problem("gap-in-balance", where, text)


def _twice(several: Sequence[Filed]) -> Iterator[Problem]:
    """Entries of one reference in two statements."""
    seen: dict[tuple[object, ...], Filed] = {}
    for filed in several:
        for entry in filed.statement.entries:
            if not entry.reference.strip("0"):
                continue
            key = (entry.reference, entry.day, entry.amount)
            first = seen.setdefault(key, filed)
            if first is not filed:
                text = _AGAIN.format(n=entry.reference, f=first.file)
                where = (filed.statement.account, filed.file, entry.row)
                yield _problem("repeated-row", where, text)


def _problem(name: str, where: tuple[str, str, int], message: Text) -> Problem:
    account, file, row = where
    return Problem(name, account, message, file, row)


def _equal(one: Number, two: Number) -> bool:
    places = max(one[1], two[1])
    a, b = (int(digits * 10 ** (places - p)) for digits, p in (one, two))
    return a == b


def _days(entries: Sequence[BankEntry]) -> Iterator[Mapping[str, Any]]:
    by_day: dict[str, list[Number]] = {}
    for entry in entries:
        by_day.setdefault(iso(entry.day) or "", []).append(entry.amount)
    for day, amounts in sorted(by_day.items()):
        places = max(p for _, p in amounts)
        units = [digits * 10 ** (places - p) for digits, p in amounts]
        ins, outs = [u for u in units if u >= 0], [-u for u in units if u < 0]
        yield {
            "day": day or None,
            "in_count": len(ins),
            "in_total": decimal_text((sum(ins), places)),
            "out_count": len(outs),
            "out_total": decimal_text((sum(outs), places)),
        }


_SAME = Text("{f} と同じ明細書", "the same statement as in {f}")
_NUMBERS = Text(
    "明細書の番号が {a}（{f}）から {b} に飛んでいる",
    "statement {b} comes after {a} ({f}): one between them is missing",
)
_OVERLAP = Text(
    "期間が {a} から始まるが、{f} の明細書は {b} までを含む",
    "the period begins on {a}, but the statement in {f} goes to {b}",
)
_NO_OPENING = Text("前残高（OPBD）がない", "there is no opening balance (OPBD)")
_BALANCES = Text(
    "前残高は {o} だが、前の明細書（{f}）の最終残高は {c}",
    "the opening balance is {o}, but the statement before it ({f}) closed with {c}",
)
_AGAIN = Text("照会番号 {n} の同じ明細が {f} にもある", "the entry {n} stands in {f} too")

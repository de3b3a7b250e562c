"""Funds that came back: read from a bank's statement, matched to transfers, never guessed.

Bulk transfers get no answer for each; only money that returns (資金返却) shows what failed, and no
layout of that is common to banks. Two forms are read as far as matching needs:

- the association's statement of entries (入出金取引明細, kind 03, 200 bytes a record): header as
  Kiraboshi Bank publishes it, order of an entry's fields as in two public programs, which do not
  tell widths. secondary for header and order; memory for widths, trailer and end. `ENTRY` holds
  every width: compare it with the bank's own sheet before use.
- a CSV whose headings the profile names.

Where a return keeps the reference, and in which words it is called one, differs: profile `marks`.
"""

from __future__ import annotations

import csv
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from io import StringIO

from sonae.claims.rails.kana import half_width
from sonae.claims.rails.profile import BankProfile
from sonae.claims.rails.records import fields
from sonae.claims.rails.transfer import Transfer
from sonae.core.errors import InputError, Problem
from sonae.core.text import Text

SIZE = 200
ENTRY = (
    ("record", 1), ("inquiry", 8), ("day", 6), ("value_day", 6), ("direction", 1), ("kind", 2),
    ("amount", 12), ("cheques", 12), ("presented", 6), ("dishonoured", 6), ("bill", 1),
    ("bill_number", 7), ("branch", 3), ("payer_code", 10), ("name", 48), ("bank_name", 15),
    ("branch_name", 15), ("remarks", 20), ("edi", 20), ("blank", 1),
)  # fmt: skip
TRAILER = (("record", 1), ("in_count", 6), ("in_total", 13), ("out_count", 6), ("out_total", 13))
_REFERENCE = re.compile(r"(?<!\d)\d{20}(?!\d)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Returned:
    """One incoming entry that says, or may say, that a transfer came back."""

    row: int
    day: date
    amount: int
    name: str
    reference: str
    remarks: str


@dataclass(frozen=True, slots=True)
class Matches:
    """What came back: of which transfer, of one of several, of none that is known.

    `matched`: entry, reference of the transfer, and by what. `ambiguous`: entry and the references
    that it may be of; a person decides.
    """

    matched: tuple[tuple[Returned, str, str], ...] = ()
    ambiguous: tuple[tuple[Returned, tuple[str, ...]], ...] = ()
    unmatched: tuple[Returned, ...] = ()


@dataclass
class _Found:
    rows: list[Returned] = field(default_factory=list)
    faults: list[Problem] = field(default_factory=list)

    def fault(self, name: str, row: int | None, ja: str, en: str, column: str = "") -> None:
        self.faults.append(Problem(name, "returns", Text(ja, en), row=row, column=column))


def read_returns(content: bytes, profile: BankProfile) -> tuple[Returned, ...]:
    """Incoming entries with one of the profile's marks; every incoming entry where it has none.

    Raises:
        InputError: the file is not of the profile's form; all that is found.
    """
    found = _Found()
    if profile.returns.form == "csv":
        _read_csv(content, profile, found)
    else:
        _read_statement(content, profile, found)
    if found.faults:
        raise InputError(found.faults)
    return tuple(found.rows)


def _read_statement(content: bytes, profile: BankProfile, found: _Found) -> None:
    size = SIZE + (2 if profile.record_end == "crlf" else 0)
    rows = [content[at : at + size] for at in range(0, len(content), size)]
    shape = "".join(chr(row[0]) for row in rows)
    if len(content) % size or not re.fullmatch("(12*8)+9", shape):
        found.fault("bad-length", None, f"{size}バイトの明細でない", f"no records of {size} bytes")
        return
    count = total = 0
    for n, row in enumerate(rows, 1):
        text = row[:SIZE].decode("latin-1")
        if row[SIZE:] != b"\r\n"[: size - SIZE] or (text[0] == "1" and text[1:4] != "030"):
            ja, en = "改行または種別が異なる", "line end or kind of file is another"
            found.fault("bad-record", n, ja, en)
        elif text[0] == "2":
            entry = fields(ENTRY, text)
            if not _digits(entry["amount"]) or entry["direction"] not in "12":
                found.fault(
                    "bad-record", n, "金額または入払区分が正しくない", "amount or direction"
                )
                continue
            amount = int(entry["amount"]) * (entry["direction"] == "1")
            count, total = count + (entry["direction"] == "1"), total + amount
            if amount:
                _entry(n, entry, amount, profile, found)
        elif text[0] == "8":
            said = fields(TRAILER, text)
            if (said["in_count"], said["in_total"]) != (f"{count:06}", f"{total:013}"):
                ja, en = (
                    "入金の件数または合計が明細と異なる",
                    "count or total of what came in differs",
                )
                found.fault("bad-total", n, ja, en)
            count = total = 0


def _entry(
    n: int, entry: Mapping[str, str], amount: int, profile: BankProfile, found: _Found
) -> None:
    try:
        words = {k: _words(entry[k]) for k in ("name", "remarks", "edi")}
        year = int(entry["day"][:2]) + profile.returns.era_base
        day = date(year, int(entry["day"][2:4]), int(entry["day"][4:]))
    except ValueError:
        found.fault(
            "bad-record", n, "日付または文字が正しくない", "a day or a character is not usable"
        )
        return
    _keep(n, day, amount, (words["name"], words["remarks"], words["edi"]), profile, found)


def _words(field_text: str) -> str:
    return field_text.encode("latin-1").decode("cp932").rstrip(" ")


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _keep(
    n: int,
    day: date,
    amount: int,
    words: tuple[str, str, str],
    profile: BankProfile,
    found: _Found,
) -> None:
    """Keep an entry where it has a mark; its reference only where it has exactly one."""
    name, remarks, other = words
    marks = profile.returns.marks
    if marks and not any(mark in remarks for mark in marks):
        return
    references = {*_REFERENCE.findall(other), *_REFERENCE.findall(remarks)}
    reference = references.pop() if len(references) == 1 else ""
    found.rows.append(Returned(n, day, amount, name, reference, remarks))


def _read_csv(content: bytes, profile: BankProfile, found: _Found) -> None:
    layout = profile.returns
    try:
        lines = [*csv.reader(StringIO(content.decode(layout.encoding), newline=""), strict=True)]
    except (UnicodeDecodeError, csv.Error):
        found.fault("unreadable-file", None, "CSVとして読めない", "cannot be read as CSV")
        return
    head = lines[0] if lines else []
    missing = [c for c in layout.columns.values() if head.count(c) != 1]
    if missing:
        ja, en = f"見出しが1つずつ必要: {missing}", f"needs each of these headings once: {missing}"
        found.fault("missing-column", None, ja, en)
        return
    at = {key: head.index(name) for key, name in layout.columns.items()}
    for n, line in enumerate(lines[1:], 1):
        if len(line) != len(head):
            found.fault("bad-record", n, "列の数が見出しと異なる", "not as many cells as headings")
        elif line[at["amount"]]:
            _line(n, {key: line[place] for key, place in at.items()}, profile, found)


def _line(n: int, line: dict[str, str], profile: BankProfile, found: _Found) -> None:
    amount = line["amount"].replace(",", "")
    try:
        day = date.fromisoformat(line["day"].replace("/", "-"))
    except ValueError:
        found.fault("bad-record", n, "日付が正しくない", "not a day such as 2026-11-30", "day")
        return
    if not _digits(amount) or int(amount) < 1:
        found.fault("bad-record", n, "金額が正しくない", "not an amount of yen", "amount")
        return
    words = line["name"], line["mark"], line.get("reference", "")
    _keep(n, day, int(amount), words, profile, found)


def match(returned: Iterable[Returned], transfers: Iterable[Transfer]) -> Matches:
    """Each entry with the transfer it is of.

    By reference where it has one and the amount agrees; else by name and amount where one
    transfer alone has both. Two entries of one transfer, another amount under a reference, or a
    reference that no transfer has: listed, not decided.
    """
    by_reference, by_name = {}, defaultdict[tuple[str, int], list[str]](list)
    for t in transfers:
        by_reference[t.reference] = t.amount
        by_name[half_width(t.name_kana), t.amount].append(t.reference)
    sure: list[tuple[Returned, str, str]] = []
    unsure: list[tuple[Returned, tuple[str, ...]]] = []
    unknown: list[Returned] = []
    for entry in returned:
        same = by_name.get((half_width(entry.name), entry.amount), [])
        if by_reference.get(entry.reference) == entry.amount:
            sure.append((entry, entry.reference, "reference"))
        elif entry.reference in by_reference:
            unsure.append((entry, (entry.reference,)))
        elif len(same) == 1 and not entry.reference:
            sure.append((entry, same[0], "name and amount"))
        elif same:
            unsure.append((entry, tuple(same)))
        else:
            unknown.append(entry)
    twice = _claimed_twice(sure, unsure)
    unsure += [(entry, (reference,)) for entry, reference, _ in sure if reference in twice]
    kept = tuple(s for s in sure if s[1] not in twice)
    return Matches(kept, tuple(sorted(unsure, key=_row)), tuple(unknown))


def _claimed_twice(
    sure: Sequence[tuple[Returned, str, str]], unsure: Sequence[tuple[Returned, tuple[str, ...]]]
) -> set[str]:
    """Transfers that came back by two entries: one of them at least is of another."""
    claims = Counter(reference for _, reference, _ in sure)
    claims.update(entry.reference for entry, _ in unsure if entry.reference)
    return {reference for reference, n in claims.items() if n > 1}


def _row(listed: tuple[Returned, tuple[str, ...]]) -> int:
    return listed[0].row

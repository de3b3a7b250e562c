"""Bank statements, checked as read: the association's statement of entries and ISO 20022.

- zengin: the association's statement of entries (入出金取引明細, kind 03, 200 bytes a record).
  Header as Kiraboshi Bank publishes it; widths of entries, trailer and end as public programs have
  them, which agree and add up to 200. secondary; the association's own text was not read.
- camt053: `books.map.camt`.

A statement becomes one row for each account and balance, or one for each entry. Its entries must
lead from the opening to the closing balance and lie in its period, none may stand twice, and counts
and totals must agree, or the file is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from sonae.books.map.batch import Batch, Faults, batches
from sonae.books.map.dates import DateForm, read_date
from sonae.books.map.numbers import decimal_text
from sonae.books.map.spec import RECORD_ENDS, Source
from sonae.books.rows import Fault
from sonae.core.errors import Problem
from sonae.core.text import Text

SIZE = 200
HEADER = (
    ("record", 1), ("kind", 2), ("code_set", 1), ("made", 6), ("from", 6), ("to", 6),
    ("bank", 4), ("bank_name", 15), ("branch", 3), ("branch_name", 15), ("dummy", 3),
    ("account_kind", 1), ("account", 10), ("name", 40), ("overdrawn", 1), ("book", 1),
    ("opening", 14), ("blank", 71),
)  # fmt: skip
ENTRY = (
    ("record", 1), ("inquiry", 8), ("day", 6), ("value_day", 6), ("direction", 1), ("kind", 2),
    ("amount", 12), ("others_cheques", 12), ("presented", 6), ("returned", 6), ("bill_kind", 1),
    ("bill_number", 7), ("sister_branch", 3), ("code", 10), ("name", 48), ("from_bank", 15),
    ("from_branch", 15), ("text", 20), ("edi", 20), ("blank", 1),
)  # fmt: skip
TRAILER = (
    ("record", 1), ("in_count", 6), ("in_total", 13), ("out_count", 6), ("out_total", 13),
    ("overdrawn", 1), ("closing", 14), ("count", 7), ("blank", 139),
)  # fmt: skip
ZENGIN_COLUMNS = (
    "bank", "bank_name", "branch", "branch_name", "account_kind", "account", "name",
    "from", "to", "opening", "closing",
)  # fmt: skip
CAMT_COLUMNS = ("account", "owner", "servicer", "currency", "balance", "amount", "date")
ENTRY_COLUMNS = (
    "account", "currency", "day", "value_day", "direction", "amount", "reference", "kind", "code",
    "name", "from_bank", "from_branch", "text", "edi",
)  # fmt: skip
"""Of `rows = "entries"`, of either form; `direction` is in or out, `amount` has no sign."""
OVERDRAWN = "2"
"""A balance below zero (貸越); from the order of codes in public programs. memory."""
YEN = "JPY"
Number = tuple[int, int]
"""Digits, below zero for what went out, and how many of them stand after the point."""


def iso(day: date | None) -> str | None:
    """A day as text; None stays None."""
    return None if day is None else day.isoformat()


@dataclass(frozen=True)
class BankEntry:
    """One booked entry; `row` is its record in the file, or its place in its statement."""

    row: int
    day: date | None
    value_day: date | None
    amount: Number
    reference: str
    more: Mapping[str, str] = field(default_factory=dict)

    def cells(self, account: str, currency: str) -> list[str | None]:
        """The values of `ENTRY_COLUMNS`."""
        digits, places = self.amount
        known: dict[str, str | None] = {
            **self.more,
            "account": account,
            "currency": currency,
            "day": iso(self.day),
            "value_day": iso(self.value_day),
            "direction": "out" if digits < 0 else "in",
            "amount": decimal_text((abs(digits), places)),
            "reference": self.reference,
        }
        return [known.get(name) or None for name in ENTRY_COLUMNS]


@dataclass(frozen=True)
class Statement:
    """One statement of one account; `account` names it in full, `head` has the words about it."""

    row: int
    account: str
    currency: str
    first: date | None
    last: date | None
    opening: Number | None
    closing: Number
    sequence: int | None
    entries: tuple[BankEntry, ...]
    head: Mapping[str, str | None]


def check_statement(statement: Statement) -> None:
    """Entries lead from opening to closing, lie in the period, and none stands twice.

    Raises:
        Fault: which does not.
    """
    seen: dict[tuple[object, ...], int] = {}
    for entry in statement.entries:
        day, first, last = entry.day, statement.first, statement.last
        if day is not None and ((first and day < first) or (last and day > last)):
            raise Fault("outside-period", _OUTSIDE.format(r=entry.row, d=day, f=first, t=last))
        key = (entry.reference, day, entry.amount, tuple(sorted(entry.more.items())))
        if entry.reference.strip("0") and seen.setdefault(key, entry.row) != entry.row:
            raise Fault("repeated-row", _TWICE.format(r=entry.row, o=seen[key], n=entry.reference))
    if statement.opening is None:
        return
    numbers = (statement.opening, statement.closing, *(e.amount for e in statement.entries))
    places = max(p for _, p in numbers)
    opening, closing, *moves = (digits * 10 ** (places - p) for digits, p in numbers)
    due = opening + sum(moves)
    if due != closing:
        said, found = decimal_text(statement.closing), decimal_text((due, places))
        raise Fault("wrong-total", _CLOSING.format(said=said, found=found))


# -- the association's statement of entries --------------------------------------------------


def read_zengin(source: Source, path: Path, name: str, faults: Faults) -> Iterator[Batch]:
    """One row for each account with opening and closing balance, or one for each entry."""
    found = zengin_statements(source, path, name, faults)
    if source.rows == "entries":
        rows = ((e.row, e.cells(s.account, s.currency)) for s in found for e in s.entries)
        yield from batches(name, ENTRY_COLUMNS, rows)
        return
    yield from batches(name, ZENGIN_COLUMNS, ((s.row, _balances(s)) for s in found))


def _balances(statement: Statement) -> list[str | None]:
    days = [iso(day) for day in (statement.first, statement.last)]
    amounts = [decimal_text(n) for n in (statement.opening, statement.closing) if n]
    return [*(statement.head[k] for k in ZENGIN_COLUMNS[:7]), *days, *amounts]


def zengin_statements(source: Source, path: Path, name: str, faults: Faults) -> list[Statement]:
    """The statements of a file that agree with themselves; what is wrong goes to `faults`."""
    end = RECORD_ENDS[source.record_end]
    content = path.read_bytes().removesuffix(b"\x1a")
    size = SIZE + len(end)
    records = [content[n : n + size] for n in range(0, len(content), size)]
    shape = "".join(chr(r[0]) for r in records)
    if len(content) % size or not re.fullmatch("(12*8)+9", shape):
        text = _RECORDS.format(n=size)
        faults.add(Problem("bad-length", source.id, text, name))
        return []
    found: list[Statement] = []
    head: dict[str, str] = {}
    entries: list[tuple[int, dict[str, str]]] = []
    start = 0
    for number, raw in enumerate(records, 1):
        try:
            record = raw[:SIZE].decode("latin-1")
            if raw[SIZE:] != end:
                raise Fault("bad-length", _RECORDS.format(n=size))
            if record[0] == "1":
                head, entries, start = _cut(HEADER, record), [], number
                if (head["kind"], head["code_set"]) != ("03", "0"):
                    said = f"{head['kind']}/{head['code_set']}"
                    raise Fault("other-kind", _KIND.format(k=said))
            elif record[0] == "2":
                entries.append((number, _cut(ENTRY, record)))
            elif record[0] == "8":
                found.append(_closed(head, start, entries, _cut(TRAILER, record), source))
        except Fault as fault:
            faults.add(Problem(fault.name, source.id, fault.message, name, number))
    return found


def _cut(layout: Sequence[tuple[str, int]], record: str) -> dict[str, str]:
    found, at = {}, 0
    for name, width in layout:
        found[name] = record[at : at + width]
        at += width
    return found


def _words(record: Mapping[str, str]) -> dict[str, str]:
    return {k: v.encode("latin-1").decode("cp932").strip() for k, v in record.items()}


def _signed(record: dict[str, str], key: str) -> int:
    text = record[key]
    if not re.fullmatch("[0-9]+", text):
        raise Fault("corrupt-row", _FIELD.format(f=key, v=text))
    return -int(text) if record["overdrawn"] == OVERDRAWN else int(text)


def _entry(number: int, entry: dict[str, str], era: str) -> BankEntry:
    if entry["direction"] not in ("1", "2") or not re.fullmatch("[0-9]+", entry["amount"]):
        text = f"{entry['direction']}/{entry['amount']}"
        raise Fault("corrupt-row", _FIELD.format(f=f"direction/amount ({number})", v=text))
    day, value_day = (_day(entry[k], era) for k in ("day", "value_day"))
    if day is None:
        raise Fault("missing-value", _FIELD.format(f=f"day ({number})", v=entry["day"]))
    words = _words(entry)
    keep = ("kind", "code", "name", "from_bank", "from_branch", "text", "edi")
    units = int(entry["amount"])
    amount = (-units if entry["direction"] == "2" else units, 0)
    more = {k: words[k] for k in keep}
    return BankEntry(number, day, value_day, amount, words["inquiry"], more)


def _day(text: str, era: str) -> date | None:
    return read_date(text, DateForm(("era_compact",), era)) if text.strip("0 ") else None


def _closed(
    head: dict[str, str],
    start: int,
    records: Sequence[tuple[int, dict[str, str]]],
    said: dict[str, str],
    source: Source,
) -> Statement:
    """The statement of an account whose trailer agrees with its entries."""
    opening, closing = _signed(head, "opening"), _signed(said, "closing")
    first, last = (read_date(head[k], DateForm(("era_compact",), source.era))
                   for k in ("from", "to"))  # fmt: skip
    entries = tuple(_entry(n, e, source.era) for n, e in records)
    ins, outs = (
        [e.amount[0] for e in entries if (e.amount[0] < 0) is out] for out in (False, True)
    )
    for key, found in (
        ("in_count", len(ins)), ("in_total", sum(ins)),
        ("out_count", len(outs)), ("out_total", -sum(outs)),
    ):  # fmt: skip
        if said[key] != str(found).rjust(len(said[key]), "0"):
            raise Fault("wrong-total", _TOTAL.format(f=key, said=said[key], found=found))
    words = _words(head)
    account = "-".join(words[k] for k in ("bank", "branch", "account_kind", "account"))
    statement = Statement(
        start, account, YEN, first, last, (opening, 0), (closing, 0), None, entries, words
    )
    check_statement(statement)
    return statement


_RECORDS = Text(
    "{n}バイトのレコード（1、2…、8 の繰返しと 9）でない",
    "not records of {n} bytes (1, 2..., 8 repeated, then 9)",
)
_KIND = Text(
    "種別・コード区分 {k} は JIS の入出金取引明細（03/0）でない",
    "kind and code {k} are no statement of entries in JIS (03/0)",
)
_FIELD = Text("「{f}」の値「{v}」は使えない", "{f}: {v!r} is not usable")
_TOTAL = Text(
    "トレーラーの {f} は {said}、明細の合計は {found}",
    "the trailer says {f} {said}, the entries make {found}",
)
_CLOSING = Text(
    "最終残高は {said} とあるが、前残高と明細からは {found}",
    "the closing balance says {said}, opening and entries make {found}",
)
_OUTSIDE = Text(
    "{r}番目の明細の日付 {d} が明細書の期間（{f}〜{t}）の外にある",
    "entry {r} is of {d}, outside the period of the statement ({f} to {t})",
)
_TWICE = Text(
    "{r}番目の明細は{o}番目と同じ（照会番号 {n}）",
    "entry {r} is the same as entry {o} (reference {n})",
)

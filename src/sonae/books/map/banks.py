"""Bank statements and reference rates: what a bank or a central bank publishes, checked as read.

- zengin: the association's statement of entries (入出金取引明細, kind 03, 200 bytes a record).
  Header as Kiraboshi Bank publishes it; widths of entries, trailer and end as three public programs
  have them, which agree and add up to 200. secondary; the association's own text was not read.
- camt053: ISO 20022 bank-to-customer statement, any version, the elements that balances need.
- ecb: the European Central Bank's euro reference rates, wide CSV, one column a currency.

A statement becomes one row for each account and balance; its entries must lead from the opening to
the closing balance, and counts and totals must agree, or the file is refused.
"""

from __future__ import annotations

import csv
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sonae.books.map.batch import Batch, Faults, batches
from sonae.books.map.dates import DateForm, read_date
from sonae.books.map.numbers import NumberForm, decimal_text, read_number
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
    ("amount", 12), ("rest", 164),
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
ECB_COLUMNS = ("date", "currency", "rate")
OVERDRAWN = "2"
"""A balance below zero (貸越); from the order of codes in public programs. memory."""


def _cut(layout: Sequence[tuple[str, int]], record: str) -> dict[str, str]:
    found, at = {}, 0
    for name, width in layout:
        found[name] = record[at : at + width]
        at += width
    return found


@dataclass
class _Account:
    """One account of a Zengin file while its entries are read."""

    head: dict[str, str]
    opening: int
    row: int
    counts: list[int] = field(default_factory=lambda: [0, 0])
    totals: list[int] = field(default_factory=lambda: [0, 0])


def read_zengin(source: Source, path: Path, name: str, faults: Faults) -> Iterator[Batch]:
    """One row for each account: opening and closing balance of its period."""
    end = RECORD_ENDS[source.record_end]
    content = path.read_bytes().removesuffix(b"\x1a")
    size = SIZE + len(end)
    records = [content[n : n + size] for n in range(0, len(content), size)]
    shape = "".join(chr(r[0]) for r in records)
    if len(content) % size or not re.fullmatch("(12*8)+9", shape):
        text = _RECORDS.format(n=size)
        faults.add(Problem("bad-length", source.id, text, name))
        return
    rows: list[tuple[int, Sequence[str | None]]] = []
    account: _Account | None = None
    for number, raw in enumerate(records, 1):
        try:
            record = raw[:SIZE].decode("latin-1")
            if raw[SIZE:] != end:
                raise Fault("bad-length", _RECORDS.format(n=size))
            if record[0] == "1":
                head = _cut(HEADER, record)
                account = _Account(head, _signed(head, "opening"), number)
                if (head["kind"], head["code_set"]) != ("03", "0"):
                    said = f"{head['kind']}/{head['code_set']}"
                    raise Fault("other-kind", _KIND.format(k=said))
            elif account is not None and record[0] == "2":
                _entry(account, _cut(ENTRY, record))
            elif account is not None and record[0] == "8":
                rows.append((account.row, _closed(account, _cut(TRAILER, record), source)))
        except Fault as fault:
            faults.add(Problem(fault.name, source.id, fault.message, name, number))
    yield from batches(name, ZENGIN_COLUMNS, rows)


def _signed(record: dict[str, str], key: str) -> int:
    text = record[key]
    if not re.fullmatch("[0-9]+", text):
        raise Fault("corrupt-row", _FIELD.format(f=key, v=text))
    return -int(text) if record["overdrawn"] == OVERDRAWN else int(text)


def _entry(account: _Account, entry: dict[str, str]) -> None:
    if entry["direction"] not in ("1", "2") or not re.fullmatch("[0-9]+", entry["amount"]):
        text = f"{entry['direction']}/{entry['amount']}"
        raise Fault("corrupt-row", _FIELD.format(f="direction/amount", v=text))
    way = int(entry["direction"]) - 1
    account.counts[way] += 1
    account.totals[way] += int(entry["amount"])


def _closed(account: _Account, said: dict[str, str], source: Source) -> list[str | None]:
    """The row of an account whose trailer agrees with its entries."""
    closing = _signed(said, "closing")
    for key, found in (
        ("in_count", account.counts[0]), ("in_total", account.totals[0]),
        ("out_count", account.counts[1]), ("out_total", account.totals[1]),
    ):  # fmt: skip
        if said[key] != str(found).rjust(len(said[key]), "0"):
            raise Fault("wrong-total", _TOTAL.format(f=key, said=said[key], found=found))
    due = account.opening + account.totals[0] - account.totals[1]
    if due != closing:
        raise Fault("wrong-total", _CLOSING.format(said=closing, found=due))
    head = account.head
    days = [
        read_date(head[k], DateForm(("era_compact",), source.era)).isoformat()
        for k in ("from", "to")
    ]
    words = {k: head[k].encode("latin-1").decode("cp932").strip() for k in head}
    keys = ("bank", "bank_name", "branch", "branch_name", "account_kind", "account", "name")
    return [*(words[k] for k in keys), *days, str(account.opening), str(closing)]


# -- ISO 20022 camt.053 ----------------------------------------------------------------------


def read_camt(source: Source, path: Path, name: str, faults: Faults) -> Iterator[Batch]:
    """One row for each balance of each statement: its code (OPBD, CLBD, ...), amount and day."""
    content = path.read_bytes()
    try:
        if b"<!DOCTYPE" in content or b"<!ENTITY" in content or b"\0" in content:
            raise ET.ParseError("neither a document type nor UTF-16 is allowed")
        root = ET.fromstring(content)
    except (ET.ParseError, ValueError) as error:
        text = Text(f"XMLとして読めない: {error}", f"not readable as XML: {error}")
        faults.add(Problem("unreadable-file", source.id, text, name))
        return
    space = re.match(r"\{(.*?camt\.053\..*?)\}Document$", root.tag)
    if space is None:
        text = _CAMT.format(t=root.tag)
        faults.add(Problem("layout-changed", source.id, text, name))
        return
    rows: list[tuple[int, Sequence[str | None]]] = []
    for number, statement in enumerate(root.iter(f"{{{space[1]}}}Stmt"), 1):
        try:
            rows += [(number, row) for row in _statement(statement, f"{{{space[1]}}}")]
        except Fault as fault:
            faults.add(Problem(fault.name, source.id, fault.message, name, number))
    yield from batches(name, CAMT_COLUMNS, rows)


def _statement(statement: ET.Element, ns: str) -> list[list[str | None]]:
    def text(at: ET.Element, path: str) -> str | None:
        found = at.find("/".join(f"{ns}{p}" for p in path.split("/")))
        return None if found is None or found.text is None else found.text.strip()

    account = text(statement, "Acct/Id/IBAN") or text(statement, "Acct/Id/Othr/Id")
    owner = text(statement, "Acct/Ownr/Nm")
    bank = text(statement, "Acct/Svcr/FinInstnId/BICFI") or text(
        statement, "Acct/Svcr/FinInstnId/Nm"
    )
    rows: list[list[str | None]] = []
    balances: dict[str, tuple[int, int]] = {}
    for balance in statement.findall(f"{ns}Bal"):
        code = text(balance, "Tp/CdOrPrtry/Cd") or text(balance, "Tp/CdOrPrtry/Prtry") or ""
        amount, currency = _amount(balance, ns)
        day = text(balance, "Dt/Dt") or (text(balance, "Dt/DtTm") or "")[:10]
        if code in balances and code in ("OPBD", "CLBD"):
            raise Fault("repeated-key", _BALANCE.format(c=code))
        balances[code] = amount
        rows.append([account, owner, bank, currency, code, decimal_text(amount), day])
    entries = [
        _amount(e, ns)[0]
        for e in statement.findall(f"{ns}Ntry")
        if (text(e, "Sts/Cd") or text(e, "Sts")) == "BOOK"
    ]
    if "OPBD" in balances and "CLBD" in balances:
        places = max(p for _, p in (*balances.values(), *entries))
        total = sum(_at(a, places) for a in entries)
        due = _at(balances["OPBD"], places) + total
        if due != _at(balances["CLBD"], places):
            said, found = decimal_text(balances["CLBD"]), decimal_text((due, places))
            raise Fault("wrong-total", _CLOSING.format(said=said, found=found))
    elif "CLBD" not in balances:
        raise Fault("missing-value", _NO_CLOSING)
    return rows


def _at(number: tuple[int, int], places: int) -> int:
    step: int = 10 ** (places - number[1])
    return number[0] * step


def _amount(at: ET.Element, ns: str) -> tuple[tuple[int, int], str]:
    amount, direction = at.find(f"{ns}Amt"), at.find(f"{ns}CdtDbtInd")
    if amount is None or direction is None or direction.text not in ("CRDT", "DBIT"):
        raise Fault("corrupt-row", _FIELD.format(f="Amt/CdtDbtInd", v=""))
    digits, places = read_number((amount.text or "").strip(), NumberForm(negative=()))
    if direction.text == "DBIT":
        digits = -digits
    return (digits, places), amount.get("Ccy", "")


# -- euro reference rates --------------------------------------------------------------------


def read_ecb(source: Source, path: Path, name: str, faults: Faults) -> Iterator[Batch]:
    """One row for each day and currency: how much of it one euro is. "N/A" is no rate."""
    yield from batches(name, ECB_COLUMNS, _rates(source, path, name, faults))


def _rates(
    source: Source, path: Path, name: str, faults: Faults
) -> Iterator[tuple[int, Sequence[str | None]]]:
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
        reader = csv.reader(stream)
        head = [h.strip() for h in next(reader, [])]
        codes = head[1:-1] if head and not head[-1] else head[1:]
        if head[:1] != ["Date"] or not codes or not all(re.fullmatch("[A-Z]{3}", c) for c in codes):
            text = _ECB.format(h=", ".join(head[:6]))
            faults.add(Problem("layout-changed", source.id, text, name))
            return
        for number, row in enumerate(reader, 1):
            cells = [c.strip() for c in row]
            if not any(cells):
                continue
            if len(cells) not in (len(head), len(codes) + 1):
                text = _CELLS.format(n=len(cells), m=len(head))
                faults.add(Problem("corrupt-row", source.id, text, name, number))
                continue
            try:
                day = read_date(cells[0], DateForm(("iso", "english"))).isoformat()
            except Fault as fault:
                problem = Problem(fault.name, source.id, fault.message, name, number, column="date")
                faults.add(problem)
                continue
            for code, rate in zip(codes, cells[1:], strict=False):
                if rate not in ("", "N/A"):
                    yield number, [day, code, rate]


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
_CAMT = Text("camt.053 の明細でない: {t}", "not a camt.053 statement: {t}")
_BALANCE = Text("残高 {c} が二つある", "there are two balances {c}")
_NO_CLOSING = Text("最終残高（CLBD）がない", "there is no closing balance (CLBD)")
_ECB = Text(
    "ECBの参照レートの見出し（Date と通貨）でない: {h}",
    "not the headings of ECB reference rates (Date and currencies): {h}",
)
_CELLS = Text("列が{n}個ある（見出しは{m}個）", "{n} cells where the headings are {m}")

"""ISO 20022 bank-to-customer statement (camt.053), any version: balances, and booked entries."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from sonae.books.map.banks import (
    CAMT_COLUMNS,
    ENTRY_COLUMNS,
    BankEntry,
    Number,
    Statement,
    check_statement,
)
from sonae.books.map.batch import Batch, Faults, batches
from sonae.books.map.numbers import NumberForm, decimal_text, read_number
from sonae.books.map.spec import Source
from sonae.books.rows import Fault
from sonae.core.errors import Problem
from sonae.core.text import Text

_Balance = tuple[str, Number, str, str]
"""Code, amount, currency, day."""


class _At:
    """An element of one version of the statement."""

    def __init__(self, element: ET.Element, space: str) -> None:
        self.element, self.space = element, space

    def path(self, path: str) -> str:
        return "/".join(f"{self.space}{p}" for p in path.split("/"))

    def text(self, *paths: str) -> str | None:
        """The text of the first of these paths that is there."""
        for path in paths:
            found = self.element.find(self.path(path))
            if found is not None and found.text and found.text.strip():
                return found.text.strip()
        return None

    def all(self, path: str) -> list[_At]:
        return [_At(e, self.space) for e in self.element.findall(self.path(path))]


def read_camt(source: Source, path: Path, name: str, faults: Faults) -> Iterator[Batch]:
    """One row for each balance of each statement (OPBD, CLBD, ...), or one for each entry."""
    found = list(_statements(source, path, name, faults))
    if source.rows == "entries":
        rows = [(s.row, e.cells(s.account, s.currency)) for s, _ in found for e in s.entries]
        yield from batches(name, ENTRY_COLUMNS, rows)
        return
    yield from batches(name, CAMT_COLUMNS, ((s.row, r) for s, b in found for r in _rows(s, b)))


def camt_statements(source: Source, path: Path, name: str, faults: Faults) -> list[Statement]:
    """The statements of a file that agree with themselves; what is wrong goes to `faults`."""
    return [statement for statement, _ in _statements(source, path, name, faults)]


def _rows(statement: Statement, balances: Sequence[_Balance]) -> Iterator[list[str | None]]:
    head = [statement.head[k] for k in ("account", "owner", "servicer")]
    for code, amount, currency, day in balances:
        yield [*head, currency, code, decimal_text(amount), day]


def _statements(
    source: Source, path: Path, name: str, faults: Faults
) -> Iterator[tuple[Statement, list[_Balance]]]:
    content = path.read_bytes()
    try:
        if b"<!DOCTYPE" in content or b"<!ENTITY" in content or b"\0" in content:
            raise ET.ParseError("neither a document type nor UTF-16 is allowed")
        root = ET.fromstring(content)
    except (ET.ParseError, ValueError) as error:
        text = Text(f"XMLとして読めない: {error}", f"not readable as XML: {error}")
        faults.add(Problem("unreadable-file", source.id, text, name))
        return
    space = re.match(r"(\{.*?camt\.053\..*?\})Document$", root.tag)
    if space is None:
        text = _CAMT.format(t=root.tag)
        faults.add(Problem("layout-changed", source.id, text, name))
        return
    for number, element in enumerate(root.iter(f"{space[1]}Stmt"), 1):
        try:
            yield _statement(_At(element, space[1]), number)
        except Fault as fault:
            faults.add(Problem(fault.name, source.id, fault.message, name, number))


def _statement(at: _At, number: int) -> tuple[Statement, list[_Balance]]:
    balances = [_balance(b) for b in at.all("Bal")]
    known: dict[str, _Balance] = {}
    for one in balances:
        if one[0] in known and one[0] in ("OPBD", "CLBD"):
            raise Fault("repeated-key", _TWO_BALANCES.format(c=one[0]))
        known[one[0]] = one
    if "CLBD" not in known:
        raise Fault("missing-value", _NO_CLOSING)
    opening, closing = known.get("OPBD"), known["CLBD"]
    account = at.text("Acct/Id/IBAN", "Acct/Id/Othr/Id")
    head = {
        "account": account,
        "owner": at.text("Acct/Ownr/Nm"),
        "servicer": at.text("Acct/Svcr/FinInstnId/BICFI", "Acct/Svcr/FinInstnId/BIC",
                            "Acct/Svcr/FinInstnId/Nm"),
    }  # fmt: skip
    first = _day(at.text("FrToDt/FrDtTm") or (opening[3] if opening else None))
    sequence = at.text("ElctrncSeqNb", "LglSeqNb")
    if sequence is not None and not re.fullmatch("[0-9]{1,18}", sequence):
        raise Fault("corrupt-row", _FIELD.format(f="ElctrncSeqNb", v=sequence))
    statement = Statement(
        row=number,
        account=account or "",
        currency=closing[2],
        first=first,
        last=_day(at.text("FrToDt/ToDtTm") or closing[3]),
        opening=opening and opening[1],
        closing=closing[1],
        sequence=None if sequence is None else int(sequence),
        entries=tuple(_entries(at, closing[2])),
        head=head,
    )
    check_statement(statement)
    return statement, balances


def _balance(at: _At) -> _Balance:
    code = at.text("Tp/CdOrPrtry/Cd", "Tp/CdOrPrtry/Prtry") or ""
    amount, currency = _amount(at)
    return code, amount, currency, (at.text("Dt/Dt", "Dt/DtTm") or "")[:10]


def _entries(statement: _At, currency: str) -> Iterator[BankEntry]:
    """Booked entries; pending ones are not part of the balance."""
    for row, at in enumerate(statement.all("Ntry"), 1):
        if at.text("Sts/Cd", "Sts") != "BOOK":
            continue
        amount, said = _amount(at)
        if said != currency:
            raise Fault("corrupt-row", _FIELD.format(f=f"Ntry {row} Ccy", v=said))
        details = at.all("NtryDtls/TxDtls")
        one = details[0] if len(details) == 1 else _At(ET.Element("none"), at.space)
        payer = ("RltdPties/Dbtr/Pty/Nm", "RltdPties/Dbtr/Nm")
        payee = ("RltdPties/Cdtr/Pty/Nm", "RltdPties/Cdtr/Nm")
        more = {
            "kind": at.text("BkTxCd/Domn/Fmly/SubFmlyCd", "BkTxCd/Prtry/Cd"),
            "name": one.text(*(payee if amount[0] < 0 else payer)),
            "from_bank": one.text("RltdAgts/DbtrAgt/FinInstnId/BICFI"),
            "text": one.text("RmtInf/Ustrd") or at.text("AddtlNtryInf"),
            "edi": one.text("Refs/EndToEndId"),
        }
        day, value_day = (_day(at.text(f"{k}/Dt", f"{k}/DtTm")) for k in ("BookgDt", "ValDt"))
        reference = at.text("AcctSvcrRef", "NtryRef") or ""
        said_more = {k: v for k, v in more.items() if v}
        yield BankEntry(row, day, value_day, amount, reference, said_more)


def _day(text: str | None) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text[:10])
    except ValueError as error:
        raise Fault("corrupt-row", _FIELD.format(f="Dt", v=text)) from error


def _amount(at: _At) -> tuple[Number, str]:
    amount, direction = at.element.find(at.path("Amt")), at.text("CdtDbtInd")
    if amount is None or direction not in ("CRDT", "DBIT"):
        raise Fault("corrupt-row", _FIELD.format(f="Amt/CdtDbtInd", v=direction or ""))
    digits, places = read_number((amount.text or "").strip(), NumberForm(negative=()))
    return (-digits if direction == "DBIT" else digits, places), amount.get("Ccy", "")


_FIELD = Text("「{f}」の値「{v}」は使えない", "{f}: {v!r} is not usable")
_CAMT = Text("camt.053 の明細でない: {t}", "not a camt.053 statement: {t}")
_TWO_BALANCES = Text("残高 {c} が二つある", "there are two balances {c}")
_NO_CLOSING = Text("最終残高（CLBD）がない", "there is no closing balance (CLBD)")

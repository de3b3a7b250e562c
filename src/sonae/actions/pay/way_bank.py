"""Banks: Zengin files (総合振込) within the country, ISO 20022 orders elsewhere.

Neither tells of single payments that arrived: what did not come back in the programme's days is
settled. A status report (pain.002) names no digest; its message id is made of every payment, so
that naming it names them. Its status codes are from memory of ISO 20022.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from sonae.actions.fund.session import Now
from sonae.actions.pay.way import Settings, Unfit, Way
from sonae.claims.payment import PaymentError
from sonae.claims.rail import Answer, Pay, RailSilence, Receipt, Return
from sonae.claims.rails import pain001, zengin
from sonae.claims.rails.profile import BankProfile, read_profile
from sonae.claims.rails.returns import Matches, match, read_returns
from sonae.claims.rails.transfer import Sender, Transfer, form_faults
from sonae.core.canonical import canonical_bytes, digest
from sonae.core.errors import InputError, Problem
from sonae.core.text import Text


def parts(pay: Pay, count: int, what: str) -> list[str]:
    """The parts of the account of a payment; a PaymentError where it is for another way."""
    found = pay.account.split("|")
    if len(found) != count:
        raise PaymentError(f"{pay.person}: {pay.account!r} is no {what}; is it for another way?")
    return found


def _whose(problem: Problem, payments: Sequence[Pay]) -> Problem:
    """The problem of a row with the account and reference of its payment."""
    if problem.row is None:
        return problem
    pay = payments[problem.row - 1]
    return replace(problem, row=None, key=f"{pay.person} {pay.reference}")


# -- Zengin ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Bank:
    """Whose account pays, and the bank's terms."""

    sender: Sender
    profile: BankProfile


def read_bank(raw: Mapping[str, Any], file: Path) -> Bank:
    """A table [sender], and the bank's terms beside it.

    Raises:
        InputError: what is missing or unusable.
    """
    raw = dict(raw)
    given, known = raw.pop("sender", {}), {f.name for f in fields(Sender)}
    if not isinstance(given, Mapping) or set(given) != known:
        need = ", ".join(sorted(known))
        text = Text(f"[sender] に要る項目: {need}", f"[sender] has exactly {need}")
        raise InputError([Problem("bad-setting", "bank", text, file.name, key="sender")])
    profile = read_profile(raw, file.name)
    if ":" in profile.name:
        text = Text("名称に「:」は使えない", "a name has no colon")
        raise InputError([Problem("bad-setting", "bank", text, file.name, key="name")])
    return Bank(Sender(**{k: str(v) for k, v in given.items()}), profile)  # type: ignore[arg-type]


class Zengin(Way):
    """Bank transfers in Zengin files; its name is the bank's."""

    suffix = ".txt"
    columns = ("bank", "branch", "kind", "number", "name_kana")

    def __init__(self, bank: Bank) -> None:
        self.bank, self.name = bank, bank.profile.name

    @classmethod
    def encode(cls, row: Mapping[str, str]) -> str:
        """Bank, branch, kind, number, name."""
        return "|".join(row[k] for k in cls.columns)

    @classmethod
    def faults(cls, row: Mapping[str, str]) -> Iterator[tuple[str, str, Text]]:
        """Numbers of the wrong length, an unknown kind; names are up to the bank that pays."""
        named = {"account": "number"}
        of = {"bank": row["bank"], "branch": row["branch"], "account": row["number"]}
        for column, name, text in form_faults({**of, "kind": row["kind"]}):
            yield named.get(column, column), name, text

    def render(self, payments: Sequence[Pay], designated: date) -> bytes:
        """One Zengin file."""
        transfers = [self._transfer(p) for p in payments]
        try:
            found = zengin.write(transfers, self.bank.sender, self.bank.profile, designated)
        except InputError as error:
            raise InputError([_whose(p, payments) for p in error.problems]) from error
        if len(found) != 1:
            raise PaymentError(f"{len(payments)} payments do not fit one file; lower --most")
        return found[0].content

    def references(self, content: bytes) -> set[str]:
        """Of a Zengin file's records."""
        return {t.reference for t in zengin.read(content, self.bank.profile).transfers}

    def _transfer(self, pay: Pay) -> Transfer:
        bank, branch, kind, number, name = parts(pay, 5, "bank account")
        return Transfer(pay.reference, bank, branch, kind, number, name, pay.amount)  # type: ignore[arg-type]

    def returns(self, box: Path) -> Sequence[Return]:
        """Returned funds that fit one transfer each; `unfit` has what fits none or several."""
        matched = [m for found in self._matches(box) for m in found.matched]
        return [
            Return(n, reference, entry.remarks or by, entry.amount, booked=True)
            for n, (entry, reference, by) in enumerate(matched, 1)
        ]

    def unfit(self, box: Path) -> list[Unfit]:
        """Returned funds that a person must look at: they fit no transfer, or several.

        The same line of two statements that overlap is one: its id is made of what the line says,
        and of its place among lines that say the same.
        """
        found: dict[str, Unfit] = {}
        for matches in self._matches(box):
            listed = [*matches.ambiguous, *((e, ()) for e in matches.unmatched)]
            alike: Counter[str] = Counter()
            for entry, references in sorted(listed, key=lambda pair: pair[0].row):
                said = [entry.day.isoformat(), str(entry.amount), entry.name]
                line = canonical_bytes([*said, entry.reference, entry.remarks]).decode()
                alike[line] += 1
                id = f"R{digest([line, alike[line]])[:16]}"
                found[id] = Unfit(id, entry.day, entry.amount, entry.name, tuple(references))
        return list(found.values())

    def _matches(self, box: Path) -> list[Matches]:
        profile = self.bank.profile
        out = [
            t
            for path in sorted((box / "out").glob("*.txt"))
            for t in zengin.read(path.read_bytes(), profile).transfers
        ]
        files = sorted((box / "in").glob("returns-*"))
        return [match(read_returns(path.read_bytes(), profile), out) for path in files]


# -- ISO 20022 -------------------------------------------------------------------------------------

_SAYS = Text(
    "{name}: 状況報告の{key}が{value}で、ファイルと一致しない",
    "{name}: the status report says {key} {value}",
)
_ABOUT = Text(
    "{name}: 状況報告は別の指図についてのものである",
    "{name}: the status report is about another order",
)
_UNREAD = Text("{path}を読めない: {error}", "{path} {error}")
TAKEN = ("ACTC", "ACCP", "ACSP", "ACSC", "ACWC", "PART")
REFUSED = "RJCT"
"""Status codes of a report by which the bank took an order, wholly or in part, or refused it."""


class Pain001(Way):
    """Credit transfers by ISO 20022 orders; a status report answers as well as a receipt does."""

    suffix = ".xml"
    columns = ("form", "number", "bic", "name")

    def __init__(self, raw: Mapping[str, Any], file: Path, now: Now) -> None:
        settings = Settings(raw, file)
        self.name, self.now = f"pain001:{settings.take('name', str)}", now
        keys = dict.fromkeys(("name", "form", "number", "bic"), str)
        debtor = settings.table(settings.raw.pop("debtor", None), keys, "debtor")
        settings.done()
        self.debtor = pain001.Account(**debtor)

    @classmethod
    def encode(cls, row: Mapping[str, str]) -> str:
        """Form (iban or other), number, BIC, name."""
        return "|".join(row[k] for k in cls.columns)

    def render(self, payments: Sequence[Pay], designated: date) -> bytes:
        """One order; its time of creation is the clock's, all else follows from the payments."""
        [currency] = {p.asset for p in payments}
        rows = []
        for pay in payments:
            form, number, bic, name = parts(pay, 4, "account at a bank abroad")
            if form not in ("iban", "other"):
                raise PaymentError(f"{pay.person}: an account is iban or other, not {form!r}")
            to = pain001.Account(name, form, number, bic)  # type: ignore[arg-type]
            rows.append(pain001.Payment(pay.reference, pay.amount, to))
        message = digest([designated.isoformat(), [[*map(str, p)] for p in payments]])[:35]
        made = pain001.write(rows, self.debtor, currency, message, self.now(), designated)
        return made.content

    def references(self, content: bytes) -> set[str]:
        """The end-to-end ids of an order."""
        return set(_amounts(_parsed(content)))

    def answer(self, box: Path, name: str) -> Answer | None:
        """Taken or refused, by a report whose message id, count and sum are those of the file."""
        report, order = self._report(box, name), self._order(box, name)
        if report is None or order is None:
            return None
        for told, sent in (("OrgnlNbOfTxs", "NbOfTxs"), ("OrgnlCtrlSum", "CtrlSum")):
            if (said := _text(report, told)) and said != _text(order, sent):
                raise RailSilence(_SAYS.format(name=name, key=told, value=said))
        if _text(report, "OrgnlMsgId") != _text(order, "MsgId"):
            raise RailSilence(_ABOUT.format(name=name))
        status = _text(report, "GrpSts") or _text(report, "PmtInfSts")
        if status == REFUSED:
            return Answer("absent")
        if status not in TAKEN:
            return Answer("open")
        content = (box / "out" / f"{name}{self.suffix}").read_bytes()
        return Answer("accepted", Receipt(_text(report, "MsgId"), sha256(content).hexdigest()))

    def returns(self, box: Path) -> Sequence[Return]:
        """What a report refuses of an order that was taken (it never left), then what came back."""
        refused = []
        for name in _reported(box):
            if self._odd(box, name) or (order := self._order(box, name)) is None:
                continue
            report, answer = self._report(box, name), self.answer(box, name)
            if report is None or answer is None or answer.status != "accepted":
                continue
            amounts = _amounts(order)
            for one in report.iterfind(".//{*}TxInfAndSts"):
                reference = _text(one, "OrgnlEndToEndId")
                if _text(one, "TxSts") == REFUSED and reference in amounts:
                    refused.append((reference, _text(one, "Cd") or REFUSED, amounts[reference]))
        first = [Return(n, r, c, a, booked=True) for n, (r, c, a) in enumerate(refused, 1)]
        later = super().returns(box)
        return [*first, *(r._replace(serial=len(first) + r.serial) for r in later)]

    def odd(self, box: Path) -> list[Text]:
        """Status reports that cannot be read or are about another order."""
        return [why for name in _reported(box) if (why := self._odd(box, name))]

    def _odd(self, box: Path, name: str) -> Text | None:
        try:
            self.answer(box, name)
        except RailSilence as silence:
            return silence.text
        return None

    def _report(self, box: Path, name: str) -> ElementTree.Element | None:
        return _xml(box / "in" / f"{name}.pain002.xml")

    def _order(self, box: Path, name: str) -> ElementTree.Element | None:
        return _xml(box / "out" / f"{name}{self.suffix}")


def _reported(box: Path) -> list[str]:
    """Names of files that a status report is there for."""
    end = ".pain002.xml"
    return [p.name.removesuffix(end) for p in sorted((box / "in").glob(f"*{end}"))]


def _xml(path: Path) -> ElementTree.Element | None:
    if not path.is_file():
        return None
    try:
        return _parsed(path.read_bytes())
    except ValueError as error:
        raise RailSilence(_UNREAD.format(path=path, error=error)) from error


def _parsed(content: bytes) -> ElementTree.Element:
    if b"<!DOCTYPE" in content:
        raise ValueError("has a document type, which neither order nor report has")
    try:
        return ElementTree.fromstring(content)
    except ElementTree.ParseError as error:
        raise ValueError(f"is not readable as XML: {error}") from error


def _text(element: ElementTree.Element, tag: str) -> str:
    return (element.findtext(f".//{{*}}{tag}") or "").strip()


def _amounts(order: ElementTree.Element) -> dict[str, int]:
    """Minor units by reference; our own file has exactly as many decimals as the currency."""
    return {
        _text(one, "EndToEndId"): int(_text(one, "InstdAmt").replace(".", ""))
        for one in order.iterfind(".//{*}CdtTrfTxInf")
    }

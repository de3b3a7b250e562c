"""ISO 20022 pain.001.001.09: a credit transfer order in one currency, for banks outside Zengin.

Built with the standard library's ElementTree: it nests and escapes by construction, and the order
is small. Amounts are integers of the currency's minor unit; the scale is ISO 4217's. Characters
are those every bank takes (letters, digits, space, `/ - ? : ( ) . , ' +`; from memory of the
payment schemes' guidelines), so a name in kana or kanji is refused here. What a bank asks beyond
the schema (service level, purpose, charges, address) is its own guide's, and not written.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Literal, NamedTuple
from xml.etree import ElementTree

from sonae.core.errors import InputError, Problem
from sonae.core.text import Text

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
SCALES: Mapping[str, int] = {
    "EUR": 2, "GBP": 2, "HKD": 2, "JPY": 0, "KRW": 0, "SGD": 2, "USD": 2,
}  # fmt: skip
"""ISO 4217: digits of the minor unit. A currency that is not here is refused, never guessed."""
MOST_UNITS = 10**18 - 1
"""Eighteen digits, the most of an amount and of a control sum in the schema."""
_TEXT = re.compile(r"[A-Za-z0-9/\-?:().,'+ ]*", re.ASCII)
_BIC = re.compile(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?", re.ASCII)
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{1,30}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Account:
    """An account with its holder: an IBAN, or another number, at the bank of this BIC."""

    name: str
    form: Literal["iban", "other"]
    number: str
    bic: str


class Payment(NamedTuple):
    """An amount in minor units to one account; the reference is the end-to-end id."""

    reference: str
    amount: int
    to: Account


@dataclass(frozen=True, slots=True)
class Pain001:
    """One order as it goes to the bank."""

    content: bytes
    count: int
    total: int
    control_sum: str
    sha256: str


def amount_text(units: int, currency: str) -> str:
    """Minor units as the schema writes them.

    >>> amount_text(100, "JPY"), amount_text(10005, "EUR")
    ('100', '100.05')
    """
    scale = SCALES[currency]
    whole, part = divmod(units, 10**scale)
    return f"{whole}.{part:0{scale}}" if scale else str(whole)


def write(
    payments: Iterable[Payment],
    debtor: Account,
    currency: str,
    message_id: str,
    created: datetime,
    on: date,
) -> Pain001:
    """One order for these payments, to be executed on the day `on`.

    `message_id` names the order and must never be used again; a bank may refuse a second one.

    Raises:
        InputError: everything that keeps the order from being written; nothing is.
    """
    rows = [*payments]
    if faults := [*_order_faults(rows, currency, message_id, debtor), *_payment_faults(rows)]:
        raise InputError(faults)
    total = sum(p.amount for p in rows)
    control_sum = amount_text(total, currency)
    root = ElementTree.Element("Document", xmlns=NAMESPACE)
    order = ElementTree.SubElement(root, "CstmrCdtTrfInitn")
    head = ElementTree.SubElement(order, "GrpHdr")
    _add(head, "MsgId", message_id)
    _add(head, "CreDtTm", created.isoformat(timespec="seconds"))
    _add(head, "NbOfTxs", str(len(rows)))
    _add(head, "CtrlSum", control_sum)
    _add(head, "InitgPty/Nm", debtor.name)
    batch = ElementTree.SubElement(order, "PmtInf")
    _add(batch, "PmtInfId", message_id)
    _add(batch, "PmtMtd", "TRF")
    _add(batch, "NbOfTxs", str(len(rows)))
    _add(batch, "CtrlSum", control_sum)
    _add(batch, "ReqdExctnDt/Dt", on.isoformat())
    _add(batch, "Dbtr/Nm", debtor.name)
    _add(batch, f"DbtrAcct/Id/{_path(debtor)}", debtor.number)
    _add(batch, "DbtrAgt/FinInstnId/BICFI", debtor.bic)
    for payment in rows:
        _credit(batch, payment, currency)
    content = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return Pain001(content, len(rows), total, control_sum, sha256(content).hexdigest())


def _credit(batch: ElementTree.Element, payment: Payment, currency: str) -> None:
    one = ElementTree.SubElement(batch, "CdtTrfTxInf")
    _add(one, "PmtId/EndToEndId", payment.reference)
    _add(one, "Amt/InstdAmt", amount_text(payment.amount, currency)).set("Ccy", currency)
    _add(one, "CdtrAgt/FinInstnId/BICFI", payment.to.bic)
    _add(one, "Cdtr/Nm", payment.to.name)
    _add(one, f"CdtrAcct/Id/{_path(payment.to)}", payment.to.number)


def _path(account: Account) -> str:
    return "IBAN" if account.form == "iban" else "Othr/Id"


def _add(parent: ElementTree.Element, path: str, text: str) -> ElementTree.Element:
    for tag in path.split("/"):
        parent = ElementTree.SubElement(parent, tag)
    parent.text = text
    return parent


def _order_faults(
    rows: Sequence[Payment], currency: str, message_id: str, debtor: Account
) -> Iterator[Problem]:
    if currency not in SCALES:
        known = ", ".join(SCALES)
        text = Text(f"通貨は{known}のいずれか", f"the currency must be one of {known}")
        yield Problem("unknown-currency", "order", text, column="currency")
    if not rows:
        yield Problem("nothing-to-pay", "order", Text("支払が1件もない", "there is no payment"))
    if sum(p.amount for p in rows if type(p.amount) is int) > MOST_UNITS:
        text = Text(
            "合計が18桁を超える。分けて作る", "a total of more than 18 digits; make several"
        )
        yield Problem("total-too-long", "order", text)
    for column, text in [*_id_faults("message_id", message_id), *_account_faults(debtor)]:
        yield Problem("bad-field", "order", text, column=column)


def _payment_faults(rows: Sequence[Payment]) -> Iterator[Problem]:
    times = Counter(p.reference for p in rows)
    for row, payment in enumerate(rows, 1):
        faults = [*_id_faults("reference", payment.reference), *_account_faults(payment.to)]
        if times[payment.reference] > 1:
            words = Text("同じ照会番号が2件以上ある", "another payment has this reference")
            faults.append(("reference", words))
        if type(payment.amount) is not int or not 1 <= payment.amount <= MOST_UNITS:
            words = Text(
                "最小単位の整数で、1以上18桁まで", "a whole number of minor units, 1 to 18 digits"
            )
            faults.append(("amount", words))
        for column, text in faults:
            yield Problem("bad-field", "payments", text, row=row, column=column)


def _id_faults(column: str, value: str) -> Iterator[tuple[str, Text]]:
    slashes = value.startswith("/") or value.endswith("/") or "//" in value
    if not 1 <= len(value) <= 35 or slashes:
        yield (
            column,
            Text(
                "1から35文字。先頭と末尾の/と、//は使えない",
                "1 to 35 characters, no / at either end, no //",
            ),
        )
    yield from _odd(column, value)


def _account_faults(account: Account) -> Iterator[tuple[str, Text]]:
    name = account.name
    if not 1 <= len(name) <= 70 or name != name.strip():
        yield (
            "name",
            Text("1から70文字。前後の空白は除く", "1 to 70 characters without spaces around"),
        )
    yield from _odd("name", name)
    if not _BIC.fullmatch(account.bic):
        yield "bic", Text("BIC（8桁または11桁）が必要", "needs a BIC of 8 or 11 characters")
    if account.form == "iban":
        if not _IBAN.fullmatch(account.number) or _remainder(account.number) != 1:
            yield "number", Text("IBANの検査数字が合わない", "not an IBAN: its check digits differ")
    elif not 1 <= len(account.number) <= 34:
        yield "number", Text("1から34文字の口座番号が必要", "an account of 1 to 34 characters")
    else:
        yield from _odd("number", account.number)


def _remainder(iban: str) -> int:
    """ISO 13616: the first four characters last, letters as 10 to 35, modulo 97."""
    return int("".join(str(int(c, 36)) for c in iban[4:] + iban[:4])) % 97


def _odd(column: str, value: str) -> Iterator[tuple[str, Text]]:
    if odd := "".join(dict.fromkeys(c for c in value if not _TEXT.fullmatch(c))):
        yield (
            column,
            Text(
                f"使えない文字がある: {odd!r}。口座のローマ字表記に直す",
                f"characters that are not permitted: {odd!r}; write it in Latin letters",
            ),
        )

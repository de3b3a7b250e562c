"""Rows of the payout tables as values, and the statements that read and write them."""

from __future__ import annotations

import hashlib
import json
from typing import Any, NamedTuple

from sqlalchemy import String, Table, bindparam, func, insert, select, update

from sonae.claims.payment import Claim, State
from sonae.claims.rail import Pay
from sonae.store.payout_schema import (
    ACCOUNT_CHANGE,
    APPROVAL,
    PAYMENT,
    PAYMENT_EVENT,
    PAYOUT_ACT,
    PAYOUT_FILE,
    PROGRAMME,
)
from sonae.store.prepared import Prepared


class Programme(NamedTuple):
    """A programme of payments and its settings."""

    id: str
    opened: str
    pilot: int
    pilot_wait: str
    return_days: int


class Payment(NamedTuple):
    """One attempt at a claim."""

    reference: str
    key: str
    programme: str
    person: str
    asset: str
    tranche: int
    attempt: int
    amount: int
    account: str
    state: str
    code: str = ""
    owner: str = ""
    review: str = ""
    file: str = ""

    @property
    def stands(self) -> State:
        """Its state."""
        return State(self.state, self.code)

    @property
    def claim(self) -> Claim:
        """What it is to pay."""
        return Claim(self.programme, self.person, self.asset, self.tranche)

    @property
    def line(self) -> Pay:
        """Its line of a payout file."""
        return Pay(self.reference, self.person, self.account, self.asset, self.amount)


class PayoutFile(NamedTuple):
    """A file for a rail; without its bytes where many are listed."""

    name: str
    programme: str
    asset: str
    rail: str
    designated: str
    sha256: str
    items: int
    total: int
    made: str
    state: str = "made"
    sent: str = ""
    receipt: str = ""
    content: bytes = b""


class Approval(NamedTuple):
    """What a person signed of a file."""

    seq: int
    file: str
    role: str
    person: str
    at: str
    body: str
    signature: str


class Change(NamedTuple):
    """A person's new account, and until when nothing is paid to it."""

    seq: int
    at: str
    until: str
    person: str
    account: str
    by_id: str


class Act(NamedTuple):
    """What a person signed about payments; `about` is the act that it seconds, or 0."""

    seq: int
    at: str
    by_id: str
    kind: str
    subject: str
    about: int
    body: str
    signature: str

    @property
    def content(self) -> dict[str, Any]:
        """What was said."""
        said: dict[str, Any] = json.loads(self.body)["content"]
        return said

    @property
    def digest(self) -> str:
        """SHA-256 of the bytes that were signed."""
        return hashlib.sha256(self.body.encode()).hexdigest()


class History(NamedTuple):
    """One event of a payment."""

    seq: int
    at: str
    reference: str
    event: str
    code: str
    state: str
    by_id: str
    detail: str


_P, _F = PAYMENT.c, PAYOUT_FILE.c


def _lengths(*tables: Table) -> dict[str, int]:
    return {
        c.name: c.type.length
        for t in tables
        for c in t.c
        if isinstance(c.type, String) and c.type.length
    }


MOST = _lengths(PROGRAMME, PAYMENT, PAYMENT_EVENT, PAYOUT_FILE, ACCOUNT_CHANGE, PAYOUT_ACT)
"""Column -> characters it holds."""


def _one(table: Table, column: str) -> Prepared:
    return Prepared(select(*table.c).where(table.c[column] == bindparam("x")))


ADD = {
    t.name: Prepared(insert(t))
    for t in (PROGRAMME, PAYMENT, PAYMENT_EVENT, PAYOUT_FILE, APPROVAL, ACCOUNT_CHANGE, PAYOUT_ACT)
}
LAST = {
    t.name: Prepared(select(func.max(t.c.seq)))
    for t in (PAYMENT_EVENT, APPROVAL, ACCOUNT_CHANGE, PAYOUT_ACT)
}
PROGRAMME_OF = _one(PROGRAMME, "id")
BY_REFERENCE = _one(PAYMENT, "reference")
BY_FILE = Prepared(
    select(*_P).where(_P.file == bindparam("x")).order_by(_P.person, _P.tranche, _P.reference)
)
BY_PERSON = Prepared(select(*_P).where(_P.person == bindparam("x")).order_by(_P.reference))
BY_KEY = Prepared(select(*_P).where(_P.key == bindparam("x")).order_by(_P.attempt))
OF_PROGRAMME = Prepared(
    select(*_P).where(_P.programme == bindparam("x")).order_by(_P.key, _P.attempt)
)
IN_STATE = Prepared(
    select(*_P)
    .where(_P.programme == bindparam("x"), _P.asset == bindparam("a"), _P.state == bindparam("s"))
    .order_by(_P.person, _P.tranche, _P.reference)
    .limit(bindparam("most"))
)
HELD = Prepared(
    select(*_P).where(_P.state == "held", _P.code == bindparam("x")).order_by(_P.reference)
)
EVENTS_OF = Prepared(
    select(*PAYMENT_EVENT.c)
    .where(PAYMENT_EVENT.c.reference == bindparam("x"))
    .order_by(PAYMENT_EVENT.c.seq)
)
FIRST = "attempt 1 "
"""How the event of a first attempt begins that says which list it is of."""
PLANNED_OF = Prepared(
    select(_P.programme, _P.tranche, PAYMENT_EVENT.c.detail)
    .join(PAYMENT_EVENT, PAYMENT_EVENT.c.reference == _P.reference)
    .where(PAYMENT_EVENT.c.event == "plan", PAYMENT_EVENT.c.detail.startswith(FIRST))
    .distinct()
    .order_by(_P.programme, _P.tranche, PAYMENT_EVENT.c.detail)
)
ALL_EVENTS = Prepared(select(*PAYMENT_EVENT.c).order_by(PAYMENT_EVENT.c.seq))
ALL_PAYMENTS = Prepared(select(*_P).order_by(_P.key, _P.attempt))
_HEAD = [_F[name] for name in PayoutFile._fields if name != "content"]
FILE = Prepared(select(*_HEAD, _F.content).where(_F.name == bindparam("x")))
FILES = Prepared(select(*_HEAD).order_by(_F.programme, _F.made, _F.name))
FILES_OF = Prepared(select(*_HEAD).where(_F.programme == bindparam("x")).order_by(_F.made, _F.name))
APPROVALS = Prepared(
    select(*APPROVAL.c).where(APPROVAL.c.file == bindparam("x")).order_by(APPROVAL.c.seq)
)
ACTS = Prepared(
    select(*PAYOUT_ACT.c)
    .where(PAYOUT_ACT.c.kind == bindparam("kind"), PAYOUT_ACT.c.subject == bindparam("x"))
    .order_by(PAYOUT_ACT.c.seq)
)
ACTS_OF_KIND = Prepared(
    select(*PAYOUT_ACT.c).where(PAYOUT_ACT.c.kind == bindparam("x")).order_by(PAYOUT_ACT.c.seq)
)
ALL_ACTS = Prepared(select(*PAYOUT_ACT.c).order_by(PAYOUT_ACT.c.seq))
CHANGES = Prepared(
    select(*ACCOUNT_CHANGE.c)
    .where(ACCOUNT_CHANGE.c.person == bindparam("x"))
    .order_by(ACCOUNT_CHANGE.c.seq)
)
ALL_CHANGES = Prepared(select(*ACCOUNT_CHANGE.c).order_by(ACCOUNT_CHANGE.c.seq))
MOVE = Prepared(
    update(PAYMENT)
    .where(_P.reference == bindparam("x"))
    .values(
        {
            _P.account: bindparam("to_account"),
            _P.state: bindparam("to_state"),
            _P.code: bindparam("to_code"),
            _P.owner: bindparam("to_owner"),
            _P.review: bindparam("to_review"),
            _P.file: bindparam("to_file"),
        }
    )
)
MOVE_FILE = Prepared(
    update(PAYOUT_FILE)
    .where(_F.name == bindparam("x"))
    .values(
        {
            _F.state: bindparam("to_state"),
            _F.sent: bindparam("to_sent"),
            _F.receipt: bindparam("to_receipt"),
        }
    )
)


def moved(payment: Payment) -> dict[str, Any]:
    """The values of MOVE."""
    columns = ("account", "state", "code", "owner", "review", "file")
    return {"x": payment.reference} | {f"to_{c}": getattr(payment, c) for c in columns}

"""The tables of payments to customers: what is owed in a programme, and what was done about it.

`payment` and `payout_file` say where things stand; `payment_event` says how they came there, and
every change of a state is written with its event in one transaction. Approvals, signed acts and
changes of account are only added.
"""

from __future__ import annotations

from sqlalchemy import Column, Index, LargeBinary, String, Table, Text, UniqueConstraint, text

from sonae.store.guards import OPEN, SECOND
from sonae.store.schema import BIG, METADATA, Amount


def _id(name: str, *, key: bool = False) -> Column[str]:
    return Column(name, String(64), nullable=False, primary_key=key)


def _seq() -> Column[int]:
    return Column("seq", BIG, primary_key=True, autoincrement=False)


def _at(name: str) -> Column[str]:
    return Column(name, String(27), nullable=False)


PROGRAMME = Table(
    "programme",
    METADATA,
    _id("id", key=True),
    _at("opened"),
    Column("pilot", BIG, nullable=False),
    Column("pilot_wait", String(16), nullable=False),
    Column("return_days", BIG, nullable=False),
)
"""`pilot`: the first file has at most so many payments (0: none is asked for); `pilot_wait`: what
must have become of it before others follow; `return_days`: business days in which money returns."""

_OPEN, _SECOND = text(OPEN), text(SECOND)

PAYMENT = Table(
    "payment",
    METADATA,
    Column("reference", String(20), primary_key=True),
    _id("key"),
    _id("programme"),
    _id("person"),
    _id("asset"),
    Column("tranche", BIG, nullable=False),
    Column("attempt", BIG, nullable=False),
    Column("amount", Amount, nullable=False),
    Column("account", String(128), nullable=False),
    Column("state", String(16), nullable=False),
    Column("code", String(64), nullable=False),
    Column("owner", String(64), nullable=False),
    Column("review", String(10), nullable=False),
    Column("file", String(80), nullable=False),
    UniqueConstraint("programme", "person", "asset", "tranche", "attempt"),
    UniqueConstraint("key", "attempt"),
    Index("payment_open", "key", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
    Index("payment_state", "programme", "asset", "state", "person", "tranche", "reference"),
    Index("payment_file", "file"),
    Index("payment_person", "person"),
)
"""One attempt at a claim; empty text where it has no code, owner, day of review or file."""

PAYMENT_EVENT = Table(
    "payment_event",
    METADATA,
    _seq(),
    _at("at"),
    Column("reference", String(20), nullable=False),
    Column("event", String(16), nullable=False),
    Column("code", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    _id("by_id"),
    Column("detail", String(256), nullable=False),
    Index("payment_event_of", "reference", "seq"),
)
"""What happened to a payment, and the state it is in since."""

PAYOUT_FILE = Table(
    "payout_file",
    METADATA,
    Column("name", String(80), primary_key=True),
    _id("programme"),
    _id("asset"),
    _id("rail"),
    Column("designated", String(10), nullable=False),
    _id("sha256"),
    Column("content", LargeBinary, nullable=False),
    Column("items", BIG, nullable=False),
    Column("total", Amount, nullable=False),
    _at("made"),
    Column("state", String(16), nullable=False),
    Column("sent", String(27), nullable=False),
    Column("receipt", String(128), nullable=False),
    Index("payout_file_of", "programme", "state"),
)
"""A file for a rail, byte by byte; `sent` is the instant of the intent to send it."""

APPROVAL = Table(
    "approval",
    METADATA,
    _seq(),
    Column("file", String(80), nullable=False),
    Column("role", String(16), nullable=False),
    _id("person"),
    _at("at"),
    Column("body", Text, nullable=False),
    Column("signature", String(128), nullable=False),
    UniqueConstraint("file", "role"),
    UniqueConstraint("file", "person"),
)
"""What a person signed of a file; one role each, and one person for one role."""

FUNDING = Table(
    "funding",
    METADATA,
    _seq(),
    _at("at"),
    _id("programme"),
    _id("asset"),
    Column("amount", Amount, nullable=False),
    Column("source", String(256), nullable=False),
    _id("by_id"),
    Index("funding_of", "programme", "asset"),
)
"""An amount noted before schema 0003, signed by nobody: kept, and counted no more."""

ACCOUNT_CHANGE = Table(
    "account_change",
    METADATA,
    _seq(),
    _at("at"),
    _at("until"),
    _id("person"),
    Column("account", String(128), nullable=False),
    _id("by_id"),
    Index("account_change_of", "person", "seq"),
    Index("account_change_until", "until"),
)
"""A person's new account; nothing is paid to it before `until`."""

PAYOUT_ACT = Table(
    "payout_act",
    METADATA,
    _seq(),
    _at("at"),
    _id("by_id"),
    Column("kind", String(16), nullable=False),
    Column("subject", String(80), nullable=False),
    Column("about", BIG, nullable=False),
    Column("body", Text, nullable=False),
    Column("signature", String(128), nullable=False),
    Index("payout_act_of", "kind", "subject", "seq"),
    Index("payout_act_second", "about", unique=True, sqlite_where=_SECOND,
          postgresql_where=_SECOND),
)  # fmt: skip
"""What a person signed about payments beside files: money that is there, a hold, an account, a
dispute, a return, a deposit. `about` is the act that this one seconds, 0 where it is a first."""

PAYOUT = (PROGRAMME, PAYMENT, PAYMENT_EVENT, PAYOUT_FILE, APPROVAL, FUNDING, ACCOUNT_CHANGE)
"""The tables of schema 0002."""

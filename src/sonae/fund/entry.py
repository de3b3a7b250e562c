"""What a person does to the fund, as the exact bytes that person signs.

    propose   a movement, an asset, the constitution, a signed close: takes effect once decided
    decide    approve or reject one proposal, named by its place and the digest of its bytes
    appoint   an administrator by order: revokes the firm's roles at once
    petition  a petition for proceedings: nothing is released without a court order from then on

Every act says who, with which key, when, and the last entry its author had seen, so that a rebuilt
history needs the keys of everyone who signed after the change. Signed bytes are canonical JSON;
amounts in them are whole numbers of a unit's smallest units.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal, NamedTuple

import msgspec

from sonae.core.canonical import canonical_bytes
from sonae.core.errors import SonaeError

FORMAT = "sonae-fund/1"


class LedgerError(SonaeError):
    """An act that has no meaning for this ledger, whoever signs it; nothing is recorded."""


class Line(NamedTuple):
    """One line of a journal: debit positive, credit negative, in the unit's smallest units."""

    account: str
    unit: str
    amount: int


class Seen(NamedTuple):
    """The last entry an author had seen: place and hash."""

    seq: int
    hash: str

    def text(self) -> str:
        """`12:ab34...`."""
        return f"{self.seq}:{self.hash}"


NOTHING = Seen(0, "0" * 64)


# -- acts as they are read -----------------------------------------------------------------------


class Common(msgspec.Struct, frozen=True, tag_field="act", kw_only=True):
    """What every act carries; `key` is the public key, `at` an instant as `instant` writes it."""

    format: Literal["sonae-fund/1"]
    fund: str
    by: str
    key: str
    at: str
    seen: str
    nonce: str


class Propose(Common, frozen=True, tag="propose", kw_only=True):
    """A proposal; `on` is the day it is about, `expires` the instant after which it has lapsed."""

    kind: str
    on: str
    expires: str
    content: dict[str, Any]
    lines: tuple[Line, ...]


class Decide(Common, frozen=True, tag="decide", kw_only=True):
    """A verdict on the proposal at a place whose bytes have a digest."""

    proposal: int
    digest: str
    verdict: Literal["approve", "reject"]
    reason: str = ""
    court_permission: dict[str, str] | None = None


class Appoint(Common, frozen=True, tag="appoint", kw_only=True):
    """An administrator by order."""

    content: dict[str, Any]


class Petition(Common, frozen=True, tag="petition", kw_only=True):
    """A petition for proceedings."""

    content: dict[str, Any]


Act = Propose | Decide | Appoint | Petition
_READ: msgspec.json.Decoder[Act] = msgspec.json.Decoder(Act)


def read_act(body: bytes) -> Act:
    """The act in signed bytes; a LedgerError says what is wrong with them."""
    try:
        act = _READ.decode(body)
    except msgspec.MsgspecError as error:
        raise LedgerError(f"no act of {FORMAT}: {error}") from error
    _check_instant("at", act.at)
    if isinstance(act, Propose):
        _check_instant("expires", act.expires)
        _check_day(act.on)
    return act


def _check_instant(name: str, value: str) -> None:
    """An instant exactly as `instant` writes it: expiry goes by the order of texts."""
    try:
        good = len(value) == 27 and value[4:20:3] == "--T::." and value[26] == "Z"
        datetime.fromisoformat(value)
    except ValueError:
        good = False
    if not good:
        form = "an instant such as 2026-11-20T09:00:00.000000Z"
        raise LedgerError(f"{name} is {form}, not {value[:80]!r}")


def _check_day(value: str) -> None:
    """A day as YYYY-MM-DD: balances of a day go by the order of texts."""
    try:
        date.fromisoformat(value)
        good = len(value) == 10 and value[7] == "-"
    except ValueError:
        good = False
    if not good:
        raise LedgerError(f"on is a day such as 2026-11-20, not {value[:80]!r}")


def check_canonical(body: bytes) -> None:
    """Refuse bytes that are not the canonical form of what they say, such as a key given twice."""
    quick = msgspec.json.encode(msgspec.json.decode(body), order="sorted")
    if quick != body and canonical_bytes(json.loads(body)) != body:
        raise LedgerError("the signed bytes are not in canonical form")


# -- acts as they are written --------------------------------------------------------------------


class Author(NamedTuple):
    """Who acts: id, public key in hexadecimal, when, what they had seen, and a number used once."""

    fund: str
    by: str
    key: str
    at: datetime
    seen: Seen
    nonce: str

    def common(self, act: str) -> dict[str, object]:
        """The part that every act carries."""
        return {
            "act": act,
            "format": FORMAT,
            "fund": self.fund,
            "by": self.by,
            "key": self.key,
            "at": instant(self.at),
            "seen": self.seen.text(),
            "nonce": self.nonce,
        }


def instant(at: datetime) -> str:
    """An instant in UTC to the microsecond, of fixed length, so that text order is time order."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def proposal(
    author: Author,
    kind: str,
    on: str,
    content: Mapping[str, Any],
    lines: Sequence[Line] = (),
    expires: timedelta = timedelta(hours=72),
) -> bytes:
    """The bytes of a proposal; `on` is the day it is about."""
    body = author.common("propose") | {
        "kind": kind,
        "on": on,
        "expires": instant(author.at + expires),
        "content": dict(content),
        "lines": [list(line) for line in lines],
    }
    return canonical_bytes(body)


def decision(
    author: Author,
    proposal: int,
    digest: str,
    verdict: str,
    reason: str = "",
    court_permission: Mapping[str, str] | None = None,
) -> bytes:
    """The bytes of an approval or rejection of exactly the bytes with that digest."""
    body = author.common("decide") | {
        "proposal": proposal,
        "digest": digest,
        "verdict": verdict,
        "reason": reason,
    }
    if court_permission is not None:
        body["court_permission"] = dict(court_permission)
    return canonical_bytes(body)


def order(author: Author, act: str, content: Mapping[str, Any]) -> bytes:
    """The bytes of an appointment or a petition."""
    return canonical_bytes(author.common(act) | {"content": dict(content)})

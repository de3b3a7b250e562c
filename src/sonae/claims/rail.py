"""What a way of paying must be able to do, whatever its file format and its bank.

The product opens no connection of its own: a rail is passed in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple, Protocol

from sonae.core.errors import SonaeError


class RailSilence(SonaeError):
    """No answer, or none that can be read: what was sent may or may not have arrived."""


PROVED = ("chain", "credit", "successor")
"""Kinds of ways that prove of each payment that it is settled; no number of days settles them."""


def by_days(rail: str) -> bool:
    """Whether days without a return settle what a rail of this name paid.

    >>> by_days("chain:cold"), by_days("pain001:abroad"), by_days("a bank")
    (False, True, True)
    """
    kind, colon, _ = rail.partition(":")
    return not colon or kind not in PROVED


class Pay(NamedTuple):
    """One line of a payout file."""

    reference: str
    person: str
    account: str
    asset: str
    amount: int


class Receipt(NamedTuple):
    """The rail took a file: its own number for it, and the SHA-256 of what it took."""

    number: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the rail says of a file that was sent.

    `accepted` comes with the receipt. `absent` is final: it never took the file and never will,
    because the day it was for is over or its name is barred. Anything less is `open`.
    """

    status: Literal["accepted", "absent", "open"]
    receipt: Receipt | None = None


class Return(NamedTuple):
    """A payment that comes back; `booked` once its money is in our account again.

    `serial` grows with each; the same one may be told twice.
    """

    serial: int
    reference: str
    code: str
    amount: int
    booked: bool


class Rail(Protocol):
    """A bank, an agent or a chain, behind one face."""

    name: str

    def render(self, payments: Sequence[Pay], designated: date) -> bytes:
        """The payout file for the designated day; the same payments give the same bytes."""

    def send(self, name: str, content: bytes) -> Receipt:
        """Send a file once; RailSilence (or an OSError) where it may or may not have arrived."""

    def ask(self, name: str) -> Answer:
        """What became of a file, sent or not; RailSilence where that cannot be said now.

        A rail that cannot be asked at all answers `open`, and people find out.
        """

    def had(self, references: Sequence[str]) -> Mapping[str, str]:
        """Which of these payments it ever had in any file, with the file's name.

        A store restored from an older copy may put a payment into a file of another name; only the
        payment's own reference tells. RailSilence where that cannot be said now.
        """

    def returns(self, since: int) -> Sequence[Return]:
        """Returns with a serial after `since`, in order."""

    def recheck(self, payments: Sequence[Pay], day: date) -> None:
        """What may have changed since a file was made; `day` is when it is paid.

        Raises:
            InputError: why it must not go out any more.
        """

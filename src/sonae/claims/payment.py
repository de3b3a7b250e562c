"""One payment to one person: its key, its reference, and the only moves it may make.

    planned -> filed -> released -> accepted -> settled
    released -> unknown                 no answer came: it is asked about, never sent again
    unknown -> accepted | back          as the rail answers
    released | unknown | accepted | settled -> returned(code) -> back(code)
    filed -> planned                    withdrawn with its whole file, whose bytes were signed
    planned <-> held(code)              a hold never ends the claim
    planned | held -> cancelled

`returned` says that the rail announced it, `back` that the money is there. Only from `back` and
`cancelled` may the same claim be planned again: a new attempt, the same key, a new reference.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from sonae.claims.hold import HOLDS
from sonae.core.amount import LIMIT
from sonae.core.calendar import Calendar
from sonae.core.canonical import digest
from sonae.core.errors import SonaeError

REFERENCE_DIGITS = 20
NOT_RECEIVED = "not_received"
"""Why a payment is back that the rail never took."""


class PaymentError(SonaeError):
    """A payment may not be made or moved like this; nothing was changed."""


class Claim(NamedTuple):
    """What is paid once: a person's entitlement to one asset in one tranche of a programme."""

    programme: str
    person: str
    asset: str
    tranche: int

    @property
    def key(self) -> str:
        """SHA-256 over its canonical form, in hexadecimal; the same for every attempt."""
        return digest(self._asdict())


def reference(key: str, attempt: int) -> str:
    """Twenty decimal digits by which a rail knows one attempt.

    Two claims could share one, so whoever keeps them holds them unique.
    """
    found = hashlib.sha256(f"sonae-payment/1\n{key}\n{attempt}".encode()).digest()
    return str(int.from_bytes(found) % 10**REFERENCE_DIGITS).zfill(REFERENCE_DIGITS)


def check_amount(amount: int, what: str) -> int:
    """A whole number of smallest units above zero, else a PaymentError."""
    if type(amount) is not int or not 0 < amount < LIMIT:
        raise PaymentError(f"{what}: an amount is a whole number of units above 0, not {amount!r}")
    return amount


# -- states --------------------------------------------------------------------------------------


class State(NamedTuple):
    """Where a payment stands; `code` says why it is held, returned or back."""

    name: str
    code: str = ""


class Event(NamedTuple):
    """What happened to it; `code` is the hold's, or the rail's for a return."""

    name: str
    code: str = ""


STATES = (
    "planned", "filed", "released", "accepted", "settled", "returned", "back", "unknown", "held",
    "cancelled",
)  # fmt: skip
PLANNED = State("planned")
MOVES: Mapping[tuple[str, str], str] = {
    ("planned", "file"): "filed",
    ("filed", "withdraw"): "planned",
    ("filed", "release"): "released",
    ("released", "accept"): "accepted",
    ("released", "silence"): "unknown",
    ("unknown", "accept"): "accepted",
    ("unknown", "absent"): "back",
    ("accepted", "settle"): "settled",
    ("released", "return"): "returned",  # it may come before the answer
    ("unknown", "return"): "returned",
    ("accepted", "return"): "returned",
    ("settled", "return"): "returned",  # later than returns should come: the money counts
    ("returned", "money_back"): "back",
    ("planned", "hold"): "held",
    ("held", "hold"): "held",
    ("held", "lift"): "planned",
    ("planned", "cancel"): "cancelled",
    ("held", "cancel"): "cancelled",
}
"""State and event -> the next state; there is no other move."""
EVENTS = tuple(dict.fromkeys(event for _, event in MOVES))
AGAIN = ("back", "cancelled")
"""States from which the claim may be planned again."""


def next_state(state: State, event: Event) -> State:
    """The state after an event.

    Raises:
        PaymentError: the payment may not make this move; says why.
    """
    name = MOVES.get((state.name, event.name))
    if name is None:
        raise PaymentError(_why_not(state, event))
    if event.name == "hold" and event.code not in HOLDS:
        raise PaymentError(f"no hold is called {event.code!r}; one of {', '.join(HOLDS)}")
    if event.name == "return" and not event.code:
        raise PaymentError("a return has a code, by which the rail says why")
    if event.name == "absent":
        return State(name, NOT_RECEIVED)
    return State(name, state.code if event.name == "money_back" else event.code)


def _why_not(state: State, event: Event) -> str:
    if event.name not in EVENTS:
        return f"no event is called {event.name!r}; one of {', '.join(EVENTS)}"
    if state.name == "unknown":
        return f"unknown: the rail is asked what became of it, and nothing else ({event.name})"
    if event.name in ("hold", "cancel", "withdraw"):
        return f"{state.name}: {event.name} comes before release, once its file is withdrawn"
    moves = ", ".join(e for s, e in MOVES if s == state.name) or "none"
    return f"{state.name}: {event.name} is no move from here (there are: {moves})"


def next_attempt(state: State, attempt: int) -> int:
    """The number of the next attempt at a claim whose last one is in `state`.

    Raises:
        PaymentError: the last attempt may still have paid.
    """
    if state.name not in AGAIN:
        raise PaymentError(f"{state.name}: planned again only once the money is back")
    return attempt + 1


def returns_until(designated: date, days: int, calendar: Calendar) -> date:
    """The last day on which a payment of the designated day can come back; settled after it."""
    return calendar.add(designated, days)

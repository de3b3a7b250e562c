"""Settling by evidence: what a way proves of each payment, where no number of days would."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sonae.actions.fund.session import Now, utc_now
from sonae.actions.pay.way import Settled
from sonae.claims.payment import Event
from sonae.claims.rail import Pay
from sonae.core.text import Text
from sonae.store.payments import Payments


class Proving(Protocol):
    """A rail that can say of single payments that they are settled."""

    name: str

    def settled(self, name: str, payments: Sequence[Pay]) -> Settled:
        """What is settled of a file, and what a person must look at."""


@dataclass
class Proved:
    """References that were settled now, and what a person must look at."""

    settled: list[str] = field(default_factory=list)
    look: list[Text] = field(default_factory=list)


def take_settled(
    store: Payments, rail: Proving, by: str = "operator", now: Now = utc_now
) -> Proved:
    """Settle what the rail proves of files that were taken; told again it changes nothing."""
    found = Proved()
    for file in store.files():
        if file.rail != rail.name or file.state != "accepted":
            continue
        with store.transaction(now(), by):
            payments = store.of_file(file.name)
            proved = rail.settled(file.name, [p.line for p in payments])
            found.look += proved.look
            for payment in payments:
                if payment.state == "accepted" and payment.reference in proved.done:
                    store.move(payment, Event("settle"), proved.done[payment.reference])
                    found.settled.append(payment.reference)
    return found

"""What the payments of a store say beside what people signed: every act and effect made again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, NamedTuple

from sonae.actions.pay.account import confirmed_changes
from sonae.actions.pay.act import agreed, signed_well
from sonae.actions.pay.match import MATCHED
from sonae.claims.dispute import RAISES
from sonae.store.payments import Payments
from sonae.store.payout_check import payment_faults
from sonae.store.payout_rows import Act, History, Payment

TWO = ("funding", "lift", "dispute", "estimate", "decide", "match", "unclaimed_ready", "deposit")
"""Acts that take effect by a second signature."""


class Waiting(NamedTuple):
    """An act that a second person has not signed yet."""

    act: int
    at: str
    by: str
    kind: str
    subject: str
    content: Mapping[str, Any]


def waiting(store: Payments) -> list[Waiting]:
    """Acts that wait for a second person, oldest first, with what the first signed."""
    acts = store.acts()
    seconded = {a.about for a in acts}
    return [
        Waiting(a.seq, a.at, a.by_id, a.kind, a.subject, a.content)
        for a in acts
        if a.kind in TWO and a.about == 0 and a.seq not in seconded
    ]


def faults(store: Payments) -> list[str]:
    """What is not what people signed, or not what its events make of it; none where all is good.

    A signature is checked with the key that its person had in the fund; a lift, a matched return, a
    raise and what is called unclaimed must each have the act that says so.
    """
    acts, view = store.acts(), store.view()
    by_seq = {a.seq: a for a in acts}
    found = payment_faults(store)
    for act in acts:
        if not signed_well(view, act, by_seq.get(act.about)):
            found.append(f"act {act.seq} ({act.kind}) is not what {act.by_id} signed")
    return found + _effects(store)


def _effects(store: Payments) -> list[str]:
    """Events and payments without the act that they are the effect of."""
    signed = _Signed(store)
    events, payments = store.everything()
    by_reference = {p.reference: p for p in payments}
    before: dict[str, History] = {}
    found = []
    for event in events:
        payment, last = by_reference.get(event.reference), before.get(event.reference)
        before[event.reference] = event
        if payment is not None and last is not None and not signed.covers(event, last, payment):
            what = f"{event.event} {event.code}".rstrip()
            found.append(
                f"{event.reference}: event {event.seq} ({what}) is signed by no two people"
            )
    for payment in payments:
        if payment.tranche >= RAISES and not signed.raised(payment):
            found.append(f"{payment.reference}: raised, and no two people decided so")
    return found


class _Signed:
    """What two people signed, by what it is about."""

    def __init__(self, store: Payments) -> None:
        self.lifts: dict[str, set[int]] = defaultdict(set)
        for first, _ in agreed(store, "lift"):
            for reference, since in first.content["since"].items():
                self.lifts[reference].add(since)
        self.matches = {first.content["payment"] for first, _ in agreed(store, "match")}
        self.ready = {first.subject for first, _ in agreed(store, "unclaimed_ready")}
        self.funded: dict[tuple[str, str], list[Act]] = defaultdict(list)
        for first, second in agreed(store, "funding"):
            self.funded[first.subject, first.content["asset"]].append(second)
        self.decided = {
            int(first.subject): int(first.content["amount"])
            for first, _ in agreed(store, "decide")
            if first.content["verdict"] == "changed"
        }
        self.disputes = {d.id: d for d in store.disputes()}
        self.changed = confirmed_changes(store)

    def covers(self, event: History, last: History, payment: Payment) -> bool:
        """Whether an event that needs people has them; `last` is the payment's event before."""
        if event.event == "lift":
            if last.code == "account_changed":
                return payment.person in self.changed
            if last.code == "funding":
                there = self.funded[payment.programme, payment.asset]
                return any(a.at >= last.at for a in there)
            return last.seq in self.lifts[event.reference]
        if event.event == "return" and event.code == MATCHED:
            return event.reference in self.matches
        if event.event == "hold" and event.code == "unclaimed":
            return payment.key in self.ready
        return True

    def raised(self, payment: Payment) -> bool:
        """Whether two people decided on a raise of this amount."""
        id = payment.tranche - RAISES
        there = self.disputes.get(id)
        return (
            there is not None
            and payment.claim == there.raised
            and self.decided.get(id, 0) - there.entitled == payment.amount
        )

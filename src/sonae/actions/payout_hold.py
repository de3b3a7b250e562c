"""Holding payments back: by a code, for a changed account, for good; a claim is never ended by it.

A payment in a file that waits is taken out by withdrawing the whole file: people signed its bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sonae.actions.fund import Now, utc_now
from sonae.claims.hold import Hold
from sonae.claims.payment import Event
from sonae.fund.entry import instant
from sonae.store.payments import Payments, check_text
from sonae.store.payout_rows import Payment, PayoutFile

COOLING = timedelta(hours=72)
"""How long nothing is paid to an account after it was changed: a house rule."""


def hold(
    store: Payments, references: Sequence[str], why: Hold, by: str = "operator", now: Now = utc_now
) -> None:
    """Hold payments that are not released; a file that holds one of them is withdrawn whole."""
    at = now()
    why.checked(at.date())
    with store.transaction(at, by):
        for name in references:
            store.move(_outside(store, name), Event("hold", why.code), hold=why)


def lift(
    store: Payments, references: Sequence[str], why: str, by: str = "operator", now: Now = utc_now
) -> None:
    """Lift the hold on payments; an account still cooling off keeps its own."""
    at = now()
    with store.transaction(at, by):
        for name in references:
            payment = store.move(store.payment(name), Event("lift"), why)
            if (cooling := cooling_off(store, payment.person, at)) is not None:
                store.move(payment, Event("hold", cooling.code), hold=cooling)


def lift_cooled(store: Payments, by: str = "operator", now: Now = utc_now) -> int:
    """Lift every hold for a changed account whose time is over; how many."""
    at = now()
    with store.transaction(at, by):
        cooling = store.cooling(at)
        cooled = [p for p in store.held("account_changed") if p.person not in cooling]
        for payment in cooled:
            store.move(payment, Event("lift"))
    return len(cooled)


def cancel(
    store: Payments, references: Sequence[str], why: str, by: str = "operator", now: Now = utc_now
) -> None:
    """Give up attempts that are not released; their claims stay and may be planned again."""
    with store.transaction(now(), by):
        for name in references:
            store.move(_outside(store, name), Event("cancel"), why)


def account_changed(
    store: Payments, person: str, account: str, by: str = "operator", now: Now = utc_now
) -> date:
    """A person names another account: what is not released waits 72 hours; until which day."""
    at = now()
    check_text("person", person)
    check_text("account", account)
    with store.transaction(at, by):
        store.add_change(person, account, instant(at + COOLING))
        why = cooling_off(store, person, at)
        assert why is not None
        for payment in store.of_person(person):
            if payment.state not in ("planned", "filed", "held"):
                continue
            redirected = store.redirect(_outside(store, payment.reference), account)
            if redirected.state == "planned" or redirected.code == why.code:
                store.move(redirected, Event("hold", why.code), hold=why)
    return why.review


def cooling_off(store: Payments, person: str, at: datetime) -> Hold | None:
    """The hold on an account that was changed less than 72 hours before."""
    until = max((c.until for c in store.changes(person)), default="")
    if until <= instant(at):
        return None
    return Hold("account_changed", "payout desk", date.fromisoformat(until[:10]))


def _outside(store: Payments, name: str) -> Payment:
    """A payment, out of its file where it is in one that is not released."""
    payment = store.payment(name)
    if payment.state == "filed":
        withdraw(store, store.file(payment.file))
    return store.payment(name)


def withdraw(store: Payments, file: PayoutFile) -> None:
    """Take back a file that is not released, inside a transaction: its payments are planned."""
    for payment in store.of_file(file.name):
        store.move(payment, Event("withdraw"), file.name, file="")
    store.move_file(file._replace(state="withdrawn"))

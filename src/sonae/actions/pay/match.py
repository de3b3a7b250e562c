"""Money that came back and fits several payments: listed with its candidates, decided by two."""

from __future__ import annotations

from typing import Any

from sonae.actions.fund.session import Now, utc_now
from sonae.actions.keys import Key
from sonae.actions.pay.act import Two, acting, agreed
from sonae.actions.pay.mailbox import Mailbox
from sonae.actions.pay.way import Unfit
from sonae.claims.payment import Event, PaymentError
from sonae.store.payments import Payments
from sonae.store.payout_rows import Payment

OUT = ("released", "unknown", "accepted", "settled", "returned")
"""States of a payment whose money may come back."""
MATCHED = "matched_by_people"
"""The code of a return that two people matched."""


def open_returns(store: Payments, rail: Mailbox) -> list[dict[str, Any]]:
    """Returns that nobody has decided on yet, each with the payments that it may be."""
    decided = {first.subject for first, _ in agreed(store, "match")}
    return [
        {
            "return": unfit.id,
            "day": unfit.day.isoformat(),
            "amount": str(unfit.amount),
            "name": unfit.name,
            "candidates": [_shown(p) for p in _candidates(store, unfit)],
        }
        for unfit in rail.unfit()
        if unfit.id not in decided
    ]


def _candidates(store: Payments, unfit: Unfit) -> list[Payment]:
    known = [store.payment(r) for r in unfit.references if store.has_payment(r)]
    return [p for p in known if p.state in OUT and p.amount == unfit.amount]


def _shown(payment: Payment) -> dict[str, str]:
    about = {"payment": payment.reference, "person": payment.person, "state": payment.state}
    return {**about, "file": payment.file}


def match_return(
    store: Payments, rail: Mailbox, id: str, reference: str, key: Key, now: Now = utc_now
) -> Two:
    """Sign that a return is this payment's; once a second person signed the same, it is back.

    Raises:
        PaymentError: there is no such return, it is decided, or it cannot be that payment's.
    """
    unfit = {u.id: u for u in rail.unfit()}.get(id)
    if unfit is None:
        raise PaymentError(f"no return {id} is to be decided; see `pay returns`")
    with acting(store, key, now) as signer:
        if pairs := agreed(store, "match", id):
            raise PaymentError(f"{id} is decided: it is of {pairs[0][0].content['payment']}")
        found = [p for p in _candidates(store, unfit) if p.reference == reference]
        if not found:
            raise PaymentError(
                f"{id}: {reference} is none of the payments that it may be, or is back already"
            )
        said = {"day": unfit.day.isoformat(), "amount": str(unfit.amount), "name": unfit.name}
        signed = signer.two("match", id, {"payment": reference, **said})
        if signed.done:
            payment = found[0]
            if payment.state != "returned":
                payment = store.move(payment, Event("return", MATCHED), f"{rail.name} {id}")
            store.move(payment, Event("money_back"), f"{rail.name} {id}")
    return signed

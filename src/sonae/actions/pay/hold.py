"""Holding payments back: by a code, for good; a claim is never ended by it.

One person places a hold, two different people lift it. A payment in a file that waits is taken out
by withdrawing the whole file: people signed its bytes.
"""

from __future__ import annotations

from collections.abc import Sequence

from sonae.actions.fund.session import Now, utc_now
from sonae.actions.keys import Key
from sonae.actions.pay.act import Two, acting
from sonae.claims.hold import OWN, Hold
from sonae.claims.payment import Event, PaymentError
from sonae.store.payments import Payments, check_text
from sonae.store.payout_rows import Payment, PayoutFile


def hold(
    store: Payments, references: Sequence[str], why: Hold, key: Key, now: Now = utc_now
) -> None:
    """Hold payments that are not released; a file that holds one of them is withdrawn whole.

    Raises:
        PaymentError: one is released, the person may not, or the code has a command of its own.
    """
    if why.code in OWN:
        raise PaymentError(f"{why.code} is placed by `{OWN[why.code]}`")
    with acting(store, key, now, paying=False) as signer:
        why.checked(signer.at.date())
        said = {"code": why.code, "owner": why.owner, "review": why.review.isoformat()}
        for name in references:
            if (there := store.payment(name).code) in ("funding", "unclaimed"):
                raise PaymentError(f"{name} is held already ({there}), until that ends")
            signer.one("hold", name, said)
            store.move(outside(store, name), Event("hold", why.code), hold=why)


def lift(store: Payments, references: Sequence[str], why: str, key: Key, now: Now = utc_now) -> Two:
    """Sign to lift the hold on payments; a second person's signature over the same lifts it.

    Raises:
        PaymentError: one is not held, or its hold ends in another way.
    """
    names = sorted(set(references))
    check_text("detail", why)
    with acting(store, key, now) as signer:
        held = [_liftable(store, name) for name in names]
        since = {p.reference: store.history(p.reference)[-1].seq for p in held}
        content = {"payments": names, "reason": why, "since": since}
        signed = signer.two("lift", names[0], content)
        if signed.done:
            for payment in held:
                store.move(payment, Event("lift"), why)
    return signed


def _liftable(store: Payments, name: str) -> Payment:
    payment = store.payment(name)
    if payment.state != "held":
        raise PaymentError(f"{name} is {payment.state}, not held")
    ends = {
        "account_changed": "after its check and 72 hours (`pay account cooled`)",
        "funding": "once two people confirm the money again (`pay fund`)",
    }
    if payment.code in ends:
        raise PaymentError(f"{name}: this hold ends {ends[payment.code]}")
    if store.acts("deposit", payment.key):
        raise PaymentError(f"{name}: its deposit is signed; tell the person where the money is")
    return payment


def cancel(
    store: Payments, references: Sequence[str], why: str, by: str = "operator", now: Now = utc_now
) -> None:
    """Give up attempts that are not released; their claims stay and may be planned again.

    Raises:
        PaymentError: one is released, or held.
    """
    with store.transaction(now(), by):
        for name in references:
            if store.payment(name).state == "held":
                raise PaymentError(f"{name} is held: two people lift the hold first")
            store.move(outside(store, name), Event("cancel"), why)


def outside(store: Payments, name: str) -> Payment:
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

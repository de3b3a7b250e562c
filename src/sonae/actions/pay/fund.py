"""Money that is there for a programme, by the word of two people; nothing is released beyond it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import NamedTuple

from sonae.actions.fund.session import Now, utc_now
from sonae.actions.keys import Key
from sonae.actions.pay.act import ADMINISTRATOR, Signer, Two, acting, agreed, in_power
from sonae.claims.payment import Event, PaymentError, check_amount
from sonae.core.text import Text, same
from sonae.store.payments import Payments, check_text
from sonae.store.payout_rows import PayoutFile

SENT = ("released", "unknown", "differs", "accepted")
"""States of a file whose money is, or may be, gone."""
REVIEW = timedelta(days=7)
"""When a raise that waits for money is looked at again: a house rule."""


class Funding(NamedTuple):
    """A confirmation, what is confirmed by two people in all, and raises that may be paid now."""

    signed: Two
    funded: int
    lifted: tuple[str, ...]


class Standing(NamedTuple):
    """Of one asset of a programme: confirmed, gone or under way, and reserved for disputes."""

    funded: int
    spent: int
    reserved: int

    @property
    def room(self) -> int:
        """What may still be released; below zero where something was reserved beyond it."""
        return self.funded - self.spent - self.reserved


def confirm_funding(
    store: Payments,
    programme: str,
    asset: str,
    amount: int,
    source: str,
    key: Key,
    now: Now = utc_now,
) -> Funding:
    """Sign that so many units more are there; it counts once a second person signed the same.

    An amount of 0 says that what was confirmed is still there: a claim that a dispute raised waits
    for money to be confirmed again, and is lifted where there is room.

    Raises:
        PaymentError: it was confirmed already, or the person may not.
    """
    if amount != 0:
        check_amount(amount, source)
    check_text("detail", source)
    content = {"asset": asset, "amount": str(amount), "source": source}
    with acting(store, key, now) as signer:
        store.programme(programme)
        if any(first.content == content for first, _ in agreed(store, "funding", programme)):
            raise PaymentError(_CONFIRMED.format(amount=amount, asset=asset, source=source))
        signed = signer.two("funding", programme, content)
        lifted = _lift_raises(signer, programme, asset) if signed.done else ()
        return Funding(signed, standing(store, programme, asset).funded, lifted)


def _lift_raises(signer: Signer, programme: str, asset: str) -> tuple[str, ...]:
    """Lift raises that wait for money, oldest first, as far as there is room for them."""
    store = signer.store
    room = standing(store, programme, asset).room
    lifted = []
    held = [p for p in store.held("funding") if (p.programme, p.asset) == (programme, asset)]
    for payment in sorted(held, key=lambda p: p.tranche):
        room -= payment.amount
        if room < 0:
            break
        store.move(payment, Event("lift"), "confirmed again")
        lifted.append(payment.reference)
    return tuple(lifted)


def standing(store: Payments, programme: str, asset: str) -> Standing:
    """What is there by signatures of two, what is gone, and what open disputes reserve.

    After an appointment only the administrator's people count: what they confirmed, and what they
    paid of it.
    """
    people = in_power(store, paying=False)
    estate = any(ADMINISTRATOR in p.roles for p in people.values())
    ours = set(people) if estate else None
    funded = sum(
        int(first.content["amount"])
        for first, second in agreed(store, "funding", programme)
        if first.content["asset"] == asset and _by(ours, (first.by_id, second.by_id))
    )
    sent = {f.name: f for f in store.files(programme) if f.state in SENT and f.asset == asset}
    if ours is not None:
        signers = {name: [a.person for a in store.approvals(name)] for name in sent}
        sent = {name: f for name, f in sent.items() if _by(ours, signers[name])}
    back = store.in_state(programme, asset, "back")
    spent = sum(f.total for f in sent.values()) - sum(p.amount for p in back if p.file in sent)
    deposited = sum(
        int(first.content["units"])
        for first, second in agreed(store, "deposit")
        if (first.content["programme"], first.content["asset"]) == (programme, asset)
        and _by(ours, (first.by_id, second.by_id))
    )
    reserved = sum(
        d.estimate
        for d in store.disputes()
        if d.open and (d.claim.programme, d.claim.asset) == (programme, asset)
    )
    return Standing(funded, spent + deposited, reserved)


def _by(ours: Collection[str] | None, signers: Collection[str]) -> bool:
    return ours is None or set(signers) <= set(ours)


def check_funding(store: Payments, file: PayoutFile) -> None:
    """Refuse a file for which not enough is confirmed by two people.

    Raises:
        PaymentError: says what is confirmed, gone and reserved.
    """
    found = standing(store, file.programme, file.asset)
    if file.total > found.room:
        reserved = _RESERVED.format(n=found.reserved) if found.reserved else same("")
        sums = {"spent": found.spent, "funded": found.funded, "reserved": reserved}
        about = {"name": file.name, "total": file.total, "asset": file.asset}
        raise PaymentError(_SHORT.format(**about, **sums))


_CONFIRMED = Text(
    "{amount} {asset}は「{source}」により確認済みである。別の根拠を挙げる",
    "{amount} {asset} by {source!r} is confirmed; name another source",
)
_RESERVED = Text("、異議のための留保{n}", " and {n} reserved for disputes")
_SHORT = Text(
    "{name}: 支払額{total} {asset}、支払中又は支払済み{spent}{reserved}に対し、二人が確認した資金は"
    "{funded}しかない。先に資金を確認する",
    "{name}: {total} {asset} to pay and {spent} under way or paid{reserved}, but only {funded} "
    "confirmed by two people; confirm the funding first",
)

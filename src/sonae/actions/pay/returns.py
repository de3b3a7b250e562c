"""The verbs after release: take what comes back, and settle what no longer can."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from sonae.actions.fund.session import Now, utc_now
from sonae.claims.payment import NOT_RECEIVED, Event, returns_until
from sonae.claims.rail import Rail, Return, by_days
from sonae.core.calendar import Calendar
from sonae.core.text import Text
from sonae.store.payments import Payments

_UNKNOWN = Text("{reference}: この照会番号の支払はない", "{reference}: no such payment")
_OTHER_WAY = Text(
    "{reference}: {paid_by}で支払ったものであり、{rail}の戻りではない。"
    "支払った方法の --rail で取り込む",
    "{reference}: paid by {paid_by}, not by {rail}; hear it with the --rail that paid",
)
_OTHER_SUM = Text(
    "{reference}: 戻りは{back}、支払は{paid}で一致しない",
    "{reference}: {back} back, {paid} paid",
)
_NOT_OUT = Text(
    "{reference}: 戻りの知らせがあるが、支払は「{state}」である",
    '{reference}: comes back, but is "{state}"',
)


@dataclass
class Taken:
    """References by what a round of returns did; `last` is the serial to go on from."""

    last: int
    returned: list[str] = field(default_factory=list)
    back: list[str] = field(default_factory=list)
    strange: list[Text] = field(default_factory=list)


def take_returns(
    store: Payments, rail: Rail, since: int = 0, by: str = "operator", now: Now = utc_now
) -> Taken:
    """Record what comes back; told again it changes nothing, and what fits no payment is listed."""
    taken = Taken(since)
    for item in rail.returns(since):
        with store.transaction(now(), by):
            _take(store, item, rail.name, taken)
        taken.last = max(taken.last, item.serial)
    return taken


def _take(store: Payments, item: Return, rail: str, taken: Taken) -> None:
    if not store.has_payment(item.reference):
        taken.strange.append(_UNKNOWN.format(reference=item.reference))
        return
    payment = store.payment(item.reference)
    paid_by = store.file(payment.file).rail if payment.file else rail
    if paid_by != rail:  # a mailbox that ways share: heard from the way that paid, or not at all
        if payment.state != "back" and not (payment.state == "returned" and not item.booked):
            about = {"paid_by": paid_by, "rail": rail}
            taken.strange.append(_OTHER_WAY.format(reference=item.reference, **about))
        return
    if payment.amount != item.amount:
        sums = {"back": item.amount, "paid": payment.amount}
        taken.strange.append(_OTHER_SUM.format(reference=item.reference, **sums))
        return
    if payment.state == "back" and payment.code != NOT_RECEIVED:
        return
    if payment.state in ("released", "unknown", "accepted", "settled"):
        payment = store.move(payment, Event("return", item.code), f"{rail} {item.serial}")
        taken.returned.append(item.reference)
    if payment.state != "returned":
        taken.strange.append(_NOT_OUT.format(reference=item.reference, state=payment.state))
    elif item.booked:
        store.move(payment, Event("money_back"), f"{rail} {item.serial}")
        taken.back.append(item.reference)


def settle(
    store: Payments,
    today: date,
    calendar: Calendar,
    by: str = "operator",
    now: Now = utc_now,
) -> int:
    """Settle what can no longer come back by `today`; take the returns first. How many.

    What a way proves payment by payment (`claims.rail.PROVED`) is left to its proof.
    """
    settled = 0
    with store.transaction(now(), by):
        for file in store.files():
            days = store.programme(file.programme).return_days
            until = returns_until(date.fromisoformat(file.designated), days, calendar)
            if file.state == "accepted" and until < today and by_days(file.rail):
                for payment in store.of_file(file.name):
                    if payment.state == "accepted":
                        store.move(payment, Event("settle"), until.isoformat())
                        settled += 1
    return settled

"""A person's new payout account: nothing goes there before 72 hours, a check and two people.

One person records the change, another the check by a second channel: that the person was reached
in a way known before, and that the old contact was told. Denied, the account stays as it was and
the payments are held for people to look at.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sonae.actions.fund.session import Now, utc_now
from sonae.actions.keys import Key
from sonae.actions.pay.act import acting, signed_well
from sonae.actions.pay.hold import outside
from sonae.claims.hold import Hold
from sonae.claims.payment import Event, PaymentError
from sonae.claims.unclaimed import CHANNELS
from sonae.core.text import Text
from sonae.fund.entry import instant
from sonae.store.payments import Payments, check_text
from sonae.store.payout_rows import Act, Change, Payment

COOLING = timedelta(hours=72)
"""How long nothing is paid to an account after it was changed: a house rule."""
LOOK = timedelta(days=7)
RESULTS = ("confirmed", "denied")
NOTICE = Text(
    "お支払先の口座を変更するお申出を受け付けました。お心当たりがない場合は、以前からご存じの方法で"
    "当社にご連絡ください。確認が済むまで、新しい口座へのお支払いはしません。",
    "We were asked to change the account to which you are paid. If it was not you, tell us in a "
    "way that you knew before. Nothing is paid to the new account until this is checked.",
)
"""What the old contact is told: without a link, a number or any part of an account."""
UNRELEASED = ("planned", "filed", "held")


class Check(NamedTuple):
    """A check by a second channel: by what and when the person was asked, and what they said.

    `told_by` and `told_at` say how and when the old contact was told of the change.
    """

    channel: str
    at: datetime
    result: str
    told_by: str
    told_at: datetime

    def checked(self, since: str, now: datetime) -> Check:
        """Itself; a PaymentError where it is not a check of a change made at `since`."""
        if self.channel not in CHANNELS or self.told_by not in CHANNELS:
            raise PaymentError(f"a channel is one of {', '.join(CHANNELS)}")
        if self.result not in RESULTS:
            raise PaymentError(f"a check is {' or '.join(RESULTS)}, not {self.result!r}")
        for at in (self.at, self.told_at):
            if at.tzinfo is None or not since <= instant(at) <= instant(now):
                raise PaymentError(
                    f"the person is asked, and the old contact told, after the change ({since}) "
                    f"and before now, at an instant with its offset; not {at}"
                )
        return self


def account_changed(
    store: Payments, person: str, account: str, key: Key, now: Now = utc_now
) -> date:
    """Record that a person names another account: what is not released waits; until which day."""
    check_text("person", person)
    check_text("account", account)
    with acting(store, key, now, paying=False) as signer:
        at = signer.at
        store.add_change(person, account, instant(at + COOLING))
        change = store.changes(person)[-1]
        signer.one("account", person, {"change": change.seq, "account": account})
        why = cooling_off(store, person, at)
        assert why is not None
        for payment in store.of_person(person):
            if payment.state in UNRELEASED:
                payment = outside(store, payment.reference)
                if payment.state == "planned" or payment.code == why.code:
                    store.move(payment, Event("hold", why.code), hold=why)
    return why.review


def account_checked(
    store: Payments, person: str, check: Check, key: Key, now: Now = utc_now
) -> str:
    """Record the check of a person's newest change, by another person than recorded it; its result.

    Confirmed, what is not released goes to the new account once its 72 hours are over.

    Raises:
        PaymentError: nothing waits for a check, or this person may not make it.
    """
    with acting(store, key, now) as signer:
        change, first = _waiting(store, person)
        if first.by_id == signer.person.id:
            raise PaymentError(f"{first.by_id} recorded the change: another person checks it")
        check.checked(change.at, signer.at)
        told = {"told_by": check.told_by, "told_at": instant(check.told_at)}
        said = {"channel": check.channel, "at": instant(check.at), "result": check.result}
        signer.one("account_check", person, {"change": change.seq, **said, **told})
        for payment in store.of_person(person):
            if payment.state in UNRELEASED:
                _decided(store, payment, change, check.result, signer.at)
    return check.result


def _waiting(store: Payments, person: str) -> tuple[Change, Act]:
    """The newest change of a person's account, not yet checked, and who signed it."""
    changes = store.changes(person)
    if not changes or changes[-1].seq in _results(store, person):
        raise PaymentError(f"{person}: no change of account waits for a check")
    signed = [a for a in store.acts("account", person) if a.content["change"] == changes[-1].seq]
    if not signed or not signed_well(store.view(), signed[0]):
        raise PaymentError(f"{person}: the change is signed by nobody; record it again")
    return changes[-1], signed[0]


def _decided(store: Payments, payment: Payment, change: Change, result: str, at: datetime) -> None:
    if result == "confirmed":
        store.redirect(outside(store, payment.reference), change.account)
    elif payment.code == "account_changed":
        why = Hold("account_check", "payout desk", (at + LOOK).date())
        store.move(payment, Event("hold", why.code), hold=why)


def _results(store: Payments, person: str | None = None) -> dict[int, str]:
    """What became of changes of account, by change, where two people signed for it well."""
    view = store.view()
    first = {a.content["change"]: a for a in store.acts("account", person)}
    found: dict[int, str] = {}
    for act in store.acts("account_check", person):
        recorded = first.get(act.content["change"])
        if (
            recorded is not None
            and recorded.by_id != act.by_id
            and recorded.subject == act.subject
            and signed_well(view, recorded)
            and signed_well(view, act)
        ):
            found[act.content["change"]] = act.content["result"]
    return found


def _standing(changes: list[Change], results: Mapping[int, str]) -> dict[str, Change]:
    """By person the newest change that was not denied."""
    return {c.person: c for c in changes if results.get(c.seq) != "denied"}


def cooling(store: Payments, at: datetime) -> set[str]:
    """People to whom nothing is paid: changed less than 72 hours before, or not checked."""
    changes = store.changes()
    results: dict[int, Any] = _results(store) if changes else {}
    return {
        person
        for person, change in _standing(changes, results).items()
        if change.until > instant(at) or results.get(change.seq) != "confirmed"
    }


def cooling_off(store: Payments, person: str, at: datetime) -> Hold | None:
    """The hold on a changed account: 72 hours, and longer while it is not checked."""
    changes = store.changes(person)
    results = _results(store, person) if changes else {}
    change = _standing(changes, results).get(person)
    if change is None:
        return None
    if change.until <= instant(at) and results.get(change.seq) == "confirmed":
        return None
    review = max(date.fromisoformat(change.until[:10]), at.date())
    return Hold("account_changed", "payout desk", review)


def newest_account(store: Payments, person: str) -> str | None:
    """The account that a person named last and that was confirmed; None where there is none."""
    results = _results(store, person)
    good = [c.account for c in store.changes(person) if results.get(c.seq) == "confirmed"]
    return good[-1] if good else None


def confirmed_changes(store: Payments) -> set[str]:
    """People of whom a change of account was confirmed by two people."""
    results = _results(store)
    return {c.person for c in store.changes() if results.get(c.seq) == "confirmed"}


def lift_cooled(store: Payments, by: str = "operator", now: Now = utc_now) -> int:
    """Lift every hold for a changed account that was checked and whose time is over; how many."""
    at = now()
    with store.transaction(at, by):
        waiting = cooling(store, at)
        cooled = [p for p in store.held("account_changed") if p.person not in waiting]
        for payment in cooled:
            store.move(payment, Event("lift"))
    return len(cooled)

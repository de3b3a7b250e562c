"""The verbs of disputes: open with an estimate, review it, decide by two people.

What is in dispute never waits with the rest: the entitlement is paid as planned, the estimate is
reserved out of the money that is confirmed, and what a decision adds is a claim of its own, which
waits until two people confirm the money again.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sonae.actions.fund.session import Now, utc_now
from sonae.actions.keys import Key
from sonae.actions.pay.account import newest_account
from sonae.actions.pay.act import Two, acting
from sonae.actions.pay.fund import REVIEW
from sonae.actions.pay.programme import Row, first_attempt
from sonae.claims.dispute import Dispute, check_decision, check_estimate
from sonae.claims.hold import Hold
from sonae.claims.payment import Claim, Event, PaymentError
from sonae.store.payments import Payments, check_text


def open_dispute(
    store: Payments,
    claim: Claim,
    said: int,
    estimate: int,
    reason: str,
    key: Key,
    now: Now = utc_now,
) -> tuple[Dispute, Two]:
    """Open a dispute with an estimate; the same by a second person reviews the estimate.

    Args:
        store: where payments are kept.
        claim: what is disputed; a person who is on no list has 0 there.
        said: what the person says is owed, in smallest units.
        estimate: what is reserved of the difference.
        reason: why so much.
        key: of who signs.
        now: the clock.

    Raises:
        PaymentError: nothing is in dispute, or this claim is disputed already.
    """
    for column in ("person", "asset"):
        check_text(column, getattr(claim, column))
    check_text("detail", reason)
    with acting(store, key, now, paying=False) as signer:
        store.programme(claim.programme)
        attempts = store.attempts(claim.key)
        entitled = attempts[0].amount if attempts else 0
        check_estimate(entitled, said, estimate)
        amounts = {"entitled": entitled, "said": said, "estimate": estimate}
        content = {**claim._asdict(), **{k: str(v) for k, v in amounts.items()}, "reason": reason}
        there = [d for d in store.disputes() if d.claim == claim and d.open]
        if there and (there[0].reviewer or content != _opening(store, there[0])):
            raise PaymentError(
                f"dispute {there[0].id} is open on this claim; a second person signs the same "
                "words, another estimate is `pay dispute estimate`"
            )
        signed = signer.two("dispute", claim.key, content)
        if signed.done and dispute(store, signed.seq).author != signed.first:
            raise PaymentError(f"dispute {signed.seq} was estimated anew; review that estimate")
    return dispute(store, signed.seq), signed


def _opening(store: Payments, found: Dispute) -> dict[str, Any]:
    acts = store.acts("dispute", found.claim.key)
    return next(a.content for a in acts if a.seq == found.id)


def dispute(store: Payments, id: int) -> Dispute:
    """A dispute by its number; a PaymentError where there is none."""
    found = [d for d in store.disputes() if d.id == id]
    if not found:
        raise PaymentError(f"no dispute has the number {id}")
    return found[0]


def estimate_dispute(
    store: Payments, id: int, estimate: int, reason: str, key: Key, now: Now = utc_now
) -> Dispute:
    """Estimate what is in dispute anew; the same by a second person reviews it.

    Raises:
        PaymentError: the dispute is decided, or the estimate is not within what is in dispute.
    """
    check_text("detail", reason)
    with acting(store, key, now, paying=False) as signer:
        found = dispute(store, id)
        if not found.open:
            raise PaymentError(f"dispute {id} is decided: {found.verdict}")
        check_estimate(found.entitled, found.said, estimate)
        content = {"dispute": id, "estimate": str(estimate), "reason": reason}
        acts = store.acts("estimate", str(id))
        if acts and acts[-1].about == 0 and acts[-1].content != content:
            raise PaymentError(f"dispute {id}: the estimate of {acts[-1].by_id} waits for review")
        signer.two("estimate", str(id), content)
    return dispute(store, id)


def decide_dispute(
    store: Payments,
    id: int,
    verdict: str,
    reason: str,
    key: Key,
    amount: int = 0,
    account: str = "",
    now: Now = utc_now,
) -> tuple[Dispute, Two]:
    """Sign a decision; a second person's signature over the same decides.

    Args:
        store: where payments are kept.
        id: the dispute's number.
        verdict: upheld, changed, withdrawn or court.
        reason: the ground of the decision.
        key: of who signs; not the author of the estimate.
        amount: what is owed in all, where it is `changed`.
        account: where the raise goes, needed where nothing was planned for the person yet.
        now: the clock.

    Raises:
        PaymentError: the decision may not be taken, or not by this person.
    """
    check_text("detail", reason)
    with acting(store, key, now) as signer:
        found = dispute(store, id)
        check_decision(found, verdict, amount, signer.person.id)
        said: dict[str, Any] = {
            "dispute": id,
            "verdict": verdict,
            "amount": str(amount),
            "reason": reason,
        }
        if verdict == "changed":
            said["account"] = _account(store, found, account)
        signed = signer.two("decide", str(id), said)
        if signed.done and verdict == "changed":
            _raise(store, found, amount, said["account"], signer.at)
    return dispute(store, id), signed


def _account(store: Payments, found: Dispute, given: str) -> str:
    """Where the raise goes: to where the claim went, or to what is given for one on no list."""
    attempts = store.attempts(found.claim.key)
    if attempts and given:
        raise PaymentError("the raise goes to the person's account; see `pay account change`")
    if not attempts and not given:
        raise PaymentError(f"dispute {found.id}: nothing was planned; give an account")
    newest = newest_account(store, found.claim.person)
    return given or newest or attempts[-1].account


def _raise(store: Payments, found: Dispute, amount: int, account: str, at: datetime) -> None:
    claim = found.raised
    row = Row(claim.person, claim.asset, claim.tranche, amount - found.entitled, account)
    payment = first_attempt(claim.programme, row)
    store.add_payments([payment])
    why = Hold("funding", "payout desk", (at + REVIEW).date())
    store.move(payment, Event("hold", why.code), f"dispute {found.id}", hold=why)

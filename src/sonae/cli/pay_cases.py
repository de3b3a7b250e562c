"""Commands for payments that do not simply go: holds, accounts, disputes, returns.

What needs two people is given twice, by the second with the same words and another key.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from sonae.cli.fund import DEFAULT, KeyFile, Store
from sonae.cli.main import FOUND, OK, Json, Language, language, out, pay, show_json
from sonae.cli.pay import Box, Programme, RailFile, the_day, the_rail, told
from sonae.core.errors import UsageError

Reference = Annotated[str, Parameter(name="PAYMENT")]
Person = Annotated[str, Parameter(name="PERSON")]
Number = Annotated[int, Parameter(name="DISPUTE")]
account = App(name="account", help="A person's new payout account: 72 hours, a check, two people.")
dispute = App(name="dispute", help="A claim that its owner disputes: reserved, reviewed, decided.")
for each in (account, dispute):
    pay.command(each)


# -- what people signed ----------------------------------------------------------------------------


@pay.command(name="waiting")
def pay_waiting(*, store: Store = DEFAULT, json: Json = False) -> int:
    """What a first person signed and a second has not yet, word for word."""
    from sonae.actions.pay.verify import waiting
    from sonae.store.payments import Payments

    with Payments(store) as payments:
        return _listed([w._asdict() for w in waiting(payments)], json)


@pay.command(name="verify")
def pay_verify(*, store: Store = DEFAULT, json: Json = False) -> int:
    """Check every payment against its events, and every act against its signatures.

    Ends with 1 where something is not what people signed.
    """
    from sonae.actions.pay.verify import faults
    from sonae.store.payments import Payments

    with Payments(store) as payments:
        found = faults(payments)
    told({"good": not found, "faults": found}, json)
    return FOUND if found else OK


# -- holds and files -------------------------------------------------------------------------------


@pay.command(name="hold")
def pay_hold(
    payment: list[str],
    *,
    code: str,
    owner: str,
    review: str,
    key: KeyFile,
    store: Store = DEFAULT,
    json: Json = False,
) -> int:
    """Hold payments that are not released; one person signs.

    Parameters
    ----------
    payment
        The payments.
    code
        Why: estate, minor, guardianship, police, sanction, legal and others; customers see less.
    owner
        Who sees to it.
    review
        The day on which it is looked at again (YYYY-MM-DD).
    """
    from sonae.actions.keys import load_key
    from sonae.actions.pay.hold import hold
    from sonae.claims.hold import Hold
    from sonae.store.payments import Payments

    why = Hold(code, owner, the_day(review))
    with Payments(store) as payments:
        hold(payments, payment, why, load_key(key))
    return told({"held": payment, "code": code, "visible": why.visible}, json)


@pay.command(name="lift")
def pay_lift(
    payment: list[str],
    *,
    reason: str,
    key: KeyFile,
    store: Store = DEFAULT,
    json: Json = False,
) -> int:
    """Lift the hold on payments, once a second person signed the same.

    Parameters
    ----------
    payment
        The payments.
    reason
        Why they may be paid now.
    """
    from sonae.actions.keys import load_key
    from sonae.actions.pay.hold import lift
    from sonae.store.payments import Payments

    with Payments(store) as payments:
        signed = lift(payments, payment, reason, load_key(key))
    return told({"payments": payment, "lifted": signed.done, **signed.as_json()}, json)


@pay.command(name="cancel")
def pay_cancel(
    payment: list[str], *, reason: str, store: Store = DEFAULT, json: Json = False
) -> int:
    """Give up payments that are not released, so that their claims may be paid another way.

    The claims stay. A file that holds one of them is withdrawn whole; a hold is lifted first.

    Parameters
    ----------
    payment
        The payments.
    reason
        Why they are not paid like this.
    """
    from sonae.actions.pay.hold import cancel
    from sonae.store.payments import Payments

    with Payments(store) as payments:
        cancel(payments, payment, reason)
    return told({"cancelled": payment}, json)


@pay.command(name="withdraw")
def pay_withdraw(
    name: Annotated[str, Parameter(name="FILE")], *, store: Store = DEFAULT, json: Json = False
) -> int:
    """Take back a file that is not released; its payments are planned again.

    Parameters
    ----------
    name
        The file.
    """
    from sonae.actions.pay.programme import withdraw_file
    from sonae.store.payments import Payments

    with Payments(store) as payments:
        withdraw_file(payments, name)
        return told({"file": name, "state": payments.file(name).state}, json)


@account.command(name="change")
def account_change(
    person: Person,
    *,
    to: str,
    key: KeyFile,
    store: Store = DEFAULT,
    lang: Language = None,
    json: Json = False,
) -> int:
    """Record that a person names another account; what is not released waits.

    Parameters
    ----------
    person
        The person.
    to
        The account as its way keeps it; of a bank, bank|branch|kind|number|name_kana.
    """
    from sonae.actions.keys import load_key
    from sonae.actions.pay.account import NOTICE, account_changed
    from sonae.store.payments import Payments

    with Payments(store) as payments:
        until = account_changed(payments, person, to, load_key(key))
    found = {"person": person, "waits_until": until.isoformat()}
    return told({**found, "notice_to_the_old_contact": NOTICE.lang(language(lang))}, json)


@account.command(name="check")
def account_check(
    person: Person,
    *,
    channel: str,
    at: str,
    result: str,
    told_by: str,
    told_at: str,
    key: KeyFile,
    store: Store = DEFAULT,
    json: Json = False,
) -> int:
    """Record the check of a changed account by a second channel; another person signs it.

    Parameters
    ----------
    person
        The person.
    channel
        How the person was asked: letter, registered_letter, mail, message_box, telephone, visit.
    at
        When (an instant with its offset).
    result
        confirmed or denied.
    told_by
        How the old contact was told of the change.
    told_at
        When.
    """
    from sonae.actions.keys import load_key
    from sonae.actions.pay.account import Check, account_checked
    from sonae.store.payments import Payments

    check = Check(channel, _instant(at), result, told_by, _instant(told_at))
    with Payments(store) as payments:
        said = account_checked(payments, person, check, load_key(key))
    return told({"person": person, "result": said}, json)


@account.command(name="cooled")
def account_cooled(*, store: Store = DEFAULT, json: Json = False) -> int:
    """Lift the holds for changed accounts that were checked and whose 72 hours are over."""
    from sonae.actions.pay.account import lift_cooled
    from sonae.store.payments import Payments

    with Payments(store) as payments:
        return told({"lifted": lift_cooled(payments)}, json)


def _instant(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is not an instant (2026-11-27T10:00:00+09:00)") from error


# -- disputes --------------------------------------------------------------------------------------


@dispute.command(name="open")
def dispute_open(
    programme: Programme,
    person: Annotated[str | None, Parameter(name="PERSON")] = None,
    *,
    says: int | None = None,
    estimate: int,
    reason: str,
    key: KeyFile,
    asset: str = "JPY",
    tranche: int = 1,
    answer: Path | None = None,
    store: Store = DEFAULT,
    lang: Language = None,
    json: Json = False,
) -> int:
    """Open a dispute with an estimate; given again by a second person, it is reviewed.

    Parameters
    ----------
    programme
        The programme.
    person
        Who disputes.
    says
        What they say is owed in all, in the smallest unit.
    estimate
        What is reserved of the difference.
    reason
        Why so much.
    tranche
        Which part of the claim.
    answer
        What a customer answered on their page: who disputes, what, and how much they say.
    """
    from sonae.actions.claims.my_claim import disputed_in
    from sonae.actions.keys import load_key
    from sonae.actions.pay.dispute import open_dispute
    from sonae.claims.payment import Claim
    from sonae.store.payments import Payments

    if answer is not None:
        if person is not None or says is not None:
            raise UsageError("PERSON and --says are those of the --answer; leave them out")
        person, asset, says = disputed_in(answer)
    if person is None or says is None:
        raise UsageError("name PERSON and --says, or give a customer's --answer")
    claim = Claim(programme, person, asset, tranche)
    with Payments(store) as payments:
        found, signed = open_dispute(payments, claim, says, estimate, reason, load_key(key))
    return told({**_shown(found, lang), **signed.as_json()}, json)


@dispute.command(name="estimate")
def dispute_estimate(
    number: Number,
    *,
    estimate: int,
    reason: str,
    key: KeyFile,
    store: Store = DEFAULT,
    lang: Language = None,
    json: Json = False,
) -> int:
    """Estimate a dispute anew; given again by a second person, it is reviewed.

    Parameters
    ----------
    number
        The dispute.
    estimate
        What is reserved.
    reason
        Why so much.
    """
    from sonae.actions.keys import load_key
    from sonae.actions.pay.dispute import estimate_dispute
    from sonae.store.payments import Payments

    with Payments(store) as payments:
        found = estimate_dispute(payments, number, estimate, reason, load_key(key))
    return told(_shown(found, lang), json)


@dispute.command(name="decide")
def dispute_decide(
    number: Number,
    verdict: Annotated[str, Parameter(name="VERDICT")],
    *,
    reason: str,
    key: KeyFile,
    amount: int = 0,
    account: str = "",
    store: Store = DEFAULT,
    lang: Language = None,
    json: Json = False,
) -> int:
    """Decide a dispute, once a second person signed the same; not who made the estimate.

    Parameters
    ----------
    number
        The dispute.
    verdict
        upheld (the entitlement stays), changed (it is raised), withdrawn or court.
    reason
        The ground of the decision.
    amount
        What is owed in all, where it is changed.
    account
        Where the raise goes, where nothing was planned for the person.
    """
    from sonae.actions.keys import load_key
    from sonae.actions.pay.dispute import decide_dispute
    from sonae.store.payments import Payments

    with Payments(store) as payments:
        found, signed = decide_dispute(
            payments, number, verdict, reason, load_key(key), amount, account
        )
    return told({**_shown(found, lang), **signed.as_json()}, json)


@dispute.command(name="list")
def dispute_list(
    programme: Programme, *, store: Store = DEFAULT, lang: Language = None, json: Json = False
) -> int:
    """Every dispute of a programme, as it stands.

    Parameters
    ----------
    programme
        The programme.
    """
    from sonae.store.payments import Payments

    with Payments(store) as payments:
        found = [d for d in payments.disputes() if d.claim.programme == programme]
    return _listed([_shown(d, lang) for d in found], json)


def _shown(found: Any, lang: Language) -> dict[str, Any]:
    from sonae.claims.dispute import STATES

    amounts = {k: str(getattr(found, k)) for k in ("entitled", "said", "estimate", "decided")}
    who = {"author": found.author, "reviewer": found.reviewer, "deciders": list(found.deciders)}
    claim = found.claim._asdict()
    state = {"state": found.state, "means": STATES[found.state].lang(language(lang))}
    return {"dispute": found.id, **claim, **amounts, "reason": found.reason, **who, **state}


def _listed(found: list[dict[str, Any]], json: bool) -> int:
    if json:
        show_json(found)
    else:
        for each in found:
            out("  ".join(f"{k}: {v}" for k, v in each.items()))
    return OK


# -- returns ---------------------------------------------------------------------------------------


@pay.command(name="returns")
def pay_returns(*, rail: RailFile, mailbox: Box, store: Store = DEFAULT, json: Json = False) -> int:
    """Money that came back and fits no payment or several, with the payments that it may be.

    Ends with 1 where there is some.
    """
    from sonae.actions.pay.match import open_returns
    from sonae.store.payments import Payments

    with Payments(store) as payments:
        found = open_returns(payments, the_rail(mailbox, rail))
    _listed(found, json)
    return FOUND if found else OK


@pay.command(name="match")
def pay_match(
    returned: Annotated[str, Parameter(name="RETURN")],
    reference: Reference,
    *,
    rail: RailFile,
    mailbox: Box,
    key: KeyFile,
    store: Store = DEFAULT,
    json: Json = False,
) -> int:
    """Decide of which payment a return is, once a second person signed the same.

    Parameters
    ----------
    returned
        The return, as `pay returns` names it.
    reference
        The payment.
    """
    from sonae.actions.keys import load_key
    from sonae.actions.pay.match import match_return
    from sonae.store.payments import Payments

    with Payments(store) as payments:
        box = the_rail(mailbox, rail)
        signed = match_return(payments, box, returned, reference, load_key(key))
    found = {"return": returned, "payment": reference, "back": signed.done}
    return told({**found, **signed.as_json()}, json)

"""Three people for one file: who makes it, who checks it, who releases it, each by signature."""

from __future__ import annotations

import json
from typing import Any

from sonae.actions.fund import Now, utc_now
from sonae.actions.keys import Key, verify_signature
from sonae.claims.payment import PaymentError
from sonae.core.canonical import canonical_bytes
from sonae.core.chain import Signed, sign, signature_good
from sonae.fund.constitution import Constitution
from sonae.fund.entry import instant
from sonae.store.payments import Payments
from sonae.store.payout_rows import Approval, PayoutFile

FORMAT = "sonae-payout/1"
ROLES = ("preparer", "approver", "releaser")
"""Maker, checker and releaser, by their roles in the fund's constitution, in this order."""


def approval_body(file: PayoutFile, role: str, person: str, key: str, at: str) -> bytes:
    """The bytes that a person signs: exactly this file, in this role."""
    about = {"programme": file.programme, "file": file.name, "sha256": file.sha256}
    sums = {"asset": file.asset, "count": file.items, "total": str(file.total)}
    who = {"role": role, "by": person, "key": key, "at": at}
    days = {"rail": file.rail, "designated": file.designated}
    return canonical_bytes({"format": FORMAT, **about, **sums, **days, **who})


def approve_file(
    store: Payments, name: str, key: Key, role: str | None = None, now: Now = utc_now
) -> str:
    """Sign a file in a role (the next one that is missing); who signed. Signing again is no more.

    Raises:
        PaymentError: the file is not open for it, or the person may not, or signed it already.
    """
    at, public = now(), key.public.hex()
    constitution = firm(store)
    people = [p for p in constitution.persons.values() if p.key == public]
    if not people:
        raise PaymentError(f"no person of the fund has the key {public[:12]}…")
    person = people[0]
    with store.transaction(at, person.id):
        file = store.file(name)
        there = {a.role: a.person for a in store.approvals(name)}
        role = role or next((r for r in ROLES if r not in there), ROLES[-1])
        if role in there and there[role] == person.id:
            return person.id
        if file.state != "made":
            raise PaymentError(f"{name} is {file.state}; only a file that waits is signed")
        if role in there or role != ROLES[min(len(there), 2)]:
            raise PaymentError(f"{name}: {role} is not the next to sign; signed: {there or 'none'}")
        if role not in person.roles:
            raise PaymentError(f"{person.id} is no {role} of the fund")
        if person.id in there.values():
            raise PaymentError(f"{person.id} signed {name} already: each role needs another person")
        body = approval_body(file, role, person.id, public, instant(at))
        signed = sign(key, body)
        store.add_approval(name, role, person.id, body.decode(), signed.signature.hex())
    return person.id


def check_approved(store: Payments, file: PayoutFile) -> None:
    """Refuse a file that three different people, still in office, have not signed as it is."""
    found = store.approvals(file.name)
    if missing := [r for r in ROLES if r not in [a.role for a in found]]:
        raise PaymentError(f"{file.name}: not signed by {', '.join(missing)}")
    if len({a.person for a in found}) != len(ROLES):
        raise PaymentError(f"{file.name}: one person signed in two roles")
    constitution = firm(store)
    for approval in found:
        if not _holds(constitution, file, approval):
            raise PaymentError(
                f"{file.name}: what {approval.person} signed as {approval.role} is not this file, "
                "or they no longer hold that role and key"
            )


def _holds(constitution: Constitution, file: PayoutFile, approval: Approval) -> bool:
    person = constitution.persons.get(approval.person)
    if person is None or approval.role not in person.roles:
        return False
    about = (approval.role, person.id, person.key, _said(approval.body, "at"))
    body = approval_body(file, *about)
    signed = Signed(body, bytes.fromhex(approval.signature))
    return body.decode() == approval.body and signature_good(
        verify_signature, bytes.fromhex(person.key), signed
    )


def _said(body: str, key: str) -> str:
    said: Any = json.loads(body)
    return str(said[key])


def firm(store: Payments) -> Constitution:
    """The fund's constitution, while its people may act.

    Raises:
        PaymentError: there is none, or a petition or an appointment took their powers.
    """
    view = store.view()
    constitution, failure = view.constitution(), view.failure()
    if constitution is None:
        raise PaymentError("the fund has no constitution in force: nobody may sign")
    if failure.petition is not None or failure.appointed is not None:
        raise PaymentError(
            "a petition or an appointment is recorded: the firm's people pay nothing"
        )
    return constitution

"""Three people for one file: who makes it, who checks it, who releases it, each by signature."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sonae.actions.fund.session import Now, utc_now
from sonae.actions.keys import Key, verify_signature
from sonae.actions.pay.act import in_power, may, person_of
from sonae.claims.payment import PaymentError
from sonae.core.canonical import canonical_bytes
from sonae.core.chain import Signed, sign, signature_good
from sonae.core.text import Text
from sonae.fund.constitution import Person
from sonae.fund.entry import instant
from sonae.store.payments import Payments
from sonae.store.payout_rows import Approval, PayoutFile

FORMAT = "sonae-payout/1"
ROLES = ("preparer", "approver", "releaser")
"""Maker, checker and releaser, by their roles in the fund's constitution, in this order; after an
appointment three of the administrator's people."""


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
    person = person_of(in_power(store), key.public)
    with store.transaction(at, person.id):
        file = store.file(name)
        there = {a.role: a.person for a in store.approvals(name)}
        role = role or next((r for r in ROLES if r not in there), ROLES[-1])
        if role in there and there[role] == person.id:
            return person.id
        if file.state != "made":
            raise PaymentError(_NOT_WAITING.format(name=name, state=file.state))
        if role in there or role != ROLES[min(len(there), 2)]:
            raise PaymentError(
                _NOT_NEXT.format(name=name, role=role, there=", ".join(there) or "–")
            )
        if person.id in there.values():
            raise PaymentError(_SIGNED.format(person=person.id, name=name))
        if not may(person, [role]):
            raise PaymentError(_NO_ROLE.format(person=person.id, role=role))
        body = approval_body(file, role, person.id, public, instant(at))
        signed = sign(key, body)
        store.add_approval(name, role, person.id, body.decode(), signed.signature.hex())
    return person.id


def check_approved(store: Payments, file: PayoutFile) -> None:
    """Refuse a file that three different people, still in office, have not signed as it is."""
    found = store.approvals(file.name)
    if missing := [r for r in ROLES if r not in [a.role for a in found]]:
        raise PaymentError(_UNSIGNED.format(name=file.name, roles=", ".join(missing)))
    if len({a.person for a in found}) != len(ROLES):
        raise PaymentError(_TWO_ROLES.format(name=file.name))
    people = in_power(store)
    for approval in found:
        if not _holds(people, file, approval):
            who = {"person": approval.person, "role": approval.role}
            raise PaymentError(_NOT_THIS.format(name=file.name, **who))


def _holds(people: Mapping[str, Person], file: PayoutFile, approval: Approval) -> bool:
    person = people.get(approval.person)
    if person is None or not may(person, [approval.role]):
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


# -- what is said --------------------------------------------------------------------------------

_NOT_WAITING = Text(
    "{name}は「{state}」であり、署名できるのは待っているファイルだけである",
    '{name} is "{state}"; only a file that waits is signed',
)
_NOT_NEXT = Text(
    "{name}: 次に署名するのは{role}ではない。署名済み: {there}",
    "{name}: {role} is not the next to sign; signed: {there}",
)
_NO_ROLE = Text(
    "{person}は基金の{role}ではない",
    "{person} is no {role} of the fund",
)
_SIGNED = Text(
    "{person}は{name}に署名済みである。役割ごとに別の人が署名する",
    "{person} signed {name} already: each role needs another person",
)
_UNSIGNED = Text("{name}: {roles}の署名がない", "{name}: not signed by {roles}")
_TWO_ROLES = Text(
    "{name}: 一人が二つの役割で署名している", "{name}: one person signed in two roles"
)
_NOT_THIS = Text(
    "{name}: {person}が{role}として署名したものがこのファイルではないか、"
    "その役割と鍵を既に失っている。"
    "取り下げて作り直す",
    "{name}: what {person} signed as {role} is not this file, or they no longer hold that role and "
    "key; withdraw it and make it again",
)

"""What a person signs about payments beside files; what needs two is signed by two, the same words.

The first signs what is to be done, the second the very same content and the digest of what the
first signed; only then it takes effect. The person is found by the key, among those in power: the
people of the fund's constitution, or after an appointment those whom the orders name.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sonae.actions.fund.session import Now, utc_now
from sonae.actions.keys import Key, verify_signature
from sonae.claims.payment import PaymentError
from sonae.core.canonical import canonical_bytes
from sonae.core.chain import Signed, sign, signature_good
from sonae.core.text import Text
from sonae.fund.constitution import FIRM, Person
from sonae.fund.entry import instant
from sonae.store.payments import Payments
from sonae.store.payout_rows import Act
from sonae.store.view import StoreView

FORMAT = "sonae-payout-act/1"
ADMINISTRATOR = "administrator"
SECOND = frozenset({"approver", "releaser"})
"""Roles of whom the second signature may come from; an administrator's people hold any role."""


def in_power(store: Payments, *, paying: bool = True) -> dict[str, Person]:
    """Who may act on payments, by id: the firm's people, or the administrator's after an order.

    Between a petition and an appointment nobody pays; with `paying` False the firm's people may
    still hold payments back.

    Raises:
        PaymentError: there is nobody.
    """
    view = store.view()
    constitution, failure = view.constitution(), view.failure()
    if failure.administrators:
        return dict(failure.administrators)
    if constitution is None:
        raise PaymentError(_NOBODY)
    if paying and failure.petition is not None:
        raise PaymentError(_PETITION)
    return {p.id: p for p in constitution.persons.values() if p.roles & FIRM}


def may(person: Person, roles: Collection[str]) -> bool:
    """Whether a person holds one of the roles, or every role as an administrator in power."""
    return bool(person.roles & frozenset(roles)) or ADMINISTRATOR in person.roles


def person_of(people: Mapping[str, Person], key: bytes) -> Person:
    """The person in power with a key; a PaymentError where there is none."""
    found = [p for p in people.values() if p.key == key.hex()]
    if not found:
        raise PaymentError(_STRANGER.format(key=key.hex()[:12]))
    return found[0]


class Two(NamedTuple):
    """An act that two people sign: its place, the first, and the second once there is one."""

    seq: int
    first: str
    second: str

    @property
    def done(self) -> bool:
        """Whether it takes effect."""
        return bool(self.second)

    def as_json(self) -> dict[str, Any]:
        """For people and programs."""
        waits = "" if self.done else "second_person"
        return {"act": self.seq, "first": self.first, "second": self.second, "waits_for": waits}


@dataclass(frozen=True)
class Signer:
    """A person at a store, inside a transaction."""

    store: Payments
    key: Key
    person: Person
    at: datetime

    def one(self, kind: str, subject: str, content: Mapping[str, Any]) -> int:
        """Sign what one person may do; its place."""
        return self._write(kind, subject, content, None)

    def two(self, kind: str, subject: str, content: Mapping[str, Any]) -> Two:
        """Sign as the first, or as the second what the first signed; again it is no more.

        Raises:
            PaymentError: the second may not.
        """
        first = self._waiting(kind, subject, content)
        if first is None:
            return Two(self._write(kind, subject, content, None), self.person.id, "")
        if first.by_id == self.person.id:
            return Two(first.seq, first.by_id, "")
        if not may(self.person, SECOND):
            raise PaymentError(_NOT_SECOND.format(person=self.person.id))
        self._write(kind, subject, content, first)
        return Two(first.seq, first.by_id, self.person.id)

    def _waiting(self, kind: str, subject: str, content: Mapping[str, Any]) -> Act | None:
        acts = self.store.acts(kind, subject)
        seconded = {a.about for a in acts}
        people, view = in_power(self.store, paying=False), self.store.view()
        for act in acts:
            waits = act.about == 0 and act.seq not in seconded and act.content == content
            if waits and act.by_id in people and signed_well(view, act):
                return act
        return None

    def _write(self, kind: str, subject: str, content: Any, first: Act | None) -> int:
        about = None if first is None else {"seq": first.seq, "digest": first.digest}
        who = (self.person.id, self.person.key, instant(self.at))
        body = act_body(kind, subject, content, about, *who)
        signed = sign(self.key, body)
        place = 0 if first is None else first.seq
        return self.store.add_act(kind, subject, place, body.decode(), signed.signature.hex())


def act_body(
    kind: str, subject: str, content: Any, about: Any, person: str, key: str, at: str
) -> bytes:
    """The bytes that a person signs."""
    said = {"kind": kind, "subject": subject, "content": content, "about": about}
    return canonical_bytes({"format": FORMAT, **said, "by": person, "key": key, "at": at})


@contextmanager
def acting(
    store: Payments, key: Key, now: Now = utc_now, *, paying: bool = True
) -> Iterator[Signer]:
    """One write at the store by the person with a key.

    Raises:
        PaymentError: nobody in power has that key.
    """
    at = now()
    person = person_of(in_power(store, paying=paying), key.public)
    with store.transaction(at, person.id):
        yield Signer(store, key, person, at)


def signed_well(view: StoreView, act: Act, first: Act | None = None) -> bool:
    """Whether an act is what its person signed, with a key that was theirs in the fund.

    `first` is the act that it seconds.
    """
    said = json.loads(act.body)
    if not view.ever(act.by_id, said["key"]) or act.about != (first.seq if first else 0):
        return False
    about = {"seq": first.seq, "digest": first.digest} if first else None
    body = act_body(act.kind, act.subject, act.content, about, act.by_id, said["key"], act.at)
    signed = Signed(body, bytes.fromhex(act.signature))
    key = bytes.fromhex(said["key"])
    return body.decode() == act.body and signature_good(verify_signature, key, signed)


def agreed(store: Payments, kind: str, subject: str | None = None) -> list[tuple[Act, Act]]:
    """First and second of each act that two different people signed well."""
    acts, view = store.acts(kind, subject), store.view()
    by_seq = {a.seq: a for a in acts}
    pairs = [(by_seq[a.about], a) for a in acts if a.about in by_seq]
    return [
        (first, second)
        for first, second in pairs
        if first.by_id != second.by_id
        and first.content == second.content
        and signed_well(view, first)
        and signed_well(view, second, first)
    ]


# -- what is said --------------------------------------------------------------------------------

_NOBODY = Text(
    "効力のある基金の規約がなく、署名できる人がいない",
    "the fund has no constitution in force: nobody may sign",
)
_PETITION = Text(
    "申立てが記録されている。会社の者は支払えず、管財人はまだ選任されていない",
    "a petition is recorded: the firm's people pay nothing, and no administrator is appointed yet",
)
_STRANGER = Text(
    "支払に関われる基金の人に、鍵{key}…の持ち主はいない",
    "no person of the fund who may pay has the key {key}…",
)
_NOT_SECOND = Text(
    "{person}はapproverでもreleaserでもない",
    "{person} is no approver and no releaser",
)

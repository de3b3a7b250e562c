"""The verbs of what nobody claims: record what was tried, move it on a legal basis, deposit it.

Money can be deposited at a Legal Affairs Bureau, coins cannot as coins (from memory): they are sold
first, with permission. Whatever is done the claim stays counted, and nothing is extinguished.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

from sonae.actions.fund.session import Now, utc_now
from sonae.actions.keys import Key
from sonae.actions.pay.act import Two, acting, agreed, signed_well
from sonae.actions.pay.hold import outside
from sonae.actions.pay.programme import another_attempt
from sonae.books.settings import unreadable
from sonae.claims.hold import Hold
from sonae.claims.payment import AGAIN, Event, PaymentError
from sonae.claims.unclaimed import (
    GROUNDS,
    GROUNDS_CONFIDENCE,
    Attempt,
    Record,
    Sale,
    may_deposit,
)
from sonae.core.canonical import parse_number
from sonae.core.errors import InputError, Problem
from sonae.core.text import Text
from sonae.store.payments import Payments, check_text
from sonae.store.payout_rows import Act, Payment

REVIEW = timedelta(days=365)
"""When what is unclaimed is looked at again: a house rule."""
MONEY = "JPY"
KEYS = {"scale", "attempt", "ground", "office", "cost", "cost_borne_by", "time_bar", "sale"}


class Deposit(NamedTuple):
    """What the deposit office took: its number, the day, and yen."""

    number: str
    on: date
    amount: int


# -- the record --------------------------------------------------------------------------------


def read_record(path: Path) -> dict[str, Any]:
    """A record as plain values, from TOML; every fault at once.

    Raises:
        InputError: what is missing or unusable, each with its place.
    """
    try:
        raw = tomllib.loads(path.read_bytes().decode("utf-8-sig"), parse_float=str)
    except ValueError as error:
        raise unreadable(path.name, error) from error
    faults: list[Problem] = []

    def fault(key: str, ja: str, en: str) -> None:
        faults.append(Problem("bad-setting", "unclaimed", Text(ja, en), path.name, key=key))

    for key in sorted(set(raw) - KEYS):
        fault(key, "知らない項目", "an unknown key")
    attempts, sale = raw.get("attempt", []), raw.get("sale")
    attempts = attempts if isinstance(attempts, list) else [attempts]
    for n, row in enumerate(attempts, 1):
        if not _typed(row, channel=str, on=date, result=str):
            fault(f"attempt[{n}]", "channel、on（日付）、resultが必要", "channel, on, result")
    kinds: dict[str, Any] = {"permission": str, "permitted_on": date, "on": date, "units": str}
    if sale is not None and not _typed(sale, method=str, price=str, proceeds=int, **kinds):
        fault(
            "sale",
            "method、permission、permitted_on、on、units（文字列）、price（文字列）、proceedsが必要",
            "method, permission, permitted_on, on, units and price as text, proceeds",
        )
    for key, kind in (("cost", int), ("scale", int), ("time_bar", date), ("office", str),
                      ("ground", str), ("cost_borne_by", str)):  # fmt: skip
        if key in raw and type(raw[key]) is not kind:
            fault(key, "値の型が違う", f"a {kind.__name__} is needed")
    if faults:
        raise InputError(faults)
    return {k: _plain(v) for k, v in {**raw, "attempt": attempts}.items()}


def _typed(row: Any, **kinds: type) -> bool:
    if not isinstance(row, Mapping) or set(row) != set(kinds):
        return False
    typed = all(type(row[k]) is kind for k, kind in kinds.items())
    if typed and "price" in row:
        try:
            parse_number(row["price"]), int(row["units"])
        except ValueError:
            return False
    return typed


def _plain(value: Any) -> Any:
    """Days as text, for canonical bytes."""
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    return value.isoformat() if isinstance(value, date) else value


def record_of(payment: Payment, said: Mapping[str, Any]) -> Record:
    """What is known of an unclaimed payment, for `may_deposit`."""
    day, sale = date.fromisoformat, said.get("sale")
    coins = payment.asset != MONEY
    return Record(
        claim=payment.key,
        asset=payment.asset,
        kind="coins" if coins else "money",
        scale=said.get("scale", 0),
        units=payment.amount,
        attempts=tuple(
            Attempt(a["channel"], day(a["on"]), a["result"]) for a in said.get("attempt", [])
        ),
        ground=said.get("ground", ""),
        sale=None
        if sale is None
        else Sale(
            sale["method"],
            sale["permission"],
            day(sale["permitted_on"]),
            day(sale["on"]),
            int(sale["units"]),
            Fraction(parse_number(sale["price"])),
            sale["proceeds"],
        ),
        office=said.get("office", ""),
        cost=said.get("cost"),
        cost_borne_by=said.get("cost_borne_by", ""),
        time_bar=day(said["time_bar"]) if "time_bar" in said else None,
    )


def record_unclaimed(
    store: Payments, reference: str, said: Mapping[str, Any], key: Key, now: Now = utc_now
) -> dict[str, Any]:
    """Sign a record of what was done to reach a person; the newest stands. What is still lacking.

    Raises:
        PaymentError: the payment is on its way or paid.
        Refused: the record says what cannot be.
    """
    with acting(store, key, now, paying=False) as signer:
        payment = _here(store, reference)
        found = _told(payment, said, signer.at.date())
        signer.one("unclaimed", payment.key, said)
    return found


def _here(store: Payments, reference: str) -> Payment:
    """The last attempt at a claim, while its money is here."""
    payment = store.payment(reference)
    if store.attempts(payment.key)[-1] != payment:
        raise PaymentError(f"{reference}: a later attempt was planned already")
    if payment.state not in ("planned", "filed", "held", *AGAIN):
        raise PaymentError(f"{reference} is {payment.state}: its money is not here")
    return payment


def _told(payment: Payment, said: Mapping[str, Any], on: date) -> dict[str, Any]:
    record = record_of(payment, said)
    good, lacking = may_deposit(record, on)
    ground = GROUNDS.get(record.ground)
    return {
        "payment": payment.reference,
        "asset": payment.asset,
        "still_claimed": str(record.still_claimed),
        "may_be_deposited": good,
        "lacking": [t.as_json() for t in lacking],
        "ground": ground.as_json() if ground else None,
        "confidence": GROUNDS_CONFIDENCE,
        "deposit_jpy": None if record.deposit is None else str(record.deposit),
    }


def look(store: Payments, reference: str, on: date) -> dict[str, Any]:
    """What is on record of an unclaimed payment on a day, and what is lacking; signs nothing."""
    payment = store.payment(reference)
    return _told(payment, _newest(store, payment).content, on)


def _newest(store: Payments, payment: Payment) -> Act:
    view = store.view()
    good = [a for a in store.acts("unclaimed", payment.key) if signed_well(view, a)]
    if not good:
        raise PaymentError(f"{payment.reference}: nothing is on record; `pay unclaimed record`")
    return good[-1]


# -- ready and deposited -------------------------------------------------------------------------


def ready_unclaimed(
    store: Payments, reference: str, basis: bytes, key: Key, now: Now = utc_now
) -> Two:
    """Sign that a payment is unclaimed on a legal basis; by a second person it is.

    `basis` is the document of that basis, of which the digest is signed: an order, an opinion, the
    deposit office's answer.

    Raises:
        PaymentError: something is lacking, or the payment cannot be moved.
    """
    if not basis:
        raise PaymentError("the document of the legal basis is empty")
    with acting(store, key, now) as signer:
        payment, record = _complete(store, reference, signer.at.date())
        if payment.code == "unclaimed":
            raise PaymentError(f"{reference} is unclaimed already")
        digest = hashlib.sha256(basis).hexdigest()
        content = {"record": record.seq, "basis": digest, "payment": reference}
        signed = signer.two("unclaimed_ready", payment.key, content)
        if signed.done:
            if payment.state in AGAIN:
                payment = another_attempt(store, payment)
            why = Hold("unclaimed", "contact desk", (signer.at + REVIEW).date())
            move = Event("hold", why.code)
            store.move(outside(store, payment.reference), move, f"basis {digest}", hold=why)
    return signed


def _complete(store: Payments, reference: str, on: date) -> tuple[Payment, Act]:
    payment = _here(store, reference)
    record = _newest(store, payment)
    good, lacking = may_deposit(record_of(payment, record.content), on)
    if not good:
        raise PaymentError(f"{reference}: " + "; ".join(t.en for t in lacking))
    return payment, record


def deposit_unclaimed(
    store: Payments, reference: str, deposit: Deposit, key: Key, now: Now = utc_now
) -> Two:
    """Sign that an unclaimed amount was deposited; by a second person it is. The claim stays.

    Raises:
        PaymentError: it is not unclaimed, was deposited, or the sum is not the record's.
    """
    check_text("detail", deposit.number)
    with acting(store, key, now) as signer:
        payment, record = _complete(store, reference, signer.at.date())
        found = record_of(payment, record.content)
        if payment.code != "unclaimed":
            raise PaymentError(f"{reference} is not unclaimed; `pay unclaimed ready` comes first")
        if agreed(store, "deposit", payment.key):
            raise PaymentError(f"{reference} is deposited already")
        if deposit.amount != found.deposit or deposit.on > signer.at.date():
            raise PaymentError(
                f"{reference}: {found.deposit} yen are to be deposited, by today; costs are not "
                f"taken off. Given: {deposit.amount} on {deposit.on}"
            )
        about = {"programme": payment.programme, "asset": payment.asset}
        sums = {"units": str(payment.amount), "deposit_jpy": str(deposit.amount)}
        taken = {"office": found.office, "number": deposit.number, "on": deposit.on.isoformat()}
        content = {"record": record.seq, "payment": reference, **about, **sums, **taken}
        signed = signer.two("deposit", payment.key, content)
        if signed.done:
            why = Hold("unclaimed", payment.owner, date.fromisoformat(payment.review))
            detail = f"deposited: {found.office} {deposit.number}"
            store.move(payment, Event("hold", why.code), detail, hold=why)
    return signed

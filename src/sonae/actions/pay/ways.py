"""The ways to pay by their settings file, and what each does beside paying exactly once.

A settings file says `rail = "…"`; without it, it is a bank's by Zengin.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sonae.actions.fund.session import Now, utc_now
from sonae.actions.pay.fund import SENT
from sonae.actions.pay.mailbox import Mailbox
from sonae.actions.pay.way import Way, read_settings
from sonae.actions.pay.way_bank import Pain001, Zengin, read_bank
from sonae.actions.pay.way_chain import Chain
from sonae.actions.pay.way_house import Credits, Successor
from sonae.claims.hold import Hold
from sonae.claims.payment import Event
from sonae.core.errors import InputError, Problem, UsageError
from sonae.core.text import Text
from sonae.store.payments import Payments
from sonae.store.payout_rows import PayoutFile

KINDS = ("zengin", "pain001", "credit", "chain", "successor")
REVIEW = timedelta(days=7)
"""When a payment that costs more than it pays is looked at again: a house rule."""


def read_way(file: Path, now: Now = utc_now) -> Way:
    """The way that a settings file describes.

    Raises:
        InputError: everything that is missing or unusable.
    """
    raw = read_settings(file)
    kind = raw.pop("rail", KINDS[0])
    if kind == "zengin":
        return Zengin(read_bank(raw, file))
    if kind == "pain001":
        return Pain001(raw, file, now)
    if kind == "credit":
        return Credits(raw, file)
    if kind == "chain":
        return Chain(raw, file)
    if kind == "successor":
        return Successor(raw, file)
    known = ", ".join(KINDS)
    text = Text(f"使える値: {known}", f"one of {known}")
    raise InputError([Problem("bad-setting", "rail", text, file.name, key="rail")])


def hold_waiting(
    store: Payments,
    programme: str,
    asset: str,
    rail: Mailbox,
    by: str = "operator",
    now: Now = utc_now,
) -> dict[str, Text]:
    """Hold what is planned and would cost more than it pays; by reference, why.

    People lift the hold when fees fall, or cancel it here and pay it another way.

    Raises:
        InputError: something planned must not be paid at all this way; nothing is held.
    """
    at = now()
    with store.transaction(at, by):
        planned = store.in_state(programme, asset, "planned")
        waits = rail.way.waits([p.line for p in planned])
        why = Hold("fee", "payout desk", at.date() + REVIEW)
        for payment in planned:
            if payment.reference in waits:
                store.move(payment, Event("hold", why.code), waits[payment.reference].en, hold=why)
    return dict(waits)


def told(store: Payments, file: PayoutFile, rail: Mailbox) -> dict[str, Any]:
    """What whoever makes a file is told of it beside its bytes."""
    known = "" if rail.way.as_of is None else rail.way.as_of.isoformat()
    under_way = [f for f in store.files() if f.rail == rail.name and f.state in SENT]
    before = sum(f.total for f in under_way if f.name != file.name and f.designated > known)
    lines = [p.line for p in store.of_file(file.name)]
    return rail.way.told(lines, date.fromisoformat(file.designated), before)


def travel(store: Payments, name: str, rail: Path) -> list[dict[str, str]]:
    """Travel-rule data of a file on a chain: the same people's names as its maker checked."""
    way, file = read_way(rail), store.file(name)
    if not isinstance(way, Chain) or way.name != file.rail:
        raise UsageError(f"{name} is for {file.rail}, not for {way.name}")
    return way.travel([p.line for p in store.of_file(name)])

"""The verbs before release: open a programme, plan what each person is paid, make a payout file.

Each may be repeated: what was done already stays as it is, and what would be something else than
was done is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

from sonae.actions.fund.session import Now, utc_now
from sonae.actions.pay.account import cooling, cooling_off, newest_account
from sonae.actions.pay.hold import withdraw
from sonae.claims.dispute import RAISES
from sonae.claims.entitle import GOODWILL
from sonae.claims.hold import Hold
from sonae.claims.payment import (
    Claim,
    Event,
    PaymentError,
    check_amount,
    next_attempt,
    reference,
)
from sonae.claims.rail import Rail
from sonae.fund.entry import instant
from sonae.store.payments import Payments, check_text
from sonae.store.payout_rows import FIRST, Payment, PayoutFile, Programme

WAITS = ("answered", "settled")
"""What must have become of a pilot's payments: none unknown, or each settled or returned."""


class Row(NamedTuple):
    """What a person is to be paid: amount in smallest units, and the account it goes to."""

    person: str
    asset: str
    tranche: int
    amount: int
    account: str


class Planned(NamedTuple):
    """How many payments a plan added, and how many were there already."""

    added: int
    known: int


class Part(NamedTuple):
    """What payments are of: a frozen list of an incident (by its digest), and which part of it."""

    list: str
    part: str
    incident: str

    def __str__(self) -> str:
        return " ".join(self)

    def excludes(self, other: Part, *, same_tranche: bool) -> bool:
        """Whether what is paid of one is not also paid of the other.

        The same part of the same list is paid once, whatever the programme and tranche; of two
        lists of one incident only one, but for goodwill beside the loss, and for what a later
        tranche adds.
        """
        if self.incident != other.incident or (self.part == GOODWILL) != (other.part == GOODWILL):
            return False
        return self.part == other.part if self.list == other.list else same_tranche


_OTHER = "another account, no change is recorded (pay account change)"


class PlanDiffers(PaymentError):
    """Rows say something else than was planned; `differences` lists all of them."""

    def __init__(self, differences: Sequence[str]) -> None:
        self.differences = tuple(differences)
        super().__init__(f"{len(differences)} row(s) differ: {'; '.join(differences)}")


def open_programme(
    store: Payments,
    id: str,
    *,
    pilot: int = 0,
    pilot_wait: str = "answered",
    return_days: int = 3,
    by: str = "operator",
    now: Now = utc_now,
) -> Programme:
    """Open a programme, or find the same one open.

    Args:
        store: Where payments are kept.
        id: Its name, the beginning of its files' names.
        pilot: The first file has at most so many payments; 0 asks for no pilot.
        pilot_wait: What must have become of the pilot before others follow, one of WAITS.
        return_days: Business days after the designated day in which money may come back.
        by: Who opens it.
        now: The clock.
    """
    check_text("id", id)
    if pilot < 0 or return_days < 0 or pilot_wait not in WAITS:
        raise PaymentError(f"a pilot and days from 0 on, and a wait that is one of {WAITS}")
    at = now()
    with store.transaction(at, by):
        made = Programme(id, instant(at), pilot, pilot_wait, return_days)
        if not store.has_programme(id):
            store.add_programme(made)
        elif (there := store.programme(id))[2:] != made[2:]:
            raise PaymentError(f"programme {id} is open with other settings: {there}")
    return store.programme(id)


# -- planning ------------------------------------------------------------------------------------


def plan(
    store: Payments,
    programme: str,
    rows: Sequence[Row],
    by: str = "operator",
    now: Now = utc_now,
    holds: Mapping[str, Hold] | None = None,
    of: Part | None = None,
) -> Planned:
    """Plan a first payment for each row; the same rows again change nothing.

    `holds` by person: their payments are held from the first moment, in the same transaction. A
    person who is paid already is paid to the same account, unless a change of it was recorded; to
    the new one once that was confirmed. `of` is the list that the rows are of: what another
    programme or tranche pays of it is not planned a second time.

    Raises:
        PlanDiffers: an amount or account is not the one planned before, or it is planned in
            another programme and not cancelled there; nothing is planned.
        PaymentError: a row has no meaning; nothing is planned.
    """
    with store.transaction(now(), by):
        store.programme(programme)
        there = {p.key: p for p in store.payments(programme)}
        changed = {change.person for change in store.changes()}
        accounts: dict[tuple[str, str], set[str]] = {}
        for payment in there.values():
            accounts.setdefault((payment.person, payment.asset), set()).add(payment.account)
        fresh: dict[str, Payment] = {}
        differences, known = [], 0
        for row in rows:
            made = first_attempt(programme, row)
            if row.tranche >= RAISES:
                raise PaymentError(f"{_name(row)}: tranches from {RAISES} on are of disputes")
            if made.key in fresh:
                differences.append(f"{_name(row)}: given twice")
            elif (old := there.get(made.key)) is None:
                theirs = accounts.get((row.person, row.asset), {row.account})
                if row.account in theirs:
                    fresh[made.key] = made
                elif row.person in changed:
                    fresh[made.key] = made._replace(account=min(theirs))
                else:
                    differences.append(f"{_name(row)}: {_OTHER}")
            elif old.amount != row.amount:
                differences.append(f"{_name(row)}: {old.amount} planned, {row.amount} given")
            elif old.account != row.account and row.person not in changed:
                differences.append(f"{_name(row)}: {_OTHER}")
            else:
                known += 1
        if of is not None:
            differences += planned_elsewhere(store, list(fresh.values()), of)
        if differences:
            raise PlanDiffers(differences)
        new, said = fresh.values(), "" if of is None else str(of)
        store.add_payments([_to_newest(store, p) if p.person in changed else p for p in new], said)
        for payment in new:
            if (why := (holds or {}).get(payment.person)) is not None:
                store.move(store.payment(payment.reference), Event("hold", why.code), hold=why)
    return Planned(len(fresh), known)


def planned_elsewhere(store: Payments, payments: Sequence[Payment], of: Part) -> list[str]:
    """Which of them another programme or tranche pays of the same incident, in words."""
    wanted: dict[str, list[Payment]] = {}
    for payment in payments:
        wanted.setdefault(payment.person, []).append(payment)
    found = []
    for programme, tranche, said in store.lists():
        there = Part(*said.split(" ", 2))
        if there.incident != of.incident:
            continue
        last = {p.key: p for p in store.payments(programme) if p.tranche == tranche}
        for old in last.values():
            for new in wanted.get(old.person, ()):
                other = (old.programme, old.tranche) != (new.programme, new.tranche)
                same = there.list != of.list or old.asset == new.asset
                excluded = of.excludes(there, same_tranche=old.tranche == new.tranche)
                if other and same and excluded and old.state != "cancelled":
                    where = f"{old.asset} in {programme} tranche {tranche}, {old.state}"
                    found.append(f"{_name(new)}: planned already ({where}); cancel it there first")
    return found


def _name(row: Row | Payment) -> str:
    return f"{row.person} {row.asset} tranche {row.tranche}"


def first_attempt(programme: str, row: Row) -> Payment:
    """The first payment of a row; a PaymentError where the row has no meaning."""
    for column in ("person", "asset", "account"):
        check_text(column, getattr(row, column))
    if type(row.tranche) is not int or not 0 <= row.tranche < 2**31:
        raise PaymentError(f"{_name(row)}: a tranche is a whole number from 0 on")
    check_amount(row.amount, _name(row))
    key = Claim(programme, row.person, row.asset, row.tranche).key
    about = (programme, row.person, row.asset, row.tranche)
    return Payment(reference(key, 1), key, *about, 1, row.amount, row.account, "planned")


def _to_newest(store: Payments, payment: Payment) -> Payment:
    """With the account that its person named last, where that was confirmed."""
    account = newest_account(store, payment.person)
    return payment._replace(account=account) if account else payment


def plan_again(
    store: Payments, references: Sequence[str], by: str = "operator", now: Now = utc_now
) -> list[str]:
    """Plan another attempt at claims whose last one is back or cancelled; their new references.

    Raises:
        PaymentError: one of them is not the last attempt or may still have paid; none is planned.
    """
    with store.transaction(now(), by):
        made = [another_attempt(store, store.payment(name)) for name in references]
    return [payment.reference for payment in made]


def another_attempt(store: Payments, old: Payment) -> Payment:
    """Plan another attempt at a claim, inside a transaction.

    Raises:
        PaymentError: the one given is not the last, or may still have paid.
    """
    if store.attempts(old.key)[-1] != old:
        raise PaymentError(f"{old.reference}: a later attempt was planned already")
    attempt = next_attempt(old.stands, old.attempt)
    _, _, said = store.history(reference(old.key, 1))[0].detail.partition(FIRST)
    of = Part(*said.split(" ", 2)) if said and old.state == "cancelled" else None
    if of is not None and (elsewhere := planned_elsewhere(store, [old], of)):
        raise PaymentError(elsewhere[0])
    about = (old.key, *old.claim, attempt, old.amount, old.account, "planned")
    made = _to_newest(store, Payment(reference(old.key, attempt), *about))
    store.add_payments([made])
    return made


# -- files -----------------------------------------------------------------------------------------


def make_file(
    store: Payments,
    programme: str,
    asset: str,
    rail: Rail,
    designated: date,
    *,
    references: Sequence[str] | None = None,
    limit: int = 500,
    by: str = "operator",
    now: Now = utc_now,
) -> PayoutFile | None:
    """A payout file of planned payments, its bytes kept with their SHA-256; None without any.

    Args:
        store: Where payments are kept.
        programme: The programme they are of.
        asset: The asset that is paid; a file has one.
        rail: Writes the bytes.
        designated: The day on which the rail is to pay.
        references: Which payments; all planned ones where not given.
        limit: At most so many lines; the others stay planned.
        by: Who makes it.
        now: The clock.
    """
    at = now()
    with store.transaction(at, by):
        store.programme(programme)
        picked = _ready(store, programme, asset, references, at, limit)
        if not picked:
            return None
        name = f"{programme}-{len(store.files(programme)) + 1:06d}"
        content = rail.render([p.line for p in picked], designated)
        file = PayoutFile(
            name=name,
            programme=programme,
            asset=asset,
            rail=check_text("rail", rail.name),
            designated=designated.isoformat(),
            sha256=hashlib.sha256(content).hexdigest(),
            content=content,
            items=len(picked),
            total=sum(p.amount for p in picked),
            made=instant(at),
        )
        store.add_file(file)
        for payment in picked:
            store.move(payment, Event("file"), file=name)
    return file


def _ready(
    store: Payments,
    programme: str,
    asset: str,
    references: Sequence[str] | None,
    at: datetime,
    limit: int,
) -> list[Payment]:
    """Planned payments to accounts that are not cooling off; those that are, are held."""
    waits = cooling(store, at)
    while True:
        picked = _planned(store, programme, asset, references, limit)
        waiting = [p for p in picked if p.person in waits]
        for payment in waiting:
            why = cooling_off(store, payment.person, at)
            assert why is not None
            store.move(payment, Event("hold", why.code), hold=why)
        if references is not None or not waiting:
            return [p for p in picked if p.person not in waits]


def _planned(
    store: Payments, programme: str, asset: str, references: Sequence[str] | None, limit: int
) -> list[Payment]:
    if references is None:
        return store.in_state(programme, asset, "planned", limit)
    found = [store.payment(reference) for reference in dict.fromkeys(references)]
    about = (programme, asset, "planned")
    if odd := [p.reference for p in found if (p.programme, p.asset, p.state) != about]:
        raise PaymentError(f"not planned in {programme} {asset}: {', '.join(odd)}")
    return found[:limit]


def withdraw_file(store: Payments, name: str, by: str = "operator", now: Now = utc_now) -> None:
    """Take back a file that is not released, as a checker who does not sign it asks."""
    with store.transaction(now(), by):
        file = store.file(name)
        if file.state != "made":
            raise PaymentError(f"{name} is {file.state}; only a file that waits is withdrawn")
        withdraw(store, file)

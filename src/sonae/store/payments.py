"""Payments in a store: every change of a state is written with its event in one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy.exc import DBAPIError

from sonae.claims.counters import Cell, Counters, count, staged
from sonae.claims.dispute import KINDS, Dispute, Said, fold
from sonae.claims.hold import Hold
from sonae.claims.payment import Event, PaymentError, State, next_state
from sonae.fund.entry import instant
from sonae.store import payout_rows as rows
from sonae.store.database import StoreError, open_store
from sonae.store.ledger import UnknownOutcome
from sonae.store.payout_rows import (
    Act,
    Approval,
    Change,
    History,
    Payment,
    PayoutFile,
    Programme,
)
from sonae.store.prepared import DriverConnection, Prepared
from sonae.store.view import StoreView

NOT_KEPT = "is not recorded"


class Payments:
    """The payments of a store over one connection. Use it as a context manager.

    Writing happens inside `transaction`, which holds the lock of all payments.
    """

    def __init__(self, place: str, *, create: bool = False) -> None:
        self.place = place
        self.engine = open_store(place, create=create)
        self._open()
        self._at, self._by, self._deep = "", "", False
        self._places: dict[str, int] = {}

    def _open(self) -> None:
        self._pooled = self.engine.raw_connection()
        self.connection = DriverConnection(self._pooled.dbapi_connection, self.engine.dialect)

    def __enter__(self) -> Payments:
        return self

    def __exit__(self, *_: object) -> None:
        self._pooled.close()
        self.engine.dispose()

    @contextmanager
    def transaction(self, at: datetime, by: str) -> Iterator[None]:
        """One write at an instant by someone; all of it is durable at its end, or nothing is.

        Raises:
            StoreError: the store could not keep it; nothing is recorded.
            UnknownOutcome: the store was lost; it may or may not be recorded.
        """
        self._at, self._by, self._places = instant(at), check_text("by_id", by), {}
        with self._words(), self.connection.transaction("payment_event"):
            yield

    @contextmanager
    def _words(self) -> Iterator[None]:
        """Errors of the driver in words; a connection that was lost is opened again."""
        if self._deep:
            yield
            return
        self._deep = True
        try:
            yield
        except self.connection.errors as error:
            if self.connection.lost(error):
                self._again(error)
            raise StoreError(f"{self.place}: {error}") from error
        finally:
            self._deep = False

    def _again(self, error: Exception) -> None:
        self._pooled.invalidate()
        try:
            self._open()
        except (DBAPIError, self.connection.errors) as lost:
            raise UnknownOutcome(f"{self.place}: {lost}") from lost
        raise UnknownOutcome(f"{self.place}: {error}; look whether it was recorded") from error

    # -- reading -------------------------------------------------------------------------------

    def view(self) -> StoreView:
        """The fund of the same store as it stands: its people and what befell the firm."""
        view = StoreView(self.connection)
        with self._words():
            view.look()
        return view

    def _rows(self, statement: Prepared, values: Mapping[str, Any]) -> list[Sequence[Any]]:
        with self._words():
            return statement.rows(self.connection, values)

    def programme(self, id: str) -> Programme:
        """A programme; a PaymentError where there is none of that name."""
        found = self._rows(rows.PROGRAMME_OF, {"x": id})
        if not found:
            raise PaymentError(f"programme {id} {NOT_KEPT}; open it first")
        return Programme(*found[0])

    def has_programme(self, id: str) -> bool:
        """Whether a programme of that name is open."""
        return bool(self._rows(rows.PROGRAMME_OF, {"x": id}))

    def payment(self, reference: str) -> Payment:
        """A payment; a PaymentError where there is none with that reference."""
        found = self._payments(rows.BY_REFERENCE, x=reference)
        if not found:
            raise PaymentError(f"payment {reference} {NOT_KEPT}")
        return found[0]

    def has_payment(self, reference: str) -> bool:
        """Whether a payment has that reference."""
        return bool(self._payments(rows.BY_REFERENCE, x=reference))

    def attempts(self, key: str) -> list[Payment]:
        """Every attempt at a claim, oldest first."""
        return self._payments(rows.BY_KEY, x=key)

    def payments(self, programme: str) -> list[Payment]:
        """Every attempt at every claim of a programme, by claim, oldest attempt first."""
        return self._payments(rows.OF_PROGRAMME, x=programme)

    def in_state(self, programme: str, asset: str, state: str, most: int = 2**31) -> list[Payment]:
        """Payments of one asset in a state, in a fixed order, at most so many."""
        return self._payments(rows.IN_STATE, x=programme, a=asset, s=state, most=most)

    def of_file(self, name: str) -> list[Payment]:
        """The payments of a file, in the order of its lines."""
        return self._payments(rows.BY_FILE, x=name)

    def of_person(self, person: str) -> list[Payment]:
        """Every payment to a person."""
        return self._payments(rows.BY_PERSON, x=person)

    def held(self, code: str) -> list[Payment]:
        """Payments that a hold of this code keeps."""
        return self._payments(rows.HELD, x=code)

    def _payments(self, statement: Prepared, **values: str | int) -> list[Payment]:
        return [Payment(*row) for row in self._rows(statement, values)]

    def history(self, reference: str) -> list[History]:
        """What happened to a payment, oldest first."""
        found = self._rows(rows.EVENTS_OF, {"x": reference})
        return [History(*row) for row in found]

    def file(self, name: str) -> PayoutFile:
        """A payout file; a PaymentError where there is none of that name."""
        found = self._rows(rows.FILE, {"x": name})
        if not found:
            raise PaymentError(f"file {name} {NOT_KEPT}")
        return PayoutFile(*found[0])

    def files(self, programme: str | None = None) -> list[PayoutFile]:
        """Files in the order in which they were made: all, or a programme's."""
        if programme is None:
            return [PayoutFile(*row) for row in self._rows(rows.FILES, {})]
        found = self._rows(rows.FILES_OF, {"x": programme})
        return [PayoutFile(*row) for row in found]

    def approvals(self, file: str) -> list[Approval]:
        """What people signed of a file."""
        return [Approval(*row) for row in self._rows(rows.APPROVALS, {"x": file})]

    def acts(self, kind: str | None = None, subject: str | None = None) -> list[Act]:
        """What people signed, oldest first: all of it, of a kind, or of a kind about a subject."""
        statement, values = rows.ALL_ACTS, {}
        if kind is not None:
            statement, values = rows.ACTS_OF_KIND, {"x": kind}
        if subject is not None:
            statement, values = rows.ACTS, {"kind": str(kind), "x": subject}
        return [Act(*row) for row in self._rows(statement, values)]

    def disputes(self) -> list[Dispute]:
        """Disputes as their signed acts make them, oldest first."""
        acts = [a for kind in KINDS for a in self.acts(kind)]
        return fold([Said(a.seq, a.by_id, a.kind, a.about, a.content) for a in acts])

    def changes(self, person: str | None = None) -> list[Change]:
        """Changes of account, oldest first: everybody's, or a person's."""
        if person is None:
            return [Change(*row) for row in self._rows(rows.ALL_CHANGES, {})]
        return [Change(*row) for row in self._rows(rows.CHANGES, {"x": person})]

    def counters(self, programme: str) -> dict[str, Counters]:
        """Where everything owed stands, by asset; a PaymentError where it does not add up.

        What an open dispute is reserved at is owed, and disputed, until it is decided.
        """
        return count(*self._stands(programme))

    def stages(self, programme: str) -> tuple[dict[str, Counters], dict[str, dict[str, Cell]]]:
        """The counters, and the same by stage; a PaymentError where they do not add up."""
        owed, last = self._stands(programme)
        counters = count(owed, last)
        return counters, staged(counters, last)

    def _stands(self, programme: str) -> tuple[list[tuple[str, int]], list[tuple[str, State, int]]]:
        """Everything owed, and where the last attempt at each claim stands."""
        every = self.payments(programme)
        last = {p.key: p for p in every}
        held = State("held", "dispute")
        open_ = [d for d in self.disputes() if d.claim.programme == programme and d.open]
        owed = [(p.asset, p.amount) for p in every if p.attempt == 1]
        stands = [(p.asset, p.stands, p.amount) for p in last.values()]
        reserved = [(d.claim.asset, d.estimate) for d in open_]
        return owed + reserved, stands + [(asset, held, units) for asset, units in reserved]

    def lists(self) -> list[tuple[str, int, str]]:
        """Programmes and tranches with what was said of the lists that they were planned from."""
        found = self._rows(rows.PLANNED_OF, {})
        return [(p, int(t), d.removeprefix(rows.FIRST)) for p, t, d in found]

    def everything(self) -> tuple[Iterator[History], list[Payment]]:
        """Every event and every payment of the store, in order."""
        events = (History(*row) for row in self._rows(rows.ALL_EVENTS, {}))
        return events, self._payments(rows.ALL_PAYMENTS)

    # -- writing, inside a transaction -----------------------------------------------------------

    def add_programme(self, programme: Programme) -> None:
        """Open a programme."""
        self._add("programme", programme._asdict())

    def add_payments(self, payments: Sequence[Payment], of: str = "") -> None:
        """New attempts, planned, each with its event; `of` says what part of which list they are.

        What is said of a first attempt is found again by `lists`.
        """
        rows.ADD["payment"].run(self.connection, *(p._asdict() for p in payments))
        for payment in payments:
            said = f" {of}" if of else ""
            self._event(payment, "plan", f"attempt {payment.attempt}{said}")

    def move(
        self,
        payment: Payment,
        event: Event,
        detail: str = "",
        *,
        hold: Hold | None = None,
        file: str | None = None,
    ) -> Payment:
        """Change a payment's state by an event, or raise a PaymentError and change nothing."""
        state = next_state(payment.stands, event)
        owner, review = (hold.owner, hold.review.isoformat()) if hold else ("", "")
        moved = payment._replace(state=state.name, code=state.code, owner=owner, review=review)
        if file is not None:
            moved = moved._replace(file=file)
        rows.MOVE.run(self.connection, rows.moved(moved))
        self._event(moved, event.name, detail)
        return moved

    def redirect(self, payment: Payment, account: str) -> Payment:
        """Pay to another account; the state stays."""
        moved = payment._replace(account=account)
        rows.MOVE.run(self.connection, rows.moved(moved))
        self._event(moved, "account")
        return moved

    def _event(self, payment: Payment, event: str, detail: str = "") -> None:
        values = {"reference": payment.reference, "event": event, "code": payment.code}
        about = {"state": payment.state, "by_id": self._by, "detail": detail[:256]}
        self._add("payment_event", {"at": self._at, **values, **about})

    def add_file(self, file: PayoutFile) -> None:
        """Keep a payout file with its bytes."""
        self._add("payout_file", file._asdict())

    def move_file(self, file: PayoutFile) -> None:
        """Keep a file's state, instant of sending and receipt."""
        values = {"to_state": file.state, "to_sent": file.sent, "to_receipt": file.receipt}
        rows.MOVE_FILE.run(self.connection, {"x": file.name, **values})

    def add_approval(self, file: str, role: str, person: str, body: str, signature: str) -> None:
        """Keep what a person signed of a file."""
        who = {"file": file, "role": role, "person": person, "at": self._at}
        self._add("approval", {**who, "body": body, "signature": signature})

    def add_act(self, kind: str, subject: str, about: int, body: str, signature: str) -> int:
        """Keep what a person signed; its place."""
        check_text("subject", subject)
        said = {"kind": kind, "subject": subject, "about": about}
        who = {"at": self._at, "by_id": self._by}
        self._add("payout_act", {**who, **said, "body": body, "signature": signature})
        return self._places["payout_act"]

    def add_change(self, person: str, account: str, until: str) -> None:
        """Keep a change of account."""
        about = {"until": until, "person": person, "account": account, "by_id": self._by}
        self._add("account_change", {"at": self._at, **about})

    def _add(self, table: str, values: dict[str, Any]) -> None:
        if table in rows.LAST:
            if table not in self._places:
                last = rows.LAST[table].first(self.connection, {})
                self._places[table] = (last[0] if last else None) or 0
            self._places[table] += 1
            values = {"seq": self._places[table], **values}
        rows.ADD[table].run(self.connection, values)


def check_text(column: str, value: str) -> str:
    """A text that its column holds on every engine, else a PaymentError."""
    if not value.strip() or len(value) > rows.MOST[column] or "\0" in value:
        raise PaymentError(
            f"{column} has 1 to {rows.MOST[column]} characters and no NUL, not {value[:80]!r}"
        )
    return value

"""What the payments say beside their events: each is made again by the same rules and compared."""

from __future__ import annotations

from sonae.claims.payment import PLANNED, Event, PaymentError, State, next_state
from sonae.store.payments import Payments
from sonae.store.payout_rows import History


def payment_faults(store: Payments) -> list[str]:
    """Payments whose state is not what their events make of them; none where all is good."""
    made: dict[str, State] = {}
    found = []
    events, payments = store.everything()
    for event in events:
        try:
            made[event.reference] = _replayed(made.get(event.reference), event)
        except PaymentError as error:
            found.append(f"{event.reference}: event {event.seq}: {error}")
    for payment in payments:
        true = made.pop(payment.reference, None)
        if true != payment.stands:
            found.append(f"{payment.reference}: {payment.stands}, its events say {true}")
    return found + [f"{reference}: events without a payment" for reference in made]


def _replayed(before: State | None, event: History) -> State:
    after = State(event.state, event.code)
    true = before
    if event.event == "plan":
        true = PLANNED if before is None else None
    elif event.event != "account":
        true = next_state(before or State("none"), Event(event.event, event.code))
    if true != after:
        raise PaymentError(f"{event.event} made {after}, not {true}")
    return after

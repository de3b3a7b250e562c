"""Policies to start from: a crime policy that passes every gate, then change one term."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any

from sonae.policy.programme import Answer, Event, Part, evaluate
from sonae.policy.terms import Policy, read_policies

M = 10**6
ON = date(2026, 4, 1)
ITEM: Mapping[str, Any] = {
    "policy_id": "P1",
    "insurer": "Test Insurance",
    "insurer_licence": "L1",
    "form": "crime",
    "insurance_kind": "liability",
    "currency": "USD",
    "beneficiary": "customers",
    "pledge": "none",
    "limit_per_event": 30 * M,
    "annual_aggregate": 30 * M,
    "retention": M,
    "co_insurance": 0,
    "claims_paid": 0,
    "period_start": ON,
    "period_end": date(2027, 3, 31),
    "terminates_on": [],
    "sublimits": [{"tier": "hot", "amount": 10 * M}],
    "admission": "licensed",
    "ratings": [{"known_on": date(2026, 1, 1), "rating": "A"}],
    "cancellation_notice_days": 90,
}


def policies(*changes: Mapping[str, Any]) -> tuple[Policy, ...]:
    """One policy for each change; a term of None is left out."""
    items = [{k: v for k, v in {**ITEM, **c}.items() if v is not None} for c in changes]
    return read_policies({"policy": items})


def hit(
    programme: tuple[Policy, ...],
    *parts: Part,
    rate: int = 1,
    on: date = ON,
    learned: date | None = None,
    **more: Any,
) -> Answer:
    """One event on a day against a programme in dollars."""
    at, known = (datetime(d.year, d.month, d.day, 12, tzinfo=UTC) for d in (on, learned or on))
    return evaluate(programme, Event(at, known, parts, **more), {"USD": Fraction(rate)})


def lost(
    amount: int | Fraction, peril: str = "external_hack", tier: str = "hot", **more: Any
) -> Part:
    """A part of a loss in whole units."""
    return Part(Fraction(amount), peril, tier, **more)


def reasons(answer: Answer) -> dict[str, Fraction]:
    """Every amount that is not paid in a programme of one tower, by reason."""
    [tower] = answer.towers
    found = [*tower.outside, *(line for layer in tower.layers for line in layer.unpaid)]
    return {line.code: line.amount for line in found}

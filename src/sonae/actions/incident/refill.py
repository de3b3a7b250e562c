"""A refill against its clock: what came by when, by what proof, and what the rest costs today."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

from sonae.actions.incident.clocks import cure_due
from sonae.claims.incident import Incident
from sonae.claims.refill import Funding, Refill, Test, funding, refills, reserve_test
from sonae.core.canonical import number_text
from sonae.rulebook.edition import Edition


def refill(incident: Incident, edition: Edition, on: date) -> dict[str, Any]:
    """Each asset against its clock, and the money tested in coins while the price moved."""
    due = cure_due(incident, edition, on)
    last = due.value if isinstance(due.value, date) else None
    money = sum((f.amount for f in incident.funds if f.kind != "insurance"), Fraction(0))
    until = {} if last is None else dict.fromkeys(incident.pool(), last)
    if not incident.pool():
        last = None
    return {
        "due": None if last is None else last.isoformat(),
        "confidence": due.confidence,
        "raised": number_text(
            sum((s.amount for s in incident.steps if s.kind == "raised"), Fraction(0))
        ),
        "assets": [_refilled(r, on, last) for r in refills(incident)],
        "funding": [_funded(f) for f in funding(incident, money)],
        "money": number_text(money),
        "tests": [_tested(t) for t in reserve_test(incident, money, until)],
    }


def _refilled(found: Refill, on: date, last: date | None) -> dict[str, Any]:
    whole = found.whole_on
    return {
        "asset": found.asset,
        "short": number_text(found.short),
        "bought": number_text(found.bought),
        "borrowed": number_text(found.borrowed),
        "own_coins": number_text(found.own),
        "arrived": number_text(found.arrived),
        "proven": number_text(found.proven),
        "open": number_text(found.open),
        "unsourced": number_text(found.unsourced),
        "whole_on": None if whole is None else whole.isoformat(),
        "day": None if whole is None else (whole - on).days,
        "late_days": None if None in (whole, last) else max((whole - last).days, 0),  # type: ignore[operator]
        "reconciled_on": None if found.reconciled_on is None else found.reconciled_on.isoformat(),
        "transactions": [
            {"transaction": s.transaction, "to": s.wallet or None, "amount": number_text(s.amount)}
            for s in found.shown
        ],
        "unproven": [s.evidence for s in found.unproven],
        "lacking": list(found.lacking),
        "closed": not found.lacking,
    }


def _tested(test: Test) -> dict[str, Any]:
    return {
        "on": test.on.isoformat(),
        "asset": test.asset,
        "missing": number_text(test.missing),
        "cost": None if test.cost is None else number_text(test.cost),
        "coins": None if test.coins is None else number_text(test.coins),
        "enough": test.enough,
    }


def _funded(found: Funding) -> dict[str, Any]:
    return {
        "asset": found.asset,
        "to_acquire": number_text(found.to_acquire),
        "price": None if found.price is None else number_text(found.price),
        "price_on": None if found.on is None else found.on.isoformat(),
        "cost": None if found.cost is None else number_text(found.cost),
        "money": number_text(found.money),
        "gap": None if found.gap is None else number_text(found.gap),
    }

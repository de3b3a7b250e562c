"""What the proofs of control in the holdings of Books are worth on the day of the Books."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from sonae.actions.close import EXAMINE
from sonae.books.engine import open_engine
from sonae.books.read import read_books


def books_status(folder: Path) -> dict[str, Any]:
    """What the proof of every holding is worth, by the limits and the day of the Books."""
    engine = open_engine()
    try:
        books = read_books(folder, engine, lambda _: None, EXAMINE)
        venue, rows = books.venue, books.table("holdings") or []
    finally:
        engine.close()
    limit, warning = venue.house.control_proof_days, venue.house.control_proof_warning_days
    return {
        "format": "sonae-wallet-status/1",
        "on": venue.on.isoformat(),
        "proofs": [_holding(row, venue.on, limit, warning) for row in rows],
        "findings": [],
    }


def _holding(row: Mapping[str, Any], on: date, limit: int, warning: int) -> dict[str, Any]:
    proved = row["control_proved_on"]
    age = (on - proved).days if proved else -1
    state = "none" if proved is None else "expiring" if age >= warning else "good"
    return {
        "holding": row["holding_id"],
        "chain": row["chain"] or "",
        "asset": row["asset"],
        "address": row["address"] or "",
        "evidence": row["evidence"] or "",
        "proved_on": proved.isoformat() if proved else None,
        "days_left": None if proved is None else limit - age,
        "state": state if proved is None or 0 <= age <= limit else "expired",
    }

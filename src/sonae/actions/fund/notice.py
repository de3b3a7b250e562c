"""The notice of a use: what was taken, on what ground, what is left, by when it is refilled."""

from __future__ import annotations

from datetime import date
from typing import Any

from sonae.core.errors import UsageError
from sonae.core.figure import Figure, text_of
from sonae.fund.plan import refill_due
from sonae.rulebook.calendars import CALENDARS
from sonae.rulebook.draft import load_draft
from sonae.rulebook.edition import Edition
from sonae.store.ledger import Ledger
from sonae.store.view import LAST_DAY

REFILL = "refill_business_days"


def use_notice(ledger: Ledger, seq: int, assume: str | None = None) -> dict[str, Any]:
    """A use in effect as plain values for a notice.

    Args:
        ledger: the reserve ledger.
        seq: the number of the proposal of the use.
        assume: the draft that fixes the days to refill; without one there is no such day.

    Raises:
        UsageError: no use with that number is in effect.
    """
    view = ledger.view
    proposal, constitution = view.proposal(seq), view.constitution()
    if proposal is None or constitution is None or proposal.act.kind != "use":
        raise UsageError(f"entry {seq} is no use")
    if view.posted(seq) is None:
        raise UsageError(f"the use {seq} is not in effect")
    act = proposal.act
    used_on = date.fromisoformat(act.on)
    decided = [e for e in ledger.entries(seq) if e["subject"] == seq and e["effect"] == "posting"]
    known = int(decided[0]["seq"])

    def after(account: str, unit: str) -> int:
        return view.balance(account, unit, LAST_DAY, known)

    left = {
        f"asset/{id}": after(f"asset/{id}", asset["unit"]) for id, asset in view.assets().items()
    }
    due = refill_due(used_on, _days(used_on, assume), CALENDARS["jp.bank"])
    return {
        "entity": constitution.entity,
        "fund": view.fund(),
        "seq": seq,
        "used_on": act.on,
        "known_at": decided[0]["at"],
        "content": act.content,
        "lines": [[a, u, str(n)] for a, u, n in act.lines],
        "scales": dict(constitution.units),
        "left": {a: str(n) for a, n in left.items()},
        "units": {f"asset/{i}": a["unit"] for i, a in view.assets().items()},
        "booked": str(-after(f"reserve/{constitution.reserve_class}", constitution.currency)),
        "assumed": assume,
        "refill": {
            "due": due.value.isoformat() if isinstance(due.value, date) else None,
            "reason": None if due.computable else text_of(due).as_json(),
            "standing": due.standing,
        },
        "head": ledger.head().text(),
    }


def _days(on: date, assume: str | None) -> Figure | None:
    if assume is None:
        return None
    edition = Edition(on, (load_draft(assume),))
    for draft in edition.drafts:
        for topic in draft.topics.values():
            if REFILL in topic.parameters:
                return edition.parameter(topic, REFILL)
    return None

"""What was recovered, run through the ranks: to whom each unit goes, and what stays open."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from sonae.claims.incident import Incident
from sonae.claims.recovery import bearers, recover
from sonae.claims.waterfall import Borne
from sonae.core.canonical import number_text
from sonae.rulebook.edition import Edition

ORDER = "claims.recovery_order"


def recovered(
    incident: Incident,
    bears: tuple[list[Borne], Fraction] | None,
    edition: Edition,
    customers: int | None,
) -> dict[str, Any]:
    """Each recovery of the file by rank, in the currency, and the gap that it leaves.

    Args:
        incident: its steps of kind "recovered", and the order that it names, if any.
        bears: who bears the loss and the gap; None where the loss has no value.
        edition: the law of the day, with the order where the file names none.
        customers: how many share the gap; None where nobody said.
    """
    default = edition.evaluate(ORDER, {})["order"]
    order = list(incident.order) or [c.strip() for c in str(default.value).split(",")]
    named = bool(incident.order)
    document: dict[str, Any] = {
        "order": order,
        "rule": None if named else f"{ORDER}#order",
        "source": incident.order_source if named else None,
        "confidence": incident.confidence if named else default.confidence,
        "customers": customers,
    }
    if bears is None:
        return {**document, "steps": [], "to": None, "excess": None, "bears": None, "gap": None}
    steps = [s for s in incident.steps if s.kind == "recovered"]
    one = Fraction(1)
    amounts = [s.amount * (one if s.price is None else s.price) for s in steps]
    first = bearers(*bears)
    shared, after = recover(amounts, first, order)
    to = {r: sum((s.to[r] for s in shared), Fraction(0)) for r in order}
    gap = after["customers"]
    return {
        **document,
        "steps": [
            {
                "on": step.on.isoformat(),
                "asset": step.asset,
                "quantity": number_text(step.amount),
                "amount": number_text(found.amount),
                "to": _texts(found.to),
                "excess": number_text(found.excess),
                "evidence": step.evidence,
            }
            for step, found in zip(steps, shared, strict=True)
        ],
        "to": _texts(to),
        "excess": number_text(sum((s.excess for s in shared), Fraction(0))),
        "bears": {
            r: {"before": number_text(first[r]), "after": number_text(after[r])} for r in order
        },
        "gap": number_text(gap),
        "gap_per_customer": None if not customers else number_text(gap / customers),
    }


def _texts(found: Mapping[str, Fraction]) -> dict[str, str]:
    return {rank: number_text(n) for rank, n in found.items()}

"""What became of everything owed of a programme: for the command line, the console, the public."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sonae.claims.counters import Cell, suppressed
from sonae.store.payments import Payments

Counted = dict[str, dict[str, Any]]


def counted(store: Payments, programme: str, smallest: int = 0) -> Counted:
    """Entitled and each bucket by asset: people, and amount in the smallest unit as text.

    With `smallest` it is fit to be published: what concerns fewer people is None.

    Raises:
        PaymentError: no such programme, or what is owed and where it stands do not add up.
    """
    counters = store.counters(store.programme(programme).id)
    if smallest:
        return {asset: _row(row) for asset, row in suppressed(counters, smallest).items()}
    return {a: _row({"entitled": c.entitled, **c.buckets}) for a, c in counters.items()}


def by_stage(store: Payments, programme: str) -> Counted:
    """Entitled and each stage by asset, which add up to it: planned, sent, unknown and so on.

    Raises:
        PaymentError: no such programme, or it does not add up.
    """
    counters, stages = store.stages(store.programme(programme).id)
    return {a: _row({"entitled": counters[a].entitled, **row}) for a, row in stages.items()}


def _row(cells: Mapping[str, Cell | None]) -> dict[str, Any]:
    return {
        name: None if cell is None else {"people": cell.people, "amount": str(cell.units)}
        for name, cell in cells.items()
    }

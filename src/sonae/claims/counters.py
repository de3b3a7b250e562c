"""What became of everything owed, to the unit, and what of it may be published.

    entitled = payable + in flight + settled + held + disputed + unclaimed      for each asset

Published figures must not tell what became of one person, not even by subtraction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from sonae.claims.payment import STATES, PaymentError, State
from sonae.core.amount import bounded

BUCKETS = ("payable", "in_flight", "settled", "held", "disputed", "unclaimed")
_OF_STATE = {
    "planned": "payable",
    "filed": "payable",
    "back": "payable",
    "cancelled": "payable",  # the attempt was, the claim stays
    "released": "in_flight",
    "accepted": "in_flight",
    "unknown": "in_flight",
    "returned": "in_flight",  # announced, and the money not yet there
    "settled": "settled",
    "held": "held",
}
_OF_HOLD = {"dispute": "disputed", "unclaimed": "unclaimed"}


def bucket(state: State) -> str:
    """Where the last attempt at a claim is counted."""
    if state.name not in STATES:
        raise PaymentError(f"no state is called {state.name!r}")
    return _OF_HOLD.get(state.code, "held") if state.name == "held" else _OF_STATE[state.name]


STAGES: Mapping[str, str] = {
    "planned": "payable",
    "sent": "in_flight",
    "unknown": "in_flight",
    "returned": "in_flight",
    "settled": "settled",
    "held": "held",
    "disputed": "disputed",
    "unclaimed": "unclaimed",
}
"""What people watch while a programme pays, and the bucket that each is a part of."""
_STAGE_OF = {"unknown": "unknown", "returned": "returned"}


def stage(state: State) -> str:
    """Where the last attempt at a claim is watched: as its bucket, in flight told apart."""
    found = bucket(state)
    if found == "in_flight":
        return _STAGE_OF.get(state.name, "sent")
    return "planned" if found == "payable" else found


class Cell(NamedTuple):
    """So many claims of so many units together."""

    people: int = 0
    units: int = 0

    def plus(self, units: int, people: int = 1) -> Cell:
        """With more of them."""
        return Cell(self.people + people, bounded(self.units + units, "a counter"))


@dataclass(frozen=True, slots=True)
class Counters:
    """One asset's counters: everything owed, and where it stands by bucket."""

    entitled: Cell
    buckets: Mapping[str, Cell]

    def checked(self, asset: str) -> Counters:
        """Itself; a PaymentError where the buckets are not all that is owed."""
        cells = self.buckets.values()
        found = Cell(sum(c.people for c in cells), sum(c.units for c in cells))
        if found != self.entitled:
            raise PaymentError(
                f"{asset}: {self.entitled.units} owed to {self.entitled.people}, but the buckets "
                f"hold {found.units} for {found.people}; nothing may be published"
            )
        return self


def count(
    entitled: Iterable[tuple[str, int]], last: Iterable[tuple[str, State, int]]
) -> dict[str, Counters]:
    """Counters by asset.

    Args:
        entitled: asset and amount of every claim, as it was first planned.
        last: asset, state and amount of the last attempt at every claim.

    Raises:
        PaymentError: something owed is in no bucket, or in two.
    """
    owed: dict[str, Cell] = {}
    held: dict[str, dict[str, Cell]] = {}
    for asset, amount in entitled:
        owed[asset] = owed.get(asset, Cell()).plus(amount)
    for asset, state, amount in last:
        row = held.setdefault(asset, dict.fromkeys(BUCKETS, Cell()))
        row[bucket(state)] = row[bucket(state)].plus(amount)
    empty = dict.fromkeys(BUCKETS, Cell())
    return {
        asset: Counters(owed.get(asset, Cell()), held.get(asset, empty)).checked(asset)
        for asset in sorted({*owed, *held})
    }


def staged(
    counters: Mapping[str, Counters], last: Iterable[tuple[str, State, int]]
) -> dict[str, dict[str, Cell]]:
    """The counters once more, by stage; a PaymentError where a stage is not a part of its bucket.

    `last` is what `count` was given.
    """
    found = {asset: dict.fromkeys(STAGES, Cell()) for asset in counters}
    for asset, state, amount in last:
        name = stage(state)
        found[asset][name] = found[asset][name].plus(amount)
    for asset, row in found.items():
        for name, cell in counters[asset].buckets.items():
            parts = [row[s] for s, of in STAGES.items() if of == name]
            if Cell(sum(p.people for p in parts), sum(p.units for p in parts)) != cell:
                raise PaymentError(f"{asset}: the stages of {name} do not add up")
    return found


Published = dict[str, Cell | None]
"""Entitled and each bucket; None where it is withheld."""


def suppressed(counters: Mapping[str, Counters], smallest: int) -> dict[str, Published]:
    """Counters fit to be published: what concerns fewer than `smallest` people is withheld.

    One withheld cell would be the total less the others. So with any small cell every cell up to
    the next one of at least `smallest` people is withheld too, all of the same size alike: the
    withheld values could change places and the page would look the same. Where no cell is large
    enough to hide behind, the total is withheld as well. A cell of nobody tells of nobody.

    It guards one page. Pages of many days, or a person who knows others' figures, can say more.
    """
    return {asset: _published(row, smallest) for asset, row in counters.items()}


def _published(row: Counters, smallest: int) -> Published:
    cells: Published = {"entitled": row.entitled, **row.buckets}
    sizes = sorted(c.people for c in row.buckets.values() if c.people)
    if not sizes or sizes[0] >= smallest:
        return cells
    cover = next((size for size in sizes if size >= smallest), None)
    if cover is None:
        return {k: c if c is not None and not c.people else None for k, c in cells.items()}
    return {
        k: None if k != "entitled" and c is not None and 0 < c.people <= cover else c
        for k, c in cells.items()
    }

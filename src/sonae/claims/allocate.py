"""Who gets what of a pool: pro rata to the unit, rounded down, the residue named."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sonae.books import exact
from sonae.core.errors import Refused


@dataclass
class Shared:
    """What became of one pool, in base units: pool = paid + residue.

    The residue is what rounding down left and what was beyond all claims. `ratio` is what each
    claimant gets of a unit claimed, at most 1: nobody gets more than they lost.
    """

    asset: str
    pool: int
    claimed: int
    paid: int = 0

    @property
    def ratio(self) -> Fraction:
        """Paid per unit claimed, before rounding."""
        if not self.claimed:
            return Fraction(0)
        return Fraction(min(self.pool, self.claimed), self.claimed)

    @property
    def residue(self) -> int:
        """What of the pool goes to no claimant."""
        return self.pool - self.paid


def share(pool: Shared, claims: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
    """Claimants and what each is paid: floor(amount x ratio), as two Arrow columns a batch.

    Args:
        pool: what there is; `paid` grows as batches are taken.
        claims: Arrow batches of claimant and amount, together what `pool.claimed` says.

    Raises:
        Refused: more was claimed than the total that the ratio rests on.
    """
    claimed, ratio = 0, pool.ratio
    for batch in claims:
        amounts = exact.limbs(batch.column("amount"))
        paid = exact.floor_of(amounts, ratio)
        claimed += exact.total(amounts)
        pool.paid += exact.total(paid)
        yield batch.column("claimant"), exact.column(paid)
    if claimed != pool.claimed:
        raise Refused(f"{pool.asset}: claims of {claimed}, not {pool.claimed}")

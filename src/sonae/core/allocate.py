"""The one allocator: pro rata, rounded down, the residue to a named account (端数)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from sonae.core.amount import floor_to
from sonae.core.errors import Refused


@dataclass(frozen=True, slots=True)
class Allocation:
    """`paid` per key, what flooring left (`residue`), and what was beyond all shares (`excess`).

    Always: pool = sum(paid) + residue + excess.
    """

    paid: dict[str, Fraction]
    residue: Fraction
    excess: Fraction


def pro_rata(
    shares: Mapping[str, Fraction], pool: Fraction, step: Fraction = Fraction(1)
) -> Allocation:
    """Pay each key min(share, pool x share / total), rounded down to `step`.

    Nobody receives more than their share; a larger pool never lowers anyone's payment (which
    largest-remainder methods cannot promise).

    >>> pro_rata({"A": Fraction(2), "B": Fraction(1)}, Fraction(2)).residue
    Fraction(1, 1)
    """
    if pool < 0 or any(share < 0 for share in shares.values()):
        raise Refused("pool and shares must not be negative")
    total = sum(shares.values(), Fraction(0))
    used = min(pool, total)
    ratio = used / total if total else Fraction(0)
    paid = {key: floor_to(share * ratio, step) for key, share in shares.items()}
    return Allocation(paid, used - sum(paid.values(), Fraction(0)), pool - used)

"""Set-off before a distribution: a customer's loan or margin debt against what they are owed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Netted:
    """What is left of one customer's claims by asset, in base units, and of the debt, in money.

    `used` is what each asset gave up; claims + used = what was owed, asset by asset.
    """

    claims: dict[str, int]
    used: dict[str, int]
    debt_left: int


def set_off(
    owed: Mapping[str, int],
    debt: int,
    per_unit: Mapping[str, Fraction],
    order: Sequence[str],
    counts: Mapping[str, Fraction] | None = None,
) -> Netted:
    """The debt against assets in the order named, at their value; an asset not named is untouched.

    Args:
        owed: claims by asset, in base units.
        debt: in base units of money, as valued on the same day.
        per_unit: money per base unit of an asset.
        order: the assets that may be set off, the first one first.
        counts: the part of an asset's value that counts, at most 1; all of it where not named.

    As many whole base units are taken as cover the debt: the last unit may be worth a little more
    than what was left, which is lost to the customer by rounding and is below one unit.

    >>> set_off({"BTC": 220}, 27, {"BTC": Fraction(1, 5)}, ["BTC"]).claims
    {'BTC': 85}
    """
    used, left = dict.fromkeys(owed, 0), debt
    for asset in order:
        worth = per_unit.get(asset, Fraction(0)) * (counts or {}).get(asset, Fraction(1))
        if left <= 0 or not worth or asset not in owed:
            continue
        needed = -(-left // worth)
        used[asset] = min(owed[asset], int(needed))
        left -= int(used[asset] * worth)
        left = max(left, 0)
    return Netted({a: n - used[a] for a, n in owed.items()}, used, left)

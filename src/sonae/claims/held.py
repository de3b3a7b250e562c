"""What one person holds over all accounts and brands: the base of entitlements and of caps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sonae.claims.customer import Ref
from sonae.core.errors import Refused


@dataclass(frozen=True, slots=True)
class Held:
    """What one person holds of one asset, in base units, and which customers it comes from."""

    person: str
    asset: str
    units: int
    parts: tuple[tuple[Ref, int], ...]


def by_person(of: Mapping[Ref, str], held: Iterable[tuple[Ref, str, int]]) -> list[Held]:
    """Balances of customers added up by person: per asset, the sum before is the sum after.

    Raises:
        Refused: a balance of somebody who is nobody's customer.
    """
    found: dict[tuple[str, str], dict[Ref, int]] = {}
    for ref, asset, units in held:
        if ref not in of:
            raise Refused(f"a balance of {asset} belongs to a customer who is in no register")
        parts = found.setdefault((of[ref], asset), {})
        parts[ref] = parts.get(ref, 0) + units
    return [
        Held(person, asset, sum(parts.values()), tuple(sorted(parts.items())))
        for (person, asset), parts in sorted(found.items())
    ]

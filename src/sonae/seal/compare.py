"""Against padding and dressing: what changed between two days, whom to ask, averages over time."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from sonae.core.errors import Refused
from sonae.seal.claims import Claim
from sonae.seal.encoding import account_digest


class Change(NamedTuple):
    """An account's amount of one asset on two days; 0 where it had none."""

    account: str
    asset: int
    before: int
    after: int


@dataclass(frozen=True)
class Difference:
    """One asset between two seals, in accounts and units.

    `first_seen` are accounts that had no claim of any asset before; `jumps` those whose amount
    grew to at least `times` what it was; `largest` the changes upward by size, largest first.
    """

    asset: int
    accounts: tuple[int, int]
    totals: tuple[int, int]
    first_seen: tuple[int, int]
    gone: tuple[int, int]
    jumps: tuple[int, int]
    largest: tuple[Change, ...]


def difference(
    before: Iterable[Claim], after: Iterable[Claim], times: int = 10, most: int = 20
) -> list[Difference]:
    """What changed, asset by asset: padding shows as accounts first seen and as jumps."""
    old, new = _amounts(before), _amounts(after)
    known = {account for amounts in old.values() for account in amounts}
    return [
        _difference(asset, old.get(asset, {}), new.get(asset, {}), known, times, most)
        for asset in sorted(old.keys() | new.keys())
    ]


def _amounts(claims: Iterable[Claim]) -> dict[int, dict[str, int]]:
    found: dict[int, dict[str, int]] = {}
    for claim in claims:
        found.setdefault(claim.asset, {})[claim.account] = claim.amount
    return found


def _difference(
    asset: int,
    old: Mapping[str, int],
    new: Mapping[str, int],
    known: set[str],
    times: int,
    most: int,
) -> Difference:
    first = [n for account, n in new.items() if account not in known]
    gone = [n for account, n in old.items() if account not in new]
    jumps = [n - old[a] for a, n in new.items() if a in old and n >= times * old[a] and n > old[a]]
    changes = [Change(a, asset, old.get(a, 0), n) for a, n in new.items() if n > old.get(a, 0)]
    changes.sort(key=lambda c: (c.before - c.after, c.account))
    return Difference(
        asset,
        (len(old), len(new)),
        (sum(old.values()), sum(new.values())),
        (len(first), sum(first)),
        (len(gone), sum(gone)),
        (len(jumps), sum(jumps)),
        tuple(changes[:most]),
    )


# -- circularisation -----------------------------------------------------------------------------


def sample(accounts: Iterable[tuple[str, str]], size: int, seed: str) -> list[str]:
    """Accounts to ask, drawn by an auditor: the same seed draws the same ones, no other does.

    `accounts`: id and text, each once. The seed is chosen after the seal and kept from the firm
    until then: who knows it earlier knows who is not asked.
    """
    if not seed:
        raise Refused("a sample needs a seed of the auditor's own")
    drawn = sorted(
        (hmac.digest(seed.encode(), account_digest(text), "sha256"), account)
        for account, text in accounts
    )
    return [account for _, account in drawn[:size]]


def chance_of_missing(population: int, wrong: int, asked: int) -> Fraction:
    """The probability that a sample without replacement meets none of the wrong accounts.

    >>> chance_of_missing(4, 1, 2)
    Fraction(1, 2)
    """
    chance = Fraction(1)
    for n in range(min(asked, population)):
        chance *= Fraction(max(population - wrong - n, 0), population - n)
    return chance


# -- averages over time --------------------------------------------------------------------------


def time_average(points: Sequence[tuple[int, int]], start_ms: int, end_ms: int) -> Fraction | None:
    """The mean over a time of a quantity that was seen at instants and stood until the next one.

    Args:
        points: instant in milliseconds and quantity, ascending.
        start_ms: the beginning; before the first point nothing is known, and it begins there.
        end_ms: the end.

    Returns:
        None where no point lies before the end.
    """
    area = span = 0
    for n, (at, quantity) in enumerate(points):
        until = points[n + 1][0] if n + 1 < len(points) else end_ms
        lasted = max(0, min(until, end_ms) - max(at, start_ms))
        area, span = area + quantity * lasted, span + lasted
    return Fraction(area, span) if span else None

"""From net balances to what is sealed: claims by asset, each account's value, what is left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import groupby
from math import lcm
from operator import attrgetter
from typing import NamedTuple

from sonae.core.errors import Refused
from sonae.seal.encoding import account_digest, normal

VALUE = 0
"""The number under which each account's valued claim is sealed, in whole units of the currency."""


class Balance(NamedTuple):
    """An account's net of one asset in base units, of any sign."""

    account: str
    proof_text: str | None
    asset: str
    net: int

    @property
    def text(self) -> str:
        """The account text: what its customer knows and types to check a receipt."""
        return normal(f"{self.account}|{self.proof_text}" if self.proof_text else self.account)


class Claim(NamedTuple):
    """What an account is owed of one asset, by its number, under the text that proves it."""

    account: str
    text: str
    asset: int
    amount: int


@dataclass
class Claims:
    """Everything to be sealed on a day.

    `by_asset` holds account digest and amount; `value` what the accounts are owed in the
    currency before each is rounded down; `excluded` accounts and base units by asset and reason.
    """

    every: list[Claim] = field(default_factory=list)
    by_asset: dict[int, list[tuple[bytes, int]]] = field(default_factory=dict)
    value: Fraction = Fraction(0)
    excluded: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)

    @property
    def residue(self) -> Fraction:
        """What the rounding of each account's value left out of asset 0."""
        return self.value - self.total(VALUE)

    def total(self, number: int) -> int:
        """What is sealed of an asset."""
        return sum(amount for _, amount in self.by_asset[number])


@dataclass
class Summed(Claims):
    """Claims that are not all in one place: what is sealed of each asset is known, and no more."""

    totals: dict[int, int] = field(default_factory=dict)

    def total(self, number: int) -> int:
        """What is sealed of an asset."""
        return self.totals[number]


def collect(
    balances: Iterable[Balance], numbers: Mapping[str, int], prices: Mapping[str, Fraction]
) -> Claims:
    """Sort net balances into claims and exclusions; one account's rows must stand together.

    An account has one text, whatever its rows name: with the first proof text that one of them has.

    `numbers`: asset -> its stable number; an asset without one is left out, and said so.
    `prices`: asset -> currency per base unit; an asset without one is sealed and not valued.
    Receivables (below zero) and nothing (zero) are counted, never netted against a claim.
    """
    found = Claims(by_asset={number: [] for number in (VALUE, *sorted(numbers.values()))})
    scale = lcm(*(p.denominator for p in prices.values()))
    worth = {asset: int(price * scale) for asset, price in prices.items()}
    total = 0
    for account, rows in groupby(balances, attrgetter("account")):
        every, digest, value, owed = list(rows), b"", 0, False
        text = next((row.text for row in every if row.proof_text), every[0].text)
        for row in every:
            if why := _left_out(row, numbers):
                count, units = found.excluded.get((row.asset, why), (0, 0))
                found.excluded[row.asset, why] = count + 1, units + row.net
                continue
            if not owed:
                digest, owed = account_digest(text), True
            number = numbers[row.asset]
            found.by_asset[number].append((digest, row.net))
            found.every.append(Claim(account, text, number, row.net))
            value += row.net * worth.get(row.asset, 0)
        if owed:
            total += value
            found.by_asset[VALUE].append((digest, value // scale))
            found.every.append(Claim(account, text, VALUE, value // scale))
    found.value = Fraction(total, scale)
    return found


def _left_out(row: Balance, numbers: Mapping[str, int]) -> str | None:
    if row.net < 0:
        return "receivable"
    if row.net == 0:
        return "zero"
    return None if row.asset in numbers else "no_number"


def check_totals(found: Claims, numbers: Mapping[str, int], owed: Mapping[str, int]) -> None:
    """What is sealed of each asset is what the close says is owed of it, to the unit.

    Raises:
        Refused: it is not; nothing is sealed.
    """
    for asset, number in sorted(numbers.items()):
        sealed = found.total(number)
        if sealed != owed.get(asset, 0):
            raise Refused(f"{asset}: sealed {sealed}, owed {owed.get(asset, 0)}; nothing is sealed")

"""What each customer is entitled to: the loss of each account, and what a method makes of it.

Exact for any number of accounts: a share of each balance rounded down, then money rounded down to
the whole unit of the currency; what rounding left is the residue, and is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, NamedTuple

from sonae.books import exact
from sonae.books.exact import Limbs
from sonae.claims.incident import Method
from sonae.core.canonical import parse_number
from sonae.core.errors import Refused, UsageError

IN_KIND, AMOUNT, GOODWILL = "in_kind", "amount", "goodwill"
PARTS = (IN_KIND, AMOUNT, GOODWILL)
_SHARES = {"in_kind": Fraction(1), "fixed_rate": Fraction(0), "loss_and_goodwill": Fraction(0)}


@dataclass(frozen=True, slots=True)
class Terms:
    """A method as numbers for one asset: in base units of the asset, whole units of money."""

    in_kind_share: Fraction
    per_unit: Fraction
    paid_of_loss: Fraction
    cap: int | None


def terms_of(method: Method, asset: str, scale: int) -> Terms:
    """The terms of a method for an asset; a UsageError says what it lacks."""
    stated = dict(method.given)
    for key, by_asset in (("rate", method.rates), ("in_kind_share", method.shares)):
        stated |= {key: by_asset[asset]} if asset in by_asset else {}
    given = {k: parse_number(v) for k, v in stated.items() if k not in ("method", "round")}
    name = method.given["method"]
    if name == "in_kind_and_cash" and "in_kind_share" in given:
        share = given["in_kind_share"]
    elif name in _SHARES:
        share = _SHARES[name]
    else:
        raise UsageError(f"{method.id}: not a method with what it needs: {name}")
    if share < 1 and "rate" not in given:
        raise UsageError(f"{method.id}: a rate of {asset} is needed")
    if method.given["round"] != "floor":
        raise UsageError(f"{method.id}: money is paid in whole units; round is floor")
    paid = given.get("paid_of_loss", Fraction(1))
    if paid < 1:
        raise UsageError(f"{method.id}: paid_of_loss is at least 1")
    if given.get("cap", Fraction(0)).denominator != 1:
        raise UsageError(f"{method.id}: a cap is in whole units of money")
    cap = int(given["cap"]) if "cap" in given else None
    rate = given.get("rate", Fraction(0))
    return Terms(share, rate / Fraction(10**scale), paid, cap)


class Made(NamedTuple):
    """What a method makes of losses: coins in base units, money and goodwill in whole units."""

    in_kind: Limbs
    amount: Limbs
    goodwill: Limbs


def made_of(lost: Limbs, terms: Terms) -> Made:
    """The parts of each loss by the terms of a method."""
    coins = exact.floor_of(lost, terms.in_kind_share)
    rest = exact.minus(lost, coins)
    amount = exact.floor_of(rest, terms.per_unit)
    if terms.cap is not None:
        amount = exact.at_most(amount, terms.cap)
    whole = amount
    if terms.paid_of_loss > 1 and terms.cap is None:
        whole = exact.floor_of(rest, terms.per_unit * terms.paid_of_loss)
    elif terms.paid_of_loss > 1:
        whole = exact.floor_of(amount, terms.paid_of_loss)
    return Made(coins, amount, exact.minus(whole, amount))


def worth(made: Made, per_unit: Fraction) -> Limbs:
    """What was made of each loss, in money, coins at a price per base unit, rounded down."""
    return exact.plus(made.amount, exact.floor_of(made.in_kind, per_unit))


# -- the loss of each account ----------------------------------------------------------------------


@dataclass
class Tally:
    """One asset as it is entitled: what was lost, what became of it, accounts; in base units.

    `price` is money per base unit, at which coins are compared with money.
    """

    asset: str
    scale: int
    owed: int
    lost: int
    price: Fraction
    accounts: int = 0
    allotted: int = 0
    totals: dict[str, dict[str, int]] = field(default_factory=dict)
    better: dict[str, int] = field(default_factory=dict)
    worse: dict[str, int] = field(default_factory=dict)

    @property
    def ratio(self) -> Fraction:
        """Lost per unit owed.

        Raises:
            Refused: more was lost than is owed: the rest is the firm's own loss.
        """
        if self.lost > self.owed:
            raise Refused(f"{self.asset}: {self.lost} lost of {self.owed} owed; state customers'")
        return Fraction(self.lost, self.owed) if self.owed else Fraction(0)

    @property
    def residue(self) -> int:
        """What of the loss no account has, by rounding down."""
        return self.lost - self.allotted


def entitle(
    tally: Tally, claims: Iterable[Any], methods: Mapping[str, Terms]
) -> Iterator[dict[str, Any]]:
    """Accounts with their loss and what each method makes of it, as Arrow columns a batch.

    Args:
        tally: the asset; it grows as batches are taken.
        claims: Arrow batches of account and net (base units above zero).
        methods: terms by method; the first is what the others are compared with.
    """
    ratio = tally.ratio
    for batch in claims:
        lost = exact.floor_of(exact.limbs(batch.column("net")), ratio)
        tally.accounts += batch.num_rows
        tally.allotted += exact.total(lost)
        columns: dict[str, Any] = {"account": batch.column("account_id")}
        columns["lost"] = exact.column(lost)
        first: Limbs | None = None
        for id, terms in methods.items():
            made = made_of(lost, terms)
            sums = tally.totals.setdefault(id, dict.fromkeys(PARTS, 0))
            for part, values in zip(PARTS, made, strict=True):
                sums[part] += exact.total(values)
                columns[f"{id}.{part}"] = exact.column(values)
            value = worth(made, tally.price)
            first = value if first is None else first
            signs = exact.compare(value, first)
            tally.better[id] = tally.better.get(id, 0) + int((signs > 0).sum())
            tally.worse[id] = tally.worse.get(id, 0) + int((signs < 0).sum())
        yield columns


def before_rounding(lost: int, terms: Terms) -> dict[str, Fraction]:
    """What a method comes to for all of a loss, before anything is rounded and without caps."""
    coins = lost * terms.in_kind_share
    money = (lost - coins) * terms.per_unit
    return {IN_KIND: coins, AMOUNT: money, GOODWILL: money * (terms.paid_of_loss - 1)}

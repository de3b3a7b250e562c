"""A cap that counts a person once: which of several products it covers, by a named order (E54).

The order is a list of codes that a rulebook names. Level by level products are met in full while
the cap lasts; only where it does not reach for all of a level does the next code decide, so a fact
is needed only where it matters, and a fact that is needed and not there is refused with its row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sonae.core.canonical import parse_number
from sonae.core.errors import InputError, Problem, Refused, UsageError
from sonae.core.text import Text

YES, NO = "true", "false"
ON_DEMAND = "on_demand"
"""A maturity that is no day: repaid on demand, before every day."""


@dataclass(frozen=True, slots=True)
class Product:
    """One product of one person: account number, amount in base units, its facts as text.

    Facts are `encumbered` (true, false), `matures` (a day, or on_demand) and `rate` (a number);
    one that is not known is not among them. `row` is its place in the file, from 1.
    """

    person: str
    account: str
    amount: int
    facts: Mapping[str, str]
    row: int


@dataclass(frozen=True, slots=True)
class Capped:
    """What of a product the cap covers, and what is over it: together its amount."""

    product: Product
    paid: int
    over: int


def _free(product: Product) -> bool:
    return _encumbered(product) is False


def _encumbered(product: Product) -> Any:
    return _fact(product, "encumbered", lambda t: {YES: True, NO: False}[t.lower()])


def _matures(product: Product) -> Any:
    return _fact(
        product, "matures", lambda t: date.min if t == ON_DEMAND else date.fromisoformat(t)
    )


def _rate(product: Product) -> Any:
    return _fact(
        product, "rate", lambda t: parse_number(t.removesuffix("%")) / (100 if "%" in t else 1)
    )


def _number(account: str) -> tuple[int, str, str]:
    """Account numbers in their order as numbers: 9 before 10, whatever zeros stand before."""
    plain = account.lstrip("0")
    return len(plain), plain, account


def _fact(product: Product, key: str, read: Callable[[str], Any]) -> Any:
    text = product.facts.get(key, "").strip()
    try:
        return read(text)
    except (ValueError, KeyError) as error:
        raise _Lacking(product, key, text) from error


@dataclass
class _Lacking(Exception):
    """A fact that the order needs and that is not there, or is none."""

    product: Product
    key: str
    text: str

    def problem(self, file: str) -> Problem:
        """With its row, and what to do."""
        words = (_UNUSABLE if self.text else _MISSING).format(key=self.key, text=self.text)
        name = "bad-fact" if self.text else "missing-fact"
        return Problem(name, "products", words, file, self.product.row, column=self.key)


_MISSING = Text(
    "上限を超える人の順序が決まらない。{key} をこの行に書く",
    "the order of a person above the cap needs {key}; add it to this row",
)
_UNUSABLE = Text(
    "上限を超える人の順序が決まらない。{key} の「{text}」は使えない",
    "the order of a person above the cap needs {key}, and {text} is not usable",
)


def _where_free(key: Callable[[Product], Any]) -> Callable[[Product], Any]:
    """The key of what is not encumbered; all that is encumbered is level."""
    return lambda product: (0, key(product)) if _free(product) else (1,)


ORDERS: Mapping[str, Callable[[Product], Any]] = {
    "unencumbered": _encumbered,
    "earlier_maturity": _matures,
    "earlier_maturity_if_unencumbered": _where_free(_matures),
    "lower_rate": _rate,
    "lower_rate_if_unencumbered": _where_free(_rate),
    "smaller": lambda product: product.amount,
    "lower_account": lambda product: _number(product.account),
}
"""What comes first by each code of an order; account numbers as numbers, then as text."""


@dataclass
class _Filling:
    left: int
    paid: dict[int, int] = field(default_factory=dict)
    lacking: list[_Lacking] = field(default_factory=list)


def capped(
    products: Iterable[Product], cap: int, order: Sequence[str], file: str = ""
) -> list[Capped]:
    """Each product with what a cap for each person covers, sorted by person and account.

    The sum paid to a person is min(cap, sum of amounts); the order of rows never matters.

    Raises:
        InputError: every row that lacks a fact by which the order of its person is decided.
        Refused: an amount or a cap below zero, or an account of a person given twice.
        UsageError: a code that no order has.
    """
    rows = sorted(products, key=lambda p: (p.person, p.account))
    _check(rows, cap, order)
    found: list[Capped] = []
    problems: list[Problem] = []
    for mine in _people(rows).values():
        filling = _Filling(cap)
        _fill(mine, order, filling)
        problems += [lacking.problem(file) for lacking in filling.lacking]
        if not filling.lacking:
            found += [Capped(p, filling.paid[p.row], p.amount - filling.paid[p.row]) for p in mine]
    if problems:
        raise InputError(sorted(problems, key=lambda p: (p.row or 0, p.column)))
    return found


def _check(rows: Sequence[Product], cap: int, order: Sequence[str]) -> None:
    unknown = [code for code in order if code not in ORDERS]
    if unknown or not order:
        raise UsageError(f"not an order: {', '.join(unknown) or '-'}; one of {', '.join(ORDERS)}")
    if cap < 0 or any(p.amount < 0 for p in rows):
        raise Refused("a cap and the amounts under it are not below zero")
    keys = [(p.person, p.account) for p in rows]
    if len(set(keys)) != len(keys) or len({p.row for p in rows}) != len(rows):
        raise Refused("an account of one person is given twice")


def _people(rows: Sequence[Product]) -> dict[str, list[Product]]:
    found: dict[str, list[Product]] = {}
    for product in rows:
        found.setdefault(product.person, []).append(product)
    return found


def _fill(group: Sequence[Product], order: Sequence[str], filling: _Filling) -> None:
    """Give a group all or nothing where its inner order does not matter; else by the next code."""
    asked = sum(p.amount for p in group)
    if len(group) == 1 or asked <= filling.left or not filling.left:
        for product in group:
            filling.paid[product.row] = min(product.amount, filling.left)
            filling.left -= filling.paid[product.row]
        return
    if not order:
        names = ", ".join(p.account for p in group)
        raise Refused(f"{group[0].person}: the order does not tell which of {names} comes first")
    keys, lacking = {}, []
    for product in group:
        try:
            keys[product.row] = ORDERS[order[0]](product)
        except _Lacking as one:
            lacking.append(one)
    filling.lacking += lacking
    if lacking:
        return
    for level in sorted(set(keys.values())):
        _fill([p for p in group if keys[p.row] == level], order[1:], filling)

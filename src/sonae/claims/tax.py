"""What was paid to one person in a year, as a statement for the tax office: exact, and no advice.

What each nature of payment is for income tax comes from outside and carries its confidence. Costs
of acquiring the coins are the person's to know; they are in no amount here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any, NamedTuple

from sonae.core.amount import bounded, coins
from sonae.core.canonical import number_text
from sonae.core.errors import Refused
from sonae.core.text import Text

COLUMNS = (
    "person", "year", "day", "reference", "asset", "quantity", "unit_price_jpy", "amount_jpy",
    "product_jpy", "nature", "treatment", "confidence", "discharge",
)  # fmt: skip
NOT_INCOME = "not_income"
RAISE = "dispute_raise"
"""What a dispute added to an entitlement: money of which no list says for which coins it is."""


class Treatment(NamedTuple):
    """How income tax takes a payment, why, and how well that is known."""

    id: str
    text: Text
    confidence: str


_MISCELLANEOUS = Treatment(
    "miscellaneous_income",
    Text(
        "暗号資産に代わる金銭は雑所得（国税庁タックスアンサーNo.1525による）",
        "money in place of coins is miscellaneous income (the tax authority's answer no. 1525)",
    ),
    "secondary",
)
_RETURN = Treatment(
    NOT_INCOME,
    Text(
        "現物の返還は課税の対象とならないと聞く（口頭による）",
        "a return in kind is said to be no taxable event (told orally)",
    ),
    "memory",
)
_UNKNOWN = Treatment(
    "undetermined",
    Text(
        "所得の区分は確認できていない。税務署又は税理士に確かめる",
        "which income this is was not found out; ask the tax office or a tax accountant",
    ),
    "memory",
)
TREATMENTS: Mapping[str, Treatment] = {
    "return_in_kind": _RETURN,
    "damages_for_non_return": _MISCELLANEOUS,
    "agreed_substitute": _MISCELLANEOUS,
    "goodwill": _UNKNOWN,
    "transaction_loss": _UNKNOWN,
    RAISE: _UNKNOWN,
}
"""Nature of a payment -> its treatment."""
YEAR = Text(
    "支払日の属する年に計上（権利の確定した日によることもある。未確認）",
    "listed in the year of its day of payment (the day the right was fixed may count instead: from "
    "memory, unverified)",
)
COST = Text(
    "金額は取得価額を差し引く前のもの",
    "amounts are before the cost of acquiring the coins",
)


@dataclass(frozen=True, slots=True)
class Settled:
    """One settled payment: for how much of which coin, at what price, on what day.

    `given_up` is in base units of the coin (0 for goodwill), `unit_price` yen for one whole coin,
    `amount` whole yen; a return in kind has neither price nor amount. `discharge` says how it ends
    the debt of coins; empty where it is no payment of that debt.
    """

    reference: str
    person: str
    on: date
    nature: str
    asset: str
    scale: int
    given_up: int
    unit_price: Fraction | None
    amount: int
    discharge: str = ""

    @property
    def quantity(self) -> Fraction:
        """Whole coins given up or returned."""
        return coins(self.given_up, self.scale)

    @property
    def product(self) -> Fraction | None:
        """Quantity times price before rounding and caps; None without a price."""
        return None if self.unit_price is None else self.quantity * self.unit_price

    @property
    def treatment(self) -> Treatment:
        """How it is listed."""
        return TREATMENTS[self.nature]

    def checked(self) -> Settled:
        """Itself; a Refused where it says what cannot be."""
        if self.nature not in TREATMENTS:
            raise Refused(f"{self.reference}: a nature is one of {', '.join(TREATMENTS)}")
        for what in (self.given_up, self.amount, self.scale):
            if type(what) is not int or what < 0:
                raise Refused(f"{self.reference}: a whole number from 0 is needed, not {what!r}")
        if self.nature == "return_in_kind":
            if not self.given_up or self.amount or self.unit_price is not None:
                raise Refused(f"{self.reference}: a return in kind is coins, without money")
            return self
        if not self.amount:
            raise Refused(f"{self.reference}: an amount above 0 is needed")
        if self.treatment is _MISCELLANEOUS and not (self.given_up and self.product):
            raise Refused(f"{self.reference}: money for coins has their quantity and price")
        if self.product is not None and self.amount > self.product:
            raise Refused(f"{self.reference}: more than quantity times price; the rest is goodwill")
        return self

    def row(self) -> dict[str, str]:
        """One row of the statement, every number as exact text."""
        price, product = self.unit_price, self.product
        return {
            "person": self.person,
            "year": str(self.on.year),
            "day": self.on.isoformat(),
            "reference": self.reference,
            "asset": self.asset,
            "quantity": number_text(self.quantity),
            "unit_price_jpy": "" if price is None else number_text(price),
            "amount_jpy": str(self.amount),
            "product_jpy": "" if product is None else number_text(product),
            "nature": self.nature,
            "treatment": self.treatment.id,
            "confidence": self.treatment.confidence,
            "discharge": self.discharge,
        }


@dataclass(frozen=True, slots=True)
class Statement:
    """One person's year: what is listed, and what came back in kind and is not."""

    person: str
    year: int
    listed: tuple[Settled, ...]
    in_kind: tuple[Settled, ...]

    def totals(self) -> dict[str, int]:
        """Yen by treatment, over what is listed."""
        found: dict[str, int] = {}
        for paid in self.listed:
            key = paid.treatment.id
            found[key] = bounded(found.get(key, 0) + paid.amount, "a year's payments")
        return found

    def given_up(self) -> dict[str, Fraction]:
        """Whole coins given up for money, by coin."""
        return _by_asset(self.listed)

    def rows(self) -> list[dict[str, str]]:
        """What is listed, for a CSV of `COLUMNS`; returns in kind are not in it."""
        return [paid.row() for paid in self.listed]

    def as_json(self) -> dict[str, Any]:
        """The statement as plain values, with what each treatment rests on."""
        used = dict.fromkeys(p.treatment for p in (*self.listed, *self.in_kind))
        return {
            "person": self.person,
            "year": self.year,
            "payments": self.rows(),
            "totals_jpy": {k: str(v) for k, v in self.totals().items()},
            "total_jpy": str(sum(self.totals().values())),
            "given_up": {k: number_text(v) for k, v in self.given_up().items()},
            "returned_in_kind": {k: number_text(v) for k, v in _by_asset(self.in_kind).items()},
            "treatments": {
                t.id: {"text": t.text.as_json(), "confidence": t.confidence} for t in used
            },
            "notes": [YEAR.as_json(), COST.as_json()],
        }


def _by_asset(payments: Iterable[Settled]) -> dict[str, Fraction]:
    found: dict[str, Fraction] = {}
    for paid in payments:
        if paid.given_up:
            found[paid.asset] = found.get(paid.asset, Fraction(0)) + paid.quantity
    return dict(sorted(found.items()))


def statements(payments: Iterable[Settled], year: int) -> dict[str, Statement]:
    """The statement of everyone who was paid in a year; the order of payments never matters.

    Raises:
        Refused: a payment is listed twice, or says what cannot be.
    """
    seen: set[str] = set()
    found: dict[str, list[Settled]] = {}
    for paid in payments:
        paid.checked()
        if paid.reference in seen:
            raise Refused(f"{paid.reference}: this payment is listed twice")
        seen.add(paid.reference)
        if paid.on.year == year:
            found.setdefault(paid.person, []).append(paid)
    return {person: _statement(person, year, found[person]) for person in sorted(found)}


def _statement(person: str, year: int, payments: list[Settled]) -> Statement:
    every = sorted(payments, key=lambda p: (p.on, p.reference))
    listed = tuple(p for p in every if p.treatment.id != NOT_INCOME)
    return Statement(person, year, listed, tuple(p for p in every if p not in listed))

"""Sample books under regimes outside Japan: rates, finances, statements and a year of won prices.

The Books stay in yen. What is added lets a clean sample close without a breach there too.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from sonae.books.plant import AGGREGATORS, CUT_OFF, TRUSTEE, YEN, Draft, Row
from sonae.core.calendar import add_months
from sonae.core.errors import UsageError

CURRENCY = {"eu": "EUR", "hk": "HKD", "kr": "KRW"}
RATES = {"EUR": Decimal(160), "HKD": Decimal(20), "KRW": Decimal("0.1")}
"""Yen for one unit, synthetic."""
SCALES = {"EUR": 2, "HKD": 2, "KRW": 0}
FINANCES = {
    "eu": {
        "own_funds": 320_000_000,
        "fixed_overheads": 1_200_000_000,
        "fixed_overheads_deductions": 200_000_000,
    },
    "hk": {
        "liquid_capital": 200_000_000,
        "adjusted_liabilities": 1_000_000_000,
        "operating_expenses_12_months": 1_200_000_000,
        "liquid_assets": 1_300_000_000,
    },
    "kr": {},
}
STATED: dict[str, Row] = {
    "eu": {"class": 3, "last_statement_on": date(2026, 9, 30), "average_active_users": 20_000},
    "kr": {"type": "won_market"},
}
HOT_KEPT = Fraction(1, 2)
GUARANTEED = Fraction(11, 20)
"""Of what customers hold, by value: above what Hong Kong asks for with hot at 2 % or less."""


def go_abroad(draft: Draft, regimes: Sequence[str]) -> None:
    """Put a draft under `regimes`; those outside Japan get what their rules ask for.

    Raises:
        UsageError: for a regime that no sample can be written for.
    """
    if odd := [r for r in regimes if r not in ("jp", *CURRENCY)]:
        raise UsageError(f"no sample for {', '.join(odd)}; there is: jp, {', '.join(CURRENCY)}")
    draft.regimes = tuple(dict.fromkeys(regimes))
    for regime in draft.regimes:
        if regime in CURRENCY:
            _rate(draft, CURRENCY[regime])
            draft.tables["financials"] += [
                {"on": "2026-09-30", "item": item, "amount": amount}
                for item, amount in FINANCES[regime].items()
            ]
            if regime in STATED:
                draft.stated.setdefault("regime", {})[regime] = STATED[regime]
    if "hk" in draft.regimes:
        _hong_kong(draft)
    if "kr" in draft.regimes:
        draft.tables["history"] = _year(draft)


def _rate(draft: Draft, currency: str) -> None:
    number = len(draft.tables["assets"]) + 1
    draft.tables["assets"].append(
        {
            "asset": currency, "number": number, "kind": "fiat", "scale": SCALES[currency],
            "chain": "", "own_issue": "false",
        }
    )  # fmt: skip
    draft.scales[currency] = SCALES[currency]
    draft.tables["prices"].append(
        {
            "asset": currency, "currency": YEN, "price": format(RATES[currency], "f"),
            "source": AGGREGATORS[0], "own_venue": "false", "purpose": "regulatory",
            "at": (CUT_OFF - timedelta(minutes=5)).isoformat(),
        }
    )  # fmt: skip


def _hong_kong(draft: Draft) -> None:
    """Half of what is hot goes to cold storage, and a bank guarantees enough of the whole."""
    customers = [h for h in draft.tables["holdings"] if h["owner"] == "customer"]
    for hot in (h for h in customers if h["tier"] == "hot"):
        cold = next(h for h in customers if h["asset"] == hot["asset"] and h["tier"] == "cold")
        moved = hot["quantity"] - int(hot["quantity"] * HOT_KEPT)
        hot["quantity"] -= moved
        cold["quantity"] += moved
    prices = _prices(draft)
    worth = sum(
        Fraction(h["quantity"], 10 ** draft.scales[h["asset"]]) * Fraction(prices[h["asset"]])
        for h in customers
    )
    draft.tables["instruments"].append(
        {
            "instrument_id": "bank-guarantee-1", "kind": "guarantee", "holder": TRUSTEE,
            "title": "trust_for_customers", "currency": YEN, "amount": int(worth * GUARANTEED),
            "bankruptcy_remote": "yes", "evidence": "synthetic bank guarantee",
        }
    )  # fmt: skip


def _prices(draft: Draft) -> dict[str, Decimal]:
    """The first source's price of each asset, in yen."""
    rows = [p for p in draft.tables["prices"] if p["source"] == AGGREGATORS[0]]
    return {p["asset"]: Decimal(p["price"]) for p in rows}


def _year(draft: Draft) -> list[Row]:
    """Daily prices in won for the year to the end of the month before the cut-off."""
    last = CUT_OFF.date().replace(day=1) - timedelta(days=1)
    day, rows, won = add_months(last, -12) + timedelta(days=1), [], RATES["KRW"]
    prices = {k: p for k, p in _prices(draft).items() if k not in RATES}
    while day <= last:
        rows += [
            {
                "asset": name, "on": day.isoformat(), "currency": "KRW",
                "price": format((price / won).normalize(), "f"), "source": AGGREGATORS[0],
            }
            for name, price in prices.items()
        ]  # fmt: skip
        day += timedelta(days=1)
    return rows

"""Losses with what the venue held before, and firms with what they hold: the data of a level.

Amounts are yen, exact. A loss abroad is converted at a yearly mean rate that rests on memory; the
share lost does not depend on it. Where no balance is public a range is stated with its reason, and
such a case is shown, never fitted to.
"""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache
from importlib import resources
from typing import Any

from sonae.books.facts import incidents
from sonae.core.text import Text

Ends = tuple[Fraction, Fraction]
BASES = ("custody_value", "custody_value_cold", "custody_value_not_cold", "traded_value")
AGGREGATES = ("JVCEA members total", "SBI group incl. bitbank")
FAILED = ("petition date", "liquidation", "filing")
"""Periods of rows that describe a firm in proceedings: no firm that could hold a reserve."""
MEMORY = "memory"


@dataclass(frozen=True, slots=True)
class Case:
    """One named loss of customers and what its venue held; bases are (least, most), in yen.

    `public`: the balance before the loss is public. `peril` is theft or insolvency.
    """

    id: str
    venue: str
    day: date
    peril: str
    loss: Fraction
    bases: Mapping[str, Ends]
    public: bool
    from_memory: bool
    actual_days: int | None
    compensated: Fraction | None
    source: str
    confidence: str
    why: Text
    jurisdiction: str

    @property
    def share(self) -> Fraction:
        """The part of what was held that was lost; of a range, at its middle."""
        low, high = self.bases["custody_value"]
        return min(2 * self.loss / (low + high), Fraction(1))


@dataclass(frozen=True, slots=True)
class Firm:
    """A venue of today's market: bases, capital, profit and customers in yen, where known."""

    name: str
    jurisdiction: str
    as_of: str
    origin: str
    bases: Mapping[str, Ends]
    capital: Fraction | None = None
    profit: Fraction | None = None
    customers: int | None = None
    from_memory: bool = False
    source: str = ""
    notes: tuple[Text, ...] = field(default_factory=tuple)


@cache
def reference() -> Mapping[str, Any]:
    """The shipped file of ranges and rates."""
    text = resources.files("sonae.data").joinpath("exposures.toml").read_text("utf-8")
    return tomllib.loads(text, parse_float=Decimal)


def rate_of(year: int) -> Fraction:
    """Yen for one dollar, yearly mean (from memory); beyond the list, its nearest year."""
    years = {int(k): v for k, v in reference()["usd_jpy"]["years"].items()}
    return Fraction(years[min(max(year, min(years)), max(years))])


def article_rate() -> Fraction:
    """Yen for one dollar as the report of the bracket converts it (secondary)."""
    found = reference()["article"]
    return Fraction(found["yen"], found["dollars"])


@cache
def cases() -> tuple[Case, ...]:
    """Every named loss of customers whose exposure is public, and those with a stated range."""
    stated = {c["id"]: c for c in reference()["case"]}
    found = []
    for id, row in incidents().items():
        if id in stated:
            found.append(_stated(row, stated[id]))
        elif row["customer_assets_held_usd_before"] and not row["overlap_with"]:
            found += _listed(row)
    return tuple(sorted(found, key=lambda c: (c.day, c.id)))


def _listed(row: Mapping[str, str]) -> Iterator[Case]:
    loss = row["customer_loss_usd_at_time"] or row["loss_usd_at_time"]
    if row["scope"] != "core" or not loss or not Fraction(loss):
        return
    rate = rate_of(int(row["date"][:4]))
    held = Fraction(row["customer_assets_held_usd_before"]) * rate
    yield _case(row, Fraction(loss) * rate, {"custody_value": (held, held)}, True, row["source"])


def _stated(row: Mapping[str, str], given: Mapping[str, Any]) -> Case:
    bases = {"custody_value": _ends(given["custody"])}
    if "not_cold" in given:
        bases["custody_value_not_cold"] = low, high = _ends(given["not_cold"])
        held = bases["custody_value"]
        bases["custody_value_cold"] = held[0] - high, held[1] - low
    if "traded" in given:
        bases["traded_value"] = _ends(given["traded"])
    why = Text(given["why"]["ja"], given["why"]["en"])
    return _case(row, Fraction(given["loss"]), bases, given["public"], given["source"], why)


def _case(
    row: Mapping[str, str],
    loss: Fraction,
    bases: Mapping[str, Ends],
    public: bool,
    source: str,
    why: Text | None = None,
) -> Case:
    days, made_good = row["compensation_days"], row["customer_compensated_fraction"]
    return Case(
        row["id"],
        row["venue"],
        date.fromisoformat(row["date"]),
        "insolvency" if row["category"] == "fraud_insolvency" else "theft",
        loss,
        bases,
        public,
        row["source"].lower().startswith(MEMORY),
        int(days) if days else None,
        Fraction(made_good) if made_good else None,
        source,
        row["confidence"],
        why or _PUBLISHED,
        row["jurisdiction"],
    )


_PUBLISHED = Text("残高は公表資料による", "the balance is public")


def _ends(pair: list[int]) -> Ends:
    return Fraction(pair[0]), Fraction(pair[1])


# -- firms ----------------------------------------------------------------------------------------


@cache
def public_firms() -> tuple[Firm, ...]:
    """The newest row of each venue with customers' crypto in yen or dollars, and rows of memory.

    Totals of an industry or group are no firm.
    """
    text = resources.files("sonae.data").joinpath("exchanges.csv").read_text("utf-8")
    rows = [r for r in csv.DictReader(text.splitlines()) if _custody(r) is not None]
    newest: dict[tuple[str, bool], Mapping[str, str]] = {}
    for row in sorted(rows, key=lambda r: r["as_of"]):
        firm = row["venue"] not in AGGREGATES and row["period"] not in FAILED
        if firm and "ONLY" not in row["note"]:
            newest[row["venue"], _from_memory(row)] = row
    return tuple(_firm(row) for row in newest.values())


def _from_memory(row: Mapping[str, str]) -> bool:
    return row["source"].lower().startswith(MEMORY)


def _custody(row: Mapping[str, str]) -> Fraction | None:
    if row["customer_crypto_jpy"]:
        return Fraction(row["customer_crypto_jpy"])
    if row["customer_crypto_usd"]:
        return Fraction(row["customer_crypto_usd"]) * rate_of(int(row["as_of"][:4]))
    return None


def _firm(row: Mapping[str, str]) -> Firm:
    held = _custody(row)
    assert held is not None
    bases: dict[str, Ends] = {"custody_value": (held, held)}
    if row["cold_pct"]:
        cold = held * Fraction(row["cold_pct"]) / 100
        bases |= {"custody_value_cold": (cold, cold)}
        bases |= {"custody_value_not_cold": (held - cold, held - cold)}
    worth = row["capital_or_net_assets_jpy"] if "not net" not in row["capital_kind"] else ""
    profits = {p["venue"]: Fraction(p["yen"]) for p in reference()["profit"]}
    accounts = row["customer_accounts"]
    return Firm(
        row["venue"],
        row["jurisdiction"],
        row["as_of"],
        "exchanges.csv",
        bases,
        Fraction(worth) if worth else None,
        profits.get(row["venue"]),
        int(accounts) if accounts else None,
        _from_memory(row),
        row["source"],
    )

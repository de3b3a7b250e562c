"""How much of the customers' crypto hangs on one signing domain or one supplier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sonae.books.facts import Facts
from sonae.close.value import Valuation
from sonae.core.figure import Figure, total
from sonae.core.finding import Finding
from sonae.core.text import Text, same

NOT_NAMED = "not named"
Row = Mapping[str, Any]
LADDER_DAYS = (1, 7, 30)


@dataclass(frozen=True)
class Exposure:
    """Value by signing domain and by supplier, spendable value by days, and findings."""

    domains: Mapping[str, Figure]
    suppliers: Mapping[str, Figure]
    ladder: Mapping[int, Figure]
    findings: tuple[Finding, ...]


def exposure(facts: Facts, valuation: Valuation) -> Exposure:
    """Customers' holdings in the reporting currency, grouped."""
    rows = [r for r in facts.books.table("holdings") or [] if r["owner"] == "customer"]
    domains: dict[str, list[Row]] = {}
    for row in rows:
        domains.setdefault(row["signing_domain"] or NOT_NAMED, []).append(row)
    by_domain = {
        name: _worth(facts, valuation, f"domain/{name}", f"signing_domain = {name}", picked)
        for name, picked in sorted(domains.items())
    }
    by_supplier = {
        s.name: _worth(
            facts,
            valuation,
            f"supplier/{s.name}",
            f"wallets of {s.name}",
            [r for r in rows if r["holding_id"] in s.wallets],
        )
        for s in facts.books.suppliers or ()
    }
    ladder = {
        days: _worth(
            facts,
            valuation,
            f"ladder/{days}d",
            f"days_to_liquid <= {days}",
            [r for r in rows if r["days_to_liquid"] is not None and r["days_to_liquid"] <= days],
        )
        for days in LADDER_DAYS
    }
    whole = _worth(facts, valuation, "domain/all", "owner = customer", rows)
    findings = [*_concentrated(facts, by_domain, whole), *_missing_wallets(facts)]
    return Exposure(by_domain, by_supplier, ladder, tuple(findings))


def _worth(facts: Facts, valuation: Valuation, key: str, where: str, rows: Sequence[Row]) -> Figure:
    scales = {r["asset"]: r["scale"] for r in facts.books.rows["assets"]}
    units: dict[str, int] = {}
    counts: dict[str, int] = {}
    for row in rows:
        units[row["asset"]] = units.get(row["asset"], 0) + row["quantity"]
        counts[row["asset"]] = counts.get(row["asset"], 0) + 1
    terms = []
    for asset, quantity in sorted(units.items()):
        fact = facts.leaf(
            f"holdings/{asset}/{key}/quantity",
            Fraction(quantity, 10 ** scales[asset]),
            "coin",
            "holdings",
            f"owner = customer, asset = {asset}, {where}",
            counts[asset],
        )
        terms.append(fact * valuation.prices[asset])
    return total(terms, facts.books.venue.currency, "Σ quantity × price").named(
        f"exposure/{key}", same(key)
    )


def _concentrated(facts: Facts, domains: Mapping[str, Figure], whole: Figure) -> list[Finding]:
    limit = facts.books.venue.house.signing_domain_limit
    if limit is None or not whole.computable:
        return []
    found = []
    for name, worth in domains.items():
        if worth.computable and worth.number() > limit * whole.number():
            share = f"{float_free_percent(worth.number() / whole.number())}"
            text = _DOMAIN.format(d=name, share=share, limit=float_free_percent(limit))
            found.append(Finding("single-domain-exposure", "warning", text, name))
    return found


def float_free_percent(ratio: Fraction) -> str:
    """A share in per cent with two digits, rounded half up, for messages.

    >>> float_free_percent(Fraction(1, 3))
    '33.33'
    """
    hundredths = (ratio * 20000 + 1) // 2
    return f"{hundredths // 100}.{hundredths % 100:02d}"


_DOMAIN = Text(
    "署名領域「{d}」に利用者の暗号資産の{share}%が集中し、社内基準{limit}%を超える",
    "signing domain {d} controls {share} % of customers' crypto; the house limit is {limit} %",
)


def _missing_wallets(facts: Facts) -> list[Finding]:
    """Wallets that the register of keys names and the holdings do not show."""
    seen = {r["holding_id"] for r in facts.books.table("holdings") or []}
    return [
        Finding("missing-wallet", "breach", _WALLET.format(w=w.holding_id), w.holding_id)
        for w in facts.books.wallets or ()
        if w.holding_id not in seen
    ]


_WALLET = Text(
    "鍵台帳（keys.toml）にあるウォレット「{w}」が holdings にない",
    "wallet {w} is in the register of keys (keys.toml) but not in holdings",
)

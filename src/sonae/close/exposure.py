"""How much of the customers' crypto hangs on one signing domain or one supplier."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sonae.books.facts import Facts
from sonae.close.value import Valuation
from sonae.core.display import fixed
from sonae.core.figure import Figure
from sonae.core.finding import Finding
from sonae.core.formula import total
from sonae.core.text import Text, same

NOT_NAMED, NOT_PUBLIC = "not named", "tier_not_public"
Row = Mapping[str, Any]
LADDER_DAYS = (1, 7, 30)


@dataclass(frozen=True)
class Part:
    """What one signing domain holds in one tier: its value, and the quantity of each asset."""

    tier: str
    domain: str
    value: Figure
    quantities: Mapping[str, Figure]


@dataclass(frozen=True)
class Exposure:
    """Value by signing domain, tier and supplier, spendable value by days, and findings."""

    domains: Mapping[str, Figure]
    parts: tuple[Part, ...]
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
        name: _worth(
            facts, valuation, f"domain/{name}", f"signing_domain = {name}", picked, same(name)
        )
        for name, picked in sorted(domains.items())
    }
    by_supplier = {
        s.name: _worth(
            facts,
            valuation,
            f"supplier/{s.name}",
            f"wallets of {s.name}",
            [r for r in rows if r["holding_id"] in s.wallets],
            same(s.name),
        )
        for s in facts.books.suppliers or ()
    }
    ladder = {days: _spendable(facts, valuation, rows, days) for days in LADDER_DAYS}
    whole = _worth(facts, valuation, "domain/all", "owner = customer", rows, _ALL)
    findings = [*_concentrated(facts, by_domain, whole), *_missing_wallets(facts)]
    parts = tuple(_parts(facts, valuation, rows))
    return Exposure(by_domain, parts, by_supplier, ladder, tuple(findings))


def _parts(facts: Facts, valuation: Valuation, rows: Sequence[Row]) -> Iterator[Part]:
    """Holdings by tier and signing domain, as an insurer asks for them."""
    picked: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        place = (row["tier"] or NOT_PUBLIC, row["signing_domain"] or NOT_NAMED)
        picked.setdefault(place, []).append(row)
    for (tier, domain), mine in sorted(picked.items()):
        key, where = f"tier/{tier}/{domain}", f"tier = {tier}, signing_domain = {domain}"
        quantities = _quantities(facts, key, where, mine)
        label = _PART.format(tier=_TIERS[tier], domain=domain)
        yield Part(tier, domain, _valued(facts, valuation, key, quantities, label), quantities)


def _spendable(facts: Facts, valuation: Valuation, rows: Sequence[Row], days: int) -> Figure:
    """What can be spent within so many days; unknown while a holding does not say."""
    silent = sorted({r["holding_id"] for r in rows if r["days_to_liquid"] is None})
    key, label = f"ladder/{days}d", _LADDER.format(days=days)
    if silent:
        names = ", ".join(silent[:NAMED])
        words = Text(f"days_to_liquid がない: {names}", f"no days_to_liquid is given: {names}")
        gap = facts.absent(f"holdings/{key}", facts.books.venue.currency, words)
        return gap.named(f"exposure/{key}", label)
    fit = [r for r in rows if r["days_to_liquid"] <= days]
    return _worth(facts, valuation, key, f"days_to_liquid <= {days}", fit, label)


NAMED = 5
_LADDER = Text("{days}日以内に動かせる額", "spendable within {days} days")


def _worth(
    facts: Facts, valuation: Valuation, key: str, where: str, rows: Sequence[Row], label: Text
) -> Figure:
    return _valued(facts, valuation, key, _quantities(facts, key, where, rows), label)


def _quantities(facts: Facts, key: str, where: str, rows: Sequence[Row]) -> dict[str, Figure]:
    """What rows hold of each asset, in whole units."""
    scales = {r["asset"]: r["scale"] for r in facts.books.rows["assets"]}
    units: dict[str, int] = {}
    counts: dict[str, int] = {}
    for row in rows:
        units[row["asset"]] = units.get(row["asset"], 0) + row["quantity"]
        counts[row["asset"]] = counts.get(row["asset"], 0) + 1
    return {
        asset: facts.leaf(
            f"holdings/{asset}/{key}/quantity",
            Fraction(quantity, 10 ** scales[asset]),
            "coin",
            "holdings",
            f"owner = customer, asset = {asset}, {where}",
            counts[asset],
        )
        for asset, quantity in sorted(units.items())
    }


def _valued(
    facts: Facts, valuation: Valuation, key: str, quantities: Mapping[str, Figure], label: Text
) -> Figure:
    """Quantities at their prices, added up."""
    terms = [fact * valuation.prices[asset] for asset, fact in quantities.items()]
    worth = total(terms, facts.books.venue.currency, "Σ quantity × price")
    return worth.named(f"exposure/{key}", label)


def _concentrated(facts: Facts, domains: Mapping[str, Figure], whole: Figure) -> list[Finding]:
    limit = facts.books.venue.house.signing_domain_limit
    if limit is None or not whole.computable:
        return []
    found = []
    for name, worth in domains.items():
        if worth.computable and worth.number() > limit * whole.number():
            share = fixed(worth.number() * 100 / whole.number(), 2)
            text = _DOMAIN.format(d=name, share=share, limit=fixed(limit * 100, 2))
            found.append(Finding("single-domain-exposure", "warning", text, name))
    return found


_TIERS = {
    "cold": Text("コールド", "cold"),
    "hot": Text("ホット", "hot"),
    "other": Text("その他", "elsewhere"),
    NOT_PUBLIC: Text("区分非公表", "tier not public"),
}
_PART = Text("署名領域「{domain}」の{tier}保有", "held {tier} in signing domain {domain}")
_ALL = Text("利用者の暗号資産の保有全体", "all customers' holdings")
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

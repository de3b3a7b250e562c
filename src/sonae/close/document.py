"""The close as plain values: `close.json`. The same input gives the same bytes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sonae.books.venue import Venue
from sonae.close.cover import Cover, RegimeCover, StackLine
from sonae.close.day import Close
from sonae.close.exposure import Part
from sonae.close.reconcile import NO_TIER, TIERS, Line, Reconciliation
from sonae.close.segregation import Dossier, Item
from sonae.close.value import Valuation
from sonae.core.canonical import number_text
from sonae.core.figure import Figure
from sonae.core.register import Register, plain

FORMAT = "sonae-close/1"


def document(close: Close, seal: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Everything the day's screens, reports and API show, with every figure opened.

    `seal`: header hash and assets, where the day was sealed.
    """
    books, register = close.books, Register()
    result: dict[str, Any] = {
        "format": FORMAT,
        "venue": _venue(books.venue),
        "on": books.venue.on.isoformat(),
        "what_if_on": close.what_if_on.isoformat() if close.what_if_on else None,
        "known_at": books.venue.known_at.isoformat(),
        "edition": close.edition.describe(),
        "facts": {k: register.add(f) for k, f in sorted(close.required.facts.items())},
        "requirements": {
            rule: {name: register.add(f) for name, f in outputs.items()}
            for rule, outputs in close.required.outputs.items()
        },
        "rules": {
            rule: {"title": close.edition.rule(rule).title.as_json()}
            for rule in close.required.outputs
        },
        "regimes": {k: list(v) for k, v in close.required.by_regime.items()},
        "reconciliation": [
            _line(line, close.valuations["regulatory"], register)
            for line in close.reconciliation.lines.values()
        ],
        "trusts": _trusts(close.reconciliation, register),
        "receivables": {k: register.add(f) for k, f in close.receivables.items()},
        "prices": {p: _prices(v, register) for p, v in close.valuations.items()},
        "stack": [_stack_line(line, register) for line in close.cover.stack],
        "cover": {"by_regime": _cover(close.cover, register)},
        "exposure": {
            "domains": {k: register.add(f) for k, f in close.exposure.domains.items()},
            "parts": [_part(p, register) for p in close.exposure.parts],
            "suppliers": {k: register.add(f) for k, f in close.exposure.suppliers.items()},
            "days_to_liquid": {str(k): register.add(f) for k, f in close.exposure.ladder.items()},
        },
        "segregation": _segregation(close.dossier, register),
        "findings": [f.as_json() for f in close.findings],
        "sources": {
            "engine": books.balances.engine.name,
            "files": dict(sorted(books.files.items())),
            "tables": dict(sorted(books.digests.items())),
            "notes": [n.as_json() for n in books.venue.sources],
        },
        "seal": seal,
    }
    if close.cover.abroad:
        result["stack_abroad"] = {
            regime: [_stack_line(line, register) for line in lines]
            for regime, lines in close.cover.abroad.items()
        }
    for finding in close.findings:
        if finding.provision is not None:
            register.cite(finding.provision)
    result["figures"] = list(register.figures.values())
    result["citations"] = dict(sorted(register.citations.items()))
    return result


def _venue(venue: Venue) -> dict[str, Any]:
    return {
        "name": venue.name,
        "entity": venue.entity,
        "licences": list(venue.licences),
        "currency": venue.currency,
        "time_zone": venue.time_zone,
        "cut_off": venue.cut_off.isoformat(),
        "regimes": list(venue.regimes),
        "fiscal_year_start": "{:02}-{:02}".format(*venue.fiscal_year_start),
    }


def _line(line: Line, valuation: Valuation, register: Register) -> dict[str, Any]:
    """One asset in its own whole unit; `base_units` has owed and held as integers."""
    ids = {name: register.add(figure) for name, figure in line.figures.items()}
    shown = {n: plain(f.value) for n, f in line.figures.items() if n not in (*TIERS, NO_TIER)}
    price = valuation.prices[line.asset]
    return {
        "asset": line.asset,
        "kind": line.kind,
        "scale": line.scale,
        **shown,
        "held": _held(line),
        "price": plain(price.value),
        "value": {n: _worth(line, n, price, register) for n in ("owed", "held")},
        "base_units": {k: str(v) for k, v in line.units.items()},
        "figures": {**ids, "price": register.add(price)},
    }


def _held(line: Line) -> dict[str, Any]:
    parts = {n: plain(line[n].value) for n in (*TIERS, NO_TIER) if n in line.figures}
    return {**parts, "total": plain(line["held"].value)}


def _worth(line: Line, name: str, price: Figure, register: Register) -> str:
    quantity = line[name]
    if quantity.unit == "coin":
        worth = quantity * price
        return register.add(worth.named(f"value/{line.asset}#{name}"))
    return register.add(quantity.named(f"value/{line.asset}#{name}"))


def _trusts(reconciliation: Reconciliation, register: Register) -> dict[str, Any]:
    return {
        kind: {n: register.add(f) for n, f in trust.figures.items()}
        for kind, trust in reconciliation.trusts.items()
    }


def _prices(valuation: Valuation, register: Register) -> dict[str, Any]:
    return {
        "chosen": {asset: register.add(f) for asset, f in valuation.prices.items()},
        "prints": [
            {
                "asset": p.asset,
                "currency": p.currency,
                "price": number_text(p.price),
                "source": p.source,
                "own_venue": p.own_venue,
                "at": p.at.isoformat(),
                "use": p.use,
            }
            for p in valuation.prints
        ],
    }


def _stack_line(line: StackLine, register: Register) -> dict[str, Any]:
    return {
        "key": line.key,
        "title": line.title.as_json(),
        "own_money": line.own_money,
        "cites": [register.cite(c) for c in line.cites],
        "required": register.add(line.required),
        "going_concern": register.add(line.going),
        "on_insolvency": register.add(line.insolvent),
        "shortfall": register.add(line.shortfall),
    }


def _cover(cover: Cover, register: Register) -> dict[str, Any]:
    return {regime: _regime(c, register) for regime, c in cover.by_regime.items()}


def _regime(cover: RegimeCover, register: Register) -> dict[str, Any]:
    def values(parts: Mapping[str, Figure]) -> dict[str, Any]:
        return {k: plain(f.value) for k, f in parts.items()}

    ids = {
        "required": register.add(cover.required),
        "surplus": register.add(cover.surplus),
        "going_concern": {k: register.add(f) for k, f in cover.going_concern.items()},
        "on_insolvency": {k: register.add(f) for k, f in cover.on_insolvency.items()},
    }
    return {
        "required": plain(cover.required.value),
        "going_concern": values(cover.going_concern),
        "on_insolvency": values(cover.on_insolvency),
        "surplus": plain(cover.surplus.value),
        "standing": cover.required.standing,
        "figures": ids,
    }


def _part(part: Part, register: Register) -> dict[str, Any]:
    """What one signing domain holds in one tier, by asset."""
    return {
        "tier": part.tier,
        "domain": part.domain,
        "value": register.add(part.value),
        "quantities": {asset: register.add(f) for asset, f in part.quantities.items()},
    }


def _segregation(dossier: Dossier, register: Register) -> dict[str, Any]:
    """The dossier: totals by state, assets by state, every wallet and account."""
    return {
        "given": dossier.given,
        "totals": {state: register.add(f) for state, f in dossier.values.items()},
        "assets": {
            asset: {state: register.add(f) for state, f in parts.items()}
            for asset, parts in dossier.assets.items()
        },
        "items": [_item(item) for item in dossier.items],
    }


def _item(item: Item) -> dict[str, Any]:
    return {
        "kind": item.kind,
        "item": item.item,
        "asset": item.asset,
        "owner": item.owner,
        "quantity": number_text(item.quantity),
        "state": item.state,
        "holder": item.holder or None,
        "named_title": item.title or None,
        "exclusive_use": item.exclusive,
        "no_lien": item.no_lien,
        "no_lien_on": item.no_lien_on.isoformat() if item.no_lien_on else None,
        "trust_deed": item.trust_deed or None,
        "signers": item.signers,
        "audit": item.audit,
        "audited_on": item.audited_on.isoformat() if item.audited_on else None,
        "reasons": [reason.as_json() for reason in item.reasons],
        "missing": list(item.missing),
    }

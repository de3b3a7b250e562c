"""What an insurer asks for each day: customers' crypto by wallet tier and signing domain.

Quantities and values alone: no customer, no account, no address of a wallet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from fractions import Fraction
from typing import Any

from sonae.core.canonical import number_text, parse_number
from sonae.core.text import Text
from sonae.report.closes import Closes, Kept, missing_days
from sonae.report.figures import Figures
from sonae.report.filing import Found, assumed, number, t
from sonae.rulebook.calendars import CALENDARS

TIERS = ("hot", "other", "cold", "tier_not_public")
CALENDAR = "jp.bank"
OWN = ("guarantee", "buffer")


def bordereau_document(closes: Closes, first: date, last: date) -> dict[str, Any]:
    """Each closed day of a period: the whole, by tier, by domain, and each part by asset."""
    days = closes.within(first, last)
    documents = [k.document for k in days.values()]
    without, closed = missing_days(days, first, last, CALENDARS[CALENDAR])
    result: dict[str, Any] = {
        "format": "sonae-report-exposure/1",
        "entity": documents[-1]["venue"]["entity"],
        "on": last.isoformat(),
        "first": first.isoformat(),
        "currency": documents[-1]["venue"]["currency"],
        "assumed": assumed(documents),
        "days": [_day(k) for k in days.values()],
        "days_without_close": [d.isoformat() for d in without],
        "closed_days_without_close": closed,
    }
    result["open"] = list(_open(result))
    return result


def _day(kept: Kept) -> dict[str, Any]:
    document = kept.document
    figures = Figures(document, "en")
    exposure = document["exposure"]
    parts = [_part(p, figures) for p in exposure.get("parts", ())]
    domains = {name: _text(figures.number(id)) for name, id in exposure["domains"].items()}
    known = {n: parse_number(v) for n, v in domains.items() if v is not None}
    whole = sum(known.values(), Fraction(0)) if len(known) == len(domains) else None
    largest = max(known, key=lambda n: (known[n], n)) if known and whole else None
    return {
        "on": kept.on.isoformat(),
        "sha256": kept.digest,
        "given": "parts" in exposure,
        "total": _text(whole),
        "tiers": _tiers(parts),
        "domains": domains,
        "largest": None
        if largest is None or not whole
        else {
            "domain": largest,
            "value": domains[largest],
            "share": number_text(known[largest] / whole),
        },
        "parts": parts,
        "own": list(_own(document)),
    }


def _part(part: Found, figures: Figures) -> dict[str, Any]:
    return {
        "tier": part["tier"],
        "domain": part["domain"],
        "value": _text(figures.number(part["value"])),
        "assets": {
            asset: {
                "quantity": _text(quantity),
                "price": _text(price),
                "value": _worth(quantity, price),
            }
            for asset, id in part["quantities"].items()
            for quantity, price in [(figures.number(id), _price(figures, asset))]
        },
    }


def _price(figures: Figures, asset: str) -> Fraction | None:
    return figures.number(figures.document["prices"]["regulatory"]["chosen"][asset])


def _worth(quantity: Fraction | None, price: Fraction | None) -> str | None:
    return None if quantity is None or price is None else number_text(quantity * price)


def _text(value: Fraction | None) -> str | None:
    return None if value is None else number_text(value)


def _tiers(parts: list[dict[str, Any]]) -> dict[str, str | None]:
    """The value of each tier that holds something; None where a part of it has none."""
    found: dict[str, str | None] = {}
    for tier in TIERS:
        mine = [p["value"] for p in parts if p["tier"] == tier]
        if mine and None in mine:
            found[tier] = None
        elif mine:
            found[tier] = number_text(sum((parse_number(v) for v in mine), Fraction(0)))
    return found


def _own(document: Found) -> Iterator[dict[str, Any]]:
    """The firm's own coins that stand in its custody beside customers': guarantee and buffer."""
    for line in document["reconciliation"]:
        price = number(line["price"])
        for name in OWN:
            held = number(line.get(name))
            if held:
                yield {
                    "asset": line["asset"],
                    "owner": name,
                    "quantity": number_text(held),
                    "value": _worth(held, price),
                }


def _open(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """What an insurer would ask about."""

    def one(name: str, message: Text) -> dict[str, Any]:
        return {"name": name, "message": message.as_json()}

    def listed(days: list[str]) -> Text:
        return Text("、".join(days), ", ".join(days))

    if without := document["days_without_close"]:
        yield one("day-without-close", t("quarter.o_days", n=len(without), days=listed(without)))
    if old := [d["on"] for d in document["days"] if not d["given"]]:
        yield one("close-without-tiers", t("bordereau.o_old", days=listed(old)))
    unknown = [
        d["on"] for d in document["days"] if d["total"] is None or None in d["tiers"].values()
    ]
    if unknown:
        yield one("value-not-computable", t("bordereau.o_value", days=listed(unknown)))
    if odd := [d["on"] for d in document["days"] if d["given"] and not _adds_up(d)]:
        yield one("does-not-add-up", t("bordereau.o_sum", days=listed(odd)))


def _adds_up(day: Found) -> bool:
    """True where tiers and domains are the same money."""
    if day["total"] is None or None in day["tiers"].values():
        return True
    return sum((parse_number(v) for v in day["tiers"].values()), Fraction(0)) == parse_number(
        day["total"]
    )

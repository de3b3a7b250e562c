"""Firms side by side, and what they hang on together; nothing is netted or added up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from sonae.actions.console.day import day_of
from sonae.actions.console.home import Firm, NotFound
from sonae.core.canonical import number_text, parse_number


def side_by_side(firms: Iterable[Firm], on: date) -> list[dict[str, Any]]:
    """Each firm's newest close: requirement and cover of what is in force, hot share, findings.

    `age` is the days since the close, on the day of the question.
    """
    rows: list[dict[str, Any]] = []
    for firm in firms:
        try:
            day = day_of(firm)
        except NotFound:
            rows.append({"firm": firm.id, "name": firm.id, "on": None})
            continue
        document = day.document
        entries = {f["id"]: f for f in document["figures"]}
        closed = date.fromisoformat(document["on"])
        rows.append(
            {
                "firm": firm.id,
                "name": document["venue"]["name"],
                "on": document["on"],
                "age": (on - closed).days,
                "closes": len(day.days),
                "regimes": _regimes(document, entries),
                "hot_share": day.hot_share and _slim(day.hot_share["ratio"]),
                "hot_test": day.hot_share and _slim(day.hot_share["ratio_test"]),
                "breaches": _count(document, "breach"),
                "warnings": _count(document, "warning"),
                "oldest": max((f["days"] for f in day.open_findings), default=0),
                "sealed": document["seal"] is not None,
                "document": day.digest,
            }
        )
    return rows


SHOWN = ("id", "kind", "value", "unit", "standing", "confidence")


def _slim(entry: Mapping[str, Any]) -> dict[str, Any]:
    """What a table shows of a figure; the firm's own pages say why."""
    found = {key: entry[key] for key in SHOWN}
    return found | ({"reason": entry["reason"]} if "reason" in entry else {})


def _regimes(document: Mapping[str, Any], entries: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = []
    for id, cover in document["cover"]["by_regime"].items():
        if cover["standing"] != "proposed":
            ids = cover["figures"]
            found.append(
                {
                    "regime": id,
                    "standing": cover["standing"],
                    "required": _slim(entries[ids["required"]]),
                    "going_concern": _slim(entries[ids["going_concern"]["total"]]),
                    "on_insolvency": _slim(entries[ids["on_insolvency"]["total"]]),
                    "surplus": _slim(entries[ids["surplus"]]),
                }
            )
    return found


def _count(document: Mapping[str, Any], severity: str) -> int:
    return sum(1 for f in document["findings"] if f["severity"] == severity)


def shared_suppliers(firms: Iterable[Firm]) -> list[dict[str, Any]]:
    """Suppliers that keys hang on, those of most firms first: who, how much, what share of it all.

    The share is of the customers' crypto that the firm owes; None where that is not known.
    """
    found: dict[str, list[dict[str, Any]]] = {}
    for firm in firms:
        if not firm.days():
            continue
        document = firm.close()
        entries = {f["id"]: f for f in document["figures"]}
        owed = entries.get(document["facts"].get("customer_crypto_jpy", ""))
        for name, id in document["exposure"]["suppliers"].items():
            row = {
                "firm": firm.id,
                "name": document["venue"]["name"],
                "on": document["on"],
                "value": _slim(entries[id]),
                "share": None,
            }
            known = owed is not None and owed["kind"] == entries[id]["kind"] == "number"
            if known and owed is not None and parse_number(owed["value"]):
                share = parse_number(entries[id]["value"]) / parse_number(owed["value"])
                row["share"] = number_text(share)
            found.setdefault(name, []).append(row)
    ordered = sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
    return [{"supplier": name, "firms": rows} for name, rows in ordered]

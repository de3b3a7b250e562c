"""Two real incidents replayed: one paid in money, one refilled in coins."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from fractions import Fraction
from importlib import resources
from pathlib import Path
from typing import Any

from sonae.actions.entitle import compare_methods, load_incident
from sonae.actions.files import json_bytes, replace_folder
from sonae.actions.incident import open_incident
from sonae.claims.incident import Incident
from sonae.core.canonical import number_text
from sonae.core.text import Text

COINCHECK, DMM = "coincheck-2018", "dmm-bitcoin-2024"
LAW_ON = date(2026, 11, 20)
Step = Callable[[Text], None]
ACCOUNTS = 260_000
"""Customers who held XEM, as published; who held how much is not public."""


def incident_file(name: str) -> Path:
    """The file of a shipped incident."""
    return Path(str(resources.files("sonae.data").joinpath("demo", "incidents", f"{name}.toml")))


def spread(total: int, accounts: int) -> Iterator[int]:
    """A total over accounts by a rule of ours: the n-th in proportion to 1 / (n + 20), n from 0.

    The shape is like wealth, few with much; it is filled in, and the total is exact: what rounding
    leaves goes to the first.
    """
    weights = [10**12 // (n + 20) for n in range(accounts)]
    whole = sum(weights)
    shares = [total * w // whole for w in weights]
    shares[0] += total - sum(shares)
    yield from shares


def write_books(folder: Path, incident: Incident) -> Path:
    """Books of the record date: the asset that was lost, owed in full, spread over accounts."""
    [loss] = incident.losses
    folder.mkdir(parents=True, exist_ok=True)
    total = int(loss.amount * 10**loss.scale)
    rows = (
        (f"A{n:06}", f"C{n:06}", loss.asset, "spot", "free", units)
        for n, units in enumerate(spread(total, ACCOUNTS))
    )
    at, price = incident.record_at.isoformat(), loss.price or Fraction(0)
    tables: dict[str, tuple[list[str], Any]] = {
        "balances": (
            ["account_id", "customer_id", "asset", "product", "state", "quantity"], rows),
        "assets": (["asset", "number", "kind", "scale", "own_issue"],
                   [(loss.asset, 1, "crypto", loss.scale, "false"),
                    ("JPY", 2, "fiat", 0, "false")]),
        "holdings": (["holding_id", "asset", "owner", "tier", "quantity", "as_of"],
                     [("emptied", loss.asset, "customer", "hot", 0, at)]),
        "prices": (["asset", "currency", "price", "source", "own_venue", "purpose", "at"],
                   [(loss.asset, "JPY", number_text(price), "published", "false",
                     "regulatory", at)]),
    }  # fmt: skip
    for name, (columns, content) in tables.items():
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(columns)
            writer.writerows(content)
    words = resources.files("sonae.data").joinpath("demo", "incidents", "venue.toml.in")
    text = words.read_text("utf-8").replace("{entity}", incident.entity).replace("{at}", at)
    (folder / "venue.toml").write_text(text.replace("{source}", incident.source), encoding="utf-8")
    return folder


def replay(out: Path, step: Step = lambda _: None) -> dict[str, Any]:
    """Both incidents from freeze to last step; documents go to `out`.

    The law is that of 20 November 2026: on the days of the incidents the texts read say
    nothing, and the clocks would have no value. So it is a what-if, and marked as one.
    """
    opened = {}
    for name in (COINCHECK, DMM):
        step(Text(f"{name}を再現", f"replaying {name}"))
        opened[name] = open_incident(incident_file(name), LAW_ON)
    incident, _ = load_incident(incident_file(COINCHECK))
    step(Text("口座別の損失と評価", "losses and methods by account"))
    books = write_books(out / COINCHECK / "books", incident)
    valued = compare_methods(books, incident, out / COINCHECK / "valuation")
    for name, document in opened.items():
        replace_folder(out / name / "incident", {"incident.json": json_bytes(document)})
    return {"incidents": opened, "valuation": valued, "counters": _counters(opened, valued)}


def _counters(opened: Mapping[str, Any], valued: Mapping[str, Any]) -> dict[str, Any]:
    """What was owed and what was paid, as published: people and whole yen, or whole coins."""
    method, [lost] = valued["methods"][0], valued["assets"]
    [paid] = opened[COINCHECK]["paid"]
    [whole] = opened[DMM]["refill"]["assets"]
    [back] = opened[DMM]["paid"]
    return {
        COINCHECK: {
            "entitled": {"people": lost["accounts"], "amount": method["amount"]},
            "paid_as_published": {"people": lost["accounts"], "amount": paid["amount"]},
            "day": paid["day"],
        },
        DMM: {
            "short": {"coins": whole["short"]},
            "refilled_as_published": {"coins": whole["arrived"]},
            "day": whole["day"],
            "returned_on_day": back["day"],
        },
    }

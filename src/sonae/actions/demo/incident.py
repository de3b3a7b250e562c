"""Real incidents replayed: paid in money, refilled in coins, both in part, and above the loss."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from fractions import Fraction
from importlib import resources
from pathlib import Path
from typing import Any

from sonae.actions.claims.entitle import compare_methods, load_incident
from sonae.actions.files import json_bytes, replace_folder
from sonae.actions.incident.open import open_incident
from sonae.claims.incident import Incident
from sonae.core.canonical import number_text, parse_number
from sonae.core.text import Text
from sonae.rulebook.edition import Edition
from sonae.rulebook.rule import facts_from

COINCHECK, DMM, ZAIF = "coincheck-2018", "dmm-bitcoin-2024", "zaif-2018"
BITHUMB, SELLERS = "bithumb-2026", "bithumb-2026-sellers"
SHIPPED = (COINCHECK, DMM, ZAIF, BITHUMB, SELLERS)
LAW_ON = date(2026, 11, 20)
Step = Callable[[Text], None]
ACCOUNTS = 260_000
"""Customers who held XEM, as published; who held how much is not public."""
PUBLIC = Text("公表された総額と口座数", "the published total and number of accounts")
TOTAL = Text(
    "公表された総額。口座数は補った値", "the published total; the number of accounts is filled in"
)
FILLED = 1_000
"""Accounts where not even their number is public: our own, so that methods can be run."""


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


def write_books(folder: Path, incident: Incident, accounts: int = ACCOUNTS) -> Path:
    """Books of the record date: what was lost, owed in full, spread over accounts by our rule."""
    folder.mkdir(parents=True, exist_ok=True)
    at, losses = incident.record_at.isoformat(), incident.losses
    rows = (
        (f"A{n:06}", f"C{n:06}", loss.asset, "spot", "free", units)
        for loss in losses
        for n, units in enumerate(spread(int(loss.amount * 10**loss.scale), accounts))
    )
    prices = {loss.asset: _price(loss.price or Fraction(0)) for loss in losses}
    tables: dict[str, tuple[list[str], Any]] = {
        "balances": (
            ["account_id", "customer_id", "asset", "product", "state", "quantity"], rows),
        "assets": (["asset", "number", "kind", "scale", "own_issue"],
                   [*((loss.asset, n, "crypto", loss.scale, "false")
                      for n, loss in enumerate(losses, 1)),
                    ("JPY", len(losses) + 1, "fiat", 0, "false")]),
        "holdings": (["holding_id", "asset", "owner", "tier", "quantity", "as_of"],
                     [(f"emptied {a}", a, "customer", "hot", 0, at) for a in prices]),
        "prices": (["asset", "currency", "price", "source", "own_venue", "purpose", "at"],
                   [(a, "JPY", price, "published", "false", "regulatory", at)
                    for a, price in prices.items()]),
    }  # fmt: skip
    for name, (columns, content) in tables.items():
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(columns)
            writer.writerows(content)
    words = resources.files("sonae.data").joinpath("demo", "incidents", "venue.toml.in")
    text = words.read_text("utf-8").replace("{entity}", incident.entity).replace("{at}", at)
    what = PUBLIC if accounts == ACCOUNTS else TOTAL
    text = text.replace("{what_ja}", what.ja).replace("{what_en}", what.en)
    (folder / "venue.toml").write_text(text.replace("{source}", incident.source), encoding="utf-8")
    return folder


def _price(price: Fraction) -> str:
    """A price as Books take it: three decimals, rounded half up."""
    return number_text((price * 1000 + Fraction(1, 2)) // 1 * Fraction(1, 1000))


def replay(out: Path, step: Step = lambda _: None) -> dict[str, Any]:
    """Every shipped incident from freeze to last step; documents go to `out`.

    The law is that of 20 November 2026 in Japan: on the days of the incidents the texts read say
    nothing, and the clocks would have no value. So it is a what-if, and marked as one.
    """
    opened, valued = {}, {}
    for name in SHIPPED:
        step(Text(f"{name}を再現", f"replaying {name}"))
        opened[name] = open_incident(incident_file(name), LAW_ON)
    for name, accounts in ((COINCHECK, ACCOUNTS), (ZAIF, FILLED)):
        incident, _ = load_incident(incident_file(name))
        step(Text(f"口座別の損失と評価（{name}）", f"losses and methods by account ({name})"))
        books = write_books(out / name / "books", incident, accounts)
        valued[name] = compare_methods(books, incident, out / name / "valuation")
    for name, document in opened.items():
        replace_folder(out / name / "incident", {"incident.json": json_bytes(document)})
    above = at_totals(SELLERS)
    return {
        "incidents": opened,
        "valuation": valued[COINCHECK],
        "more_valuations": {ZAIF: valued[ZAIF]},
        "totals": {SELLERS: above},
        "counters": _counters(opened, valued) | {SELLERS: _above(opened[SELLERS], above)},
    }


def at_totals(name: str) -> dict[str, str]:
    """The first method of a shipped incident at its published total, by the rule claims.valuation.

    For a loss of which only the total is public, and no account.
    """
    incident, _ = load_incident(incident_file(name))
    [loss], method, edition = incident.losses, incident.methods[0], Edition(LAW_ON)
    given = {**method.given, "quantity": number_text(loss.amount), "currency": method.currency}
    facts, _ = facts_from(given, edition.rule("claims.valuation"))
    found = edition.evaluate("claims.valuation", facts)
    return {key: number_text(figure.number()) for key, figure in found.items()}


def _counters(opened: Mapping[str, Any], valued: Mapping[str, Any]) -> dict[str, Any]:
    """What was owed and what was paid, as published: people and whole yen, or whole coins.

    The day is counted from the day it was learned; `gap` is what no funds of the file met.
    """
    method, [lost] = valued[COINCHECK]["methods"][0], valued[COINCHECK]["assets"]
    [paid] = opened[COINCHECK]["paid"]
    [whole] = opened[DMM]["refill"]["assets"]
    [back] = opened[DMM]["paid"]
    [own] = opened[BITHUMB]["refill"]["assets"]
    mona = valued[ZAIF]["methods"][0]["by_asset"]["MONA"]["before_rounding"]
    return {
        COINCHECK: {
            "entitled": {"people": lost["accounts"], "amount": method["amount"]},
            "paid_as_published": {"people": lost["accounts"], "amount": paid["amount"]},
            "day": paid["day"],
            "gap": _gap(opened[COINCHECK]),
        },
        DMM: {
            "short": {"coins": whole["short"]},
            "refilled_as_published": {"coins": whole["arrived"]},
            "day": whole["day"],
            "returned_on_day": back["day"],
            "gap": _gap(opened[DMM]),
        },
        ZAIF: {
            "mona_in_kind": {"coins": number_text(parse_number(mona["in_kind"]) / 10**8)},
            "mona_in_money": {"amount": mona["amount"]},
            "day": published_days(opened[ZAIF]["id"]),
            "gap": _gap(opened[ZAIF]),
        },
        BITHUMB: {
            "short": {"coins": own["short"]},
            "refilled_as_published": {"coins": own["arrived"]},
            "day": own["day"],
            "gap": _gap(opened[BITHUMB]),
        },
    }


def _above(opened: Mapping[str, Any], above: Mapping[str, str]) -> dict[str, Any]:
    """A loss and the goodwill above it: two claims, each with its gate."""
    row = opened["id"].removesuffix("-sellers")
    return {
        "transaction_loss": {"amount": above["amount"]},
        "goodwill": {"amount": above["goodwill"]},
        "day": published_days(row),
        "gap": _gap(opened),
    }


def _gap(opened: Mapping[str, Any]) -> str | None:
    found = opened["waterfall"]
    return None if found is None else str(found["gap"])


def published_days(id: str) -> int | None:
    """Days until customers were made whole, from the shipped list of loss events."""
    with resources.files("sonae.data").joinpath("incidents.csv").open(encoding="utf-8") as stream:
        row = next(r for r in csv.DictReader(stream) if r["id"] == id)
    return int(row["compensation_days"]) if row["compensation_days"] else None

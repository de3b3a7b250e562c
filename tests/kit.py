"""Small Books for tests: a clean day, changed table by table."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from sonae.actions.close import Closed, close_books
from sonae.core.errors import InputError, Problem

CUT_OFF = "2026-11-20T23:59:59+09:00"
Rows = Sequence[Mapping[str, Any]]

VENUE = """
[venue]
name = "Test Exchange"
entity = "Test Exchange K.K."
holders = ["Test Trust Bank"]
currency = "JPY"
time_zone = "Asia/Tokyo"
cut_off = "{cut_off}"
known_at = "2026-11-21T09:00:00+09:00"
fiscal_year_start = "04-01"
regimes = ["jp"]

[house]
price_max_age_minutes = 30
control_proof_days = 90
control_proof_warning_days = 60
holding_max_age_hours = 24
signing_domain_limit = "1"
own_price_tolerance = "1/10"
{house}

[prices]
hierarchy = ["alpha", "beta", "manual"]
{more}
"""


def asset(name: str, kind: str = "crypto", scale: int = 8, own: bool = False) -> dict[str, Any]:
    return {"asset": name, "kind": kind, "scale": scale, "own_issue": str(own).lower()}


def balance(
    account: str, asset: str, quantity: int, state: str = "free", **more: Any
) -> dict[str, Any]:
    row = {"account_id": account, "customer_id": account.replace("A", "C", 1), "asset": asset}
    return row | {"product": "spot", "state": state, "quantity": quantity} | more


def holding(
    id: str, asset: str, quantity: int, owner: str = "customer", **more: Any
) -> dict[str, Any]:
    row = {"holding_id": id, "asset": asset, "owner": owner, "tier": "cold", "signing_domain": id}
    row |= {"quantity": quantity, "control_proved_on": "2026-11-20", "evidence": "signature"}
    return row | {"as_of": CUT_OFF} | more


def price(asset: str, amount: str, source: str = "alpha", **more: Any) -> dict[str, Any]:
    row = {"asset": asset, "currency": "JPY", "price": amount, "source": source}
    return row | {"own_venue": "false", "purpose": "regulatory", "at": CUT_OFF} | more


def statement(
    account: str, amount: str, kind: str = "customer_trust", **more: Any
) -> dict[str, Any]:
    row = {"account": account, "bank": "Test Trust Bank", "holder": "Test Trust Bank"}
    row |= {"currency": "JPY", "kind": kind, "stage": "settled"}
    return row | {"amount": amount, "as_of": "2026-11-20"} | more


def clean() -> dict[str, Rows]:
    """A day without findings: 100 BTC and 1,000,000 yen owed, held and proven."""
    return {
        "assets": [asset("BTC"), asset("JPY", "fiat", 0)],
        "balances": [
            balance("A1", "BTC", 60_0000_0000),
            balance("A2", "BTC", 40_0000_0000),
            balance("A1", "JPY", 1_000_000),
        ],
        "holdings": [holding("btc-cold", "BTC", 100_0000_0000)],
        "prices": [price("BTC", "15000000")],
        "statements": [statement("trust-1", "1000000")],
    }


def changed(**tables: Rows) -> dict[str, Rows]:
    """The clean day with some tables replaced."""
    return clean() | tables


def without(*names: str) -> dict[str, Rows]:
    """The clean day without some tables."""
    return {name: rows for name, rows in clean().items() if name not in names}


def write(
    folder: Path,
    tables: Mapping[str, Rows],
    *,
    house: str = "",
    more: str = "",
    cut_off: str = CUT_OFF,
    files: Mapping[str, str] | None = None,
) -> Path:
    """Write Books as CSV; columns are what the rows of a table name."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in tables.items():
        columns = list(dict.fromkeys(key for row in rows for key in row))
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, columns)
            writer.writeheader()
            writer.writerows(rows)
    text = VENUE.format(cut_off=cut_off, house=house, more=more)
    (folder / "venue.toml").write_text(text, encoding="utf-8")
    for name, content in (files or {}).items():
        (folder / name).write_text(content, encoding="utf-8")
    return folder


def close(folder: Path, tables: Mapping[str, Rows], **settings: Any) -> Closed:
    """Write Books and close them."""
    run = {k: settings.pop(k) for k in ("assume", "what_if_on", "out") if k in settings}
    return close_books(write(folder, tables, **settings), **run)


def findings(closed: Closed, *, notes: bool = False) -> list[str]:
    """Names of the findings, without notes unless asked."""
    found = closed.document["findings"]
    return [f["name"] for f in found if notes or f["severity"] != "note"]


def line(closed: Closed, asset: str) -> dict[str, Any]:
    """The reconciliation of one asset."""
    return next(r for r in closed.document["reconciliation"] if r["asset"] == asset)


def figure(closed: Closed, id: str) -> dict[str, Any]:
    """A figure of the close by id."""
    return next(f for f in closed.document["figures"] if f["id"] == id)


def finding(closed: Closed, name: str) -> dict[str, Any]:
    """The one finding of a name."""
    [found] = [f for f in closed.document["findings"] if f["name"] == name]
    return found


def edit(file: Path, old: str, new: str) -> None:
    """Replace words of a file; they must be there."""
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


def refused(folder: Path, **run: Any) -> list[Problem]:
    """Every problem for which written Books are refused."""
    with pytest.raises(InputError) as caught:
        close_books(folder, **run)
    return list(caught.value.problems)

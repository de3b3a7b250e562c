"""What people are given on paper: a statement for the tax office, a notice of a payment."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from sonae.actions.claims.frozen import TABLE, read_frozen
from sonae.actions.files import json_bytes, replace_folder
from sonae.claims.dispute import RAISES
from sonae.claims.entitle import AMOUNT, GOODWILL, IN_KIND
from sonae.claims.rails.pain001 import SCALES
from sonae.claims.tax import COLUMNS, RAISE, Settled, statements
from sonae.core.canonical import parse_number
from sonae.core.errors import Refused, UsageError
from sonae.core.text import Lang
from sonae.report.notice import Head, Paid, payment_notice, return_notice
from sonae.report.sheets import as_csv
from sonae.store.payments import Payments
from sonae.store.payout_rows import Payment

SENT = ("released", "accepted", "settled")
"""States of which a customer is told; while nobody knows whether it arrived there is nothing."""
_PLACES = {
    "zengin": ("bank", 3), "pain001": ("bank", 1), "credit": ("credit", 0), "chain": ("chain", 0),
    "successor": ("chain", 0),
}  # fmt: skip
"""Kind of a way -> what a notice calls the place, and which part of the account it is."""


def year_statements(
    store: Payments,
    programme: str,
    entitlements: Path,
    year: int,
    nature: str,
    out: Path | None = None,
) -> dict[str, Any]:
    """Every person's settled payments of a year, coin by coin; with `out`, one CSV of all.

    Args:
        store: where payments are kept.
        programme: the programme that paid.
        entitlements: the frozen list that it paid.
        year: the year of the days of payment.
        nature: what the payments were, as they were planned.
        out: a folder for the CSV; personal data.

    Raises:
        Refused: a payment is not what the list says.
    """
    document = read_frozen(entitlements)
    settled = list(_settled(store, programme, entitlements, document, nature))
    found = statements(settled, year)
    if out is not None:
        rows = [COLUMNS, *([r[c] for c in COLUMNS] for s in found.values() for r in s.rows())]
        summary = {"programme": programme, "year": year, "people": len(found)}
        files = {"statement.json": json_bytes(summary), "private/statements.csv": as_csv(rows)}
        replace_folder(out, files, "private")
    return {person: s.as_json() for person, s in found.items()}


def _settled(
    store: Payments, programme: str, folder: Path, document: Mapping[str, Any], nature: str
) -> Iterator[Settled]:
    [method] = document["valuation"]["methods"]
    scales = {a["asset"]: a["scale"] for a in document["valuation"]["assets"]}
    coins = nature == "return_in_kind"
    part = IN_KIND if coins else GOODWILL if nature == GOODWILL else AMOUNT
    lost: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in pq.read_table(folder / TABLE).to_pylist():
        if int(row[part]):
            asset = row["asset"] if coins else document["currency"]
            lost.setdefault((row["account"], asset), []).append(row)
    days = {f.name: f.designated for f in store.files(programme)}
    for payment in store.payments(programme):
        if payment.state != "settled":
            continue
        on = date.fromisoformat(days[payment.file])
        about = (payment.reference, payment.person, on)
        if payment.tranche >= RAISES and not coins:
            yield Settled(*about, RAISE, payment.asset, 0, 0, None, payment.amount).checked()
            continue
        if payment.tranche >= RAISES:
            scale = scales[payment.asset]
            yield _returned(about, payment.asset, scale, payment.amount)
            continue
        rows = lost.get((payment.person, payment.asset), [])
        if sum(int(r[part]) for r in rows) != payment.amount:
            raise Refused(f"{payment.reference}: its amount is not that of the list given")
        if coins:
            yield _returned(about, payment.asset, scales[payment.asset], payment.amount)
            continue
        for row in rows:
            units = 0 if nature == GOODWILL else int(row["lost"]) - int(row["in_kind"])
            rate = method["rates"].get(row["asset"], method["terms"].get("rate"))
            more = f"/{row['asset']}" if len(rows) > 1 else ""
            yield Settled(
                payment.reference + more,
                payment.person,
                on,
                nature,
                row["asset"],
                scales[row["asset"]],
                units,
                None if nature == GOODWILL or rate is None else parse_number(rate),
                int(row[part]),
                "" if nature == GOODWILL else method["discharge"],
            ).checked()


def _returned(about: tuple[str, str, date], asset: str, scale: int, units: int) -> Settled:
    """Coins that came back in kind: no price, no amount, and the debt of them ends."""
    return Settled(*about, "return_in_kind", asset, scale, units, None, 0, "in_kind").checked()


def notice_of(
    store: Payments,
    reference: str,
    firm: str,
    to: str,
    number: str,
    on: date,
    lang: Lang,
    entitlements: Path | None = None,
) -> str:
    """The notice of a payment as it stands: sent, settled, or back. It has no link.

    `entitlements`, the frozen list that it pays, says how it ends the debt, and how coins divide.

    Raises:
        UsageError: nothing was sent yet, or the list is needed and not given.
        Refused: a text given has in it what no notice may say.
    """
    payment: Payment = store.payment(reference)
    if payment.state not in (*SENT, "back"):
        raise UsageError(f"{reference} is {payment.state}: there is nothing to tell yet")
    head = Head(firm, to, number, on)
    file = store.file(payment.file)
    day = date.fromisoformat(file.designated)
    document = None if entitlements is None else read_frozen(entitlements)
    where, last = place_of(file.rail, payment.account)
    scale, discharge = _divided(payment, document)
    paid = Paid(
        payment.state,
        reference,
        Fraction(payment.amount, 10**scale),
        payment.asset,
        min(day, on) if payment.state == "back" else day,
        where,
        last,
        discharge,
    )
    if payment.state == "back":
        return return_notice(head, paid, "other", lang)
    return payment_notice(head, paid, lang)


def place_of(rail: str, account: str) -> tuple[str, str]:
    """Which kind of place a way pays to, and the last characters of it."""
    kind, named, _ = rail.partition(":")
    where, part = _PLACES[kind if named else "zengin"]
    last = re.search(r"[0-9A-Za-z]{1,4}(?=[^0-9A-Za-z]*$)", account.split("|")[part])
    return where, last[0] if last else ""


def _divided(payment: Payment, document: Mapping[str, Any] | None) -> tuple[int, str]:
    """Digits of the unit of a payment, and how it ends the debt where the list says so."""
    money = payment.asset in SCALES
    if document is None:
        if not money:
            raise UsageError(f"{payment.reference} pays coins: name the frozen list that it pays")
        return SCALES[payment.asset], ""
    valuation = document["valuation"]
    if money:
        return SCALES[payment.asset], str(valuation["methods"][0]["discharge"])
    scales = {a["asset"]: int(a["scale"]) for a in valuation["assets"]}
    if payment.asset not in scales:
        raise UsageError(f"the list has no {payment.asset}, which {payment.reference} pays")
    return scales[payment.asset], "in_kind"

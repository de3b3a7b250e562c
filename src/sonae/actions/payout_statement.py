"""What people are given on paper: a statement for the tax office, a notice of a payment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from sonae.actions.files import json_bytes, replace_folder
from sonae.actions.frozen import TABLE, read_frozen
from sonae.claims.entitle import AMOUNT, GOODWILL
from sonae.claims.tax import COLUMNS, Settled, statements
from sonae.core.canonical import parse_number
from sonae.core.errors import Refused, UsageError
from sonae.core.text import Lang
from sonae.report.notice import Head, Paid, payment_notice, return_notice
from sonae.report.sheets import as_csv
from sonae.store.payments import Payments
from sonae.store.payout_rows import Payment

SENT = ("released", "unknown", "accepted", "settled")


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
    part = GOODWILL if nature == GOODWILL else AMOUNT
    lost: dict[str, list[dict[str, Any]]] = {}
    for row in pq.read_table(folder / TABLE).to_pylist():
        if int(row[part]):
            lost.setdefault(row["account"], []).append(row)
    days = {f.name: f.designated for f in store.files(programme)}
    for payment in store.payments(programme):
        if payment.state != "settled":
            continue
        rows = lost.get(payment.person, [])
        if sum(int(r[part]) for r in rows) != payment.amount:
            raise Refused(f"{payment.reference}: its amount is not that of the list given")
        for row in rows:
            units = 0 if nature == GOODWILL else int(row["lost"]) - int(row["in_kind"])
            rate = method["rates"].get(row["asset"], method["terms"].get("rate"))
            more = f"/{row['asset']}" if len(rows) > 1 else ""
            yield Settled(
                payment.reference + more,
                payment.person,
                date.fromisoformat(days[payment.file]),
                nature,
                row["asset"],
                scales[row["asset"]],
                units,
                None if nature == GOODWILL or rate is None else parse_number(rate),
                int(row[part]),
            ).checked()


def notice_of(
    store: Payments, reference: str, firm: str, to: str, number: str, on: date, lang: Lang
) -> str:
    """The notice of a payment as it stands: sent, settled, or back. It has no link.

    Raises:
        UsageError: nothing was sent yet.
        Refused: a text given has in it what no notice may say.
    """
    payment: Payment = store.payment(reference)
    if payment.state not in (*SENT, "back"):
        raise UsageError(f"{reference} is {payment.state}: there is nothing to tell yet")
    head = Head(firm, to, number, on)
    day = date.fromisoformat(store.file(payment.file).designated) if payment.file else on
    paid = Paid(
        payment.state,
        reference,
        Fraction(payment.amount),
        payment.asset,
        min(day, on) if payment.state == "back" else day,
        "bank",
        payment.account.split("|")[3][-4:],
    )
    if payment.state == "back":
        return return_notice(head, paid, "other", lang)
    return payment_notice(head, paid, lang)

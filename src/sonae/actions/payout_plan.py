"""From frozen entitlements to planned payments: who has an account to be paid to, who has not."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from sonae.actions.entitle import TABLE, read_frozen
from sonae.actions.fund import Now, utc_now
from sonae.actions.mailbox import COLUMNS, encode
from sonae.actions.payments import Row, plan
from sonae.actions.payout_hold import hold
from sonae.claims.hold import Hold
from sonae.core.errors import InputError, Problem, UsageError
from sonae.core.text import Text
from sonae.store.payments import Payments

REVIEW = timedelta(days=7)


def read_accounts(file: Path) -> dict[str, str]:
    """Payout accounts by customer's account, from CSV; every bad row at once."""
    found: dict[str, str] = {}
    problems = []
    with file.open(newline="", encoding="utf-8-sig") as stream:
        reader = csv.DictReader(stream)
        if lacking := sorted(set(COLUMNS) - set(reader.fieldnames or ())):
            raise UsageError(f"{file}: columns are missing: {', '.join(lacking)}")
        for n, row in enumerate(reader, 1):
            short = [k for k in COLUMNS if not row[k]]
            if short or row["account"] in found or "|" in "".join(row[k] for k in COLUMNS):
                text = Text(
                    "空欄、同じ口座の重複、又は「|」がある",
                    "an empty cell, an account twice, or a | in a cell",
                )
                problems.append(Problem("corrupt-row", "accounts", text, file.name, n))
            found[row["account"]] = encode(row)
    if problems:
        raise InputError(problems)
    return found


def plan_frozen(
    store: Payments,
    programme: str,
    entitlements: Path,
    accounts: Mapping[str, str],
    tranche: int = 1,
    now: Now = utc_now,
) -> dict[str, Any]:
    """Plan what a frozen list says in money; related parties are held, who has no account is told.

    Raises:
        Refused: the list does not hold.
        PlanDiffers: something else was planned before under the same keys.
    """
    document = read_frozen(entitlements)
    table = pq.read_table(entitlements / TABLE, columns=["account", "amount", "goodwill", "held"])
    rows, held, missing, unpaid = [], [], 0, 0
    for row in table.to_pylist():
        amount = int(row["amount"]) + int(row["goodwill"])
        if not amount:
            continue
        if row["account"] not in accounts:
            missing, unpaid = missing + 1, unpaid + amount
            continue
        rows.append(
            Row(row["account"], document["currency"], tranche, amount, accounts[row["account"]])
        )
        if row["held"]:
            held.append(row["account"])
    found = plan(store, programme, rows, now=now)
    waiting = [p.reference for p in store.payments(programme)
               if p.person in set(held) and p.state == "planned"]  # fmt: skip
    if waiting:
        review = now().date() + REVIEW
        hold(store, waiting, Hold("legal", "compliance", review), now=now)
    return {
        "programme": programme,
        "list": document["table_digest"],
        "version": document["version"],
        "added": found.added,
        "known": found.known,
        "held": len(held),
        "without_account": {"accounts": missing, "amount": str(unpaid)},
    }

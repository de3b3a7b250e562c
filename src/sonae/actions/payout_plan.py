"""From frozen entitlements to planned payments: who has an account to be paid to, who has not."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from sonae.actions.frozen import TABLE, read_frozen
from sonae.actions.fund import Now, utc_now
from sonae.actions.fund_gates import payment
from sonae.actions.mailbox import COLUMNS, encode
from sonae.actions.payments import Row, plan
from sonae.claims.entitle import AMOUNT, GOODWILL
from sonae.claims.hold import Hold
from sonae.core.errors import InputError, Problem, Refused, UsageError
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
    nature: str,
    confirmation: Path | None = None,
    tranche: int = 1,
    now: Now = utc_now,
) -> dict[str, Any]:
    """Plan what a frozen list says in money; related parties are held, who has no account is told.

    Args:
        store: where payments are kept.
        programme: an open programme.
        entitlements: the folder of a frozen list.
        accounts: payout accounts by customer's account.
        nature: what the payment is, as jp.reserve.payment names it. Goodwill pays what the list
            has above the loss and nothing else; any other nature pays the loss.
        confirmation: the document by which the incident was confirmed, where one is needed.
        tranche: which part of the claim this is.
        now: the clock.

    Raises:
        Refused: the list does not hold, or the nature of the payment needs what is not there.
        PlanDiffers: something else was planned before under the same keys.
    """
    document = read_frozen(entitlements)
    gate = _gate(nature, confirmation, now)
    part = GOODWILL if nature == GOODWILL else AMOUNT
    table = pq.read_table(entitlements / TABLE, columns=["account", part, "held"])
    owed: dict[str, int] = {}
    related = set()
    for row in table.to_pylist():  # one for each asset that an account lost
        owed[row["account"]] = owed.get(row["account"], 0) + int(row[part])
        if row["held"]:
            related.add(row["account"])
    rows = [
        Row(account, document["currency"], tranche, amount, accounts[account])
        for account, amount in owed.items()
        if amount and account in accounts
    ]
    without = [amount for account, amount in owed.items() if amount and account not in accounts]
    held = {row.person for row in rows} & related
    why = Hold("legal", "compliance", now().date() + REVIEW)
    found = plan(store, programme, rows, now=now, holds=dict.fromkeys(held, why))
    return {
        "programme": programme,
        "list": document["table_digest"],
        "version": document["version"],
        "nature": gate,
        "added": found.added,
        "known": found.known,
        "held": len(held),
        "without_account": {"accounts": len(without), "amount": str(sum(without))},
    }


def _gate(nature: str, confirmation: Path | None, now: Now) -> dict[str, Any]:
    """The rulebook's answer to a payment of this nature, for spot, with the document's digest."""
    digest = None
    if confirmation is not None:
        digest = hashlib.sha256(confirmation.read_bytes()).hexdigest()
    facts = {"nature": nature, "business": "spot", "from_incident": True, "assumed": []}
    found = payment({**facts, "confirmed": digest is not None}, now().date())
    if found["may_pay"] is not True:
        raise Refused(
            f"a payment of the nature {nature} needs {found['needed']}; nothing is planned"
        )
    marks = {k: found[k] for k in ("standing", "confidence")}
    return {"nature": nature, "confirmation": digest, **marks}

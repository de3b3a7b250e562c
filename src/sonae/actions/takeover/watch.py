"""Watching listed wallets from files alone, outside the firm: movements after the freeze."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

from sonae.claims.takeover.sweep import FORMAT as SWEEP
from sonae.claims.takeover.watch import Listed, Movement, plan_transfers, watch
from sonae.core.canonical import digest, number_text, parse_number
from sonae.core.errors import InputError, Problem, UsageError
from sonae.core.text import Text

T = TypeVar("T")
Row = Mapping[str, str]


def watch_files(
    listed: Path,
    movements: Path,
    since: datetime,
    plan: Path | None = None,
    authorised: Path | None = None,
) -> dict[str, Any]:
    """Judge the movements of a file; `authorised` has txid and reference, from the administrator.

    Raises:
        InputError: every row that cannot be read, with its place.
    """
    problems: list[Problem] = []
    wallets = _rows(listed, ("holding_id", "chain", "address"), _listed, problems)
    moves = _rows(movements, ("at", "chain", "address", "asset", "txid"), _movement, problems)
    document = _plan(plan) if plan else {"batches": [], "scales": {}}
    pairs = _rows(authorised, ("txid", "reference"), _pair, problems) if authorised else []
    if problems:
        raise InputError(problems)
    scales = {a: int(s) for a, s in document["scales"].items()}
    found = watch(wallets, moves, since, plan_transfers(document, scales), dict(pairs))
    return {
        "format": "sonae-watch/1",
        "since": since.isoformat(),
        "plan": document.get("plan"),
        "listed": len(wallets),
        "alarms": [
            {
                **f.as_json(),
                "at": m.at.isoformat(),
                "wallet": w.holding_id,
                "chain": w.chain,
                "asset": m.asset,
                "quantity": number_text(m.quantity),
                "to": m.to,
                "txid": m.txid,
                "could_sign": w.who().as_json(),
            }
            for m, w, f in found.alarms
        ],
        "recognised": [{"txid": m.txid, "transfer": id} for m, id in found.recognised],
        "before": found.before,
        "elsewhere": found.elsewhere,
    }


def _plan(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_bytes())
    except ValueError as error:
        raise UsageError(f"{file} is no sweep plan") from error
    if not isinstance(found, dict) or found.get("format") != SWEEP:
        raise UsageError(f"{file} is no sweep plan ({SWEEP})")
    if digest({k: v for k, v in found.items() if k != "sha256"}) != found.get("sha256"):
        raise UsageError(f"{file} was changed after it was made: its digest differs")
    return found


def _rows(
    file: Path, needed: tuple[str, ...], read: Callable[[Row], T], problems: list[Problem]
) -> list[T]:
    found = []
    with file.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream)
        lacking = [c for c in needed if c not in (reader.fieldnames or ())]
        if lacking:
            text = _COLUMN.format(c=", ".join(lacking))
            problems.append(Problem("missing-column", file.stem, text, file.name))
            return []
        for number, row in enumerate(reader, 1):
            try:
                found.append(read({k: v or "" for k, v in row.items() if k}))
            except ValueError as error:
                text = _ROW.format(why=str(error))
                problems.append(Problem("corrupt-row", file.stem, text, file.name, number))
    return found


_COLUMN = Text("列「{c}」がない", "column {c} is missing")
_ROW = Text("読めない行: {why}", "the row cannot be read: {why}")


def _listed(row: Row) -> Listed:
    if not row["address"]:
        raise ValueError("address")
    signers = tuple(s.strip() for s in row.get("signers", "").split(";") if s.strip())
    domain, quorum = row.get("signing_domain", ""), row.get("quorum", "")
    return Listed(row["holding_id"], row["chain"], row["address"], domain, quorum, signers)


def _movement(row: Row) -> Movement:
    at = datetime.fromisoformat(row["at"])
    if at.tzinfo is None:
        raise ValueError(f"{row['at']} has no offset")
    quantity: Fraction = parse_number(row.get("quantity_decimal", ""))
    if quantity < 0 or not row["txid"]:
        raise ValueError("quantity_decimal is below zero, or txid is empty")
    return Movement(
        at,
        row["chain"],
        row["address"],
        row.get("to", ""),
        row["asset"],
        quantity,
        row["txid"],
        row.get("reference", ""),
    )


def _pair(row: Row) -> tuple[str, str]:
    if not row["txid"] or not row["reference"]:
        raise ValueError("txid and reference are needed")
    return row["txid"], row["reference"]

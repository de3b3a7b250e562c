"""What stands beside the claims of an estate: an earlier distribution, the register, debts."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from sonae.actions.estate.document import FORMAT
from sonae.claims.estate.plan import Plan
from sonae.claims.estate.register import Assignment
from sonae.core.amount import bounded
from sonae.core.errors import InputError, Problem, Refused, UsageError
from sonae.core.text import Text

TABLE, DOCUMENT = "distribution.parquet", "estate.json"
REGISTER = ("claimant", "asset", "rank", "holder", "registered_on")


def former_of(folder: Path, plan: Plan) -> dict[str, Any]:
    """The distribution before this one, of the same estate, with a table that holds."""
    try:
        document: dict[str, Any] = json.loads((folder / DOCUMENT).read_text("utf-8"))
    except ValueError as error:
        raise UsageError(f"{folder / DOCUMENT} is not readable: {error}") from error
    if document.get("format") != FORMAT:
        raise UsageError(f"{folder} holds no distribution ({FORMAT})")
    for key, mine in (("estate", plan.id), ("currency", plan.currency), ("basis", plan.basis)):
        if document[key] != mine:
            raise UsageError(f"{folder}: {key} is {document[key]}, the plan says {mine}")
    holds(folder, document)
    return document


def holds(folder: Path, document: Mapping[str, Any]) -> None:
    """Check that the table is the one that the document names.

    Raises:
        Refused: it is not.
    """
    with (folder / TABLE).open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if digest != document["table_digest"]:
        raise Refused(f"{folder / TABLE} is not the table that {DOCUMENT} names")


_COLUMNS = Text("列がない: {c}", "columns are missing: {c}")
_ROW = Text("登録の行が読めない: {e}", "an entry of the register cannot be read: {e}")


def read_register(file: Path) -> list[Assignment]:
    """The register of assignments from CSV."""
    entries, problems = [], []
    with file.open(newline="", encoding="utf-8-sig") as stream:
        reader = csv.DictReader(stream)
        if lacking := sorted(set(REGISTER) - set(reader.fieldnames or ())):
            text = _COLUMNS.format(c=", ".join(lacking))
            raise InputError([Problem("missing-column", "assignments", text, file.name)])
        for n, row in enumerate(reader, 1):
            try:
                key = (row["claimant"], row["asset"], row["rank"])
                on = date.fromisoformat(row["registered_on"])
                if not all(key) or not row["holder"]:
                    raise ValueError("claimant, asset, rank and holder are needed")
                entries.append(Assignment(key, row["holder"], on))
            except (ValueError, TypeError) as error:
                problem = _ROW.format(e=error)
                problems.append(Problem("corrupt-row", "assignments", problem, file.name, n))
    if problems:
        raise InputError(problems)
    return entries


_AMOUNT = Text("債務の行が読めない: {e}", "a debt cannot be read: {e}")


def read_debts(file: Path) -> dict[str, int]:
    """What customers owe, from CSV, in base units of money."""
    found: dict[str, int] = {}
    problems = []
    with file.open(newline="", encoding="utf-8-sig") as stream:
        reader = csv.DictReader(stream)
        if lacking := sorted({"claimant", "amount"} - set(reader.fieldnames or ())):
            text = _COLUMNS.format(c=", ".join(lacking))
            raise InputError([Problem("missing-column", "debts", text, file.name)])
        for n, row in enumerate(reader, 1):
            claimant, amount = row["claimant"], row["amount"] or ""
            if not claimant or claimant in found:
                reason = "claimant empty or given twice"
            elif not (amount.isascii() and amount.isdecimal()):
                reason = f"{amount!r} is not a whole number of base units"
            else:
                found[claimant] = bounded(int(amount), file.name)
                continue
            problems.append(Problem("corrupt-row", "debts", _AMOUNT.format(e=reason), file.name, n))
    if problems:
        raise InputError(problems)
    return found

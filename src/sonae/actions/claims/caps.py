"""A cap within one person over a file of products: what it covers, product by product."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from sonae.claims.caps import Product, capped
from sonae.claims.customer import Ref
from sonae.claims.held import by_person
from sonae.core.amount import bounded
from sonae.core.errors import InputError, Problem, UsageError
from sonae.core.text import Text
from sonae.rulebook.edition import Edition

FORMAT = "sonae-caps/1"
NEEDED = ("account", "amount")
DIGITS = 38
FACTS = ("encumbered", "matures", "rate")


def caps(
    file: Path, rule: str, on: date, people: Path | None = None, limit: int | None = None
) -> dict[str, Any]:
    """What a cap covers of each product of each person, in the order that the rulebook names.

    Args:
        file: CSV of account, amount (whole units) and the facts that the order needs; with
            `person`, or with `brand` and `customer_id` and a list of people.
        rule: the rule that names the order (`order`) and, without `limit`, the cap (`limit_jpy`).
        on: the day whose law applies.
        people: private/people.csv of `claims people`: who is one person.
        limit: a cap in place of the rule's.

    Raises:
        InputError: every row that cannot be read, has no person, or lacks a fact that decides.
    """
    edition = Edition(on)
    found = edition.evaluate(rule, {})
    named, most = found.get("order"), found.get("limit_jpy")
    if named is None or not named.computable:
        raise UsageError(f"{rule} names no order of satisfaction on {on}")
    if limit is None and (most is None or not most.computable):
        raise UsageError(f"{rule} has no cap on {on}; give one")
    cap = limit if limit is not None else int(most.number())  # type: ignore[union-attr]
    order = [code.strip() for code in str(named.value).split(",")]
    products, refs = _products(file, None if people is None else _people(people))
    rows = capped(products, cap, order, file.name)
    totals = _totals(products, refs)
    return {
        "format": FORMAT,
        "rule": rule,
        "on": on.isoformat(),
        "order": order,
        "cap": str(cap),
        "cap_given": limit is not None,
        "confidence": named.confidence,
        "standing": named.standing,
        "cites": [c.text().as_json() for c in named.cites],
        "people": len(totals),
        "above_cap": sum(1 for n in totals.values() if n > cap),
        "owed": str(sum(totals.values())),
        "paid": str(sum(r.paid for r in rows)),
        "over": str(sum(r.over for r in rows)),
        "rows": [
            {
                "person": r.product.person,
                "account": r.product.account,
                "amount": str(r.product.amount),
                "paid": str(r.paid),
                "over": str(r.over),
            }
            for r in rows
        ],
    }


def _totals(products: list[Product], refs: Mapping[int, Ref]) -> dict[str, int]:
    """By person what is owed over all accounts and brands."""
    of = {refs[p.row]: p.person for p in products}
    held = by_person(of, ((refs[p.row], "", p.amount) for p in products))
    return {one.person: one.units for one in held}


def _rows(file: Path, columns: Sequence[str], table: str) -> list[dict[str, str]]:
    """The rows of a CSV file that has these columns, cells without spaces around them."""
    try:
        with file.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.DictReader(stream)
            lacking = [c for c in columns if c not in (reader.fieldnames or ())]
            if lacking:
                text = _COLUMNS.format(columns=", ".join(lacking))
                raise InputError([Problem("missing-column", table, text, file.name)])
            return [
                {k: (v or "").strip() for k, v in row.items() if isinstance(k, str)}
                for row in reader
            ]
    except (UnicodeDecodeError, csv.Error) as error:
        text = _UNREADABLE.format(error=str(error))
        raise InputError([Problem("unreadable-file", table, text, file.name)]) from error


def _people(file: Path) -> dict[Ref, str]:
    rows = _rows(file, ("brand", "customer_id", "person"), "people")
    return {(r["brand"], r["customer_id"]): r["person"] for r in rows}


def _products(file: Path, people: Mapping[Ref, str] | None) -> tuple[list[Product], dict[int, Ref]]:
    """Every product, and by its row which customer it belongs to."""
    problems: list[Problem] = []
    products, refs = [], {}
    seen: set[tuple[str, str]] = set()
    keys = ("person",) if people is None else ("brand", "customer_id")
    for n, cells in enumerate(_rows(file, (*keys, *NEEDED), "products"), 1):
        ref: Ref = ("", cells["person"]) if people is None else (cells["brand"], cells[keys[-1]])
        person = ref[1] if people is None else people.get(ref, "")
        faults = _faults(cells, person, seen)
        for column, why in faults:
            problems.append(Problem("corrupt-row", "products", why, file.name, n, column=column))
        seen.add((person, cells["account"]))
        if not faults:
            facts = {k: cells[k] for k in FACTS if cells.get(k)}
            amount = bounded(int(cells["amount"]), f"row {n} of {file.name}")
            products.append(Product(person, cells["account"], amount, facts, n))
            refs[n] = ref
    if problems:
        raise InputError(problems)
    return products, refs


def _faults(
    cells: Mapping[str, str], person: str, seen: set[tuple[str, str]]
) -> list[tuple[str, Text]]:
    found = []
    amount = cells["amount"]
    if not (amount.isascii() and amount.isdecimal() and len(amount) <= DIGITS):
        text = Text(f"0以上の整数でない: {amount}", f"not a whole number from zero: {amount}")
        found.append(("amount", text))
    if not person:
        text = Text(
            "同一人の一覧にない。名寄せ（claims people）をやり直す",
            "is nobody in the list of people; run `claims people` again",
        )
        found.append(("person", text))
    if not cells["account"]:
        found.append(("account", Text("口座番号がない", "no account number")))
    if (person, cells["account"]) in seen:
        text = Text("同じ人の同じ口座がほかの行にもある", "another row has this account")
        found.append(("account", text))
    return found


_COLUMNS = Text("列がない: {columns}", "columns are missing: {columns}")
_UNREADABLE = Text("UTF-8のCSVとして読めない: {error}", "not readable as CSV in UTF-8: {error}")

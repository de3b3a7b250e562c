"""From frozen entitlements to planned payments: who has an account to be paid to, who has not."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from sonae.actions.claims.frozen import TABLE, read_frozen, signer_of
from sonae.actions.fund.gates import payment
from sonae.actions.fund.session import Now, utc_now
from sonae.actions.pay.act import in_power
from sonae.actions.pay.programme import Part, Row, plan
from sonae.actions.pay.way import Way
from sonae.actions.pay.way_bank import Zengin
from sonae.claims.entitle import AMOUNT, GOODWILL, IN_KIND
from sonae.claims.hold import Hold
from sonae.core.errors import NOT_UTF8, InputError, Problem, Refused, UsageError
from sonae.core.text import Text
from sonae.store.payments import Payments
from sonae.store.payout_rows import MOST

REVIEW = timedelta(days=7)


Accounts = Mapping[tuple[str, str], str]
"""Customer's account and asset (empty for money) -> where it is paid to, in the words of a way."""


def read_accounts(file: Path, way: Way | type[Way] = Zengin) -> Accounts:
    """Payout accounts from CSV with the columns of a way; every bad row at once."""
    needed, optional = ("account", *way.columns), way.optional
    found: dict[tuple[str, str], str] = {}
    problems = []
    try:
        content = file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        problem = Problem("unreadable-file", "accounts", NOT_UTF8, file.name)
        raise InputError([problem]) from error
    with io.StringIO(content, newline="") as stream:
        reader = csv.DictReader(stream)
        if lacking := sorted(set(needed) - set(reader.fieldnames or ())):
            raise UsageError(_LACKING.format(file=file.name, columns=", ".join(lacking)))
        for n, row in enumerate(reader, 1):
            cells = {k: row.get(k) or "" for k in (*needed, *optional)}
            key = (cells["account"], cells["asset"] if way.coins else "")
            if text := _row_fault(cells, needed, key in found):
                problems.append(Problem("corrupt-row", "accounts", text, file.name, n))
            else:
                problems += [
                    Problem(name, "accounts", why, file.name, n, column=column)
                    for column, name, why in way.faults(cells)
                ]
            found[key] = way.encode(cells)
            if len(found[key]) > MOST["account"]:
                text = Text(
                    f"支払先が{MOST['account']}文字を超える",
                    f"longer than {MOST['account']} in all",
                )
                problems.append(Problem("account-too-long", "accounts", text, file.name, n))
    if problems:
        raise InputError(problems)
    return found


_LACKING = Text("{file}: 列がない: {columns}", "{file}: columns are missing: {columns}")


def _row_fault(cells: Mapping[str, str], needed: Sequence[str], twice: bool) -> Text | None:
    if all(cells[k] for k in needed) and not twice and "|" not in "".join(cells.values()):
        return None
    return Text(
        "空欄、同じ口座の重複、又は「|」がある",
        "an empty cell, an account twice, or a | in a cell",
    )


def plan_frozen(
    store: Payments,
    programme: str,
    entitlements: Path,
    accounts: Accounts,
    nature: str,
    confirmation: Path | None = None,
    tranche: int = 1,
    now: Now = utc_now,
    way: Way | type[Way] = Zengin,
    routed: Mapping[tuple[str, str], int] | None = None,
) -> dict[str, Any]:
    """Plan what a frozen list says in money or, by a way that pays coins, in coins.

    Related parties are held; who has no account, or is routed another way, is told.

    Args:
        store: where payments are kept.
        programme: an open programme.
        entitlements: the folder of a frozen list.
        accounts: payout accounts of the way.
        nature: what the payment is, as jp.reserve.payment names it. Goodwill pays what the list
            has above the loss and nothing else; any other nature pays the loss.
        confirmation: the document by which the incident was confirmed, where one is needed.
        tranche: which part of the claim this is.
        now: the clock.
        way: how it is to be paid.
        routed: units by account and asset that are routed this way; all of it where not given.

    Raises:
        Refused: the list does not hold, nobody in power signed it, or the nature needs more.
        PlanDiffers: something else was planned before under the same keys, or the same elsewhere.
    """
    document, signer = read_frozen(entitlements), _signer(store, entitlements)
    gate = _gate(nature, confirmation, now)
    if way.coins and nature == GOODWILL:
        raise UsageError("goodwill is money; this way pays coins")
    owed, related = _owed(entitlements, nature, way, document["currency"])
    here = {k: n for k, n in owed.items() if routed is None or routed.get(k) == n}
    rows, without = [], list[tuple[str, int]]()
    for (account, asset), amount in here.items():
        if (to := accounts.get((account, asset if way.coins else ""))) is None:
            without.append((asset, amount))
        else:
            rows.append(Row(account, asset, tranche, amount, to))
    held = {row.person for row in rows} & related
    why = Hold("legal", "compliance", now().date() + REVIEW)
    of = Part(document["table_digest"], _part(nature, way), document["incident"])
    found = plan(store, programme, rows, "operator", now, dict.fromkeys(held, why), of)
    counts = {"added": found.added, "known": found.known, "held": len(held)}
    return {
        "programme": programme,
        "list": document["table_digest"],
        "version": document["version"],
        "signed_by": signer,
        "nature": gate,
        **counts,
        "without_account": _sums(without, way),
        **({} if routed is None else _elsewhere(owed, routed)),
    }


def _signer(store: Payments, entitlements: Path) -> str:
    """Who of the fund, or of an administrator's people, signed the list; anybody can make one."""
    key = signer_of(entitlements)
    for person in in_power(store, paying=False).values():
        if person.key == key:
            return person.id
    raise Refused(_NOBODYS.format(folder=entitlements, key=key[:12]))


_NOBODYS = Text(
    "{folder}の一覧は、基金の人でも管財人の側の人でもない鍵{key}…で署名されている。何も予定していない",
    "{folder}: the list is signed with the key {key}…, of nobody of the fund nor of an "
    "administrator; nothing is planned",
)


def _elsewhere(
    owed: Mapping[tuple[str, str], int], routed: Mapping[tuple[str, str], int]
) -> dict[str, int]:
    """Claims of the list that are not planned here, by why."""
    return {
        "routed_elsewhere": sum(k not in routed for k in owed),
        "routed_other_amount": sum(routed.get(k, n) != n for k, n in owed.items()),
    }


def _owed(
    entitlements: Path, nature: str, way: Way | type[Way], currency: str
) -> tuple[dict[tuple[str, str], int], set[str]]:
    """What is to be paid by account and asset, and the accounts of related parties."""
    part = _part(nature, way)
    table = pq.read_table(entitlements / TABLE, columns=["account", "asset", part, "held"])
    owed: dict[tuple[str, str], int] = {}
    related = set()
    for row in table.to_pylist():  # one for each asset that an account lost
        key = (row["account"], row["asset"] if way.coins else currency)
        owed[key] = owed.get(key, 0) + int(row[part])
        if row["held"]:
            related.add(row["account"])
    return {k: n for k, n in owed.items() if n}, related


def _part(nature: str, way: Way | type[Way]) -> str:
    """Which column of a list is paid."""
    return IN_KIND if way.coins else GOODWILL if nature == GOODWILL else AMOUNT


def _sums(rows: Sequence[tuple[str, int]], way: Way | type[Way]) -> dict[str, Any]:
    if not way.coins:
        return {"accounts": len(rows), "amount": str(sum(n for _, n in rows))}
    sums: dict[str, int] = {}
    for asset, amount in rows:
        sums[asset] = sums.get(asset, 0) + amount
    return {"accounts": len(rows), "amounts": {a: str(n) for a, n in sorted(sums.items())}}


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

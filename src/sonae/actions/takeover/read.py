"""Reading what an administrator has: the Books of the firm, or the folder of an opened pack."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from sonae.actions.close import EXAMINE
from sonae.actions.takeover.pack import MANIFEST, take_pack
from sonae.actions.takeover.taken import Taken
from sonae.books.engine import open_engine
from sonae.books.read import Books, read_books
from sonae.books.settings import read_toml
from sonae.claims.takeover.sweep import Wallet
from sonae.close.segregation import newest_accounts
from sonae.core.errors import InputError, Problem, UsageError
from sonae.policy.terms import read_policies
from sonae.rulebook.edition import Edition


def take(folder: Path, close: Path | None = None) -> Taken:
    """Read and verify; `close` is a close.json whose totals are compared, where there is one.

    Raises:
        InputError: the Books cannot be read, or files of a pack are not those of its manifest.
    """
    if not folder.is_dir():
        raise UsageError(f"there is no folder {folder}")
    taken = take_pack(folder) if (folder / MANIFEST).is_file() else _books(folder)
    if close is not None:
        taken.stated, taken.dossier = _closed(close)
    _totals(taken)
    _stale(taken)
    return taken


def edition_of(taken: Taken) -> Edition:
    """The law on the day of what was read."""
    return Edition(taken.on)


def _closed(file: Path) -> tuple[dict[str, int], dict[str, Any] | None]:
    try:
        found = json.loads(file.read_bytes())
        owed = {r["asset"]: int(r["base_units"]["owed"]) for r in found["reconciliation"]}
        return owed, found.get("segregation")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{file} is no close.json") from error


# -- Books -----------------------------------------------------------------------------------------


@contextmanager
def _reading(folder: Path) -> Iterator[Books]:
    engine = open_engine()
    try:
        yield read_books(folder, engine, also=EXAMINE)
    finally:
        engine.close()


def _books(folder: Path) -> Taken:
    with _reading(folder) as books:
        venue = books.venue
        taken = Taken("books", venue.entity, venue.on, venue.known_at)
        taken.scales = {r["asset"]: r["scale"] for r in books.rows["assets"]}
        priced = {r["asset"] for r in books.rows["prices"]} | {venue.currency}
        taken.owed = {asset: owed.owed for asset, owed in books.owed.items()}
        taken.priced = {asset: asset in priced for asset in taken.scales}
        taken.unknown = _unidentified(books)
        taken.people = _people(books)
        taken.wallets = list(_wallets(books))
        taken.accounts = [
            {
                k: str(r[k] or "")
                for k in ("bank", "branch", "account", "holder", "currency", "kind")
            }
            | {"amount": str(r["amount"]), "as_of": r["as_of"].isoformat()}
            for r in (newest_accounts_of(books))
        ]
        for name in ("customers", "statements", "instruments", "segregation"):
            given = books.balances.customers if name == "customers" else books.table(name)
            if given is None:
                taken.absent(name)
        if books.policies is not None:
            taken.policies = [_policy(p) for p in read_policies(books.policies)]
        for name, register in (("keys", books.wallets), ("suppliers", books.suppliers)):
            if register is None:
                taken.absent(name)
    _contacts(taken, folder / "contacts.toml")
    return taken


def newest_accounts_of(books: Books) -> list[Mapping[str, Any]]:
    """The newest statement of each account."""
    from sonae.books.facts import Facts

    return list(newest_accounts(Facts(books)))


def _policy(policy: Any) -> dict[str, Any]:
    return {
        "policy_id": policy.policy_id,
        "insurer": policy.insurer,
        "terminates_on": list(policy.terminates_on),
        "period_end": policy.period_end.isoformat(),
        "in_force": True,
    }


def _contacts(taken: Taken, path: Path) -> None:
    if not path.is_file():
        taken.absent("contacts")
        return
    problems: list[Problem] = []
    raw = read_toml(path, problems)
    if problems:
        raise InputError(problems)
    rows = [c for c in raw.get("contact", []) if isinstance(c, dict)]
    taken.contacts = [{k: str(v) for k, v in row.items()} for row in rows]


def _unidentified(books: Books) -> dict[str, int]:
    return {
        group["asset"]: int(group["units"])
        for group in books.balances.groups
        if group["state"] == "unidentified"
    }


def _people(books: Books) -> dict[str, int | None]:
    """Counts of accounts and people; what the Books do not say is None."""
    engine, t = books.balances.engine, books.balances.table
    each = t.group_by("account_id").aggregate(customer=t.customer_id.max())
    row = engine.rows(each.aggregate(accounts=each.count(), unknown=each.customer.isnull().sum()))[
        0
    ]
    people, _ = books.balances.people()
    found: dict[str, int | None] = {
        "accounts": int(row["accounts"]),
        "accounts_without_owner": int(row["unknown"] or 0),
        "with_balance": people,
        "customers": None,
        "with_payout_details": None,
        "verified": None,
    }
    customers = books.balances.customers
    if customers is not None:
        mine = customers.semi_join(t.filter(t.customer_id.notnull()), "customer_id")
        full = mine.payout_bank.notnull() & mine.payout_account.notnull()
        day = mine.payout_verified_on.cast("string")
        good = full & day.re_search(r"^\d{4}-\d{2}-\d{2}$") & (day <= books.venue.on.isoformat())
        row = engine.rows(
            mine.aggregate(customers=mine.count(), full=full.sum(), verified=good.sum())
        )[0]
        found |= {
            "customers": int(row["customers"]),
            "with_payout_details": int(row["full"] or 0),
            "verified": int(row["verified"] or 0),
        }
    return found


def _wallets(books: Books) -> Iterator[Wallet]:
    register = {w.holding_id: w for w in books.wallets or ()}
    house = {
        name
        for r in books.table("holdings") or []
        if r["owner"] == "house"
        for name in (r["signing_domain"], *_signers(register.get(r["holding_id"])))
    } - {None}
    limit = books.venue.house.control_proof_days
    for r in books.table("holdings") or []:
        known = register.get(r["holding_id"])
        signers, domain = _signers(known), r["signing_domain"] or (known and known.signing_domain)
        proved = r["control_proved_on"]
        yield Wallet(
            r["holding_id"],
            r["asset"],
            r["owner"],
            r["tier"] or "",
            r["quantity"],
            r["chain"] or "",
            r["address"] or "",
            r["custodian"] or "",
            domain or "",
            known.quorum if known else "",
            signers,
            proved is not None and timedelta(0) <= books.venue.on - proved <= timedelta(limit),
            r["owner"] != "house" and bool({domain, *signers} & house),
            r["days_to_liquid"],
        )


def _signers(wallet: Any) -> tuple[str, ...]:
    return wallet.signers if wallet else ()


# -- what is wrong --------------------------------------------------------------------------------


def _totals(taken: Taken) -> None:
    """Totals as rebuilt against totals as stated, asset by asset."""
    if taken.stated is None:
        taken.gap(
            "nothing-to-compare",
            "note",
            "比べる合計（パックの目録または締め）がない",
            "there are no stated totals (a pack's manifest, a close) to compare with",
        )
        return
    for asset in sorted({*taken.stated, *taken.owed}):
        mine, said = taken.owed.get(asset, 0), taken.stated.get(asset, 0)
        if mine != said:
            taken.gap(
                "totals-differ",
                "breach",
                f"{asset}: 残高を足し直すと{mine:,}（最小単位）だが、{said:,}とされている",
                f"{asset}: the balances add up to {mine:,} base units; {said:,} is stated",
            )


def _stale(taken: Taken) -> None:
    old = [w.holding_id for w in taken.wallets if not w.proved and w.units]
    if old:
        names = ", ".join(dict.fromkeys(old))
        taken.gap(
            "stale-proof",
            "warning",
            f"期限内の支配証明がないウォレット: {names}",
            f"no proof of control in date: {names}",
        )
    silent = [w.holding_id for w in taken.wallets if not w.signers and not w.custodian]
    if silent:
        names = ", ".join(dict.fromkeys(silent))
        taken.gap(
            "signers-not-named",
            "warning",
            f"署名できる者の名がないウォレット: {names}",
            f"nobody is named who can sign: {names}",
        )
    blind = [w.holding_id for w in taken.wallets if not w.address and w.units]
    if blind:
        names = ", ".join(dict.fromkeys(blind))
        taken.gap(
            "no-address",
            "warning",
            f"アドレスがなく監視できないウォレット: {names}",
            f"without an address, and so not to be watched: {names}",
        )
    if taken.policies is None:
        taken.absent("policies")
    for policy in taken.policies or ():
        if str(policy.get("period_end", "")) < taken.on.isoformat():
            policy["in_force"] = False
            taken.gap(
                "policy-expired",
                "warning",
                f"保険{policy['policy_id']}は保険期間が終わっている",
                f"policy {policy['policy_id']} is past its period",
            )
    there = {*taken.owed, *taken.held}
    unpriced = sorted(a for a in there if not taken.priced.get(a, False))
    if unpriced:
        names = ", ".join(unpriced)
        taken.gap(
            "no-price",
            "note",
            f"価格のない資産も一覧に数量で残した: {names}",
            f"without a price, and listed in their own unit all the same: {names}",
        )


def listed(taken: Taken) -> list[dict[str, str]]:
    """The wallets to watch, and who can sign for each."""
    rows: dict[tuple[str, str], dict[str, str]] = {}
    for w in taken.wallets:
        if w.address:
            rows[w.chain, w.address] = {
                "holding_id": w.holding_id,
                "chain": w.chain,
                "address": w.address,
                "signing_domain": w.signing_domain,
                "quorum": w.quorum,
                "signers": "; ".join(w.signers),
            }
    return [rows[key] for key in sorted(rows)]


def banks(taken: Taken, *kinds: str) -> Sequence[str]:
    """The banks with an account of these kinds."""
    return tuple(dict.fromkeys(a["bank"] for a in taken.accounts if a["kind"] in kinds))

"""Reading the folder of an opened resolution pack: its files checked, its totals rebuilt."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sonae.actions.takeover.taken import Taken
from sonae.books.engine import open_engine
from sonae.books.relation import UNITS
from sonae.claims.takeover.sweep import Wallet
from sonae.core.errors import InputError, Problem, UsageError
from sonae.core.text import Text

MANIFEST, PACK = "manifest.json", "sonae-pack/1"
OUTSIDE = (MANIFEST, "SHA256SUMS")
"""Files, and their signatures, that a manifest does not list."""
PROOF_DAYS = 90
"""House default, where a pack does not say how old a proof of control may be."""
_FLAT = re.compile(r"policy\[(\d+)\]\.(\w+)(?:\[\d+\])?", re.ASCII)


def take_pack(folder: Path) -> Taken:
    """What an opened pack holds.

    Raises:
        InputError: every file that is missing or is not the one that its manifest lists.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
    except ValueError as error:
        raise UsageError(f"{folder / MANIFEST} cannot be read") from error
    if not isinstance(manifest, dict) or manifest.get("format") != PACK:
        raise UsageError(f"{folder / MANIFEST} is not of the format {PACK}")
    extra = _check_files(folder, manifest)
    known_at = datetime.fromisoformat(manifest["known_at"])
    taken = Taken("pack", manifest["entity"], date.fromisoformat(manifest["on"]), known_at)
    taken.seal = manifest.get("seal")
    if extra:
        names = ", ".join(extra)
        taken.gap(
            "unlisted-file",
            "warning",
            f"目録にないファイルがあり、信用できない: {names}",
            f"not listed, and not to be trusted: {names}",
        )
    taken.stated = {t["asset"]: int(t["owed"]) for t in manifest["totals"]}
    for part in manifest["missing"]:
        why = part["why"]
        taken.gap(
            "missing-part",
            "warning",
            f"{part['part']}: {why['ja']}",
            f"{part['part']}: {why['en']}",
        )
    wallets = _csv(folder / "wallets.csv")
    taken.wallets = _shared([_pack_wallet(r, taken) for r in wallets if r.get("asset")])
    taken.accounts = newest(_csv(folder / "banks.csv"), taken.on.isoformat())
    taken.unknown = {t["asset"]: int(t.get("unidentified", "0")) for t in manifest["totals"]}
    taken.policies = _pack_policies(folder / "policies.csv")
    people = _csv(folder / "people.csv")
    taken.contacts = people or None
    _pack_totals(folder, taken)
    return taken


def _check_files(folder: Path, manifest: Mapping[str, Any]) -> list[str]:
    """Refuse what is not as listed; the names of files that are not listed."""
    problems = []
    for file in manifest["files"]:
        path = folder / file["name"]
        if not path.is_file():
            problems.append(Problem("missing-part", "pack", _GONE, file["name"]))
        else:
            with path.open("rb") as stream:
                found = hashlib.file_digest(stream, "sha256").hexdigest()
            if found != file["sha256"]:
                problems.append(Problem("changed-part", "pack", _CHANGED, file["name"]))
    if problems:
        raise InputError(problems)
    known = {f["name"] for f in manifest["files"]}
    there = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    return sorted(name for name in there - known if not name.startswith(OUTSIDE))


_GONE = Text(
    "目録にあるファイルがない。別の写しを開ける", "listed, and not there; open another copy"
)
_CHANGED = Text(
    "ハッシュが目録と異なる。別の写しを開ける", "not the file that was listed; open another copy"
)


def _csv(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        return []
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return [dict(row) for row in csv.DictReader(stream)]


def _pack_wallet(row: Mapping[str, str], taken: Taken) -> Wallet:
    units = int(row["units"])
    taken.scales.setdefault(row["asset"], _scale(row["quantity"], units))
    proved = row.get("control_proved_on") or ""
    fresh = bool(proved) and timedelta(0) <= taken.on - date.fromisoformat(proved) <= timedelta(
        PROOF_DAYS
    )
    days = row.get("days_to_liquid") or ""
    return Wallet(
        row["holding_id"],
        row["asset"],
        row["owner"],
        row.get("tier", ""),
        units,
        row.get("chain", ""),
        row.get("address", ""),
        row.get("custodian", ""),
        row.get("signing_domain", ""),
        row.get("quorum", ""),
        tuple(s for s in (row.get("signers") or "").split("; ") if s),
        fresh,
        False,
        int(days) if days else None,
    )


def _shared(wallets: list[Wallet]) -> list[Wallet]:
    """Wallets, marked where one of the firm's own is signed for in the same place or by the same.

    A pack tells the firm's own coins by `owner`, as the Books do.
    """
    house = {n for w in wallets if w.owner == "house" for n in (w.signing_domain, *w.signers) if n}
    return [
        w._replace(shared=w.owner != "house" and bool({w.signing_domain, *w.signers} & house))
        for w in wallets
    ]


def newest(rows: Sequence[dict[str, str]], on: str) -> list[dict[str, str]]:
    """The newest settled statement of each account on or before a day."""
    found: dict[tuple[str, ...], dict[str, str]] = {}
    for row in rows:
        key = tuple(row.get(k, "") for k in ("bank", "branch", "account", "currency", "kind"))
        if row.get("stage") != "settled" or row["as_of"] > on:
            continue
        if key not in found or found[key]["as_of"] < row["as_of"]:
            found[key] = row
    return [found[key] for key in sorted(found)]


def _scale(quantity: str, units: int) -> int:
    """The scale at which a quantity in whole coins is so many base units; 0 where it is none."""
    whole, _, part = quantity.partition(".")
    if not units:
        return len(part)
    scale = len(part)
    value = int(whole + part)
    while value < units:
        value, scale = value * 10, scale + 1
    return scale


def _pack_policies(path: Path) -> list[dict[str, Any]] | None:
    rows = _csv(path)
    if not rows:
        return None
    found: dict[int, dict[str, Any]] = {}
    for row in rows:
        match = _FLAT.fullmatch(row["key"])
        if match:
            policy = found.setdefault(int(match[1]), {"terminates_on": [], "in_force": True})
            if match[2] == "terminates_on":
                policy["terminates_on"].append(row["value"])
            else:
                policy[match[2]] = row["value"]
    return [found[n] for n in sorted(found)]


def _pack_totals(folder: Path, taken: Taken) -> None:
    """What accounts and people of the pack come to, and what its close says beside them."""
    accounts = unknown = people = payout = 0
    verified = None
    engine = open_engine()
    try:
        if balances := sorted((folder / "balances").glob("*.parquet")):
            t = engine.scan(balances)
            units = t.units.cast(UNITS)
            above = t.mutate(units=units).filter(units > 0)
            sums = above.group_by("asset").aggregate(owed=above.units.sum().cast(UNITS))
            taken.owed = {r["asset"]: int(r["owed"]) for r in engine.rows(sums)}
            each = t.group_by("account_id").aggregate(customer=t.customer_id.max())
            counts = each.aggregate(n=each.count(), unknown=each.customer.isnull().sum())
            [row] = engine.rows(counts)
            accounts, unknown = int(row["n"]), int(row["unknown"] or 0)
        if persons := sorted((folder / "persons").glob("*.parquet")):
            t = engine.scan(persons)
            full = (t.payout_bank.length() > 0) & (t.payout_account.length() > 0)
            sums = {"n": t.count(), "full": full.sum()}
            if "payout_verified_on" in t.columns:
                day = t.payout_verified_on
                good = day.re_search(r"^\d{4}-\d{2}-\d{2}$") & (day <= taken.on.isoformat())
                sums["verified"] = (full & good).sum()
            [row] = engine.rows(t.aggregate(**sums))
            people, payout = int(row["n"]), int(row["full"] or 0)
            verified = int(row["verified"] or 0) if "verified" in row else None
    finally:
        engine.close()
    taken.people = {
        "accounts": accounts,
        "accounts_without_owner": unknown,
        "with_balance": None,
        "customers": people or None,
        "with_payout_details": payout if people else None,
        "verified": verified,
    }
    closed = folder / "close" / "close.json"
    file = closed if closed.is_file() else folder / "close.json"
    prices: dict[str, bool] = {}
    if file.is_file():
        document = json.loads(file.read_bytes())
        taken.dossier = document.get("segregation")
        for line in document["reconciliation"]:
            prices[line["asset"]] = line["price"] is not None
            taken.scales[line["asset"]] = line["scale"]
    taken.priced = prices

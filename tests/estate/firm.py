"""A small firm whose management is gone: its Books, and what stands around them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.kit import balance, changed, clean, holding, statement, write

BTC = 10**8
FROZEN = "2026-11-20T18:00:00+09:00"
TO = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
KEYS = """
[[wallet]]
holding_id = "btc-cold"
signing_domain = "vault"
quorum = "2 of 3"
signers = ["aoi", "ben", "chi"]
[[wallet]]
holding_id = "btc-hot"
signing_domain = "hot"
quorum = "1 of 2"
signers = ["ben", "dai"]
"""
POLICY = """
[[policy]]
policy_id = "{id}"
insurer = "{insurer}"
insurer_licence = "JP"
form = "crime"
insurance_kind = "first_party"
period_start = 2026-04-01
period_end = 2027-03-31
currency = "JPY"
limit_per_event = "1"
annual_aggregate = "1"
retention = "0"
co_insurance = "0"
claims_paid = "0"
beneficiary = "customers"
pledge = "none"
terminates_on = {ends}
"""
CONTACTS = """
[[contact]]
name = "Agent Attorney"
role = "beneficiary_agent"
phone = "by hand"
"""
FILES = {
    "keys.toml": KEYS,
    "contacts.toml": CONTACTS,
    "policies.toml": POLICY.format(id="DIES", insurer="First Insurance", ends='["insolvency"]')
    + POLICY.format(id="LIVES", insurer="Second Insurance", ends="[]"),
}


def tables(**more: Any) -> dict[str, Any]:
    """100 BTC owed: 90 cold in two wallets, one of them at a custodian, 10 hot; and money."""
    place = {"chain": "bitcoin"}
    rows = [
        holding("btc-cold", "BTC", 60 * BTC, signing_domain="vault", address="cold-1", **place),
        holding("btc-kept", "BTC", 30 * BTC, signing_domain="", address="cold-2", **place)
        | {"custodian": "Test Custody"},
        holding("btc-hot", "BTC", 10 * BTC, signing_domain="hot", address="hot-1", **place)
        | {"tier": "hot"},
    ]
    money = [
        *clean()["statements"],
        statement("house-1", "5000000", "house", bank="Test Bank", holder="Test Exchange K.K."),
    ]
    return changed(holdings=rows, statements=money) | more


def books(folder: Path, files: dict[str, str] | None = None, **more: Any) -> Path:
    """The firm's Books."""
    return write(folder, tables(**more), files=FILES if files is None else files)


def people(*verified: str) -> list[dict[str, str]]:
    """Three people, of whom the first two have accounts and payout details."""
    return [
        {"customer_id": f"C{n}", "kind": "person", "payout_bank": "0001", "payout_account": str(n)}
        | {"payout_verified_on": day}
        for n, day in enumerate(verified, 1)
    ]


def lost(asset: str, quantity: int) -> dict[str, Any]:
    """A balance whose owner nobody knows."""
    return balance("S1", asset, quantity, "unidentified") | {"customer_id": ""}


def pack(folder: Path, owed: int = 100 * BTC) -> Path:
    """An opened pack of the same firm, as the format `sonae-pack/1` lays it out."""
    for name in ("balances", "persons"):
        (folder / name).mkdir(parents=True)
    wallets = "holding_id,asset,owner,tier,quantity,units,custodian,chain,address,"
    wallets += "signing_domain,quorum,control_proved_on,days_to_liquid\n"
    wallets += (
        f"btc-cold,BTC,customer,cold,100,{100 * BTC},,bitcoin,cold-1,vault,2 of 3,2026-11-20,\n"
    )
    (folder / "wallets.csv").write_text("\ufeff" + wallets, "utf-8")
    banks = "bank,branch,account,holder,currency,kind,stage,amount,as_of\n"
    banks += "Test Bank,,house-1,Test Exchange K.K.,JPY,house,settled,5000000,2026-11-20\n"
    (folder / "banks.csv").write_text(banks, "utf-8")
    lines = "key,value\npolicy[0].policy_id,DIES\npolicy[0].insurer,First Insurance\n"
    lines += "policy[0].period_end,2027-03-31\npolicy[0].terminates_on[0],insolvency\n"
    (folder / "policies.csv").write_text(lines, "utf-8")
    rows = {
        "account_id": ["A1", "A2", "S1"],
        "customer_id": ["C1", "C2", None],
        "asset": ["BTC"] * 3,
        "units": [60 * BTC, 39 * BTC, BTC],
    }
    pq.write_table(pa.table(rows), folder / "balances" / "balances-00001.parquet")
    held = {"person": ["P1", "P2"], "payout_bank": ["0001", ""], "payout_account": ["1", ""]}
    pq.write_table(pa.table(held), folder / "persons" / "persons-00001.parquet")
    files = [
        {"name": str(p.relative_to(folder)), "sha256": hashlib.sha256(p.read_bytes()).hexdigest()}
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    ]
    why = {"ja": "台帳がない", "en": "no register"}
    manifest = {
        "format": "sonae-pack/1",
        "entity": "Test Exchange K.K.",
        "on": "2026-11-20",
        "known_at": "2026-11-21T09:00:00+09:00",
        "files": files,
        "totals": [{"asset": "BTC", "owed": str(owed), "receivable": "0"}],
        "seal": None,
        "missing": [{"part": "trust-deeds.csv", "why": why}],
    }
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    return folder

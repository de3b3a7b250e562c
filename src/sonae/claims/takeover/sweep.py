"""The sweep plan: every coin to the administrator's wallets, riskiest first, a small test before.

Unsigned: each batch is what one set of signers signs on one chain, of one asset and one owner. What
the batches move of a wallet is what it holds, to the unit; a network fee in the same coin comes
out of what arrives. What has no destination stays in the plan by name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sonae.claims.rails.address import Form, fault
from sonae.core.canonical import digest
from sonae.core.text import Text

FORMAT = "sonae-sweep/1"
RISKS = ("hot", "one_signer", "shared_signers", "other_tier", "no_proof", "cold")
"""Why a wallet is emptied before others, worst first."""
TEST_PART = 1_000
"""The test moves one part in so many of the first wallet, at least one unit."""
FOR_CUSTOMERS = ("customer", "guarantee", "buffer")
"""Owners that go to the customers' destination where they have none of their own."""
FORMS: Mapping[str, Form] = {
    "bitcoin": "bitcoin",
    "btc": "bitcoin",
    "ethereum": "ethereum",
    "eth": "ethereum",
    "xrp": "xrp",
    "xrpl": "xrp",
}


class Wallet(NamedTuple):
    """A wallet as the plan needs it; `units` are base units."""

    holding_id: str
    asset: str
    owner: str
    tier: str
    units: int
    chain: str
    address: str
    custodian: str
    signing_domain: str
    quorum: str
    signers: tuple[str, ...]
    proved: bool
    shared: bool
    days: int | None


class Destination(NamedTuple):
    """A wallet of the administrator, for one asset on one chain and one owner's coins."""

    asset: str
    chain: str
    address: str
    owner: str
    memo: str


@dataclass(frozen=True)
class Plan:
    """Batches in order, and wallets for which there is no destination."""

    id: str
    batches: Sequence[Mapping[str, Any]]
    left: Sequence[Mapping[str, Any]]
    totals: Mapping[str, Mapping[str, int]]


def risk(wallet: Wallet) -> str:
    """The worst of what speaks for moving it early."""
    one = wallet.quorum.strip().startswith("1 ") or wallet.quorum.strip() == "1"
    found = {
        "hot": wallet.tier == "hot",
        "one_signer": one,
        "shared_signers": wallet.shared,
        "other_tier": wallet.tier != "cold",
        "no_proof": not wallet.proved,
    }
    return next((name for name in RISKS if found.get(name)), "cold")


def address_fault(destination: Destination) -> Text | None:
    """Why a destination cannot be right, by the form of its chain; None where none is known."""
    form = FORMS.get(destination.chain.lower())
    return fault(destination.address, form) if form else None


def sweep(wallets: Sequence[Wallet], destinations: Sequence[Destination]) -> Plan:
    """The plan; the same wallets and destinations give the same ids."""
    to = {(d.asset, d.chain, d.owner): d for d in destinations}
    groups: dict[tuple[Any, ...], list[Wallet]] = {}
    left = []
    for wallet in wallets:
        if wallet.units == 0:
            continue
        there = _destination(wallet, to)
        if there is None:
            left.append(_left(wallet))
            continue
        signers = wallet.signing_domain or f"custodian {wallet.custodian or 'not named'}"
        key = (RISKS.index(risk(wallet)), wallet.chain, signers, wallet.asset, wallet.owner)
        groups.setdefault(key, []).append(wallet)
    lines = [
        (key, wallet, amount, test, _destination(wallet, to))
        for key, members in sorted(groups.items())
        for wallet, amount, test in _amounts(sorted(members, key=lambda w: w.holding_id))
    ]
    id = digest([[*map(str, k), w.holding_id, str(n), t, list(d or ())] for k, w, n, t, d in lines])
    batches: list[dict[str, Any]] = []
    for number, (key, wallet, amount, test, there) in enumerate(lines, 1):
        if not batches or batches[-1]["_key"] != key:
            batches.append(_batch(len(batches) + 1, key, wallet, there))
        batches[-1]["transfers"].append(_transfer(id, number, wallet, amount, test))
    for batch in batches:
        del batch["_key"]
    return Plan(id[:16], batches, left, _totals(wallets, lines))


def _destination(
    wallet: Wallet, to: Mapping[tuple[str, str, str], Destination]
) -> Destination | None:
    own = to.get((wallet.asset, wallet.chain, wallet.owner))
    if own is None and wallet.owner in FOR_CUSTOMERS:
        return to.get((wallet.asset, wallet.chain, "customer"))
    return own


def _amounts(members: Sequence[Wallet]) -> list[tuple[Wallet, int, bool]]:
    """A test from the first wallet, then all the rest of it, then the others whole."""
    first = members[0]
    test = max(1, first.units // TEST_PART)
    moved = [(first, test, True), (first, first.units - test, False)]
    moved += [(wallet, wallet.units, False) for wallet in members[1:]]
    return [(wallet, amount, trial) for wallet, amount, trial in moved if amount]


def _batch(
    number: int, key: tuple[Any, ...], wallet: Wallet, there: Destination | None
) -> dict[str, Any]:
    rank, chain, signers, asset, owner = key
    assert there is not None
    return {
        "_key": key,
        "batch": number,
        "risk": RISKS[rank],
        "chain": chain,
        "asset": asset,
        "owner": owner,
        "signers": signers,
        "quorum": wallet.quorum,
        "to": there.address,
        "memo": there.memo,
        "address_checked": there.chain.lower() in FORMS,
        "transfers": [],
    }


def _transfer(id: str, number: int, wallet: Wallet, amount: int, test: bool) -> dict[str, Any]:
    return {
        "id": f"{id[:16]}-{number:05d}",
        "test": test,
        "from": wallet.holding_id,
        "address": wallet.address,
        "units": str(amount),
        "not_before_days": wallet.days or 0,
    }


def _left(wallet: Wallet) -> dict[str, Any]:
    return {
        "holding_id": wallet.holding_id,
        "asset": wallet.asset,
        "owner": wallet.owner,
        "chain": wallet.chain,
        "units": str(wallet.units),
    }


def _totals(wallets: Sequence[Wallet], lines: Sequence[Any]) -> dict[str, dict[str, int]]:
    """Per asset what is held, what the plan moves, and what it leaves."""
    totals: dict[str, dict[str, int]] = {}
    for wallet in wallets:
        one = totals.setdefault(wallet.asset, {"held": 0, "planned": 0, "left": 0})
        one["held"] += wallet.units
    for _, wallet, amount, _, _ in lines:
        totals[wallet.asset]["planned"] += amount
    for one in totals.values():
        one["left"] = one["held"] - one["planned"]
    return totals

"""Reading the venue's wallets at one final block of each chain into a table for Books.

OUT/reading.json     what was read, at which blocks, what is to be acted on, what changed
OUT/holdings.csv     the table of holdings; only where every chain answered in full
OUT/coins.json       unspent outputs, from which the next reading goes on
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sonae.actions.chains.setup import ChainSetup, Setup, load_setup
from sonae.actions.files import json_bytes, replace_folder
from sonae.actions.keys import verify_signature
from sonae.chains.bitcoin import Bitcoin, Coin, Coins
from sonae.chains.ethereum import Ethereum
from sonae.chains.finality import Rule, final_at, final_block, final_named, halted, replaced
from sonae.chains.node import Block, Ledger, NodeError, block_from
from sonae.chains.reading import (
    Held,
    Source,
    Wallet,
    bitcoin_held,
    changes,
    ethereum_held,
    incomplete,
)
from sonae.chains.register import Record, Standing, columns, gone, read_register, standings
from sonae.chains.staking import read_validators, slot_of, staked
from sonae.core.errors import UsageError
from sonae.core.finding import Finding, sort_key

FORMAT = "sonae-reading/1"
COLUMNS = (
    "holding_id", "asset", "owner", "tier", "custodian", "chain", "address", "signing_domain",
    "quantity", "control_proved_on", "evidence", "days_to_liquid", "as_of", "block_hash",
)  # fmt: skip
Now = Callable[[], datetime]


def utc_now() -> datetime:
    """The clock."""
    return datetime.now(UTC)


def ledger_of(chain: ChainSetup) -> Ethereum | Bitcoin:
    """The chain through its node."""
    if chain.kind == "ethereum":
        return Ethereum(chain.node, chain.chain_id)
    return Bitcoin(chain.node, chain.network)


def read_wallets(
    nodes: Path,
    out: Path | None = None,
    register: Path | None = None,
    former: Path | None = None,
    accept_stale: str = "",
    now: Now = utc_now,
    cut_off: datetime | None = None,
    blocks: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Read every wallet; the document. `former` is the folder of an earlier reading.

    Read is the last final block, that before `cut_off` where one is given, or by chain the one
    whose hash `blocks` states. `accept_stale` names who accepts a chain that has halted.
    `register` fills in the columns of proof for the day of reading.
    """
    setup, read_at = load_setup(nodes), now()
    at, stated = cut_off or read_at, dict(blocks or {})
    if unknown := sorted(set(stated) - set(setup.chains)):
        raise UsageError(f"no chain {', '.join(unknown)}; there are {', '.join(setup.chains)}")
    before = _Former(former)
    records = read_register(register.read_bytes(), verify_signature) if register else []
    sources, kept = [], list[Record]()
    for chain in setup.chains.values():
        wallets = [w for w in setup.wallets if w.chain == chain.name]
        asked = _Asked(at, cut_off, stated.get(chain.name, ""), accept_stale)
        source = _read(chain, wallets, before, asked)
        own, findings = _still(chain, records) if source.complete else ([], [])
        sources.append(replace(source, findings=(*source.findings, *findings)))
        kept += own
    document = _document(setup, sources, before, read_at)
    if out is not None:
        files = {"reading.json": json_bytes(document)}
        if document["complete"]:
            files["holdings.csv"] = _table(sources, standings(kept, at.date(), 0))
            files["coins.json"] = json_bytes(_coins(sources, setup))
        replace_folder(out, files)
    return document


def _still(chain: ChainSetup, records: Sequence[Record]) -> tuple[list[Record], list[Finding]]:
    """Proofs of a chain without those whose block was reorganised away, and findings of these."""
    ledger, kept, findings = ledger_of(chain), list[Record](), list[Finding]()
    for record in records:
        if record.challenge.chain != chain.name:
            continue
        block = record.rests_on
        if block is not None and replaced(ledger, chain.name, block):
            findings.append(gone(record))
        else:
            kept.append(record)
    return kept, findings


@dataclass(frozen=True)
class _Asked:
    """Which block is asked for: the last final one, that before a cut-off, or one by its hash.

    `at` is the instant by which its age is measured, `by` who accepts an old one.
    """

    at: datetime
    cut_off: datetime | None
    hash: str
    by: str

    def block(self, ledger: Ledger, rule: Rule) -> Block:
        """The block."""
        if self.hash:
            return final_named(ledger, rule, self.hash)
        return final_at(ledger, rule, self.cut_off) if self.cut_off else final_block(ledger, rule)


class _Former:
    """An earlier reading, or none."""

    def __init__(self, folder: Path | None) -> None:
        self.document: Any = None
        self.coins: Any = {}
        if folder is None:
            return
        try:
            self.document = json.loads((folder / "reading.json").read_bytes())
            if (folder / "coins.json").is_file():
                self.coins = json.loads((folder / "coins.json").read_bytes())
        except ValueError as error:
            raise UsageError(f"{folder} holds no reading") from error
        if not isinstance(self.document, dict) or self.document.get("format") != FORMAT:
            raise UsageError(f"{folder} holds no reading ({FORMAT})")

    def block(self, chain: str) -> Block | None:
        """The block at which the chain was read."""
        for source in self.document["sources"] if self.document else []:
            if source["chain"] == chain and source["block"]:
                return block_from(source["block"])
        return None

    def units(self) -> dict[tuple[str, str], int]:
        """What was held, by holding and asset."""
        if self.document is None:
            return {}
        return _units((h["holding_id"], h["asset"], int(h["quantity"]))
                      for s in self.document["sources"] for h in s["held"])  # fmt: skip

    def start(self, chain: str, wallets: str) -> tuple[Coins, Block | None]:
        """Unspent outputs to go on from; none where the wallets are not the same ones."""
        found = self.coins.get(chain)
        if not found or found["wallets"] != wallets:
            return {}, None
        return {k: Coin(*v) for k, v in found["coins"].items()}, block_from(found["block"])


def _read(
    chain: ChainSetup,
    wallets: Sequence[Wallet],
    before: _Former,
    asked: _Asked,
) -> Source:
    """One chain; whatever its node fails to answer makes it incomplete."""
    findings: list[Finding] = []
    block: Block | None = None
    try:
        ledger = ledger_of(chain)
        ledger.ready()
        block = asked.block(ledger, chain.rule)
        stale = halted(chain.name, block, asked.at, chain.max_age, asked.by)
        findings += [stale] if stale else []
        lost = _gone(ledger, chain.name, before)
        findings += lost
        if isinstance(ledger, Ethereum):
            held = ethereum_held(ledger, block, wallets, chain.contracts, chain.swaps)
            more, found = _staked(chain, wallets, block)
            return Source(chain.name, block, (*held, *more), (*findings, *found))
        start, after = before.start(chain.name, _same(wallets))
        if lost or (after and after.height > block.height):
            start, after = {}, None
        held, coins = bitcoin_held(ledger, block, wallets, start, after, chain.index)
        return Source(chain.name, block, tuple(held), tuple(findings), coins)
    except NodeError as error:
        return Source(chain.name, block, (), (*findings, incomplete(chain.name, error)))


def _gone(ledger: Ledger, chain: str, before: _Former) -> list[Finding]:
    former = before.block(chain)
    found = replaced(ledger, chain, former) if former else None
    return [found.finding()] if found else []


def _staked(
    chain: ChainSetup, wallets: Sequence[Wallet], block: Block
) -> tuple[list[Held], list[Finding]]:
    """What wallets have staked at the slot of the block; a NodeError where it cannot be known."""
    held, findings = list[Held](), list[Finding]()
    for wallet in wallets:
        if not wallet.validators:
            continue
        if chain.beacon is None:
            raise NodeError(f"staked coins of {wallet.holding} are missing: no beacon node is set")
        beacon, query = chain.beacon, ",".join(wallet.validators)
        slot = slot_of(
            beacon.get("/eth/v1/beacon/genesis"), beacon.get("/eth/v1/config/spec"), block
        )
        answer = beacon.get(f"/eth/v1/beacon/states/{slot}/validators?id={query}")
        units, found = staked(
            wallet.holding, wallet.address, read_validators(answer, wallet.validators), {}
        )
        findings += found
        held.append(Held(wallet, chain.asset, units, "staked"))
    return held, findings


def _named(held: Held) -> str:
    """The holding's name; what is staked stands beside what can be sent."""
    return held.wallet.holding + (".staked" if held.part == "staked" else "")


def _document(
    setup: Setup, sources: Sequence[Source], before: _Former, at: datetime
) -> dict[str, Any]:
    after = _units((_named(h), h.asset, h.units) for s in sources for h in s.held)
    complete = all(s.complete for s in sources)
    findings = sorted((f for s in sources for f in s.findings), key=sort_key)
    differ = changes(before.units(), after) if before.document and complete else []
    return {
        "format": FORMAT,
        "firm": setup.firm,
        "read_at": at.isoformat(),
        "complete": complete,
        "sources": [_source(s) for s in sources],
        "findings": [f.as_json() for f in findings],
        "changes": [
            {"holding_id": c.holding, "asset": c.asset,
             "before": None if c.before is None else str(c.before),
             "after": None if c.after is None else str(c.after)}
            for c in differ
        ],
    }  # fmt: skip


def _source(source: Source) -> dict[str, Any]:
    return {
        "chain": source.chain,
        "status": "complete" if source.complete else "incomplete",
        "block": source.block.as_json() if source.block else None,
        "held": [
            {"holding_id": _named(h), "asset": h.asset, "part": h.part, "quantity": str(h.units)}
            for h in source.held
        ],
    }


def _units(rows: Any) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for holding, asset, units in rows:
        found[holding, asset] = found.get((holding, asset), 0) + units
    return found


def _table(sources: Sequence[Source], proofs: Sequence[Standing]) -> bytes:
    """The table of holdings, in the columns of Books."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for source in sources:
        assert source.block is not None
        for held in source.held:
            wallet = held.wallet
            proved, evidence = columns(proofs, wallet.holding, wallet.chain)
            days = "" if wallet.days_to_liquid is None else wallet.days_to_liquid
            writer.writerow((
                _named(held), held.asset, wallet.owner, wallet.tier, wallet.custodian,
                wallet.chain, wallet.address, wallet.signing_domain, held.units, proved, evidence,
                days, source.block.time.isoformat(), source.block.hash,
            ))  # fmt: skip
    return text.getvalue().encode()


def _same(wallets: Sequence[Wallet]) -> str:
    """A digest of what is looked for: with other wallets the walk starts anew."""
    words = sorted((w.holding, w.address, w.descriptor, w.last) for w in wallets)
    return hashlib.sha256(json.dumps(words).encode()).hexdigest()


def _coins(sources: Sequence[Source], setup: Setup) -> Mapping[str, Any]:
    return {
        s.chain: {
            "wallets": _same([w for w in setup.wallets if w.chain == s.chain]),
            "block": s.block.as_json() if s.block else None,
            "coins": {k: list(v) for k, v in sorted((s.coins or {}).items())},
        }
        for s in sources
        if s.coins is not None
    }

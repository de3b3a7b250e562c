"""Balances of the venue's wallets at one block of each chain, and what changed since the last time.

A chain that does not answer in full, or has halted, is incomplete: nothing of it is zero, and no
table of holdings is made of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sonae.chains.bitcoin import Bitcoin, Coin, Coins, scripts_of, total
from sonae.chains.bitcoin_scan import scan
from sonae.chains.ethereum import Asked, Ethereum
from sonae.chains.node import Block, NodeError
from sonae.core.amount import bounded
from sonae.core.finding import Finding
from sonae.core.text import Text

Part = Literal["liquid", "staked"]
_INCOMPLETE = Text(
    "{chain}: 答えが揃わない（{why}）。残高を零とはせず、保有の表は作らない",
    "{chain}: the answer is incomplete ({why}); no balance is taken as zero, and no table of "
    "holdings is made",
)


@dataclass(frozen=True, slots=True)
class Wallet:
    """One wallet: an address, or a descriptor up to index `last`, and the assets it may hold.

    `validators` are those that the wallet has staked with.
    """

    holding: str
    chain: str
    owner: str
    tier: str
    address: str = ""
    descriptor: str = ""
    last: int = 0
    assets: tuple[str, ...] = ()
    validators: tuple[str, ...] = ()
    custodian: str = ""
    signing_domain: str = ""
    days_to_liquid: int | None = None


@dataclass(frozen=True, slots=True)
class Swap:
    """A token that becomes another at an instant: `old` units times `ratio` are new units."""

    old: str
    new: str
    ratio: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Held:
    """Base units of one asset in one wallet."""

    wallet: Wallet
    asset: str
    units: int
    part: Part = "liquid"


@dataclass(frozen=True, slots=True)
class Source:
    """One chain as it was read: the block, what was held at it, what is to be acted on."""

    chain: str
    block: Block | None
    held: tuple[Held, ...] = ()
    findings: tuple[Finding, ...] = ()
    coins: Coins | None = None

    @property
    def complete(self) -> bool:
        """Whether every wallet was answered for, at a block that is recent enough."""
        names = ("source-incomplete", "chain-stale")
        return self.block is not None and not any(
            f.name in names and f.severity == "breach" for f in self.findings
        )


def incomplete(chain: str, why: object) -> Finding:
    """The finding that a source did not answer in full."""
    words = _INCOMPLETE.format(chain=chain, why=str(why))
    return Finding("source-incomplete", "breach", words, chain)


def ethereum_held(
    ledger: Ethereum,
    block: Block,
    wallets: Sequence[Wallet],
    contracts: Mapping[str, str | None],
    swaps: Sequence[Swap] = (),
) -> list[Held]:
    """Coins and tokens of every wallet; `contracts` by asset, None for the chain's own coin.

    Each pair of address and contract is asked once. From a swap's instant on, old tokens count as
    new ones at its ratio and no longer as themselves.

    Raises:
        NodeError: an answer is missing, or two wallets name one address.
    """
    _different(w.address.lower() for w in wallets)
    live = {s.old: s for s in swaps if block.time >= s.at}
    extra = {s.new: s.old for s in live.values()}
    asked: dict[Asked, tuple[Wallet, str]] = {}
    for wallet in wallets:
        names = [*wallet.assets, *(extra[a] for a in wallet.assets if a in extra)]
        for asset in dict.fromkeys(names):
            if asset not in contracts:
                raise NodeError(f"{wallet.holding}: no contract is given for {asset}")
            contract = contracts[asset]
            pair = (wallet.address.lower(), contract.lower() if contract else None)
            if pair in asked and asked[pair][1] != asset:
                raise NodeError(f"{asset} and {asked[pair][1]} name one contract")
            asked[pair] = (wallet, asset)
    units = ledger.balances(block, list(asked))
    sums: dict[tuple[str, str], Held] = {}
    for (wallet, asset), count in zip(asked.values(), units, strict=True):
        swap = live.get(asset)
        name, value = (swap.new, count * swap.ratio) if swap else (asset, count)
        former = sums.get((wallet.holding, name))
        whole = bounded(value + (former.units if former else 0), f"{name} in {wallet.holding}")
        sums[wallet.holding, name] = Held(wallet, name, whole)
    return list(sums.values())


def bitcoin_held(
    ledger: Bitcoin,
    block: Block,
    wallets: Sequence[Wallet],
    former: Coins | None = None,
    after: Block | None = None,
    index: bool = False,
) -> tuple[list[Held], dict[str, Coin]]:
    """Satoshi of every wallet, and the unspent outputs that the next reading can start from.

    `former` are the outputs at block `after`, which must still be in the chain. Without them the
    chain is walked from its first block, or, by `index`, the node's own index is asked.
    """
    own = {w.holding: scripts_of(w.address, w.descriptor, w.last) for w in wallets}
    _different(s for scripts in own.values() for s in scripts)
    every = frozenset(s for scripts in own.values() for s in scripts)
    if index and after is None:
        coins = scan(ledger.node, every, block)
    else:
        coins = ledger.walk(every, block, former or {}, after)
    held = [
        Held(w, asset, bounded(total(coins.values(), own[w.holding]), asset))
        for w in wallets
        for asset in w.assets
    ]
    return held, coins


def _different(addresses: Iterable[str]) -> None:
    """One address in two wallets would be counted twice."""
    seen: set[str] = set()
    for address in addresses:
        if address in seen:
            raise NodeError(f"two wallets name {address}")
        seen.add(address)


@dataclass(frozen=True, slots=True)
class Change:
    """What one holding of an asset was and is; None where it was not or is not there."""

    holding: str
    asset: str
    before: int | None
    after: int | None


def changes(
    before: Mapping[tuple[str, str], int], after: Mapping[tuple[str, str], int]
) -> list[Change]:
    """What differs between two readings, by holding and asset."""
    keys = sorted({*before, *after})
    pairs = [Change(*key, before.get(key), after.get(key)) for key in keys]
    return [c for c in pairs if c.before != c.after]

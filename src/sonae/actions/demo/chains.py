"""Two real nodes on this machine: coins move, are read at a block, are proven, a chain reorganises.

The amounts are invented for the story. What is shown is what the nodes answered.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sonae.actions.chains.node_client import HttpNode
from sonae.actions.chains.node_servers import ANVIL_CHAIN, anvil, bitcoin, install
from sonae.actions.chains.read import read_wallets
from sonae.actions.chains.wallet import (
    Offered,
    make_challenge,
    prove,
    wallet_status,
    write_challenge,
)
from sonae.actions.demo.wallet import BitcoinWallet, send, token, transfer
from sonae.actions.files import replace_file
from sonae.actions.keys import new_key
from sonae.core.text import Text

Step = Callable[[Text], None]
STEPS = 6
FIRM = "Demo Exchange KK"
SEAL = "5e" * 32
"""The header hash of an imagined day's seal."""
ETHER, COIN = 10**18, 10**8
VAULT_SENDS = 4_321
_SETUP = """firm = "{firm}"

[[chain]]
name = "ethereum"
kind = "ethereum"
url = "{ethereum}"
asset = "ETH"
chain_id = {chain_id}
finality = "finalized"
max_age_minutes = 60

[[chain]]
name = "bitcoin"
kind = "bitcoin"
url = "{bitcoin}"
auth = "{auth}"
asset = "BTC"
network = "regtest"
confirmations = 3
max_age_minutes = 60

[[token]]
chain = "ethereum"
asset = "USD"
contract = "{contract}"
"""
_WALLET = """
[[wallet]]
holding_id = "{0}"
chain = "{1}"
owner = "customer"
tier = "{2}"
address = "{3}"
assets = {4}
"""


def demo_chains(out: Path, step: Step = lambda _: None) -> dict[str, Any]:
    """Run the story; readings, register and challenges are left in `out`.

    Raises:
        NoNodes: there is no npm, or it cannot install the nodes.
    """
    step(Text("ノードを用意（初回はnpmで入れる）", "the nodes (from npm the first time)"))
    modules = install() / "node_modules"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    with anvil() as (ethereum, url), bitcoin(out / "bitcoin") as (chain, place, auth):
        story = _Story(ethereum, chain, out, modules, step)
        values = {"ethereum": url, "bitcoin": place, "auth": auth}
        return story.run(values)


class _Story:
    """The wallets of the story, and what happens to them."""

    def __init__(
        self, ethereum: HttpNode, chain: HttpNode, out: Path, modules: Path, step: Step
    ) -> None:
        self.ethereum, self.chain, self.out, self.step = ethereum, chain, out, step
        self.modules, self.nodes = modules, out / "nodes.toml"
        self.payer, self.hot, self.vault = ethereum.call("eth_accounts")[:3]
        self.miner, self.cold = BitcoinWallet("miner"), BitcoinWallet("cold")

    def run(self, values: Mapping[str, str]) -> dict[str, Any]:
        """From the first coin to the reorganised chain."""
        self.step(Text("コインを動かす", "coins move"))
        contract = token(self.ethereum, self.modules, self.payer, "USD", 10**12)
        self._mine_bitcoin(110)
        transfer(self.ethereum, contract, self.payer, self.hot, 250_000_000)
        self.ethereum.call("anvil_mine", hex(5))
        send(self.ethereum, self.payer, self.vault, 40 * ETHER)
        self.miner.pay(self.chain, self.cold.address, 12 * COIN)
        height = self._mine_bitcoin(3) - 2
        self.ethereum.call("anvil_mine", hex(3))
        self._write(values, contract)
        self.step(Text("ブロックを指定して残高を読む", "balances at a block"))
        first = read_wallets(self.nodes, self.out / "before")
        self.step(Text("支配を証明", "control is proven"))
        status = self._prove()
        self.step(Text("チェーンを再編成", "the chains reorganise"))
        self._reorganise(height)
        self.step(Text("読み直して差を示す", "read again: what changed"))
        second = read_wallets(
            self.nodes, self.out / "after", self.out / "proofs.register", self.out / "before"
        )
        return {"format": "sonae-demo-chains/1", "before": first, "proofs": status,
                "after": second}  # fmt: skip

    def _write(self, values: Mapping[str, str], contract: str) -> None:
        head = _SETUP.format(firm=FIRM, chain_id=ANVIL_CHAIN, contract=contract, **values)
        rows = (
            ("hot", "ethereum", "hot", self.hot, '["ETH", "USD"]'),
            ("vault", "ethereum", "cold", self.vault, '["ETH"]'),
            ("cold", "bitcoin", "cold", self.cold.address, '["BTC"]'),
        )
        text = head + "".join(_WALLET.format(*row) for row in rows)
        replace_file(self.nodes, text.encode(), 0o644)

    def _mine_bitcoin(self, blocks: int) -> int:
        self.chain.call("generatetoaddress", blocks, self.miner.address)
        return int(self.chain.call("getblockchaininfo")["blocks"])

    def _prove(self) -> dict[str, Any]:
        """A text signed by an account, a transaction by a vault, BIP-322 by a Bitcoin wallet."""
        new_key(self.out / "officer.key")
        for holding in ("hot", "cold"):
            challenge = make_challenge(self.nodes, holding, SEAL)
            write_challenge(challenge, self.out / f"{holding}.json")
            text = challenge.text()
            if holding == "hot":
                words = "0x" + text.encode().hex()
                signed = self.ethereum.call("personal_sign", words, self.hot)
                self._offer(holding, Offered("eip191", signed))
            else:
                self._offer(holding, Offered("bip322", self.cold.answer(text)))
        challenge = make_challenge(self.nodes, "vault", SEAL, amount=VAULT_SENDS)
        write_challenge(challenge, self.out / "vault.json")
        sent = send(self.ethereum, self.vault, self.vault, VAULT_SENDS)
        self.ethereum.call("anvil_mine", hex(3))
        self._offer("vault", Offered("send_to_self", transaction=sent))
        return wallet_status(self.out / "proofs.register")

    def _offer(self, holding: str, offered: Offered) -> None:
        prove(
            self.out / f"{holding}.json",
            offered,
            self.nodes,
            self.out / "proofs.register",
            self.out / "officer.key",
        )

    def _reorganise(self, height: int) -> None:
        """Both chains forget the blocks of the payments and what followed."""
        self.chain.call("invalidateblock", self.chain.call("getblockhash", height))
        self._mine_bitcoin(5)
        head = int(self.ethereum.call("eth_blockNumber"), 16)
        self.ethereum.call("anvil_reorg", min(head - 1, 9), [])
        self.ethereum.call("anvil_mine", hex(3))

"""Real nodes for tests: one start for a module; skipped by a person, failed by CI without npm."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from sonae.actions.chains.node_client import HttpNode
from sonae.actions.chains.node_servers import NoNodes, anvil, bitcoin, install

FIRM = "例示取引所株式会社"
SEAL = "ab" * 32
OWNER = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
"""The first account of Anvil: it holds 10,000 ether and its key is known to everyone."""


class EthereumNode(NamedTuple):
    node: HttpNode
    url: str
    modules: Path

    def mine(self, blocks: int = 3) -> None:
        """With two blocks on top a block is final."""
        self.node.call("anvil_mine", hex(blocks))


class BitcoinNode(NamedTuple):
    node: HttpNode
    url: str
    auth: str

    def mine(self, address: str, blocks: int) -> list[str]:
        return list(self.node.call("generatetoaddress", blocks, address))


@contextmanager
def ethereum_node() -> Iterator[EthereumNode]:
    with _or_skip(), anvil() as (node, url):
        yield EthereumNode(node, url, install() / "node_modules")


@contextmanager
def bitcoin_node(folder: Path) -> Iterator[BitcoinNode]:
    with _or_skip(), bitcoin(folder) as (node, url, auth):
        yield BitcoinNode(node, url, auth)


_MISSING: list[str] = []
"""Why there are no nodes, once that is known: npm is not asked twice."""


@contextmanager
def _or_skip() -> Iterator[None]:
    try:
        if not _MISSING:
            yield
            return
    except NoNodes as error:
        _MISSING.append(str(error))
    pytest.fail(_MISSING[0]) if os.environ.get("CI") else pytest.skip(_MISSING[0])


def ethereum_chain(url: str, more: str = "") -> str:
    return f"""
[[chain]]
name = "ethereum"
kind = "ethereum"
url = "{url}"
asset = "ETH"
chain_id = 31337
finality = "finalized"
max_age_minutes = 60
{more}"""


def bitcoin_chain(node: BitcoinNode, confirmations: int = 3) -> str:
    return f"""
[[chain]]
name = "bitcoin"
kind = "bitcoin"
url = "{node.url}"
auth = "{node.auth}"
asset = "BTC"
network = "regtest"
confirmations = {confirmations}
max_age_minutes = 60
"""


def wallet(holding: str, chain: str, address: str, assets: str, more: str = "") -> str:
    names = ", ".join(f'"{a}"' for a in assets.split())
    place = f'descriptor = "{address}"' if "(" in address else f'address = "{address}"'
    return f"""
[[wallet]]
holding_id = "{holding}"
chain = "{chain}"
owner = "customer"
tier = "cold"
{place}
assets = [{names}]
{more}"""


def write(folder: Path, *parts: str) -> Path:
    file = folder / "nodes.toml"
    file.write_text(f'firm = "{FIRM}"\n' + "".join(parts), "utf-8")
    return file

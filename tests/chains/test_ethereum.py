"""Balances off a real Ethereum node (Anvil): at a block hash, in full or not at all."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sonae.actions.chains.read import read_wallets
from sonae.actions.demo.wallet import send, token, transfer
from sonae.chains.ethereum import Ethereum
from sonae.chains.node import NodeError
from tests.chains.nodes import (
    OWNER,
    EthereumNode,
    ethereum_chain,
    ethereum_node,
    wallet,
    write,
)
from tests.command import sonae

COLD, HOT = "0x" + "c0" * 20, "0x" + "b0" * 20
ETHER = 10**18


@pytest.fixture(scope="module")
def node() -> Iterator[EthereumNode]:
    with ethereum_node() as running:
        yield running


@pytest.fixture
def chain(node: EthereumNode) -> Iterator[EthereumNode]:
    """The same node; what a test did is undone after it."""
    kept = node.node.call("evm_snapshot")
    yield node
    node.node.call("evm_revert", kept)


def tokens(*pairs: tuple[str, str]) -> str:
    row = '\n[[token]]\nchain = "ethereum"\nasset = "{}"\ncontract = "{}"\n'
    return "".join(row.format(asset, contract) for asset, contract in pairs)


def quantities(document: Any) -> dict[tuple[str, str], int]:
    return {
        (h["holding_id"], h["asset"]): int(h["quantity"])
        for s in document["sources"]
        for h in s["held"]
    }


def table(folder: Path) -> list[dict[str, str]]:
    with (folder / "holdings.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_coins_and_tokens_are_read_exactly_at_the_last_final_block(
    chain: EthereumNode, tmp_path: Path
) -> None:
    supply = 10**38 - 1
    usd = token(chain.node, chain.modules, OWNER, "USD", supply)
    transfer(chain.node, usd, OWNER, COLD, supply - 7)
    send(chain.node, OWNER, HOT, 3 * ETHER + 1)
    chain.mine()
    send(chain.node, OWNER, HOT, ETHER)  # not final yet
    file = write(
        tmp_path,
        ethereum_chain(chain.url),
        tokens(("USD", usd)),
        wallet("cold", "ethereum", COLD, "ETH USD"),
        wallet("hot", "ethereum", HOT, "ETH"),
    )
    said = sonae("wallet", "balances", file, "--out", tmp_path / "day", "--json")
    document = said.json()
    assert said.code == 0, said.err
    assert quantities(document) == {
        ("cold", "ETH"): 0,
        ("cold", "USD"): supply - 7,
        ("hot", "ETH"): 3 * ETHER + 1,
    }
    block = document["sources"][0]["block"]
    assert chain.node.call("eth_getBlockByNumber", "finalized", False)["hash"] == block["hash"]
    rows = table(tmp_path / "day")
    assert {r["block_hash"] for r in rows} == {block["hash"]}
    assert {r["as_of"] for r in rows} == {block["time"]}
    assert [r["quantity"] for r in rows] == ["0", str(supply - 7), str(3 * ETHER + 1)]


def test_a_token_address_without_a_contract_is_no_balance_of_zero(
    chain: EthereumNode, tmp_path: Path
) -> None:
    file = write(
        tmp_path,
        ethereum_chain(chain.url),
        tokens(("USD", "0x" + "11" * 20)),
        wallet("cold", "ethereum", COLD, "ETH USD"),
    )
    chain.mine()
    said = sonae("wallet", "balances", file, "--out", tmp_path / "day", "--json")
    assert said.code == 1
    assert said.json()["sources"][0]["status"] == "incomplete"
    assert said.json()["sources"][0]["held"] == []
    assert [f["name"] for f in said.json()["findings"]] == ["source-incomplete"]
    assert not (tmp_path / "day" / "holdings.csv").exists()


def test_a_node_that_is_not_there_or_of_another_chain_is_incomplete(
    chain: EthereumNode, tmp_path: Path
) -> None:
    chain.mine()
    wallets = wallet("cold", "ethereum", COLD, "ETH")
    other = ethereum_chain(chain.url).replace("31337", "1")
    for text in (ethereum_chain("http://127.0.0.1:9"), other):
        found = read_wallets(write(tmp_path, text, wallets))
        assert not found["complete"]
        assert found["sources"][0]["held"] == []


def test_a_block_that_was_reorganised_is_noticed_and_what_changed_is_shown(
    chain: EthereumNode, tmp_path: Path
) -> None:
    file = write(tmp_path, ethereum_chain(chain.url), wallet("cold", "ethereum", COLD, "ETH"))
    chain.mine(5)
    send(chain.node, OWNER, COLD, 2 * ETHER)
    chain.mine(2)
    first = read_wallets(file, tmp_path / "one")
    assert quantities(first) == {("cold", "ETH"): 2 * ETHER}
    chain.mine(3)
    again = read_wallets(file, tmp_path / "two", former=tmp_path / "one")
    assert again["findings"] == []
    chain.node.call("anvil_reorg", 8, [])
    chain.mine(3)
    said = sonae("wallet", "balances", file, "--former", tmp_path / "one", "--json")
    assert said.code == 1
    assert [f["name"] for f in said.json()["findings"]] == ["block-reorganised"]
    assert first["sources"][0]["block"]["hash"] in said.json()["findings"][0]["message"]["en"]
    assert said.json()["changes"] == [
        {"holding_id": "cold", "asset": "ETH", "before": str(2 * ETHER), "after": "0"}
    ]


def test_a_block_that_leaves_the_chain_is_not_read_at(chain: EthereumNode) -> None:
    ledger = Ethereum(chain.node, 31337)
    chain.mine(3)
    block = ledger.block("latest")
    assert block is not None
    assert ledger.balances(block, [(COLD, None)]) == [0]
    chain.node.call("anvil_reorg", 2, [])
    with pytest.raises(NodeError):
        ledger.balances(block, [(COLD, None)])


def test_a_halted_chain_is_incomplete_until_a_named_person_accepts_it(
    chain: EthereumNode, tmp_path: Path
) -> None:
    """E43: the last final block with its age, and beyond the limit a named approver."""
    chain.mine()
    file = write(tmp_path, ethereum_chain(chain.url), wallet("cold", "ethereum", COLD, "ETH"))

    def later() -> datetime:
        return datetime.now(UTC) + timedelta(hours=3)

    halted = read_wallets(file, tmp_path / "a", now=later)
    assert not halted["complete"]
    assert [f["name"] for f in halted["findings"]] == ["chain-stale"]
    assert not (tmp_path / "a" / "holdings.csv").exists()
    taken = read_wallets(file, tmp_path / "b", accept_stale="CFO 佐藤", now=later)
    assert taken["complete"]
    assert "CFO 佐藤" in taken["findings"][0]["message"]["ja"]
    assert (tmp_path / "b" / "holdings.csv").exists()


def test_a_stated_block_or_the_last_before_a_cut_off_is_read(
    chain: EthereumNode, tmp_path: Path
) -> None:
    """Every block of the chain is asked for by its hash and by every second around it."""
    file = write(tmp_path, ethereum_chain(chain.url), wallet("cold", "ethereum", COLD, "ETH"))
    chain.mine(2)
    for _ in range(4):
        send(chain.node, OWNER, COLD, ETHER)
        chain.node.call("anvil_mine", "0x2", "0x3")
    ledger = Ethereum(chain.node, 31337)
    head = ledger.block("finalized")
    assert head is not None
    blocks = [b for n in range(head.height + 1) if (b := ledger.block(n))]
    for one in blocks[-8:]:
        said = sonae("wallet", "balances", file, "--block", f"ethereum={one.hash}", "--json")
        held = quantities(said.json())["cold", "ETH"]
        assert held == ledger.balances(one, [(COLD, None)])[0]
        for after in (0, 1, 2):
            at = one.time + timedelta(seconds=after)
            found = read_wallets(file, cut_off=at)["sources"][0]["block"]
            early = [b for b in blocks if b.time <= at]
            assert found == max(early, key=lambda b: (b.time, b.height)).as_json()
    newest = ledger.block("latest")
    assert newest is not None
    for name, why in ((newest.hash, "not final"), ("0x" + "12" * 32, "not in the chain")):
        document = read_wallets(file, blocks={"ethereum": name})
        assert not document["complete"]
        assert why in document["findings"][0]["message"]["en"]
    early = read_wallets(file, cut_off=datetime(2000, 1, 1, tzinfo=UTC))
    assert "no block before" in early["findings"][0]["message"]["en"]
    said = sonae("wallet", "balances", file, "--block", "solana=1")
    assert said.code == 2
    assert sonae("wallet", "balances", file, "--at", "2026-11-20T23:59:59").code == 2


def test_a_token_swap_counts_old_coins_once_and_converts_them_at_its_time(
    chain: EthereumNode, tmp_path: Path
) -> None:
    """E38: 1:1000 with both contracts live; no double count, converted at the set time."""
    old = token(chain.node, chain.modules, OWNER, "OLD", 10**9)
    new = token(chain.node, chain.modules, OWNER, "NEW", 10**12)
    transfer(chain.node, old, OWNER, COLD, 5)
    transfer(chain.node, new, OWNER, COLD, 40)
    chain.mine()

    def read(at: str) -> dict[tuple[str, str], int]:
        swap = (
            f'\n[[swap]]\nchain = "ethereum"\nold = "OLD"\nnew = "NEW"\nratio = 1000\nat = {at}\n'
        )
        held = wallet("cold", "ethereum", COLD, "OLD NEW")
        text = (ethereum_chain(chain.url), tokens(("OLD", old), ("NEW", new)), swap, held)
        return quantities(read_wallets(write(tmp_path, *text)))

    assert read("2099-01-01T00:00:00Z") == {("cold", "OLD"): 5, ("cold", "NEW"): 40}
    assert read("2020-01-01T00:00:00Z") == {("cold", "NEW"): 5 * 1000 + 40}


def test_one_contract_under_two_names_is_refused_and_not_counted_twice(
    chain: EthereumNode, tmp_path: Path
) -> None:
    """E17: a total is the sum over different contracts."""
    usd = token(chain.node, chain.modules, OWNER, "USD", 10**9)
    transfer(chain.node, usd, OWNER, COLD, 5)
    chain.mine()
    pairs = tokens(("USDC", usd), ("USDC.e", usd.upper().replace("0X", "0x")))
    text = (ethereum_chain(chain.url), pairs, wallet("cold", "ethereum", COLD, "USDC USDC.e"))
    found = read_wallets(write(tmp_path, *text))
    assert not found["complete"]
    assert "one contract" in found["findings"][0]["message"]["en"]


def test_two_wallets_of_one_address_are_not_counted_twice(
    chain: EthereumNode, tmp_path: Path
) -> None:
    chain.mine()
    pair = (
        wallet("a", "ethereum", COLD, "ETH"),
        wallet("b", "ethereum", COLD.upper().replace("0X", "0x"), "ETH"),
    )
    found = read_wallets(write(tmp_path, ethereum_chain(chain.url), *pair))
    assert not found["complete"]


def test_a_thousand_balances_take_two_requests(chain: EthereumNode) -> None:
    chain.mine()
    ledger = Ethereum(chain.node, 31337)
    block = ledger.block("finalized")
    assert block is not None
    asked = [("0x" + n.to_bytes(20).hex(), None) for n in range(1, 1001)]
    sent = []
    original = chain.node._post
    chain.node._post = lambda body: sent.append(len(body)) or original(body)  # type: ignore[method-assign]
    try:
        assert len(ledger.balances(block, asked)) == 1000
    finally:
        del chain.node._post
    assert sent == [500, 500, 8] or sent[:2] == [500, 500]

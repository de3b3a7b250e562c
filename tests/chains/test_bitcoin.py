"""Balances off a real Bitcoin node (bcoin on regtest), block by block."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pbk
import pytest
from embit import bip32, script
from hypothesis import given
from hypothesis import strategies as st

from sonae.actions.chains.read import read_wallets
from sonae.actions.demo.wallet import FEE, BitcoinWallet
from sonae.chains.bitcoin import Bitcoin, merkle_root, open_block, scripts_of
from sonae.chains.bitcoin_scan import satoshi, scan
from sonae.chains.node import Block, NodeError
from tests.chains.nodes import BitcoinNode, bitcoin_chain, bitcoin_node, wallet, write
from tests.chains.test_ethereum import quantities
from tests.command import sonae

COIN = 10**8
SUBSIDY = 50 * COIN


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BitcoinNode]:
    with bitcoin_node(tmp_path_factory.mktemp("bitcoin")) as running:
        yield running


@pytest.fixture(scope="module")
def miner(node: BitcoinNode) -> BitcoinWallet:
    """A wallet with coins that can be spent."""
    found = BitcoinWallet("miner")
    node.mine(found.address, 110)
    return found


def test_coins_are_read_at_a_block_and_what_is_not_final_does_not_count(
    node: BitcoinNode, miner: BitcoinWallet, tmp_path: Path
) -> None:
    cold = BitcoinWallet("cold 1")
    file = write(tmp_path, bitcoin_chain(node), wallet("cold", "bitcoin", cold.address, "BTC"))
    miner.pay(node.node, cold.address, 3 * COIN + 1)
    node.mine(miner.address, 2)
    assert quantities(read_wallets(file)) == {("cold", "BTC"): 0}
    node.mine(miner.address, 1)
    said = sonae("wallet", "balances", file, "--out", tmp_path / "one", "--json")
    assert said.code == 0, said.err
    assert quantities(said.json()) == {("cold", "BTC"): 3 * COIN + 1}
    cold.pay(node.node, miner.address, COIN)
    node.mine(miner.address, 3)
    after = read_wallets(file, tmp_path / "two", former=tmp_path / "one")
    assert quantities(after) == {("cold", "BTC"): 2 * COIN + 1 - FEE}
    assert after["findings"] == []
    assert quantities(read_wallets(file)) == quantities(after)  # from the first block on


def test_a_descriptor_stands_for_all_its_addresses(
    node: BitcoinNode, miner: BitcoinWallet, tmp_path: Path
) -> None:
    """The addresses of wpkh(key/0/*) are derived here by another path through the library."""
    root = bip32.HDKey.from_seed(b"sonae test descriptor".ljust(32, b"."))
    account = root.derive("m/84h/1h/0h")
    public = account.to_public().to_base58(script.NETWORKS["regtest"]["xpub"])
    for index in (0, 7):
        key = account.derive([0, index]).get_public_key()
        miner.pay(node.node, str(script.p2wpkh(key).address(script.NETWORKS["regtest"])), COIN)
        node.mine(miner.address, 1)
    node.mine(miner.address, 2)
    for last, expected in ((7, 2 * COIN), (6, COIN)):
        held = wallet("hd", "bitcoin", f"wpkh({public}/0/*)", "BTC", f"last = {last}")
        found = read_wallets(write(tmp_path, bitcoin_chain(node), held))
        assert quantities(found) == {("hd", "BTC"): expected}


def test_a_reorganised_block_is_noticed_and_the_walk_starts_anew(
    node: BitcoinNode, miner: BitcoinWallet, tmp_path: Path
) -> None:
    lucky = BitcoinWallet("lucky miner")
    file = write(tmp_path, bitcoin_chain(node), wallet("w", "bitcoin", lucky.address, "BTC"))
    blocks = node.mine(lucky.address, 1)
    node.mine(miner.address, 2)
    first = read_wallets(file, tmp_path / "one")
    assert quantities(first) == {("w", "BTC"): SUBSIDY}
    node.node.call("invalidateblock", blocks[0])
    node.mine(miner.address, 4)
    said = sonae("wallet", "balances", file, "--former", tmp_path / "one", "--json")
    assert said.code == 1
    assert [f["name"] for f in said.json()["findings"]] == ["block-reorganised"]
    assert said.json()["changes"] == [
        {"holding_id": "w", "asset": "BTC", "before": str(SUBSIDY), "after": "0"}
    ]


def test_a_wallet_that_is_added_later_is_looked_for_from_the_first_block_on(
    node: BitcoinNode, miner: BitcoinWallet, tmp_path: Path
) -> None:
    a, b = BitcoinWallet("added a"), BitcoinWallet("added b")
    for one in (a, b):
        miner.pay(node.node, one.address, COIN)
        node.mine(miner.address, 1)
    node.mine(miner.address, 3)
    rows = [wallet(n, "bitcoin", w.address, "BTC") for n, w in (("a", a), ("b", b))]
    read_wallets(write(tmp_path, bitcoin_chain(node), rows[0]), tmp_path / "one")
    both = read_wallets(write(tmp_path, bitcoin_chain(node), *rows), former=tmp_path / "one")
    assert quantities(both) == {("a", "BTC"): COIN, ("b", "BTC"): COIN}


def test_a_stated_block_is_read_and_one_that_left_the_chain_is_not(
    node: BitcoinNode, miner: BitcoinWallet, tmp_path: Path
) -> None:
    shop = BitcoinWallet("stated")
    file = write(tmp_path, bitcoin_chain(node), wallet("w", "bitcoin", shop.address, "BTC"))
    blocks = node.mine(shop.address, 3)
    node.mine(miner.address, 3)
    for count, block in enumerate(blocks, 1):
        found = read_wallets(file, blocks={"bitcoin": block})
        assert quantities(found) == {("w", "BTC"): count * SUBSIDY}
    node.node.call("invalidateblock", blocks[1])
    node.mine(miner.address, 6)
    gone = read_wallets(file, blocks={"bitcoin": blocks[2]})
    assert not gone["complete"]
    assert quantities(read_wallets(file, blocks={"bitcoin": blocks[0]})) == {("w", "BTC"): SUBSIDY}


class Liar:
    """A node that answers as another does, but for one thing."""

    def __init__(self, node: Any, change: Any) -> None:
        self.node, self.change = node, change

    def call(self, method: str, *params: Any) -> Any:
        return self.change(method, self.node.call(method, *params))

    def batch(self, calls: Any) -> list[Any]:
        answers = self.node.batch(calls)
        return [self.change(m, a) for (m, _), a in zip(calls, answers, strict=True)]


def test_a_block_with_one_byte_changed_is_not_taken(
    node: BitcoinNode, miner: BitcoinWallet
) -> None:
    """Of header or payments: either is found by the hash and the Merkle root."""
    tip = Bitcoin(node.node, "regtest").block("latest")
    assert tip is not None
    own = frozenset(scripts_of(miner.address, "", 0))
    for place in (10, 100, -60):

        def change(method: str, answer: Any, place: int = place) -> Any:
            if method != "getblock":
                return answer
            raw = bytearray.fromhex(answer)
            raw[place] ^= 1
            return raw.hex()

        with pytest.raises(NodeError):
            Bitcoin(Liar(node.node, change), "regtest").walk(own, tip, {})


def test_a_node_that_is_behind_or_of_another_network_is_refused(node: BitcoinNode) -> None:
    Bitcoin(node.node, "regtest").ready()
    with pytest.raises(NodeError, match="network"):
        Bitcoin(node.node, "main").ready()

    def behind(method: str, answer: Any) -> Any:
        return answer | {"headers": answer["blocks"] + 1}

    with pytest.raises(NodeError, match="catching up"):
        Bitcoin(Liar(node.node, behind), "regtest").ready()


def test_bitcoin_cores_own_rules_accept_the_chain_that_these_tests_run_on(
    node: BitcoinNode, miner: BitcoinWallet, tmp_path: Path
) -> None:
    """Every block and every payment of the tests before is judged by Core's validation."""
    miner.pay(node.node, BitcoinWallet("judged").address, COIN)
    node.mine(miner.address, 1)
    tip = Bitcoin(node.node, "regtest").block("latest")
    assert tip is not None
    core = pbk.load_chainman(tmp_path, pbk.ChainType.REGTEST)
    for height in range(1, tip.height + 1):
        raw = node.node.call("getblock", node.node.call("getblockhash", height), False)
        core.process_block(pbk.Block(bytes.fromhex(raw)))
    chain = core.get_active_chain()
    assert chain.height == tip.height
    assert str(chain.block_tree_entries[chain.height].block_hash) == tip.hash


class Core:
    """The same chain as Bitcoin Core documents its answers, put together from raw blocks.

    bcoin has neither call; nothing of the product is used but the reading of a raw block.
    """

    def __init__(self, node: Any) -> None:
        self.node = node

    def call(self, method: str, *params: Any) -> Any:
        if method == "scantxoutset":
            return self._scan({d["desc"][4:-1] for d in params[1]})
        if method == "getblock" and params[1] == 3:
            return self._block(params[0])
        return self.node.call(method, *params)

    def batch(self, calls: Any) -> list[Any]:
        return [self.call(m, *p) for m, p in calls]

    def _blocks(self) -> Iterator[tuple[int, Any]]:
        ledger = Bitcoin(self.node, "regtest")
        head = ledger.block("latest")
        assert head is not None
        for height in range(head.height + 1):
            yield height, ledger.opened([self.node.call("getblockhash", height)])[0]

    def _outputs(self) -> dict[tuple[str, int], dict[str, Any]]:
        return {
            (txid, n): {
                "height": height,
                "value": Decimal(o.value) / COIN,
                "scriptPubKey": {"hex": o.script_pubkey.data.hex()},
            }
            for height, block in self._blocks()
            for txid, t in block.transactions
            for n, o in enumerate(t.vout)
        }

    def _scan(self, scripts: set[str]) -> Any:
        left, last = self._outputs(), (0, None)
        for height, block in self._blocks():
            last = (height, block)
            for _, t in block.transactions:
                for i in t.vin:
                    left.pop((bytes(i.txid).hex(), i.vout), None)
        rows = [
            {"txid": t, "vout": n, "amount": o["value"], "height": o["height"],
             "scriptPubKey": o["scriptPubKey"]["hex"]}
            for (t, n), o in left.items() if o["scriptPubKey"]["hex"] in scripts
        ]  # fmt: skip
        return {"success": True, "height": last[0], "bestblock": last[1].hash, "unspents": rows}

    def _block(self, hash: str) -> Any:
        outputs = self._outputs()
        height, block = next((h, b) for h, b in self._blocks() if b.hash == hash)
        transactions = []
        for txid, t in block.transactions:
            vin = [
                {"coinbase": "00"}
                if not any(i.txid)
                else {"txid": bytes(i.txid).hex(), "vout": i.vout,
                      "prevout": outputs[bytes(i.txid).hex(), i.vout]}
                for i in t.vin
            ]  # fmt: skip
            vout = [{"n": n, **outputs[txid, n]} for n in range(len(t.vout))]
            transactions.append({"txid": txid, "vin": vin, "vout": vout})
        return {"hash": hash, "height": height, "previousblockhash": block.previous,
                "tx": transactions}  # fmt: skip


def test_an_index_taken_back_to_a_block_is_what_a_walk_to_it_finds(
    node: BitcoinNode, miner: BitcoinWallet
) -> None:
    """Coins that came, went, and were spent in the very block that made them."""
    shop = BitcoinWallet("shop")
    for amount in (COIN, 2 * COIN):
        miner.pay(node.node, shop.address, amount)
        node.mine(miner.address, 1)
    shop.pay(node.node, miner.address, COIN // 2)
    miner.pay(node.node, shop.address, 5 * COIN)
    node.mine(shop.address, 2)
    ledger = Bitcoin(node.node, "regtest")
    head = ledger.block("latest")
    assert head is not None
    own = frozenset((*scripts_of(shop.address, "", 0), *scripts_of(miner.address, "", 0)))
    seen = set()
    for back in range(6):
        block = ledger.block(head.height - back)
        assert block is not None
        walked = ledger.walk(own, block, {})
        assert scan(Core(node.node), own, block) == walked
        seen.add(len(walked))
    assert len(seen) > 1
    gone = Block(head.height - 2, "00" * 32, head.time)
    with pytest.raises(NodeError, match="not in the chain"):
        scan(Core(node.node), own, gone)


def test_an_amount_that_is_no_whole_number_of_satoshi_is_refused() -> None:
    assert satoshi(Decimal("20999999.97690000")) == 2_099_999_997_690_000
    for wrong in (Decimal("0.000000001"), Decimal("-1"), 0.5, "1", True, None):
        with pytest.raises(NodeError):
            satoshi(wrong)


@given(st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=9, unique=True))
def test_a_repeated_end_of_a_list_of_transactions_has_no_root(ids: list[bytes]) -> None:
    """Two lists of transactions would share one root else (CVE-2012-2459)."""
    root = merkle_root(ids)
    assert len(root) == 32
    if len(ids) % 2:
        assert merkle_root([*ids, ids[-1]]) in (b"",)


def test_a_file_that_is_no_block_is_refused() -> None:
    with pytest.raises(NodeError):
        open_block(b"\0" * 80, "00" * 32)

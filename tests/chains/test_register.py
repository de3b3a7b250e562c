"""The register of proofs, with wallets of real nodes: challenge, prove, status, expiry, backing."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from sonae.actions.chains.setup import load_setup
from sonae.actions.chains.wallet import Offered, prove, read_challenge, wallet_status
from sonae.actions.close import close_books
from sonae.actions.demo.wallet import BitcoinWallet, deploy, send
from sonae.actions.keys import new_key, verify_signature
from sonae.chains.challenge import ProofError
from sonae.chains.register import columns, read_register, standings
from sonae.seal import minisign
from sonae.seal.header import Header
from tests import kit
from tests.chains.nodes import (
    FIRM,
    OWNER,
    SEAL,
    BitcoinNode,
    EthereumNode,
    bitcoin_chain,
    bitcoin_node,
    ethereum_chain,
    ethereum_node,
    wallet,
    write,
)
from tests.command import Said, sonae

ETHER = 10**18


class Desk(NamedTuple):
    """A person with a key, and the firm's nodes in one folder."""

    folder: Path
    ethereum: EthereumNode
    bitcoin: BitcoinNode
    miner: BitcoinWallet

    @property
    def nodes(self) -> Path:
        return self.folder / "nodes.toml"

    @property
    def register(self) -> Path:
        return self.folder / "proofs.register"

    def challenge(self, holding: str, *more: str) -> Path:
        out = self.folder / f"{holding}.json"
        words = ("wallet", "challenge", self.nodes, holding, "--seal", SEAL, "--out", out)
        said = sonae(*words, *more)
        assert said.code == 0, said.err
        return out

    def prove(self, holding: str, method: str, *more: str) -> Said:
        return sonae(
            "wallet", "prove", self.folder / f"{holding}.json", "--method", method,
            "--nodes", self.nodes, "--register", self.register,
            "--key", self.folder / "officer.key", *more,
        )  # fmt: skip


@pytest.fixture(scope="module")
def running(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[EthereumNode, BitcoinNode, BitcoinWallet]]:
    folder = tmp_path_factory.mktemp("bitcoin")
    with ethereum_node() as ethereum, bitcoin_node(folder) as bitcoin:
        miner = BitcoinWallet("miner")
        bitcoin.mine(miner.address, 110)
        ethereum.mine(5)
        yield ethereum, bitcoin, miner


@pytest.fixture
def desk(running: Any, tmp_path: Path) -> Desk:
    ethereum, bitcoin, miner = running
    contract = deploy(ethereum.node, OWNER, contract_wallet(OWNER))
    custodian = new_key(tmp_path / "custodian.key")
    public = minisign.public_file(custodian.public).decode().splitlines()[1]
    new_key(tmp_path / "officer.key")
    ethereum.mine(3)
    write(
        tmp_path,
        ethereum_chain(ethereum.url),
        bitcoin_chain(bitcoin),
        wallet("hot-eth", "ethereum", OWNER, "ETH"),
        wallet("safe", "ethereum", contract, "ETH"),
        wallet("cold-btc", "bitcoin", miner.address, "BTC"),
        wallet("trust", "ethereum", "0x" + "77" * 20, "ETH", 'custodian = "Trust KK"'),
        f'\n[[custodian]]\nname = "Trust KK"\npublic_key = "{public}"\n',
    )
    return Desk(tmp_path, ethereum, bitcoin, miner)


def contract_wallet(owner: str) -> str:
    """Byte code of the smallest ERC-1271 wallet: the owner's signature over the hash is its own.

    It hands hash, v, r and s to the precompiled ecrecover and answers the magic value or nothing.
    """
    run = (
        "600435600052"  # hash at 0
        "60a43560f81c602052"  # v, the last byte of the signature, at 32
        "606435604052"  # r at 64
        "608435606052"  # s at 96
        "60206000608060006001620186a0fa50"  # ecrecover over 128 bytes, its answer at 0
        "60005173" + owner[2:].lower() + "14"  # is it the owner?
        "631626ba7e0260e01b600052"  # the magic value times that, at the left end
        "60206000f3"
    )
    size = len(run) // 2
    return f"0x60{size:02x}600c60003960{size:02x}6000f3" + run


def test_an_account_proves_by_text_and_by_typed_data(desk: Desk) -> None:
    """Anvil signs as any wallet does: `personal_sign` and `eth_signTypedData_v4`."""
    file = desk.challenge("hot-eth")
    text = file.with_suffix(".txt").read_text("utf-8")
    assert f"firm: {FIRM}" in text
    assert f"seal: {SEAL}" in text
    signature = desk.ethereum.node.call("personal_sign", "0x" + text.encode().hex(), OWNER)
    said = desk.prove("hot-eth", "eip191", "--signature", signature)
    assert said.code == 0, said.err
    typed = json.loads(file.with_suffix(".eip712.json").read_bytes())
    signature = desk.ethereum.node.call("eth_signTypedData_v4", OWNER, typed)
    assert desk.prove("hot-eth", "eip712", "--signature", signature).code == 0
    assert desk.prove("hot-eth", "eip191", "--signature", signature).code == 3
    assert len(desk.register.read_bytes().splitlines()) == 2
    shown = sonae("wallet", "status", desk.register, "--json").json()
    assert [(p["holding"], p["evidence"], p["state"]) for p in shown["proofs"]] == [
        ("hot-eth", "signature", "good")
    ]


def test_a_contract_wallet_says_itself_whether_it_signed(desk: Desk) -> None:
    file = desk.challenge("safe")
    text = file.with_suffix(".txt").read_text("utf-8")
    node = desk.ethereum.node
    signature = node.call("personal_sign", "0x" + text.encode().hex(), OWNER)
    assert desk.prove("safe", "erc1271", "--signature", signature).code == 0
    stranger = node.call("eth_accounts")[1]
    other = node.call("personal_sign", "0x" + text.encode().hex(), stranger)
    said = desk.prove("safe", "erc1271", "--signature", other)
    assert said.code == 3
    assert "does not take" in said.err
    record = read_register(desk.register.read_bytes(), verify_signature)[0]
    assert record.seen["form"] == "eip191"
    assert record.seen["block"]["hash"]


def test_an_address_without_code_proves_nothing_as_a_contract(desk: Desk) -> None:
    desk.challenge("hot-eth")
    assert desk.prove("hot-eth", "erc1271", "--signature", "0x" + "11" * 65).code == 3


def test_a_bitcoin_wallet_answers_by_bip_322(desk: Desk) -> None:
    file = desk.challenge("cold-btc")
    text = file.with_suffix(".txt").read_text("utf-8")
    answer = desk.folder / "answer.txt"
    answer.write_text(desk.miner.answer(text) + "\n")
    assert desk.prove("cold-btc", "bip322", "--signature", str(answer)).code == 0
    answer.write_text(BitcoinWallet("stranger").answer(text))
    assert desk.prove("cold-btc", "bip322", "--signature", str(answer)).code == 3


def test_a_vault_that_cannot_sign_sends_itself_the_amount(desk: Desk) -> None:
    node = desk.ethereum.node
    before = send(node, OWNER, OWNER, 4_321)
    desk.ethereum.mine(3)
    desk.challenge("hot-eth", "--amount", "4321")
    wrong = send(node, OWNER, OWNER, 4_322)
    away = send(node, OWNER, "0x" + "01" * 20, 4_321)
    right = send(node, OWNER, OWNER, 4_321)
    said = desk.prove("hot-eth", "send_to_self", "--transaction", right)
    assert said.code == 3  # not final yet
    desk.ethereum.mine(3)
    for transaction in (before, wrong, away, "0x" + "99" * 32):
        assert desk.prove("hot-eth", "send_to_self", "--transaction", transaction).code == 3
    assert desk.prove("hot-eth", "send_to_self", "--transaction", right).code == 0
    shown = sonae("wallet", "status", desk.register, "--json").json()
    assert shown["proofs"][0]["evidence"] == "send_to_self"


def test_a_bitcoin_vault_sends_itself_the_amount(desk: Desk) -> None:
    node, miner = desk.bitcoin, desk.miner
    desk.challenge("cold-btc", "--amount", "70007")
    heights = []
    for who, amount in ((miner, 70_007), (miner, 70_008)):
        sent = who.pay(node.node, miner.address, amount)
        node.mine(miner.address, 1)
        heights.append((sent, node.node.call("getblockchaininfo")["blocks"]))
    (right, at), (wrong, later) = heights
    node.mine(BitcoinWallet("someone").address, 3)

    def offer(transaction: str, height: int) -> int:
        more = ("--transaction", transaction, "--block", str(height))
        return desk.prove("cold-btc", "send_to_self", *more).code

    assert offer(wrong, later) == 3
    assert offer(right, later) == 3
    assert offer(right, at) == 0


def test_a_custodians_statement_backs_at_a_lower_grade(desk: Desk) -> None:
    """E31: an address without a key proof is backed by a signed statement, and marked so."""
    from sonae.actions.keys import load_key

    file = desk.challenge("trust")
    text = file.with_suffix(".txt").read_text("utf-8")
    statement = desk.folder / "statement.txt"
    key = load_key(desk.folder / "custodian.key")

    def sign(words: str, by: Any) -> None:
        statement.write_text(words, "utf-8")
        made = minisign.signature_file(words.encode(), by, "statement")
        statement.with_name("statement.txt.minisig").write_bytes(made)

    offer = ("--statement", str(statement))
    for words, by in (
        ("We hold 5 ETH for them.", key),
        (text + "\nWe hold 5 ETH.", load_key(desk.folder / "officer.key")),
    ):
        sign(words, by)
        assert desk.prove("trust", "custodian_statement", *offer).code == 3
    sign(text + "\nWe hold 5 ETH for Example.", key)
    assert desk.prove("trust", "custodian_statement", *offer).code == 0
    found = sonae("wallet", "status", desk.register, "--json").json()
    assert found["proofs"][0]["evidence"] == "custodian_statement"
    assert [(f["name"], f["severity"]) for f in found["findings"]] == [
        ("custodian-statement-only", "note")
    ]
    if shutil.which("minisign"):
        public = minisign.public_file(key.public).decode().splitlines()[1]
        done = subprocess.run(
            ["minisign", "-V", "-P", public, "-m", str(statement)], capture_output=True, check=False
        )
        assert done.returncode == 0


def test_a_proof_warns_before_its_end_and_then_drops_out_of_backing(desk: Desk) -> None:
    """E27: 91 days old with a limit of 90 counts for nothing; the warning begins at day 60."""
    file = desk.challenge("hot-eth", "--days", "90")
    text = file.with_suffix(".txt").read_text("utf-8")
    signature = desk.ethereum.node.call("personal_sign", "0x" + text.encode().hex(), OWNER)
    assert desk.prove("hot-eth", "eip191", "--signature", signature).code == 0
    first = read_challenge(file).block.time.date()
    expected = {0: "good", 59: "good", 60: "expiring", 90: "expiring", 91: "expired"}
    records = read_register(desk.register.read_bytes(), verify_signature)
    for age, state in expected.items():
        day = first + timedelta(days=age)
        said = sonae("wallet", "status", desk.register, "--on", day.isoformat(), "--json")
        assert said.code == (0 if state == "good" else 1)
        proof = said.json()["proofs"][0]
        assert (proof["state"], proof["days_left"]) == (state, 90 - age)
        found = [f["name"] for f in said.json()["findings"]]
        names = {"expiring": ["control-proof-expiring"], "expired": ["expired-control-proof"]}
        assert found == names.get(state, [])
        backing = columns(standings(records, day, 30), "hot-eth", "ethereum")
        assert backing == (("", "") if state == "expired" else (first.isoformat(), "signature"))
    assert columns(standings(records, first - timedelta(days=1), 30), "hot-eth", "ethereum") == (
        "",
        "",
    )


def test_a_challenge_that_expired_or_whose_block_left_is_not_answered(desk: Desk) -> None:
    file = desk.challenge("hot-eth", "--days", "1")
    text = file.with_suffix(".txt").read_text("utf-8")
    signature = desk.ethereum.node.call("personal_sign", "0x" + text.encode().hex(), OWNER)
    key = desk.folder / "officer.key"
    offered = Offered("eip191", signature)

    def later() -> datetime:
        return datetime.now(UTC) + timedelta(days=2)

    with pytest.raises(ProofError, match="expired"):
        prove(file, offered, desk.nodes, desk.register, key, now=later)
    height = desk.ethereum.node.call("eth_blockNumber")
    deep = int(height, 16) - read_challenge(file).block.height + 1
    desk.ethereum.node.call("anvil_reorg", deep, [])
    said = desk.prove("hot-eth", "eip191", "--signature", signature)
    assert said.code == 3
    assert "left the chain" in said.err
    assert not desk.register.exists()


def test_the_proof_stands_in_the_table_of_holdings(desk: Desk) -> None:
    file = desk.challenge("hot-eth")
    text = file.with_suffix(".txt").read_text("utf-8")
    signature = desk.ethereum.node.call("personal_sign", "0x" + text.encode().hex(), OWNER)
    assert desk.prove("hot-eth", "eip191", "--signature", signature).code == 0
    out = desk.folder / "day"
    said = sonae("wallet", "balances", desk.nodes, "--out", out, "--register", desk.register)
    assert said.code == 0, said.err
    with (out / "holdings.csv").open(encoding="utf-8", newline="") as stream:
        rows = {r["holding_id"]: r for r in csv.DictReader(stream)}
    assert rows["hot-eth"]["evidence"] == "signature"
    assert (
        rows["hot-eth"]["control_proved_on"] == read_challenge(file).block.time.date().isoformat()
    )
    assert rows["safe"]["evidence"] == rows["safe"]["control_proved_on"] == ""


def test_a_reading_is_the_table_of_holdings_that_a_close_reads(desk: Desk) -> None:
    """From nodes to a close: proven by its own signature, and what was not proven backs nothing."""
    send(desk.ethereum.node, OWNER, safe := load_setup(desk.nodes).wallet("safe").address, ETHER)
    desk.ethereum.mine(3)
    file = desk.challenge("safe")
    text = file.with_suffix(".txt").read_text("utf-8")
    signature = desk.ethereum.node.call("personal_sign", "0x" + text.encode().hex(), OWNER)
    assert desk.prove("safe", "erc1271", "--signature", signature).code == 0
    out = desk.folder / "day"
    said = sonae("wallet", "balances", desk.nodes, "--out", out, "--register", desk.register)
    assert said.code == 0, said.err
    with (out / "holdings.csv").open(encoding="utf-8", newline="") as stream:
        rows = [r for r in csv.DictReader(stream) if r["holding_id"] in ("safe", "trust")]
    assert {r["address"] for r in rows} == {safe, "0x" + "77" * 20}
    at = max(datetime.fromisoformat(r["as_of"]) for r in rows).isoformat()
    tables = {
        "assets": [kit.asset("ETH", scale=18), kit.asset("JPY", "fiat", 0)],
        "balances": [kit.balance("A1", "ETH", ETHER), kit.balance("A1", "JPY", 1)],
        "holdings": rows,
        "prices": [kit.price("ETH", "500000", at=at)],
        "statements": [kit.statement("t", "1", as_of=at[:10])],
    }
    books = kit.write(desk.folder / "books", tables, cut_off=at)
    kit.edit(books / "venue.toml", "2026-11-21T09:00:00+09:00", at)
    line = kit.line(close_books(books), "ETH")
    assert line["base_units"] == {"owed": str(ETHER), "held": str(ETHER)}
    assert (line["backed"], line["proven_cold"], line["break"]) == ("1", "1", "0")


def test_an_edited_register_is_found_with_its_line(desk: Desk) -> None:
    file = desk.challenge("hot-eth")
    text = file.with_suffix(".txt").read_text("utf-8")
    signature = desk.ethereum.node.call("personal_sign", "0x" + text.encode().hex(), OWNER)
    for _ in range(3):
        assert desk.prove("hot-eth", "eip191", "--signature", signature).code == 0
    good = desk.register.read_bytes()
    lines = good.splitlines(keepends=True)
    stranger = new_key(desk.folder / "stranger.key").public.hex().encode()
    officer = read_register(good, verify_signature)[0].key.encode()
    broken = {
        b"".join([lines[0], lines[2]]): "line 2",
        b"".join([lines[1], lines[2]]): "line 1",
        b"".join([lines[1], lines[0], lines[2]]): "line 1",
        b"".join([lines[0], lines[1].replace(b"hot-eth", b"hot-btc"), lines[2]]): "line 2",
        b"".join([lines[0], lines[1].replace(officer, stranger), lines[2]]): "line 2",
        good[:-1]: "middle of a line",
        good[:-50] + b"\n": "line 3",
    }
    for content, place in broken.items():
        desk.register.write_bytes(content)
        with pytest.raises(ProofError, match=place):
            wallet_status(desk.register, date(2026, 1, 1))
        said = desk.prove("hot-eth", "eip191", "--signature", signature)
        assert said.code == 3
        assert desk.register.read_bytes() == content


def test_a_challenge_is_for_a_wallet_of_the_firm_and_its_own_address(desk: Desk) -> None:
    words = ("wallet", "challenge", desk.nodes, "--seal", SEAL, "--out", desk.folder / "x.json")
    assert sonae(*words, "nobody").code == 2
    other = ("--address", BitcoinWallet("stranger").address)
    assert sonae(*words, "cold-btc", *other).code == 2
    assert sonae(*words, "cold-btc", "--days", "0").code == 2


def test_the_folder_of_a_seal_stands_for_its_header_hash(desk: Desk) -> None:
    header = Header(1, 1_767_225_600_000, bytes(32), bytes(32), bytes(32), bytes(32), 2, ())
    public = desk.folder / "seal" / "public"
    public.mkdir(parents=True)
    (public / "header.bin").write_bytes(header.pack())
    out = desk.folder / "x.json"
    words = ("wallet", "challenge", desk.nodes, "hot-eth", "--out", out)
    assert sonae(*words, "--seal", desk.folder / "seal").code == 0
    assert read_challenge(out).seal == header.hash()
    assert sonae(*words, "--seal", "not a hash").code == 3


def test_two_people_who_prove_at_once_both_stand_on_the_register(desk: Desk) -> None:
    file = desk.challenge("hot-eth")
    text = file.with_suffix(".txt").read_text("utf-8")
    signature = desk.ethereum.node.call("personal_sign", "0x" + text.encode().hex(), OWNER)
    key = desk.folder / "officer.key"

    def one(_: int) -> None:
        prove(file, Offered("eip191", signature), desk.nodes, desk.register, key)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(16)))
    assert len(read_register(desk.register.read_bytes(), verify_signature)) == 16

"""`nodes.toml`, the client of a node, and what a reading does in Books."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from sonae.actions.chains.node_client import HttpNode
from sonae.actions.chains.setup import load_setup
from sonae.chains.node import NodeError
from sonae.core.errors import InputError, UsageError
from tests import kit
from tests.chains.nodes import ethereum_chain, wallet, write
from tests.command import sonae

ADDRESS = "0x" + "c0" * 20


def test_everything_that_is_wrong_with_the_file_is_told_in_one_run(tmp_path: Path) -> None:
    chain = ethereum_chain("ftp://x").replace('finality = "finalized"', 'finality = "soon"')
    token = '\n[[token]]\nchain = "elsewhere"\nasset = "USD"\ncontract = "0x1"\n'
    bad = wallet("a", "ethereum", "0x12", "ETH").replace('"cold"', '"warm"')
    twice = wallet("b", "ethereum", ADDRESS, "ETH") * 2
    more = "\n[[wallet]]\nholding_id = 5\ncolour = 1\nassets = [1]\n"
    with pytest.raises(InputError) as caught:
        load_setup(write(tmp_path, "extra = 1\n", chain, token, bad, twice, more))
    found = {(p.table, p.column) for p in caught.value.problems}
    assert {
        ("chain", "finality"),
        ("extra", ""),
        ("token", "chain"),
        ("wallet", "address"),
        ("wallet", "tier"),
        ("wallet", "holding_id"),
        ("wallet", "colour"),
        ("wallet", "assets"),
        ("wallet", "owner"),
        ("wallet", ""),
    } <= found
    for problem in caught.value.problems:
        assert problem.message.ja != problem.message.en
        assert problem.file == "nodes.toml"
    said = sonae("wallet", "balances", tmp_path / "nodes.toml", "--json")
    assert said.code == 3
    assert len(said.json()["problems"]) == len(caught.value.problems)


def test_a_bitcoin_wallet_cannot_hold_its_coins_under_two_names(tmp_path: Path) -> None:
    """E17: the same satoshi would be counted twice."""
    chain = """
[[chain]]
name = "bitcoin"
kind = "bitcoin"
url = "http://127.0.0.1:1"
asset = "BTC"
network = "main"
confirmations = 6
max_age_minutes = 120
"""
    address = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
    good = load_setup(write(tmp_path, chain, wallet("w", "bitcoin", address, "BTC")))
    assert good.wallet("w").assets == ("BTC",)
    for assets in ("BTC WBTC", "WBTC"):
        with pytest.raises(InputError) as caught:
            load_setup(write(tmp_path, chain, wallet("w", "bitcoin", address, assets)))
        assert [p.column for p in caught.value.problems] == ["assets"]


def test_a_password_does_not_stand_in_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError):
        HttpNode("http://user:secret@127.0.0.1:1")
    with pytest.raises(UsageError, match="NODE_AUTH"):
        HttpNode("http://127.0.0.1:1", "NODE_AUTH")
    monkeypatch.setenv("NODE_AUTH", "user:secret")
    assert HttpNode("http://127.0.0.1:1", "NODE_AUTH").place == "127.0.0.1:1"


@contextmanager
def answering(body: bytes) -> Iterator[HttpNode]:
    """A node that answers every request with these bytes."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield HttpNode(f"http://127.0.0.1:{server.server_port}", timeout=5)
    finally:
        server.shutdown()
        server.server_close()


ONE, TWO = {"id": 0, "result": "0x1"}, {"id": 1, "result": "0x2"}


@pytest.mark.parametrize(
    "answers",
    [
        [ONE],
        [ONE, ONE],
        [ONE, TWO, TWO],
        [ONE, {"id": 5, "result": "0x2"}],
        [ONE, {"id": 1}],
        [ONE, {"id": 1, "error": {"code": -32000, "message": "header not found"}}],
        [],
        {"error": {"message": "too many"}},
        "nothing",
    ],
)
def test_a_batch_is_answered_whole_or_not_at_all(answers: object) -> None:
    with answering(json.dumps(answers).encode()) as node, pytest.raises(NodeError):
        node.batch([("a", ()), ("b", ())])


def test_a_batch_is_put_in_order_by_its_ids() -> None:
    with answering(json.dumps([TWO, ONE]).encode()) as node:
        assert node.batch([("a", ()), ("b", ())]) == ["0x1", "0x2"]


def test_an_answer_that_is_no_json_is_an_error_and_a_number_with_a_point_is_exact() -> None:
    with answering(b"<html>") as node, pytest.raises(NodeError, match="no JSON"):
        node.call("a")
    with answering(b'{"id": 0, "result": 0.10000000000000000555}') as node:
        assert str(node.call("a")) == "0.10000000000000000555"


def test_books_take_the_block_of_a_holding_and_show_what_its_proof_is_worth(
    tmp_path: Path,
) -> None:
    """E27, E31: 91 days count for nothing; a custodian's statement backs, never as proven cold."""
    coins = 100_0000_0000
    block = {"block_hash": "0x" + "ab" * 32, "chain": "bitcoin"}

    def closed(name: str, **more: str) -> tuple[dict[str, str], list[str]]:
        rows = [kit.holding("btc-cold", "BTC", coins, **block, **more)]
        found = kit.close(tmp_path / name, kit.changed(holdings=rows))
        row = kit.line(found, "BTC")
        figures = {key: row[key] for key in ("backed", "proven_cold")}
        return figures, kit.findings(found)

    assert closed("good") == ({"backed": "100", "proven_cold": "100"}, [])
    figures, names = closed("old", control_proved_on="2026-08-21")
    assert figures == {"backed": "0", "proven_cold": "0"}
    assert "expired-control-proof" in names
    figures, _ = closed("statement", evidence="custodian_statement")
    assert figures == {"backed": "100", "proven_cold": "0"}
    said = sonae("wallet", "status", tmp_path / "old", "--json")
    assert said.code == 1
    assert [(p["state"], p["days_left"]) for p in said.json()["proofs"]] == [("expired", -1)]
    assert sonae("wallet", "status", tmp_path / "good").code == 0


def test_half_an_ether_slashed_is_a_shortage_of_the_day_and_takes_nothing_from_customers(
    tmp_path: Path,
) -> None:
    """E33: owed stays 64, held is 63.5; the break is the firm's to top up inside its clock."""
    ether = 10**18
    rows = [kit.holding("v.staked", "ETH", 63 * ether + ether // 2, days_to_liquid=46)]
    tables = kit.clean()
    tables |= {
        "assets": [*tables["assets"], kit.asset("ETH", scale=18)],
        "balances": [*tables["balances"], kit.balance("A1", "ETH", 64 * ether, "staked")],
        "holdings": [*tables["holdings"], *rows],
        "prices": [*tables["prices"], kit.price("ETH", "500000")],
    }
    found = kit.close(tmp_path, tables)
    line = kit.line(found, "ETH")
    assert (line["owed"], line["held"]["total"], line["break"]) == ("64", "63.5", "-0.5")
    shortage = kit.finding(found, "ledger-over-assets")
    assert shortage["subject"] == "ETH"
    assert shortage["due"]

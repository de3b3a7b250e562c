"""Bitcoin Core's JSON-RPC as its documents have it, over HTTP; not recorded off a Core node.

Names, nesting and forms of the answers are those of the RPC pages of Bitcoin Core 23 to 26
(getblockchaininfo, getblockheader, getblock, scantxoutset); hashes and amounts are ours, but the
first block of the main network, which is what it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from sonae.actions.chains.node_client import TIMEOUT, HttpNode
from sonae.actions.chains.setup import load_setup
from sonae.chains.bitcoin import Bitcoin, Coin
from sonae.chains.bitcoin_scan import scan
from sonae.chains.node import Block, NodeError, moment

GENESIS = "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f"
RAW = (
    "0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e"
    "67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c01010000000100000000000000000000"
    "00000000000000000000000000000000000000000000ffffffff4d04ffff001d0104455468652054696d65732030332f"
    "4a616e2f32303039204368616e63656c6c6f72206f6e206272696e6b206f66207365636f6e64206261696c6f75742066"
    "6f722062616e6b73ffffffff0100f2052a01000000434104678afdb0fe5548271967f1a67130b7105cd6a828e03909a6"
    "7962e0ea1f61deb649f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5fac00000000"
)
TIP, BEFORE = "00" * 31 + "b2", "00" * 31 + "b1"


def fill(template: str, *values: object) -> str:
    """The values in place of each %, in their order."""
    for value in values:
        template = template.replace("%", str(value), 1)
    return template


OURS, THEIRS = "0014" + "11" * 20, "0014" + "22" * 20

INFO = fill(
    """{"chain": "main", "blocks": 900001, "headers": 900001, "bestblockhash": "%",
"difficulty": 53911173001054.59, "time": 1795186700, "mediantime": 1795186000,
"verificationprogress": 0.9999971, "initialblockdownload": false,
"chainwork": "00000000000000000000000000000000000000004fc85ab3390629e495bf13d5",
"size_on_disk": 600000000000, "pruned": false, "warnings": ""}""",
    TIP,
)
HEADER = """{"hash": "%", "confirmations": 1, "height": %, "version": 536870912,
"versionHex": "20000000", "merkleroot": "%", "time": %, "mediantime": 1795186000,
"nonce": 106861918, "bits": "17053894", "difficulty": 53911173001054.59,
"chainwork": "00000000000000000000000000000000000000004fc85ab3390629e495bf13d5", "nTx": 2,
"previousblockhash": "%"}"""
SCAN = fill("""{"success": true, "txouts": 185259116, "height": 900001, "bestblock": "%",
"unspents": [
{"txid": "%", "vout": 0, "scriptPubKey": "%", "desc": "raw(%)#qwertyui", "amount": 0.10000000,
 "coinbase": false, "height": 900001, "blockhash": "%", "confirmations": 1},
{"txid": "%", "vout": 3, "scriptPubKey": "%", "desc": "raw(%)#qwertyui", "amount": 20.99999999,
 "coinbase": false, "height": 800000, "blockhash": "%", "confirmations": 100002}],
"total_amount": 21.09999999}""",
    TIP, "aa" * 32, OURS, OURS, TIP, "bb" * 32, OURS, OURS, "00" * 32,
)  # fmt: skip
BLOCK = fill("""{"hash": "%", "confirmations": 1, "height": 900001, "version": 536870912,
"versionHex": "20000000", "merkleroot": "%", "time": 1795186700, "mediantime": 1795186000,
"nonce": 1, "bits": "17053894", "difficulty": 53911173001054.59, "chainwork": "00", "nTx": 2,
"previousblockhash": "%", "strippedsize": 786115, "size": 1634536, "weight": 3992881, "tx": [
{"txid": "%", "hash": "%", "version": 1, "size": 100, "vsize": 100, "weight": 400, "locktime": 0,
 "vin": [{"coinbase": "0371b90d", "txinwitness": ["00"], "sequence": 4294967295}],
 "vout": [{"value": 3.12500000, "n": 0, "scriptPubKey": {"asm": "0 22", "desc": "raw()#x",
  "hex": "%", "address": "bc1q", "type": "witness_v0_keyhash"}}], "hex": "00"},
{"txid": "%", "hash": "%", "version": 2, "size": 222, "vsize": 141, "weight": 561, "locktime": 0,
 "vin": [{"txid": "%", "vout": 7, "scriptSig": {"asm": "", "hex": ""}, "txinwitness": ["00"],
  "prevout": {"generated": false, "height": 700000, "value": 0.10001000, "scriptPubKey":
  {"asm": "0 11", "desc": "raw()#x", "hex": "%", "address": "bc1q",
   "type": "witness_v0_keyhash"}}, "sequence": 4294967293}],
 "vout": [{"value": 0.10000000, "n": 0, "scriptPubKey": {"asm": "0 11", "desc": "raw()#x",
  "hex": "%", "address": "bc1q", "type": "witness_v0_keyhash"}}], "fee": 0.00001000, "hex": "00"}]}
""", TIP, "cc" * 32, BEFORE, "dd" * 32, "dd" * 32, THEIRS, "aa" * 32, "aa" * 32, "ee" * 32, OURS,
       OURS)  # fmt: skip


def _documented(method: str, params: list[Any]) -> str:
    """The result of a call as text, or an error as Core words it."""
    if method == "getblockheader":
        height, time = (900_001, 1795186700) if params[0] == TIP else (900_000, 1795186100)
        before = BEFORE if params[0] == TIP else "00" * 32
        return fill(HEADER, params[0], height, "cc" * 32, time, before)
    if method == "getblock":
        return BLOCK if params[1] == 3 else json.dumps(RAW)
    return {
        "getblockchaininfo": INFO,
        "getbestblockhash": json.dumps(TIP),
        "getblockhash": json.dumps(BEFORE),
        "scantxoutset": SCAN,
    }[method]


class CoreServer:
    """Answers of a method may be replaced by a text, or by an error (code, message)."""

    def __init__(self) -> None:
        self.instead: dict[str, Any] = {}
        self.asked: list[Mapping[str, Any]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                calls = body if isinstance(body, list) else [body]
                outer.asked += calls
                answers = [outer.answer(call) for call in calls]
                text = f"[{','.join(answers)}]" if isinstance(body, list) else answers[0]
                self.send_response(500 if '"error": {' in text else 200)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, call: Mapping[str, Any]) -> str:
        found = self.instead.get(call["method"]) or _documented(call["method"], call["params"])
        if isinstance(found, tuple):
            error = json.dumps({"code": found[0], "message": found[1]})
            return f'{{"result": null, "error": {error}, "id": {call["id"]}}}'
        return f'{{"result": {found}, "error": null, "id": {call["id"]}}}'


@pytest.fixture
def core() -> Iterator[CoreServer]:
    server = CoreServer()
    yield server
    server.server.shutdown()


def ledger(core: CoreServer) -> Bitcoin:
    return Bitcoin(HttpNode(core.url), "main")


def test_a_core_node_is_ready_and_names_its_blocks(core: CoreServer) -> None:
    bitcoin = ledger(core)
    bitcoin.ready()
    assert bitcoin.block("latest") == Block(900_001, TIP, moment(1795186700))
    assert bitcoin.block(900_000) == Block(900_000, BEFORE, moment(1795186100))
    assert bitcoin.block(900_002) is None


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"chain": "main"', '"chain": "test"', "not of network"),
        ('"initialblockdownload": false', '"initialblockdownload": true', "catching up"),
        ('"headers": 900001', '"headers": 900005', "catching up"),
        ('"blocks": 900001, ', "", "blocks"),
    ],
)
def test_a_core_node_of_another_network_or_behind_is_refused(
    core: CoreServer, old: str, new: str, words: str
) -> None:
    assert old in INFO
    core.instead["getblockchaininfo"] = INFO.replace(old, new)
    with pytest.raises(NodeError, match=words):
        ledger(core).ready()


def test_a_raw_block_is_opened_and_a_byte_of_it_cannot_be_another(core: CoreServer) -> None:
    (opened,) = ledger(core).opened([GENESIS])
    assert (opened.hash, opened.seconds, len(opened.transactions)) == (GENESIS, 1231006505, 1)
    core.instead["getblock"] = json.dumps(RAW.replace("ffff001d1dac", "ffff001d1dad", 1))
    with pytest.raises(NodeError, match="another block"):
        ledger(core).opened([GENESIS])


def test_the_index_at_the_tip_and_one_block_back(core: CoreServer) -> None:
    """The last block spent 0.10001 of ours and paid 0.1 back; undone, the first stands again."""
    node, own = HttpNode(core.url), frozenset({OURS})
    old = {f"{'bb' * 32}:3": Coin(2_099_999_999, OURS, 800_000)}
    at_tip = scan(node, own, Block(900_001, TIP, moment(1795186700)))
    assert at_tip == old | {f"{'aa' * 32}:0": Coin(10_000_000, OURS, 900_001)}
    before = scan(node, own, Block(900_000, BEFORE, moment(1795186100)))
    assert before == old | {f"{'ee' * 32}:7": Coin(10_001_000, OURS, 700_000)}
    (asked, *_) = [c for c in core.asked if c["method"] == "scantxoutset"]
    assert asked["params"] == ["start", [{"desc": f"raw({OURS})"}]]
    (block, *_) = [c for c in core.asked if c["method"] == "getblock"]
    assert block["params"] == [TIP, 3]


@pytest.mark.parametrize(
    ("method", "instead", "words"),
    [
        ("scantxoutset", SCAN.replace("true", "false", 1), "did not finish"),
        ("scantxoutset", SCAN.replace("0.10000000", "0.100000001"), "no whole number"),
        ("scantxoutset", SCAN.replace('"amount": 0.10000000,', ""), "not whole"),
        ("scantxoutset", SCAN.replace(OURS, THEIRS, 1), "another script"),
        ("scantxoutset", SCAN.replace("900001", "899999", 1), "before 900000"),
        ("scantxoutset", (-8, 'Scan already in progress, use action "abort" or "status"'), "Scan"),
        ("getblock", (-28, "Loading block index..."), "Loading block index"),
        ("getblock", (-1, "Block not available (pruned data)"), "pruned"),
        ("getblock", BLOCK.replace('"prevout"', '"former"'), "does not say what it spent"),
        ("getblock", BLOCK.replace(TIP, "00" * 32, 1), "another block"),
    ],
)
def test_an_answer_that_is_not_whole_is_an_error_and_never_a_smaller_balance(
    core: CoreServer, method: str, instead: Any, words: str
) -> None:
    core.instead[method] = instead
    with pytest.raises(NodeError, match=words):
        scan(HttpNode(core.url), frozenset({OURS}), Block(900_000, BEFORE, moment(1795186100)))


def test_a_node_that_is_asked_for_its_index_has_time_to_answer(tmp_path: Path) -> None:
    """On the main network a scan takes minutes; other calls do not."""
    nodes = """firm = "F"
[[chain]]
name = "bitcoin"
kind = "bitcoin"
url = "http://127.0.0.1:1"
asset = "BTC"
network = "main"
confirmations = 6
max_age_minutes = 60
index = {index}
[[wallet]]
holding_id = "w"
chain = "bitcoin"
owner = "customer"
tier = "cold"
address = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
assets = ["BTC"]
"""
    times = []
    for index in ("true", "false"):
        file = tmp_path / "nodes.toml"
        file.write_text(nodes.format(index=index))
        node = load_setup(file).chains["bitcoin"].node
        times.append(node.timeout)
    assert times[1] == TIMEOUT
    assert times[0] >= 1800

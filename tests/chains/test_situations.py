"""Situations around chains that need no node: stakes, splits, partial payments."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonae.actions.chains import read as chains_read
from sonae.chains.ethereum import Ethereum
from sonae.chains.fork import entitled, findings, notice_due
from sonae.chains.node import NodeError
from sonae.chains.staking import read_validators, staked
from sonae.chains.xrp import delivered
from sonae.core.errors import Refused
from tests.chains.nodes import OWNER, ethereum_chain, ethereum_node, wallet, write

ETHER = 10**18
ADDRESS = "0x" + "aa" * 20


def validator(index: int, gwei: int, slashed: bool = False, to: str = ADDRESS) -> dict[str, Any]:
    """One entry as the Beacon API documents it."""
    return {
        "index": str(index),
        "balance": str(gwei),
        "status": "active_slashed" if slashed else "active_ongoing",
        "validator": {
            "pubkey": "0x" + index.to_bytes(48).hex(),
            "withdrawal_credentials": "0x01" + "00" * 11 + to[2:],
            "effective_balance": "32000000000",
            "slashed": slashed,
        },
    }


def answer(*rows: dict[str, Any], **other: Any) -> dict[str, Any]:
    return {"execution_optimistic": False, "finalized": True, "data": list(rows)} | other


def test_staked_coins_without_an_answer_make_the_source_incomplete(tmp_path: Path) -> None:
    """E15: a source that omits staked coins is incomplete, and no table says zero."""
    with ethereum_node() as node:
        node.mine()
        held = wallet("v", "ethereum", OWNER, "ETH", 'validators = ["7"]')
        out = tmp_path / "day"
        found = chains_read.read_wallets(write(tmp_path, ethereum_chain(node.url), held), out)
        assert not found["complete"]
        assert found["sources"][0]["held"] == []
        assert "staked coins of v are missing" in found["findings"][0]["message"]["en"]
        assert [f.name for f in out.iterdir()] == ["reading.json"]
        more = f'beacon = "{node.url}"'  # no beacon node: it answers something else
        file = write(tmp_path, ethereum_chain(node.url, more), held)
        assert not chains_read.read_wallets(file)["complete"]


@contextmanager
def beacon(answers: dict[str, Any]) -> Iterator[str]:
    """A beacon node's interface with these answers by path; anything else is an error."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(answers.get(self.path, {"code": 404, "message": "no"})).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def test_stakes_are_read_at_the_slot_of_the_block_in_a_row_of_their_own(tmp_path: Path) -> None:
    with ethereum_node() as node:
        node.mine(5)
        block = Ethereum(node.node, 31337).block("finalized")
        assert block is not None
        seconds, slot = int(block.time.timestamp()), 1_000
        row = validator(7, 32_000_000_001, to=OWNER.lower())
        answers = {
            "/eth/v1/beacon/genesis": {"data": {"genesis_time": str(seconds - slot * 12)}},
            "/eth/v1/config/spec": {"data": {"SECONDS_PER_SLOT": "12"}},
            f"/eth/v1/beacon/states/{slot}/validators?id=7": answer(row),
        }
        held = wallet("v", "ethereum", OWNER, "ETH", 'validators = ["7"]\ndays_to_liquid = 46')
        with beacon(answers) as url:
            file = write(tmp_path, ethereum_chain(node.url, f'beacon = "{url}"'), held)
            found = chains_read.read_wallets(file, tmp_path / "day")
            assert found["complete"], found["findings"]
            rows = (tmp_path / "day" / "holdings.csv").read_text("utf-8").splitlines()
            assert [r.split(",")[0] for r in rows[1:]] == ["v", "v.staked"]
            assert rows[2].split(",")[8] == str(32 * ETHER + 10**9)
            answers["/eth/v1/beacon/genesis"]["data"]["genesis_time"] = str(seconds - 5)
            assert not chains_read.read_wallets(file)["complete"]


def test_a_validator_that_is_not_in_the_answer_is_missing_and_not_empty() -> None:
    good = answer(validator(7, 32_000_000_001), validator(8, 31_000_000_000))
    found = read_validators(good, ["8", "0x" + (7).to_bytes(48).hex()])
    assert [v.units for v in found] == [31 * ETHER, 32 * ETHER + 10**9]
    with pytest.raises(NodeError, match="9"):
        read_validators(good, ["7", "9"])


@pytest.mark.parametrize(
    "wrong",
    [
        answer(validator(7, 1), finalized=False),
        answer(validator(7, 1), execution_optimistic=True),
        {"data": [validator(7, 1)]},
        answer({"index": "7"}),
        answer(validator(7, 1) | {"balance": "x"}),
        [],
        None,
    ],
)
def test_a_beacon_answer_that_is_not_final_or_not_whole_is_none(wrong: Any) -> None:
    with pytest.raises(NodeError):
        read_validators(wrong, ["7"])


def test_stakes_that_pay_out_elsewhere_or_are_named_twice_do_not_count() -> None:
    elsewhere = read_validators(answer(validator(7, 32 * 10**9, to="0x" + "bb" * 20)), ["7"])
    with pytest.raises(NodeError, match="elsewhere"):
        staked("v", ADDRESS, elsewhere, {})
    same = read_validators(answer(validator(7, 1)), ["7", "0x" + (7).to_bytes(48).hex()])
    with pytest.raises(NodeError, match="twice"):
        staked("v", ADDRESS, same, {})


def test_a_slashed_validator_is_a_shortage_to_top_up_and_no_loss_of_customers() -> None:
    """E33: 0.5 ETH slashed; what is owed stays, what is held is less, the firm makes it up."""
    rows = answer(validator(7, 31_500_000_000, slashed=True), validator(8, 32 * 10**9))
    units, found = staked("v", ADDRESS, read_validators(rows, ["7", "8"]), {"7": 32 * ETHER})
    owed = 64 * ETHER
    assert owed - units == ETHER // 2
    assert [(f.name, f.severity) for f in found] == [("validator-slashed", "warning")]
    assert f"{ETHER // 2} wei" in found[0].message.en
    assert "not the customers' loss" in found[0].message.en


def test_a_split_freezes_the_list_at_its_height_and_tracks_the_notice() -> None:
    """E37: entitlement from the ledger at H, the coin is customers' pending a decision, a clock."""
    rows = [("b", 5), ("a", 10), ("c", -3), ("d", 0)]
    found = entitled(rows, "BTC", "BCH", 478_558, Fraction(1))
    assert found.accounts == (("a", 10), ("b", 5))
    assert (found.total, found.residue) == (15, 0)
    assert found.digest == entitled(reversed(rows), "BTC", "BCH", 478_558, Fraction(1)).digest
    assert found.digest != entitled(rows, "BTC", "BCH", 478_559, Fraction(1)).digest
    made = findings(found, date(2027, 5, 1), date(2027, 8, 1))
    assert [(f.name, f.due) for f in made] == [
        ("fork-notice-due", date(2027, 5, 15)),
        ("forked-asset-pending", None),
    ]
    assert notice_due(date(2027, 5, 1), None) == date(2027, 5, 15)
    assert notice_due(date(2027, 5, 1), date(2027, 6, 10)) == date(2027, 5, 10)
    assert notice_due(date(2027, 5, 1), date(2027, 5, 3)) == date(2027, 5, 1)
    assert notice_due(date(2027, 2, 27), date(2027, 3, 31)) == date(2027, 2, 28)
    with pytest.raises(Refused):
        entitled([("a", 1), ("a", 2)], "BTC", "BCH", 1, Fraction(1))


@given(
    st.dictionaries(st.text("abc", min_size=1, max_size=3), st.integers(0, 10**20), min_size=1),
    st.fractions(min_value=Fraction(1, 1000), max_value=1000),
)
def test_no_unit_of_a_split_coin_is_lost_or_made(held: dict[str, int], ratio: Fraction) -> None:
    found = entitled(held.items(), "A", "B", 1, ratio)
    assert found.total + found.residue == sum(held.values()) * ratio.numerator // ratio.denominator
    assert 0 <= found.residue < len(held) or found.residue == 0


def payment(amount: Any, **other: Any) -> dict[str, Any]:
    """A partial payment as rippled's `tx` answers it."""
    fields = {
        "TransactionType": "Payment",
        "Destination": "rCustomer",
        "Amount": "1000000",
        "Flags": 131072,
        "validated": True,
        "meta": {"TransactionResult": "tesSUCCESS", "delivered_amount": amount},
    }
    return fields | other


def test_a_partial_payment_credits_what_was_delivered() -> None:
    """E12: an Amount of 1,000,000 that delivered 1 credits 1."""
    assert delivered(payment("1"), "rCustomer") == 1
    assert delivered(payment("1"), "rOther") == 0
    assert delivered(payment({"currency": "USD", "value": "5", "issuer": "r"}), "rCustomer") == 0
    failed = {"TransactionResult": "tecPATH_DRY", "delivered_amount": "1"}
    assert delivered(payment("1", meta=failed), "rCustomer") == 0
    for wrong in (payment("unavailable"), payment(None), payment("1", validated=False)):
        with pytest.raises(NodeError):
            delivered(wrong, "rCustomer")

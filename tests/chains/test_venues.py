"""Other venues: one contract test for each adapter, on answers in the form each venue documents."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sonae.actions.venue_read import CALLS
from sonae.chains.node import NodeError
from sonae.chains.venue import ADAPTERS, Total, read, unique, units
from tests.command import sonae

BITBANK = {
    "success": 1,
    "data": {
        "assets": [
            {
                "asset": "btc",
                "free_amount": "1.5",
                "amount_precision": 8,
                "onhand_amount": "2.00000001",
                "locked_amount": "0.50000001",
                "withdrawing_amount": "0.3",
                "withdrawal_fee": "0.001",
                "stop_deposit": False,
            },
            {
                "asset": "jpy",
                "free_amount": "10560",
                "onhand_amount": "10560",
                "locked_amount": "0",
                "withdrawing_amount": "0",
            },
        ]
    },
}
BINANCE = [
    {
        "asset": "BTC",
        "free": "1.5",
        "locked": "0.1",
        "freeze": "0.1",
        "withdrawing": "0.3",
        "ipoable": "0.00000001",
        "btcValuation": "0",
    },
    {
        "asset": "SHIB",
        "free": "532.32",
        "locked": "0",
        "freeze": "0",
        "withdrawing": "0",
        "ipoable": "0",
        "btcValuation": "0",
    },
]
COINCHECK = {
    "success": True,
    "btc": "1.5",
    "btc_reserved": "0.1",
    "btc_lending": "0.1",
    "btc_lend_in_use": "0.3",
    "btc_lent": "1.2",
    "btc_debt": "0",
    "btc_tsumitate": "0.10000001",
    "jpy": "0.8401",
}
ANSWERS: dict[str, Any] = {"bitbank": BITBANK, "binance": BINANCE, "coincheck": COINCHECK}
FREE, LOCKED, LEAVING = 150_000_000, 20_000_001, 30_000_000


def test_every_adapter_has_an_answer_here_and_a_call() -> None:
    assert set(ADAPTERS) == set(ANSWERS) == set(CALLS)


@pytest.mark.parametrize("venue", ANSWERS)
def test_a_total_with_pending_withdrawals_and_one_without_come_to_the_same(
    venue: str, tmp_path: Path
) -> None:
    """E16: one venue counts what is being withdrawn in its total, another beside it."""
    leaving = 0 if venue == "coincheck" else LEAVING
    expected = Total(venue, "BTC", FREE, LOCKED, leaving)
    assert read(venue, ANSWERS[venue], {"BTC": 8}) == [expected]
    assert expected.held == FREE + LOCKED
    file = tmp_path / "answer.json"
    file.write_text(json.dumps(ANSWERS[venue]))
    said = sonae("wallet", "venue", venue, "--assets", "BTC=8", "--answer", file, "--json")
    assert said.code == 0, said.err
    assert said.json()["totals"][0]["held"] == str(FREE + LOCKED)


@pytest.mark.parametrize("venue", ANSWERS)
def test_what_an_answer_does_not_say_is_incomplete_and_never_zero(
    venue: str, tmp_path: Path
) -> None:
    """E15: SOL is staked there and the answer is silent on it."""
    file = tmp_path / "answer.json"
    for content in ({}, [], {"success": 0}, None, [1], "x"):
        file.write_text(json.dumps(content))
        said = sonae("wallet", "venue", venue, "--assets", "BTC=8", "--answer", file, "--json")
        if venue == "binance" and content == []:
            assert said.json()["totals"][0]["held"] == "0"  # it sends only what is not zero
            continue
        assert said.code == 1
        assert said.json()["complete"] is False
        assert said.json()["totals"] == []
    with pytest.raises(NodeError, match="staked"):
        read(venue, ANSWERS[venue], {"BTC": 8}, ["BTC"])


def test_an_asset_that_bitbank_leaves_out_is_missing() -> None:
    with pytest.raises(NodeError, match="ETH"):
        read("bitbank", BITBANK, {"BTC": 8, "ETH": 18})


def test_parts_that_do_not_add_up_are_refused() -> None:
    wrong = json.loads(json.dumps(BITBANK))
    wrong["data"]["assets"][0]["onhand_amount"] = "2.3"
    with pytest.raises(NodeError, match="on hand"):
        read("bitbank", wrong, {"BTC": 8})


def test_a_debt_at_a_venue_is_not_netted() -> None:
    with pytest.raises(NodeError, match="debt"):
        read("coincheck", COINCHECK | {"btc_debt": "0.1"}, {"BTC": 8})


def test_an_asset_said_twice_counts_once_and_two_tokens_of_one_name_count_both() -> None:
    """E17: a total is the sum of different venue, asset and contract."""
    a = Total("v", "USDC", 5, 0, 0, contract="0xA0")
    b = Total("v", "USDC", 7, 0, 0, contract="0xB0")
    found = unique([a, b, a, a._replace(contract="0xa0")])
    assert sum(t.held for t in found) == 12
    with pytest.raises(NodeError, match="two things"):
        unique([a, a._replace(free=6)])


@pytest.mark.parametrize("text", ["1e3", "1.", ".5", "-1", "1,000", " 1", "", "0.000000001", "１"])
def test_an_amount_is_plain_text_within_its_scale(text: str) -> None:
    with pytest.raises(NodeError):
        units(text, 8, "x")


def test_a_number_that_was_already_a_float_is_refused() -> None:
    for value in (1.5, 1, None, True):
        with pytest.raises(NodeError):
            units(value, 8, "x")
    assert units("0.100000000", 8, "x") == 10_000_000


def test_ccxt_has_the_calls_that_send_the_raw_answer() -> None:
    ccxt = pytest.importorskip("ccxt", reason="the extra `venues` is not installed")
    for venue, call in CALLS.items():
        assert callable(getattr(getattr(ccxt, venue)(), call))

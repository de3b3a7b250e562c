"""Other venues: one contract test for each adapter, on answers in the form each venue documents.

`tests/answers.toml` has the answers; ccxt's own reading of the same bytes stands beside ours.
"""

from __future__ import annotations

import json
from base64 import b64encode
from decimal import Decimal
from pathlib import Path

import ccxt
import pytest

from sonae.actions.chains.venue_read import CALLS
from sonae.chains.node import NodeError
from sonae.chains.venue import Total, unique, units
from sonae.chains.venue_forms import ADAPTERS, read
from tests.answers import answer, having, network
from tests.command import sonae

VENUES = having("balance")

FREE, LOCKED, LEAVING = 150_000_000, 20_000_001, 30_000_000


def test_every_adapter_has_an_answer_here_and_a_call() -> None:
    assert set(ADAPTERS) == set(VENUES) == set(CALLS)


@pytest.mark.parametrize("venue", VENUES)
def test_a_total_with_pending_withdrawals_and_one_without_come_to_the_same(
    venue: str, tmp_path: Path
) -> None:
    """E16: one venue counts what is being withdrawn in its total, another beside it."""
    said_of_leaving: dict[str, int | None] = {
        "bitbank": LEAVING,
        "binance": LEAVING,
        "coincheck": 0,
    }
    expected = Total(venue, "BTC", FREE, LOCKED, said_of_leaving.get(venue))
    assert read(venue, answer(venue, "balance"), {"BTC": 8}) == [expected]
    assert expected.held == FREE + LOCKED
    file = tmp_path / "answer.json"
    file.write_bytes(answer(venue, "balance"))
    said = sonae("wallet", "venue", venue, "--assets", "BTC=8", "--answer", file, "--json")
    assert said.code == 0, said.err
    found = said.json()
    assert found["totals"][0]["held"] == str(FREE + LOCKED)
    assert found["layout"] == "documented"
    people = sonae("wallet", "venue", venue, "--assets", "BTC=8", "--answer", file, "--lang", "en")
    assert "not compared with a recorded answer" in people.out


@pytest.mark.parametrize("venue", VENUES)
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
        read(venue, answer(venue, "balance"), {"BTC": 8}, ["BTC"])


def test_staked_coins_that_stand_under_a_name_of_their_own_are_counted_once() -> None:
    """E15: the venue names staked SOL apart; with it the answer is whole."""
    (total,) = read("kraken", answer("kraken", "balance"), {"SOL": 9}, ["SOL"])
    assert (total.free, total.staked, total.held) == (3 * 10**9, 5 * 10**9, 8 * 10**9)
    odd = answer("kraken", "balance").replace(b"SOL.S", b"SOL.X")
    with pytest.raises(NodeError, match=r"SOL\.X"):
        read("kraken", odd, {"SOL": 9})


@pytest.mark.parametrize("venue", ["bitbank", "bitflyer", "btcbox", "coincheck", "zaif"])
def test_an_asset_that_an_answer_leaves_out_is_missing(venue: str) -> None:
    with pytest.raises(NodeError, match="XYZ"):
        read(venue, answer(venue, "balance"), {"BTC": 8, "XYZ": 18})


RENAMED = {
    "bitbank": b"withdrawing_amount", "binance": b"freeze", "bitflyer": b"available",
    "btcbox": b"btc_lock", "coincheck": b"btc_tsumitate", "kraken": b"hold_trade",
    "zaif": b"deposit",
}  # fmt: skip


@pytest.mark.parametrize("venue", VENUES)
def test_a_layout_that_changed_is_refused_with_the_difference(venue: str, tmp_path: Path) -> None:
    name = RENAMED[venue]
    changed = answer(venue, "balance").replace(b'"' + name + b'"', b'"' + name + b'_2"')
    with pytest.raises(NodeError, match=f"gone {name.decode()}; new {name.decode()}_2"):
        read(venue, changed, {"BTC": 8})
    more = answer(venue, "balance").replace(b'"' + name + b'"', b'"btc_extra": 1, "' + name + b'"')
    with pytest.raises(NodeError, match="gone -; new btc_extra"):
        read(venue, more, {"BTC": 8})
    file = tmp_path / "answer.json"
    file.write_bytes(changed)
    said = sonae("wallet", "venue", venue, "--assets", "BTC=8", "--answer", file)
    assert said.code == 1
    assert f"{name.decode()}_2" in said.out
    words = sonae("wallet", "venue", venue, "--assets", "BTC=8", "--answer", file, "--lang", "ja")
    assert f"増えた項目 {name.decode()}_2" in words.out


def _through_ccxt(venue: str) -> dict[str, Decimal]:
    """What ccxt's own parser makes of the same bytes for BTC."""
    exchange = getattr(ccxt, venue)(_keys())
    exchange.markets = {}
    exchange.currencies = {"BTC": {"id": "btc", "code": "BTC"}}
    found = exchange.fetch_balance({"type": "funding"} if venue == "binance" else {})
    return {key: Decimal(str(found["BTC"][key])) for key in ("free", "used", "total")}


def _keys() -> dict[str, str]:
    return {"apiKey": "key", "secret": b64encode(b"secret").decode()}


LEFT_OUT = {"coincheck": 10_000_001, "binance": 1}
"""What ccxt leaves out of `used`: coins saved up there, coins set aside for a subscription."""


@pytest.mark.parametrize("venue", VENUES)
def test_ccxts_own_reading_of_the_same_bytes_agrees(
    venue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Free, used and total as ccxt has them, beside ours; where they differ it is said why."""
    network(monkeypatch, lambda _: answer(venue, "balance"))
    (ours,) = read(venue, answer(venue, "balance"), {"BTC": 8})
    theirs = {k: int(v * 10**8) for k, v in _through_ccxt(venue).items()}
    assert theirs["free"] == ours.free
    assert theirs["used"] == ours.locked + (ours.pending or 0) - LEFT_OUT.get(venue, 0)
    assert theirs["total"] == theirs["free"] + theirs["used"]


@pytest.mark.parametrize("venue", VENUES)
def test_the_request_is_built_and_signed_by_ccxt_and_the_answer_is_taken_as_text(
    venue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = network(monkeypatch, lambda _: answer(venue, "balance"))
    for word, value in zip(("KEY", "SECRET"), _keys().values(), strict=True):
        monkeypatch.setenv(f"SONAE_{venue.upper()}_{word}", value)
    said = sonae("wallet", "venue", venue, "--assets", "BTC=8", "--json")
    assert said.code == 0, said.out + said.err
    assert said.json()["totals"][0]["free"] == str(FREE)
    (request,) = asked
    assert str(request.url).startswith("https://")
    assert "key" in f"{request.url} {request.body!r} {dict(request.headers)}".lower()


def test_parts_that_do_not_add_up_are_refused() -> None:
    for venue, old, new, words in (
        ("bitbank", b"2.00000001", b"2.3", "on hand"),
        ("bitflyer", b"1.70000001", b"1.4", "more is free"),
        ("zaif", b"1.70000001", b"1.4", "more is free"),
        ("kraken", b"1.7000000100", b"0.1", "more is free"),
    ):
        wrong = answer(venue, "balance").replace(old, new)
        with pytest.raises(NodeError, match=words):
            read(venue, wrong, {"BTC": 8})


def test_a_debt_at_a_venue_is_not_netted() -> None:
    debt = answer("coincheck", "balance").replace(b'"btc_debt": "0"', b'"btc_debt": "0.1"')
    with pytest.raises(NodeError, match="debt"):
        read("coincheck", debt, {"BTC": 8})


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


def test_a_number_in_exponent_form_is_read_exactly() -> None:
    """A venue writes 9e-08 where it means nine satoshi; a float is never made of it."""
    (total,) = read("zaif", answer("zaif", "balance"), {"MONA": 8})
    assert (total.free, total.locked) == (9, 1)
    for wrong in (b"9e-99", b"1e999999999999999999999", b"NaN"):
        with pytest.raises(NodeError):
            read("zaif", answer("zaif", "balance").replace(b"9e-08", wrong), {"MONA": 8})

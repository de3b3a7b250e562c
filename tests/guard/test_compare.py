"""The comparison of a minute: what is owed against what is held, and what is not known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonae.guard.compare import Compared, compare
from sonae.guard.feed import Feed, Line
from sonae.guard.hot import episodes, hot_share
from sonae.guard.ladder import Store, ladder

from .test_judge import NOW, policy

BTC = 10**8


def feed(*messages: dict[str, Any]) -> Feed:
    """A feed of whole totals, fresh unless they say otherwise."""
    found = Feed(timedelta(seconds=5))
    for n, m in enumerate(messages, 1):
        layer = m["layer"]
        base = {"source": layer, "node": f"{layer}-node", "number": n, "asset": "BTC"}
        message = base | {"kind": "total", "at": NOW.isoformat()} | m
        assert found.take(message | {"units": str(m["units"])}, NOW)
    return found


def first(found: Feed, now: datetime = NOW) -> Compared:
    """The comparison of ledger and wallets."""
    return compare(found, policy(), now)[0]


def test_one_satoshi_over_the_tolerance_is_flagged_within_the_minute() -> None:
    """E02: not at the next close; withdrawals follow the policy."""
    at = NOW + timedelta(minutes=1)
    found = first(
        feed({"layer": "ledger", "units": BTC + 1}, {"layer": "wallet", "units": BTC}), at
    )
    assert (found.state, found.difference, found.withdrawals) == ("ledger_over_asset", -1, "stop")


def test_equal_totals_match_and_more_held_than_owed_is_said() -> None:
    """Neither stops anything."""
    same = first(feed({"layer": "ledger", "units": BTC}, {"layer": "wallet", "units": BTC}))
    more = first(feed({"layer": "ledger", "units": BTC}, {"layer": "wallet", "units": BTC + 1}))
    assert (same.state, same.withdrawals) == ("matched", "go_on")
    assert (more.state, more.withdrawals) == ("asset_over_ledger", "go_on")


def test_two_sources_of_one_node_prove_nothing_together() -> None:
    """E18: they agree, and both may be wrong."""
    found = first(
        feed(
            {"layer": "ledger", "units": BTC, "node": "node-1"},
            {"layer": "wallet", "units": BTC, "node": "node-1"},
        )
    )
    assert (found.state, found.difference) == ("not_independent", 0)


def test_what_nobody_reads_is_absent_and_never_equal() -> None:
    """No reading at all is not a total of zero."""
    found = first(feed({"layer": "ledger", "units": 0}))
    assert (found.state, found.difference, found.withdrawals) == ("absent", None, "hold")
    assert first(feed()).state == "absent"


def test_an_incomplete_source_gives_no_total() -> None:
    """Staked coins that a connector leaves out are not zero."""
    found = first(
        feed({"layer": "ledger", "units": 5}, {"layer": "wallet", "units": 5, "complete": False})
    )
    assert (found.state, found.difference) == ("incomplete", None)
    assert found.right.lacks == ("wallet",)


@pytest.mark.parametrize(("halted", "state"), [(False, "stale"), (True, "halted")])
def test_an_old_reading_is_stale_or_its_chain_stands_still(halted: bool, state: str) -> None:
    """Past the age that the policy allows."""
    found = first(
        feed({"layer": "ledger", "units": 5}, {"layer": "wallet", "units": 5, "halted": halted}),
        NOW + timedelta(seconds=121),
    )
    assert (found.state, found.withdrawals) == (state, "hold")


def test_more_owed_than_held_outranks_every_other_state() -> None:
    """An old reading does not hide it."""
    found = first(
        feed({"layer": "ledger", "units": 6}, {"layer": "wallet", "units": 5}),
        NOW + timedelta(days=1),
    )
    assert (found.state, found.withdrawals) == ("ledger_over_asset", "stop")


def test_the_four_layers_are_kept_apart() -> None:
    """Chain against wallets, wallets against ledger, ledger against general ledger."""
    layers = {"ledger": 10, "wallet": 10, "chain": 9, "general_ledger": 12}
    found = compare(feed(*({"layer": k, "units": v} for k, v in layers.items())), policy(), NOW)
    assert [(c.pair, c.difference) for c in found] == [
        (("ledger", "wallet"), 0),
        (("wallet", "chain"), -1),
        (("general_ledger", "ledger"), -2),
    ]


@given(st.lists(st.tuples(st.sampled_from(["cold", "hot"]), st.integers(0, 10**9)), max_size=9))
def test_tiers_and_sources_add_up(parts: list[tuple[str, int]]) -> None:
    """However many wallets a total is spread over."""
    total = sum(u for _, u in parts)
    messages = [
        {"layer": "wallet", "units": u, "tier": t, "source": f"w{n}"}
        for n, (t, u) in enumerate(parts)
    ]
    found = first(feed({"layer": "ledger", "units": total}, *messages))
    if parts:
        assert found.difference == 0
        cold = sum(u for t, u in parts if t == "cold")
        share = hot_share(feed(*messages), {"BTC": Fraction(3)})
        assert share == (Fraction(total - cold, total) if total else 0)


def test_a_hot_share_above_the_limit_is_kept_though_the_day_closes_clean() -> None:
    """E41: 5.2 % at ten, 4.9 % at the close."""
    at = [NOW + timedelta(hours=h) for h in range(4)]
    shares = [Fraction(4, 100), Fraction(52, 1000), Fraction(51, 1000), Fraction(49, 1000)]
    found = episodes(zip(at, shares, strict=True), Fraction(5, 100))
    assert [(e.began, e.ended, e.most) for e in found] == [(at[1], at[3], Fraction(52, 1000))]
    still = episodes(zip(at[:2], shares[:2], strict=True), Fraction(5, 100))
    assert still[0].ended is None


def test_a_share_without_a_price_is_not_known() -> None:
    """Coins without a price are not worth nothing."""
    assert hot_share(feed({"layer": "wallet", "units": 5}), {}) is None


def test_what_a_supplier_freezes_leaves_the_ladder_and_nothing_else() -> None:
    """E34: the coins are still held; they cannot be spent. A queue moves the rest down."""
    here = Store("USDC", Line("wallet", "n", units=3), timedelta(0), "supplier-a")
    there = Store("USDC", Line("wallet", "n", units=5), timedelta(hours=12), "supplier-b")
    staked = Store("ETH", Line("wallet", "n", units=7), timedelta(days=3), None)
    never = Store("ETH", Line("wallet", "n", units=9), None, None)
    stores = [here, there, staked, never]
    whole = ladder(stores)
    assert whole["USDC"] == {"1h": 3, "24h": 8, "7d": 8, "30d": 8}
    assert whole["ETH"] == {"1h": 0, "24h": 0, "7d": 7, "30d": 7}
    assert ladder(stores, frozen=["supplier-b"])["USDC"] == dict.fromkeys(whole["USDC"], 3)
    queued = ladder(stores, locked={"ETH": timedelta(days=46)})
    assert queued["ETH"] == dict.fromkeys(whole["ETH"], 0)
    assert datetime(2026, 2, 6, 10, 0, tzinfo=UTC) == NOW

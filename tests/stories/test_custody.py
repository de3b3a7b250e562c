"""Coins outside cold storage and the own coins that must stand behind them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kit import changed, close, figure, finding, findings, holding, line

BTC = 10**8


@pytest.mark.parametrize(
    ("hot", "found"),
    [(5 * BTC, []), (5 * BTC + 1, ["hot-excess"])],
    ids=["exactly five in a hundred", "one unit more"],
)
def test_the_limit_is_kept_exactly_and_broken_by_one_unit(
    tmp_path: Path, hot: int, found: list[str]
) -> None:
    """100 BTC owed: 5 may be outside cold storage, 5.00000001 may not."""
    holdings = [
        holding("cold", "BTC", 100 * BTC - hot),
        holding("hot", "BTC", hot, tier="hot"),
        holding("own", "BTC", hot, "guarantee"),
    ]
    closed = close(tmp_path, changed(holdings=holdings))
    assert findings(closed) == found
    excess = figure(closed, "jp.crypto.hot_limit#excess_jpy")["value"]
    assert excess == ("0.15" if found else "0")


def test_the_guarantee_is_short_by_one_unit(tmp_path: Path) -> None:
    """3 BTC outside cold storage and 2.99999999 own ones behind them."""
    holdings = [
        holding("cold", "BTC", 97 * BTC),
        holding("hot", "BTC", 3 * BTC, tier="hot"),
        holding("own", "BTC", 3 * BTC - 1, "guarantee"),
    ]
    closed = close(tmp_path, changed(holdings=holdings))
    assert findings(closed) == ["guarantee-shortage"]
    assert "0.00000001" in finding(closed, "guarantee-shortage")["message"]["en"]


def test_own_coins_kept_hot_are_no_guarantee(tmp_path: Path) -> None:
    """The guarantee must itself be kept cold (R-JP-C-03): 3 own BTC in a hot wallet are none."""
    holdings = [
        holding("cold", "BTC", 97 * BTC),
        holding("hot", "BTC", 3 * BTC, tier="hot"),
        holding("own", "BTC", 3 * BTC, "guarantee", tier="hot"),
    ]
    closed = close(tmp_path, changed(holdings=holdings))
    assert findings(closed) == ["guarantee-shortage"]


def test_customers_coins_and_own_coins_never_fill_in_for_each_other(tmp_path: Path) -> None:
    """99 of 100 BTC held for customers beside 10 of guarantee and 10 of buffer: short by 1."""
    holdings = [
        holding("cold", "BTC", 99 * BTC),
        holding("own", "BTC", 10 * BTC, "guarantee"),
        holding("mixed", "BTC", 10 * BTC, "buffer"),
        holding("firm", "BTC", 10 * BTC, "house"),
    ]
    closed = close(tmp_path, changed(holdings=holdings))
    assert findings(closed) == ["ledger-over-assets"]
    assert line(closed, "BTC")["break"] == "-1"
    assert line(closed, "BTC")["guarantee"] == "10"
    assert line(closed, "BTC")["buffer"] == "10"

"""The order of rows and the split into files change no byte of a close but the file digests."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from sonae.actions.close import close_books
from sonae.actions.files import json_bytes
from tests import kit

from .small import ON, Small, books, write


def without_digests(document: dict[str, Any]) -> bytes:
    """The bytes of close.json with the digests of the input files left out."""
    kept = dict(document)
    kept["sources"] = {"notes": document["sources"]["notes"]}
    kept["figures"] = [
        {**f, "source": {**f["source"], "digest": ""}} if f.get("source") else f
        for f in document["figures"]
    ]
    return json_bytes(kept)


def twice(
    small: Small, one: Random, other: Random, fixed: tuple[str, ...] = (), **run: Any
) -> tuple[bytes, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        first, second = (
            close_books(write(Path(folder) / str(n), small, random, fixed=fixed), **run).document
            for n, random in enumerate((one, other))
        )
    return without_digests(first), without_digests(second)


@settings(
    deadline=None,
    max_examples=7,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
@given(books(), st.integers(0, 2**32), st.integers(0, 2**32))
def test_shuffling_and_splitting_balances_and_prices_changes_nothing(
    small: Small, one: int, other: int
) -> None:
    """CSV and Parquet, base units and whole coins, one part or three: the same close."""
    first, second = twice(small, Random(one), Random(other))
    assert first == second


def full_day() -> Small:
    """Books with every table, and several rows wherever several are possible."""
    tables = kit.clean()
    coins = [
        kit.holding(w, a, 40_0000_0000, owner, tier=tier)
        for w, a, owner, tier in (
            ("cold-1", "BTC", "customer", "cold"),
            ("cold-2", "BTC", "customer", "cold"),
            ("hot-1", "BTC", "customer", "hot"),
            ("own-1", "BTC", "guarantee", "cold"),
            ("mixed", "BTC", "buffer", "hot"),
        )
    ]
    prices = [
        kit.price("BTC", amount, source, **more)
        for amount, source, more in (
            ("15000000", "alpha", {}),
            ("15000001", "beta", {}),
            ("14999999", "ours", {"own_venue": "true"}),
            ("15000002", "hand", {"entered_by": "P1"}),
            ("15000003", "gamma", {"at": "2026-11-20T12:00:00+09:00"}),
        )
    ]
    financials = [
        {"on": day, "item": item, "amount": amount}
        for day, item, amount in (
            ("2026-03-31", "capital", "100000000"),
            ("2026-09-30", "capital", "100000001"),
            ("2026-09-30", "net_assets", "900000000"),
            ("2026-09-30", "opening_reserve", "5"),
            ("2026-09-30", "used_for_incidents", "1"),
        )
    ]
    return Small(
        list(tables["assets"]),
        [
            kit.balance(f"A{n}", asset, 7 * n, product=product)
            for n in range(1, 9)
            for asset in ("BTC", "JPY")
            for product in ("spot", "margin")
        ],
        coins,
        prices,
        [
            kit.statement(f"t{n}", str(n), as_of=f"2026-11-{day}")
            for n in (1, 2)
            for day in (19, 20)
        ],
        {"financials": financials},
    )


@pytest.mark.parametrize("seed", range(3))
def test_shuffling_a_day_with_every_table_changes_nothing(seed: int) -> None:
    """Prices that are refused, stale or the venue's own are recorded in a fixed order too."""
    first, second = twice(full_day(), Random(100), Random(seed), assume=["jp.proposal.combined"])
    assert first == second


def test_the_same_folder_gives_the_same_bytes(tmp_path: Path) -> None:
    """With digests and all: nothing of the run itself (time, path, memory) is in a close."""
    write(tmp_path / "one", full_day(), Random(1))
    write(tmp_path / "two", full_day(), Random(1))
    first, second = (close_books(tmp_path / n).document for n in ("one", "two"))
    assert json_bytes(first) == json_bytes(second)


# -- where the order of rows still shows ------------------------------------------------------


def reversed_rows(small: Small, tmp_path: Path, **run: Any) -> tuple[bytes, bytes]:
    """The same Books with every table as it is and the other way round, each in one CSV."""
    found = []
    for n, step in enumerate((1, -1)):
        tables = {name: rows[::step] for name, rows in small.tables.items()}
        folder = kit.write(tmp_path / str(n), tables)
        found.append(without_digests(close_books(folder, **run).document))
    return found[0], found[1]


def two_coin_day() -> Small:
    tables = kit.clean()
    tables["assets"] = [*tables["assets"], kit.asset("ETH", scale=18)]
    return Small(
        list(tables["assets"]),
        list(tables["balances"]),
        list(tables["holdings"]),
        [*tables["prices"], kit.price("ETH", "500000")],
        list(tables["statements"]),
        {},
    )


WAYS = {
    "proofs of one wallet with two coins": {"control_proved_on": str(ON - timedelta(200))},
    "balances of one wallet with two coins": {"as_of": "2026-11-10T00:00:00+09:00"},
}


@pytest.mark.parametrize("spoiled", WAYS.values(), ids=list(WAYS))
def test_findings_of_a_wallet_with_two_coins_have_a_fixed_order(
    tmp_path: Path, spoiled: dict[str, str]
) -> None:
    """The subject is the wallet, not the coin: name and subject alone do not order them."""
    small = two_coin_day()
    small.holdings.extend(kit.holding("w", a, 5, **spoiled) for a in ("BTC", "ETH"))
    first, second = reversed_rows(small, tmp_path)
    assert first == second


def test_reserve_coins_are_added_up_in_a_fixed_order(tmp_path: Path) -> None:
    """Not only the sum is the same, but the order of the figure's inputs (`from`) too."""
    small = two_coin_day()
    small.holdings.extend(kit.holding(f"r-{a}", a, 5, "reserve") for a in ("BTC", "ETH"))
    first, second = reversed_rows(small, tmp_path, assume=["jp.proposal.custody-value"])
    assert first == second


def test_the_items_of_a_fiscal_year_have_a_fixed_order(tmp_path: Path) -> None:
    """`fact:volumes/<start>` lists its rows, and its `from`, by item."""
    small = two_coin_day()
    small.more["volumes"] = [
        {"fiscal_year_start": "2026-04-01", "item": item, "amount": "5"}
        for item in ("equity_value", "bond_futures_value")
    ]
    first, second = reversed_rows(small, tmp_path)
    assert first == second


def test_the_trusts_of_two_currencies_have_a_fixed_order(tmp_path: Path) -> None:
    """`trusts` and the stacked statement do not follow the rows of assets."""
    small = two_coin_day()
    small.assets.append(kit.asset("USD", "fiat", 2))
    small.prices.append(kit.price("USD", "150"))
    small.statements.append({**kit.statement("t-usd", "5"), "currency": "USD"})
    first, second = reversed_rows(small, tmp_path)
    assert first == second

"""Recoveries by rank, and a refill that closes only with source, proof and reconciliation."""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonae.claims.recovery import RANKS, bearers, recover
from sonae.claims.waterfall import Source, waterfall
from sonae.core.errors import Refused
from tests.claims.test_incident import INCIDENT, done, incident, tables
from tests.command import sonae
from tests.kit import balance, write

AMOUNTS = st.fractions(min_value=0, max_value=1000)
FUNDS = """
[[funds]]
kind = "insurance"
amount = "100000000"
[[funds]]
kind = "reserve"
amount = "300000000"
[[funds]]
kind = "own_funds"
amount = "200000000"
"""
BACK = """
[[step]]
kind = "recovered"
asset = "BTC"
amount = "10"
price = "15000000.5"
on = 2027-02-01
evidence = "coins frozen at another exchange"
[[step]]
kind = "recovered"
asset = "JPY"
amount = "300000000"
on = 2027-03-01
evidence = "settlement"
"""
ORDER = """
[recoveries]
order = ["insurance", "customers", "firm", "reserve"]
source = "policy 7, clause 12"
"""


def opened(folder: Path, *more: str, base: str = INCIDENT) -> Any:
    file = incident(folder, *more, base=base)
    for lang in ("ja", "en"):
        assert sonae("incident", "open", file, "--lang", lang).code == 0
    return done(sonae("incident", "open", file, "--json"))


def test_the_loss_that_nothing_met_comes_first_and_the_reserve_last(tmp_path: Path) -> None:
    """Loss 700m: insurance 100m, reserve 300m, own funds 200m, gap 100m; 450,000,005 come back."""
    base = INCIDENT.replace('source = "test"', 'source = "test"\ncustomers = 3', 1)
    found = opened(tmp_path, FUNDS, BACK, base=base)["recoveries"]
    assert found["order"] == ["customers", "firm", "insurance", "reserve"]
    assert (found["rule"], found["confidence"]) == ("claims.recovery_order#order", "memory")
    first, second = found["steps"]
    assert first["amount"] == "150000005"
    assert first["to"] == {
        "customers": "100000000", "firm": "50000005", "insurance": "0", "reserve": "0",
    }  # fmt: skip
    assert second["to"] == {
        "customers": "0", "firm": "149999995", "insurance": "100000000", "reserve": "50000005",
    }  # fmt: skip
    assert found["bears"]["reserve"] == {"before": "300000000", "after": "249999995"}
    assert (found["gap"], found["gap_per_customer"], found["excess"]) == ("0", "0", "0")


def test_a_policy_may_agree_on_another_order_and_says_where(tmp_path: Path) -> None:
    base = INCIDENT.replace('source = "test"', 'source = "test"\ncustomers = 7', 1)
    found = opened(tmp_path, FUNDS, BACK[: BACK.index("[[step]]", 20)], ORDER, base=base)
    found = found["recoveries"]
    assert (found["rule"], found["source"]) == (None, "policy 7, clause 12")
    assert found["to"] == {
        "insurance": "100000000", "customers": "50000005", "firm": "0", "reserve": "0",
    }  # fmt: skip
    assert found["gap"] == "49999995"
    assert Fraction(found["gap_per_customer"]) == Fraction(49_999_995, 7)


def test_an_order_that_is_none_or_a_recovery_without_a_price_is_refused(tmp_path: Path) -> None:
    bad = ORDER.replace('"firm", ', "")
    said = sonae("incident", "open", incident(tmp_path, bad), "--json")
    assert said.code == 3
    assert "recoveries.order" in {p["key"] for p in said.json()["problems"]}
    bad = BACK.replace('price = "15000000.5"\n', "")
    said = sonae("incident", "open", incident(tmp_path, bad), "--json")
    assert said.code == 3
    assert "price" in said.json()["problems"][0]["message"]["en"]


def test_the_books_count_who_shares_a_gap(tmp_path: Path) -> None:
    """C1 to C3 are owed bitcoin; C4 is below zero. C5 has yen alone, which shares firm-wide."""
    rows = tables()
    rows["balances"].append(balance("A5", "JPY", 5))
    rows["customers"].append({"customer_id": "C5", "kind": "person"})
    books = write(tmp_path / "books", rows)
    file = incident(tmp_path, FUNDS)
    found = done(sonae("incident", "open", file, "--books", books, "--json"))["recoveries"]
    assert found["customers"] == 3
    assert Fraction(found["gap_per_customer"]) == Fraction(100_000_000, 3)
    file = incident(tmp_path, FUNDS, base=INCIDENT.replace('"asset_pool"', '"firm_wide"'))
    found = done(sonae("incident", "open", file, "--books", books, "--json"))["recoveries"]
    assert found["customers"] == 4


@settings(deadline=None)
@given(st.lists(AMOUNTS, max_size=4), AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS, st.permutations(RANKS))
def test_every_unit_recovered_goes_somewhere_and_no_rank_is_skipped(
    amounts: list[Fraction], loss: Fraction, a: Fraction, b: Fraction, c: Fraction, order: list[str]
) -> None:
    sources = [Source("insurance", a, None), Source("reserve", b, 1), Source("loan", c, 1)]
    bears = bearers(*waterfall(loss, sources))
    assert sum(bears.values()) == loss
    steps, after = recover(amounts, bears, order)
    for step in steps:
        assert sum(step.to.values()) + step.excess == step.amount
    whole = sum(amounts, Fraction(0))
    left = whole
    for rank in order:  # at once, written afresh: the parts never matter
        assert bears[rank] - after[rank] == min(left, bears[rank])
        left = max(left - bears[rank], Fraction(0))
    assert sum((s.excess for s in steps), Fraction(0)) == left


def test_an_order_is_all_ranks_once_and_nothing_below_zero() -> None:
    bears = dict.fromkeys(RANKS, Fraction(1))
    for order in permutations(RANKS, 3):
        with pytest.raises(Refused):
            recover([Fraction(1)], bears, order)
    with pytest.raises(Refused):
        recover([Fraction(-1)], bears, RANKS)


# -- the refill ------------------------------------------------------------------------------------

BUY = """
[[funds]]
kind = "reserve"
amount = "500000000"
[[step]]
kind = "purchase"
asset = "BTC"
amount = "20"
on = 2026-11-24
cost = "300000000"
evidence = "confirmation 1"
[[step]]
kind = "loan"
asset = "BTC"
amount = "20"
on = 2026-11-24
evidence = "loan agreement"
[[step]]
kind = "transfer"
asset = "BTC"
amount = "25"
on = 2026-11-25
transaction = "aa11"
wallet = "cold-1"
evidence = "chain"
[[step]]
kind = "transfer"
asset = "BTC"
amount = "25"
on = 2026-11-26
transaction = "{tx}"
wallet = "{wallet}"
evidence = "chain"
[[step]]
kind = "reconciled"
asset = "BTC"
amount = "50"
on = 2026-11-27
evidence = "close of 27 November"
[[price]]
on = 2026-11-26
asset = "BTC"
price = "16000000"
"""
OWN = """
[[step]]
kind = "own_coins"
asset = "BTC"
amount = "10"
on = 2026-11-24
evidence = "resolution of the board"
"""
NAMED = INCIDENT.replace('source = "test"', 'source = "test"\nsegregated = ["cold-1"]', 1)


def test_a_refill_needs_where_coins_are_from_and_says_what_the_rest_costs(tmp_path: Path) -> None:
    refill = opened(tmp_path, BUY.format(tx="bb22", wallet="cold-1"), base=NAMED)["refill"]
    [btc] = refill["assets"]
    assert (btc["arrived"], btc["proven"], btc["unsourced"]) == ("50", "50", "10")
    assert (btc["lacking"], btc["closed"]) == (["source"], False)
    [need] = refill["funding"]
    assert (need["to_acquire"], need["cost"], need["money"]) == ("0", "0", "200000000")
    refill = opened(tmp_path, BUY.format(tx="bb22", wallet="cold-1"), OWN, base=NAMED)["refill"]
    assert refill["assets"][0]["closed"]


def test_what_is_not_bought_yet_costs_the_latest_price_with_slippage(tmp_path: Path) -> None:
    buy = BUY.format(tx="bb22", wallet="cold-1")
    only = buy[: buy.index('[[step]]\nkind = "transfer"')] + buy[buy.index("[[price]]") :]
    [need] = opened(tmp_path, only, base=NAMED)["refill"]["funding"]
    cost = 10 * 16_000_000 * Fraction(101, 100)
    assert (need["to_acquire"], Fraction(need["cost"])) == ("10", cost)
    assert (need["price_on"], need["gap"]) == ("2026-11-26", "0")
    [need] = opened(tmp_path, only.replace("500000000", "400000000"), base=NAMED)["refill"][
        "funding"
    ]
    assert Fraction(need["gap"]) == cost - 100_000_000


@pytest.mark.parametrize(("tx", "wallet"), [("aa11", "cold-1"), ("bb22", "hot-9"), ("", "cold-1")])
def test_one_id_twice_or_another_wallet_proves_nothing(
    tmp_path: Path, tx: str, wallet: str
) -> None:
    [btc] = opened(tmp_path, BUY.format(tx=tx, wallet=wallet), OWN, base=NAMED)["refill"]["assets"]
    assert (btc["arrived"], btc["proven"], btc["lacking"]) == ("50", "25", ["proof"])

"""Customers' money: trusts that cure nothing but themselves, money on its way, lending, dollars."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.kit import (
    asset,
    balance,
    changed,
    clean,
    close,
    figure,
    finding,
    findings,
    line,
    price,
    statement,
)

SHORT = statement("trust-1", "900000")


def margin(account: str, quantity: int, **more: Any) -> dict[str, Any]:
    return balance(account, "JPY", quantity, product="margin", **more)


@pytest.mark.parametrize("stage", ["instructed", "calculated"])
@pytest.mark.parametrize(
    ("as_of", "found"),
    [
        ("2026-11-20", []),
        ("2026-11-19", []),
        ("2026-11-18", []),
        ("2026-11-17", ["cash-trust-shortage"]),
        ("2026-11-21", ["cash-trust-shortage"]),
    ],
    ids=["today", "a day ago", "last day of its clock", "a day past its clock", "tomorrow"],
)
def test_trust_money_on_its_way_is_no_shortage_inside_its_clock(
    tmp_path: Path, stage: str, as_of: str, found: list[str]
) -> None:
    """The trust is 100,000 yen short and as much is on its way; the clock is two business days."""
    moving = statement("trust-1", "100000", stage=stage, as_of=as_of)
    closed = close(tmp_path, changed(statements=[SHORT, moving]))
    assert findings(closed) == found
    name = found[0] if found else "trust-top-up-under-way"
    assert finding(closed, name)["due"] == "2026-11-25"
    assert figure(closed, "jp.crypto.cash_trust#shortfall_jpy")["value"] == "100000"
    inside = figure(closed, f"fact:statements/JPY/customer_trust/{stage}")["value"]
    assert inside == ("0" if found else "100000")


def test_a_top_up_smaller_than_the_gap_leaves_a_shortage(tmp_path: Path) -> None:
    """99,999 of 100,000 yen are on their way: still a breach, by the whole gap."""
    moving = statement("trust-1", "99999", stage="instructed")
    closed = close(tmp_path, changed(statements=[SHORT, moving]))
    assert findings(closed) == ["cash-trust-shortage"]
    assert "JPY 100,000 " in finding(closed, "cash-trust-shortage")["message"]["en"]


def test_only_the_newest_balance_of_a_trust_account_counts(tmp_path: Path) -> None:
    """Three statements of one account: the last on or before the cut-off day is the balance."""
    rows = [
        statement("trust-1", "5000000", as_of="2026-11-19"),
        statement("trust-1", "1000000", as_of="2026-11-20"),
        statement("trust-1", "7000000", as_of="2026-11-21"),
    ]
    closed = close(tmp_path, changed(statements=rows))
    assert line(closed, "JPY")["held"]["total"] == "1000000"
    assert findings(closed) == []


def test_the_same_account_number_at_two_banks_is_two_accounts(tmp_path: Path) -> None:
    """Account 1 of bank X was read a day before account 1 of bank Y; both hold customers' money."""
    rows = [
        statement("1", "600000", bank="X Trust Bank", as_of="2026-11-19"),
        statement("1", "400000", bank="Y Trust Bank", as_of="2026-11-20"),
    ]
    closed = close(tmp_path, changed(statements=rows))
    assert line(closed, "JPY")["held"]["total"] == "1000000"
    assert findings(closed) == []


@pytest.mark.parametrize(
    ("customer", "margin_trust", "short", "found"),
    [
        ("1000000", "500000", ["0", "0"], []),
        ("1500000", "0", ["0", "500000"], ["margin-trust-shortage"]),
        ("500000", "1000000", ["500000", "0"], ["cash-trust-shortage"]),
    ],
)
def test_a_surplus_of_one_trust_does_not_cure_the_other(
    tmp_path: Path, customer: str, margin_trust: str, short: list[str], found: list[str]
) -> None:
    """1,000,000 yen owed outside margin and 500,000 as margin; both trusts hold 1,500,000."""
    tables = changed(
        balances=[*clean()["balances"], margin("A2", 500_000)],
        statements=[
            statement("trust-1", customer),
            statement("margin-1", margin_trust, "margin_trust"),
        ],
    )
    closed = close(tmp_path, tables)
    assert line(closed, "JPY")["break"] == "0"
    trusts = ("stack/customer_trust#shortfall", "stack/margin_trust#shortfall")
    assert [figure(closed, id)["value"] for id in trusts] == short
    assert findings(closed) == found


def test_a_margin_account_below_zero_does_not_lower_the_customers_trust(tmp_path: Path) -> None:
    """One account has 100,000 yen outside margin and -60,000 inside: the trust must hold all."""
    rows = [*clean()["balances"], balance("A2", "JPY", 100_000), margin("A2", -60_000)]
    closed = close(tmp_path, changed(balances=rows, statements=[statement("t", "1100000")]))
    assert figure(closed, "jp.crypto.cash_trust#required_jpy")["value"] == "1100000"
    assert figure(closed, "jp.crypto.margin_cash_trust#required_jpy")["value"] == "0"
    assert line(closed, "JPY")["owed"] == "1040000"
    assert findings(closed) == []


def test_lent_coins_and_money_are_owed_like_any_other(tmp_path: Path) -> None:
    """40 of 100 BTC and 300,000 of 1,000,000 yen stand under lending: owed, none of it margin."""
    rows = [
        balance("A1", "BTC", 60 * 10**8),
        balance("A1", "BTC", 40 * 10**8, product="lending"),
        balance("A1", "JPY", 700_000),
        balance("A2", "JPY", 300_000, product="lending"),
    ]
    closed = close(tmp_path, changed(balances=rows))
    assert line(closed, "BTC")["owed"] == "100"
    assert figure(closed, "jp.crypto.cash_trust#required_jpy")["value"] == "1000000"
    assert "margin_trust" not in closed.document["trusts"]
    assert findings(closed) == []


def dollars(held: str) -> dict[str, Any]:
    return changed(
        assets=[*clean()["assets"], asset("USD", "fiat", 2)],
        balances=[*clean()["balances"], balance("A2", "USD", 100_00)],
        prices=[*clean()["prices"], price("USD", "150")],
        statements=[*clean()["statements"], statement("usd-1", held, currency="USD")],
    )


def test_dollars_are_valued_at_their_rate(tmp_path: Path) -> None:
    """100 dollars owed and held at 150 yen are 15,000 yen, not 100."""
    closed = close(tmp_path, dollars("100"))
    assert line(closed, "USD")["owed"] == "100"
    assert figure(closed, "value/USD#owed")["value"] == "15000"
    assert figure(closed, "value/USD#owed")["unit"] == "JPY"


def test_dollars_short_of_what_is_owed_are_a_finding(tmp_path: Path) -> None:
    """100 dollars owed and 40 held: somebody must act."""
    closed = close(tmp_path, dollars("40"))
    assert line(closed, "USD")["break"] == "-60"
    assert findings(closed) != []

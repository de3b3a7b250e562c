"""Situations of venues and chains: what a total means, what is absent, what stands twice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sonae.actions.books.map import map_books

from .kit import problems, table, told
from .test_sources import around

PAYMENTS = """
[[source]]
id = "xrpl"
form = "jsonl"
files = ["payments.jsonl"]
layout = ["account", "hash", "tx.Amount", "meta.delivered_amount"]
[[table]]
to = "balances"
source = "xrpl"
[table.columns]
account_id = "account"
customer_id = "account"
asset = {{ value = "XRP" }}
product = {{ value = "spot" }}
state = {{ value = "incoming_uncredited" }}
quantity = {{ column = "{column}", unit = "base" }}
"""


def payment(delivered: str | None) -> str:
    meta = {} if delivered is None else {"delivered_amount": delivered}
    return json.dumps({"account": "A", "hash": "h", "tx": {"Amount": "1000000"}, "meta": meta})


def test_a_partial_payment_credits_what_was_delivered(tmp_path: Path) -> None:
    """E12: Amount 1,000,000, delivered_amount 1: one drop, and no mapping may take the other."""
    mapping = around(tmp_path, PAYMENTS.format(column="meta.delivered_amount"), "balances")
    (tmp_path / "payments.jsonl").write_text(payment("1") + "\n")
    map_books(mapping, tmp_path / "out")
    assert [int(r["quantity"]) for r in table(tmp_path / "out", "balances")] == [1]
    for missing in (None, "unavailable"):
        (tmp_path / "payments.jsonl").write_text(payment(missing) + "\n")
        (found,) = [p for p in problems(mapping) if p.column == "meta.delivered_amount"]
        assert found.row == 1
    mapping = around(tmp_path, PAYMENTS.format(column="tx.Amount"), "balances")
    assert {p.name for p in problems(mapping)} == {"partial-payment"}


VENUE = """
[[source]]
id = "{venue}"
form = "jsonl"
files = ["{venue}.jsonl"]
layout = {layout}
{more}
"""
ROWS = """
[[table]]
to = "balances"
source = "{venue}"
[table.columns]
account_id = {{ value = "{venue}" }}
customer_id = {{ value = "house" }}
asset = "coin"
product = {{ value = "spot" }}
state = {{ value = "{state}" }}
quantity = {quantity}
"""
MEANINGS = {
    "x": {
        "free": '{ column = "total", less = ["locked", "pending"] }',
        "locked": '"locked"',
        "withdrawal_in_transit": '"pending"',
    },
    "y": {
        "free": '{ column = "total", less = ["locked"] }',
        "locked": '"locked"',
        "withdrawal_in_transit": '"pending"',
    },
}


@pytest.mark.parametrize(("venue", "total"), [("x", 10), ("y", 8)])
def test_totals_of_venues_become_free_locked_and_pending(
    tmp_path: Path, venue: str, total: int
) -> None:
    """E16: x counts pending withdrawals in its total, y does not; both held 5, 3 and 2."""
    spec = VENUE.format(venue=venue, layout='["coin", "total", "locked", "pending"]', more="")
    for state, quantity in MEANINGS[venue].items():
        spec += ROWS.format(venue=venue, state=state, quantity=quantity)
    mapping = around(tmp_path, spec, "balances")
    line = {"coin": "BTC", "total": total, "locked": 3, "pending": 2}
    (tmp_path / f"{venue}.jsonl").write_text(json.dumps(line) + "\n")
    map_books(mapping, tmp_path / "out")
    found = {r["state"]: int(r["quantity"]) for r in table(tmp_path / "out", "balances")}
    coins = {"free": 5, "locked": 3, "withdrawal_in_transit": 2}
    assert found == {state: n * 10**8 for state, n in coins.items()}
    line["total"] = 2  # less than what it should contain: its meaning changed
    (tmp_path / f"{venue}.jsonl").write_text(json.dumps(line) + "\n")
    assert ("below-zero", f"{venue}.jsonl", 1, "total") in told(problems(mapping))


def test_staked_coins_that_an_interface_leaves_out_are_incomplete_not_zero(tmp_path: Path) -> None:
    """E15: without a row for staked SOL the source is refused; a stated zero is taken."""
    layout = '["coin", "state", "amount"]'
    spec = VENUE.format(venue="v", layout=layout, more="") + ROWS.format(
        venue="v", state="free", quantity='"amount"'
    ).replace('{ value = "free" }', '"state"')
    spec += '[[complete]]\ntable = "balances"\nrows = [{ asset = "SOL", state = "staked" }]\n'
    mapping = around(tmp_path, spec, "balances")
    path = tmp_path / "v.jsonl"
    path.write_text('{"coin": "SOL", "state": "free", "amount": 7}\n')
    (found,) = problems(mapping)
    assert (found.name, found.table) == ("incomplete-source", "v")
    assert "SOL" in found.message.ja
    assert "staked" in found.message.en
    path.write_text(
        '{"coin": "SOL", "state": "free", "amount": 7}\n'
        '{"coin": "SOL", "state": "staked", "amount": 0}\n'
    )
    map_books(mapping, tmp_path / "out")
    assert sum(int(r["quantity"]) for r in table(tmp_path / "out", "balances")) == 7 * 10**9


UNIQUE = 'unique = ["venue", "token", "contract"]\nrepeats = "{repeats}"'


def test_a_stablecoin_listed_twice_counts_once_by_its_contract(tmp_path: Path) -> None:
    """E17: two names of one (venue, asset, contract) are one; other content under it is refused."""
    layout = '["venue", "token", "contract", "label", "amount"]'
    lines = [
        {"venue": "v", "token": "USD", "contract": "0xa", "label": "l", "amount": 100},
        {"venue": "v", "token": "USD", "contract": "0xa", "label": "l", "amount": 100},
        {"venue": "v", "token": "USD", "contract": "0xb", "label": "l", "amount": 40},
    ]

    def mapping(repeats: str) -> Path:
        spec = VENUE.format(venue="v", layout=layout, more=UNIQUE.format(repeats=repeats))
        rows = ROWS.format(venue="v", state="free", quantity='"amount"')
        rows = rows.replace('"coin"', '"token"').replace('{ value = "v" }', '"contract"')
        return around(tmp_path, spec + rows, "balances")

    path = tmp_path / "v.jsonl"
    once, refuse = "once", "refuse"
    first = mapping(once)
    path.write_text("\n".join(map(json.dumps, lines)))
    record = map_books(first, tmp_path / "out")
    unique = {(r["account_id"], int(r["quantity"])) for r in table(tmp_path / "out", "balances")}
    assert unique == {("0xa", 10_000), ("0xb", 4_000)}
    assert record["files"][0]["repeated"] == 1
    assert [p.row for p in problems(mapping(refuse)) if p.name == "repeated-row"] == [2]
    lines[1]["amount"] = 101
    path.write_text("\n".join(map(json.dumps, lines)))
    assert [p.row for p in problems(mapping(once)) if p.name == "repeated-row"] == [2]

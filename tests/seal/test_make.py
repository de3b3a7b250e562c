"""The maker against the plain restatement, byte for byte; claims, and what is left out."""

from __future__ import annotations

import hashlib
import json
from fractions import Fraction
from itertools import groupby
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonae.core.errors import Refused
from sonae.seal import tree
from sonae.seal.claims import VALUE, Balance, Claims, check_totals, collect
from sonae.seal.encoding import (
    account_digest,
    day_key,
    empty,
    height_of,
    key_commitment,
    salted,
)
from sonae.seal.header import Header, Sealed, SealError, operator_hash, unpack
from sonae.seal.make import Asset, Seal, Terms, make, manifest
from sonae.seal.receipt import prove
from sonae.seal.verifier import verify

from . import restated

MASTER = bytes(range(32))
TIME = 1767225600000
NUMBERS = {"BTC": 2, "JPY": 1, "WEI": 9}
PRICES = {"BTC": Fraction(15_000_001, 10**8), "JPY": Fraction(1), "WEI": Fraction(1, 7)}


def terms(parts: int = 2, seq: int = 1, previous: bytes = bytes(32)) -> Terms:
    return Terms("operator", "2026-01-01T00:00:00+00:00", TIME, seq, previous, parts)


def assets(numbers: dict[str, int] = NUMBERS) -> list[Asset]:
    return [Asset(n, a, "crypto", 8, None, None, PRICES.get(a)) for a, n in numbers.items()]


def sealed(rows: list[Balance], parts: int = 2) -> tuple[Seal, Claims]:
    rows = sorted(rows, key=lambda b: (b.account, b.asset))
    found = collect(rows, NUMBERS, PRICES)
    said = manifest(assets(), terms(parts), "JPY", found)
    return make(found, terms(parts), said, day_key(MASTER, 1, TIME)), found


# -- bytes -----------------------------------------------------------------------------------------


def test_the_vector_comes_out_to_the_byte() -> None:
    key = day_key(MASTER, 1, TIME)
    assert key.hex() == "d06ab1ee52d07d3e10b048adc0190edf630ab00c8c2d0c9263a053a709668c15"
    digest = account_digest("JP-000001|a@example.jp")
    assert digest.hex() == "2e90bc9d2f34635431673526f69b67849ac61e7af68053491302406ee3e2d102"
    first, second = salted([(digest, 1_000_000_007)], key, 1, 2)
    assert first[0].hex() == "6806e898b2b756800db097191e95b1c35df91192e9a568527db895545b11e43d"
    assert second[0].hex() == "51d898fd2ca84528e1e83c80e5b4b3dadf7322e80776e48a512a7e2c41d2db36"
    assert (first[3], second[3]) == (491_097_771, 508_902_236)
    rows = tree.rows_of([first, second], 1)
    assert [row[:32].hex() for row in rows] == [
        "88c11c9ed502e54d4646399ef1c22e8b8408a659a7d81659b1061c61561b6686",
        "89b2e8bceb4e8a84da516133c5954c102e4857ece20f22ef4e9978eef41cf309",
    ]
    built = tree.build(tree.rows_of(tree.leaves([(digest, 1_000_000_007)], key, 1, 2), 1))
    assert built.root.hex() == "6bd245c55e0091a4a6985453b716182ce6ca3eb768e55a378deaa6c8ee56c1eb"
    assert empty(1)[:32].hex() == "e513ac56043606c3813761a9a37037234443c64d6fc327c72c271b9ebd9594e9"
    header = Header(
        1, TIME, bytes(32), key_commitment(key), operator_hash("operator"),
        hashlib.sha256(b"manifest").digest(), 2,
        (Sealed(1, built.height, built.leaves, built.total, built.root),),
    )  # fmt: skip
    assert len(header.pack()) == 224
    assert header.hash() == "e1a42c93c556cf0ffe6263e8d4d39fec6b041a7220a002f688107565e0c673f3"


accounts = st.text(min_size=1, max_size=6)
amounts = st.integers(min_value=-(10**20), max_value=10**37)
books = st.lists(
    st.builds(Balance, accounts, st.none() | accounts, st.sampled_from([*NUMBERS, "NEW"]), amounts),
    max_size=12,
    unique_by=lambda b: (b.account, b.asset),
)


def texts_differ(rows: list[Balance]) -> bool:
    """One text for each account, and one account for each text."""
    rows = sorted(rows, key=lambda b: b.account)
    texts = [{b.text for b in mine} for _, mine in groupby(rows, lambda b: b.account)]
    flat = [t for found in texts for t in found]
    return all(len(found) == 1 for found in texts) and len(set(flat)) == len(flat)


@settings(max_examples=60, deadline=None)
@given(books.filter(texts_differ), st.integers(1, 4), st.randoms())
def test_header_and_receipts_are_those_of_the_restatement(
    rows: list[Balance], parts: int, shuffle: Any
) -> None:
    made, found = sealed(rows, parts)
    plain = [(c.text, c.asset, c.amount) for c in found.every]
    shuffle.shuffle(plain)
    other = restated.seal(
        master=MASTER, seq=1, time_ms=TIME, previous=bytes(32), operator="operator",
        manifest=made.manifest, parts=parts, rows=plain,
    )  # fmt: skip
    ours = {a.asset: a for a in made.header.assets}
    theirs = {a.asset: a for a in unpack(other.header).assets}
    assert {n: a for n, a in ours.items() if a.leaves} == theirs
    for text in {c.text for c in found.every}:
        mine = {c.asset: c.amount for c in found.every if c.text == text}
        receipt = prove(made.header, made.key, text, mine, made.leaves.__getitem__)
        assert verify(receipt, made.header.hash()) == mine
        assert receipt["leaves"] == other.receipts[text]["leaves"]
    assert unpack(made.header.pack()) == made.header
    for asset, number in NUMBERS.items():
        owed = sum(b.net for b in rows if b.asset == asset and b.net > 0)
        assert ours[number].total == owed
        assert ours[number].leaves == parts * sum(b.asset == asset and b.net > 0 for b in rows)


@pytest.mark.parametrize("leaves", [0, 1, 2, 3, 4, 5, 7, 8, 9, 31, 32, 33])
def test_a_tree_of_any_size_and_its_paths(leaves: int) -> None:
    rows = [bytes([n]) * 32 + n.to_bytes(16, "big") for n in range(leaves)]
    built = tree.build(rows)
    assert built.total == sum(range(leaves))
    assert built.height == height_of(leaves) == max(1, (leaves - 1).bit_length() if leaves else 1)
    assert all(len(built.path(n)) == 48 * built.height for n in range(leaves))
    with pytest.raises(IndexError):
        built.path(leaves)


def test_a_sum_that_would_wrap_is_refused() -> None:
    half = bytes(32) + (1 << 127).to_bytes(16, "big")
    with pytest.raises(Refused, match=r"2\^128"):
        tree.build([half, half])
    for amount in (-1, 1 << 128):
        found = Claims(by_asset={1: [(b"a" * 32, amount)]})
        with pytest.raises(Refused, match=r"below zero or reaches 2\^128"):
            make(found, terms(), b"", bytes(32))


def test_bytes_that_are_no_header_are_refused_with_the_reason() -> None:
    good = sealed([Balance("A", None, "BTC", 5)])[0].header.pack()
    head, rows = good[:160], [good[at : at + 64] for at in range(160, len(good), 64)]
    padded = bytearray(good)
    padded[160 + 5] = 1
    low = bytearray(good)
    low[160 + 4] = 2
    for content, why in (
        (good[:100], "not a header"),
        (b"x" + good[1:], "not a header"),
        (good + b"x", "does not have"),
        (good[:-64], "does not have"),
        (head + b"".join(reversed(rows)), "ascending"),
        (head + b"".join([rows[0], *rows[:-1]]), "ascending"),
        (bytes(padded), "only form"),
        (bytes(low), "height"),
        (good[:156] + bytes(4) + good[160:], "only form"),
    ):
        with pytest.raises(SealError, match=why):
            unpack(content)


# -- claims ----------------------------------------------------------------------------------------


def test_e04_what_a_customer_owes_lowers_nobodys_claim() -> None:
    """Alice is owed 100, Bob owes 30: sealed 100, a receivable of 30 beside it, never 70."""
    made, _ = sealed([Balance("alice", None, "BTC", 100), Balance("bob", None, "BTC", -30)])
    assert made.header.sealed(2).total == 100
    [left_out] = json.loads(made.manifest)["excluded"]
    assert left_out == {"asset": "BTC", "why": "receivable", "accounts": 1, "units": "-30"}


def test_a_customers_debt_of_one_asset_does_not_lower_another() -> None:
    made, _ = sealed([Balance("bob", None, "BTC", 5), Balance("bob", None, "JPY", -1_000)])
    assert made.header.sealed(2).total == 5
    assert made.header.sealed(1).total == 0
    assert made.header.sealed(VALUE).total == 5 * 15_000_001 // 10**8


def test_e40_values_below_a_yen_are_rounded_down_and_their_sum_is_declared() -> None:
    """A thousand accounts of 0.3 yen: sealed 0 each, the 300 yen stand as the residue."""
    rows = [Balance(f"A{n:04}", None, "BTC", 2) for n in range(1_000)]
    made, found = sealed(rows)
    assert made.header.sealed(VALUE).total == 0
    assert found.residue == found.value == 2_000 * PRICES["BTC"]
    assert json.loads(made.manifest)["value"]["residue"] == "300.00002"


def test_e107_an_asset_without_a_price_is_sealed_and_said_to_be_unvalued() -> None:
    found = collect([Balance("A", None, "BTC", 5)], NUMBERS, {"JPY": Fraction(1)})
    listed = [Asset(n, a, "crypto", 8, None, None, None) for a, n in NUMBERS.items()]
    said = json.loads(manifest(listed, terms(), "JPY", found))
    made = make(found, terms(), b"", bytes(32))
    assert made.header.sealed(2).total == 5
    assert made.header.sealed(VALUE).total == 0
    assert said["value"]["prices"]["BTC"] is None


def test_an_asset_without_a_number_and_a_balance_of_zero_are_listed_as_left_out() -> None:
    made, _ = sealed([Balance("A", None, "NEW", 7), Balance("B", None, "BTC", 0)])
    assert json.loads(made.manifest)["excluded"] == [
        {"asset": "BTC", "why": "zero", "accounts": 1, "units": "0"},
        {"asset": "NEW", "why": "no_number", "accounts": 1, "units": "7"},
    ]


def test_a_seal_that_is_not_what_is_owed_is_refused() -> None:
    _, found = sealed([Balance("A", None, "BTC", 5)])
    with pytest.raises(Refused, match="BTC: sealed 5, owed 6"):
        check_totals(found, NUMBERS, {"BTC": 6})


def test_two_accounts_of_one_text_are_refused() -> None:
    """`a|b` without a proof text, and `a` with the proof text `b`."""
    with pytest.raises(Refused, match="same account text"):
        sealed([Balance("a|b", None, "BTC", 5), Balance("a", "b", "BTC", 5)])


def test_an_account_text_is_normalised() -> None:
    composed, apart = "\u304c", "\u304b\u3099"
    assert account_digest(composed) == account_digest(apart)
    assert Balance(apart, None, "BTC", 1).text == composed

"""Every attack of the study, built as an operator or an outsider would build it, and refused."""

from __future__ import annotations

import copy
import hashlib
import json
from fractions import Fraction
from typing import Any

import pytest

from sonae.actions.seal.folder import chain_holds
from sonae.core.errors import Refused
from sonae.seal import compare, tlog, tree
from sonae.seal.claims import Balance, Claim
from sonae.seal.encoding import account_digest, empty, prefix
from sonae.seal.header import Header, Sealed, SealError
from sonae.seal.receipt import prove
from sonae.seal.verifier import verify

from .test_make import MASTER, TIME, day_key, sealed

PEOPLE = [Balance(f"A{n}", f"p{n}", "BTC", 10 * n) for n in range(1, 8)]
Receipt = dict[str, Any]


def receipt_of(n: int, rows: list[Balance] = PEOPLE) -> tuple[Receipt, str]:
    made, found = sealed(rows)
    text = rows[n].text
    mine = {c.asset: c.amount for c in found.every if c.text == text}
    return prove(made.header, made.key, text, mine, made.leaves.__getitem__), made.header.hash()


def refused(receipt: Receipt, hash: str | None = None) -> str:
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        verify(receipt, hash)
    return str(caught.value)


def rooted(receipt: Receipt, asset: int, root: bytes, total: int) -> Receipt:
    """The receipt under a header that its forger made to fit."""
    header = bytearray.fromhex(receipt["header"])
    for at in range(160, len(header), 64):
        if int.from_bytes(header[at : at + 4], "big") == asset:
            header[at + 16 : at + 32] = total.to_bytes(16, "big")
            header[at + 32 : at + 64] = root
    return {**receipt, "header": header.hex()}


# -- sums ------------------------------------------------------------------------------------------


def test_another_sum_of_a_sibling_for_each_customer_changes_the_root() -> None:
    """Where sums are added before hashing, each customer can be shown the total minus their own."""
    receipt, _ = receipt_of(0)
    first = receipt["leaves"][0]
    path = bytearray.fromhex(first["path"])
    path[32:48] = bytes(16)  # the neighbour owes nothing, says the operator
    first["path"] = path.hex()
    assert "root" in refused(receipt)


def test_a_tree_whose_node_is_the_larger_of_its_children_is_refused() -> None:
    """The broken rule itself: 60 and 100 under a total of 100, each with a path of their own."""
    key = day_key(MASTER, 1, TIME)
    made = tree.leaves([(account_digest("a"), 60), (account_digest("b"), 100)], key, 2, 1)
    rows = tree.rows_of(made, 2)
    root = hashlib.sha256(
        prefix("N", 1) + rows[0][:32] + rows[1][:32] + (100).to_bytes(16, "big")
    ).digest()
    header = Header(
        1, TIME, bytes(32), bytes(32), bytes(32), bytes(32), 1, (Sealed(2, 1, 2, 100, root),)
    )
    for index, (salt, digest, _, amount) in enumerate(made):
        sibling = rows[1 - index][:32] + (100 - amount).to_bytes(16, "big")
        leaf = {"asset": 2, "part": 0, "amount": str(amount), "index": index}
        text = "a" if digest == account_digest("a") else "b"
        shown = {**leaf, "salt": salt.hex(), "path": sibling.hex()}
        receipt = {"header": header.pack().hex(), "account": text, "leaves": [shown]}
        assert "root" in refused(receipt)


@pytest.mark.parametrize("amount", ["-5", "+5", "05", "5.0", "", "1e3", str(1 << 128), "５"])
def test_an_amount_that_is_negative_or_no_whole_number_is_refused(amount: str) -> None:
    receipt, _ = receipt_of(0)
    receipt["leaves"][0]["amount"] = amount
    refused(receipt)


def test_a_sum_that_wraps_is_refused_even_under_a_header_made_to_fit() -> None:
    """A sibling of 2^128 - 10 would turn a total of 10 into 0."""
    receipt, _ = receipt_of(0, PEOPLE[:1])
    [leaf] = [x for x in receipt["leaves"] if (x["asset"], x["part"]) == (2, 0)]
    salt, amount = bytes.fromhex(leaf["salt"]), int(leaf["amount"])
    own = tree.rows_of([(salt, account_digest(receipt["account"]), 0, amount)], 2)[0]
    sibling = bytes(32) + ((1 << 128) - amount).to_bytes(16, "big")
    pair = own + sibling if leaf["index"] == 0 else sibling + own
    root = hashlib.sha256(prefix("N", 1) + pair).digest()
    leaf["path"] = sibling.hex()
    assert "sum" in refused(rooted(receipt, 2, root, 0))


def test_a_dummy_customer_with_debts_lowers_no_total() -> None:
    """Netting: worthless coins on one side, a debt of what is really owed on the other."""
    honest = sealed(PEOPLE)[0].header.sealed(2).total
    dummy = [Balance("X", None, "WEI", 10**30), Balance("X", None, "BTC", -200)]
    made, _ = sealed([*PEOPLE, *dummy])
    assert made.header.sealed(2).total == honest
    assert [e["why"] for e in json.loads(made.manifest)["excluded"]] == ["receivable"]


# -- whose leaf ------------------------------------------------------------------------------------


def test_one_leaf_does_not_serve_two_customers() -> None:
    """A receipt handed to somebody with the same balance fails with the text that they know."""
    rows = [Balance("A1", "p1", "BTC", 50), Balance("A2", "p2", "BTC", 50)]
    receipt, hash = receipt_of(0, rows)
    assert "root" in refused({**receipt, "account": rows[1].text}, hash)


def test_one_leaf_is_not_shown_twice_in_a_receipt() -> None:
    receipt, _ = receipt_of(0)
    receipt["leaves"].append(copy.deepcopy(receipt["leaves"][0]))
    assert "twice" in refused(receipt)
    receipt["leaves"] = receipt["leaves"][1:-1]
    assert "missing" in refused(receipt)


@pytest.mark.parametrize("size", [8, 16, 31])
def test_a_hash_cut_short_is_refused(size: int) -> None:
    receipt, _ = receipt_of(0)
    leaf = receipt["leaves"][0]
    path = bytes.fromhex(leaf["path"])
    short = b"".join(path[i : i + size] + path[i + 32 : i + 48] for i in range(0, len(path), 48))
    leaf["path"] = short.hex()
    assert "path" in refused(receipt)


def test_a_node_does_not_pass_for_a_leaf_nor_a_leaf_for_a_node() -> None:
    """A pair of rows has the length of no leaf, and each begins with its kind and level."""
    receipt, _ = receipt_of(0)
    leaf = receipt["leaves"][0]
    path = bytes.fromhex(leaf["path"])
    for shorter in (path[48:], path[:-48], empty(0) + path):
        leaf["path"] = shorter.hex()
        assert "path" in refused(receipt)
    starts = {prefix("L"), prefix("A"), prefix("K"), prefix("H"), prefix("S")}
    assert len(starts | {prefix("N", level) for level in range(1, 129)}) == 5 + 128
    made, _ = sealed(PEOPLE)
    rows = tree.read_rows(made.leaves[2])
    above = tree.build(rows).levels[1]
    assert not {row[:32] for row in rows} & {row[:32] for row in above}


# -- what neighbours learn -------------------------------------------------------------------------


def test_a_path_shows_no_whole_balance_of_a_neighbour_and_no_lasting_place() -> None:
    """Parts and a secret order: what stands beside a leaf is a fragment, elsewhere each day."""
    rows = [Balance(f"A{n}", None, "BTC", 10**12 + n) for n in range(40)]
    balances = {b.net for b in rows}
    receipt, _ = receipt_of(3, rows)
    for leaf in receipt["leaves"]:
        beside = int.from_bytes(bytes.fromhex(leaf["path"])[32:48], "big")
        assert beside not in balances
    claims = [(account_digest(b.text), b.net) for b in rows]
    orders = []
    for day in (1, 2):
        made = tree.leaves(claims, day_key(MASTER, day, TIME), 2, 2)
        orders.append([(digest, part) for _, digest, part, _ in made])
    assert orders[0] != orders[1]
    assert sorted(orders[0]) == sorted(orders[1])


def test_a_small_balance_is_not_guessed_from_a_leaf() -> None:
    """Who knows an account text and tries every amount needs the salt of that day."""
    made, _ = sealed([Balance("A1", None, "BTC", 7)])
    rows = set(tree.read_rows(made.leaves[2]))
    digest = account_digest("A1")
    for salt in (bytes(32), hashlib.sha256(b"A1").digest(), made.header.key_commitment):
        guessed = [(salt, digest, part, n) for part in (0, 1) for n in range(10)]
        assert not rows & set(tree.rows_of(guessed, 2))
    known = [made for made in tree.leaves([(digest, 7)], made.key, 2, 2)]
    assert rows == set(tree.rows_of(known, 2))


# -- views, dressing, padding ----------------------------------------------------------------------


def entries(*hashes: str) -> list[dict[str, Any]]:
    before, found = "0" * 64, []
    for seq, hash in enumerate(hashes, 1):
        one = {"seq": seq, "time_ms": seq, "previous": before, "header_hash": hash}
        found.append({**one, "corrects": None})
        before = hash
    return found


def test_two_headers_of_one_day_cannot_both_be_in_one_log() -> None:
    """Split view: whoever compares hashes sees it, and no log holds both."""
    (one, first), (other, second) = receipt_of(0), receipt_of(0, PEOPLE[:3])
    assert first != second
    assert "hash" in refused(one, second)
    assert "hash" in refused(other, first)
    told = entries(first, "b" * 64)
    chain_holds(told)
    two = [told[0], {**told[0], "header_hash": second}, told[1]]
    with pytest.raises(SealError, match="does not follow"):
        chain_holds(two)
    ours, theirs = ([tlog.leaf_hash(json.dumps(e).encode()) for e in t] for t in (told, two[1:]))
    old = tlog.Head(1, tlog.root(ours[:1]))
    with pytest.raises(tlog.LogError):
        tlog.check_consistency(old, tlog.Head(2, tlog.root(theirs)), tlog.consistency(1, theirs))


@pytest.mark.parametrize(
    "change",
    [{"seq": 4}, {"previous": "c" * 64}, {"time_ms": 1}, {"corrects": "a" * 64},
     {"time_ms": 1, "corrects": "b" * 64}],
)  # fmt: skip
def test_a_day_left_out_or_put_in_elsewhere_breaks_the_chain(change: dict[str, Any]) -> None:
    told = entries("a" * 64, "b" * 64, "d" * 64)
    chain_holds(told)
    with pytest.raises(SealError, match="does not follow"):
        chain_holds([*told[:2], {**told[2], **change}])
    with pytest.raises(SealError, match="first seal"):
        chain_holds(told[1:])
    chain_holds([*told, {**told[2], "seq": 4, "previous": "d" * 64, "header_hash": "e" * 64,
                         "time_ms": 2, "corrects": "b" * 64}])  # fmt: skip


def test_an_operator_does_not_know_who_will_be_asked() -> None:
    """Another seed draws others; half of all accounts padded are missed by ten with 1 in 1,000."""
    people = [(f"A{n}", f"A{n}|p") for n in range(1_000)]
    drawn = [compare.sample(people, 50, seed) for seed in ("auditor 1", "auditor 2")]
    assert drawn[0] == compare.sample(reversed(people), 50, "auditor 1")
    assert len(set(drawn[0]) & set(drawn[1])) < 15
    assert len(set(drawn[0])) == 50
    with pytest.raises(Refused, match="seed"):
        compare.sample(people, 50, "")
    assert compare.chance_of_missing(1_000, 500, 10) < Fraction(1, 1_000)
    assert compare.chance_of_missing(1_000, 0, 10) == 1
    assert compare.chance_of_missing(10, 9, 2) == 0
    assert compare.chance_of_missing(1_000, 10, 1_000) == 0
    expected = Fraction(990 * 989, 1_000 * 999)  # hypergeometric, by hand
    assert compare.chance_of_missing(1_000, 10, 2) == expected


def test_coins_borrowed_for_the_day_of_a_seal_stand_out_of_the_average() -> None:
    day = 86_400_000
    points = [(n * day, 100) for n in range(30)] + [(30 * day, 1_000)]
    assert compare.time_average(points, 0, 30 * day) == 100
    assert compare.time_average(points, 0, 31 * day) == Fraction(30 * 100 + 1_000, 31)
    assert compare.time_average(points[-1:], 0, 30 * day) is None
    assert compare.time_average([], 0, day) is None
    assert compare.time_average([(0, 10), (5, 20)], 3, 9) == Fraction(2 * 10 + 4 * 20, 6)


def test_padding_shows_as_accounts_first_seen_and_as_jumps() -> None:
    before = [Claim(f"A{n}", f"A{n}", 2, 100) for n in range(10)]
    after = [*before[1:], Claim("A0", "A0", 2, 5_000)]
    after += [Claim(f"X{n}", f"X{n}", 2, 1_000) for n in range(3)]
    [found] = compare.difference(before, after)
    assert found.accounts == (10, 13)
    assert found.totals == (1_000, 900 + 5_000 + 3_000)
    assert found.first_seen == (3, 3_000)
    assert found.jumps == (1, 4_900)
    assert found.gone == (0, 0)
    assert [c.account for c in found.largest] == ["A0", "X0", "X1", "X2"]
    [back] = compare.difference(after, before)
    assert back.gone == (3, 3_000)
    moved = compare.difference(before, [Claim("A0", "A0", 3, 5)])
    assert [d.first_seen for d in moved] == [(0, 0), (0, 0)]  # a new asset, no new account

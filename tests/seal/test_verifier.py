"""The verifier: what it accepts, and that every rule of the encoding is one it refuses by."""

from __future__ import annotations

import json
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonae.seal import verifier
from sonae.seal.verifier import verify

from . import restated
from .samples import ACCOUNT, ROWS, changed, flips_of, forged, hash_of, sealed, with_header

SEALED = sealed()
RECEIPT = SEALED.receipts[ACCOUNT]
SCRIPT = Path(verifier.__file__)


def refused(receipt: dict[str, Any], step: str, header_hash: str | None = None) -> None:
    with pytest.raises(ValueError, match="^" + step):
        verify(receipt, header_hash)


def leaf(**values: Any) -> dict[str, Any]:
    """The receipt with values of its first leaf replaced."""
    return changed(RECEIPT, lambda receipt: receipt["leaves"][0].update(values))


# What is accepted


def test_every_receipt_of_a_seal_gives_the_amounts_sealed() -> None:
    for account, receipt in SEALED.receipts.items():
        expect = {asset: amount for name, asset, amount in ROWS if name == account}
        assert verify(receipt) == verify(receipt, SEALED.hash.hex()) == expect


def test_a_receipt_may_show_some_assets_only() -> None:
    some = changed(RECEIPT, lambda r: r.update(leaves=r["leaves"][2:]))
    assert verify(some) == {7: 9_007_199_254_740_993}


def test_the_order_of_the_leaves_does_not_matter() -> None:
    assert verify(changed(RECEIPT, lambda r: r["leaves"].reverse())) == verify(RECEIPT)


def test_an_account_text_is_compared_in_its_composed_form() -> None:
    taken_apart = unicodedata.normalize("NFD", ACCOUNT)
    assert taken_apart != ACCOUNT
    assert verify({**RECEIPT, "account": taken_apart}) == verify(RECEIPT)


@pytest.mark.parametrize("parts", [1, 2, 3, 8])
@pytest.mark.parametrize("accounts", [1, 2, 3, 4, 5, 9])
def test_trees_of_any_size_verify(parts: int, accounts: int) -> None:
    rows = [(f"account {n}", 1, n * 10**30) for n in range(accounts)]
    seal = sealed(rows, parts=parts)
    for name, _, amount in rows:
        assert verify(seal.receipts[name], seal.hash.hex()) == {1: amount}


def test_the_largest_total_verifies() -> None:
    seal = sealed([("a", 1, 2**128 - 2), ("b", 1, 1)])
    assert verify(seal.receipts["a"]) == {1: 2**128 - 2}


ROW = st.tuples(st.text(max_size=8), st.integers(0, 2**32 - 1), st.integers(0, 2**120))


@given(
    rows=st.lists(ROW, min_size=1, max_size=6, unique_by=lambda r: (restated.nfc(r[0]), r[1])),
    parts=st.integers(1, 4),
)
@settings(max_examples=60, deadline=None)
def test_whatever_the_rows_every_receipt_verifies(
    rows: list[tuple[str, int, int]], parts: int
) -> None:
    seal = sealed(rows, parts=parts)
    shown: list[tuple[str, int, int]] = []
    for account, receipt in seal.receipts.items():
        through_json = json.loads(json.dumps(receipt))
        amounts = verify(through_json, seal.hash.hex())
        shown += [(account, asset, amount) for asset, amount in amounts.items()]
    given_rows = [(unicodedata.normalize("NFC", name), asset, n) for name, asset, n in rows]
    assert sorted(shown) == sorted(given_rows)


# What is refused, rule by rule


FORMS: dict[str, Callable[[dict[str, Any]], object]] = {
    "a key of the receipt is missing": lambda r: r.pop("account"),
    "a key of the receipt is unknown, before": lambda r: r.update(aaa=1),
    "a key of the receipt is unknown, between": lambda r: r.update(bonus="x"),
    "a key of the receipt is unknown, after": lambda r: r.update(more=[{}]),
    "a key of a leaf is missing": lambda r: r["leaves"][1].pop("salt"),
    "a key of a leaf is unknown": lambda r: r["leaves"][1].update(note="x"),
    "no leaves": lambda r: r.update(leaves=[]),
    "leaves are no list": lambda r: r.update(leaves=r["leaves"][0]),
    "a leaf is no object": lambda r: r["leaves"].append([]),
    "a list in a leaf": lambda r: r["leaves"][0].update(salt=["]}"]),
    "the account is no text": lambda r: r.update(account=None),
    "the header is no text": lambda r: r.update(header=534),
    "the header is too short": lambda r: r.update(header=r["header"][:318]),
    "half a byte of header": lambda r: r.update(header=r["header"][:-1]),
    "upper case in the header": lambda r: r.update(header=r["header"].upper()),
    "a space in the header": lambda r: r.update(header=r["header"] + "  "),
    "a line end after the header": lambda r: r.update(header=r["header"] + "\n"),
    "upper case in a salt": lambda r: r["leaves"][0].update(salt="A" * 64),
    "a short salt": lambda r: r["leaves"][0].update(salt="a" * 62),
    "a long salt": lambda r: r["leaves"][0].update(salt="a" * 66),
    "upper case in a path": lambda r: r["leaves"][0].update(path="A" * 96),
    "an amount as a number": lambda r: r["leaves"][0].update(amount=5),
    "an amount with a plus": lambda r: r["leaves"][0].update(amount="+5"),
    "an amount below zero": lambda r: r["leaves"][0].update(amount="-5"),
    "an amount with a leading zero": lambda r: r["leaves"][0].update(amount="05"),
    "an amount with a point": lambda r: r["leaves"][0].update(amount="5.0"),
    "an amount with an underscore": lambda r: r["leaves"][0].update(amount="1_000"),
    "an amount with a space": lambda r: r["leaves"][0].update(amount=" 5"),
    "an amount with a line end": lambda r: r["leaves"][0].update(amount="5\n"),
    "an amount in full-width digits": lambda r: r["leaves"][0].update(amount="５"),
    "an amount that is empty": lambda r: r["leaves"][0].update(amount=""),
    "an amount of forty digits": lambda r: r["leaves"][0].update(amount="1" * 40),
    "an asset as text": lambda r: r["leaves"][0].update(asset="1"),
    "an asset below zero": lambda r: r["leaves"][0].update(asset=-1),
    "an asset that is true": lambda r: r["leaves"][0].update(asset=True),
    "a part that is false": lambda r: r["leaves"][0].update(part=False),
    "a part with a point": lambda r: r["leaves"][0].update(part=1.0),
    "an index below zero": lambda r: r["leaves"][0].update(index=-1),
    "an index that is nothing": lambda r: r["leaves"][0].update(index=None),
}


@pytest.mark.parametrize("name", FORMS)
def test_a_receipt_out_of_form_is_refused(name: str) -> None:
    refused(changed(RECEIPT, FORMS[name]), "receipt: form or shows nothing")


@pytest.mark.parametrize("value", [None, 5, "receipt", [], [RECEIPT], {}])
def test_what_is_no_receipt_is_refused(value: Any) -> None:
    refused(value, "receipt: form or shows nothing")


def test_a_text_that_is_no_unicode_is_refused() -> None:
    with pytest.raises(ValueError, match="surrogates not allowed"):
        verify({**RECEIPT, "account": "\ud800"})


def test_a_header_of_another_kind_or_version_is_refused() -> None:
    for at, byte in ((0, b"s"), (5, b"\x02"), (6, b"N"), (7, b"\x01")):
        refused(with_header(RECEIPT, at, byte), "header: form")


def test_a_header_longer_or_shorter_than_its_assets_is_refused() -> None:
    refused({**RECEIPT, "header": RECEIPT["header"][:-128]}, "header: form")
    refused({**RECEIPT, "header": RECEIPT["header"] + "00" * 64}, "header: form")
    refused({**RECEIPT, "header": RECEIPT["header"] + "00"}, "header: form")


def test_another_header_hash_than_the_one_given_is_refused() -> None:
    refused(RECEIPT, "header: hash is not the one given", "00" * 32)
    refused(RECEIPT, "header: hash is not the one given", "")
    refused(RECEIPT, "header: hash is not the one given", SEALED.hash.hex().upper())


def test_assets_out_of_order_or_twice_are_refused() -> None:
    entries = [SEALED.header[at : at + 64] for at in (160, 224, 288)]
    swapped = with_header(RECEIPT, 160, entries[1] + entries[0])
    twice = with_header(RECEIPT, 160, entries[0] * 2)
    for receipt in (swapped, twice):
        refused(receipt, "header: assets do not ascend", hash_of(receipt))


@pytest.mark.parametrize("at", [5, 6, 7])
def test_padding_that_is_not_zero_is_refused(at: int) -> None:
    receipt = with_header(RECEIPT, 160 + at, b"\x01")
    refused(receipt, "header: height of 1", hash_of(receipt))


@pytest.mark.parametrize("height", [0, 2, 4, 255])
def test_a_height_other_than_the_smallest_is_refused(height: int) -> None:
    assert SEALED.header[164] == 3  # six leaves
    receipt = with_header(RECEIPT, 164, bytes([height]))
    refused(receipt, "header: height of 1", hash_of(receipt))


def test_a_count_that_needs_another_height_is_refused() -> None:
    for n in (2, 3, 4, 9, 2**64 - 1):
        refused(with_header(RECEIPT, 168, n.to_bytes(8, "big")), "header: height of 1")


def test_an_asset_that_the_header_does_not_have_is_refused() -> None:
    other = changed(RECEIPT, lambda r: [leaf.update(asset=2) for leaf in r["leaves"][:2]])
    refused(other, "asset 2 part 0: asset not in the header")


def test_a_part_beyond_those_of_the_header_is_refused() -> None:
    refused(leaf(part=2), "asset 1 part 2: part or index out of range")
    none = with_header(RECEIPT, 156, bytes(4))
    refused(none, "leaves: a part is missing or twice")


def test_a_part_that_is_missing_or_shown_twice_is_refused() -> None:
    refused(changed(RECEIPT, lambda r: r["leaves"].pop()), "leaves: a part is missing or twice")
    double = changed(RECEIPT, lambda r: r["leaves"].append(r["leaves"][0]))
    refused(double, "leaves: a part is missing or twice")
    refused(leaf(part=1), "leaves: a part is missing or twice")


def test_an_index_beyond_the_last_leaf_is_refused() -> None:
    for index in (6, 7, 8, 2**64):
        refused(leaf(index=index), "asset 1 part 0: part or index out of range")


def test_an_amount_that_does_not_fit_is_refused() -> None:
    refused(leaf(amount=str(2**128)), "asset 1 part 0: amount or path out of range")


def test_a_path_of_another_length_is_refused() -> None:
    path = RECEIPT["leaves"][0]["path"]
    for other in ("", path[:-96], path[:-2], path[:-1], path + "00" * 48):
        refused(leaf(path=other), "asset 1 part 0: amount or path out of range")


def test_a_sibling_past_the_last_leaf_must_be_empty_though_the_root_agrees() -> None:
    """A tree of three leaves whose fourth place holds a claim that n does not count."""
    seal = sealed([("a", 1, 1), ("b", 1, 2), ("c", 1, 3)], parts=1)
    last = next(r for r in seal.receipts.values() if r["leaves"][0]["index"] == 2)
    hidden = restated.Node(b"\x01" * 32, 0)
    receipt = forged(seal, last, level=0, sibling=hidden)
    refused(receipt, "asset 1 part 0: leaf past the last", hash_of(receipt))
    receipt = forged(seal, last, level=0, sibling=restated.Node(bytes(32), 1))
    refused(receipt, "asset 1 part 0: leaf past the last", hash_of(receipt))


def test_a_whole_subtree_past_the_last_leaf_must_be_empty() -> None:
    seal = sealed([(f"account {n}", 1, n) for n in range(5)], parts=1)  # height 3
    last = next(r for r in seal.receipts.values() if r["leaves"][0]["index"] == 4)
    assert verify(last, seal.hash.hex())
    receipt = forged(seal, last, level=1, sibling=restated.Node(b"\x01" * 32, 0))
    refused(receipt, "asset 1 part 0: leaf past the last", hash_of(receipt))


def test_a_sum_that_does_not_fit_is_refused_though_the_root_agrees() -> None:
    seal = sealed([("a", 1, 2**127), ("b", 1, 2)], parts=1)
    other = restated.Node(b"\x01" * 32, 2**127)
    receipt = forged(seal, seal.receipts["a"], level=0, sibling=other)
    refused(receipt, "asset 1 part 0: sum", hash_of(receipt))


# One bit


@pytest.mark.parametrize("field", ["header", "account"])
def test_one_flipped_bit_of_the_receipt_is_refused(field: str) -> None:
    for value in flips_of(RECEIPT[field], field):
        with pytest.raises(ValueError, match=r"^(header|asset 1 part 0|receipt): "):
            verify({**RECEIPT, field: value}, SEALED.hash.hex())


@pytest.mark.parametrize("field", ["asset", "part", "amount", "index", "salt", "path"])
def test_one_flipped_bit_of_a_leaf_is_refused(field: str) -> None:
    steps = r"^(receipt|leaves|asset \d+ part \d+): "
    for number, shown in enumerate(RECEIPT["leaves"]):
        for value in flips_of(shown[field], field):
            bad = changed(RECEIPT, lambda r, n=number, v=value: r["leaves"][n].update({field: v}))
            with pytest.raises(ValueError, match=steps):
                verify(bad, SEALED.hash.hex())


def test_a_flipped_sibling_does_not_lead_to_the_root() -> None:
    path = RECEIPT["leaves"][0]["path"]
    other = f"{int(path[0], 16) ^ 1:x}" + path[1:]
    refused(leaf(path=other), "asset 1 part 0: path does not lead to the root")


def test_another_customers_receipt_does_not_prove_ones_own() -> None:
    stolen = {**SEALED.receipts["JP-000001|a@example.jp"], "account": ACCOUNT}
    refused(stolen, "asset 1 part 0: path does not lead to the root", SEALED.hash.hex())


# The file


def test_it_is_shorter_than_forty_lines_and_needs_nothing_else() -> None:
    text = SCRIPT.read_text("utf-8")
    assert len(text.splitlines()) < 40
    assert "sonae" not in text


def test_it_runs_alone_as_a_script(tmp_path: Path) -> None:
    copied = tmp_path / "verifier.py"
    copied.write_bytes(SCRIPT.read_bytes())
    file = tmp_path / "receipt.json"
    file.write_text(json.dumps(RECEIPT, ensure_ascii=False), "utf-8")
    command = [sys.executable, "-I", str(copied), str(file)]

    good = subprocess.run([*command, SEALED.hash.hex()], capture_output=True, text=True)
    assert (good.returncode, good.stderr) == (0, "")
    assert good.stdout == "{1: 1234567890123456789, 7: 9007199254740993}\n"

    bad = subprocess.run([*command, "00" * 32], capture_output=True, text=True)
    assert bad.returncode == 1
    assert bad.stderr.endswith("ValueError: header: hash is not the one given\n")

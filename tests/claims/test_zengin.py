"""Zengin files: what goes in comes out, limits hold, and what cannot be written is refused."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonae.claims.rails.profile import MOST_AMOUNT, BankProfile
from sonae.claims.rails.transfer import Transfer, problems, split_amount
from sonae.claims.rails.zengin import read, write
from sonae.core.errors import InputError, UsageError

from .banks import BANK, NAMES, ON, SENDER, TRANSFERS, bank, names_of, transfer

profiles = st.builds(
    lambda end, edi, most, total: bank(
        record_end=end, edi=edi, most_records=most, most_total=MOST_AMOUNT + total
    ),
    st.sampled_from(["crlf", "none"]),
    st.booleans(),
    st.integers(1, 20),
    st.sampled_from([0, 1, 10**10, 10**12 - 1 - MOST_AMOUNT]),
)


@settings(deadline=None)
@given(TRANSFERS, profiles)
def test_what_is_written_is_read_back(transfers: list[Transfer], profile: BankProfile) -> None:
    """Transfers in order, each reference once over all files, counts, totals, digests, limits."""
    files = write(transfers, SENDER, profile, ON)
    orders = [read(f.content, profile) for f in files]
    assert [t for o in orders for t in o.transfers] == transfers
    references = [t.reference for o in orders for t in o.transfers]
    assert len(references) == len(set(references)) == len(transfers)
    for file, order in zip(files, orders, strict=True):
        assert (order.sender, order.month_day, order.names) == (SENDER, "1130", {})
        assert file.count == len(order.transfers) <= profile.most_records
        assert file.total == order.total == sum(t.amount for t in order.transfers)
        assert file.total <= profile.most_total
        assert file.sha256 == order.sha256 == sha256(file.content).hexdigest()
    for left, right in pairwise(orders):  # no file ends before it must
        full = len(left.transfers) == profile.most_records
        assert full or left.total + right.transfers[0].amount > profile.most_total


@settings(deadline=None)
@given(TRANSFERS, profiles)
def test_every_record_has_120_bytes_and_its_end(
    transfers: list[Transfer], profile: BankProfile
) -> None:
    """One header, the transfers, one trailer, one end; no other byte."""
    end = b"\r\n" if profile.record_end == "crlf" else b""
    for file in write(transfers, SENDER, profile, ON):
        size = 120 + len(end)
        rows = [file.content[at : at + size] for at in range(0, len(file.content), size)]
        assert {len(row) for row in rows} == {size}
        assert all(row.endswith(end) for row in rows)
        assert b"".join(row[:1] for row in rows) == b"1" + b"2" * file.count + b"89"
        assert all(row[112:113] == b" Y"[profile.edi :][:1] for row in rows[1:-2])


def test_a_small_file_is_these_bytes() -> None:
    """Worked by hand from the published layouts."""
    file = write([transfer()], SENDER, BANK, ON)[0]
    assert file.content.decode("shift_jis") == (
        "1210" "1234567890" + "ｻﾝﾌﾟﾙ ｺｳｶﾝｼﾞﾖ".ljust(40) + "1130" "0001" + "ﾐｽﾞﾎ".ljust(15)
        + "001" + "ﾄｳｷﾖｳ".ljust(15) + "1" "0000123" + " " * 17
        + "2" "0005" + " " * 15 + "123" + " " * 15 + "0000" "1" "7654321" + "ﾔﾏﾀﾞ ﾀﾛｳ".ljust(30)
        + "0000012345" "0" "00000000000000000001" "7" " " + " " * 7
        + "8" "000001" "000000012345" + " " * 101 + "9" + " " * 119
    )  # fmt: skip


def test_names_of_bank_and_branch_are_written_where_given() -> None:
    """Some banks ask for them."""
    names = {"0005123": ("ﾐﾂﾋﾞｼUFJ", "ｼﾝｼﾞﾕｸ")}
    file = write([transfer(1), transfer(2)], SENDER, BANK, ON, names)[0]
    assert read(file.content, BANK).names == names
    assert file.content[125:140].decode("shift_jis") == "ﾐﾂﾋﾞｼUFJ".ljust(15)
    with pytest.raises(InputError) as refused:
        write([transfer()], SENDER, BANK, ON, {"0005123": ("三菱", "ｼﾝｼﾞﾕｸ" * 3)})
    assert [p.name for p in refused.value.problems] == ["not-permitted", "name-too-long"]


@pytest.mark.parametrize("size", [30, 31])
def test_e84_a_name_longer_than_30_half_width_characters_is_refused(size: int) -> None:
    """30 fit, 31 do not; a mark of voice counts as one."""
    paid = [transfer(1), transfer(2, name_kana="ﾊﾞ" * 15 + "ｱ" * (size - 30))]
    if size == 30:
        assert read(write(paid, SENDER, BANK, ON)[0].content, BANK).transfers == tuple(paid)
        return
    with pytest.raises(InputError) as refused:
        write(paid, SENDER, BANK, ON)
    assert names_of(refused) == [(2, "name_kana", "name-too-long")]
    assert "by hand" in refused.value.problems[0].message.en


def test_e84_an_amount_of_11_digits_is_refused_and_its_parts_are_not() -> None:
    """9,999,999,999 fits; one yen more is split or paid by hand."""
    assert write([transfer(amount=MOST_AMOUNT)], SENDER, BANK, ON)[0].total == MOST_AMOUNT
    with pytest.raises(InputError) as refused:
        write([transfer(amount=MOST_AMOUNT + 1)], SENDER, BANK, ON)
    assert names_of(refused) == [(1, "amount", "amount-too-long")]
    assert "split" in refused.value.problems[0].message.en
    parts = split_amount(MOST_AMOUNT + 1, MOST_AMOUNT)
    assert parts == (MOST_AMOUNT, 1)
    files = write([transfer(n, amount=p) for n, p in enumerate(parts)], SENDER, BANK, ON)
    assert sum(f.total for f in files) == MOST_AMOUNT + 1


@given(st.integers(1, 10**13), st.integers(1, 10**10))
def test_parts_sum_exactly(amount: int, most: int) -> None:
    """As few as can be, none above the most, none empty."""
    amount = min(amount, most * 50)
    parts = split_amount(amount, most)
    assert sum(parts) == amount
    assert all(1 <= p <= most for p in parts)
    assert len(parts) == -(-amount // most)


@pytest.mark.parametrize(("amount", "most"), [(0, 5), (-1, 5), (5, 0)])
def test_nothing_has_no_parts(amount: int, most: int) -> None:
    with pytest.raises(UsageError):
        split_amount(amount, most)


BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"reference": "1" * 19}, "reference", "bad-digits"),
    ({"reference": "1" * 21}, "reference", "bad-digits"),
    ({"reference": "１" * 20}, "reference", "bad-digits"),
    ({"bank": "005"}, "bank", "bad-digits"),
    ({"bank": "²222"}, "bank", "bad-digits"),
    ({"branch": "1234"}, "branch", "bad-digits"),
    ({"account": "765432"}, "account", "bad-digits"),
    ({"account": 7654321}, "account", "bad-digits"),
    ({"kind": "other"}, "kind", "bad-kind"),
    ({"kind": "9"}, "kind", "bad-kind"),
    ({"name_kana": ""}, "name_kana", "bad-name"),
    ({"name_kana": " ﾔﾏﾀﾞ"}, "name_kana", "bad-name"),
    ({"name_kana": "ﾔﾏﾀﾞ "}, "name_kana", "bad-name"),
    ({"name_kana": "髙ﾊｼ"}, "name_kana", "not-permitted"),
    ({"name_kana": "ﾔﾏﾀﾞ\r\n"}, "name_kana", "bad-name"),
    ({"name_kana": "ﾔﾏ\r\nﾀﾞ"}, "name_kana", "not-permitted"),
    ({"name_kana": "ﾔﾏ\0ﾀﾞ"}, "name_kana", "not-permitted"),
    ({"amount": 0}, "amount", "bad-amount"),
    ({"amount": -1}, "amount", "bad-amount"),
    ({"amount": True}, "amount", "bad-amount"),
    ({"amount": "5"}, "amount", "bad-amount"),
    ({"amount": 1_000_001}, "amount", "above-limit"),
    ({"amount": 10**10}, "amount", "amount-too-long"),
]


@pytest.mark.parametrize(("change", "column", "name"), BAD)
def test_what_does_not_fit_is_refused_at_its_place(
    change: dict[str, Any], column: str, name: str
) -> None:
    """Also where the one bad transfer stands among good ones."""
    paid = [transfer(1), transfer(2, **change), transfer(3)]
    with pytest.raises(InputError) as refused:
        write(paid, SENDER, bank(most_amount=1_000_000), ON)
    assert names_of(refused) == [(2, column, name)]


def test_every_bad_transfer_is_listed_at_once() -> None:
    """In both languages, and nothing is written."""
    paid = [transfer(n, **change) for n, (change, _, _) in enumerate(BAD, 1)]
    with pytest.raises(InputError) as refused:
        write(paid, SENDER, bank(most_amount=1_000_000), ON)
    assert names_of(refused) == [(n, c, name) for n, (_, c, name) in enumerate(BAD, 1)]
    assert all(p.message.ja != p.message.en for p in refused.value.problems)


def test_a_reference_used_twice_is_refused_in_both_places() -> None:
    """A return could be of either."""
    with pytest.raises(InputError) as refused:
        write([transfer(1), transfer(2), transfer(1)], SENDER, BANK, ON)
    assert [(p.row, p.name) for p in refused.value.problems] == [
        (1, "same-reference"),
        (3, "same-reference"),
    ]


def test_what_is_wrong_with_the_sender_is_listed_with_the_rest() -> None:
    odd = replace(SENDER, code="1", name_kana="ｱ" * 41, bank_name="みずほ", kind="savings")
    with pytest.raises(InputError) as refused:
        write([transfer(amount=0)], odd, BANK, ON)
    assert [p.column for p in refused.value.problems] == [
        *("code", "kind", "name_kana", "bank_name", "amount")
    ]


@settings(deadline=None)
@given(
    st.lists(
        st.builds(
            transfer,
            st.integers(0, 3),
            name_kana=NAMES | st.text(max_size=32),
            amount=st.integers(-1, 3) | st.integers(10**10 - 2, 10**10),
            account=st.text("01a", min_size=6, max_size=8),
            kind=st.sampled_from(["ordinary", "current", "x"]),
        ),
        max_size=4,
    )
)
def test_a_batch_is_refused_exactly_where_one_of_its_transfers_has_a_problem(
    transfers: list[Transfer],
) -> None:
    """The quick look by column and the look at each transfer are one rule."""
    listed = [*problems(transfers, BANK)]
    if listed:
        with pytest.raises(InputError) as refused:
            write(transfers, SENDER, BANK, ON)
        assert [*refused.value.problems] == listed
    else:
        assert sum(f.count for f in write(transfers, SENDER, BANK, ON)) == len(transfers)


def test_no_transfers_make_no_file() -> None:
    assert write([], SENDER, BANK, ON) == []


def test_a_bank_may_permit_more_characters() -> None:
    """What it permits is its profile's."""
    paid = [transfer(name_kana="ｦｶﾞﾜ A/B")]
    with pytest.raises(InputError):
        write(paid, SENDER, BANK, ON)
    wide = bank(symbols="ｦ/")
    assert read(write(paid, SENDER, wide, ON)[0].content, wide).transfers == tuple(paid)


@pytest.mark.parametrize("most", [500, 1023, 1024, 1025, 2048, 2500])
def test_files_may_end_anywhere_in_a_batch(most: int) -> None:
    """Transfers are looked at by the batch; where files end is the bank's limit alone."""
    paid = [transfer(n, amount=n + 1) for n in range(2500)]
    small = bank(most_records=most, record_end="crlf")
    files = write(paid, SENDER, small, ON)
    assert [t for f in files for t in read(f.content, small).transfers] == paid
    assert {f.count for f in files[:-1]} <= {most}


@pytest.mark.slow
def test_a_count_of_seven_digits_is_two_files() -> None:
    """999,999 in the first, one in the second."""
    paid = [transfer(n, amount=1) for n in range(1_000_000)]
    files = write(paid, SENDER, bank(most_records=999_999), ON)
    assert [(f.count, f.total) for f in files] == [(999_999, 999_999), (1, 1)]
    assert files[0].content[-240:-221] == b"8999999000000999999"


@pytest.mark.parametrize("over", [0, 1])
def test_a_total_of_thirteen_digits_is_two_files(over: int) -> None:
    """999,999,999,999 is one file, a yen more is two."""
    paid = [transfer(n, amount=MOST_AMOUNT) for n in range(100)]
    paid.append(transfer(100, amount=10**12 - 1 - 100 * MOST_AMOUNT + over))
    files = write(paid, SENDER, BANK, ON)
    assert len(files) == 1 + over
    assert sum(f.total for f in files) == 10**12 - 1 + over

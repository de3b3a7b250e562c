"""Funds that came back: found in a statement or a CSV, matched or listed, never guessed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from sonae.claims.rails.profile import ReturnsLayout
from sonae.claims.rails.records import fields
from sonae.claims.rails.returns import ENTRY, SIZE, Returned, match, read_returns
from sonae.core.errors import InputError

from .banks import BANK, bank, transfer

REFERENCE = transfer().reference


def entry(amount: int = 12_345, **changes: str) -> str:
    """One record of a statement: money in by transfer, a return unless changed."""
    values = {
        "record": "2",
        "day": "081202",
        "direction": "1",
        "kind": "11",
        "amount": f"{amount:012}",
        "name": "ﾔﾏﾀﾞ ﾀﾛｳ",
        "remarks": "ﾌﾘｺﾐ ﾍﾝｷﾔｸ",
        "edi": REFERENCE,
        **changes,
    }
    return "".join(values.get(name, "").ljust(width) for name, width in ENTRY)


def statement(*entries: str, end: str = "") -> bytes:
    amounts = [int(e[24:36]) for e in entries if e[21] == "1"]
    trailer = f"8{len(amounts):06}{sum(amounts):013}"
    rows = ["1030".ljust(SIZE), *entries, trailer.ljust(SIZE), "9".ljust(SIZE)]
    return "".join(row + end for row in rows).encode("shift_jis")


def returned(
    n: int = 1, amount: int = 12_345, name: str = "ﾔﾏﾀﾞ ﾀﾛｳ", reference: str = ""
) -> Returned:
    return Returned(n, date(2026, 12, 2), amount, name, reference, "")


def test_an_entry_has_200_bytes() -> None:
    assert sum(width for _, width in ENTRY) == SIZE == len(entry())
    assert fields(ENTRY, entry())["amount"] == "000000012345"


@pytest.mark.parametrize("end", ["none", "crlf"])
def test_returns_are_picked_from_a_statement(end: str) -> None:
    """Money out and other income are counted in the totals and left out."""
    content = statement(
        entry(),
        entry(5, direction="2"),
        entry(700, remarks="ﾌﾘｺﾐ", edi=""),
        end="\r\n" if end == "crlf" else "",
    )
    found = read_returns(content, bank(record_end=end))
    words = ("ﾔﾏﾀﾞ ﾀﾛｳ", REFERENCE, "ﾌﾘｺﾐ ﾍﾝｷﾔｸ")
    assert found == (Returned(2, date(2026, 12, 2), 12_345, *words),)


def test_a_reference_in_the_remarks_counts_and_two_count_as_none() -> None:
    layout = replace(BANK.returns, marks=())
    content = statement(
        entry(remarks=REFERENCE, edi=""), entry(remarks="1" * 20), entry(edi="1" * 19)
    )
    found = read_returns(content, bank(returns=layout))
    assert [r.reference for r in found] == [REFERENCE, "", ""]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        statement(entry())[:-1],
        statement(entry()).replace(b"1030", b"1010"),
        statement(entry()).replace(b"8000001", b"8000002"),
        statement(entry()).replace(b"0000012345", b"0000012346", 1),
        statement(entry(day="081302")),
        b"9" * 200,
        statement(entry(direction="3")),
        statement(entry()).replace(b"2 ", b"3 ", 1),
        statement(entry()).replace(b"000000012345", b" " * 12),
        statement(entry()).replace("ﾔﾏﾀﾞ".encode("shift_jis"), b"\xd4\xcf\xc0\x81\xff", 1)[:-1],
    ],
)
def test_a_statement_out_of_form_is_refused(content: bytes) -> None:
    """Lengths, order, kind, totals, days, directions."""
    with pytest.raises(InputError):
        read_returns(content, BANK)


COLUMNS = {"amount": "入金", "name": "名前", "day": "日付", "mark": "摘要", "reference": "照会"}
BY_CSV = bank(returns=ReturnsLayout("csv", ("返却",), columns=COLUMNS))
HEAD = "日付,摘要,入金,出金,名前,照会\n"


def test_returns_are_picked_from_a_csv() -> None:
    """In the bank's encoding; a line without money in is left out."""
    lines = f'2026/12/02,資金返却,"12,345",,ﾔﾏﾀﾞ ﾀﾛｳ,{REFERENCE}\n2026-12-02,振込,5,,ｱ,\n'
    found = read_returns((HEAD + lines + "2026-12-02,出金,,7,ｱ,\n").encode("cp932"), BY_CSV)
    words = ("ﾔﾏﾀﾞ ﾀﾛｳ", REFERENCE, "資金返却")
    assert found == (Returned(1, date(2026, 12, 2), 12_345, *words),)


@pytest.mark.parametrize(
    "text",
    [
        "日付,摘要,入金\n",
        "",
        HEAD + "2026-12-02,返却,5,,ｱ\n",
        HEAD + "2026-13-02,返却,5,,ｱ,\n",
        HEAD + "2026-12-02,返却,5.0,,ｱ,\n",
        HEAD + "2026-12-02,返却,-5,,ｱ,\n",
        HEAD + '2026-12-02,返却,"5,,ｱ,\n',
    ],
)
def test_a_csv_out_of_form_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        read_returns(text.encode("cp932"), BY_CSV)
    with pytest.raises(InputError):
        read_returns(b"\xff\xff", BY_CSV)


def test_a_return_is_matched_by_its_reference() -> None:
    """Whatever the name says, where the amount agrees."""
    back = returned(name="ﾔﾏﾀﾞ", reference=REFERENCE)
    assert match([back], [transfer(1), transfer(2)]).matched == ((back, REFERENCE, "reference"),)


def test_without_a_reference_name_and_amount_of_one_transfer_alone_match() -> None:
    """Wide and small letters apart; of two such transfers neither is chosen."""
    back = returned(name="ヤマダ　タロウ")
    paid = [transfer(1), transfer(2, amount=5)]
    assert match([back], paid).matched == ((back, REFERENCE, "name and amount"),)
    found = match([back], [transfer(1), transfer(2)])
    assert found.matched == ()
    assert found.ambiguous == ((back, (REFERENCE, transfer(2).reference)),)


def test_another_amount_under_a_reference_is_listed_not_matched() -> None:
    """A fee may have been taken off; a person looks."""
    back = returned(amount=12_000, reference=REFERENCE)
    assert match([back], [transfer()]).ambiguous == ((back, (REFERENCE,)),)


def test_a_reference_that_no_transfer_has_is_not_matched_by_name() -> None:
    """It may be of another file."""
    back = returned(reference="9" * 20)
    assert match([back], [transfer()]).ambiguous == ((back, (REFERENCE,)),)
    assert match([back], [transfer(amount=1)]).unmatched == (back,)


def test_two_entries_of_one_transfer_are_both_listed() -> None:
    """Money does not come back twice."""
    twice = [returned(1, reference=REFERENCE), returned(2)]
    found = match(twice, [transfer()])
    assert (found.matched, found.unmatched) == ((), ())
    assert found.ambiguous == tuple((back, (REFERENCE,)) for back in twice)


def test_what_is_no_return_of_ours_is_left() -> None:
    back = returned(amount=1)
    assert match([back], [transfer()]).unmatched == (back,)

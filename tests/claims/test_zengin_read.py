"""Reading a Zengin file: no byte may be out of place."""

from __future__ import annotations

import pytest

from sonae.claims.rails.zengin import read, write
from sonae.core.errors import InputError

from .banks import BANK, ON, SENDER, bank, transfer

CRLF = bank(record_end="crlf")
PAID = [transfer(1), transfer(2, bank="0009", kind="current", name_kana="ｶ)ｻﾝﾌﾟﾙ", amount=500)]
FILE = write(PAID, SENDER, CRLF, ON)[0]


def test_a_flipped_bit_is_refused_or_is_another_order() -> None:
    """Each bit of each byte: what is accepted reads as it stands, under another digest.

    A changed digit of an amount breaks the total, one of an account does not: the digest that was
    signed finds it.
    """
    before, accepted = read(FILE.content, CRLF), 0
    for at in range(len(FILE.content)):
        for bit in range(8):
            changed = bytearray(FILE.content)
            changed[at] ^= 1 << bit
            try:
                order = read(bytes(changed), CRLF)
            except InputError:
                continue
            said = (order.sender, order.month_day, order.transfers, order.names)
            assert said != (before.sender, before.month_day, before.transfers, before.names)
            assert order.sha256 != before.sha256
            assert order.total == before.total
            accepted += 1
    assert accepted


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c[:-1],
        lambda c: c + b" ",
        lambda c: c + b"\x1a",
        lambda c: b"",
        lambda c: c[122:],
        lambda c: c[:122] + c[244:],
        lambda c: c[:244] + c[122:],
        lambda c: c[:-122],
        lambda c: c + c,
        lambda c: c.replace(b"\r\n", b""),
        lambda c: c.replace(b"\r\n", b"\n "),
        lambda c: c[:122] + c[-244:],
        lambda c: c.replace(b"8000002", b"8000003"),
        lambda c: c.replace(b"000000012845", b"000000012846"),
        lambda c: c[:54] + b"0230" + c[58:],
        lambda c: c[:122] + c[244:366] + c[122:244].replace(b"2", b"3", 1) + c[366:],
    ],
)
def test_a_file_cut_joined_or_miscounted_is_refused(change: object) -> None:
    """Lengths, line ends, records missing or twice, counts, totals, a day that is none."""
    with pytest.raises(InputError):
        read(change(FILE.content), CRLF)  # type: ignore[operator]


def test_a_file_above_the_banks_limits_is_refused() -> None:
    """As the bank would."""
    for tight in (bank(most_records=1), bank(most_amount=500, most_total=600)):
        with pytest.raises(InputError):
            read(write(PAID, SENDER, BANK, ON)[0].content, tight)


def test_two_names_of_one_branch_are_refused() -> None:
    """The records of a branch say one name."""
    names = {"0005123": ("ﾐﾂﾋﾞｼUFJ", "ｼﾝｼﾞﾕｸ")}
    content = write([transfer(1), transfer(2)], SENDER, BANK, ON, names)[0].content
    at = content.rindex(b"UFJ")
    with pytest.raises(InputError) as refused:
        read(content[:at] + b"UFK" + content[at + 3 :], BANK)
    assert [(p.row, p.name) for p in refused.value.problems] == [(3, "not-as-written")]

"""A bank, a sender and transfers to start from: change one thing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time
from typing import Any

import pytest
from hypothesis import strategies as st

from sonae.claims.rails.kana import KANA, PLAIN
from sonae.claims.rails.profile import MOST_AMOUNT, BankProfile, ReturnsLayout
from sonae.claims.rails.transfer import Sender, Transfer
from sonae.core.errors import InputError

ON = date(2026, 11, 30)
SENDER = Sender("1234567890", "ｻﾝﾌﾟﾙ ｺｳｶﾝｼﾞﾖ", "0001", "ﾐｽﾞﾎ", "001", "ﾄｳｷﾖｳ", "ordinary", "0000123")
YAMADA = Transfer("00000000000000000001", "0005", "123", "ordinary", "7654321", "ﾔﾏﾀﾞ ﾀﾛｳ", 12_345)
BANK = BankProfile(
    name="a bank",
    most_records=50_000,
    most_amount=MOST_AMOUNT,
    most_total=999_999_999_999,
    cut_off=time(12),
    days_before=1,
    record_end="none",
    edi=False,
    settle_business_days=3,
    returns=ReturnsLayout("zengin", ("ﾍﾝｷﾔｸ",)),
)


def bank(**changes: Any) -> BankProfile:
    return replace(BANK, **changes)


def transfer(n: int = 1, **changes: Any) -> Transfer:
    return YAMADA._replace(**{"reference": f"{n:020}", **changes})


def names_of(refused: pytest.ExceptionInfo[InputError]) -> list[tuple[int | None, str, str]]:
    """Row, column and name of each problem."""
    return [(p.row, p.column, p.name) for p in refused.value.problems]


def _digits(size: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=size, max_size=size)


NAMES = st.text(PLAIN + KANA, min_size=1, max_size=30).map(str.strip).filter(bool)
TRANSFERS = st.lists(
    st.builds(
        Transfer,
        reference=_digits(20),
        bank=_digits(4),
        branch=_digits(3),
        kind=st.sampled_from(["ordinary", "current", "savings"]),
        account=_digits(7),
        name_kana=NAMES,
        amount=st.integers(1, MOST_AMOUNT) | st.integers(1, 200),
    ),
    min_size=1,
    max_size=12,
    unique_by=lambda t: t.reference,
)

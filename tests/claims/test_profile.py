"""A bank's terms as a file gives them, and the days they make."""

from __future__ import annotations

import tomllib
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import pytest

from sonae.claims.rails.profile import read_profile
from sonae.core.calendar import Calendar
from sonae.core.errors import InputError, UsageError
from sonae.core.text import same

from .banks import BANK, bank

TOML = """
name = "a bank"
most_records = 50000
most_amount = 9999999999
most_total = 999999999999
cut_off = 12:00:00
days_before = 1
record_end = "none"
edi = false
settle_business_days = 3

[confidence]
most_records = "secondary"

[returns]
form = "zengin"
marks = ["ﾍﾝｷﾔｸ"]
"""
CSV = {"amount": "入金", "name": "名前", "day": "日付", "mark": "摘要"}
BANKS = Calendar("banks", same("banks"), {date(2026, 11, 23)}.__contains__)


def raw(**changes: Any) -> dict[str, Any]:
    return {**tomllib.loads(TOML, parse_float=Decimal), **changes}


def test_a_profile_is_read_whole() -> None:
    """What it does not vouch for is from memory."""
    profile = read_profile(raw())
    assert profile == bank(confidence={"most_records": "secondary"})
    assert (profile.sure("most_records"), profile.sure("edi")) == ("secondary", "memory")


def test_a_csv_of_returns_is_described_by_its_headings() -> None:
    layout = {"form": "csv", "marks": [], "columns": CSV}
    assert read_profile(raw(returns=layout)).returns.columns["amount"] == "入金"


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"most_records": 1_000_000}, "most_records"),
        ({"most_records": True}, "most_records"),
        ({"most_amount": 10**10}, "most_amount"),
        ({"most_total": 10**12}, "most_total"),
        ({"most_total": 5, "most_amount": 6}, "most_total"),
        ({"cut_off": "12:00"}, "cut_off"),
        ({"days_before": -1}, "days_before"),
        ({"record_end": "lf"}, "record_end"),
        ({"edi": "no"}, "edi"),
        ({"settle_business_days": 0}, "settle_business_days"),
        ({"symbols": "髙"}, "symbols"),
        ({"confidence": {"edi": "sure"}}, "confidence.edi"),
        ({"confidence": {"speed": "memory"}}, "confidence.speed"),
        ({"speed": 1}, "speed"),
        ({"returns": {"form": "zengin"}}, "returns.marks"),
        ({"returns": {"form": "xml", "marks": []}}, "returns.form"),
        ({"returns": {"form": "csv", "marks": []}}, "returns.columns"),
        (
            {"returns": {"form": "csv", "marks": [], "columns": {**CSV, "odd": "x"}}},
            "returns.columns",
        ),
    ],
)
def test_a_setting_that_does_not_fit_is_named(change: dict[str, Any], key: str) -> None:
    with pytest.raises(InputError) as refused:
        read_profile(raw(**change))
    assert key in [p.key for p in refused.value.problems]


def test_every_missing_setting_is_named_at_once() -> None:
    with pytest.raises(InputError) as refused:
        read_profile({})
    missing = {p.key for p in refused.value.problems}
    assert missing >= {"name", "most_records", "cut_off", "settle_business_days", "returns"}


@pytest.mark.parametrize(
    "change",
    [
        {"most_records": 10**6},
        {"most_records": 0},
        {"most_amount": 10**10},
        {"most_total": 10**12},
        {"most_amount": 6, "most_total": 5},
        {"symbols": "髙"},
    ],
)
def test_a_profile_beyond_the_format_cannot_be_made(change: dict[str, Any]) -> None:
    """A field that overflows would move every field after it."""
    with pytest.raises(UsageError):
        bank(**change)


@pytest.mark.parametrize(
    ("on", "before", "by"),
    [
        (date(2026, 11, 24), 1, date(2026, 11, 20)),  # over a weekend and a holiday
        (date(2026, 11, 24), 0, date(2026, 11, 24)),
        (date(2026, 11, 23), 0, date(2026, 11, 20)),
        (date(2026, 11, 27), 2, date(2026, 11, 25)),
    ],
)
def test_a_file_is_handed_in_business_days_before(on: date, before: int, by: date) -> None:
    assert bank(days_before=before).hand_in_by(on, BANKS) == datetime.combine(by, time(12))


def test_no_return_after_some_business_days_is_settled() -> None:
    assert BANK.settled_on(date(2026, 11, 20), BANKS) == date(2026, 11, 26)

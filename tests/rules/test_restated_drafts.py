"""The shipped drafts, written again from their own words: base, rate, bracket, insurance share."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sonae.core.errors import RulebookError
from sonae.rulebook.draft import load_draft, read_draft

from .ask import GAP, answer

FLOOR, CAP = 2_000_000_000, 40_000_000_000
yen = st.integers(0, 10**14) | st.fractions(0, 10**14, max_denominator=100)
years = st.lists(st.integers(0, 10**16), min_size=1, max_size=3)


def outputs(name: str, version: str, facts: dict[str, Any]) -> dict[str, Any]:
    id = f"{name}.{version}" if version else name
    told = {k: [str(x) for x in v] if isinstance(v, list) else str(v) for k, v in facts.items()}
    return answer(id, told, drafts=(load_draft(name),))


def bracketed(gross: Fraction) -> dict[str, Fraction]:
    """20億円から400億円; of it insurance may meet one half."""
    need = Fraction(FLOOR) if gross < FLOOR else Fraction(CAP) if gross > CAP else Fraction(gross)
    return {
        "without_bracket": gross,
        "with_bracket": need,
        "required": need,
        "insurance_at_most": need / 2,
        "in_cash": need - need / 2,
    }


def accrued(window: list[int], reserve: Any, used: Any) -> dict[str, Fraction]:
    """Article 175(1) row イ put on crypto: 万分の〇・二 a year, up to 万分の〇・八 of the best.

    The level required is that of a reserve nothing was taken from: what was used is refilled.
    """
    yearly = Fraction(2, 100_000) * window[-1]
    full = Fraction(8, 100_000) * max(window)
    added = max(Fraction(0), min(yearly, full - (Fraction(reserve) - used)))
    level = max(Fraction(reserve), min(Fraction(reserve) + yearly, full))
    return {"accrual": added, "full_level": full, "level": level}


@settings(deadline=None)
@given(yen)
@example(200_000_000_000)
@example(4_000_000_000_000)
def test_one_and_five_per_cent_of_custody_value(custody: Any) -> None:
    """A rate on the value of customers' crypto, in the bracket."""
    for version, rate in (("1pct", Fraction(1, 100)), ("5pct", Fraction(5, 100))):
        got = outputs("jp.proposal.custody-value", version, {"customer_crypto_jpy": custody})
        assert got == bracketed(custody * rate)


@settings(deadline=None)
@given(yen, yen)
@example(100_000_000_000, 48_200_000_000)
@example(0, 5)
def test_the_covering_rate_is_the_one_that_would_have_paid_the_loss(
    custody: Any, loss: Any
) -> None:
    """Without the bracket the requirement is the loss itself; the rate is loss over custody."""
    facts = {"customer_crypto_jpy": custody, "loss_in_question_jpy": loss}
    got = outputs("jp.proposal.custody-value", "covering-loss", facts)
    if custody == 0:
        assert set(got.values()) == {GAP}
    else:
        assert got == {"rate": Fraction(loss) / custody} | bracketed(Fraction(loss))


@settings(deadline=None)
@given(years, yen, yen)
@example([10**15, 10**12, 10**12], 80_000_000_000, 0)
def test_the_traded_value_draft_is_the_equities_row_on_crypto(
    window: list[int], reserve: Any, used: Any
) -> None:
    """The year's accrual joins what was there; bracket and insurance share come after."""
    facts = {
        "crypto_traded_value_by_fy": window,
        "opening_reserve": reserve,
        "used_for_incidents": used,
    }
    step = accrued(window, reserve, used)
    level = step.pop("level")
    assert outputs("jp.proposal.traded-value", "", facts) == step | bracketed(level)


@settings(deadline=None)
@given(years, yen, yen, yen)
def test_the_combined_draft_adds_one_per_cent_of_custody_value(
    window: list[int], reserve: Any, used: Any, custody: Any
) -> None:
    """The sum of both components, once in the bracket and not each."""
    facts = {
        "crypto_traded_value_by_fy": window,
        "opening_reserve": reserve,
        "used_for_incidents": used,
        "customer_crypto_jpy": custody,
    }
    step = accrued(window, reserve, used)
    level = step.pop("level")
    wanted = step | bracketed(level + Fraction(custody) / 100)
    assert outputs("jp.proposal.combined", "", facts) == wanted


WINDOWED = """
[draft]
id = "test.window"
regime = "jp"
title = {{ ja = "試案", en = "trial draft" }}
note = {{ ja = "試験用", en = "for a test" }}

[[component]]
base = "traded_value"
unit = "per_10000"
rate = 1
cap_rate = 2
{line}
"""


@pytest.mark.parametrize(("line", "best"), [("window = 1", 7), ("window = 2", 30), ("", 50)])
def test_the_best_year_is_looked_for_in_the_stated_window(line: str, best: int) -> None:
    """Four years given; three where the draft says nothing, as Article 175 looks back two years."""
    draft = read_draft(WINDOWED.format(line=line), "window.toml")
    facts = {
        "crypto_traded_value_by_fy": ["90", "50", "30", "7"],
        "opening_reserve": "0",
        "used_for_incidents": "0",
    }
    got = answer("test.window", facts, drafts=(draft,))
    assert got["full_level"] == Fraction(best * 2, 10_000)
    assert got.get("window", 3) == (int(line[-1]) if line else 3)


@pytest.mark.parametrize("line", ["window = 0", "window = 4", "window = 1.5", "window = true"])
def test_a_window_that_the_books_do_not_hold_is_refused(line: str) -> None:
    """Books hold the current year and those begun within two years before it."""
    with pytest.raises(RulebookError, match="window"):
        read_draft(WINDOWED.format(line=line), "window.toml")

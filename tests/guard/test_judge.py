"""A credit is judged before it is booked."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonae.core.errors import InputError
from sonae.guard.judge import ANSWERS, Batch, Credit, Known, judge
from sonae.guard.limits import Policy, read_policy

NOW = datetime(2026, 2, 6, 10, 0, tzinfo=UTC)
BTC = 10**8
RAW: dict[str, Any] = {
    "guard": {
        "when_blind": "refuse",
        "clock_skew_seconds": 5,
        "over": "stop",
        "stale": "hold",
        "halted": "hold",
        "hot_share": "0.05",
    },
    "asset": [
        {
            "asset": "BTC",
            "scale": 8,
            "tolerance": "0",
            "batch_refuse_share": "0.1",
            "batch_hold_share": "0.01",
            "batch_hold_times": "5",
            "account_hold_times": "10",
            "account_hold_first": "1",
            "second_person_above": "0.5",
            "feed_max_age_seconds": 120,
            "final_blocks": 3,
            "material": "10",
        }
    ],
}


def policy(**changes: Any) -> Policy:
    """The policy with settings of the head changed."""
    return read_policy(RAW | {"guard": RAW["guard"] | changes})


KNOWN = Known(42_619 * BTC, 46_000 * BTC, NOW - timedelta(seconds=30), 10 * BTC, {"A": BTC})
SMALL = Batch("b1", "BTC", "maker", "checker", (Credit("A", BTC),), "BTC", Fraction(1))


def codes(batch: Batch, known: Known | None = KNOWN, rules: Policy | None = None) -> set[str]:
    """Codes of the reasons for the answer."""
    return {r.code for r in judge(batch, known, rules or policy(), NOW).reasons}


def test_an_ordinary_credit_is_allowed_without_a_word() -> None:
    """Nothing to remark."""
    assert judge(SMALL, KNOWN, policy(), NOW).reasons == ()
    assert judge(SMALL, KNOWN, policy(), NOW).answer == "allow"


def test_a_phantom_credit_is_refused_whole() -> None:
    """E01: 620,000 won in total are entered as 620,000 bitcoin for 249 users; about 46,000 held."""
    rows = tuple(Credit(f"U{n}", 620_000 * BTC // 249) for n in range(249))
    batch = Batch("promo-0206", "BTC", "promo", None, rows, "KRW", Fraction(620_000))
    verdict = judge(batch, KNOWN, policy(), NOW)
    assert verdict.answer == "refuse"
    found = {r.code for r in verdict.reasons}
    assert {"unit-differs", "over-holdings", "large-share", "unusual-batch"} <= found
    unit = next(r for r in verdict.reasons if r.code == "unit-differs")
    assert "KRW" in unit.words.en
    assert "promo-0206" in unit.words.en


def test_it_is_refused_even_where_nobody_stated_a_unit() -> None:
    """E01 again, by the totals alone."""
    rows = tuple(Credit(f"U{n}", 2_490 * BTC) for n in range(249))
    assert judge(Batch("b", "BTC", "m", "c", rows), KNOWN, policy(), NOW).answer == "refuse"


def test_no_unit_above_what_is_held_is_ever_allowed() -> None:
    """One base unit over the tolerance is refused; at the tolerance it is not."""
    full = replace(KNOWN, ledger=KNOWN.held - BTC)
    assert "over-holdings" not in codes(SMALL, full)
    one = replace(SMALL, credits=(Credit("A", BTC + 1),), stated_total=Fraction(BTC + 1, BTC))
    assert judge(one, full, policy(), NOW).answer == "refuse"
    assert "over-holdings" in codes(one, full)


@pytest.mark.parametrize(
    ("changes", "code", "answer"),
    [
        ({"asset": "XRP"}, "asset-not-listed", "refuse"),
        ({"credits": ()}, "empty", "refuse"),
        ({"credits": (Credit("A", 0),)}, "bad-amount", "refuse"),
        ({"credits": (Credit("A", -1),)}, "bad-amount", "refuse"),
        ({"stated_total": Fraction(2)}, "total-differs", "refuse"),
        ({"checker": "maker"}, "one-person", "refuse"),
        ({"maker": ""}, "no-maker", "refuse"),
        ({"checker": None}, "no-checker", "hold"),
        ({"credits": (Credit("A", BTC // 2), Credit("A", BTC // 2))}, "account-twice", "hold"),
        (
            {"credits": (Credit("A", BTC), Credit("B", 1)), "stated_unit": None},
            "nothing-stated",
            "hold",
        ),
        (
            {"credits": (Credit("N", 2 * BTC),), "stated_total": Fraction(2)},
            "unusual-credit",
            "hold",
        ),
    ],
)
def test_each_reason_has_its_answer(changes: dict[str, Any], code: str, answer: str) -> None:
    """One change to an ordinary batch, one reason."""
    verdict = judge(replace(SMALL, **changes), KNOWN, policy(), NOW)
    assert code in {r.code for r in verdict.reasons}
    assert verdict.answer == answer


@pytest.mark.parametrize("stance", ["refuse", "hold", "allow"])
def test_blind_it_answers_as_the_policy_says(stance: str) -> None:
    """Nothing read, or read too long ago: closed, half-way or open, and the reason stands there."""
    old = replace(KNOWN, read_at=NOW - timedelta(seconds=121))
    for known in (None, old):
        verdict = judge(SMALL, known, policy(when_blind=stance), NOW)
        assert verdict.answer == stance
        assert [r.code for r in verdict.reasons] == ["holdings-not-known"]


def test_a_policy_with_faults_names_them_all() -> None:
    """Missing, unknown, contradictory: all at once."""
    asset = RAW["asset"][0] | {
        "batch_hold_share": "0.5",
        "colour": "red",
        "tolerance": "0.000000001",
    }
    with pytest.raises(InputError) as caught:
        read_policy({"guard": {"when_blind": "maybe"}, "asset": [asset, RAW["asset"][0]]})
    keys = {p.key for p in caught.value.problems}
    wanted = {"guard.when_blind", "guard.over", "asset[0].batch_hold_share", "asset[0].colour"}
    assert wanted | {"asset[0].tolerance", "asset[1].asset"} <= keys


UNITS = st.integers(1, 10**12)


@given(st.lists(UNITS, min_size=1, max_size=5), UNITS, UNITS, UNITS, st.integers(1, 10**12))
def test_more_is_never_judged_more_mildly(
    rows: list[int], ledger: int, held: int, largest: int, more: int
) -> None:
    """A larger credit of the same batch never gets a milder answer."""
    known = Known(ledger, held, NOW, largest, {})

    def answer(first: int) -> int:
        units = [first, *rows[1:]]
        credits = tuple(Credit(f"A{n}", u) for n, u in enumerate(units))
        batch = Batch("b", "BTC", "m", "c", credits, "BTC", Fraction(sum(units), BTC))
        return ANSWERS.index(judge(batch, known, policy(), NOW).answer)

    assert answer(rows[0]) <= answer(rows[0] + more)


@given(st.lists(UNITS, min_size=1, max_size=20), UNITS, UNITS)
def test_what_is_allowed_is_covered(rows: list[int], ledger: int, held: int) -> None:
    """Whatever the numbers: after an allowed batch the ledger is within what is held."""
    credits = tuple(Credit(f"A{n}", u) for n, u in enumerate(rows))
    batch = Batch("b", "BTC", "m", "c", credits, "BTC", Fraction(sum(rows), BTC))
    known = Known(ledger, held, NOW, None, {c.account: c.units for c in credits})
    if judge(batch, known, policy(), NOW).answer == "allow":
        assert ledger + sum(rows) <= held

"""Yen credited with us: the money trust must grow by it; after a failure nothing is credited."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonae.claims.rails.credit import Credit, Trigger, Trust, credit
from sonae.core.errors import InputError, Refused, UnitError
from sonae.core.figure import Figure, constant, missing, walk
from sonae.core.text import Text
from sonae.rulebook.edition import Edition

ON, DUE = date(2026, 11, 27), date(2026, 12, 1)
ROWS = [Credit("1", "P", "a", 300), Credit("2", "P", "a", 50), Credit("3", "Q", "b", 650)]


def trust(required: int, principal: int, due: date = DUE) -> Trust:
    return Trust(
        constant(required, "JPY"), constant(principal, "JPY"), Figure(due, "date", id="fact:due")
    )


def refused(rows: list[Credit], given: Trust, triggers: list[Trigger]) -> list[Any]:
    with pytest.raises(InputError) as error:
        credit(rows, ON, given, triggers)
    assert all(p.message.ja and p.message.en for p in error.value.problems)
    return list(error.value.problems)


def test_a_credit_raises_the_requirement_by_its_sum_and_the_trust_must_follow() -> None:
    """A trust that was full lacks exactly the credit, by the day of the clock."""
    made = credit(ROWS, ON, trust(5000, 5000), [])
    assert made.accounts == {"a": 350, "b": 650}
    assert made.credited_jpy.number() == 1000
    assert made.required_jpy.number() == 6000
    assert made.top_up_jpy.number() == 1000
    assert made.earlier_jpy.number() == 0
    assert made.due.value == DUE
    for words in (made.says.ja, made.says.en):
        assert "1000" in words
        assert "6000" in words
        assert "2026-12-01" in words
    assert made.credited_jpy in [*walk(made.top_up_jpy)]


def test_what_the_trust_holds_beyond_the_requirement_counts() -> None:
    """Part of the credit, or all of it, may be there already."""
    assert credit(ROWS, ON, trust(5000, 5400), []).top_up_jpy.number() == 600
    made = credit(ROWS, ON, trust(5000, 6000), [])
    assert made.top_up_jpy.number() == 0
    assert "holds already" in made.says.en


def test_an_earlier_shortage_keeps_its_own_clock() -> None:
    """It is told apart and not moved to the later day."""
    made = credit(ROWS, ON, trust(5000, 4900), [])
    assert (made.earlier_jpy.number(), made.top_up_jpy.number()) == (100, 1000)
    assert "100 yen lacked before" in made.says.en


def test_the_clock_of_the_rulebook_fits() -> None:
    """Two business days after a Friday, by the rule that the due date comes from."""
    facts = {
        "breach": Figure("cash_trust_shortage", "code", id="fact:breach"),
        "arose_on": Figure(ON, "date", id="fact:arose_on"),
    }
    due = Edition(ON).evaluate("jp.crypto.cure_deadline", facts)["due"]
    made = credit(ROWS, ON, Trust(constant(0, "JPY"), constant(0, "JPY"), due), [])
    assert made.due.value == DUE


def test_a_gap_is_said_and_spreads() -> None:
    """Without the trust's balance no top-up is made up."""
    gap = missing("trust_principal_jpy", Text("信託残高がない", "no trust balance"), "JPY")
    made = credit(ROWS, ON, Trust(constant(5, "JPY"), gap, trust(0, 0).due), [])
    assert not made.top_up_jpy.computable
    assert made.required_jpy.number() == 1005
    assert "no trust balance" in made.says.en
    assert "信託残高がない" in made.says.ja


@pytest.mark.parametrize(
    ("kind", "ja", "en"),
    [("petition", "申立て", "petition"), ("appointment", "選任", "administrator"),
     ("order", "命令", "order")],
)  # fmt: skip
def test_nothing_is_credited_from_the_day_of_a_trigger(kind: Any, ja: str, en: str) -> None:
    """In words; before its day it blocks nothing."""
    (problem,) = refused(ROWS, trust(0, 0), [Trigger(kind, ON)])
    assert problem.name == "credit-blocked"
    assert ja in problem.message.ja
    assert en in problem.message.en
    assert "2026-11-27" in problem.message.ja
    credit(ROWS, ON, trust(0, 0), [Trigger(kind, date(2026, 11, 28))])


def test_every_problem_is_told_at_once() -> None:
    """Triggers, the clock and the rows."""
    odd: Any = Trigger("rumour", ON)
    rows = [Credit("1", "P", "a", 0), Credit("1", "Q", "a", True), Credit("", " ", "", 1)]
    triggers = [Trigger("petition", date(2026, 1, 1)), odd]
    found = refused(rows, trust(0, 0, ON), triggers)
    assert [(p.name, p.column) for p in found] == [
        ("credit-blocked", ""),
        ("unknown-trigger", "kind"),
        ("due-before-credit", "due"),
        ("same-reference", "reference"),
        ("two-persons", "account"),
        ("bad-amount", "amount"),
        ("same-reference", "reference"),
        ("two-persons", "account"),
        ("bad-amount", "amount"),
        ("id-missing", "reference"),
        ("id-missing", "person"),
        ("id-missing", "account"),
    ]
    assert [p.name for p in refused([], trust(0, 0), [])] == ["nothing-to-pay"]


def test_figures_of_another_unit_and_sums_beyond_the_range_are_refused() -> None:
    """Yen, yen and a date."""
    with pytest.raises(UnitError, match="USD"):
        credit(ROWS, ON, Trust(constant(0, "USD"), constant(0, "JPY"), trust(0, 0).due), [])
    most = [Credit(str(n), "P", "a", 10**38 - 1) for n in range(2)]
    with pytest.raises(Refused, match=r"10\^38"):
        credit(most, ON, trust(0, 0), [])


@given(st.lists(st.integers(1, 10**9), min_size=1), st.integers(0, 10**10), st.integers(0, 10**10))
def test_what_is_credited_is_what_the_requirement_grows_by(
    amounts: list[int], required: int, principal: int
) -> None:
    """And earlier shortage plus top-up is all that the trust lacks after."""
    rows = [Credit(str(n), f"P{n % 3}", f"a{n % 3}", a) for n, a in enumerate(amounts)]
    made = credit(rows, ON, trust(required, principal), [])
    assert sum(made.accounts.values()) == sum(amounts) == made.credited_jpy.number()
    assert made.required_jpy.number() - required == sum(amounts)
    lacking = max(Fraction(0), made.required_jpy.number() - principal)
    assert made.earlier_jpy.number() + made.top_up_jpy.number() == lacking

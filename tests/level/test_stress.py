"""The plan under stress: what a loss leaves, in yen and for each customer."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonae.actions.demo.close import demo_books
from sonae.actions.fund.plan import plan_fund
from sonae.actions.fund.stress import Stress
from sonae.cli.main import run
from sonae.core.errors import UsageError
from sonae.core.figure import Figure, missing
from sonae.core.text import Text
from sonae.fund.stress import recovery_gap, whole_number
from sonae.report.fund_plan import plan_view

DRAFT, TARGET = "jp.proposal.custody-value", date(2023, 3, 31)
money = st.integers(-(10**12), 10**12)


def yen(amount: int) -> Figure:
    return Figure(Fraction(amount), "JPY", id=f"fact:a{amount}")


@given(money, money, money, money, st.integers(1, 10**7))
def test_the_gap_is_what_nothing_pays(
    loss: int, own: int, reserve: int, insurance: int, customers: int
) -> None:
    people = whole_number(customers, "given:customers", Text("利用者数", "customers"))
    found = recovery_gap(yen(loss), yen(own), yen(reserve), yen(insurance), people, "x")
    wanted = max(loss - max(own, 0) - reserve - insurance, 0)
    assert found["recovery_gap"].number() == wanted
    assert found["recovery_gap_per_customer"].number() == Fraction(wanted, customers)


def test_without_customers_the_gap_stands_and_its_share_does_not() -> None:
    nobody = missing("customers", Text("ない", "none"), "persons")
    found = recovery_gap(yen(5), yen(1), yen(1), yen(1), nobody, "x")
    assert found["recovery_gap"].number() == 2
    assert not found["recovery_gap_per_customer"].computable


def test_each_case_is_planned_month_by_month_to_its_own_need() -> None:
    document = plan_fund(
        demo_books("ftx-japan"), DRAFT, TARGET, 500_000_000, variant="5pct",
        stress=Stress(12_000_000_000, 100_000),
    )  # fmt: skip
    cases = {c["key"]: c for c in document["stress"]["cases"]}
    assert {"unchanged", "insurer-fails", "used", "rise-50", "rise-50-used"} <= set(cases)
    for case in cases.values():
        paid = sum(Fraction(m["contribution"]) for m in case["months"])
        assert paid >= Fraction(case["shortfall"]) > paid - len(case["months"])
    calm, dear = cases["unchanged"], cases["rise-50"]
    assert Fraction(dear["loss"]) == Fraction(calm["loss"]) * Fraction(3, 2)
    assert Fraction(cases["used"]["shortfall"]) == Fraction(calm["shortfall"]) + 500_000_000
    fails = cases["insurer-fails"]
    assert fails["recovery_gap"] == str(12_000_000_000 - 10_000_000_000 - 500_000_000)
    assert fails["recovery_gap_per_customer"] == "15000"
    assert calm["recovery_gap"] is None
    for lang in ("ja", "en"):
        plan_view(document, lang)  # type: ignore[arg-type]


def test_a_plan_without_stress_has_none() -> None:
    document = plan_fund(demo_books("ftx-japan"), DRAFT, TARGET, 0, variant="5pct")
    assert "stress" not in document
    with pytest.raises(UsageError):
        Stress(-1)
    with pytest.raises(UsageError):
        Stress(1, 0)


def test_the_command_shows_it(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [
        "fund",
        "plan",
        str(demo_books("ftx-japan")),
        "--assume",
        DRAFT,
        "--variant",
        "5pct",
    ]
    arguments += ["--target", "2023-03-31", "--stress", "--customers", "10", "--lang", "en"]
    assert run(arguments) == 0
    assert "Under stress" in capsys.readouterr().out

"""How a case is compared: by value, only what is expected, and never a gap with a nothing."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from sonae.core.errors import InputError
from sonae.core.figure import Figure
from sonae.core.formula import table
from sonae.core.text import same
from sonae.rulebook.cases import Case, read_cases, run_case, run_cases
from sonae.rulebook.rule import Rule, registered

from .ask import DAY

HOT = {"coins": {"X": {"customer_qty": "200", "hot_qty": "7", "price_jpy": "1"}}}


def run(expect: dict[str, Any], given: dict[str, Any] = HOT, rule: str = "jp.crypto.hot_limit"):
    return run_case(Case("T", rule, DAY, given, expect))


@pytest.mark.parametrize("wanted", ["0.035", "35e-3", "3.5E-2", "7/200", "0.0350"])
def test_numbers_are_compared_by_value_in_every_form(wanted: str) -> None:
    """The same number may be written as a decimal, with an exponent or as a quotient."""
    assert run({"ratio": wanted}).passed


@pytest.mark.parametrize("wanted", [0, "0.0351", None, True, "pass", "not_computable", "", {}, []])
def test_a_different_value_does_not_match(wanted: Any) -> None:
    """Nothing but the number itself stands for a number."""
    assert not run({"ratio": wanted}).passed


def test_only_keys_in_expect_are_compared() -> None:
    """A case may say less than the rule answers; an output that does not exist fails."""
    assert run({}).passed
    assert not run({"no_such_output": 0}).passed


@pytest.mark.parametrize("wanted", [None, 0, "0", "none", "", False])
def test_not_computable_is_matched_by_nothing_but_its_own_word(wanted: Any) -> None:
    """A gap is neither the code "none" nor zero nor false."""
    assert not run({"ratio": wanted, "ratio_test": wanted}, given={}).passed
    assert run({"ratio": "not_computable"}, given={}).passed


def test_null_is_the_code_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule that answers "none" is matched by null, and null by nothing else."""
    outputs = {
        "none": Figure(None, "code"),
        "code": Figure("full", "code"),
        "day": Figure(date(2026, 11, 20), "date"),
        "truth": Figure(True, "truth"),
        "rows": table({"A": Figure(None, "code")}),
    }
    real = registered()["jp.crypto.hot_limit"]
    fake = Rule(
        "test.none", same("test"), real.cites, (), lambda law, day: outputs, real.module, {}
    )
    monkeypatch.setitem(registered(), "test.none", fake)

    def passes(expect: dict[str, Any]) -> bool:
        return run(expect, {}, "test.none").passed

    assert passes({"none": None, "code": "full", "day": "2026-11-20", "truth": True})
    assert passes({"rows": {"A": None}})
    for wrong in ("none", "", 0, False, "not_computable"):
        assert not passes({"none": wrong})
    for key in ("code", "day", "truth"):
        assert not passes({key: None})
    assert not passes({"truth": 1})
    assert not passes({"truth": False})


def test_tables_are_compared_recursively() -> None:
    """Rows that are expected must be there and right; other rows are not compared."""
    given = {"coins": {"A": {"hot_qty": "1.5"}, "B": {"hot_qty": 2}}}
    rule = "jp.crypto.performance_guarantee"
    assert run({"required_qty": {"A": "15e-1"}}, given, rule).passed
    assert not run({"required_qty": {"C": 0}}, given, rule).passed
    assert not run({"required_qty": {"A": 1, "B": 2}}, given, rule).passed
    assert not run({"required_qty": "1.5"}, given, rule).passed


def test_given_names_that_the_rule_does_not_know_are_listed() -> None:
    """A misspelt fact must not look like a missing one."""
    given = {"coins": {"X": {"customer_quantity": 1}}, "coin": 1}
    assert set(run({}, given).unknown) == {"coin", "fact:coins.X.customer_quantity"}


def test_an_unknown_rule_or_unusable_fact_is_a_failed_case_and_not_a_crash() -> None:
    """One bad case must not hide the others."""
    assert not run({}, {}, "jp.crypto.no_such_rule").passed
    assert not run({"ratio": 0}, {"coins": {"X": {"hot_qty": "1,000"}}}).passed
    assert not run({"ratio": 0}, {"coins": [1]}).passed


def test_every_unreadable_line_of_a_cases_file_is_listed_at_once() -> None:
    """Lines are numbered; an empty line is none."""
    good = '{"id":"a","rule":"r","on":"2026-11-20","given":{},"expect":{}}'
    lines = [good, "", "{", '{"id":"b"}', good.replace("2026-11-20", "20 Nov"), "3"]
    with pytest.raises(InputError) as refused:
        read_cases(lines, "cases.jsonl")
    assert [problem.row for problem in refused.value.problems] == [3, 4, 5, 6]
    assert len(read_cases([good, ""], "cases.jsonl")) == 1


def test_decimals_in_a_case_are_never_floats() -> None:
    """0.1 in the file is one tenth."""
    line = (
        '{"id":"a","rule":"jp.crypto.hot_limit","on":"2026-11-20","given":{"coins":{"X":'
        '{"customer_qty":1,"hot_qty":0.1,"price_jpy":3}}},"expect":{"hot_total_jpy":0.3}}'
    )
    assert [r.differences for r in run_cases(read_cases([line], "cases.jsonl"))] == [()]


def test_cases_are_picked_by_glob() -> None:
    """`--rules` takes globs; a rule that none matches is not run."""
    cases = [Case(r, r, DAY, {}, {}) for r in ("jp.crypto.hot_limit", "jp.securities.x")]
    assert [r.case.id for r in run_cases(cases, ["jp.crypto.*"])] == ["jp.crypto.hot_limit"]

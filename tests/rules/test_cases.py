"""The shipped cases, one test per case, through the same door as a close."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest

from sonae.rulebook.cases import Case, run_case

from .ask import cases

FIRST = ("jp.crypto.*", "jp.securities.liability_reserve")
CASES = cases()


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_the_case_comes_out_as_worked_by_hand(case: Case) -> None:
    """Every expected value is met exactly, and no given name is unknown to the rule."""
    result = run_case(case)
    assert result.differences == ()
    assert result.unknown == ()


def test_no_case_of_custody_law_or_of_article_175_is_left_out() -> None:
    """Cases are picked by rule; a rule renamed or unregistered would silently run none."""
    picked = [case for case in CASES if any(fnmatchcase(case.rule, glob) for glob in FIRST)]
    assert len(picked) >= 25


def test_every_case_has_an_id_of_its_own_and_an_expectation() -> None:
    """A case that expects nothing passes whatever the rule says."""
    assert len({case.id for case in cases()}) == len(cases())
    assert [case.id for case in cases() if not case.expect] == []

"""The shared cases and those worked out here, one test per case, through the same door as a close.

Every case whose rule the rulebook has is run; a case of a rule that is not there yet waits.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from sonae.rulebook.cases import Case, read_cases, run_case
from sonae.rulebook.edition import Edition

from .ask import DAY

FILES = sorted(Path(__file__).parent.glob("cases*.jsonl"))
FIRST = ("jp.crypto.*", "jp.securities.liability_reserve")
EVERY = [c for f in FILES for c in read_cases(f.read_text("utf-8").splitlines(), f.name)]
MODELLED = {rule.id for rule in Edition(DAY).rules()}
CASES = [case for case in EVERY if case.rule in MODELLED]


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_the_case_comes_out_as_worked_by_hand(case: Case) -> None:
    """Every expected value is met exactly, and no given name is unknown to the rule."""
    result = run_case(case)
    assert result.differences == ()
    assert result.unknown == ()


def test_no_case_of_custody_law_or_of_article_175_is_left_out() -> None:
    """Cases are picked by rule; a rule renamed or unregistered would silently run none."""
    file = Path(__file__).with_name("cases.jsonl")
    shared = read_cases(file.read_text("utf-8").splitlines(), file.name)
    picked = [c for c in shared if any(fnmatchcase(c.rule, glob) for glob in FIRST)]
    assert len(picked) == 25
    assert {case.id for case in picked} <= {case.id for case in CASES}
    assert len({case.id for case in EVERY}) == len(EVERY)

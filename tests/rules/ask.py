"""One door to the rulebook for these tests: plain values in, plain values out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from functools import cache
from typing import Any

from sonae.core.figure import Figure, NotComputable
from sonae.rulebook.cases import Case, shipped_cases
from sonae.rulebook.draft import Draft
from sonae.rulebook.edition import Edition
from sonae.rulebook.rule import facts_from

DAY = date(2026, 11, 20)
"""A day on which every shipped parameter is in force and its text was read."""

GAP = "not_computable"


def ask(
    rule: str, given: Mapping[str, Any], on: date = DAY, drafts: tuple[Draft, ...] = ()
) -> dict[str, Figure]:
    """The outputs of a rule for given facts; a name that the rule does not know fails."""
    edition = Edition(on, drafts)
    facts, unknown = facts_from(given, edition.rule(rule))
    assert unknown == []
    return edition.evaluate(rule, facts)


def plain(figure: Figure) -> Any:
    """The value without its reasons; `GAP` where there is none."""
    if isinstance(figure.value, NotComputable):
        return GAP
    if isinstance(figure.value, Mapping):
        return {key: plain(row) for key, row in figure.value.items()}
    return figure.value


def answer(
    rule: str, given: Mapping[str, Any], on: date = DAY, drafts: tuple[Draft, ...] = ()
) -> dict[str, Any]:
    """The outputs of a rule as plain values."""
    return {key: plain(figure) for key, figure in ask(rule, given, on, drafts).items()}


def number(value: Any) -> Fraction:
    """The value, which must be an exact number."""
    assert type(value) is Fraction
    return value


@cache
def cases() -> tuple[Case, ...]:
    """Every case that the product ships: those shared with this project, and our own."""
    return tuple(shipped_cases())

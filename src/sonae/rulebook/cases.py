"""Cases: rule, day, given, expect. They run through the same door as a close."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fnmatch import fnmatchcase
from fractions import Fraction
from importlib import resources
from typing import Any

from sonae.core.canonical import number_text, parse_number
from sonae.core.errors import InputError, Problem, SonaeError
from sonae.core.figure import Figure, NotComputable, Range
from sonae.core.text import Text, same
from sonae.rulebook.draft import Draft
from sonae.rulebook.edition import Edition
from sonae.rulebook.rule import facts_from


@dataclass(frozen=True, slots=True)
class Case:
    """One line of a cases file."""

    id: str
    rule: str
    on: date
    given: Mapping[str, Any]
    expect: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Result:
    """How a case went: each difference in words, and given names the rule does not know."""

    case: Case
    differences: tuple[str, ...]
    unknown: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """True where every expected value came out."""
        return not self.differences


def read_cases(lines: Iterable[str], file: str) -> list[Case]:
    """Cases from JSON lines; every unreadable line is a problem of the file."""
    cases, problems = [], []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            raw = json.loads(line, parse_float=Decimal)
            on = date.fromisoformat(raw["on"])
            cases.append(Case(raw["id"], raw["rule"], on, raw["given"], raw["expect"]))
        except (ValueError, KeyError, TypeError) as error:
            message = Text(f"読めない行: {error}", f"not readable as a case: {error}")
            problems.append(Problem("unreadable-case", "cases", message, file, number))
    if problems:
        raise InputError(problems)
    return cases


def shipped_cases() -> list[Case]:
    """The cases that come with the rulebook."""
    text = resources.files("sonae.rulebook").joinpath("cases.jsonl").read_text("utf-8")
    return read_cases(text.splitlines(), "cases.jsonl")


def run_cases(
    cases: Sequence[Case], globs: Sequence[str] = ("*",), drafts: tuple[Draft, ...] = ()
) -> list[Result]:
    """Run the cases whose rule matches any glob."""
    picked = [c for c in cases if any(fnmatchcase(c.rule, g) for g in globs)]
    return [run_case(case, drafts) for case in picked]


def run_case(case: Case, drafts: tuple[Draft, ...] = ()) -> Result:
    """Run one case; only keys in `expect` are compared."""
    edition = Edition(case.on, drafts)
    try:
        facts, unknown = facts_from(case.given, edition.rule(case.rule))
        outputs = edition.evaluate(case.rule, facts)
    except SonaeError as error:
        return Result(case, (str(error),), ())
    differences: list[str] = []
    for key, wanted in case.expect.items():
        if key not in outputs:
            differences.append(f"{key}: no such output")
        else:
            differences += _differences(key, wanted, outputs[key])
    return Result(case, tuple(differences), tuple(unknown))


def _differences(path: str, wanted: Any, got: Figure) -> list[str]:
    if isinstance(wanted, Mapping):
        if not isinstance(got.value, Mapping):
            return [f"{path}: expected a table, got {show(got)}"]
        return [
            line
            for key, item in wanted.items()
            for line in (
                _differences(f"{path}.{key}", item, got.value[key])
                if key in got.value
                else [f"{path}.{key}: not in the table"]
            )
        ]
    if isinstance(wanted, list):
        if not isinstance(got.value, tuple) or len(wanted) != len(got.value):
            return [f"{path}: expected {len(wanted)} items, got {show(got)}"]
        pairs = enumerate(zip(wanted, got.value, strict=True))
        return [d for i, (w, g) in pairs for d in _differences(f"{path}[{i}]", w, g)]
    return [] if _equal(wanted, got) else [f"{path}: expected {wanted}, got {show(got)}"]


def _equal(wanted: Any, got: Figure) -> bool:
    value = got.value
    if isinstance(value, NotComputable):
        return bool(wanted == "not_computable")
    if wanted is None or isinstance(wanted, bool) or value is None or isinstance(value, bool):
        return wanted is value
    if isinstance(value, Fraction):
        try:
            return parse_number(str(wanted)) == value
        except ValueError:
            return False
    return show(got) == str(wanted)


def show(figure: Figure) -> str:
    """A figure's value in one line."""
    value = figure.value
    if isinstance(value, NotComputable):
        return f"not_computable ({value.reason().en})"
    if isinstance(value, Fraction):
        return number_text(value)
    if isinstance(value, Range):
        return f"{number_text(value.low)} to {number_text(value.high)}"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{k}: {show(v)}" for k, v in value.items()) + "}"
    if isinstance(value, tuple):
        return "[" + ", ".join(show(v) for v in value) + "]"
    return "none" if value is None else str(value)


__all__ = ["Case", "Result", "read_cases", "run_case", "run_cases", "same", "show"]

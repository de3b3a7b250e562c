"""Claims that were assigned: the holder on the register at the record date is paid."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sonae.claims.estate.plan import Plan
from sonae.core.errors import InputError, Problem
from sonae.core.text import Text

Key = tuple[str, str, str]
"""Claimant as filed, asset, rank."""
_RESTRICTED = Text(
    "{d}の登録は譲渡制限期間中のため認められない。記録日の名義人に支払う",
    "an assignment registered on {d} falls inside the restriction period; the holder stays",
)
_TWICE = Text(
    "{d}に二件の登録がある。先後を確かめて日を分ける",
    "two assignments are registered on {d}; establish which came first",
)


@dataclass(frozen=True, slots=True)
class Assignment:
    """One entry of the register: who holds a claim from a day on."""

    key: Key
    holder: str
    registered_on: date


def holders(plan: Plan, entries: Iterable[Assignment], file: str) -> dict[Key, str]:
    """The holder of each assigned claim at the record date; what came later does not count.

    Raises:
        InputError: entries inside the restriction period, or two on one day for one claim.
    """
    problems: list[Problem] = []
    found: dict[Key, Assignment] = {}
    for row, entry in enumerate(entries, 1):
        on = entry.registered_on
        inside = plan.restricted is not None and plan.restricted[0] <= on <= plan.restricted[1]
        if inside:
            text = _RESTRICTED.format(d=on.isoformat())
            problems.append(Problem("assignment-restricted", "assignments", text, file, row))
        elif on <= plan.record_on:
            last = found.get(entry.key)
            if last is not None and last.registered_on == on:
                text = _TWICE.format(d=on.isoformat())
                problems.append(Problem("repeated-key", "assignments", text, file, row))
            elif last is None or last.registered_on < on:
                found[entry.key] = entry
    if problems:
        raise InputError(problems)
    return {key: entry.holder for key, entry in sorted(found.items())}

"""Ranks and states of claims, what a state means, and the list and schedule of creditors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from sonae.rulebook.law.estate.proceedings import STATES

RANKS = ("customer", "cost", "preferential", "ordinary", "subordinated")
GENERAL = RANKS[1:]
"""The ranks of the general estate in order; customers' shortfall stands with the ordinary."""
FLAGS = ("unverified", "hold", "disputed", "related")
KNOWS_SELF_ACKNOWLEDGED = ("rehabilitation", "rehabilitation_trustee")


def held_back(proceeding: str, rank: str) -> tuple[str, ...]:
    """States whose share is reserved: not decided yet, or not known to take part.

    The rule is `estate.jp.claim_standing`: what is not known to take part there waits here.
    Self-acknowledged claims take part in civil rehabilitation (from memory). Nobody's property is
    forfeited for want of a filing: an unfiled claim on segregated assets is reserved. Costs of the
    proceeding need no filing and wait only where they are objected to.
    """
    if rank == "cost":
        return ("objected",)
    paid: tuple[str, ...] = ("admitted",)
    if proceeding in KNOWS_SELF_ACKNOWLEDGED:
        paid = (*paid, "self_acknowledged")
    return tuple(state for state in STATES if state not in paid)


def outside_general(proceeding: str, rank: str) -> tuple[str, ...]:
    """States that do not share in the general estate: in bankruptcy what was not filed."""
    return ("unfiled",) if proceeding == "bankruptcy" and rank != "cost" else ()


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of the list of creditors (債権者一覧表) and of the schedule of approval (認否書)."""

    claimant: str
    asset: str
    rank: str
    claimed: int
    admitted: int
    state: str

    @property
    def not_admitted(self) -> int:
        """The part that is not admitted, in base units."""
        return self.claimed - self.admitted


@dataclass
class Scheduled:
    """One rank and asset of the schedule: sums in base units, and claims by state."""

    claimed: int = 0
    admitted: int = 0
    not_admitted: int = 0
    states: Counter[str] = field(default_factory=Counter)


def schedule(lines: Iterable[Listed]) -> dict[tuple[str, str], Scheduled]:
    """By rank, in order, and asset: claimed, admitted, not admitted, how many in each state."""
    found: dict[tuple[str, str], Scheduled] = {}
    for line in sorted(lines, key=lambda one: (RANKS.index(one.rank), one.asset, one.claimant)):
        row = found.setdefault((line.rank, line.asset), Scheduled())
        row.claimed += line.claimed
        row.admitted += line.admitted
        row.not_admitted += line.not_admitted
        row.states[line.state] += 1
    return found

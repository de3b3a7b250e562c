"""Customers who may be one person: pairs for people to decide on, never merged here."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from sonae.claims.customer import Keys, Pair, Ref, compare
from sonae.claims.decision import pair_of

CROWD = 100
"""How many customers may share a look-alike key before their pairs are no longer listed."""
_NATURAL = (
    ("kana", "birth_date"),
    ("sound", "birth_date"),
    ("confusable", "birth_date"),
    ("payout_account",),
)
"""Keys of which one makes two natural persons candidates; two companies need the same name."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Two customers for a person to look at: what agrees, what differs, and a score per mille.

    The score orders the list and decides nothing; None where none was made.
    """

    pair: Pair
    agrees: tuple[str, ...]
    differs: tuple[str, ...]
    score: int | None = None

    @property
    def percent(self) -> str:
        """The score for people, `87.3%`; "" where there is none."""
        return "" if self.score is None else f"{self.score // 10}.{self.score % 10}%"


@dataclass(frozen=True, slots=True)
class Crowd:
    """A key that so many customers share that their pairs were not listed."""

    fields: tuple[str, ...]
    customers: int


def look_alikes(
    keys: Mapping[Ref, Keys],
    of: Mapping[Ref, str],
    settled: Collection[Pair],
    scores: Mapping[Pair, int],
) -> tuple[tuple[Candidate, ...], tuple[Crowd, ...]]:
    """One candidate for each two persons who look alike and were not decided on, best first.

    Two persons of several customers make many pairs; the one that agrees most stands for them.
    """
    crowds: list[Crowd] = []
    done = {_persons(pair, of) for pair in settled}
    best: dict[Pair, Candidate] = {}
    for pair in sorted({*_paired(keys, crowds), *scores}):
        persons = _persons(pair, of)
        if persons[0] != persons[1] and persons not in done:
            agrees, differs = compare(keys[pair[0]], keys[pair[1]])
            found = Candidate(pair, agrees, differs, scores.get(pair))
            if persons not in best or _rank(found) < _rank(best[persons]):
                best[persons] = found
    return tuple(sorted(best.values(), key=_rank)), tuple(crowds)


def _persons(pair: Pair, of: Mapping[Ref, str]) -> Pair:
    return pair_of((of[pair[0]], ""), (of[pair[1]], ""))


def _rank(candidate: Candidate) -> tuple[int, int, int, Pair]:
    score = -1 if candidate.score is None else candidate.score
    return -score, -len(candidate.agrees), len(candidate.differs), candidate.pair


def _paired(keys: Mapping[Ref, Keys], crowds: list[Crowd]) -> Iterator[Pair]:
    for nature, wanted in (("natural", _NATURAL), ("legal", (("name",),))):
        for fields in wanted:
            buckets: dict[tuple[str, ...], list[Ref]] = {}
            for ref, k in keys.items():
                values = tuple(str(getattr(k, field)) for field in fields)
                if k.nature == nature and all(values):
                    buckets.setdefault(values, []).append(ref)
            for refs in buckets.values():
                if len(refs) > CROWD:
                    crowds.append(Crowd(fields, len(refs)))
                    continue
                yield from (pair_of(a, b) for i, a in enumerate(refs) for b in refs[i + 1 :])

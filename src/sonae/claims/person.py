"""One person (名寄せ): which customers are one, by which rule or decision, and who may be.

Rules are exact and few (`rules`). Whatever is less than exact is a candidate that people decide
on; nothing is merged by a score. A person's id is a digest of its members: the order of rows
never changes it, a member who joins or leaves does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sonae.claims.alike import Candidate, Crowd, look_alikes
from sonae.claims.customer import Customer, Keys, Pair, Ref, keys_of
from sonae.claims.decision import Decision, Verdict, problem, verdicts
from sonae.claims.rules import RULES, Link, by_rule, fits
from sonae.core.canonical import digest
from sonae.core.errors import InputError, Problem
from sonae.core.text import Text

FORMAT = "sonae-person/1"
DECIDED, ALONE = "decided", "alone"


@dataclass(frozen=True, slots=True)
class Person:
    """One person, natural or legal, with every customer that they are and the links between."""

    id: str
    members: tuple[Ref, ...]
    links: tuple[Link, ...]

    def why(self, member: Ref) -> Link:
        """The strongest link of a member; `alone` where they are the only one."""
        mine = [link for link in self.links if member in link.members]
        return mine[0] if mine else Link(ALONE, (member,), ())


@dataclass(frozen=True, slots=True)
class People:
    """Every customer as one person, who may be one, and what people still have to do.

    `waiting` are pairs of which only one person said that they are the same; `overruled` pairs
    that a rule would join and two people keep apart; `unclear` customers whose kind and name
    contradict each other; `crowds` keys that too many share for their pairs to be listed.
    """

    persons: tuple[Person, ...]
    candidates: tuple[Candidate, ...]
    waiting: tuple[Pair, ...]
    overruled: tuple[Pair, ...]
    unclear: tuple[Ref, ...]
    crowds: tuple[Crowd, ...]

    def of(self) -> dict[Ref, str]:
        """The person of every customer."""
        return {ref: person.id for person in self.persons for ref in person.members}


def keyed(customers: Iterable[Customer], problems: list[Problem]) -> dict[Ref, Keys]:
    """Keys by customer; the same row twice is one customer, two different rows are a problem."""
    rows: dict[Ref, Customer] = {}
    for customer in customers:
        if rows.setdefault(customer.ref, customer) != customer:
            key = "/".join(customer.ref)
            problems.append(Problem("repeated-key", "customers", _TWICE, key=key))
    return {ref: keys_of(customer) for ref, customer in sorted(rows.items())}


def identify(
    keys: Mapping[Ref, Keys],
    decisions: Iterable[Decision] = (),
    scores: Mapping[Pair, int] | None = None,
) -> People:
    """Who is one person, by rule or by decision; the order of either makes no difference.

    `scores` per mille are further candidates; they order the list and merge nobody.

    Raises:
        InputError: with every decision that cannot stand.
    """
    problems: list[Problem] = []
    said = verdicts(decisions, keys, problems)
    apart = {p for p, v in said.items() if not v.same and v.settled}
    links = [*by_rule(keys.values(), apart), *_decided(said)]
    groups = _joined(keys, links)
    problems += _conflicts(said, groups)
    if problems:
        raise InputError(problems)
    persons = _persons(groups, links)
    of = {ref: person.id for person in persons for ref in person.members}
    settled = [pair for pair, verdict in said.items() if verdict.settled]
    candidates, crowds = look_alikes(keys, of, settled, scores or {})
    return People(
        persons,
        candidates,
        tuple(p for p, v in said.items() if v.same and not v.settled and of[p[0]] != of[p[1]]),
        tuple(p for p in sorted(apart) if any(fits(r, keys[p[0]], keys[p[1]]) for r in RULES)),
        tuple(ref for ref, k in sorted(keys.items()) if k.nature == "unclear"),
        crowds,
    )


def _decided(said: Mapping[Pair, Verdict]) -> list[Link]:
    return [Link(DECIDED, p, v.by) for p, v in said.items() if v.same and v.settled]


# -- groups ----------------------------------------------------------------------------------------


def _joined(refs: Iterable[Ref], links: Iterable[Link]) -> dict[Ref, tuple[Ref, ...]]:
    """The members that each customer is one with, itself included."""
    top = {ref: ref for ref in refs}

    def root(ref: Ref) -> Ref:
        while top[ref] != ref:
            top[ref] = top[top[ref]]
            ref = top[ref]
        return ref

    for link in links:
        for member in link.members[1:]:
            a, b = sorted((root(link.members[0]), root(member)))
            top[b] = a
    groups: dict[Ref, list[Ref]] = {}
    for ref in sorted(top):
        groups.setdefault(root(ref), []).append(ref)
    return {ref: whole for group in groups.values() for whole in [tuple(group)] for ref in group}


def _conflicts(
    said: Mapping[Pair, Verdict], groups: Mapping[Ref, tuple[Ref, ...]]
) -> list[Problem]:
    """Pairs that somebody keeps apart although other links make them one."""
    return [
        problem(_TIED, pair)
        for pair, verdict in said.items()
        if not verdict.same and pair[1] in groups[pair[0]]
    ]


def _persons(groups: Mapping[Ref, tuple[Ref, ...]], links: Iterable[Link]) -> tuple[Person, ...]:
    """Each group once, with its links in order of strength."""
    mine: dict[tuple[Ref, ...], list[Link]] = {group: [] for group in groups.values()}
    for link in links:
        mine[groups[link.members[0]]].append(link)
    return tuple(
        Person(_id(group), group, tuple(sorted(found, key=_strength)))
        for group, found in sorted(mine.items())
    )


def _id(members: Sequence[Ref]) -> str:
    return digest([FORMAT, *members])[:32]


def _strength(link: Link) -> tuple[int, tuple[Ref, ...]]:
    ids = [rule.id for rule in RULES]
    return ids.index(link.rule) if link.rule in ids else len(ids), link.members


_TWICE = Text(
    "同じブランドの同じ顧客番号に内容の違う行がある。正しい一行だけにする",
    "two different rows for one customer id of one brand; keep the right one",
)
_TIED = Text(
    "別人とされたが、規則かほかの判断で一人につながる。つながる組のすべてを二人が別人とするか、取り消す",
    "kept apart, yet rules or other decisions make them one: two people keep every pair that ties "
    "them apart, or this is withdrawn",
)

"""What people say of two customers: it takes two people to make them one, one to stop it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sonae.claims.customer import Keys, Pair, Ref
from sonae.claims.names import wide
from sonae.core.canonical import digest
from sonae.core.errors import Problem
from sonae.core.text import Text

FORMAT = "sonae-decided-pair/1"
NEEDED = 2
"""How many different people a decision takes: one who makes it and one who checks it."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One person's word on whether two customers are one person; `row` is where it was read.

    `seen` is the digest (`seen`) of the two records that the person looked at, "" where it was not
    kept: what was decided of other records says nothing of these.
    """

    pair: Pair
    same: bool
    by: str
    at: str
    reason: str
    seen: str = ""
    row: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """All that people said of one pair, all of them the same."""

    pair: Pair
    same: bool
    by: tuple[str, ...]

    @property
    def settled(self) -> bool:
        """Whether enough different people said it."""
        return len(self.by) >= NEEDED


def pair_of(a: Ref, b: Ref) -> Pair:
    """Two customers as one pair, whichever is named first."""
    return (a, b) if a <= b else (b, a)


def seen(a: Keys, b: Keys) -> str:
    """A digest of who two records say that they are, not of where they live or how to reach them.

    It changes when a name, a reading, a birth date or a kind does.
    """
    said = [[k.ref, k.nature, k.name, k.kana, k.birth_date] for k in sorted((a, b), key=_ref)]
    return digest([FORMAT, *said])[:16]


def _ref(keys: Keys) -> Ref:
    return keys.ref


def verdicts(
    decisions: Iterable[Decision], keys: Mapping[Ref, Keys], problems: list[Problem]
) -> dict[Pair, Verdict]:
    """What was said of each pair; what cannot be used or contradicts itself is a problem."""
    said: dict[Pair, list[Decision]] = {}
    for decision in decisions:
        fault = _fault(decision, keys)
        if fault is not None:
            problems.append(problem(fault, decision.pair, decision.row))
        else:
            said.setdefault(pair_of(*decision.pair), []).append(decision)
    found = {}
    for pair, words in sorted(said.items()):
        if len({d.same for d in words}) > 1:
            problems.append(problem(_DISAGREE, pair, max(d.row or 0 for d in words) or None))
        people = {person_key(d.by): d.by for d in sorted(words, key=lambda d: d.by)}
        found[pair] = Verdict(pair, all(d.same for d in words), tuple(sorted(people.values())))
    return found


def person_key(by: str) -> str:
    """A person's name or id, so that one person is not two by a space or a capital letter."""
    return "".join(wide(by).casefold().split())


def _fault(decision: Decision, keys: Mapping[Ref, Keys]) -> Text | None:
    if not all(w.strip() for w in (decision.by, decision.at, decision.reason)):
        return _INCOMPLETE
    if decision.pair[0] == decision.pair[1]:
        return _ITSELF
    if any(ref not in keys for ref in decision.pair):
        return _UNKNOWN
    a, b = (keys[ref] for ref in decision.pair)
    if decision.seen and decision.seen != seen(a, b):
        return _OUTDATED
    natures = {a.nature, b.nature}
    if decision.same and "unclear" in natures:
        return _UNCLEAR
    return _LEGAL if decision.same and len(natures) > 1 else None


def problem(text: Text, pair: Pair, row: int | None = None) -> Problem:
    """A problem with what people decided of a pair."""
    key = " = ".join("/".join(ref) for ref in pair)
    return Problem("bad-decision", "decisions", text, "decisions", row, key)


_INCOMPLETE = Text(
    "誰が（by）、いつ（at）、なぜ（reason）をすべて記入する", "fill in by, at and reason"
)
_ITSELF = Text("同じ顧客を二度挙げている", "the pair names one customer twice")
_UNKNOWN = Text("どの customers にもない顧客", "a customer who is in no customers table")
_OUTDATED = Text(
    "判断の後に氏名・カナ・生年月日・種別のどれかが変わった。見直して、新しい一覧に記入する",
    "a name, reading, birth date or kind changed since; look again and fill in the new list",
)
_UNCLEAR = Text(
    "種別と名前が合わず、個人か法人か分からない。先に customers の kind か name を正す",
    "kind and name do not agree on person or company; correct them in customers first",
)
_LEGAL = Text(
    "法人と個人は一人にできない。判断を取り消す",
    "a company and a person are never one; withdraw the decision",
)
_DISAGREE = Text(
    "同一という判断と別人という判断がある。話し合い、どちらかを取り消す",
    "one says the same and one says different; agree and withdraw one",
)

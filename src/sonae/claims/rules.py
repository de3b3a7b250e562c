"""The exact rules by which customers are one person without anybody's decision.

No provision names these fields: they are house rules, few and each with its reason. One customer
id at one brand is one customer before any rule; what the rules add is across accounts and brands.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sonae.claims.customer import Keys, Pair, Ref
from sonae.core.text import Text


@dataclass(frozen=True, slots=True)
class Rule:
    """An exact rule: the fields that must all be given and equal, and why that is enough."""

    id: str
    fields: tuple[str, ...]
    why: Text


_NAMED = ("name", "kana", "birth_date")
RULES = (
    Rule(
        "same-payout-account",
        (*_NAMED, "payout_account"),
        Text(
            "銀行も口座の名義人を確かめている", "the bank has identified the holder of the account"
        ),
    ),
    Rule(
        "same-phone",
        (*_NAMED, "phone"),
        Text(
            "氏名・カナ・生年月日に加え電話番号まで同じ別人は考えにくい",
            "two people of one name, reading and birth date do not share a phone number",
        ),
    ),
    Rule(
        "same-address",
        (*_NAMED, "address"),
        Text(
            "氏名・カナ・生年月日に加え住所まで同じ別人は考えにくい",
            "two people of one name, reading and birth date do not share an address",
        ),
    ),
)
"""In order of strength; the first that links a member is the one shown. Natural persons only."""


@dataclass(frozen=True, slots=True)
class Link:
    """Why these customers are one: a rule and its fields, or `decided` and who decided."""

    rule: str
    members: tuple[Ref, ...]
    evidence: tuple[str, ...]


def _values(rule: Rule, keys: Keys) -> tuple[str, ...] | None:
    """What a customer must share with another; None where a field is missing or it is no person."""
    values = tuple(_address(keys) if f == "address" else getattr(keys, f) for f in rule.fields)
    return values if all(values) and keys.nature == "natural" else None


def _address(keys: Keys) -> str:
    """An address that names a house; a town or a ward alone is shared by too many."""
    return keys.place if any(c.isdecimal() for c in keys.place) else ""


def fits(rule: Rule, a: Keys, b: Keys) -> bool:
    """Whether a rule makes two customers one."""
    left, right = _values(rule, a), _values(rule, b)
    return left is not None and left == right


def by_rule(keys: Iterable[Keys], apart: set[Pair]) -> list[Link]:
    """A link for each set that a rule finds equal; pair by pair where people keep some apart."""
    every, links = list(keys), []
    named = {ref for pair in apart for ref in pair}
    for rule in RULES:
        buckets: dict[tuple[str, ...], list[Keys]] = {}
        for k in every:
            if (values := _values(rule, k)) is not None:
                buckets.setdefault(values, []).append(k)
        for bucket in buckets.values():
            for group in _by_prefecture(bucket) if "address" in rule.fields else [bucket]:
                links += _linked(rule, [k.ref for k in group], apart, named)
    return links


def _by_prefecture(bucket: Sequence[Keys]) -> list[list[Keys]]:
    """One address where at most one prefecture is named; else those that name the same one."""
    named = {k.prefecture for k in bucket} - {""}
    if len(named) <= 1:
        return [list(bucket)]
    return [[k for k in bucket if k.prefecture == name] for name in sorted(named)]


def _linked(rule: Rule, members: list[Ref], apart: set[Pair], named: set[Ref]) -> list[Link]:
    members = sorted(members)
    if len(members) < 2:
        return []
    if not named.intersection(members):
        return [Link(rule.id, tuple(members), rule.fields)]
    pairs = [(a, b) for i, a in enumerate(members) for b in members[i + 1 :]]
    return [Link(rule.id, pair, rule.fields) for pair in pairs if pair not in apart]

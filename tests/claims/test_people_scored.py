"""Candidates of a noisy register, measured: who is found, who is not, and that nobody is merged."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from sonae.claims.candidates import MOST, scored
from sonae.claims.person import People, identify, keyed

from .crowd import NOISES, draw, noise_of

pytest.importorskip("splink")
EACH = 60
CUSTOMERS, TRUTH = draw(people=2000, duplicates=EACH * len(NOISES), seed=7)


@pytest.fixture(scope="module")
def people() -> People:
    keys = keyed(CUSTOMERS, [])
    return identify(keys, scores=scored(list(keys.values())))


def test_nobody_is_merged_who_is_not_one_person(people: People) -> None:
    """Twins, namesakes and companies of one name included; what joins is a rule, never a score."""
    for person in people.persons:
        assert len({TRUTH[ref] for ref in person.members}) == 1
        assert len(person.members) == 1 or person.links
    assert {link.rule for p in people.persons for link in p.links} <= {
        "same-payout-account",
        "same-phone",
        "same-address",
    }


def test_what_differs_in_writing_only_is_one_person_without_asking(people: People) -> None:
    """Old kanji, hiragana, other dates and addresses, trade names: all by rule."""
    of = people.of()
    for noise in ("writing", "trade"):
        refs = [r for r in TRUTH if r[0] == "B" and noise_of(r) == noise]
        assert [r for r in refs if of[r] != of["A", f"P{TRUTH[r]}"]] == []


def test_every_kind_of_noise_is_found_for_a_person_to_look_at(people: People) -> None:
    """All of them where one thing changed; where a birth date became no date, some are not."""
    of = people.of()
    listed = {frozenset(of[ref] for ref in c.pair) for c in people.candidates}
    found: Counter[str] = Counter()
    for ref, number in TRUTH.items():
        if ref[0] == "B":
            pair = frozenset({of[ref], of["A", f"P{number}"]})
            found[noise_of(ref)] += len(pair) == 1 or pair in listed
    print(dict(found), "of", EACH, "each;", len(people.candidates), "candidates")
    least = dict.fromkeys(NOISES, EACH) | {"moved-birth-typo": EACH * 8 // 10}
    assert {n: found[n] for n in NOISES if found[n] < least[n]} == {}
    assert len(people.candidates) < 1.5 * EACH * len(NOISES)


def test_scores_are_the_same_in_any_order_and_never_certain() -> None:
    """A score depends on its two customers alone, so half of a register gives the same ones."""
    few = CUSTOMERS[:600]
    first = scored(list(keyed(few, []).values()))
    random.Random(1).shuffle(few)
    assert scored(list(keyed(few, []).values())) == first
    part = scored(list(keyed(few[:300], []).values()))
    assert part.items() <= first.items()
    assert part
    assert max(first.values()) <= MOST
    assert scored([]) == {}

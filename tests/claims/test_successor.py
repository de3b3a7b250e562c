"""Accounts handed over: equal to the unit on both sides, nobody without a basis, nobody lost."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonae.claims.rails.successor import Consent, Line, Move, Row, Succession, handover
from sonae.core.errors import InputError, Refused

AGREED, DEED = Consent(date(2025, 3, 8)), Succession("0123456789abcdef" * 4)


def refused(rows: list[Row], moves: list[Move]) -> list[tuple[str, str, int | None]]:
    with pytest.raises(InputError) as error:
        handover(rows, moves)
    assert all(p.message.ja and p.message.en for p in error.value.problems)
    return [(p.name, p.column, p.row) for p in error.value.problems]


def test_accounts_go_to_their_targets_and_those_without_one_are_listed() -> None:
    """Two accounts of one person go to one target; a mapped account may hold nothing."""
    rows = [Row("a", "BTC", 5), Row("b", "BTC", 7), Row("b", "JPY", 100), Row("c", "BTC", 11)]
    rows.append(Row("a", "BTC", 1))
    moves = [Move("b", "P", "T", DEED), Move("a", "P", "T", AGREED), Move("z", "Q", "U", DEED)]
    made = handover(rows, moves)
    assert made.lines == (
        Line("a", "T", "BTC", 6),
        Line("b", "T", "BTC", 7),
        Line("b", "T", "JPY", 100),
    )
    assert made.targets == {("T", "BTC"): 13, ("T", "JPY"): 100}
    assert made.unmapped == (Row("c", "BTC", 11),)
    assert made.empty == ("z",)
    assert made.given == {"BTC": 24, "JPY": 100}
    assert made.sent == made.received == {"BTC": 13, "JPY": 100}
    assert made.left == {"BTC": 11}


def test_the_document_tells_the_basis_of_each_account_and_nothing_of_those_that_stay() -> None:
    """The other exchange reads amounts as text and can add them up."""
    moves = [Move("b", "P", "T", DEED), Move("a", "Q", "U", AGREED)]
    made = handover([Row("a", "BTC", 5), Row("b", "BTC", 7), Row("secret", "BTC", 1)], moves)
    document = json.loads(made.content)
    assert made.sha256 == sha256(made.content).hexdigest()
    assert document["accounts"] == [
        {"account": "a", "target": "U", "consent_on": "2025-03-08"},
        {"account": "b", "target": "T", "document": DEED.document},
    ]
    assert document["sums"] == {"BTC": "12"}
    assert sum(int(line["amount"]) for line in document["lines"]) == 12
    assert b"secret" not in made.content


def test_a_target_takes_accounts_of_one_person_only() -> None:
    """Otherwise one customer would get what is another's."""
    moves = [Move("a", "P", "T", DEED), Move("b", "Q", "T", DEED)]
    assert refused([Row("a", "BTC", 1)], moves) == [
        ("shared-target", "target", 1),
        ("shared-target", "target", 2),
    ]


def test_an_account_has_one_target() -> None:
    """Even a row given twice is refused: it may have been meant for another account."""
    for target in ("T", "U"):
        moves = [Move("a", "P", "T", DEED), Move("a", "P", target, DEED)]
        assert refused([Row("a", "BTC", 1)], moves) == [
            ("two-targets", "account", 1),
            ("two-targets", "account", 2),
        ]


@pytest.mark.parametrize(
    "basis",
    [
        None,
        Consent(None),  # type: ignore[arg-type]
        Consent(datetime(2025, 3, 8, tzinfo=UTC)),
        Succession(""),
        Succession("the deed"),
        Succession(DEED.document.upper()),
        "yes",
    ],
)
def test_no_account_goes_without_a_consent_or_a_document(basis: Any) -> None:
    """A basis is a day, or the digest of a document; a word is none."""
    found = refused([Row("a", "BTC", 1)], [Move("a", "P", "T", basis)])
    assert found == [("basis-missing", "basis", 1)]


def test_every_problem_is_told_at_once() -> None:
    """Rows and mapping together."""
    rows = [Row("", "BTC", 1), Row("a", "", -1), Row("b", "BTC", True)]
    assert refused(rows, [Move(" ", "", "", None)]) == [
        ("id-missing", "account", 1),
        ("id-missing", "asset", 2),
        ("bad-amount", "amount", 2),
        ("bad-amount", "amount", 3),
        ("id-missing", "account", 1),
        ("id-missing", "person", 1),
        ("id-missing", "target", 1),
        ("basis-missing", "basis", 1),
    ]
    assert refused([], []) == [("nothing-to-hand-over", "", None)]


def test_a_sum_beyond_the_exact_range_is_refused() -> None:
    """As every sum of an asset."""
    with pytest.raises(Refused, match=r"10\^38"):
        handover([Row("a", "X", 10**38 - 1), Row("b", "X", 1)], [])


_ROWS = st.lists(
    st.builds(Row, st.sampled_from("abcde"), st.sampled_from(["BTC", "JPY"]), st.integers(0, 99)),
    min_size=1,
)
_MOVES = st.dictionaries(st.sampled_from("abcdef"), st.sampled_from("PQ"))


@given(_ROWS, _MOVES, st.randoms(use_true_random=False))
def test_both_sides_are_equal_to_the_unit(
    rows: list[Row], owners: dict[str, str], random: Any
) -> None:
    """For every asset: given = sent + left, sent = received; order never matters."""
    moves = [Move(a, p, f"T{p}", DEED) for a, p in owners.items()]
    made = handover(rows, moves)
    assert Counter(made.sent) + Counter(made.left) == +Counter(made.given)
    assert made.sent == made.received
    assert {line.account for line in made.lines} <= set(owners)
    assert {row.account for row in made.unmapped} == {r.account for r in rows} - set(owners)
    for line in made.lines:
        assert line.amount == sum(
            r.amount for r in rows if (r.account, r.asset) == (line.account, line.asset)
        )
    mixed = [*rows]
    random.shuffle(mixed)
    assert handover(mixed, moves[::-1]) == made

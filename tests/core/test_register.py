"""The register: every figure opened down to its inputs, as plain values, each under one id."""

from __future__ import annotations

import json
from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonae.core.canonical import canonical_bytes, parse_number
from sonae.core.citation import Citation
from sonae.core.figure import Figure, Range, Source, missing
from sonae.core.formula import table, total
from sonae.core.register import Register, plain
from sonae.core.text import Text, same

ACT = Citation(same("Act"), same("1"))
QUOTED = Citation(same("Act"), same("1"), says="語")


def fact(name: str, value: Any = Fraction(1), unit: str = "JPY", **more: Any) -> Figure:
    return Figure(value, unit, id=f"fact:{name}", **more)


def test_a_figure_is_entered_after_everything_below_it_has_an_id() -> None:
    """Named figures keep their ids; the others are numbered under what they make."""
    inner = fact("a") + fact("b")
    answer = (inner * 2).named("rule#answer", Text("答", "answer"), (ACT,))
    register = Register()
    assert register.add(answer) == "rule#answer"
    assert set(register.figures) == {
        "rule#answer",
        "rule#answer~1",
        "rule#answer~2",
        "fact:a",
        "fact:b",
    }
    entry = register.figures["rule#answer"]
    assert entry["from"] == ["rule#answer~1", "rule#answer~2"]
    assert register.figures["rule#answer~1"]["from"] == ["fact:a", "fact:b"]
    assert entry["formula"] == "(a + b) × 2"
    assert entry["value"] == "4"
    assert entry["cites"] == ["Act1"]
    assert list(register.citations) == ["Act1"]


@pytest.mark.parametrize(
    ("value", "unit", "kind", "shown"),
    [
        (Fraction(1, 3), "JPY", "number", "1/3"),
        (Fraction(-5, 2), "JPY", "number", "-2.5"),
        (date(2026, 11, 20), "date", "date", "2026-11-20"),
        (True, "truth", "truth", True),
        ("pass", "code", "code", "pass"),
        (None, "code", "code", None),
        (Range(Fraction(1), Fraction(5, 2)), "JPY", "range", {"low": "1", "high": "2.5"}),
    ],
)
def test_values_are_shown_exactly_and_by_kind(value: Any, unit: str, kind: str, shown: Any) -> None:
    """A number is text, never a JSON float; a truth is a truth."""
    register = Register()
    register.add(fact("x", value, unit))
    entry = register.figures["fact:x"]
    assert (entry["kind"], entry["value"], entry["unit"]) == (kind, shown, unit)
    assert plain(value) == shown
    assert canonical_bytes(entry)


def test_tables_point_at_their_rows() -> None:
    """A table is ids: rows by key, items by number; each can be opened by itself."""
    rows = table({"A": Figure(Fraction(1), "JPY"), "B": fact("b")}).named("rule#rows")
    listed = Figure(tuple(rows.value.values()), "table", id="rule#list")  # type: ignore[union-attr]
    register = Register()
    register.add_all([rows, listed])
    assert register.figures["rule#rows"]["value"] == {"A": "rule#rows~1", "B": "fact:b"}
    assert register.figures["rule#list"]["value"] == ["rule#rows~1", "fact:b"]
    assert register.figures["rule#rows~1"]["value"] == "1"


def test_a_gap_is_shown_with_its_reason_and_what_is_missing() -> None:
    """No value, and never a zero in its place."""
    register = Register()
    gap = (fact("a") + missing("b", Text("bがない", "no b"), "JPY")).named("rule#x")
    register.add(gap)
    entry = register.figures["rule#x"]
    assert (entry["kind"], entry["value"]) == ("not_computable", None)
    assert entry["reason"] == {"ja": "bがない", "en": "no b"}
    assert entry["missing"] == ["b"]
    assert "reason" not in register.figures["fact:a"]


def test_a_fact_shows_where_it_was_read() -> None:
    """Table, filter, rows and digest: drill-down ends there, without personal data."""
    register = Register()
    register.add(fact("x", source=Source("balances", "asset = BTC", 3, "d" * 64)))
    assert register.figures["fact:x"]["source"] == {
        "table": "balances",
        "filter": "asset = BTC",
        "rows": 3,
        "digest": "d" * 64,
    }


def test_a_figure_without_an_id_is_not_registered_by_itself() -> None:
    """What leaves the product has a name."""
    with pytest.raises(ValueError, match="without an id"):
        Register().add(fact("a") + fact("b"))


def test_two_different_figures_under_one_id_are_refused() -> None:
    """One of them would show the other's reasons."""
    register = Register()
    register.add(fact("x"))
    register.add(fact("x"))
    with pytest.raises(AssertionError, match="fact:x"):
        register.add(fact("x", Fraction(2)))


@pytest.mark.parametrize("order", [(ACT, QUOTED), (QUOTED, ACT)])
def test_a_citation_keeps_its_quoted_words_whichever_comes_first(order: Any) -> None:
    """The words of the law must not be lost to a shorter citation of the same place."""
    register = Register()
    assert {register.cite(c) for c in order} == {"Act1"}
    assert register.citations["Act1"]["says"] == "語"


def test_a_figure_named_twice_keeps_both_names_in_the_tree() -> None:
    """`rule#limit` made from a fact still leads to the fact."""
    twice = fact("a").named("rule#x")
    register = Register()
    register.add(twice)
    assert register.figures["rule#x"]["from"] == ["fact:a"]
    assert fact("a").named("fact:a").id == "fact:a"


@settings(deadline=None)
@given(st.lists(st.fractions(), min_size=1, max_size=6))
def test_a_register_can_be_recomputed_from_itself(values: list[Fraction]) -> None:
    """Every sum in it equals the sum of the entries it names: the document is its own proof."""
    register = Register()
    register.add(total([fact(f"f{n}", v) for n, v in enumerate(values)], "JPY").named("r#sum"))
    entries = json.loads(json.dumps(register.figures))
    parts = [parse_number(entries[id]["value"]) for id in entries["r#sum"]["from"]]
    assert sum(parts) == parse_number(entries["r#sum"]["value"]) == sum(values)

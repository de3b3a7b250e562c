"""Texts, citations, findings and errors: what is said, in both languages."""

from __future__ import annotations

from datetime import date

import pytest

from sonae.core import errors
from sonae.core.citation import Citation
from sonae.core.errors import InputError, Problem, SonaeError
from sonae.core.finding import IMMEDIATELY, SEVERITIES, Finding, sort_key
from sonae.core.text import LANGS, Text, same
from sonae.rulebook.parameter import provision_text

ACT = Citation(Text("法", "Act"), provision_text("63-11-2(1)"), says="語", source="s")


def test_a_text_fills_a_text_in_its_own_language() -> None:
    """A name inside a sentence is in the language of the sentence."""
    text = Text("{a}は{n}", "{a} is {n}").format(a=Text("残高", "balance"), n=5)
    assert [text.lang(lang) for lang in LANGS] == ["残高は5", "balance is 5"]
    assert text.as_json() == {"ja": "残高は5", "en": "balance is 5"}


def test_what_is_filled_in_is_not_a_template_itself() -> None:
    """An asset called {n} stays an asset called {n}."""
    assert Text("{a}", "{a}").format(a="{n}", n=1) == same("{n}")


def test_a_place_that_is_not_filled_is_an_error_and_not_a_brace_on_a_page() -> None:
    """A report must never show `{q}`."""
    with pytest.raises(KeyError):
        Text("{a}", "{a}").format(b=1)


@pytest.mark.parametrize(
    ("reference", "ja"),
    [
        ("27(2)", "第27条第2項"),
        ("63-11-2(1)", "第63条の11の2第1項"),
        ("26(1)(vi)", "第26条第1項第6号"),
        ("26(1)(xiv)", "第26条第1項第14号"),
        ("9(1)(ix)", "第9条第1項第9号"),
        ("143-2", "第143条の2"),
        ("II-2-2-3-2", " II-2-2-3-2"),
    ],
)
def test_a_provision_is_cited_as_its_own_statute_cites_it(reference: str, ja: str) -> None:
    """Article, branch, paragraph, item: 条, の, 項, 号; a guideline keeps its own numbering."""
    assert provision_text(reference).ja == ja


def test_a_citation_says_what_nobody_has_checked_yet() -> None:
    """Day and name stay empty until a person compared text and value."""
    assert ACT.text() == Text("法第63条の11の2第1項", "Act, Art. 63-11-2(1)")
    assert ACT.as_json() == {
        "instrument": {"ja": "法", "en": "Act"},
        "provision": {"ja": "第63条の11の2第1項", "en": "Art. 63-11-2(1)"},
        "says": "語",
        "source": "s",
        "checked": None,
        "checked_by": "",
    }


@pytest.mark.parametrize(
    ("due", "shown"),
    [
        (None, None),
        (date(2026, 11, 24), "2026-11-24"),
        (IMMEDIATELY, {"ja": "直ちに", "en": "immediately"}),
    ],
)
def test_a_clock_is_a_day_words_or_nothing(due: object, shown: object) -> None:
    """直ちに is not turned into a number of days."""
    finding = Finding("f", "breach", same("m"), "BTC", ACT, due)  # type: ignore[arg-type]
    assert finding.as_json()["due"] == shown


def test_findings_stand_breaches_first_then_by_name_and_subject() -> None:
    """What must be acted on first is read first."""
    made = [Finding(n, s, same("m"), x) for n in "ba" for s in SEVERITIES for x in ("2", "1")]
    order = [(f.severity, f.name, f.subject) for f in sorted(made, key=sort_key)]
    assert order == [(s, n, x) for s in SEVERITIES for n in "ab" for x in "12"]


def test_every_error_of_ours_is_a_sonae_error() -> None:
    """Callers catch one root; exit code 3 hangs on it."""
    own = [e for e in vars(errors).values() if isinstance(e, type) and issubclass(e, Exception)]
    assert len(own) >= 6
    assert all(issubclass(e, SonaeError) for e in own)


def test_the_tree_of_errors_shows_every_error() -> None:
    """The docstring is the list that a caller reads."""
    own = [n for n, e in vars(errors).items() if isinstance(e, type) and issubclass(e, Exception)]
    assert [name for name in own if name not in (errors.__doc__ or "")] == []


def test_an_input_error_counts_everything_and_names_the_first_places() -> None:
    """Everything found is in `problems`; the message stays one line."""
    problems = [Problem("p", "t", same(f"m{n}"), "f.csv", n, column="c") for n in range(1, 6)]
    error = InputError(problems)
    assert error.problems == tuple(problems)
    assert str(error) == (
        "5 problem(s): f.csv row 1 column c: m1; f.csv row 2 column c: m2; f.csv row 3 column c: m3"
    )


@pytest.mark.parametrize(
    ("problem", "place"),
    [
        (Problem("p", "balances", same("m")), "balances"),
        (Problem("p", "balances", same("m"), "b.csv", 0), "b.csv row 0"),
        (Problem("p", "venue", same("m"), "venue.toml", key="house.x"), "venue.toml key house.x"),
        (Problem("p", "b", same("m"), "b.csv", 3, "A|B", "q"), "b.csv row 3 key A|B column q"),
    ],
)
def test_a_problem_says_its_place_as_far_as_it_is_known(problem: Problem, place: str) -> None:
    """File, row, key, column; a person can go there."""
    assert problem.place() == place
    assert problem.as_json()["message"] == {"ja": "m", "en": "m"}

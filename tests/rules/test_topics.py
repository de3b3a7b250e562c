"""A topic of law that contradicts itself, or leaves something out, is refused when it is loaded."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from sonae.core.errors import RulebookError, UsageError
from sonae.rulebook.edition import Edition, topics
from sonae.rulebook.parameter import load_topic

HEAD = """
[topic]
id = "x.topic"
title = { ja = "題", en = "topic" }
read = 2026-06-01

[instrument.act]
name = { ja = "法", en = "Act" }
number = "1"
source = "https://example.org/act"

[parameter.share]
title = { ja = "割合", en = "share" }
unit = "ratio"
"""
VALUE = """
[[parameter.share.value]]
from = 2020-05-01
value = "5/100"
says = "百分の五"
cites = "act 1(2)"
status = "in_force"
confidence = "verified"
"""
LATER = VALUE.replace("2020-05-01", "2022-05-01").replace("5/100", "6/100")
QUOTE = '\n[[quote]]\ncites = "act 3"\nsays = "語"\n'
LEFT_OUT = """
[[unmodelled]]
provision = "act 4"
reason = { ja = "理由", en = "reason" }
"""


def test_a_topic_in_order_is_loaded_with_its_values_quotes_and_gaps() -> None:
    """The other tests of this file spoil this one topic in one place each."""
    topic = load_topic(HEAD + VALUE + LATER + QUOTE + LEFT_OUT, "x.toml")
    share = topic.parameters["share"]
    assert share.figure(date(2022, 4, 30)).value == Fraction(5, 100)
    assert share.figure(date(2022, 5, 1)).value == Fraction(6, 100)
    assert topic.cite("act 3").says == "語"
    assert topic.cite("act 5(1)").provision.ja == "第5条第1項"
    assert topic.unmodelled[0].reason.ja == "理由"


def refused(text: str) -> str:
    """The message of the refusal, which names the file."""
    with pytest.raises(RulebookError) as error:
        load_topic(text, "x.toml")
    assert str(error.value).startswith("x.toml: ")
    return str(error.value)


@pytest.mark.parametrize("until", ["2022-05-01", "2022-05-02", "2030-01-01"])
def test_a_value_that_ends_after_the_next_has_begun_is_refused(until: str) -> None:
    """Two values in force on one day: the message names the parameter and the day."""
    message = refused(HEAD + VALUE.replace("value =", f"until = {until}\nvalue =") + LATER)
    assert "share" in message
    assert "2022-05-01" in message


def test_two_values_with_the_same_first_day_are_refused() -> None:
    """Neither of the two may silently win."""
    assert "two values in force on 2020-05-01" in refused(HEAD + VALUE + VALUE)
    attested = VALUE.replace("from =", "attested_from =")
    assert "two values in force" in refused(HEAD + VALUE + attested)


def test_a_value_may_end_on_the_eve_of_the_next_and_leave_a_gap_that_says_so() -> None:
    """`until` is the last day; after it, and before the next, nothing is in force."""
    ended = VALUE.replace("value =", "until = 2021-04-30\nvalue =")
    share = load_topic(HEAD + ended + LATER, "x.toml").parameters["share"]
    assert share.figure(date(2021, 4, 30)).computable
    assert not share.figure(date(2021, 5, 1)).computable
    assert not share.figure(date(2022, 4, 30)).computable
    assert share.figure(date(2022, 5, 1)).computable
    eve = VALUE.replace("value =", "until = 2022-04-30\nvalue =")
    load_topic(HEAD + eve + LATER, "x.toml")


def test_a_value_that_is_only_proposed_or_withdrawn_is_not_in_force() -> None:
    """It may stand in the file, even on the same day; it never answers."""
    for status in ("proposed", "enacted", "withdrawn"):
        other = LATER.replace('"in_force"', f'"{status}"')
        share = load_topic(HEAD + VALUE + other + other, "x.toml").parameters["share"]
        assert share.figure(date(2026, 1, 1)).value == Fraction(5, 100)


@pytest.mark.parametrize(
    "spoiled",
    [
        HEAD.replace('title = { ja = "題", en = "topic" }', 'title = { ja = "題" }') + VALUE,
        HEAD.replace('title = { ja = "題", en = "topic" }', 'title = { ja = "", en = "t" }')
        + VALUE,
        HEAD.replace('name = { ja = "法", en = "Act" }', 'name = { en = "Act" }') + VALUE,
        HEAD.replace('name = { ja = "法", en = "Act" }', 'name = "Act"') + VALUE,
        HEAD.replace('title = { ja = "割合", en = "share" }', 'title = { en = "share" }') + VALUE,
        HEAD + VALUE + 'note = { ja = "注" }\n',
        HEAD + VALUE + LEFT_OUT.replace(', en = "reason"', ""),
    ],
)
def test_a_missing_language_is_refused(spoiled: str) -> None:
    """Both languages, everywhere: a title, a name, a note, a reason."""
    assert "both ja and en are required" in refused(spoiled)


@pytest.mark.parametrize(
    "spoiled",
    [
        HEAD + VALUE.replace("act 1(2)", "order 1(2)"),
        HEAD + VALUE.replace("act 1(2)", "act"),
        HEAD + VALUE.replace("act 1(2)", ""),
        HEAD + VALUE + QUOTE.replace("act 3", "guideline 3"),
        HEAD + VALUE + LEFT_OUT.replace("act 4", "rule 4"),
    ],
)
def test_a_citation_of_an_unknown_instrument_is_refused(spoiled: str) -> None:
    """Every reference names a declared instrument and a provision in it."""
    assert "names no declared instrument and provision" in refused(spoiled)


@pytest.mark.parametrize(
    ("spoiled", "words"),
    [
        (HEAD + VALUE.replace("from = 2020-05-01\n", ""), "either from or attested_from"),
        (HEAD + VALUE + "attested_from = 2021-01-01\n", "either from or attested_from"),
        (HEAD + VALUE.replace('"in_force"', '"current"'), "unknown status or confidence"),
        (HEAD + VALUE.replace('"verified"', '"sure"'), "unknown status or confidence"),
        (HEAD + VALUE.replace('cites = "act 1(2)"\n', ""), "'cites' is required"),
        (HEAD + VALUE.replace('value = "5/100"\n', ""), "'value' is required"),
        (HEAD + VALUE.replace('status = "in_force"\n', ""), "'status' is required"),
        (HEAD.replace('unit = "ratio"\n', "") + VALUE, "'unit' is required"),
        (HEAD.replace("read = 2026-06-01\n", "") + VALUE, "'read' is required"),
        (HEAD.replace('id = "x.topic"\n', "") + VALUE, "'id' is required"),
        (HEAD, "'value' is required"),
        ("topic = ", "x.toml"),
        (HEAD + VALUE + 'status = "proposed"\n', "x.toml"),
    ],
)
def test_what_is_left_out_or_said_twice_is_refused_by_name(spoiled: str, words: str) -> None:
    """A topic is complete or it is not loaded."""
    assert words in refused(spoiled)


@pytest.mark.parametrize(
    "number",
    ["true", '"five"', '"5 %"', '"5/"', '"5/0"', "[5]", "2020-01-01", "nan", "inf"],
)
def test_a_number_that_is_not_exact_never_becomes_a_figure(number: str) -> None:
    """It is a RulebookError at the latest when the value is asked for, never a guess."""

    def ask() -> None:
        topic = load_topic(HEAD + VALUE.replace('"5/100"', number), "x.toml")
        topic.parameters["share"].figure(date(2026, 1, 1))

    with pytest.raises(RulebookError, match="exact number"):
        ask()


@pytest.mark.parametrize("number", ['"5/0"', "inf"])
def test_a_number_that_is_none_never_becomes_a_figure(number: str) -> None:
    """TOML has inf as a number, and a quotient may have a zero below."""
    topic = load_topic(HEAD + VALUE.replace('"5/100"', number), "x.toml")
    with pytest.raises(RulebookError):
        topic.parameters["share"].figure(date(2026, 1, 1))


@pytest.mark.parametrize(("unit", "scale"), [("per_10000", 10**4), ("per_1000000", 10**6)])
def test_a_number_stays_as_the_law_states_it_and_becomes_a_ratio(unit: str, scale: int) -> None:
    """0.2 per 10,000 is written 0.2; no one has to pre-compute 0.00002 by hand."""
    text = HEAD.replace('"ratio"', f'"{unit}"') + VALUE.replace('"5/100"', "0.2")
    figure = load_topic(text, "x.toml").parameters["share"].figure(date(2026, 1, 1))
    assert figure.value == Fraction(2, 10) / scale
    assert figure.unit == "ratio"
    assert figure.formula == f"0.2 / {scale:,}"


def test_a_parameter_or_rule_that_does_not_exist_is_refused_by_name() -> None:
    """A wrong name is never silently ignored."""
    edition = Edition(date(2026, 11, 20))
    topic = edition.topic(edition.rule("jp.crypto.hot_limit"))
    with pytest.raises(UsageError, match="hot_share_limt"):
        edition.parameter(topic, "hot_share_limt")
    with pytest.raises(UsageError, match=r"did you mean .*jp\.crypto\.hot_limit"):
        edition.rule("jp.hot_limit")


def test_every_shipped_topic_is_loaded_with_an_id_of_its_own() -> None:
    """Two files under one id would hide each other's parameters."""
    ids = [topic.id for topic in topics().values()]
    assert len(set(ids)) == len(ids)
    keys = [f"{t.id}/{k}" for t in topics().values() for k in t.parameters]
    assert len(set(keys)) == len(keys)


def test_every_provision_that_a_rule_answers_to_is_quoted_or_declared() -> None:
    """A rule's provision exists in its topic, and its title is in both languages."""
    for rule in Edition(date(2026, 11, 20)).rules():
        place = Edition(date(2026, 11, 20)).provision(rule.id)
        assert place.instrument.ja
        assert place.provision.ja
        for title in (rule.title, *rule.output_titles.values()):
            assert title.ja
            assert title.en

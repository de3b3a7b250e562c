"""Drafts: contradictions are refused at once, and nothing a draft touches ever looks like law."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from sonae.core.errors import RulebookError, UsageError
from sonae.core.figure import Figure, Range, walk
from sonae.rulebook.draft import Draft, load_draft, read_draft, shipped
from sonae.rulebook.edition import Edition
from sonae.rulebook.rule import facts_from

from .ask import DAY, answer, ask

HEAD = """
[draft]
id = "test.draft"
regime = "jp"
title = { ja = "試案", en = "trial draft" }
note = { ja = "試験用", en = "for a test" }
"""
COMPONENT = '[[component]]\nbase = "custody_value"\nrate = "1/100"\n'
HOT = {"coins": {"X": {"customer_qty": "100", "hot_qty": "7", "price_jpy": "1"}}}
CHANGE = """
[[change]]
parameter = "jp.crypto.custody/hot_share_limit"
value = "10/100"
says = "百分の十"
"""


def draft(text: str) -> Draft:
    return read_draft(text, "trial.toml")


def required(text: str, facts: dict[str, Any], on: date = DAY) -> Any:
    """The required reserve of a draft with one version."""
    one = draft(text)
    [rule] = one.rules
    return answer(rule.id, facts, on, (one,))["required"]


# -- contradictions ---------------------------------------------------------------------------


def test_a_contradictory_draft_is_refused_with_every_reason_in_one_message() -> None:
    """The author repairs the file once, not once per reason."""
    text = """
insurance_share = "3/2"
combine = "mean"
bracket = { floor = 40, cap = 2 }
rounding = { step = 1000, mode = "nearest" }
phase_in = [{ from = 2028-01-01, share = "1/2" }, { from = 2027-01-01, share = 2 }]
exemptions = [{ base = "turnover", below = 5 }]
colour = "red"

[draft]
id = "test.bad"
title = { ja = "試案", en = "trial" }
note = { ja = "試験用", en = "for a test" }

[[component]]
base = "custody"
rate = "1/100"

[[component]]
base = "traded_value"
rate = "1/100"

[[component]]
base = "custody_value"
rate = "1/100"
cap_rate = "4/100"
weight = 3

[[component]]
base = "custody_value"
rate = "1/100"
rate_from = "volume"

[[component]]
base = "custody_value"

[[component]]
base = "custody_value"
bands = [{ up_to = 9, rate = "1/2" }, { up_to = 5, rate = "1/3" }]
"""
    with pytest.raises(RulebookError) as error:
        draft(text)
    message = str(error.value)
    assert message.startswith("trial.toml: ")
    for reason in (
        "draft.regime is required",
        "colour is not a known key",
        "base 'custody' is none of",
        "traded_value needs a rate and a cap_rate",
        "cap_rate goes with traded_value",
        "weight is not a known key of a component",
        "rate_from 'volume' is not 'loss'",
        "a component needs one of rate, bands and rate_from",
        "bands must rise",
        "the floor 40 is above the cap 2",
        "insurance_share 3/2 is not between 0 and 1",
        "combine 'mean' is neither 'sum' nor 'max'",
        "rounding mode 'nearest'",
        "phase_in must rise",
        "exemption base 'turnover' is none of",
    ):
        assert reason in message


def test_a_contradiction_in_a_variant_names_the_variant() -> None:
    """Several versions in one file: the message says which is wrong."""
    text = HEAD + (
        '[[variant]]\nid = "a"\ntitle = { ja = "甲", en = "A" }\n'
        'component = [{ base = "custody", rate = "1/100" }]\n'
        '[[variant]]\nid = "b"\ntitle = { ja = "乙", en = "B" }\n'
        'insurance_share = 2\ncomponent = [{ base = "custody_value" }]\n'
    )
    with pytest.raises(RulebookError) as error:
        draft(text)
    for reason in ("variant a: base", "variant b: a component needs", "variant b: insurance_share"):
        assert reason in str(error.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("draft = ", "not readable as TOML"),
        (HEAD, "neither a component nor a change"),
        (HEAD.replace(', en = "trial draft"', "") + COMPONENT, "both ja and en are required"),
    ],
)
def test_an_unreadable_or_empty_draft_is_a_rulebook_error(text: str, words: str) -> None:
    """Each has a reason a person can act on."""
    with pytest.raises(RulebookError, match=words):
        draft(text)


HALF_WRITTEN = {
    "a bracket without a floor": "bracket = { cap = 5 }\n" + HEAD + COMPONENT,
    "a band without a rate": HEAD
    + '[[component]]\nbase = "custody_value"\nbands = [{ up_to = 5 }, { rate = "1/2" }]\n',
    "a change without a parameter": HEAD + "[[change]]\nvalue = 1\n",
    "a change without a value": HEAD
    + '[[change]]\nparameter = "jp.crypto.custody/hot_share_limit"\n',
    "a head that is no table": "draft = 3\n" + COMPONENT,
    "a component that is no table": 'component = "x"\n' + HEAD,
    "a rounding without a step": 'rounding = { mode = "up" }\n' + HEAD + COMPONENT,
}
ACCEPTED = {
    "a phase-in that falls": (
        'phase_in = [{ from = 2026-01-01, share = 1 }, { from = 2027-01-01, share = "1/2" }]\n'
    )
    + HEAD
    + COMPONENT,
    "a variant without a component": HEAD
    + '[[variant]]\nid = "a"\ntitle = { ja = "甲", en = "A" }\n'
    + 'component = [{ base = "custody_value", rate = "1/100" }]\n'
    + '[[variant]]\nid = "b"\ntitle = { ja = "乙", en = "B" }\n',
    "two variants with one id": HEAD
    + 2
    * (
        '[[variant]]\nid = "a"\ntitle = { ja = "甲", en = "A" }\n'
        'component = [{ base = "custody_value", rate = "1/100" }]\n'
    ),
    "a rate that is no number": HEAD + COMPONENT.replace("1/100", "one"),
    "a rate in an unknown unit": HEAD + COMPONENT + 'unit = "percent"\n',
    "a rate below zero": HEAD + COMPONENT.replace("1/100", "-1/100"),
    "the id of a rule of law": HEAD.replace("test.draft", "jp.crypto.hot_limit") + COMPONENT,
    "a key of the file below [draft]": HEAD + "insurance_share = 1\n" + COMPONENT,
}


@pytest.mark.parametrize("text", HALF_WRITTEN.values(), ids=list(HALF_WRITTEN))
def test_a_half_written_draft_is_refused_as_a_rulebook_error(text: str) -> None:
    """`--assume FILE` takes a user's own file, so any table may be incomplete."""
    with pytest.raises(RulebookError):
        draft(text)


@pytest.mark.parametrize("text", ACCEPTED.values(), ids=list(ACCEPTED))
def test_a_draft_that_cannot_mean_what_it_says_is_refused(text: str) -> None:
    """Each of these, accepted, would require nothing, or something else."""
    with pytest.raises(RulebookError):
        Edition(DAY, (draft(text),))


def test_a_change_of_a_parameter_that_does_not_exist_is_refused_by_name() -> None:
    """A misspelt parameter would leave the law as it is without a word."""
    text = HEAD + CHANGE.replace("hot_share_limit", "hot_share_limt")
    with pytest.raises(RulebookError, match="hot_share_limt"):
        Edition(DAY, (draft(text),))


def test_one_draft_assumed_twice_is_refused() -> None:
    """Two files under one id cannot be told apart in a report."""
    one, other = draft(HEAD + COMPONENT), draft(HEAD + COMPONENT.replace("1/100", "2/100"))
    with pytest.raises(RulebookError, match=r"test\.draft"):
        Edition(DAY, (one, other))


# -- a user's own file ------------------------------------------------------------------------


def test_a_users_own_file_is_loaded_by_its_path(tmp_path: Path) -> None:
    """A ministry's draft need not be shipped: `--assume FILE` is the same door."""
    file = tmp_path / "own.toml"
    file.write_text('insurance_share = "1/4"\n' + HEAD + COMPONENT, encoding="utf-8")
    own = load_draft(str(file))
    got = answer("test.draft", {"customer_crypto_jpy": 1_000_000}, drafts=(own,))
    assert got["required"] == 10_000
    assert got["insurance_at_most"] == 2_500
    assert got["in_cash"] == 7_500
    assert own.title.ja == "試案"


def test_an_unknown_name_is_refused_and_the_shipped_ones_are_listed() -> None:
    """A misspelt `--assume` must not run without the draft."""
    with pytest.raises(UsageError) as error:
        load_draft("jp.proposal.custody-valu")
    for name in shipped():
        assert name in str(error.value)


@pytest.mark.parametrize("name", shipped())
def test_a_shipped_draft_says_that_no_authority_published_it(name: str) -> None:
    """The illustrations are ours, in both languages; the file says where each number is from."""
    one = load_draft(name)
    assert one.id == name
    assert "例示" in one.title.ja
    assert "illustration" in one.title.en
    assert "公表された案ではない" in one.note.ja
    assert "no authority" in one.note.en
    assert all("例示" in rule.title.ja for rule in one.rules)


def test_a_draft_has_the_digest_of_its_bytes() -> None:
    """A close names the draft it assumed; one byte more is another draft."""
    one, other = draft(HEAD + COMPONENT), draft(HEAD + COMPONENT + "# \n")
    assert one.digest != other.digest
    assert Edition(DAY, (one,)).digest() != Edition(DAY, (other,)).digest()
    assert Edition(DAY, (one,)).digest() != Edition(DAY).digest()


# -- standing ---------------------------------------------------------------------------------

FACTS = {
    "customer_crypto_jpy": 10**12,
    "crypto_traded_value_by_fy": [10**14, 10**14],
    "opening_reserve": 10**9,
    "used_for_incidents": 0,
    "loss_in_question_jpy": 10**10,
}
VERSIONS = [(name, rule.id) for name in shipped() for rule in load_draft(name).rules]


@pytest.mark.parametrize(("name", "id"), VERSIONS)
@pytest.mark.parametrize("told", [True, False])
def test_every_figure_of_a_draft_is_proposed(name: str, id: str, told: bool) -> None:
    """Computed or not, on any day: what a draft yields is never law."""
    one = load_draft(name)
    rule = Edition(DAY, (one,)).rule(id)
    facts = facts_from(FACTS if told else {}, rule)[0]
    for day in (DAY, date(2020, 1, 1), date(2030, 1, 1)):
        outputs = Edition(day, (one,)).evaluate(id, facts)
        assert {f.standing for f in outputs.values()} == {"proposed"}
        assert all(f.computable for f in outputs.values()) is told
        law = [n for f in outputs.values() for n in walk(f) if n.id.startswith("law:")]
        assert law
        assert {n.standing for n in law} == {"proposed"}


def test_a_change_of_a_parameter_makes_what_it_touches_proposed_and_nothing_else() -> None:
    """The overlay reaches the limit and the test; sums and the share are facts as before."""
    law = ask("jp.crypto.hot_limit", HOT)
    assumed = ask("jp.crypto.hot_limit", HOT, drafts=(draft(HEAD + CHANGE),))
    assert law["ratio_test"].value == "fail"
    assert assumed["ratio_test"].value == "pass"
    assert assumed["limit_jpy"].value == 10
    touched = {key for key, figure in assumed.items() if figure.standing == "proposed"}
    assert touched == {"limit_jpy", "excess_jpy", "ratio_test"}
    assert {figure.standing for figure in law.values()} == {"in_force"}
    for key in set(law) - touched:
        assert assumed[key].value == law[key].value


def test_a_changed_parameter_cites_the_draft_and_quotes_its_words() -> None:
    """Nothing of the law's own citation stays on a number that the law does not state."""
    limit = ask("jp.crypto.hot_limit", HOT, drafts=(draft(HEAD + CHANGE),))["limit_jpy"]
    [node] = [n for n in walk(limit) if n.id == "law:jp.crypto.custody/hot_share_limit"]
    assert [c.says for c in node.cites] == ["百分の十"]
    assert node.cites[0].instrument.ja == "試案"


def test_a_change_reaches_only_its_own_parameter() -> None:
    """Other rules of the same topic, and other topics, keep their standing."""
    one = draft(HEAD + CHANGE)
    guarantee = ask("jp.crypto.performance_guarantee", HOT, drafts=(one,))
    assert guarantee["required_qty"].standing == "in_force"
    due = ask(
        "jp.crypto.cure_deadline", {"breach": "hot_excess", "arose_on": "2026-10-30"}, DAY, (one,)
    )
    assert due["due"].standing == "in_force"


def test_a_change_answers_on_days_on_which_the_law_does_not() -> None:
    """A what-if before the first day of law is possible, and is proposed."""
    early = date(2019, 1, 1)
    assert not ask("jp.crypto.hot_limit", HOT, early)["limit_jpy"].computable
    assumed = ask("jp.crypto.hot_limit", HOT, early, (draft(HEAD + CHANGE),))["limit_jpy"]
    assert (assumed.value, assumed.standing) == (10, "proposed")


def test_two_drafts_that_change_one_parameter_are_refused() -> None:
    """Two values in force on a day are an error in law; assumed together they are one too."""
    other = HEAD.replace("test.draft", "test.other") + CHANGE.replace("10/100", "20/100")
    with pytest.raises((RulebookError, UsageError)):
        ask("jp.crypto.hot_limit", HOT, drafts=(draft(HEAD + CHANGE), draft(other)))


# -- the language, key by key -----------------------------------------------------------------


def test_bands_take_each_part_of_the_base_at_its_own_rate() -> None:
    """As an income tax does: one yen more never costs more than its own rate."""
    text = HEAD + (
        '[[component]]\nbase = "custody_value"\n'
        'bands = [{ up_to = 100, rate = "1/10" }, { up_to = 300, rate = "1/5" }, { rate = "1/2" }]'
    )
    wanted = {0: 0, 50: 5, 100: 10, 101: "10.2", 300: 50, 302: 51}
    for base, need in wanted.items():
        assert required(text, {"customer_crypto_jpy": base}) == Fraction(need)


def test_components_are_added_up_or_the_largest_is_taken() -> None:
    """`combine` is "sum" where nothing is said."""
    two = COMPONENT + COMPONENT.replace("custody_value", "custody_value_cold").replace("100", "10")
    facts = {"customer_crypto_jpy": 1000, "customer_crypto_cold_jpy": 500}
    assert required(HEAD + two, facts) == 60
    assert required('combine = "sum"\n' + HEAD + two, facts) == 60
    assert required('combine = "max"\n' + HEAD + two, facts) == 50


@pytest.mark.parametrize(("mode", "need"), [("down", 12_000), ("up", 13_000)])
def test_rounding_goes_to_the_step_in_the_direction_the_draft_orders(mode: str, need: int) -> None:
    """12,345 by steps of 1,000; a multiple of the step stays."""
    text = f'rounding = {{ step = 1000, mode = "{mode}" }}\n' + HEAD + COMPONENT
    assert required(text, {"customer_crypto_jpy": 1_234_500}) == need
    assert required(text, {"customer_crypto_jpy": 1_200_000}) == 12_000


def test_a_phase_in_begins_on_its_day_and_not_the_day_before() -> None:
    """Before the first date nothing is phased in."""
    text = (
        'phase_in = [{ from = 2027-04-01, share = "1/4" }, { from = 2028-04-01, share = 1 }]\n'
        + HEAD
        + COMPONENT
    )
    wanted = {
        date(2027, 3, 31): 0,
        date(2027, 4, 1): 25,
        date(2028, 3, 31): 25,
        date(2028, 4, 1): 100,
    }
    for day, need in wanted.items():
        assert required(text, {"customer_crypto_jpy": 10_000}, day) == need


def test_an_exempt_venue_needs_nothing_and_the_boundary_is_not_exempt() -> None:
    """`below` means below; an unknown base leaves the requirement unknown."""
    text = 'exemptions = [{ base = "custody_value", below = 5000 }]\n' + HEAD + COMPONENT
    assert required(text, {"customer_crypto_jpy": 4999}) == 0
    assert required(text, {"customer_crypto_jpy": 5000}) == 50
    assert required(text, {}) == "not_computable"


def test_a_bracket_holds_at_both_ends() -> None:
    """Floor and cap bind only outside them; both amounts are shown."""
    one = draft("bracket = { floor = 50, cap = 80 }\n" + HEAD + COMPONENT)
    for base, need in {0: 50, 4999: 50, 6000: 60, 8001: 80}.items():
        got = answer("test.draft", {"customer_crypto_jpy": base}, drafts=(one,))
        assert (got["without_bracket"], got["with_bracket"]) == (Fraction(base, 100), need)


def test_what_must_be_in_cash_is_never_below_zero_for_a_base_known_only_as_a_range() -> None:
    """One half of 2bn to 40bn is 1bn to 20bn; the product shows -18bn to 39bn.

    The share is of the same unknown number, so the range must not be subtracted from itself.
    """
    one = load_draft("jp.proposal.custody-value")
    custody = Range(Fraction(10**11), Fraction(10**13))
    facts = {"customer_crypto_jpy": Figure(custody, "JPY", id="fact:customer_crypto_jpy")}
    got = Edition(DAY, (one,)).evaluate("jp.proposal.custody-value.1pct", facts)
    assert got["required"].value == Range(Fraction(2 * 10**9), Fraction(40 * 10**9))
    assert got["in_cash"].value == Range(Fraction(10**9), Fraction(20 * 10**9))

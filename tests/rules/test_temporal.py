"""Every day of the book: no gap, no overlap, and before the first day an answer that says so."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from sonae.core.figure import CONFIDENCES, Figure, NotComputable
from sonae.rulebook.edition import topics
from sonae.rulebook.parameter import Parameter

from .ask import DAY, GAP, answer, ask

ONE = timedelta(days=1)
TODAY = date.today()  # noqa: DTZ011
PARAMETERS = {f"{t.id}/{p.key}": p for t in topics().values() for p in t.parameters.values()}

every_parameter = pytest.mark.parametrize("parameter", PARAMETERS.values(), ids=list(PARAMETERS))


def stated(parameter: Parameter, index: int) -> object:
    """The value as the file states it, in the parameter's base unit."""
    dated = parameter.values[index]
    return value(parameter.as_figure(dated, dated.start))


def value(figure: Figure) -> object:
    if isinstance(figure.value, dict):
        return {key: row.value for key, row in figure.value.items()}
    return figure.value


@every_parameter
def test_a_parameter_answers_on_every_day_from_its_first_to_today(parameter: Parameter) -> None:
    """Day by day: a gap would close a venue's day with "not computable" for no reason of law."""
    first = parameter.values[0].start
    gaps = [
        day
        for n in range((TODAY - first).days + 1)
        if parameter.on(day := first + n * ONE) is None and not _ended(parameter, day)
    ]
    assert gaps == []


def _ended(parameter: Parameter, day: date) -> bool:
    """True where the text itself ended the value and no other has begun."""
    return any(v.until is not None and day > v.until for v in parameter.values)


@every_parameter
def test_a_change_takes_effect_on_its_day_and_not_the_day_before(parameter: Parameter) -> None:
    """For every value: the day before has the former value or none, the day itself the new one."""
    for n, dated in enumerate(parameter.values):
        assert value(parameter.figure(dated.start)) == stated(parameter, n)
        before = parameter.figure(dated.start - ONE)
        if n == 0:
            assert not before.computable
        else:
            assert value(before) == stated(parameter, n - 1)
            former = parameter.values[n - 1]
            assert value(before) != stated(parameter, n) or former.cites != dated.cites


@every_parameter
@pytest.mark.parametrize("back", [1, 400, 40_000])
def test_before_its_first_day_a_parameter_names_itself_and_its_provision(
    parameter: Parameter, back: int
) -> None:
    """Not computable, in both languages, with the provision to read and the day it begins."""
    first = parameter.values[0]
    day = first.start - back * ONE
    figure = parameter.figure(day)
    assert isinstance(figure.value, NotComputable)
    [gap] = figure.value.missing
    assert gap.key == f"{parameter.topic}/{parameter.key}"
    place = first.cites.text()
    for words, provision, title in (
        (gap.reason.ja, place.ja, parameter.title.ja),
        (gap.reason.en, place.en, parameter.title.en),
    ):
        assert provision in words
        assert title in words
        assert first.start.isoformat() in words
        assert day.isoformat() in words
    assert figure.cites == (first.cites,)


@every_parameter
def test_no_two_values_are_in_force_on_one_day(parameter: Parameter) -> None:
    """Every start falls outside every other value's days."""
    starts = [v.start for v in parameter.values if v.status == "in_force"]
    assert starts == sorted(set(starts))


FACTS = {
    "jp.crypto.hot_limit": {
        "coins": {"X": {"customer_qty": 100, "hot_qty": 4, "price_jpy": 10}},
    },
    "jp.crypto.performance_guarantee": {"coins": {"X": {"hot_qty": 4}}},
    "jp.crypto.capital_and_net_assets": {
        "capital_jpy": 10_000_000,
        "net_assets_jpy": 5,
        "performance_guarantee_jpy": 4,
    },
    "jp.crypto.domestic_assets": {
        "liabilities_jpy": 5,
        "guarantee_liabilities_jpy": 1,
        "debts_to_nonresidents_jpy": 2,
    },
    "jp.crypto.cure_deadline": {"breach": "hot_excess", "arose_on": "2026-11-20"},
    "jp.crypto.audit_report_due": {"audit_base_date": "2026-03-31"},
    "jp.crypto.incident_notice_due": {"learned_on": "2026-03-31"},
    "jp.crypto.liability_reserve": {},
    "jp.securities.liability_reserve": {
        "volumes_oldest_to_current_fy": [{"equity_value": 10**12}],
        "opening_reserve": 0,
        "used_for_incidents": 0,
    },
}


@pytest.mark.parametrize(
    ("rule", "output", "first"),
    [
        ("jp.crypto.hot_limit", "ratio_test", date(2020, 5, 1)),
        ("jp.crypto.performance_guarantee", "required_qty", date(2020, 5, 1)),
        ("jp.crypto.capital_and_net_assets", "test", date(2026, 6, 1)),
        ("jp.crypto.domestic_assets", "assets_to_hold_in_japan_jpy", date(2026, 6, 1)),
        ("jp.crypto.cure_deadline", "due", date(2026, 6, 16)),
        ("jp.crypto.audit_report_due", "due", date(2026, 6, 16)),
        ("jp.crypto.incident_notice_due", "first_report", date(2026, 6, 16)),
        ("jp.crypto.incident_notice_due", "status_report", date(2026, 6, 16)),
        ("jp.crypto.liability_reserve", "in_force_latest", date(2026, 7, 23)),
        ("jp.securities.liability_reserve", "accrual", date(2007, 9, 30)),
    ],
)
def test_a_rule_answers_from_its_first_day_and_not_the_day_before(
    rule: str, output: str, first: date
) -> None:
    """Days as in the law research (section 2): in force, or read in force."""
    before = answer(rule, FACTS[rule], on=first - ONE)[output]
    assert before == GAP or set(before.values()) == {GAP}
    after = answer(rule, FACTS[rule], on=first)[output]
    assert after != GAP
    assert not isinstance(after, dict) or GAP not in after.values()


def test_the_cash_trust_clock_is_older_than_the_guideline_clocks() -> None:
    """Two business days stand in the Order since 2020; the guideline's days were read in 2026."""
    facts = {"breach": "cash_trust_shortage", "arose_on": "2024-05-31"}
    assert answer("jp.crypto.cure_deadline", facts, on=date(2024, 5, 31)) == {
        "due": date(2024, 6, 4)
    }
    facts["breach"] = "chain_shortage"
    assert answer("jp.crypto.cure_deadline", facts, on=date(2024, 5, 31)) == {"due": GAP}


def test_the_reserve_of_the_new_act_is_not_computable_on_any_day() -> None:
    """Rate, base, cap and insurance share are in no text; only the last day of commencement is."""
    for day in (date(2025, 1, 1), date(2026, 7, 23), DAY, date(2027, 7, 22), date(2030, 1, 1)):
        figures = ask("jp.crypto.liability_reserve", {}, on=day)
        assert not figures["required_jpy"].computable
    reason = figures["required_jpy"].value.reason()
    assert "内閣府令" in reason.ja
    assert "Cabinet Office Order" in reason.en
    assert figures["in_force_latest"].value == "2027-07-22"


# -- confidence -------------------------------------------------------------------------------


@every_parameter
def test_before_the_text_was_read_the_weaker_mark_shows(parameter: Parameter) -> None:
    """A first day from memory makes every figure before the reading a memory; not after it."""
    for dated in parameter.values:
        weaker = max(dated.confidence, dated.start_confidence, key=CONFIDENCES.index)
        last_unread = dated.read - ONE
        if dated.start <= last_unread and parameter.on(last_unread) is dated:
            assert parameter.figure(last_unread).confidence == weaker
        if parameter.on(dated.read) is dated:
            assert parameter.figure(dated.read).confidence == dated.confidence


def test_marks_of_the_law_reach_the_answer() -> None:
    """The limit of 2020 rests on a first day from memory until the day the Order was read."""
    facts = FACTS["jp.crypto.hot_limit"]
    marks = {
        day: ask("jp.crypto.hot_limit", facts, on=day)["limit_jpy"].confidence
        for day in (date(2020, 5, 1), date(2026, 5, 31), date(2026, 6, 1), DAY)
    }
    assert list(marks.values()) == ["memory", "memory", "derived", "derived"]
    act = ask("jp.crypto.liability_reserve", {})["in_force_latest"]
    assert act.confidence == "secondary"


def test_a_value_only_attested_has_no_first_day_to_be_unsure_of() -> None:
    """`attested_from` means: read in force on that day; earlier there is no answer to weaken."""
    attested = [v for p in PARAMETERS.values() for v in p.values if v.attested]
    assert attested
    assert [v for v in attested if v.start_confidence != v.confidence] == []

"""What holds for any terms and losses."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonae.loss import rqmc
from sonae.loss.frequency import Poisson
from sonae.loss.model import PARTS, Model
from sonae.loss.severity import BetaFraction, Capped, GeneralizedPareto, Lognormal
from sonae.loss.terms import Terms

AMOUNT = st.floats(0.0, 1e6, allow_subnormal=False)
TERMS = st.builds(Terms, AMOUNT, AMOUNT, AMOUNT)
LOSSES = st.lists(AMOUNT, min_size=0, max_size=40).map(np.array)
SEVERITY = st.one_of(
    st.builds(GeneralizedPareto, st.floats(-0.5, 1.5), st.floats(0.1, 100.0)),
    st.builds(Lognormal, st.floats(-1.0, 5.0), st.floats(0.2, 2.5)),
    st.builds(BetaFraction, st.floats(0.3, 4.0), st.floats(0.5, 6.0), st.floats(1.0, 1000.0)),
)
MODEL = st.builds(
    Model,
    st.builds(Poisson, st.floats(0.01, 6.0)),
    st.builds(Capped, SEVERITY, st.floats(10.0, 2000.0)),
    st.builds(Terms, st.floats(0.0, 50.0), st.floats(0.0, 500.0), st.floats(0.0, 900.0)),
)
SLACK = 1e-9


@given(TERMS, LOSSES, st.data())
def test_what_is_retained_never_falls_when_a_loss_grows(
    terms: Terms, losses: np.ndarray, data: st.DataObject
) -> None:
    if not len(losses):
        return
    at = data.draw(st.integers(0, len(losses) - 1))
    more = losses.copy()
    more[at] += data.draw(AMOUNT)
    before, after = terms.year(losses), terms.year(more)
    scale = SLACK * max(after[0], 1.0)
    assert all(b >= a - scale for a, b in zip(before, after, strict=True))


@given(TERMS, LOSSES)
def test_what_is_ceded_stays_within_its_limits_and_the_parts_add_up(
    terms: Terms, losses: np.ndarray
) -> None:
    gross, ceded, retained = terms.year(losses)
    assert 0.0 <= ceded <= terms.annual_aggregate
    assert ceded <= terms.limit * len(losses) * (1.0 + SLACK)
    assert ceded <= gross * (1.0 + SLACK)
    assert ceded + retained == pytest.approx(gross, rel=SLACK)


@settings(max_examples=10, deadline=None)
@given(MODEL, st.floats(0.0, 200.0), st.floats(0.0, 200.0), st.floats(0.0, 1.0))
def test_more_cover_never_raises_the_retained_tail(
    model: Model, limit: float, aggregate: float, kept: float
) -> None:
    """Higher limits, a lower retention: on the same points, year by year."""
    terms = model.terms
    wider = Terms(terms.retention * kept, terms.limit + limit, terms.annual_aggregate + aggregate)
    less = rqmc.laws(model, 1, 9)["retained"]
    more = rqmc.laws(Model(model.frequency, model.severity, wider), 1, 9)["retained"]
    for p in (0.5, 0.9, 0.99, 0.999):
        room = SLACK * max(less.tvar(p).point, 1.0)
        assert more.var(p).point <= less.var(p).point + room
        assert more.tvar(p).point <= less.tvar(p).point + room


@settings(max_examples=10, deadline=None)
@given(MODEL, st.floats(1e-6, 1e9))
def test_another_unit_of_money_gives_the_same_result_in_that_unit(
    model: Model, factor: float
) -> None:
    ours, theirs = rqmc.laws(model, 1, 9), rqmc.laws(model.scaled(factor), 1, 9)
    for part in PARTS:
        for p in (0.9, 0.995):
            expected = ours[part].tvar(p).point * factor
            gross = ours["gross"].tvar(p).point * factor
            assert theirs[part].tvar(p).point == pytest.approx(expected, abs=1e-7 * gross + 1e-12)


@settings(max_examples=10, deadline=None)
@given(MODEL)
def test_measures_are_ordered_and_parts_of_the_mean_add_up(model: Model) -> None:
    laws = rqmc.laws(model, 1, 9)
    gross = laws["gross"].mean().point
    assert laws["ceded"].mean().point + laws["retained"].mean().point == pytest.approx(gross)
    for part in PARTS:
        values = [laws[part].var(p).point for p in (0.5, 0.9, 0.99)]
        assert values == sorted(values)
        for p in (0.5, 0.9, 0.99):
            assert laws[part].tvar(p).point >= laws[part].var(p).point * (1.0 - SLACK)
    assert laws["ceded"].var(0.999).point <= model.terms.annual_aggregate

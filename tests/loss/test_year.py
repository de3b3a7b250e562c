"""A year under many opinions: the engines agree, and the properties of a reserve hold."""

from __future__ import annotations

from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonae.core.errors import InputError
from sonae.core.text import Text
from sonae.loss import fft
from sonae.loss.annual import Parts, annual
from sonae.loss.cover import kept
from sonae.loss.credibility import Group, between, counted, rate, watched_with
from sonae.loss.frequency import Poisson
from sonae.loss.model import Model
from sonae.loss.terms import Terms
from sonae.loss.theft import Holding
from sonae.loss.venue import Held
from sonae.policy.programme import Event, Part, evaluate
from sonae.policy.terms import Policy, read_policies

from .evidence import japan, official

AT = datetime(2026, 6, 1, tzinfo=UTC)
HELD = (
    Held("h", "BTC", "hot", "", "", Fraction(50_000_000)),
    Held("c", "BTC", "cold", "", "", Fraction(950_000_000)),
)
holding = st.floats(1e6, 1e11)


def policies(**changes: Any) -> tuple[Policy, ...]:
    terms: dict[str, Any] = {
        "policy_id": "A", "insurer": "A", "insurer_licence": "JP", "form": "crime",
        "insurance_kind": "first_party", "period_start": date(2026, 1, 1),
        "period_end": date(2026, 12, 31), "currency": "USD", "limit_per_event": "40000000",
        "annual_aggregate": "60000000", "retention": "1000000", "co_insurance": "0.05",
        "claims_paid": "0", "beneficiary": "customers", "pledge": "customers",
        "terminates_on": [], "perils": ["external_hack"], **changes,
    }  # fmt: skip
    return read_policies({"policy": [terms]})


def few(exposures: dict[str, float], usd: float = 1.0) -> Parts:
    """The point and twelve draws."""
    p = japan().parts(exposures, usd)
    return Parts(
        p.names, p.exposure, p.family, p.rate[:13], p.location[:13], p.shape[:13], p.total[:13]
    )


def test_the_batch_agrees_with_the_exact_law_at_the_point() -> None:
    parts = japan().parts({"hot": 5e7, "cold": 9.5e8})
    year = annual(parts)
    law = fft.laws(Model(Poisson(parts.frequency()), parts.severity(), Terms()))["gross"]
    assert year.mean(0) == pytest.approx(law.mean().point, rel=1e-3)
    for level in (0.99, 0.995, 0.999):
        assert year.var(level, 0) == pytest.approx(law.var(level).point, rel=3e-3)
        assert year.tvar(level, 0) == pytest.approx(law.tvar(level).point, rel=1e-3)


def test_a_year_of_one_part_has_its_closed_form() -> None:
    """P(year's loss > x) of one or more losses: between that of the first alone and the bound."""
    parts = japan().parts({"cold": 1e9})
    year, law = annual(parts), parts.severity()
    mean = parts.frequency()
    for x in (1e7, 1e8, 4e8):
        reached = float(law.sf(np.array([x]))[0])
        least = 1.0 - np.exp(-mean * reached)
        twice = 1.0 - np.exp(-mean) * (1.0 + mean)
        assert least * 0.999 <= year.exceeds(x, 0) <= least * 1.001 + twice
    assert year.exceeds(1e9 * 2.0) < 1e-4


def test_the_predictive_law_is_the_mean_over_the_draws() -> None:
    year = japan().annual({"hot": 5e7, "cold": 9.5e8})
    x = 1e8
    each = [year.exceeds(x, row) for row in range(1, len(year.beyond))]
    assert year.exceeds(x) == pytest.approx(np.mean(each), rel=1e-9)
    low, high = year.interval("tvar", 0.995)
    assert low < year.tvar(0.995, 0) < high
    assert len(year.draws("tvar", 0.995)) == 200


@settings(max_examples=12, deadline=None)
@given(holding, holding, st.floats(0.01, 1000.0))
def test_another_unit_of_money_scales_every_measure(hot: float, cold: float, c: float) -> None:
    one = annual(few({"hot": hot, "cold": cold}, 0.01))
    other = annual(few({"hot": hot * c, "cold": cold * c}, 0.01 / c))
    for level in (0.99, 0.999):
        assert other.var(level) == pytest.approx(one.var(level) * c, rel=1e-6, abs=one.step * c)
        assert other.tvar(level) == pytest.approx(one.tvar(level) * c, rel=1e-6)


@settings(max_examples=12, deadline=None)
@given(holding, holding, st.sampled_from([0.95, 0.99, 0.995, 0.999]))
def test_measures_are_ordered_and_never_above_what_is_held_twice(
    hot: float, cold: float, level: float
) -> None:
    year = annual(few({"hot": hot, "cold": cold}))
    for row in (None, 0, 7):
        assert 0.0 <= year.var(level, row) <= year.tvar(level, row) <= 2.0 * (hot + cold)
        assert year.tvar(level, row) <= year.tvar(0.9995, row) * (1 + 1e-9)
    assert year.exceeds(year.var(level)) <= 1.0 - level + 1e-6


@settings(max_examples=6, deadline=None)
@given(st.integers(1, 80), st.integers(1, 80), st.integers(0, 30))
def test_more_cover_never_raises_what_is_kept_of_a_bad_year(a: int, b: int, retention: int) -> None:
    parts = few({"hot": 5e7, "cold": 9.5e8})
    years = []
    for limit in sorted((a, b)):
        cover = policies(
            limit_per_event=str(limit * 10**6), annual_aggregate=str(limit * 10**6),
            retention=str(retention * 10**6),
        )  # fmt: skip
        curves = [kept(cover, {"USD": Fraction(1)}, AT, [h]) for h in HELD]
        years.append(annual(parts, curves))
    bare = annual(parts)
    for level in (0.99, 0.995, 0.999):
        less, more = years
        assert more.tvar(level) <= less.tvar(level) * (1 + 1e-9) + 1.0
        assert less.tvar(level) <= bare.tvar(level) * (1 + 1e-9) + 1.0
    assert years[1].mean(0) <= years[0].mean(0) + 1.0


@settings(max_examples=40, deadline=None)
@given(st.fractions(0, 1), st.sampled_from(["USD", "JPY"]))
def test_the_compiled_programme_is_the_exact_one(share: Fraction, currency: str) -> None:
    cover = policies(
        currency=currency, sublimits=[{"tier": "hot", "amount": "10000000"}], retention="2000000"
    )
    rates = {"USD": Fraction(1), "JPY": Fraction(1, 150)}
    for held in (HELD[:1], HELD[1:], HELD):
        whole = sum(h.value for h in held)
        loss = whole * share
        parts = tuple(Part(loss * h.value / whole, "external_hack", h.tier) for h in held)
        exact = evaluate(cover, Event(AT, AT, parts), rates).retained
        curve = kept(cover, rates, AT, held)
        assert np.all(np.diff(curve.y) >= 0.0)  # a larger loss never retains less
        found = float(curve(np.array([float(loss)]))[0])
        assert found == pytest.approx(float(exact), rel=1e-6, abs=float(whole) * 1e-4)
        assert found <= float(loss) * (1 + 1e-12) + 1e-6


def test_shocks_to_a_supplier_keep_the_rate_and_join_the_losses() -> None:
    model = japan()
    apart = model.parts([Holding("hot", "hot", 5e7), Holding("cold", "cold", 9.5e8)])
    joined = model.parts([Holding("hot", "hot", 5e7, "S"), Holding("cold", "cold", 9.5e8, "S")])
    assert joined.names == ("hot", "cold", "supplier: S")
    assert joined.exposure[2] == pytest.approx(1e9)
    assert joined.rate.sum(axis=1) == pytest.approx(apart.rate.sum(axis=1))
    assert annual(joined).tvar(0.995) > annual(apart).tvar(0.995)


def test_a_tier_without_holdings_has_no_losses_and_nothing_at_all_is_refused() -> None:
    model = japan()
    cold = model.parts({"hot": 0.0, "cold": 1e9})
    assert cold.names == ("cold",)
    assert cold.frequency() == pytest.approx(model.rate.mean * (1 - model.hot.mean))
    untold = model.parts([Holding("untold", "", 1e9)])
    assert untold.frequency() == pytest.approx(model.rate.mean)
    with pytest.raises(InputError):
        model.parts({"hot": 0.0})


# -- how often -------------------------------------------------------------------------------------


def test_the_rate_is_the_credibility_mean() -> None:
    groups = counted(official())
    by = {g.name: g for g in groups}
    assert by["JP"].events == 5
    found = rate(groups, "JP", 20_000, 1)
    market = (by["JP"].events + by["*"].events + 0.5) / (225 + 3375)
    needed = market / (0.5 * (market - 0.5 / 3600)) ** 2
    z = 225 / (225 + needed)
    assert found.weight == pytest.approx(z)
    assert found.mean == pytest.approx(z * 5 / 225 + (1 - z) * market)
    assert np.mean(found.draws) == pytest.approx(found.mean, rel=0.03)
    elsewhere = rate(groups, "XX", 100, 1)
    assert (elsewhere.weight, elsewhere.mean) == (0.0, pytest.approx(market))


@given(st.lists(st.tuples(st.integers(0, 40), st.floats(20.0, 900.0)), min_size=5, max_size=9))
def test_the_variance_between_groups_is_buehlmann_and_straubs(
    seen: list[tuple[int, float]],
) -> None:
    """Their estimator as it is written in textbooks, with a within-variance of the mean."""
    n, w = [s[0] for s in seen], [s[1] for s in seen]
    whole = sum(w)
    mean = sum(n) / whole
    top = sum(a * (x / a - mean) ** 2 for x, a in zip(n, w, strict=True)) - (len(n) - 1) * mean
    estimated = top / (whole - sum(a * a for a in w) / whole)
    expected = estimated if estimated > 0 else (0.5 * mean) ** 2
    assert between(n, w) == pytest.approx(expected, rel=1e-9, abs=1e-15)


def test_venue_years_can_be_given_and_are_taken_off_the_rest_of_the_world() -> None:
    watched = watched_with(["kr=120", "JP=200"])
    assert [(w.jurisdiction, w.venue_years) for w in watched] == [
        ("JP", 200.0), ("KR", 120.0), ("*", 3280.0),
    ]  # fmt: skip
    groups = counted(official(), watched=watched)
    assert sum(g.events for g in groups) == sum(g.events for g in counted(official()))
    assert rate(groups, "KR", 10, 0).weight > 0.0
    for wrong in (["KR"], ["KR=0"], ["KR=-3"], ["*=5"], ["KR=4000"]):
        with pytest.raises(InputError):
            watched_with(wrong)


def test_more_years_of_its_own_record_count_for_more() -> None:
    why = Text("仮の値", "made up")
    others = Group("*", 60, 3000.0, why, "memory")
    weights = [
        rate([Group("A", 3, years, why, "derived"), others], "A", 5, 0).weight
        for years in (10.0, 100.0, 1000.0)
    ]
    assert weights == sorted(weights)
    assert 0.0 < weights[0] < weights[2] < 1.0

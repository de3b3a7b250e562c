"""Many venues: aligned years, shared points, many opinions about one venue."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sonae.loss import aligned, portfolio, rqmc
from sonae.loss.aligned import Venue
from sonae.loss.frequency import Poisson
from sonae.loss.model import PARTS, Model
from sonae.loss.severity import BetaFraction, Capped, GeneralizedPareto
from sonae.loss.terms import Terms

from .question import CAPPED, COVER, GOLDEN, model

LEVELS = (0.995, 0.999)
FRACTION = Capped(GeneralizedPareto(0.8, 0.02), 1.0)


def venue(mean: float, exposure: float) -> Venue:
    terms = Terms(0.005 * exposure, 0.25 * exposure, 0.35 * exposure)
    return Venue(Poisson(mean), FRACTION, exposure, terms)


def alone(asked: Venue) -> Model:
    return Model(asked.frequency, asked.severity.scaled(asked.exposure), asked.terms)


def test_one_venue_in_aligned_years_is_that_venue() -> None:
    laws = aligned.laws([Venue(Poisson(1.0), CAPPED, 1.0, COVER)], 3, 2_000_000, 2)
    for level, truth in GOLDEN["retained"]["1"]["tvar"].items():
        found = laws["retained"].tvar(float(level))
        assert abs(found.point - float(truth)) <= 4.0 * found.error


def test_a_total_is_the_sum_of_independent_venues() -> None:
    """Two venues of one law without terms: together, a venue of twice the frequency."""
    part = Venue(Poisson(0.7), CAPPED, 1.0, Terms())
    together = aligned.laws([part, part], 5, 1_000_000)
    one = rqmc.laws(model(1.4, terms=Terms()), 5)
    for p in (0.9, 0.995):
        a, b = together["gross"].tvar(p), one["gross"].tvar(p)
        assert abs(a.point - b.point) <= 5.0 * (a.error**2 + b.error**2) ** 0.5
    mean = together["gross"].mean()
    assert abs(mean.point - 1.4 * (model().mean("gross") or 0.0)) <= 5.0 * mean.error


def test_aligned_years_do_not_depend_on_threads_or_on_a_block_that_is_not_full() -> None:
    venues = [venue(0.3, 40.0), venue(2.0, 900.0)]
    laws = [aligned.laws(venues, 8, 600_001, threads) for threads in (1, 2, 3)]
    seen = {tuple(law[part].tvar(0.99).point for part in PARTS) for law in laws}
    assert len(seen) == 1
    assert aligned.laws(venues, 8, 1)["gross"].mean().point >= 0.0


@pytest.mark.parametrize("mean", [0.05, 0.3, 2.0])
def test_a_venue_on_shared_points_has_the_reserve_it_has_alone(mean: float) -> None:
    venues = [venue(mean, exposure) for exposure in (1.0, 60.0, 20_000.0)]
    shared = portfolio.reserves(venues, LEVELS, 1, 16 if mean > 1.0 else 13)
    for asked, found in zip(venues, shared, strict=True):
        law = rqmc.laws(alone(asked), 2)["retained"]
        for p, reserve in zip(LEVELS, found, strict=True):
            assert reserve.tvar.point == pytest.approx(law.tvar(p).point, rel=5e-3)
            assert reserve.var == pytest.approx(law.var(p).point, rel=2e-2, abs=1e-9)


def test_on_shared_points_more_cover_never_raises_a_reserve() -> None:
    base = venue(0.4, 100.0)
    limits = [replace(base, terms=Terms(1.0, limit, 80.0)) for limit in np.linspace(0.0, 60.0, 25)]
    found = portfolio.reserves(limits, LEVELS, 1)
    for level in range(len(LEVELS)):
        tails = [row[level].tvar.point for row in found]
        assert tails == sorted(tails, reverse=True)


@pytest.mark.parametrize("severity", [FRACTION, BetaFraction(0.97, 3.49, 1.0)])
def test_an_opinion_has_the_reserve_of_its_parameters(severity: BetaFraction | Capped) -> None:
    opinions = [replace(venue(mean, 500.0), severity=severity) for mean in (0.05, 0.2, 0.5)]
    found = portfolio.draws(opinions, LEVELS, 1)
    for asked, row in zip(opinions, found, strict=True):
        law = rqmc.laws(alone(asked), 2)["retained"]
        for p, reserve in zip(LEVELS, row, strict=True):
            assert reserve.tvar.point == pytest.approx(law.tvar(p).point, rel=5e-3)


def test_years_of_one_loss_are_the_teeth_of_one_even_comb() -> None:
    found = portfolio.points(0.1, 4, 9, 10)
    tilt = portfolio.tilt_of(1)
    u = np.sort(found.chance[found.start[found.number == 1]] ** tilt)
    assert np.diff(u) == pytest.approx(1.0 / len(u), rel=1e-6)
    assert set(found.replicate[found.number == 1].tolist()) == set(range(portfolio.REPLICATES))


def test_a_busy_venue_among_quiet_ones_has_points_of_its_own() -> None:
    """A layout for the mean of all would leave its many losses to a handful of points."""
    quiet = [venue(0.05, 50.0)] * 40
    busy = venue(2.1, 50.0)
    found = portfolio.reserves([*quiet, busy], LEVELS, 1)[-1]
    law = rqmc.laws(alone(busy), 2)["retained"]
    for p, reserve in zip(LEVELS, found, strict=True):
        assert reserve.tvar.point == pytest.approx(law.tvar(p).point, rel=3e-3)


def test_a_venue_whose_tail_begins_where_cover_ends_is_within_a_few_percent() -> None:
    """Retained is flat up to the limit and steep beyond: a hundredth of a loss is a quarter."""
    asked = venue(0.1023, 1.0)
    found = portfolio.reserves([asked], LEVELS, 1)[0][0]
    truth = rqmc.laws(alone(asked), 2, 18)["retained"].var(0.995).point
    assert found.var == pytest.approx(truth, rel=0.02)

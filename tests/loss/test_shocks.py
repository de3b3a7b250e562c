"""Shocks in common: several venues struck in one year by one cause."""

from __future__ import annotations

import pytest

from sonae.loss import aligned, rqmc
from sonae.loss.aligned import Shock, Venue
from sonae.loss.frequency import Poisson
from sonae.loss.model import PARTS, Model
from sonae.loss.severity import Capped, GeneralizedPareto
from sonae.loss.terms import Terms

FRACTION = Capped(GeneralizedPareto(0.8, 0.02), 1.0)
YEARS = 1_000_000


def quiet(exposure: float, terms: Terms | None = None, mean: float = 0.0) -> Venue:
    return Venue(Poisson(mean), FRACTION, exposure, terms or Terms())


def test_a_shock_alone_is_one_loss_of_everything_that_hangs_on_it() -> None:
    """60 of one venue and half of the 80 of another: one holding of 100."""
    shock = Shock(Poisson(0.5), FRACTION, {0: 1.0, 2: 0.5})
    venues = [quiet(60.0), quiet(1000.0), quiet(80.0)]
    laws = aligned.laws(venues, 3, YEARS, deepest=0.005, shocks=[shock])
    one = rqmc.laws(Model(Poisson(0.5), FRACTION.scaled(100.0), Terms()), 5)
    for p in (0.995, 0.999):
        a, b = laws["gross"].tvar(p), one["gross"].tvar(p)
        assert abs(a.point - b.point) <= 5.0 * (a.error**2 + b.error**2) ** 0.5


def test_each_venue_has_its_own_cover_of_a_shock() -> None:
    """Two venues alike: what both retain is twice what one retains of its half."""
    terms = Terms(1.0, 5.0, 5.0)
    shock = Shock(Poisson(0.3), FRACTION, {0: 1.0, 1: 1.0})
    laws = aligned.laws([quiet(50.0, terms)] * 2, 8, YEARS, shocks=[shock])
    one = rqmc.laws(Model(Poisson(0.3), FRACTION.scaled(50.0), terms), 5)
    for part in PARTS:
        a, b = laws[part].tvar(0.99), one[part].tvar(0.99)
        assert abs(a.point - 2.0 * b.point) <= 5.0 * (a.error**2 + 4.0 * b.error**2) ** 0.5 + 1e-9


def test_the_same_losses_hurt_more_when_they_come_together() -> None:
    """The mean stays, the tail of the total grows."""
    apart = [quiet(40.0, mean=0.2)] * 5
    together = [quiet(40.0, mean=0.1)] * 5
    shock = Shock(Poisson(0.1), FRACTION, dict.fromkeys(range(5), 1.0))
    a = aligned.laws(apart, 4, YEARS)["gross"]
    b = aligned.laws(together, 4, YEARS, shocks=[shock])["gross"]
    assert abs(a.mean().point - b.mean().point) <= 5.0 * (a.mean().error + b.mean().error)
    assert b.tvar(0.999).point > 1.3 * a.tvar(0.999).point


@pytest.mark.parametrize("threads", [2, 3])
def test_years_with_shocks_do_not_depend_on_threads(threads: int) -> None:
    shock = Shock(Poisson(0.7), FRACTION, {0: 1.0, 1: 0.3})
    venues = [quiet(40.0, mean=0.4), quiet(900.0, mean=1.2)]
    one, many = (
        aligned.laws(venues, 6, 600_001, n, shocks=[shock])["retained"] for n in (1, threads)
    )
    assert one.tvar(0.99).point == many.tvar(0.99).point
    assert one.mean().point == many.mean().point

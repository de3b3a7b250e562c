"""The tail checked by extreme values, and shocks, failures and largest losses in a venue's year."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import genpareto

from sonae.loss import extremes
from sonae.loss.annual import Parts, annual
from sonae.loss.cover import Curve
from sonae.loss.failure import RECOVERY, Cover, Insurer
from sonae.loss.incidents import read_incidents
from sonae.loss.theft import DOMAIN, Holding, theft_model

THEFTS = theft_model(read_incidents(), "JP", draws=50)


def one_part(rate: float = 0.3, exposure: float = 100.0) -> Parts:
    return Parts(
        ("all",), np.array([exposure]), "beta", np.array([[rate]]), np.array([[0.2]]),
        np.array([4.0]), np.array([0.05]),
    )  # fmt: skip


def test_moments_find_the_index_of_a_pareto_sample() -> None:
    drawn = genpareto.rvs(0.3, scale=2.0, size=200_000, random_state=1)
    xi, scale = extremes.pareto(np.asarray(drawn))
    assert xi == pytest.approx(0.3, abs=0.03)
    assert scale == pytest.approx(2.0, rel=0.03)


def test_the_check_never_says_that_more_than_everything_is_lost() -> None:
    shares = np.array([0.02, 0.05, 0.1, 0.3, 0.5, 0.7, 0.9, 0.97, 0.99, 1.0])
    found, fits = extremes.share_beyond(shares, np.array([0.2, 0.01, 1e-6]))
    assert np.all((found >= 0.0) & (found <= 1.0))
    assert np.all(np.diff(found) >= 0.0)
    assert fits


def test_the_check_stands_beside_the_fit_with_its_interval() -> None:
    found = extremes.check(THEFTS.fitted, 0)
    assert found is not None
    for row in found["share_lost"]:
        low, high = row["interval"]
        assert 0.0 <= low <= high <= 1.0
        assert row["agrees"] == (low <= row["fitted"] <= high)
    again = extremes.check(THEFTS.fitted, 0)
    assert found == again


def test_a_domain_over_two_tiers_is_struck_as_one_and_adds_no_losses() -> None:
    """What comes as a shock is taken off each tier, so the rate of the venue stays."""
    apart = THEFTS.parts([Holding("hot", "hot", 2.0), Holding("cold", "cold", 38.0)])
    wide = [Holding("hot", "hot", 2.0, "", "quorum"), Holding("cold", "cold", 38.0, "", "quorum")]
    joined = THEFTS.parts(wide)
    assert joined.names[-1] == DOMAIN + "quorum"
    assert joined.exposure[-1] == 40.0
    assert joined.rate.sum(axis=1) == pytest.approx(apart.rate.sum(axis=1))


def test_the_largest_loss_of_a_year_is_below_its_sum_and_equal_when_losses_are_rare() -> None:
    often, rare = annual(one_part(2.0)), annual(one_part(0.001))
    assert often.once_in(200, one_loss=True) < often.once_in(200)
    assert rare.once_in(5000, one_loss=True) == pytest.approx(rare.once_in(5000), rel=2e-2)
    amount = 60.0
    k = int(amount / often.step)
    inside = (1.0 - 0.05) * float(1.0 - _beta_cdf((k + 0.5) * often.step / 100.0)) + 0.05
    assert often.largest[0, k] == pytest.approx(1.0 - np.exp(-2.0 * inside), rel=1e-3)


def _beta_cdf(x: float) -> float:
    from scipy.stats import beta

    return float(beta.cdf(x, 0.2 * 4.0, 0.8 * 4.0))


def covered(rating: str) -> Cover:
    """One insurer that pays everything above 10, up to 50."""
    x = np.array([0.0, 10.0, 60.0, 100.0])
    kept = Curve.through(x, np.array([0.0, 10.0, 10.0, 50.0]))
    owes = Curve.through(x, np.array([0.0, 0.0, 50.0, 50.0]))
    return Cover(kept, (Insurer("A", rating, owes),), 100.0)


def test_a_weak_insurer_leaves_more_and_probabilities_add_up() -> None:
    parts = one_part()
    loss = np.array([5.0, 40.0, 100.0])
    cases = covered("CCC").cases()
    assert sum(chance(loss) for chance, _ in cases) == pytest.approx(1.0)
    fails = max(kept(loss)[2] for _, kept in cases)
    assert fails == pytest.approx(50.0 + (1.0 - RECOVERY) * 50.0)
    whole, strong, weak = (
        annual(parts, [kept]).tvar(0.99)
        for kept in (covered("AAA").kept, covered("AAA").cases(), covered("CCC").cases())
    )
    assert whole < strong < weak < annual(parts).tvar(0.99)


def test_an_insurer_fails_more_often_where_more_is_lost() -> None:
    cases = covered("BBB").cases()
    chance = cases[1][0](np.array([0.0, 50.0, 100.0]))
    assert chance.tolist() == pytest.approx([0.003, 0.0045, 0.006])

"""Fits against an independent restatement, the study of the list, and data made from known laws."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats
from scipy.optimize import minimize

from sonae.core.errors import InputError
from sonae.loss.amounts import AmountLaw, Amounts, amount_fit
from sonae.loss.evidence import Sample, sample
from sonae.loss.fit import Likelihood, fit
from sonae.loss.fractions import BETA, LOGNORMAL, MBBEFD, Mixture, ShareLaw, mbbefd_mean
from sonae.loss.severity import Lognormal

from ..command import sonae
from .evidence import official, whole

shares = st.floats(0.02, 0.6)


def uncut(data: Sample) -> Sample:
    """The same losses as if every one were reported, without those whose assets are unknown."""
    return replace(data, floor=data.loss * 0.0, latent=data.latent[:0])


def test_the_known_shares_follow_the_beta_law_of_the_study() -> None:
    """Beta(0.97, 3.49) with AIC -17.2 from 19 shares, without a cut, a prior or a size effect."""
    known = [e for e in whole() if e.theft and e.assets_usd]
    data = Sample(
        np.array([float(e.loss_usd or 0) for e in known]),
        np.array([float(e.assets_usd or 0) for e in known]),
        np.zeros(len(known)), np.empty(0), 1e6, 0, (), 0,
    )  # fmt: skip
    target = Likelihood("beta", data)

    def minus(theta: np.ndarray) -> float:
        return -target.known(np.array([theta[0], theta[1], 1.0, 0.0]))

    found = minimize(minus, [-1.0, 1.0], method="Nelder-Mead", options={"xatol": 1e-6})
    mean, k = 1.0 / (1.0 + np.exp(-found.x[0])), np.exp(found.x[1])
    assert mean * k == pytest.approx(0.97, abs=0.02)
    assert (1.0 - mean) * k == pytest.approx(3.49, abs=0.03)
    assert 4.0 + 2.0 * found.fun == pytest.approx(-17.2, abs=0.1)


def test_amounts_follow_the_lognormal_law_of_the_study() -> None:
    """mu 2.56, sigma 1.87, AIC 881.0 from the 93 losses of USD 1 m or more since 2017."""
    found = amount_fit(whole())
    assert found.events == 93
    assert found.mu == pytest.approx(2.56, abs=0.02)
    assert found.sigma == pytest.approx(1.87, abs=0.02)
    assert found.aic == pytest.approx(881.0, abs=0.3)


@given(shares, st.floats(0.8, 30.0), st.floats(0.01, 0.99))
def test_beta_is_the_beta_law_by_mean_and_size(mean: float, k: float, x: float) -> None:
    law = stats.beta(mean * k, (1 - mean) * k)
    at, m, shape = np.array([x]), np.array([mean]), np.array([k])
    assert BETA.log_density(at, m, shape)[0] == pytest.approx(law.logpdf(x), rel=1e-9, abs=1e-9)
    assert BETA.sf(at, m, shape)[0] == pytest.approx(law.sf(x), rel=1e-9, abs=1e-12)


@given(st.floats(0.02, 0.6), st.floats(2.5, 500.0))
def test_mbbefd_has_the_mean_asked_for_and_one_over_g_as_its_chance_of_a_total_loss(
    mean: float, g: float
) -> None:
    k = 1.0 + np.exp(np.log(g - 1.0))
    at = MBBEFD.location(np.log(mean / (1 - mean)), np.array([1.0]), 1.0, k)
    end = MBBEFD.sf(np.array([1.0]), at, np.array(k))[0]
    assert end == pytest.approx(1.0 / k, rel=1e-6)
    if mean < 1.5 / g:
        return  # b is at the end of its range
    area, _ = integrate.quad(lambda x: float(MBBEFD.sf(np.array([x]), at, np.array(k))[0]), 0, 1)
    assert area == pytest.approx(mean, rel=2e-3)
    assert float(mbbefd_mean(np.exp(at), k)[0]) == pytest.approx(mean, rel=2e-3)
    inside, _ = integrate.quad(
        lambda x: float(np.exp(MBBEFD.log_density(np.array([x]), at, np.array(k)))[0]), 0, 1
    )
    assert inside + end == pytest.approx(1.0, rel=1e-4)


@settings(deadline=None)
@given(st.floats(-4.0, 0.5), st.floats(0.3, 2.5), st.floats(0.001, 0.999))
def test_a_lognormal_share_is_cut_at_one(mu: float, sigma: float, x: float) -> None:
    law = stats.lognorm(s=sigma, scale=np.exp(mu))
    at, m, k = np.array([x]), np.array([mu]), np.array([sigma])
    expected = 1.0 - law.cdf(x) / law.cdf(1.0)
    assert LOGNORMAL.sf(at, m, k)[0] == pytest.approx(expected, rel=1e-7, abs=1e-9)
    density = np.exp(LOGNORMAL.log_density(at, m, k)[0])
    assert density == pytest.approx(law.pdf(x) / law.cdf(1.0), rel=1e-7)


def test_a_loss_of_unknown_assets_integrates_its_holding_out() -> None:
    """The same integral by adaptive quadrature, holding by holding."""
    data = replace(sample(official()), latent=np.array([5e6, 8e7, 1.2e9]))
    target = Likelihood("beta", data)
    theta = np.array([-1.4, 1.3, 0.9, 18.0])

    def chance(log: float) -> float:
        return float(stats.norm.pdf(log, 18.0, data.scatter))

    def law(log: float) -> tuple[float, float]:
        mean = float(BETA.location(-1.4, np.array(np.exp(log) / data.typical), 0.9, 0.0))
        k = np.exp(1.3)
        return mean * k, (1 - mean) * k

    low, high = np.log(1e6), np.log(data.typical) + 7 * data.scatter
    reached, _ = integrate.quad(
        lambda v: (0.05 + 0.95 * stats.beta.sf(1e6 / np.exp(v), *law(v))) * chance(v), low, high,
        limit=200,
    )  # fmt: skip
    expected = 0.0
    for loss in data.latent:
        inside, _ = integrate.quad(
            lambda v, loss=loss: (
                stats.beta.pdf(loss / np.exp(v), *law(v)) * loss / np.exp(v) * chance(v)
            ),
            np.log(loss), high, limit=200,
        )  # fmt: skip
        expected += np.log((0.95 * inside + 0.05 * chance(np.log(loss))) / reached)
    assert target.total == pytest.approx(0.05)
    assert target.latent(theta) == pytest.approx(expected, abs=0.02)


def test_a_fit_finds_the_law_that_made_its_data() -> None:
    random = np.random.default_rng(3)
    assets = np.exp(random.normal(18.0, 2.0, 400))
    mean = 0.2 * (assets / np.exp(np.mean(np.log(assets)))) ** (0.9 - 1.0)
    mean = np.clip(mean, 1e-4, 0.95)
    share = random.beta(mean * 4.0, (1 - mean) * 4.0)
    seen = share * assets > 1e6  # what is smaller is not reported
    loss, assets = (share * assets)[seen], assets[seen]
    data = Sample(loss, assets, np.full(len(loss), 1e6), np.empty(0), 1e6, 0, (), 0)
    found = fit("beta", data, 400, seed=1)
    reference = 0.2 * (data.typical / np.exp(18.0)) ** -0.1
    at = 1.0 / (1.0 + np.exp(-found.draws[:, 0]))
    low, high = np.quantile(at, [0.005, 0.995])
    assert low < reference < high
    low, high = np.quantile(np.exp(found.draws[:, 1]), [0.005, 0.995])
    assert low < 4.0 < high
    assert abs(found.mode[2] - 0.9) < 0.08


def test_the_same_seed_draws_the_same_parameters() -> None:
    data = sample(official()).without_latent()
    first, second, third = (fit("beta", data, 50, seed) for seed in (4, 4, 5))
    assert np.array_equal(first.draws, second.draws)
    assert not np.array_equal(first.draws, third.draws)


def test_a_chance_of_a_total_loss_is_never_fixed_at_zero() -> None:
    found = fit("beta", sample(official()), 500)
    assert found.data.totals == 0
    assert found.total.min() > 0.0
    assert 0.10 < np.quantile(found.total, 0.95) < 0.20


def test_too_few_events_are_refused_with_what_would_be_enough() -> None:
    few = [e for e in official() if e.jurisdiction == "JP"]
    with pytest.raises(InputError) as refused:
        sample(few)
    [problem] = refused.value.problems
    assert problem.name == "too-few-events"
    assert "at least 8 and 20" in problem.message.en


@settings(max_examples=40)
@given(st.floats(0.1, 0.6), st.floats(3.0, 20.0), st.floats(0.0, 0.3), st.floats(0.02, 0.98))
def test_a_share_law_and_its_inverse_agree(mean: float, k: float, total: float, w: float) -> None:
    law = ShareLaw("beta", mean, k, total, 250.0)
    x = law.isf(np.array([w]))
    assert law.sf(x)[0] <= w + 1e-3  # steep near 0: a shift of 1e-6 is seen
    assert law.reached(x - 1e-6)[0] >= w - 1e-3
    area, _ = integrate.quad(lambda v: float(law.sf(np.array([v]))[0]), 0.0, 100.0, limit=200)
    assert law.limited_mean(np.array([100.0]))[0] == pytest.approx(area, rel=2e-3)


def test_a_mixture_keeps_the_atoms_of_its_laws() -> None:
    small, large = ShareLaw("beta", 0.3, 4.0, 0.1, 5.0), ShareLaw("beta", 0.2, 4.0, 0.05, 95.0)
    both = Mixture((0.9, 0.1), (small, large))
    top = both.reached(np.array([5.0]))[0] - both.sf(np.array([5.0]))[0]
    assert top == pytest.approx(0.09)
    inside = both.sf(np.array([5.0]))[0] + 0.04
    assert both.isf(np.array([inside]))[0] == 5.0


def test_an_amount_law_is_cut_below_and_above() -> None:
    law = AmountLaw(Lognormal(2.0, 1.5), 1.0, 50.0)
    x = np.array([0.5, 1.0, 20.0, 49.999, 50.0])
    assert law.sf(x)[0] == law.sf(x)[1] == 1.0
    assert law.sf(x)[4] == 0.0 < law.sf(x)[3]
    for at in (0.7, 10.0, 50.0, 80.0):
        area, _ = integrate.quad(
            lambda v: float(law.sf(np.array([v]))[0]), 0.0, min(at, 50.0), points=[1.0], limit=200
        )
        assert law.limited_mean(np.array([at]))[0] == pytest.approx(area, rel=1e-5)
    both = Amounts((0.5, 0.5), (law, law))
    w = np.array([0.3])
    assert both.isf(w)[0] == pytest.approx(law.isf(w)[0], rel=1e-6)


def test_the_command_prints_intervals_priors_and_families() -> None:
    found = sonae("loss", "fit", "--draws", "200", "--json").json()
    assert found["exact"] is False
    assert set(found["families"]) == {"beta", "mbbefd", "lognormal"}
    assert found["evidence"]["known_assets"] + found["evidence"]["unknown_assets"] == len(
        found["evidence"]["events"]
    )
    for parameter in found["parameters"].values():
        low, high = parameter["interval"]
        assert low < high
        assert parameter["prior"]["sd"] > 0
    assert found["rate"]["groups"][1]["confidence"] == "memory"
    said = sonae("loss", "fit", "--severity", "weibull")
    assert said.code == 3
    assert "beta, mbbefd, lognormal" in said.err

"""Laws, tables and points: against quadrature, SciPy and a restatement in whole numbers."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import integrate
from scipy.stats import beta, genpareto, lognorm, poisson, qmc

from sonae.loss import sobol
from sonae.loss.frequency import Poisson
from sonae.loss.kernels import BLOCK, scramble, years_with
from sonae.loss.severity import (
    BetaFraction,
    Capped,
    GeneralizedPareto,
    Lognormal,
    Severity,
    limited,
)
from sonae.loss.streams import LANES, state
from sonae.loss.table import severity_table
from sonae.loss.terms import Terms

LAWS = [
    (GeneralizedPareto(0.8, 10.0), genpareto(0.8, scale=10.0)),
    (GeneralizedPareto(-0.4, 10.0), genpareto(-0.4, scale=10.0)),
    (GeneralizedPareto(0.0, 10.0), genpareto(0.0, scale=10.0)),
    (Lognormal(2.3, 2.0), lognorm(2.0, scale=np.exp(2.3))),
    (BetaFraction(0.97, 3.49, 700.0), beta(0.97, 3.49, scale=700.0)),
]


@pytest.mark.parametrize(("ours", "theirs"), LAWS, ids=lambda law: type(law).__name__)
def test_a_law_is_that_of_scipy(ours: Severity, theirs: object) -> None:
    x = np.array([0.0, 0.1, 1.0, 5.0, 24.0, 200.0, 650.0])
    w = np.array([1e-9, 1e-4, 0.02, 0.3, 0.9, 0.999])
    assert_allclose(ours.sf(x), theirs.sf(x), rtol=1e-9, atol=1e-15)  # type: ignore[attr-defined]
    assert_allclose(ours.isf(w), theirs.isf(w), rtol=1e-9)  # type: ignore[attr-defined]


@pytest.mark.parametrize("law", [ours for ours, _ in LAWS] + [GeneralizedPareto(1.0, 10.0)])
@pytest.mark.parametrize("x", [0.0, 3.0, 24.0, 900.0])
def test_a_limited_mean_is_the_area_under_the_survival_function(law: Severity, x: float) -> None:
    end = min(x, law.top)
    area = integrate.quad(lambda y: float(law.sf(np.array([y]))[0]), 0.0, end, epsabs=1e-10)[0]
    assert_allclose(limited(law, x), area, rtol=1e-7, atol=1e-9)


def test_a_cap_is_an_atom_that_stays_exact() -> None:
    law = Capped(GeneralizedPareto(0.8, 10.0), 1500.0)
    assert law.sf(np.array([1499.9]))[0] > 0.0
    assert law.sf(np.array([1500.0]))[0] == 0.0
    for tilt in (1.0, 0.35):
        table = severity_table(law, 42, 8, tilt)
        u = np.exp(np.linspace(np.log(2.0**-41), -1e-6, 5001))
        k = (u.view(np.int64) >> table.shift) - table.first
        loss = table.base[k] + table.slope[k] * u
        assert loss.max() == 1500.0
        assert_allclose(loss, law.isf(u ** (1.0 / tilt)), rtol=2e-3, atol=1e-2)


def test_poisson_is_that_of_scipy() -> None:
    n = np.arange(0, 60)
    assert_allclose(Poisson(7.5).pmf(n), poisson(7.5).pmf(n), rtol=1e-10)
    assert Poisson(7.5).most(1e-9) == int(poisson(7.5).isf(1e-9))
    assert Poisson(0.0).pmf(n)[0] == 1.0
    assert Poisson(0.0).most(1e-9) == 0


def test_points_are_those_of_joe_and_kuo() -> None:
    """SciPy orders them by a Gray code; as a set, each 2^m points are the same."""
    ours = sobol.points(10).T / 2.0**32
    theirs = qmc.Sobol(sobol.DIMENSIONS, scramble=False).random_base2(10)
    assert sorted(map(tuple, ours.tolist())) == sorted(map(tuple, theirs.tolist()))


def test_a_scramble_keeps_one_point_in_each_interval() -> None:
    """Nested: of 1,024 points, one in each 1,024th, and another seed another set."""
    sets = []
    for seed in (1, 2):
        u = np.empty(1024)
        scramble(sobol.mirrored(10)[3], np.uint64(seed * 0x9E3779B9), u)
        assert sorted((u * 1024).astype(int)) == list(range(1024))
        sets.append(tuple(u))
    assert sets[0] != sets[1]


def xoshiro(words: list[int]) -> int:
    """One step of xoshiro256++ in Python's whole numbers."""
    full, a, b, c, d = 2**64 - 1, *words
    total = (a + d) & full
    result = (((total << 23) | (total >> 41)) + a) & full
    t = (b << 17) & full
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= t
    words[:] = [a, b, c, ((d << 45) | (d >> 19)) & full]
    return result


@pytest.mark.parametrize("losses", [1, 3, 10_000])
def test_a_simulated_year_is_its_losses_through_the_terms(losses: int) -> None:
    """The compiled loop against a restatement that draws, looks up and adds one by one."""
    law, terms = Capped(GeneralizedPareto(0.8, 10.0), 1500.0), Terms(5.0, 250.0, 400.0)
    table = severity_table(law, 53, 6)
    cells, money = np.zeros((3, 31 << 10, 4)), np.zeros(2)
    cells[:, :, 2] = np.inf
    years_with(
        np.array([losses]), np.array([LANES]), np.ones(1), state(7, losses),
        np.stack((table.base, table.slope), axis=1),
        np.int64(table.shift), table.first, np.array([5.0, 250.0, 400.0]), np.zeros(3),
        np.int64(42), (1023 - 10) << 10, cells, money,
    )  # fmt: skip
    lanes = [[int(w) for w in column] for column in state(7, losses).T]
    years = np.empty((LANES, losses))
    for loss in range(losses):
        for start in range(0, BLOCK, LANES):  # a block is drawn whole
            drawn = [xoshiro(lane) for lane in lanes] if losses <= 3 or start == 0 else None
            if start == 0 and drawn:
                w = (np.array([n >> 11 for n in drawn], dtype=np.float64) + 1.0) * 2.0**-53
                k = (w.view(np.int64) >> table.shift) - table.first
                years[:, loss] = table.base[k] + table.slope[k] * w
    if losses > 3:
        assert cells[1, :, 3].max() <= 400.0
        assert cells[:, :, 0].sum(axis=1).tolist() == [LANES] * 3
        return
    restated = np.array([terms.year(year) for year in years])
    assert_allclose(money, restated[:, :2].sum(axis=0), rtol=1e-13)
    assert_allclose(cells[2, :, 1].sum(), restated[:, 2].sum(), rtol=1e-13)
    assert cells[0, :, 3].max() == pytest.approx(restated[:, 0].max(), rel=1e-13)

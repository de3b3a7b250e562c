"""Engines against closed forms, against one another, and against figures from elsewhere."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.testing import assert_allclose

from sonae.core.errors import Refused
from sonae.loss import fft, mc, rqmc
from sonae.loss.frequency import Poisson
from sonae.loss.measure import Law, tail
from sonae.loss.model import PARTS, Model
from sonae.loss.severity import BetaFraction, Capped, Lognormal, limited, mean_of
from sonae.loss.terms import Terms

from .question import COVER, GOLDEN, HEAVY, model

LEVELS = ("0.995", "0.999")
FREE = Terms(5.0, 250.0)


@pytest.mark.parametrize("mean", ["0.3", "1", "3"])
@pytest.mark.parametrize("engine", ["rqmc", "mc"])
def test_retained_is_that_of_the_reference_run(mean: str, engine: str) -> None:
    """The default engine within 0.3 %; Monte Carlo within four of its own errors beside that."""
    asked = model(float(mean))
    laws = rqmc.laws(asked, 1) if engine == "rqmc" else mc.laws(asked, 1, 4_000_000, 2, 0.005)
    law = laws["retained"]
    for measure, level in itertools.product(("var", "tvar"), LEVELS):
        truth = float(GOLDEN["retained"][mean][measure][level])
        found = getattr(law, measure)(float(level))
        allowed = 3e-3 * truth if engine == "rqmc" else 4.0 * found.error + 1e-3 * truth
        assert abs(found.point - truth) <= allowed, (measure, level, found)


def test_retained_is_that_of_a_two_dimensional_fft() -> None:
    law, theirs = rqmc.laws(model(), 3)["retained"], GOLDEN["two_dimensional_fft"]
    for level in LEVELS:
        assert law.tvar(float(level)).point == pytest.approx(float(theirs["tvar"][level]), rel=1e-3)
        assert law.var(float(level)).point == pytest.approx(float(theirs["var"][level]), abs=2.0)


@pytest.mark.parametrize("engine", ["rqmc", "fft"])
def test_a_tail_without_a_cap_is_not_cut_at_the_end_of_a_grid(engine: str) -> None:
    asked = model(severity=HEAVY)
    law = rqmc.laws(asked, 5)["gross"] if engine == "rqmc" else fft.laws(asked)["gross"]
    for level in LEVELS:
        truth = float(GOLDEN["uncapped_gross"]["tvar"][level])
        assert law.tvar(float(level)).point == pytest.approx(truth, rel=1e-3)


def panjer(mean: float, each: np.ndarray, size: int) -> np.ndarray:
    """Panjer's recursion for Poisson counts (1981): g_k = mean / k sum of j f_j g_(k-j)."""
    weighted = each * np.arange(len(each))
    result = np.zeros(size)
    result[0] = np.exp(mean * (each[0] - 1.0))
    for k in range(1, size):
        j = np.arange(1, min(k, len(each) - 1) + 1)
        result[k] = mean / k * (weighted[j] @ result[k - j])
    return result


@pytest.mark.parametrize("mean", [0.3, 3.0])
def test_panjers_recursion_gives_the_law_of_the_fft(mean: float) -> None:
    severity = Capped(HEAVY, 100.0)
    each = fft.discrete(severity.limited_mean, 0.5, 201)
    padded = np.concatenate((each, np.zeros(4096 - 201)))
    ours = fft.compound(Poisson(mean), padded)
    assert_allclose(ours, panjer(mean, each, 4096), atol=1e-12, rtol=0.0)
    assert ours.sum() == pytest.approx(1.0, abs=1e-9)


class Once:
    """Exactly one loss a year: then the year's law is that of the loss."""

    mean = 1.0

    def pmf(self, n: np.ndarray) -> np.ndarray:
        return np.where(n == 1, 1.0, 0.0)

    def sf(self, n: int) -> float:
        return 1.0 if n < 1 else 0.0

    def pgf(self, z: np.ndarray) -> np.ndarray:
        return z

    def most(self, rest: float) -> int:
        return 1


@pytest.mark.parametrize("severity", [Capped(HEAVY, 1500.0), Lognormal(2.3, 2.0)])
@pytest.mark.parametrize("engine", ["rqmc", "fft", "mc"])
def test_one_loss_a_year_has_a_closed_form(severity: Capped | Lognormal, engine: str) -> None:
    asked = Model(Once(), severity, FREE)
    laws = {
        "rqmc": lambda: rqmc.laws(asked, 2),
        "fft": lambda: fft.laws(asked),
        "mc": lambda: mc.laws(asked, 2, 2_000_000),
    }[engine]()
    for p in (0.9, 0.99, 0.995):
        var = float(severity.isf(np.array([1.0 - p]))[0])
        tvar = var + (mean_of(severity) - limited(severity, var)) / (1.0 - p)
        found = laws["gross"].var(p), laws["gross"].tvar(p)
        for value, truth in zip(found, (var, tvar), strict=True):
            loose = 4.0 * value.error if engine == "mc" else value.error
            assert abs(value.point - truth) <= loose + 1e-3 * truth


@pytest.mark.parametrize("mean", [0.3, 1.0, 3.0])
def test_gross_tails_of_both_default_engines_agree(mean: float) -> None:
    """Within one in ten thousand at a quarter of a million points in each scramble."""
    asked = model(mean)
    ours, exact = rqmc.laws(asked, 4, 18)["gross"], fft.laws(asked)["gross"]
    assert ours.tvar(0.995).point == pytest.approx(exact.tvar(0.995).point, rel=1e-4)
    assert ours.mean().point == pytest.approx(exact.mean().point, rel=1e-4)


SEVERITIES = [Capped(HEAVY, 1500.0), Lognormal(2.3, 1.5), BetaFraction(0.97, 3.49, 1000.0)]


@pytest.mark.parametrize("severity", SEVERITIES, ids=lambda law: type(law).__name__)
@pytest.mark.parametrize("terms", [FREE, COVER, Terms(5.0, 250.0, 100.0), Terms()], ids=str)
def test_engines_agree_within_their_stated_errors(severity: Capped, terms: Terms) -> None:
    """Five errors of both together, over every part and measure that each has."""
    asked = model(1.0, severity, terms)
    laws = [rqmc.laws(asked, 6), fft.laws(asked), mc.laws(asked, 6, 2_000_000, 2)]
    for a, b in itertools.combinations(laws, 2):
        for part in set(a) & set(b):
            for p in (0.9, 0.99, 0.999):
                agree(a[part], b[part], p)


def agree(a: Law, b: Law, p: float) -> None:
    for measure in ("var", "tvar"):
        x, y = getattr(a, measure)(p), getattr(b, measure)(p)
        apart = 5.0 * (x.error**2 + y.error**2) ** 0.5 + 1e-4 * abs(y.point)
        assert abs(x.point - y.point) <= apart, (measure, p, x, y)


def test_the_same_seed_gives_the_same_result_on_any_number_of_threads() -> None:
    asked = model(2.0)
    for laws in (
        [rqmc.laws(asked, 9, 12, threads) for threads in (1, 2, 5)],
        [mc.laws(asked, 9, 3_000_000, threads) for threads in (1, 2, 5)],
    ):
        seen = {
            tuple(law[part].tvar(p).point for part in PARTS for p in (0.9, 0.999)) for law in laws
        }
        assert len(seen) == 1
    assert rqmc.laws(asked, 10, 12)["gross"].tvar(0.99) != rqmc.laws(asked, 9, 12)["gross"].tvar(
        0.99
    )


def test_keeping_the_tail_alone_changes_nothing_in_it() -> None:
    """The first run only decides what need not be kept; years are the same, and so are sums."""
    asked = model(1.0)
    whole, kept = mc.laws(asked, 4, 400_000), mc.laws(asked, 4, 400_000, 1, 0.005)
    for part in PARTS:
        assert kept[part].mean().point == whole[part].mean().point
        for p in (0.995, 0.999):
            assert kept[part].var(p).point == whole[part].var(p).point
            assert kept[part].tvar(p).point == pytest.approx(whole[part].tvar(p).point, rel=1e-12)
    with pytest.raises(Refused, match="not kept"):
        kept["gross"].var(0.5)


@pytest.mark.parametrize("mean", [0.0, 1e-9, 50.0, 10_000.0])
def test_no_loss_and_ten_thousand_losses_are_years_too(mean: float) -> None:
    asked = model(mean, Capped(HEAVY, 1500.0), COVER)
    law = rqmc.laws(asked, 1, 12)
    expected = asked.mean("gross")
    assert expected is not None
    assert law["gross"].mean().point == pytest.approx(expected, rel=2e-2)
    assert law["ceded"].var(0.995).point <= 400.0
    if mean < 0.005:
        assert law["gross"].var(0.995).point == 0.0
    if mean == 10_000.0:
        assert law["ceded"].var(0.5).point == 400.0
        deviation = 10_000.0**0.5 * 110.0
        assert abs(law["gross"].var(0.5).point - expected) < deviation


def test_ties_do_not_move_a_quantile() -> None:
    """Half of the tail at one value: VaR is that value, and TVaR counts it for the rest."""
    law = tail(np.array([9.0, 5.0, 5.0, 5.0, 1.0]), np.array([0.002, 0.002, 0.002, 0.002, 0.5]))
    assert law.var(0.995) == 5.0
    assert law.tvar(0.995) == pytest.approx((0.002 * 9.0 + 0.003 * 5.0) / 0.005)
    assert law.var(0.4) == 0.0
    assert tail(np.empty(0), np.empty(0)).tvar(0.99) == 0.0

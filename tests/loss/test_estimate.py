"""An estimate becomes a figure by a named act, exactly and in a named direction."""

from __future__ import annotations

from fractions import Fraction

import pytest

from sonae.core.errors import Refused
from sonae.core.text import Text
from sonae.loss.estimate import Estimate, Rounding

ACT = Text("2026年11月28日 取締役会決議", "board decision of 2026-11-28")


@pytest.mark.parametrize(
    ("rounding", "places", "expected"),
    [("up", 1, "1067.8"), ("down", 1, "1067.7"), ("up", 0, "1068"), ("down", -2, "1000")],
)
def test_freezing_rounds_the_way_that_was_named(
    rounding: Rounding, places: int, expected: str
) -> None:
    estimate = Estimate(1067.7056, 0.03, "USD m", "rqmc", 7)
    figure = estimate.freeze(places, rounding, ACT)
    assert figure.value == Fraction(expected)
    assert figure.unit == "USD m"
    assert figure.standing == "house"
    assert ACT in figure.assumptions
    assert any("0.03 USD m" in a.en and "rqmc" in a.en for a in figure.assumptions)


def test_what_is_not_finite_cannot_be_frozen() -> None:
    with pytest.raises(Refused):
        Estimate(float("inf"), 0.0, "USD m", "fft").freeze(2, "up", ACT)


def test_another_unit_scales_point_errors_and_spread() -> None:
    estimate = Estimate(2.0, 0.1, "USD m", "rqmc", 7, (1.0, 4.0), {"fft": 2.5})
    there = estimate.scaled(150.0, "JPY m")
    assert (there.point, there.error, there.unit) == (300.0, 15.0, "JPY m")
    assert there.interval == (150.0, 600.0)
    assert there.as_json()["spread"] == {"fft": 375.0}
    low, high = estimate.engine_interval()
    assert low < 2.0 < high

"""An Estimate: a number about losses that may happen, never without what it is worth.

It is a float with its errors, so it is no Figure and cannot enter one by arithmetic. It becomes a
Figure only when a named act freezes it to a decimal, rounded in a named direction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor, isfinite
from typing import Any, Literal

from sonae.core.errors import Refused
from sonae.core.figure import Figure
from sonae.core.text import Text

Rounding = Literal["up", "down"]
NORMAL_95 = 1.959963984540054
WORDS: dict[Rounding, Text] = {"up": Text("切上げ", "up"), "down": Text("切捨て", "down")}
FROZEN = Text(
    "推計値を小数{places}桁で{rounding}て確定（計算方式 {engine}、標準誤差 {error}）",
    "estimate frozen to {places} places, rounded {rounding} "
    "(engine {engine}, standard error {error})",
)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A point in `unit`, the engine's standard error, and what other ways of asking said.

    `interval` is what uncertain parameters allow; None while parameters are taken as given.
    `spread` holds the answers of other engines or models by name, empty where none was asked.
    """

    point: float
    error: float
    unit: str
    engine: str
    seed: int | None = None
    interval: tuple[float, float] | None = None
    spread: Mapping[str, float] | None = None

    def engine_interval(self) -> tuple[float, float]:
        """Where the engine's own error leaves the point, at 95 %."""
        return self.point - NORMAL_95 * self.error, self.point + NORMAL_95 * self.error

    def scaled(self, factor: float, unit: str) -> Estimate:
        """The same estimate in another unit."""
        ends = self.interval
        return Estimate(
            self.point * factor,
            self.error * abs(factor),
            unit,
            self.engine,
            self.seed,
            None if ends is None else (ends[0] * factor, ends[1] * factor),
            {name: value * factor for name, value in (self.spread or {}).items()},
        )

    def freeze(self, places: int, rounding: Rounding, act: Text) -> Figure:
        """An exact Figure, by an act that says who decided it and why.

        The Figure carries the act, the engine and its error as assumptions, as a house value
        derived from data. A point that is not finite cannot be frozen.
        """
        if not isfinite(self.point):
            raise Refused(f"{self.point} is not finite and cannot be frozen")
        scaled = Fraction(self.point) * 10**places
        whole = ceil(scaled) if rounding == "up" else floor(scaled)
        origin = FROZEN.format(
            places=places,
            rounding=WORDS[rounding],
            engine=self.engine,
            error=f"{self.error:.3g} {self.unit}",
        )
        return Figure(
            Fraction(whole, 1) / 10**places,
            self.unit,
            formula=f"round_{rounding}(estimate, {places})",
            standing="house",
            confidence="derived",
            assumptions=(act, origin),
        )

    def as_json(self) -> dict[str, Any]:
        """Plain values: numbers, because an estimate is not exact."""
        return {
            "point": self.point,
            "error": self.error,
            "unit": self.unit,
            "engine": self.engine,
            "seed": None if self.seed is None else str(self.seed),
            "interval": None if self.interval is None else list(self.interval),
            "spread": dict(self.spread or {}),
        }

"""Where things lie on a drawing: whole thousandths of its width and height, axes by powers of ten.

Drawing itself is done elsewhere, in whole numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil, floor, log10
from typing import Any

SIZE = 1000


@dataclass(frozen=True, slots=True)
class Axis:
    """From 10^low to 10^high."""

    low: int
    high: int

    def place(self, value: float) -> int:
        """Thousandths along the axis; what lies outside stands at its end."""
        if value <= 0.0:
            return 0
        at = (log10(value) - self.low) / (self.high - self.low)
        return round(SIZE * min(max(at, 0.0), 1.0))

    def ticks(self) -> list[dict[str, Any]]:
        """A tick at each power of ten, by its exponent; every second one on a long axis."""
        step = 1 if self.high - self.low <= 8 else 2
        return [
            {"at": round(SIZE * (k - self.low) / (self.high - self.low)), "power": k}
            for k in range(self.low, self.high + 1, step)
        ]


def axis(values: Sequence[float]) -> Axis:
    """An axis that holds all positive values."""
    found = [log10(v) for v in values if v > 0.0] or [0.0]
    low, high = floor(min(found)), ceil(max(found))
    return Axis(low, max(high, low + 1))


def years(first: date, last: date) -> tuple[int, int]:
    """Whole years around two days."""
    return first.year, last.year + 1


def day_place(day: date, span: tuple[int, int]) -> int:
    """Thousandths along whole years."""
    days = (date(span[1], 1, 1) - date(span[0], 1, 1)).days
    return round(SIZE * (day - date(span[0], 1, 1)).days / days)


def curve_plot(curve: Sequence[dict[str, float]]) -> dict[str, Any]:
    """An exceedance curve with its band: amounts across, probabilities upwards, both by powers."""
    x = axis([c["amount"] for c in curve])
    least = max(min((c["predictive"] for c in curve), default=1e-5), 1e-6)
    y = axis([least, max((c["predictive"] for c in curve), default=1.0)])
    return {
        "x": x.ticks(),
        "y": y.ticks(),
        "line": [[x.place(c["amount"]), y.place(c["predictive"])] for c in curve],
        "low": [[x.place(c["amount"]), y.place(c["low"])] for c in curve],
        "high": [[x.place(c["amount"]), y.place(c["high"])] for c in curve],
    }

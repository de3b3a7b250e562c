"""What an engine is asked: a frequency, a severity and the terms of a year."""

from __future__ import annotations

from dataclasses import dataclass
from math import isinf
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sonae.loss.frequency import Frequency
from sonae.loss.severity import Severity, limited, mean_of
from sonae.loss.terms import Terms

Array = NDArray[np.float64]
Part = Literal["gross", "ceded", "retained"]
PARTS: tuple[Part, ...] = ("gross", "ceded", "retained")


@dataclass(frozen=True, slots=True)
class Model:
    """One venue's year: its losses and what a programme pays of them."""

    frequency: Frequency
    severity: Severity
    terms: Terms

    def scaled(self, factor: float) -> Model:
        """The same question in another unit of money."""
        return Model(self.frequency, self.severity.scaled(factor), self.terms.scaled(factor))

    def mean(self, part: Part) -> float | None:
        """Expected amount of a year in closed form; None where the annual aggregate forbids one."""
        severity, count = self.severity, self.frequency.mean
        if part == "gross":
            return count * mean_of(severity)
        if not isinf(self.terms.annual_aggregate):
            return None
        kept = float(self.retained_limited_mean(np.array([np.inf]))[0])
        if part == "retained":
            return count * kept
        return count * float(self.ceded_limited_mean(np.array([np.inf]))[0])

    def ceded_limited_mean(self, y: Array) -> Array:
        """E[min(Y, y)] of what is paid of one loss, before the annual aggregate."""
        terms, law = self.terms, self.severity
        below = limited(law, terms.retention)
        return law.limited_mean(np.minimum(y, terms.limit) + terms.retention) - below

    def retained_limited_mean(self, r: Array) -> Array:
        """E[min(R, r)] of what is kept of one loss, before the annual aggregate."""
        terms, law = self.terms, self.severity
        first = law.limited_mean(np.minimum(r, terms.retention))
        if isinf(terms.limit):
            return first
        gap = limited(law, terms.retention + terms.limit)
        above = law.limited_mean(np.maximum(r, terms.retention) + terms.limit)
        return first + above - gap

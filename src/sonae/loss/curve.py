"""Exceedance curves: the loss that is passed once in so many years.

AEP (aggregate) is about the total of a year and is read off an engine's law. OEP (occurrence) is
about the largest loss of a year and has a closed form: P(largest > x) = 1 - G(1 - P(X > x)), with
G the generating function of the number of losses.
"""

from __future__ import annotations

import numpy as np

from sonae.loss.frequency import Frequency
from sonae.loss.measure import Law
from sonae.loss.model import Model, Part

RETURN_PERIODS = (2, 5, 10, 20, 50, 100, 200, 250, 500, 1000)


def aep(law: Law) -> dict[str, float]:
    """The yearly total passed once in so many years."""
    return {str(t): law.var(1.0 - 1.0 / t).point for t in RETURN_PERIODS}


def oep(model: Model, part: Part) -> dict[str, float]:
    """The largest loss of a year passed once in so many years; the annual aggregate aside.

    What a policy pays of a loss, and what it leaves, both grow with the loss, so the largest loss
    decides them.
    """
    terms, result = model.terms, {}
    for t in RETURN_PERIODS:
        w = largest(model.frequency, 1.0 / t)
        loss = 0.0 if w >= 1.0 else float(model.severity.isf(np.array([w]))[0])
        ceded = min(max(loss - terms.retention, 0.0), terms.limit)
        result[str(t)] = {"gross": loss, "ceded": ceded, "retained": loss - ceded}[part]
    return result


def largest(frequency: Frequency, chance: float) -> float:
    """The w at which a year has a loss beyond its w-quantile from above with this chance."""

    def reached(w: float) -> float:
        return 1.0 - float(frequency.pgf(np.array([1.0 - w + 0j]))[0].real)

    if reached(1.0) <= chance:
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2.0
        low, high = (middle, high) if reached(middle) < chance else (low, middle)
    return high

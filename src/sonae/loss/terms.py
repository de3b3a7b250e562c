"""What an annual programme pays of a year's losses.

Order of terms: retention of each loss, limit of each loss, aggregate limit of the year. A tower
of policies compiles into a list of these later; one is what an engine's inner loop evaluates.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Terms:
    """Amounts in the currency of the losses; infinity where there is no bound, limit 0 no cover."""

    retention: float = 0.0
    limit: float = 0.0
    annual_aggregate: float = np.inf

    def year(self, losses: Array) -> tuple[float, float, float]:
        """Gross, ceded and retained of one year's losses.

        Retained is gross less ceded, so that the parts always add up.
        """
        each = np.minimum(np.maximum(losses - self.retention, 0.0), self.limit)
        gross, ceded = float(losses.sum()), min(float(each.sum()), self.annual_aggregate)
        return gross, ceded, gross - ceded

    def scaled(self, factor: float) -> Terms:
        """The same terms in another unit."""
        return Terms(self.retention * factor, self.limit * factor, self.annual_aggregate * factor)

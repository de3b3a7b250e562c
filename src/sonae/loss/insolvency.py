"""Fraud and insolvency: a peril of its own, with its own rate and law, covered by no policy.

The shares of customers' assets that were missing are known for a handful of estates, too few for a
fit: they stand as they are. So do the rates, by the same credibility as thefts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonae.core.text import Text
from sonae.loss.credibility import WATCHED, Watched, counted, rate
from sonae.loss.incidents import Event
from sonae.loss.measure import tail
from sonae.loss.streams import mixed
from sonae.loss.venue import Place

Array = NDArray[np.float64]
FEWEST = 3
FEW = Text(
    "欠けた割合の分かる破綻が{n}件しかなく、分布は当てはめず実績のまま使う",
    "the missing share is known of {n} estates only: no law is fitted, they stand as they are",
)
NONE = Text(
    "欠けた割合の分かる破綻が{n}件しかなく、計算できない",
    "the missing share is known of {n} estates only: not computable",
)


def insolvency(
    events: Sequence[Event],
    place: Place,
    levels: Sequence[str],
    seed: int,
    watched: Sequence[Watched] = WATCHED,
) -> dict[str, Any]:
    """Rate, shares, and measures of one year in the currency of the venue."""
    shares = np.sort([float(e.fraction or 0) for e in events if e.insolvency and e.fraction])
    found = rate(counted(events, True, watched), place.jurisdiction, 1000, mixed(seed, 9))
    shares = np.minimum(shares, 1.0)
    base = {
        "losses_a_year": found.mean,
        "interval": [float(x) for x in np.quantile(found.draws, [0.05, 0.95])],
        "weight": found.weight,
        "events": sum(g.events for g in found.groups),
        "shares": shares.tolist(),
    }
    if len(shares) < FEWEST:
        return {**base, "var": None, "tvar": None, "note": NONE.format(n=len(shares)).as_json()}
    points = _measures(shares, found.mean, float(place.total), levels)
    ends = [
        _measures(shares, float(r), float(place.total), levels)
        for r in np.quantile(found.draws, [0.05, 0.95])
    ]
    result = {
        measure: {
            level: {"point": point, "interval": [e[measure][level] for e in ends]}
            for level, point in of.items()
        }
        for measure, of in points.items()
    }
    return {**base, **result, "note": FEW.format(n=len(shares)).as_json()}


def _measures(
    shares: Array, rate: float, whole: float, levels: Sequence[str]
) -> dict[str, dict[str, float]]:
    """VaR and TVaR of one failure at most, with a share as likely as each that was seen."""
    descending = shares[::-1] * whole
    each = (1.0 - float(np.exp(-rate))) / len(shares)
    law = tail(descending, np.full(len(shares), each))
    return {
        "var": {level: law.var(float(level)) for level in levels},
        "tvar": {level: law.tvar(float(level)) for level in levels},
    }

"""Fraud and insolvency: a peril of its own, with its own rate and law, covered by no policy.

The shares of customers' assets that were missing are known for a handful of estates, too few for a
fit: they stand as they are. So do the rates, by the same credibility as thefts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sonae.core.text import Text
from sonae.loss.credibility import counted, rate
from sonae.loss.incidents import Event
from sonae.loss.streams import mixed
from sonae.loss.venue import Place

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
    events: Sequence[Event], place: Place, levels: Sequence[str], seed: int
) -> dict[str, Any]:
    """Rate, shares, and measures of one year in the currency of the venue."""
    shares = np.sort([float(e.fraction or 0) for e in events if e.insolvency and e.fraction])
    found = rate(counted(events, insolvency=True), place.jurisdiction, 1000, mixed(seed, 9))
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
    chance = 1.0 - float(np.exp(-found.mean))
    whole = float(place.total)
    descending = shares[::-1] * whole
    each = chance / len(shares)
    reached = each * np.arange(1, len(shares) + 1)
    var, tvar = {}, {}
    for level in levels:
        rest = 1.0 - float(level)
        k = int(np.searchsorted(reached, rest * (1.0 + 1e-12), side="right"))
        at = float(descending[k]) if k < len(descending) else 0.0
        above = float(descending[:k].sum()) * each
        var[level] = at
        tvar[level] = (above + (rest - (reached[k - 1] if k else 0.0)) * at) / rest
    return {**base, "var": var, "tvar": tvar, "note": FEW.format(n=len(shares)).as_json()}

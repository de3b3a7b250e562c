"""The document of `sonae loss fit`: parameters with intervals, families side by side, the rate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sonae.loss.amounts import amount_fit
from sonae.loss.credibility import WATCHED, Watched
from sonae.loss.evidence import THRESHOLD, THRESHOLD_BEFORE
from sonae.loss.extremes import check
from sonae.loss.fit import NAMES, SIZE_PRIOR, Fitted, fit
from sonae.loss.fractions import FAMILIES
from sonae.loss.incidents import Event
from sonae.loss.reserve import rate_json
from sonae.loss.theft import theft_model

SIZES = (1e7, 1e8, 1e9, 1e10)


def fit_summary(
    events: Sequence[Event],
    left_out: Sequence[Event],
    jurisdiction: str,
    family: str = "beta",
    draws: int = 1000,
    seed: int = 0,
    watched: Sequence[Watched] = WATCHED,
) -> dict[str, Any]:
    """The fit of one family with draws, the others at their mode, and what else was found.

    Raises:
        InputError: too few events, or a family that is not known.
    """
    model = theft_model(events, jurisdiction, family, draws, seed, watched=watched)
    mine = model.fitted
    others = {name: fit(name, mine.data, 0) for name in FAMILIES if name != family}
    amount = amount_fit(events)
    return {
        "format": "sonae-loss-fit/1",
        "exact": False,
        "severity": family,
        "seed": str(seed),
        "draws": draws,
        "evidence": {
            "known_assets": len(mine.data.loss),
            "unknown_assets": len(mine.data.latent),
            "below_threshold": mine.data.below,
            "total_losses": mine.data.totals,
            "threshold_usd": str(THRESHOLD),
            "threshold_before_2017_usd": str(THRESHOLD_BEFORE),
            "typical_assets_usd": mine.data.typical,
            "memory_left_out": [e.id for e in left_out],
            "events": list(mine.data.used),
        },
        "parameters": _parameters(mine),
        "total_loss": {
            "mean": mine.total_mode,
            "interval": [float(x) for x in np.quantile(mine.total, [0.05, 0.95])],
        },
        "effective_draws": mine.effective,
        "mean_share": _shares(mine),
        "families": {
            f.family: {"aic": f.aic(), "log_likelihood": f.log_likelihood,
                       "mean_share": _shares(f)}
            for f in (mine, *others.values())
        },
        "known_assets_only": _shares(fit(family, mine.data.without_latent(), 0)),
        "amounts": {"mu": amount.mu, "sigma": amount.sigma, "events": amount.events,
                    "aic": amount.aic},
        "extremes": check(mine, seed),
        "rate": rate_json(model),
    }  # fmt: skip


def _parameters(found: Fitted) -> dict[str, Any]:
    ends = np.quantile(found.draws, [0.05, 0.95], axis=0)
    priors = dict(zip(NAMES, found.priors, strict=True))
    return {
        name: {
            "mode": float(found.mode[i]),
            "interval": [float(ends[0, i]), float(ends[1, i])],
            "prior": {"mean": priors[name][0], "sd": priors[name][1],
                      "standing": "literature" if priors[name] == SIZE_PRIOR else "house"},
        }
        for i, name in enumerate(NAMES)
    }  # fmt: skip


def _shares(found: Fitted) -> dict[str, float]:
    """The mean share of a holding that one loss takes, by the size of the holding in USD."""
    family = FAMILIES[found.family]
    k = family.shape(float(found.mode[1]))
    grid = (np.arange(4000, dtype=np.float64) + 0.5) / 4000.0
    sizes = np.array(SIZES) / found.data.typical
    at = family.location(float(found.mode[0]), sizes, float(found.mode[2]), k)
    reached = family.sf(grid[None, :], at[:, None], np.array(k))
    mean = found.total_mode + (1.0 - found.total_mode) * reached.mean(axis=1)
    return {f"{size:.0e}": float(m) for size, m in zip(SIZES, mean, strict=True)}

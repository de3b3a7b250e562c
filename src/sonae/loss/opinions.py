"""The same question put to other models: how far apart honest answers lie."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sonae.loss import fft
from sonae.loss.amounts import AmountLaw, Amounts, amount_fit
from sonae.loss.annual import Annual, Kept, Parts, annual
from sonae.loss.credibility import WATCHED, Watched
from sonae.loss.evidence import THRESHOLD
from sonae.loss.fit import PURE_SHARE
from sonae.loss.fractions import FAMILIES
from sonae.loss.frequency import Poisson
from sonae.loss.incidents import Event
from sonae.loss.measure import Law
from sonae.loss.model import Model
from sonae.loss.severity import Lognormal
from sonae.loss.terms import Terms
from sonae.loss.theft import Holding, TheftModel, theft_model
from sonae.loss.venue import Place

Answer = dict[str, dict[str, float]]
GRID = 16


def opinions(
    place: Place,
    events: Sequence[Event],
    left_out: Sequence[Event],
    model: TheftModel,
    held: Sequence[Holding],
    levels: Sequence[str],
    kept: Sequence[Kept] | None = None,
    watched: Sequence[Watched] = WATCHED,
) -> tuple[dict[str, Answer], dict[str, Answer]]:
    """VaR and TVaR at the point under other severities, size effects and evidence.

    First before cover, then of what is `kept` of each part's losses, empty where that is not given.
    `amounts` takes losses as amounts cut at what is held, before cover only; shares of what is held
    are the default.
    """
    home, family, usd = place.jurisdiction, model.fitted.family, float(place.usd)

    def fitted(evidence: Sequence[Event], name: str = family, **changes: Any) -> TheftModel:
        return theft_model(evidence, home, name, 0, watched=watched, **changes)

    asked = {name: fitted(events, name) for name in FAMILIES if name != family}
    asked["pure_share"] = fitted(events, size_prior=PURE_SHARE)
    asked["known_assets_only"] = fitted(events, latent=False)
    if left_out:
        asked["with_memory_rows"] = fitted((*events, *left_out))
    found: dict[str, Answer] = {}
    net: dict[str, Answer] = {}
    for name, each in asked.items():
        parts = each.parts(held, usd)
        found[name] = _answer(annual(parts), levels)
        if kept is not None:
            net[name] = _answer(annual(parts, kept), levels)
    law = amount_year(events, model.parts(held, usd), usd)
    found["amounts"] = {
        "var": {level: law.var(float(level)).point for level in levels},
        "tvar": {level: law.tvar(float(level)).point for level in levels},
    }
    return found, net


def _answer(year: Annual, levels: Sequence[str]) -> Answer:
    return {
        "var": {level: year.var(float(level), 0) for level in levels},
        "tvar": {level: year.tvar(float(level), 0) for level in levels},
    }


def amount_year(events: Sequence[Event], parts: Parts, usd: float) -> Law:
    """The year of losses that are amounts, cut at what each part holds."""
    fitted = amount_fit(events)
    law = Lognormal(fitted.mu, fitted.sigma).scaled(THRESHOLD / usd)
    rates = parts.rate[0] / parts.rate[0].sum()
    laws = tuple(AmountLaw(law, THRESHOLD / usd, float(e)) for e in parts.exposure)
    severity = Amounts(tuple(rates.tolist()), laws)
    model = Model(Poisson(parts.frequency()), severity, Terms())
    return fft.laws(model, 1e-3, GRID)["gross"]

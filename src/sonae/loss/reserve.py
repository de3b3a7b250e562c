"""What a bad year would cost a venue: point, interval, predictive, other models, engine error.

The measure is of losses by theft and operation. Insolvency is another peril, with its own law and
no cover, and stands beside it without being added.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonae.core.canonical import number_text
from sonae.core.errors import InputError, Problem
from sonae.core.text import Text
from sonae.loss import fft, rqmc
from sonae.loss.annual import LOG2, Annual, Parts, annual
from sonae.loss.cover import LEFT_OUT, kept
from sonae.loss.credibility import WATCHED, Watched
from sonae.loss.estimate import Estimate
from sonae.loss.evidence import THRESHOLD
from sonae.loss.failure import Cover, cover, failures_json
from sonae.loss.frequency import Poisson
from sonae.loss.incidents import Event
from sonae.loss.insolvency import insolvency
from sonae.loss.model import Model
from sonae.loss.opinions import opinions
from sonae.loss.plot import curve_plot
from sonae.loss.terms import Terms
from sonae.loss.theft import DOMAIN, SHOCK, Holding, Proportion, TheftModel, theft_model
from sonae.loss.venue import Held, Place
from sonae.policy.terms import Policy

MEASURES = ("var", "tvar")
WIDTH = 0.9
RETURNS = (50, 100, 200, 500, 1000)


def holdings(place: Place, by: str) -> list[Holding]:
    """Customers' assets by tier, or by signing domain within a tier, and by supplier.

    Raises:
        InputError: by domain, where the Books name none.
    """
    if by == "domain" and not all(h.domain for h in place.held):
        raise InputError([_NO_DOMAIN])
    found: dict[str, Holding] = {}
    wide = over_tiers(place.held)
    for h in place.held:
        name = _name(h, by, wide)
        so_far = found[name].amount if name in found else 0.0
        domain = h.domain if h.domain in wide else ""
        found[name] = Holding(name, h.tier, so_far + float(h.value), h.supplier, domain)
    return list(found.values())


def over_tiers(held: Sequence[Held]) -> frozenset[str]:
    """Signing domains that reach over more than one tier: one compromise takes from each."""
    tiers: dict[str, set[str]] = {}
    for h in held:
        if h.domain and h.tier and h.value:
            tiers.setdefault(h.domain, set()).add(h.tier)
    return frozenset(domain for domain, found in tiers.items() if len(found) > 1)


def _name(h: Held, by: str, wide: frozenset[str]) -> str:
    """Tier, or domain and tier, and supplier, as far as they are known."""
    parts = (h.domain if by == "domain" or h.domain in wide else "", h.tier, h.supplier)
    return " / ".join(x for x in parts if x) or "untold"


def reserve(
    place: Place,
    events: Sequence[Event],
    left_out: Sequence[Event],
    policies: Sequence[Policy],
    rates: Mapping[str, Fraction],
    levels: Sequence[str],
    seed: int = 0,
    family: str = "beta",
    by: str = "tier",
    draws: int = 1000,
    watched: Sequence[Watched] = WATCHED,
) -> dict[str, Any]:
    """The document of `sonae loss reserve`: estimates, each with what it is worth."""
    held, usd = holdings(place, by), float(place.usd)
    model = theft_model(events, place.jurisdiction, family, draws, seed, watched=watched)
    parts = model.parts(held, usd)
    year = annual(parts)
    covers = _covers(place, parts, policies, rates, by)
    cases = None if covers is None else [c.cases() for c in covers]
    spread, net = opinions(place, events, left_out, model, held, levels, cases, watched)
    document: dict[str, Any] = {
        "format": "sonae-loss-reserve/1",
        "exact": False,
        "currency": place.currency,
        "venue": {"name": place.name, "entity": place.entity, "at": place.at.isoformat(),
                  "held": number_text(place.total), "usd": number_text(place.usd),
                  "usd_source": place.usd_source.as_json(),
                  "usd_confidence": place.usd_confidence},
        "severity": family,
        "seed": str(seed),
        "draws": draws,
        "gross": _measures(year, levels, spread, _engine(parts, levels)),
        "parts": _each_part(parts, levels),
        "curve": _curve(year),
        "once_in": _once_in(year),
        "plot": curve_plot(_curve(year)),
        "losses_a_year": parts.frequency(),
        "rate": rate_json(model),
        "net": None,
        "insolvency": insolvency(events, place, levels, seed, watched),
        "notes": [t.as_json() for t in _notes(place, model, held)],
    }  # fmt: skip
    if covers is not None:
        document["net"] = _net(parts, covers, policies, levels, net)
    return document


def estimate(found: Mapping[str, Any], side: str, measure: str, level: str) -> Estimate:
    """One measure of a reserve as an Estimate, which a named act can freeze to a figure.

    `side` is gross or net, `measure` var or tvar. The point is that of the predictive law: the
    requirement is to hold whatever the parameters are.
    """
    m = found[side][measure][level]
    low, high = m["interval"]
    return Estimate(
        m["predictive"], m["engine_error"], found["currency"], "fft batch", int(found["seed"]),
        (low, high), {"point": m["point"], **m["model_spread"]},
    )  # fmt: skip


def _measures(
    year: Annual,
    levels: Sequence[str],
    spread: Mapping[str, Mapping[str, Mapping[str, float]]],
    engine: Mapping[str, Mapping[str, float]] | None,
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for measure in MEASURES:
        found[measure] = {}
        for level in levels:
            p = float(level)
            of = year.var if measure == "var" else year.tvar
            low, high = year.interval(measure, p, WIDTH)
            others = {name: each[measure][level] for name, each in spread.items()}
            found[measure][level] = {
                "point": of(p, 0),
                "interval": [low, high],
                "predictive": of(p),
                "engine_error": None if engine is None else engine[measure][level],
                "model_spread": others,
            }
    return {"mean": {"point": year.mean(0), "predictive": year.mean()}, **found}


def _engine(parts: Parts, levels: Sequence[str]) -> dict[str, dict[str, float]]:
    """The largest distance, at the point, of the batch to both other engines and their errors."""
    frequency, severity = Poisson(parts.frequency()), parts.severity()
    model = Model(frequency, severity, Terms())
    year = annual(_point(parts))
    grid = fft.laws(model, 1.0 - max(float(x) for x in levels), 18)["gross"]
    sampled = rqmc.laws(model, 0, 13)["gross"]
    found: dict[str, dict[str, float]] = {m: {} for m in MEASURES}
    for level in levels:
        p = float(level)
        for measure, mine in (("var", year.var(p, 0)), ("tvar", year.tvar(p, 0))):
            others = [getattr(law, measure)(p) for law in (grid, sampled)]
            found[measure][level] = max(x for v in others for x in (v.error, abs(v.point - mine)))
    return found


def _point(parts: Parts) -> Parts:
    return Parts(
        parts.names, parts.exposure, parts.family, parts.rate[:1], parts.location[:1],
        parts.shape[:1], parts.total[:1],
    )  # fmt: skip


def _each_part(parts: Parts, levels: Sequence[str]) -> list[dict[str, Any]]:
    """Each tier or supplier alone: they do not add up to the whole, for bad years rarely meet."""
    result = []
    for c, name in enumerate(parts.names):
        one = slice(c, c + 1)
        alone = annual(
            Parts(
                (name,), parts.exposure[one], parts.family, parts.rate[:, one],
                parts.location[:, one], parts.shape, parts.total,
            )
        )  # fmt: skip
        law = parts.severity().laws[c]
        result.append(
            {
                "name": name,
                "held": float(parts.exposure[c]),
                "losses_a_year": float(parts.rate[0, c]),
                "share_lost": float(law.limited_mean(np.array(law.exposure))) / law.exposure,
                **_measures(alone, levels, {}, None),
            }
        )
    return result


def _curve(year: Annual) -> list[dict[str, float]]:
    names = ("amount", "predictive", "low", "high", "one_loss")
    return [dict(zip(names, point, strict=True)) for point in year.curve()]


def _once_in(year: Annual) -> list[dict[str, float]]:
    """For years between exceedances: the amount of a whole year (AEP), of one loss (OEP)."""
    return [
        {"years": n, "aep": year.once_in(n), "oep": year.once_in(n, one_loss=True)} for n in RETURNS
    ]


def _covers(
    place: Place,
    parts: Parts,
    policies: Sequence[Policy],
    rates: Mapping[str, Fraction],
    by: str,
) -> list[Cover] | None:
    """The programme over each part, and who may fail; None without policies."""
    if not policies:
        return None
    found = []
    for name in parts.names:
        held = _of(place, name, by)
        curve = kept(policies, rates, place.at, held)
        found.append(cover(curve, policies, rates, place.at, held))
    return found


def _net(
    parts: Parts,
    covers: Sequence[Cover],
    policies: Sequence[Policy],
    levels: Sequence[str],
    spread: Mapping[str, Mapping[str, Mapping[str, float]]],
) -> dict[str, Any]:
    """What the programme leaves of the year, insurers' failures among it, and what is not in it.

    The error is the distance at the point to a grid twice as fine.
    """
    cases = [c.cases() for c in covers]
    year = annual(parts, cases, LOG2 + 1)
    paid = annual(parts, [c.kept for c in covers], LOG2 + 1)
    fine = annual(_point(parts), cases, LOG2 + 2)
    engine = {
        "var": {x: abs(fine.var(float(x), 0) - year.var(float(x), 0)) for x in levels},
        "tvar": {x: abs(fine.tvar(float(x), 0) - year.tvar(float(x), 0)) for x in levels},
    }
    mean = parts.frequency()
    twice = 1.0 - np.exp(-mean) * (1.0 + mean)
    return {
        **_measures(year, levels, spread, engine),
        "curve": _curve(year),
        "once_in": _once_in(year),
        "if_all_pay": {x: paid.tvar(float(x)) for x in levels},
        "failures": failures_json(covers),
        "plot": curve_plot(_curve(year)),
        "policies": [p.policy_id for p in policies],
        "two_events_in_a_year": float(twice),
        "left_out": [t.as_json() for t in LEFT_OUT],
    }


def _of(place: Place, name: str, by: str) -> list[Held]:
    """What a part of the model takes from."""
    if name.startswith(SHOCK):
        return [h for h in place.held if h.supplier == name.removeprefix(SHOCK)]
    if name.startswith(DOMAIN):
        return [h for h in place.held if h.domain == name.removeprefix(DOMAIN)]
    wide = over_tiers(place.held)
    return [h for h in place.held if _name(h, by, wide) == name]


def rate_json(model: TheftModel) -> dict[str, Any]:
    """How often, by credibility; shares of tiers and of shocks to suppliers."""
    rate = model.rate
    return {
        "jurisdiction": rate.group,
        "mean": rate.mean,
        "interval": _ends(rate.draws),
        "weight": rate.weight,
        "market": rate.market,
        "venue_years_for_half": rate.needed,
        "groups": [
            {"jurisdiction": g.name, "events": g.events, "venue_years": g.venue_years,
             "why": g.why.as_json(), "confidence": g.confidence}
            for g in rate.groups
        ],
        "hot": _share(model.hot),
        "supplier_shocks": _share(model.shared),
        "domain_shocks": _share(model.mixed),
    }  # fmt: skip


def _share(found: Proportion) -> dict[str, Any]:
    return {
        "hits": found.hits, "events": found.events, "mean": found.mean,
        "interval": _ends(found.draws),
    }  # fmt: skip


def _ends(draws: NDArray[np.float64]) -> list[float]:
    return [float(x) for x in np.quantile(draws, [0.05, 0.95])] if len(draws) else []


def _notes(place: Place, model: TheftModel, held: Sequence[Holding]) -> list[Text]:
    found = list(place.notes)
    told = {h.tier for h in held if h.amount > 0.0}
    found += [NO_TIER.format(tier=t) for t in ("hot", "cold") if t not in told and "" not in told]
    if "" in told:
        found.append(UNTOLD)
    if not any(h.supplier for h in held):
        found.append(NO_SUPPLIER)
    if model.rate.group != place.jurisdiction:
        found.append(NOT_WATCHED)
    return [*found, WHOLE_VENUE, THRESHOLDS]


NO_TIER = Text(
    "{tier}に保有がなく、その区分の損失は数えない",
    "nothing is held in tier {tier}, so it has no losses",
)
UNTOLD = Text(
    "保管区分の分からない保有があり、他の区分の残りの発生頻度をすべて当てた",
    "holdings of an untold tier take all of the rate that told tiers leave",
)
NO_SUPPLIER = Text(
    "suppliers.tomlがなく、共通のウォレット業者による同時の損失は数えない",
    "no suppliers.toml: shocks through a supplier in common are not counted",
)
NOT_WATCHED = Text(
    "この法域の業者数の記録がなく、市場全体の発生頻度を使う",
    "this jurisdiction was not watched; the rate of the market stands in",
)
WHOLE_VENUE = Text(
    "失われた割合は事業者の全資産に対して測られており、区分別の残高は公表されない。ホットの割合は低めに、"
    "コールドの割合は高めに出うる",
    "shares were measured on all assets of a venue, since none publishes its tiers: of a hot tier "
    "more may be lost than this says, of a cold one less",
)
THRESHOLDS = Text(
    f"{THRESHOLD:,}米ドル未満の損失は一覧にほとんど載らず、発生頻度に含まない",
    f"losses below USD {THRESHOLD:,} hardly reach the list and are not in the rate",
)
_NO_DOMAIN = Problem(
    "no-domain", "holdings",
    Text(
        "署名ドメインのない保有がある。keys.toml か holdings の signing_domain に記す。",
        "a holding has no signing domain; give it in keys.toml or holdings.",
    ),
)  # fmt: skip

"""The parameters of a formula at which a chosen share of losses is made good, at least cost.

Both shares must be reached: of named past losses whose balance is public, each counted once, and
of losses that may happen at today's firms, each firm as likely as another, by the fitted law of the
share lost (in closed form, so that no engine adds an error of its own). With one rate the least
rate is the cheapest. With two, the cheaper is found along the edge on which the target just holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonae.loss.exposure import BASES, Case, Firm
from sonae.loss.formula import RATES, family, required, scaled
from sonae.loss.share_model import ModelShares
from sonae.loss.shares import FEWEST, FITTED, ShareLaw, fit

Array = NDArray[np.float64]
STEPS, EDGE_POINTS = 40, 33
INTERVAL = (0.05, 0.95)
TARGETS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
PLACES = 4
SLACK = 1e-9
TOP = {"custody_value": 1.0, "custody_value_cold": 100.0, "custody_value_not_cold": 1000.0,
       "traded_value": 1.0}  # fmt: skip
DRAFT_TOP = 10_000.0


@dataclass(frozen=True, slots=True)
class Prices:
    """What a yen costs a year: held in cash, and insured (rate on line)."""

    capital: Fraction
    premium: Fraction


@dataclass(frozen=True, slots=True)
class Asked:
    """A formula with free rates: a family by name, or a draft whose rates move together."""

    name: str
    limits: Mapping[str, Any]
    draft: Mapping[str, Any] | None = None

    def raw(self, rates: Sequence[float]) -> dict[str, Any]:
        """The formula at these rates, or at this factor on a draft's own."""
        if self.draft is not None:
            return scaled(self.draft, Fraction(rates[0]))
        return family(self.name, [Fraction(r) for r in rates], self.limits)

    def frozen(self, rates: Sequence[float]) -> dict[str, Any]:
        """The formula with its rates raised to so many exact decimals."""
        exact = exact_rates(rates)
        if self.draft is not None:
            return scaled(self.draft, exact[0])
        return family(self.name, exact, self.limits)

    @property
    def tops(self) -> tuple[float, ...]:
        """Beyond these nobody looks: the whole of the base, or so many times a part of it."""
        return (DRAFT_TOP,) if self.draft else tuple(TOP[b] for b in RATES[self.name])

    @property
    def insured(self) -> float:
        """The share that insurance may meet."""
        source = self.draft if self.draft is not None else self.limits
        return float(Fraction(str(source.get("insurance_share", 0))))


def exact_rates(rates: Sequence[float]) -> list[Fraction]:
    """Rates raised to so many decimals; what search left below a decimal does not raise it."""
    return [Fraction(ceil(r * 10**PLACES - SLACK), 10**PLACES) for r in rates]


@dataclass(frozen=True, slots=True)
class World:
    """Past losses and firms as arrays; a base that is not known is nan."""

    losses: Array
    past: Mapping[str, Array]
    firms: Mapping[str, Array]
    law: ShareLaw

    def past_share(self, raw: Mapping[str, Any]) -> float:
        """Of past losses whose requirement can be computed, the share made good; nan of none."""
        held = required(raw, self.past)
        known = ~np.isnan(held)
        return float((held >= self.losses * (1.0 - SLACK))[known].mean()) if known.any() else np.nan

    def future_share(self, raw: Mapping[str, Any]) -> float:
        """Of losses that may happen at firms whose requirement can be computed."""
        held, size = required(raw, self.firms), self.firms["custody_value"]
        known = ~np.isnan(held) & (size > 0)
        if not known.any():
            return float("nan")
        return float(self.law.cdf(held[known] / size[known], size[known]).mean())

    def money_share(self, raw: Mapping[str, Any]) -> float:
        """Of the money of losses that may happen, the part that is made good."""
        held, size = required(raw, self.firms), self.firms["custody_value"]
        known = ~np.isnan(held) & (size > 0)
        if not known.any():
            return float("nan")
        held, size = held[known], size[known]
        unpaid = (self.law.excess(held / size, size) * size).sum()
        return float(1.0 - unpaid / (self.law.excess(np.zeros_like(size), size) * size).sum())

    def cost(self, raw: Mapping[str, Any], prices: Prices, insured: float) -> float:
        """Of all firms in a year, yen: cash at its cost and premium for the insured part."""
        whole = float(np.nansum(required(raw, self.firms)))
        return whole * ((1.0 - insured) * float(prices.capital) + insured * float(prices.premium))

    def reached(self, raw: Mapping[str, Any], target: float) -> bool:
        """True where neither share is below the target; one that is not computable is left."""
        shares = [s for s in (self.past_share(raw), self.future_share(raw)) if not np.isnan(s)]
        return bool(shares) and all(s >= target - SLACK for s in shares)


def bases_of(items: Sequence[Case] | Sequence[Firm]) -> dict[str, Array]:
    """Bases as arrays; a range or a missing base is nan, for nothing is fitted to either."""

    def one(item: Case | Firm, base: str) -> float:
        low, high = item.bases.get(base, (Fraction(0), Fraction(1)))
        return float(low) if low == high else np.nan

    return {base: np.array([one(i, base) for i in items]) for base in BASES}


def world(kind: str, cases: Sequence[Case], firms: Sequence[Firm]) -> World:
    """What is fitted to, under one law of the share lost."""
    return world_of(fit(kind, *_pairs(cases)), cases, firms)


def world_of(law: ShareLaw, cases: Sequence[Case], firms: Sequence[Firm]) -> World:
    """The same with a law that is already there."""
    losses = np.array([float(c.loss) for c in cases])
    return World(losses, bases_of(cases), bases_of(firms), law)


def _pairs(cases: Sequence[Case]) -> tuple[list[float], list[float]]:
    return [float(c.share) for c in cases], [float(c.bases["custody_value"][0]) for c in cases]


def least(asked: Asked, seen: World, target: float, prices: Prices) -> tuple[float, ...] | None:
    """The cheapest rates that reach the target; None where no rate does."""
    tops = asked.tops
    if not seen.reached(asked.raw(tops), target):
        return None
    if len(tops) == 1:
        return (_least_last(asked, seen, target, (), tops[0]),)
    best: tuple[float, tuple[float, ...]] | None = None
    whole = _least_first(asked, seen, target, tops)
    for first in np.linspace(0.0, whole, EDGE_POINTS).tolist():
        if not seen.reached(asked.raw((first, tops[1])), target):
            continue
        rates = (first, _least_last(asked, seen, target, (first,), tops[1]))
        found = seen.cost(asked.raw(rates), prices, asked.insured)
        if best is None or found < best[0]:
            best = found, rates
    return best[1] if best else None


def _least_first(asked: Asked, seen: World, target: float, tops: tuple[float, ...]) -> float:
    """The first rate that reaches the target with the other at zero, else its top."""
    if not seen.reached(asked.raw((tops[0], 0.0)), target):
        return tops[0]
    low, high = 0.0, tops[0]
    for _ in range(STEPS):
        middle = (low + high) / 2.0
        low, high = (
            (low, middle) if seen.reached(asked.raw((middle, 0.0)), target) else (middle, high)
        )
    return high


def _least_last(
    asked: Asked, seen: World, target: float, fixed: tuple[float, ...], top: float
) -> float:
    low, high = 0.0, top
    if seen.reached(asked.raw((*fixed, 0.0)), target):
        return 0.0
    for _ in range(STEPS):
        middle = (low + high) / 2.0
        if seen.reached(asked.raw((*fixed, middle)), target):
            high = middle
        else:
            low = middle
    return high


# -- what the rates are worth ----------------------------------------------------------------------


def worlds(
    cases: Sequence[Case],
    firms: Sequence[Firm],
    seed: int,
    draws: int,
    kind: str,
    model: ModelShares,
) -> Iterator[World]:
    """The world with resampled losses; under the model of thefts, one draw of its parameters."""
    random = np.random.Generator(np.random.PCG64DXSM(seed))
    for n in range(draws):
        picked = [cases[i] for i in random.integers(0, len(cases), len(cases)).tolist()]
        law = model.one(n) if kind == "model" else fit(kind, *_pairs(picked))
        yield world_of(law, picked, firms)


def resampled(
    asked: Asked,
    cases: Sequence[Case],
    firms: Sequence[Firm],
    target: float,
    prices: Prices,
    seed: int,
    draws: int,
    kind: str,
    model: ModelShares,
) -> tuple[list[tuple[float, float]] | None, int]:
    """5 % and 95 % of each rate over resampled losses, and how many draws reached no rate."""
    found, failed = [], 0
    for seen in worlds(cases, firms, seed, draws, kind, model):
        rates = least(asked, seen, target, prices)
        if rates is None:
            failed += 1
        else:
            found.append(rates)
    if not found:
        return None, failed
    low, high = np.quantile(np.array(found), INTERVAL, axis=0)
    return list(zip(low.tolist(), high.tolist(), strict=True)), failed


def spread(
    asked: Asked,
    cases: Sequence[Case],
    firms: Sequence[Firm],
    target: float,
    prices: Prices,
    decides: ShareLaw,
    model: ModelShares,
) -> dict[str, list[float] | None]:
    """The rates under each law, and by past losses or by the law alone."""
    found: dict[str, list[float] | None] = {}
    laws: dict[str, ShareLaw] = {k: fit(k, *_pairs(cases)) for k in FITTED}
    for kind, law in {**laws, "model": model}.items():
        rates = least(asked, world_of(law, cases, firms), target, prices)
        found[kind] = None if rates is None else list(rates)
    seen = world_of(decides, cases, firms)
    nobody = {b: np.full_like(a, np.nan) for b, a in seen.firms.items()}
    nothing = {b: np.full_like(a, np.nan) for b, a in seen.past.items()}
    for name, other in {
        "past-only": replace(seen, firms=nobody),
        "law-only": replace(seen, past=nothing),
    }.items():
        rates = least(asked, other, target, prices)
        found[name] = None if rates is None else list(rates)
    return found


def frontier(
    asked: Asked, seen: World, prices: Prices, again: Sequence[World] = ()
) -> list[dict[str, Any]]:
    """For each target the cheapest rates, what all firms hold and pay, and the money made good.

    Each with 5 % and 95 % over the worlds of `again`: rates, held and cost are fitted anew there,
    shares made good are those of the point's own formula.
    """
    points = []
    for target in TARGETS:
        rates = least(asked, seen, target, prices)
        point: dict[str, Any] = {"target": target, "rates": None}
        if rates is not None:
            raw = asked.raw(rates)
            point |= {"rates": list(rates), **weighed(asked, seen, raw, prices)}
            point["interval"] = {
                **shares_between(raw, again), **_refitted(asked, target, prices, again)
            }  # fmt: skip
        points.append(point)
    return points


def shares_between(raw: Mapping[str, Any], again: Sequence[World]) -> dict[str, Any]:
    """5 % and 95 % of the shares that one formula makes good."""
    found = [(w.past_share(raw), w.future_share(raw), w.money_share(raw)) for w in again]
    return _between(("past", "future", "money"), found)


def _refitted(
    asked: Asked, target: float, prices: Prices, again: Sequence[World]
) -> dict[str, Any]:
    """The same of what all firms hold and pay at the rates that reach the target each time."""
    fitted = [(w, least(asked, w, target, prices)) for w in again]
    found = []
    for seen, rates in fitted:
        if rates is not None:
            raw = asked.raw(rates)
            held = float(np.nansum(required(raw, seen.firms)))
            found.append((held, seen.cost(raw, prices, asked.insured), *rates))
    names = ("held", "cost", *(f"rate {n}" for n in range(len(asked.tops))))
    without = sum(rates is None for _, rates in fitted)
    return {**_between(names, found), "draws": len(again), "draws_without_answer": without}


def _between(names: Sequence[str], found: Sequence[Sequence[float]]) -> dict[str, Any]:
    """Ends by name; None where any value is not computable, or there is none."""
    if not found:
        return dict.fromkeys(names)
    low, high = np.quantile(np.array(found), INTERVAL, axis=0)
    return {
        n: None if np.isnan(a) else [float(a), float(b)]
        for n, a, b in zip(names, low, high, strict=True)
    }


def weighed(
    asked: Asked, seen: World, raw: Mapping[str, Any], prices: Prices
) -> dict[str, float | None]:
    """A formula on the axes of the frontier: shares made good, yen held by all, yen a year."""
    shares = {
        "past": seen.past_share(raw),
        "future": seen.future_share(raw),
        "money": seen.money_share(raw),
    }
    whole = float(np.nansum(required(raw, seen.firms)))
    found = {**shares, "held": whole, "cost": seen.cost(raw, prices, asked.insured)}
    return {k: None if np.isnan(v) else v for k, v in found.items()}


def validated(
    asked: Asked,
    cases: Sequence[Case],
    firms: Sequence[Firm],
    target: float,
    prices: Prices,
    year: int,
) -> dict[str, Any] | None:
    """Fit to losses up to the end of a year, predict those after; None where either is too few.

    The score is the mean log density of the shares lost later (natural logarithm) under each law,
    beside a law that knows nothing (0, the uniform one); and the share made good at the rates
    fitted then, beside the target.
    """
    early = [c for c in cases if c.day.year <= year]
    late = [c for c in cases if c.day.year > year]
    if len(early) < FEWEST or not late:
        return None
    seen = world("beta", early, firms)
    rates = least(asked, seen, target, prices)
    shares = np.clip(np.array(_pairs(late)[0]), 1e-6, 1.0 - 1e-6)
    scores = {
        k: float(np.log(fit(k, *_pairs(early)).density(shares)).mean())
        for k in ("beta", "lognormal")
    }
    after = replace(seen, losses=np.array([float(c.loss) for c in late]), past=bases_of(late))
    covered = None
    if rates is not None:
        share = after.past_share(asked.raw(rates))
        covered = None if np.isnan(share) else share
    return {
        "year": year,
        "fitted_to": len(early),
        "predicted": len(late),
        "rates": None if rates is None else list(rates),
        "made_good": covered,
        "target": target,
        "log_score": {**scores, "uniform": 0.0},
        "events": [c.id for c in late],
    }

"""The cheapest mix of cash and insurance for one firm, by its regime's rule and to a target.

A programme costs a year: cash at its cost of capital, premium, what is expected to be retained, and
what is expected to stay unpaid because an insurer fails. Cash is the larger of what the regime asks
for after the insurance it credits, and the retained tail at the target. Every programme of the menu
is priced on the same points, so that differences are not noise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonae.core.errors import UsageError
from sonae.loss.frequency import Poisson
from sonae.loss.measure import tail
from sonae.loss.portfolio import points, quick_isf
from sonae.loss.severity import BetaFraction
from sonae.loss.streams import mixed

Array = NDArray[np.float64]
LEVELS = (0.9, 0.95, 0.975, 0.99, 0.995, 0.999)
LOG2, RARE, MOST = 12, 1e-7, 100_000
INTERVAL = (0.05, 0.95)
SAFE = 1e-12


@dataclass(frozen=True, slots=True)
class Kind:
    """Losses of one peril and tier: their part of all losses, and what they can take from."""

    peril: str
    tier: str
    share: float
    exposure: float


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer on offer: at most `limit`, in so many equal steps; `rate` is premium over limit.

    `perils` and `tiers` are those it covers; none named, all.
    """

    name: str
    insurer: str
    attachment: float
    limit: float
    rate: float
    share: float = 1.0
    aggregate: float = np.inf
    steps: int = 10
    perils: frozenset[str] = frozenset()
    tiers: frozenset[str] = frozenset()

    def covers(self, kind: Kind) -> bool:
        """Whether it pays of such a loss; a layer that names no peril or tier covers all."""
        peril = not self.perils or kind.peril in self.perils
        return peril and (not self.tiers or kind.tier in self.tiers)


@dataclass(frozen=True, slots=True)
class Insurer:
    """Its chance to fail in a year, and the part it still pays then."""

    default: float
    recovery: float


@dataclass(frozen=True, slots=True)
class Law:
    """Losses a year, and the Beta law of the share of custody that one takes."""

    frequency: float
    a: float
    b: float


@dataclass(frozen=True)
class Firm:
    """What is asked: exposure, the regime's rule, prices, the target, and the menu."""

    custody: float
    law: Law
    required: float
    insurance_share: float
    capital: float
    level: float
    layers: tuple[Layer, ...]
    insurers: Mapping[str, Insurer]
    opinions: Mapping[str, Law]
    draws: tuple[Law, ...] = ()
    seed: int = 1
    kinds: tuple[Kind, ...] = ()

    @property
    def levels(self) -> tuple[float, ...]:
        """Of the frontier, the target among them."""
        return tuple(sorted({*LEVELS, self.level}))

    def menu(self) -> Array:
        """Every programme as the steps bought of each layer, one row each."""
        count = prod(layer.steps + 1 for layer in self.layers)
        if count > MOST:
            raise UsageError(f"{count:,} programmes are more than {MOST:,}; take fewer steps")
        return np.array(list(product(*(range(x.steps + 1) for x in self.layers))), dtype=np.float64)

    def terms(self, bought: Array, failed: Sequence[str] = ()) -> Array:
        """Attachment, limit, share and aggregate of each layer of each programme.

        An insurer that failed pays its recovery of each loss and of the aggregate.
        """
        found = np.empty((len(bought), len(self.layers), 4))
        for k, layer in enumerate(self.layers):
            part = bought[:, k] / layer.steps
            pays = self.insurers[layer.insurer].recovery if layer.insurer in failed else 1.0
            found[:, k, 0] = layer.attachment
            found[:, k, 1] = layer.limit * part
            found[:, k, 2] = layer.share * pays
            found[:, k, 3] = layer.aggregate * pays if np.isfinite(layer.aggregate) else np.inf
        return found


@dataclass(frozen=True)
class Years:
    """One law's years: losses in currency and the probability of each year."""

    losses: Array
    number: NDArray[np.int64]
    start: NDArray[np.int64]
    replicate: NDArray[np.int64]
    weight: Array
    kind: NDArray[np.int64] | None = None

    def covered(self, firm: Firm, layer: Layer) -> Array | None:
        """One for each loss that the layer covers, else zero; None where it covers all."""
        if self.kind is None:
            return None
        return np.array([layer.covers(k) for k in firm.kinds], dtype=np.float64)[self.kind]


def years_of(law: Law, custody: float, seed: int, kinds: Sequence[Kind] = ()) -> Years:
    """Years with a loss, laid out evenly; all other years are without one.

    With `kinds`, a year of one loss stands once for each of them with its part of the probability;
    losses of other years have a kind each, drawn in proportion.
    """
    frequency = Poisson(law.frequency)
    most = max(frequency.most(RARE), 1)
    shared = points(law.frequency, most, seed, LOG2)
    losses = quick_isf(BetaFraction(law.a, law.b, custody), shared.chance)
    chance = frequency.pmf(np.arange(most + 1))
    weight = shared.weight * chance[shared.number]
    years = Years(losses, shared.number, shared.start, shared.replicate, weight)
    return of_kinds(years, custody, seed, kinds) if kinds else years


def of_kinds(years: Years, custody: float, seed: int, kinds: Sequence[Kind]) -> Years:
    """The same years with a kind for every loss, which sets what it can take from."""
    part = np.array([k.share for k in kinds]) / sum(k.share for k in kinds)
    scale = np.array([k.exposure for k in kinds]) / custody
    one = years.number == 1
    repeat = np.where(one, len(kinds), 1)
    source = np.repeat(np.arange(len(repeat)), repeat)  # the year that each new year was
    number = years.number[source]
    start = np.concatenate(([0], np.cumsum(number)[:-1]))
    copy = np.arange(len(source)) - np.repeat(np.cumsum(repeat) - repeat, repeat)
    at = np.repeat(years.start[source], number) + np.arange(number.sum()) - np.repeat(start, number)
    random = np.random.Generator(np.random.PCG64DXSM(mixed(seed, 11)))
    kind = np.searchsorted(np.cumsum(part)[:-1], random.random(len(at)), side="right")
    alone = np.repeat(one[source], number)
    kind[alone] = np.repeat(copy, number)[alone]
    weight = years.weight[source] * np.where(one[source], part[copy], 1.0)
    losses = years.losses[at] * scale[kind]
    return Years(losses, number, start, years.replicate[source], weight, kind.astype(np.int64))


@dataclass(frozen=True)
class Priced:
    """Programmes priced, one entry each: yen a year, and the cash behind it."""

    cost: Array
    cash: Array
    premium: Array
    retained: Array
    unpaid: Array
    credit: Array
    tvar: Array
    error: Array

    def at(self, n: int) -> dict[str, float]:
        """One programme."""
        return {k: float(v[n]) for k, v in self.__dict__.items()}


@dataclass(frozen=True)
class Options:
    """Every step of every layer on one law's years: what it pays, on average and of each year."""

    gross: Array
    paid: Array
    first: NDArray[np.int64]

    def mean(self, weight: Array) -> Array:
        """Expected yearly payment of each option."""
        return self.paid @ weight


def options(firm: Firm, years: Years, failed: Sequence[str] = ()) -> Options:
    """What there is to choose from; option `first[k] + n` is n steps of layer k."""
    rows: list[Array] = []
    first: list[int] = []
    for k, layer in enumerate(firm.layers):
        first.append(len(rows))
        steps = np.zeros((layer.steps + 1, len(firm.layers)))
        steps[:, k] = np.arange(layer.steps + 1)
        counted = years.covered(firm, layer)
        rows += [paid(years, row[k], counted) for row in firm.terms(steps, failed)]
    gross = np.add.reduceat(years.losses, years.start)
    table = np.array(rows) if rows else np.zeros((0, len(gross)))
    return Options(gross, table, np.array(first, dtype=np.int64))


def paid(years: Years, term: Array, counted: Array | None = None) -> Array:
    """What a layer with this attachment, limit, share and aggregate pays of each year.

    `counted` has a one for each loss that it covers, None for all.
    """
    attachment, limit, share, aggregate = term
    inside = np.minimum(np.maximum(years.losses - attachment, 0.0), limit) * share
    if counted is not None:
        inside = inside * counted
    return np.asarray(np.minimum(np.add.reduceat(inside, years.start), aggregate))


def found_of(
    firm: Firm, years: Years, bought: Array, levels: Sequence[float], failed: Sequence[str] = ()
) -> tuple[Array, Array]:
    """The kernel's findings of each programme, and the expected payment of each of its layers."""
    from sonae.loss.mix_kernel import programmes

    menu = options(firm, years, failed)
    picked = bought.astype(np.int64) + menu.first
    out = np.empty((len(bought), 1 + 3 * len(levels)))
    rests = 1.0 - np.array(levels)
    programmes(
        menu.gross, menu.paid, picked, years.replicate, years.weight, rests, out, len(bought) == 1
    )
    return out, menu.mean(years.weight)[picked]


def priced(
    firm: Firm, out: Array, ceded: Array, bought: Array, index: int, failed: Sequence[str] = ()
) -> Priced:
    """Costs at one of the levels."""
    rate = np.array([x.rate * x.limit / x.steps for x in firm.layers])
    premium = bought @ rate
    unpaid = ceded @ np.array([_lost(firm, x) for x in firm.layers])
    credit = credited(firm, firm.terms(bought, failed))
    tvar, error = out[:, 3 * index + 2], out[:, 3 * index + 3]
    cash = np.maximum(firm.required - credit, tvar)
    cost = firm.capital * cash + premium + out[:, 0] + unpaid
    return Priced(cost, cash, premium, out[:, 0], unpaid, credit, tvar, error)


def _lost(firm: Firm, layer: Layer) -> float:
    insurer = firm.insurers[layer.insurer]
    return insurer.default * (1.0 - insurer.recovery)


def credited(firm: Firm, terms: Array) -> Array:
    """What counts toward the requirement: paid of one event of its size, within the share.

    With kinds of losses the requirement is split in proportion to what each is expected to take,
    and each part is an event of its own; an aggregate is used once for all.
    """
    kinds = firm.kinds or (Kind("", "", 1.0, firm.custody),)
    whole = sum(k.share * k.exposure for k in kinds)
    inside = np.zeros(terms.shape[:2])
    for kind in kinds:
        required = firm.required * kind.share * kind.exposure / whole
        covers = np.array([layer.covers(kind) for layer in firm.layers], dtype=np.float64)
        reached = np.minimum(np.maximum(required - terms[:, :, 0], 0.0), terms[:, :, 1])
        inside += reached * (covers if firm.kinds else 1.0)
    paid = np.minimum(inside * terms[:, :, 2], terms[:, :, 3]).sum(axis=1)
    return np.asarray(np.minimum(paid, firm.insurance_share * firm.required))


# -- the answer ------------------------------------------------------------------------------------


def mix(firm: Firm) -> dict[str, Any]:
    """The cheapest programme, the frontier, what each layer is worth, and what failures do."""
    bought, levels = firm.menu(), firm.levels
    years = years_of(firm.law, firm.custody, firm.seed, firm.kinds)
    out, ceded = found_of(firm, years, bought, levels)
    found = priced(firm, out, ceded, bought, levels.index(firm.level))
    best = int(np.argmin(found.cost))
    chosen = bought[best]
    return {
        "programmes": len(bought),
        "engine": "rqmc",
        "seed": str(firm.seed),
        "level": firm.level,
        "chosen": {"layers": _layers(firm, chosen), **_one(firm, years, chosen)},
        "cash_only": _one(firm, years, bought[0]),
        "frontier": _frontier(firm, years, out, ceded, bought),
        "kinds": [
            {"peril": k.peril, "tier": k.tier, "share": k.share, "exposure": k.exposure}
            for k in firm.kinds
        ],
        "layers": _marginal(firm, years, chosen),
        "defaults": _defaults(firm, years, chosen, float(found.cash[best])),
        "spread": {name: _under(firm, law, chosen) for name, law in firm.opinions.items()},
        "interval": _interval(firm, chosen),
    }


def _layers(firm: Firm, steps: Array) -> list[dict[str, Any]]:
    return [
        {"name": x.name, "insurer": x.insurer, "attachment": x.attachment,
         "perils": sorted(x.perils), "tiers": sorted(x.tiers),
         "limit": x.limit * float(n) / x.steps, "premium": x.rate * x.limit * float(n) / x.steps}
        for x, n in zip(firm.layers, steps, strict=True)
    ]  # fmt: skip


def _frontier(
    firm: Firm, years: Years, out: Array, ceded: Array, bought: Array
) -> list[dict[str, Any]]:
    """The cheapest programme for each level of the retained tail."""
    points_ = []
    for index, level in enumerate(firm.levels):
        found = priced(firm, out, ceded, bought, index)
        best = int(np.argmin(found.cost))
        limits = [x["limit"] for x in _layers(firm, bought[best])]
        one = _one(replace(firm, level=level), years, bought[best])
        points_.append({"level": level, "limits": limits, **one})
    return points_


def _one(firm: Firm, years: Years, steps: Array, failed: Sequence[str] = ()) -> dict[str, float]:
    bought = np.asarray(steps)[None, :]
    out, ceded = found_of(firm, years, bought, (firm.level,), failed)
    return priced(firm, out, ceded, bought, 0, failed).at(0)


def _marginal(firm: Firm, years: Years, chosen: Array) -> list[dict[str, Any]]:
    """What a year would cost more without a layer, and with a step more or less of it."""
    whole = _one(firm, years, chosen)["cost"]
    rows = []
    for k, layer in enumerate(firm.layers):
        row: dict[str, Any] = {"name": layer.name, "value": None, "step_less": None,
                               "step_more": None}  # fmt: skip
        for key, steps in (
            ("value", 0.0),
            ("step_less", chosen[k] - 1),
            ("step_more", chosen[k] + 1),
        ):
            if 0 <= steps <= layer.steps:
                other = chosen.copy()
                other[k] = steps
                row[key] = _one(firm, years, other)["cost"] - whole
        rows.append(row)
    return rows


def _defaults(firm: Firm, years: Years, chosen: Array, cash: float) -> dict[str, Any]:
    """One insurer fails after the premium is paid: the tail left, and the cash that is missing.

    `expected_tvar` is the retained tail with every set of failures at its probability.
    """
    names = sorted({x.insurer for x, n in zip(firm.layers, chosen, strict=True) if n})
    rows = []
    for name in names:
        found = _one(firm, years, chosen, (name,))
        rows.append(
            {"insurer": name, "tvar": found["tvar"], "credit": found["credit"],
             "cash": found["cash"], "call": max(found["cash"] - cash, 0.0)}
        )  # fmt: skip
    return {"alone": rows, "expected_tvar": _with_failures(firm, years, chosen, names)}


def _with_failures(firm: Firm, years: Years, chosen: Array, names: Sequence[str]) -> float:
    values, weights = [], []
    for fails in product((False, True), repeat=len(names)):
        failed = [n for n, f in zip(names, fails, strict=True) if f]
        chances = [firm.insurers[n].default if f else 1.0 - firm.insurers[n].default
                   for n, f in zip(names, fails, strict=True)]  # fmt: skip
        counted = [years.covered(firm, layer) for layer in firm.layers]
        values.append(retained(years, firm.terms(chosen[None, :], failed)[0], counted))
        weights.append(years.weight * prod(chances))
    return tail(np.concatenate(values), np.concatenate(weights)).tvar(firm.level)


def retained(years: Years, layers: Array, counted: Sequence[Array | None] | None = None) -> Array:
    """What one programme retains of each year."""
    gross = np.add.reduceat(years.losses, years.start)
    for term, ones in zip(layers, counted or [None] * len(layers), strict=True):
        gross = gross - paid(years, term, ones)
    return np.asarray(np.maximum(gross, 0.0))


def _under(firm: Firm, law: Law, chosen: Array) -> dict[str, float]:
    """The chosen programme under another law."""
    other = replace(firm, law=law)
    return _one(other, years_of(law, firm.custody, firm.seed, firm.kinds), chosen)


def _interval(firm: Firm, chosen: Array) -> dict[str, Any] | None:
    """5 % and 95 % of cost and cash over draws of the law; None where none are given."""
    if not firm.draws:
        return None
    found = [_under(firm, law, chosen) for law in firm.draws]
    ends = {
        key: np.quantile([f[key] for f in found], INTERVAL).tolist()
        for key in ("cost", "cash", "tvar")
    }
    return {"draws": len(firm.draws), "level": list(INTERVAL), **ends}

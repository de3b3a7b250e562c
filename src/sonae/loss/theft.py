"""The model of thefts and operational losses: fitted once, asked about any venue.

    model = theft_model(events, "JP")
    year = model.annual({"hot": 2e9, "cold": 38e9}, usd=1 / 150)
    year.var(0.995), year.tvar(0.995), year.exceeds(1e9)

A rate is of a venue as a whole. It is split between tiers as past events were; a tier without
holdings has none. Of each rate a part, as large as the part of past events with a supplier in their
cause, comes as a shock to a supplier: it strikes everything that hangs on that supplier at once. A
signing domain that reaches over several tiers has a shock of its own, as often as past events took
from hot and cold storage together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sonae.core.errors import InputError, Problem
from sonae.core.text import Text
from sonae.loss.annual import Annual, Parts, annual
from sonae.loss.credibility import WATCHED, Rate, Watched, counted, rate
from sonae.loss.evidence import REGIME, sample, threshold
from sonae.loss.fit import SIZE_PRIOR, Fitted, fit
from sonae.loss.fractions import FAMILIES
from sonae.loss.incidents import Event
from sonae.loss.streams import mixed

Array = NDArray[np.float64]
HOT, COLD, BOTH = "hot", "cold", "mixed"
SHOCK = "supplier: "
"""Begins the name of a part that is a shock to a supplier."""
DOMAIN = "signing domain: "
"""The same for a signing domain over several tiers."""
DRAWS = 1000


@dataclass(frozen=True, slots=True)
class Proportion:
    """A share of past events, with a uniform prior: its mean and draws."""

    hits: int
    events: int
    mean: float
    draws: Array


def proportion(hits: int, events: int, draws: int, seed: int) -> Proportion:
    """Draws of the Beta posterior."""
    random = np.random.Generator(np.random.PCG64DXSM(seed))
    drawn = random.beta(1.0 + hits, 1.0 + events - hits, draws)
    return Proportion(hits, events, (1.0 + hits) / (2.0 + events), drawn)


@dataclass(frozen=True, slots=True)
class Holding:
    """What is kept in one tier (or signing domain of a tier), in the currency of the question.

    `supplier` names the one it hangs on, `domain` a signing domain that reaches over several
    tiers; each is empty where none is known.
    """

    name: str
    tier: str
    amount: float
    supplier: str = ""
    domain: str = ""


@dataclass(frozen=True)
class TheftModel:
    """Severity, rate, split by tier, and share of supplier shocks; each with draws."""

    fitted: Fitted
    rate: Rate
    hot: Proportion
    shared: Proportion
    mixed: Proportion
    years: int = REGIME
    left_out: tuple[str, ...] = field(default=())

    def annual(
        self, exposures: Mapping[str, float] | Sequence[Holding], usd: float = 1.0
    ) -> Annual:
        """The year of a venue, by tier (`hot`, `cold`, others as cold) or by holdings.

        `usd` is the worth of one unit of the currency in USD, which the size effect is about.

        Raises:
            InputError: nothing that could be lost.
        """
        return annual(self.parts(exposures, usd))

    def parts(self, exposures: Mapping[str, float] | Sequence[Holding], usd: float = 1.0) -> Parts:
        """Rates and laws of everything that can be lost, for the point and every draw."""
        held = (
            [Holding(name, name, amount) for name, amount in exposures.items()]
            if isinstance(exposures, Mapping)
            else list(exposures)
        )
        held = [h for h in held if h.amount > 0.0]
        if not held:
            raise InputError([_NOTHING])
        rates = np.append(self.rate.mean, self.rate.draws)
        hot = np.append(self.hot.mean, self.hot.draws)
        shared = np.append(self.shared.mean, self.shared.draws)
        mixed_tiers = np.append(self.mixed.mean, self.mixed.draws)
        names, exposure, columns = [], [], []
        for h in held:
            alone = (1.0 - shared if h.supplier else 1.0) * (1.0 - mixed_tiers if h.domain else 1.0)
            names.append(h.name)
            exposure.append(h.amount)
            columns.append(rates * self._split(h, held, hot) * alone)
        for supplier in dict.fromkeys(h.supplier for h in held if h.supplier):
            mine = [h for h in held if h.supplier == supplier]
            names.append(SHOCK + supplier)
            exposure.append(sum(h.amount for h in mine))
            columns.append(shared * rates * sum(self._split(h, held, hot) for h in mine))
        for domain in dict.fromkeys(h.domain for h in held if h.domain):
            mine = [h for h in held if h.domain == domain]
            names.append(DOMAIN + domain)
            exposure.append(sum(h.amount for h in mine))
            left = sum(
                self._split(h, held, hot) * (1.0 - shared if h.supplier else 1.0) for h in mine
            )
            columns.append(mixed_tiers * rates * left)
        amounts = np.array(exposure)
        location, shape = self._laws(amounts * usd)
        total = np.append(self.fitted.total_mode, self.fitted.total)
        return Parts(
            tuple(names), amounts, self.fitted.family, np.stack(columns, axis=1), location, shape,
            total,
        )  # fmt: skip

    def _split(self, holding: Holding, held: Sequence[Holding], hot: Array) -> Array:
        """The share of the venue's rate that a holding has; holdings of a tier share alike.

        Holdings without a tier take what the tiers that are told leave of the rate.
        """
        hots = sum(h.tier == HOT for h in held)
        if holding.tier == HOT:
            return hot / hots
        untold = sum(not h.tier for h in held)
        colds = len(held) - hots - untold
        if holding.tier:
            return (1.0 - hot) / colds
        left = (0.0 if hots else hot) + (0.0 if colds else 1.0 - hot)
        return np.asarray(left / untold + 0.0 * hot)

    def _laws(self, usd: Array) -> tuple[Array, Array]:
        """Location of each row and part, and shape of each row."""
        family, fitted = FAMILIES[self.fitted.family], self.fitted
        theta = np.vstack([fitted.mode, fitted.draws])
        shapes = np.array([family.shape(t) for t in theta[:, 1].tolist()])
        size = usd / fitted.data.typical
        rows = [
            family.location(a, size, power, k)
            for a, power, k in zip(
                theta[:, 0].tolist(), theta[:, 2].tolist(), shapes.tolist(), strict=True
            )
        ]
        return np.stack(rows), shapes


def theft_model(
    events: Sequence[Event],
    jurisdiction: str,
    family: str = "beta",
    draws: int = DRAWS,
    seed: int = 0,
    size_prior: tuple[float, float] = SIZE_PRIOR,
    latent: bool = True,
    watched: Sequence[Watched] = WATCHED,
) -> TheftModel:
    """Fit the model to events.

    Raises:
        InputError: too few events, or a family that is not known.
    """
    if family not in FAMILIES:
        raise InputError([_unknown_family(family)])
    data = sample(events)
    fitted = fit(family, data if latent else data.without_latent(), draws, seed, size_prior)
    found = counted(events, watched=watched)
    recent = [
        e for e in events
        if e.theft and e.day.year >= REGIME and (e.loss_usd or 0) >= threshold(e)
    ]  # fmt: skip
    known = [e for e in recent if e.tier in (HOT, COLD)]
    told = [e for e in recent if e.tier in (HOT, COLD, BOTH)]
    return TheftModel(
        fitted,
        rate(found, jurisdiction, draws, mixed(seed, 6)),
        proportion(sum(e.tier == HOT for e in known), len(known), draws, mixed(seed, 7)),
        proportion(sum(e.third_party for e in recent), len(recent), draws, mixed(seed, 8)),
        proportion(sum(e.tier == BOTH for e in told), len(told), draws, mixed(seed, 9)),
    )


_NOTHING = Problem(
    "no-exposure", "holdings",
    Text(
        "失われうる保有がない。利用者の資産をtier（保管区分）ごとにholdingsに記す。",
        "nothing is held that could be lost; give customers' assets by tier in holdings.",
    ),
)  # fmt: skip


def _unknown_family(family: str) -> Problem:
    names = ", ".join(FAMILIES)
    return Problem(
        "unknown-severity", "fit",
        Text(f"知らない分布。次のいずれかとする：{names}", f"unknown; give one of: {names}"),
        key=family,
    )  # fmt: skip

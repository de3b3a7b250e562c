"""One calibration's numbers about losses that may happen, none of them bare.

Each rate comes with its interval over resampled losses, the answers of other laws, the seed, and
the exact decimal to which it is frozen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from sonae.core.canonical import decimal_text
from sonae.loss import calibrate as fitting
from sonae.loss.calibrate import INTERVAL, Asked, Prices, World
from sonae.loss.exposure import Case, Firm
from sonae.loss.formula import RATES, required
from sonae.loss.share_model import ModelShares, model_shares

NEAR = 0.001
SIZES = (1e10, 1e11, 1e12)
DRAWS = {1: 200, 2: 30}
"""Resamples; a formula of two rates is searched along an edge and costs some fifty times more."""
AGAIN = {1: 40, 2: 8}
"""Resamples behind each point of the frontier and the bracket: the first ones of the above."""


@dataclass(frozen=True)
class Study:
    """A formula asked for, what it is fitted to, and at what prices."""

    asked: Asked
    cases: tuple[Case, ...]
    firms: tuple[Firm, ...]
    target: Fraction
    prices: Prices
    seed: int
    law: str = "beta"
    memory: bool = False
    until: int | None = None

    @cached_property
    def model(self) -> ModelShares:
        """The model of thefts, which knows venues without a public balance too."""
        return model_shares(self.memory, self.until, self.seed)

    @cached_property
    def seen(self) -> World:
        """The world under the law that decides."""
        return self._world(self.cases, self.firms)

    def _world(self, cases: Sequence[Case], firms: Sequence[Firm]) -> World:
        if self.law == "model":
            return fitting.world_of(self.model, cases, firms)
        return fitting.world(self.law, cases, firms)

    @cached_property
    def rates(self) -> tuple[float, ...] | None:
        """The cheapest rates; None where none reaches the target."""
        return fitting.least(self.asked, self.seen, float(self.target), self.prices)

    @property
    def bases(self) -> tuple[str, ...]:
        """The base of each rate; a draft's rates move by one factor."""
        return ("factor",) if self.asked.draft is not None else RATES[self.asked.name]

    def frozen(self) -> dict[str, Any]:
        """The formula in exact decimals; where no rate reaches the target, at the nearest ones."""
        return self.asked.frozen(self.rates or self.nearest)

    @property
    def nearest(self) -> tuple[float, ...]:
        """The cheapest rates that come within a thousandth of the most that any rate reaches."""
        raw, tops = self.asked.raw(self.asked.tops), self.asked.tops
        shares = [self.seen.past_share(raw), self.seen.future_share(raw)]
        most = min((s for s in shares if s == s), default=0.0)
        return fitting.least(self.asked, self.seen, most - NEAR, self.prices) or tops

    @cached_property
    def resampled(self) -> tuple[list[tuple[float, float]] | None, int]:
        """The interval of each rate, and how many resamples reached no rate."""
        if self.rates is None:
            return None, 0
        target, draws = float(self.target), DRAWS[len(self.rates)]
        return fitting.resampled(
            self.asked, self.cases, self.firms, target, self.prices, self.seed, draws,
            self.law, self.model,
        )  # fmt: skip

    @cached_property
    def again(self) -> list[World]:
        """Worlds with resampled losses."""
        draws = AGAIN[len(self.asked.tops)]
        return list(fitting.worlds(self.cases, self.firms, self.seed, draws, self.law, self.model))

    def at_interval(self) -> list[dict[str, Any]]:
        """The formula at both ends of the interval, in exact decimals; where there is one."""
        ends = self.resampled[0]
        if ends is None:
            return []
        return [self.asked.frozen([e[side] for e in ends]) for side in (0, 1)]

    def document(self, validate: int) -> dict[str, Any]:
        """Law, parameters, what is reached, spread, frontier, and the score out of time."""
        target = float(self.target)
        held = required(self.asked.raw(self.asked.tops), self.seen.firms)
        common = (self.asked, self.cases, self.firms, target, self.prices)
        return {
            "engine": "closed-form",
            "engine_error": 0.0,
            "law": {"name": self.law, "mean_share": self._means()},
            "fitted_to": [{"id": c.id, "share": float(c.share)} for c in self.cases],
            "left_out": [f.name for f, v in zip(self.firms, held.tolist(), strict=True) if v != v],
            "parameters": self._parameters(),
            "reached": {"target": self.rates is not None, **self._weighed(self.frozen())},
            "spread": fitting.spread(*common, self.seen.law, self.model),
            "frontier": fitting.frontier(self.asked, self.seen, self.prices, self.again),
            "validation": fitting.validated(*common, validate),
        }

    def _means(self) -> dict[str, float]:
        """The mean share lost at a venue of each size, in yen, by the law that decides."""
        sizes = np.array(SIZES)
        mean = self.seen.law.excess(np.zeros_like(sizes), sizes)
        return {f"{size:.0f}": float(m) for size, m in zip(sizes, mean, strict=True)}

    def _weighed(self, raw: dict[str, Any]) -> dict[str, float | None]:
        return fitting.weighed(self.asked, self.seen, raw, self.prices)

    def _parameters(self) -> list[dict[str, Any]]:
        if self.rates is None:
            empty = {"point": None, "frozen": None, "interval": None}
            return [{"base": base, **empty} for base in self.bases]
        draws = DRAWS[len(self.rates)]
        ends, failed = self.resampled
        frozen = fitting.exact_rates(self.rates)
        return [
            {
                "base": base,
                "point": self.rates[n],
                "frozen": decimal_text(frozen[n]),
                "rounding": "up",
                "interval": None if ends is None else list(ends[n]),
                "level": list(INTERVAL),
                "draws": draws,
                "draws_without_answer": failed,
            }
            for n, base in enumerate(self.bases)
        ]

    def bracket(self, floor: int, cap: int) -> dict[str, Any]:
        """A bracket on the axes of the frontier: each end for all firms, and around the formula."""
        part = {"base": "custody_value", "rate": "0"}
        rules: dict[str, dict[str, Any]] = {
            name: {"component": [part], "bracket": {"floor": yen, "cap": yen}}
            for name, yen in (("floor_for_all", floor), ("cap_for_all", cap))
        }
        rules["around_the_formula"] = {**self.frozen(), "bracket": {"floor": floor, "cap": cap}}
        return {
            name: {**self._weighed(raw), "interval": fitting.shares_between(raw, self.again)}
            for name, raw in rules.items()
        }

    def compared(self, cases: Sequence[Case], firms: Sequence[Firm]) -> dict[str, Any]:
        """The rates, and those with other losses and firms."""
        seen = self._world(cases, firms)
        other = fitting.least(self.asked, seen, float(self.target), self.prices)
        return {
            "rates": None if self.rates is None else list(self.rates),
            "rates_otherwise": None if other is None else list(other),
        }

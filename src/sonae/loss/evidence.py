"""What a fit learns from: losses with their venue's assets, losses without, and from where on.

A loss below the reporting threshold of its year would often not be known, so smaller ones are left
out and the likelihood is cut there. The thresholds are a house choice that follows what the list
shows: since 2017 small losses have all but vanished from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonae.core.errors import InputError, Problem
from sonae.core.text import Text
from sonae.loss.incidents import Event

Array = NDArray[np.float64]
REGIME = 2017
"""First year of the reporting that holds today, and of the losses whose assets are not known."""
THRESHOLD, THRESHOLD_BEFORE = 1_000_000, 10_000
"""Reporting threshold in USD, from 2017 and before (house)."""
FEWEST_KNOWN, FEWEST = 8, 20
"""A fit with fewer shares, or fewer losses in all, is refused (house)."""


def threshold(event: Event) -> int:
    """From which loss on, in USD, an event of its year is taken to be known."""
    return THRESHOLD if event.day.year >= REGIME else THRESHOLD_BEFORE


@dataclass(frozen=True, slots=True)
class Sample:
    """Losses in USD: `loss` of `assets` each, and `latent`, whose assets nobody published."""

    loss: Array
    assets: Array
    floor: Array
    latent: Array
    latent_floor: float
    totals: int
    used: tuple[str, ...]
    below: int

    @property
    def typical(self) -> float:
        """The geometric mean of the assets that are known."""
        return float(np.exp(np.mean(np.log(self.assets))))

    @property
    def scatter(self) -> float:
        """The standard deviation of their logarithm."""
        return float(np.std(np.log(self.assets), ddof=1))

    def without_latent(self) -> Sample:
        """Only the losses whose assets are known."""
        return Sample(
            self.loss, self.assets, self.floor, self.latent[:0], self.latent_floor, self.totals,
            self.used[: len(self.loss)], self.below,
        )  # fmt: skip


def sample(events: Sequence[Event]) -> Sample:
    """The losses that a fit of thefts can use.

    Raises:
        InputError: too few of them to say anything.
    """
    thefts = [e for e in events if e.theft]
    above = [e for e in thefts if (e.loss_usd or 0) >= threshold(e)]
    known = [e for e in above if e.assets_usd]
    latent = [e for e in above if not e.assets_usd and e.day.year >= REGIME]
    if len(known) < FEWEST_KNOWN or len(known) + len(latent) < FEWEST:
        raise InputError([_too_few(len(known), len(known) + len(latent))])
    return Sample(
        np.array([float(e.loss_usd or 0) for e in known]),
        np.array([float(e.assets_usd or 0) for e in known]),
        np.array([float(threshold(e)) for e in known]),
        np.array([float(e.loss_usd or 0) for e in latent]),
        float(THRESHOLD),
        sum((e.loss_usd or 0) >= (e.assets_usd or 0) for e in known),
        tuple(e.id for e in (*known, *latent)),
        len(thefts) - len(above),
    )


def _too_few(known: int, whole: int) -> Problem:
    return Problem(
        "too-few-events", "incidents",
        Text(
            f"事故が少なすぎて推定できない（残高の判明{known}件、計{whole}件）。"
            f"残高の判明{FEWEST_KNOWN}件、計{FEWEST}件以上が要る。絞り込みを緩める。",
            f"too few events for a fit ({known} with known assets, {whole} in all): at least "
            f"{FEWEST_KNOWN} and {FEWEST} are needed; loosen the filters.",
        ),
    )  # fmt: skip

"""The steps of one row of claims: coins in kind, the shortfall in money, secured, then general.

Each step takes what the step before made and what the claimant already had. What came in money
lowers what may still come in coins, so that nobody gets more than the claim, valued at the rate.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from sonae.books import exact
from sonae.books.exact import Limbs
from sonae.claims.estate.level import Limits, beyond, due, most

STEPS = ("in_kind", "secured", "general")
"""Coins; money that only customers share in; money of the general estate."""
WIDE = 1 << 60


@dataclass(frozen=True, slots=True)
class Rows:
    """A batch of claims on one asset in one rank, in base units; what was paid before by step."""

    amount: Limbs
    before: dict[str, Limbs]
    in_general: npt.NDArray[np.uint64]
    """1 where the claim shares in the general estate, 0 where it does not."""


@dataclass(frozen=True, slots=True)
class Ratios:
    """The ratio of each step for the rows of one asset and rank; None where a step is not taken.

    `per_unit` is money in base units per base unit of the asset.
    """

    in_kind: Fraction | None = None
    per_unit: Fraction | None = None
    secured: Fraction | None = None
    general: Fraction | None = None


def rows_of(batch: Any) -> Rows:
    """The limbs of a staged Arrow batch."""
    taking = batch.column("in_general").to_numpy(zero_copy_only=False).astype(np.uint64)
    nothing = np.zeros((4, batch.num_rows), np.uint64)
    before = dict.fromkeys(STEPS, nothing)
    if f"{STEPS[0]}_before" in batch.schema.names:
        before = {step: exact.limbs(batch.column(f"{step}_before")) for step in STEPS}
    return Rows(exact.limbs(batch.column("amount")), before, taking)


def in_kind_limits(rows: Rows, per_unit: Fraction | None) -> Limits:
    """Coins: up to the claim, less what was paid of it in money before."""
    low, high = rows.before["in_kind"], rows.amount
    money = exact.plus(rows.before["secured"], rows.before["general"])
    if money.any() and per_unit:
        high = beyond(high, up_of(money, 1 / per_unit))
    return Limits(rows.amount, low, most(low, high))


def coins(rows: Rows, ratios: Ratios) -> Limbs:
    """What each has in coins, in all."""
    if ratios.in_kind is None:
        return rows.before["in_kind"]
    return due(in_kind_limits(rows, ratios.per_unit), ratios.in_kind)


def shortfall(rows: Rows, made: Limbs, per_unit: Fraction) -> Limbs:
    """What of the claim is not met in coins, in money at the rate, rounded down."""
    if rows.before["in_kind"].any():
        return down_of(beyond(rows.amount, made), per_unit)
    return down_of(exact.minus(rows.amount, made), per_unit)


def secured_limits(rows: Rows, value: Limbs) -> Limits:
    """Money for customers alone: up to the shortfall, less what the general estate paid before."""
    low = rows.before["secured"]
    return Limits(value, low, most(low, beyond(value, rows.before["general"])))


def secured(rows: Rows, value: Limbs, ratios: Ratios) -> Limbs:
    """What each has out of money for customers alone, in all."""
    if ratios.secured is None:
        return rows.before["secured"]
    return due(secured_limits(rows, value), ratios.secured)


def general_limits(rows: Rows, value: Limbs, from_secured: Limbs) -> Limits:
    """The general estate: what is still short, where the claim takes part in it."""
    low = rows.before["general"]
    share = beyond(value, from_secured)
    if not rows.in_general.all():
        share = share * rows.in_general
    return Limits(share, low, most(low, share))


def general(rows: Rows, value: Limbs, from_secured: Limbs, ratios: Ratios) -> Limbs:
    """What each has out of the general estate, in all."""
    if ratios.general is None:
        return rows.before["general"]
    return due(general_limits(rows, value, from_secured), ratios.general)


def down_of(units: Limbs, factor: Fraction) -> Limbs:
    """floor(units x factor), for factors beyond 2^64 too."""
    while factor >= WIDE:
        units, factor = exact.floor_of(units, Fraction(WIDE)), factor / WIDE
    return exact.floor_of(units, factor)


def up_of(units: Limbs, factor: Fraction) -> Limbs:
    """ceil(units x factor): the floor, and one more where the floor does not give units back."""
    made = down_of(units, factor)
    inexact = exact.compare(down_of(made, 1 / factor), units) < 0
    one = np.zeros_like(made)
    one[0] = inexact.astype(np.uint64)
    return exact.plus(made, one)

"""What one layer pays for one event, exactly: one formula, for figures and for bare numbers.

The order of terms is fixed: attachment, limit of the event, share placed and co-insurance, what is
left of the aggregate retention, what is left of the aggregate. Perils and sublimits come before
(`programme`), default and delay after, where they are stated and not simulated.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Generic, TypeVar

from sonae.core.figure import Figure, constant
from sonae.core.formula import not_negative, smallest
from sonae.policy.terms import Policy

Term = Callable[[str], Figure]
"""Gives a term of a policy as a figure in the currency of the answer."""
N = TypeVar("N", Fraction, Figure)


@dataclass(frozen=True, slots=True)
class Layer(Generic[N]):
    """The terms of a layer that bear on one event, in one currency; `share` is a ratio."""

    attachment: N
    limit: N
    share: N
    retention_left: N
    aggregate_left: N


@dataclass(frozen=True, slots=True)
class Paid(Generic[N]):
    """The loss that falls into a layer, its insurers' share, that above the retention, the rest.

    `inside` ≥ `shared` ≥ `due` ≥ `paid`.
    """

    inside: N
    shared: N
    due: N
    paid: N


def respond(
    loss: N, layer: Layer[N], least: Callable[..., N], above_zero: Callable[[N], N]
) -> Paid[N]:
    """What a layer pays for a loss from the ground, step by step."""
    inside = least(above_zero(loss - layer.attachment), layer.limit)
    shared = inside * layer.share
    due = above_zero(shared - layer.retention_left)
    return Paid(inside, shared, due, least(due, layer.aggregate_left))


def respond_exactly(loss: Fraction, layer: Layer[Fraction]) -> Paid[Fraction]:
    """The same for bare numbers, as a simulation of losses restates it.

    >>> terms = [Fraction(n) for n in (5, 250, 1, 0, 400)]
    >>> respond_exactly(Fraction(300), Layer(*terms)).paid
    Fraction(250, 1)
    """
    return respond(loss, layer, min, _above_zero)


def _above_zero(number: Fraction) -> Fraction:
    return max(number, Fraction(0))


def pays(policy: Policy, loss: Figure, term: Term) -> Figure:
    """What one policy pays for one event of a covered kind.

    `term` returns the policy's amounts as figures in the unit of `loss`, so that the answer knows
    the policy and the exchange rate it rests on.
    """
    found = policy.conditions
    capacity = term("annual_aggregate")
    if found.reinstatements:
        capacity = capacity * Fraction(1 + found.reinstatements)
    share = constant(1, "ratio") - constant(policy.co_insurance, "ratio")
    if found.shares:
        share = share * constant(found.placed, "ratio")
    annual = constant(0, loss.unit)
    if policy.retention_left:
        annual = term("retention_left")
    attachment = term("retention" if found.attachment is None else "attachment")
    left = not_negative(capacity - term("claims_paid"))
    layer = Layer(attachment, term("limit_per_event"), share, annual, left)
    return respond(loss, layer, smallest, not_negative).paid

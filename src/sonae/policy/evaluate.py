"""What a policy pays for one event, exactly."""

from __future__ import annotations

from collections.abc import Callable

from sonae.core.figure import Figure, constant
from sonae.core.formula import not_negative, smallest
from sonae.policy.terms import Policy

Term = Callable[[str], Figure]
"""Gives a term of a policy as a figure in the currency of the answer."""


def pays(policy: Policy, loss: Figure, term: Term) -> Figure:
    """min(loss - retention, limit per event, aggregate left) less the insured's own share.

    `term` returns the policy's amounts as figures in the unit of `loss`, so that the answer knows
    the policy and the exchange rate it rests on.
    """
    left = not_negative(term("annual_aggregate") - term("claims_paid"))
    above = not_negative(loss - term("retention"))
    share = constant(1, "ratio") - constant(policy.co_insurance, "ratio")
    return smallest(above, term("limit_per_event"), left) * share

"""How far a pool reaches: one ratio for all, between what each already has and what each may get.

Where some were paid before and others were not, equal treatment is one ratio of every claim, from
which nobody gives anything back: those below it catch up first. The ratio is the greatest for which
the payments, each rounded down, stay within the pool; it does not depend on the order of rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from sonae.books import exact
from sonae.books.exact import Limbs
from sonae.core.errors import Refused


class Limits(NamedTuple):
    """Rows of one contest, in base units: the claim that shares, what is paid already, the most."""

    share: Limbs
    low: Limbs
    high: Limbs


Contest = Callable[[], Iterable[Limits]]
"""Gives the same rows again each time it is called; nothing is kept in memory."""


def due(rows: Limits, ratio: Fraction) -> Limbs:
    """What each has in all at a ratio: floor(share x ratio), not below `low`, not above `high`."""
    made = exact.floor_of(rows.share, ratio)
    return most(rows.low, made if rows.high is rows.share else least(made, rows.high))


def level(pool: int, contest: Contest) -> Fraction:
    """The ratio at which a pool is used up, at most 1.

    The ratio lies between one that is known to fit and one that does not. Rows that one of the two
    already decides are taken out, and the rest is shared anew, until nothing changes.

    Raises:
        Refused: more was paid already than there is.
    """
    whole, plain, paid, shares = Fraction(1), True, 0, 0
    full = 0
    for rows in contest():
        full += exact.total(due(rows, whole))
        paid, shares = paid + exact.total(rows.low), shares + exact.total(rows.share)
        same = rows.high is rows.share or bool((rows.high == rows.share).all())
        plain = plain and same and not rows.low.any()
    if paid > pool:
        raise Refused(f"{paid} was paid already out of {pool}")
    if full <= pool:
        return whole
    if plain:
        return Fraction(pool, shares)
    fits, over = Fraction(0), whole
    while True:
        tried = _shared_anew(pool, contest, fits, over)
        if not fits < tried < over:
            return fits
        if sum(exact.total(due(rows, tried)) for rows in contest()) <= pool:
            fits = tried
        else:
            over = tried


def _shared_anew(pool: int, contest: Contest, fits: Fraction, over: Fraction) -> Fraction:
    """The pool shared among the rows that neither ratio decides, less what the others have."""
    fixed, free = 0, 0
    for rows in contest():
        above = exact.compare(rows.low, exact.floor_of(rows.share, over)) > 0
        full = (exact.compare(rows.high, exact.floor_of(rows.share, fits)) <= 0) & ~above
        fixed += exact.total(rows.low[:, above]) + exact.total(rows.high[:, full])
        free += exact.total(rows.share[:, ~(above | full)])
    return Fraction(max(pool - fixed, 0), free) if free else fits


# -- columns -------------------------------------------------------------------------------


def most(a: Limbs, b: Limbs) -> Limbs:
    """The greater of each row; b itself where a is nothing."""
    if not a.any():
        return b
    return np.where(exact.compare(a, b) >= 0, a, b)


def least(a: Limbs, b: Limbs) -> Limbs:
    """The lesser of each row."""
    return np.where(exact.compare(a, b) <= 0, a, b)


def beyond(a: Limbs, b: Limbs) -> Limbs:
    """How much a is above b, or nothing; a itself where b is nothing."""
    if not b.any():
        return a
    return exact.minus(a, least(a, b))

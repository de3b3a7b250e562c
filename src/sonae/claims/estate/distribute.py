"""The estate as a straight line: claims, ranks, pools, ratios, then what each gets now.

    in kind    customers of a coin share the coins segregated and guaranteed for them
    secured    their shortfall, valued at the rate, shares in money that is theirs alone
    general    what is still short stands with the ordinary claims, after costs and preferences

One ratio for each contest, taken over any number of rows; nothing is kept for a customer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa

from sonae.books import exact
from sonae.books.exact import Limbs
from sonae.claims.estate import steps
from sonae.claims.estate.book import Book, Group
from sonae.claims.estate.level import Limits, level
from sonae.claims.estate.plan import Plan
from sonae.claims.estate.pools import GENERAL as GENERAL_ESTATE
from sonae.claims.estate.pools import IN_KIND, SECURED, pools_of
from sonae.claims.estate.schedule import GENERAL
from sonae.claims.estate.steps import STEPS, Ratios, Rows, rows_of

Rates = Mapping[str, Fraction]


@dataclass(frozen=True, slots=True)
class Levels:
    """The ratio of every contest, and assets that are short and have no price.

    Where a shortfall cannot be valued, no money that its customers may share in is distributed.
    """

    in_kind: Mapping[str, Fraction]
    secured: Fraction | None
    general: Mapping[str, Fraction]
    not_valued: tuple[str, ...]


@dataclass
class Totals:
    """Sums over one group, in base units: of the asset for `in_kind`, else of money."""

    rank: str
    asset: str
    claims: int = 0
    claimed: int = 0
    paid_before: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STEPS, 0))
    now: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STEPS, 0))
    reserved: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STEPS, 0))


def net(plan: Plan, step: str, asset: str) -> int:
    """What the pools of a step hold after costs."""
    return sum(pool.net for pool in pools_of(plan, step, asset))


def levels(plan: Plan, book: Book, rates: Rates | None = None) -> Levels:
    """The ratio of every contest, one after the other; `rates` replace those of the plan.

    A rank of the general estate gets something only where every rank before it is paid in full:
    what rounding leaves is residue, not theirs.
    """
    customers = book.of("customer")
    as_such = [g for g in customers if plan.basis == "in_kind" or g.asset == plan.currency]
    in_kind = _in_kind(plan, as_such, rates)
    short = [g for g in customers if in_kind.get(g.asset, Fraction(0)) < 1 and g.total]
    not_valued = tuple(g.asset for g in short if plan.per_unit(g.asset, rates) is None)
    secured = None
    general: dict[str, Fraction] = {}
    if not not_valued:
        secured = _secured(plan, book, in_kind, rates)
    left = net(plan, GENERAL_ESTATE, plan.currency)
    kept = _general_before(book) if book.later else dict.fromkeys(GENERAL, 0)
    for position, rank in enumerate(GENERAL):
        if not_valued and rank in ("ordinary", "subordinated"):
            break
        known = Levels(in_kind, secured, dict(general), ())
        groups = [*book.of(rank), *(customers if rank == "ordinary" else [])]
        there = left - sum(kept[later] for later in GENERAL[position + 1 :])
        if any(ratio < 1 for ratio in general.values()):
            there = kept[rank]
        general[rank] = level(there, partial(_general, plan, groups, known, rates))
        if general[rank] == 1:
            left -= _general_due(plan, groups, Levels(in_kind, secured, general, ()), rates)
    return Levels(in_kind, secured, general, not_valued)


def ratios(plan: Plan, group: Group, found: Levels, rates: Rates | None = None) -> Ratios:
    """The ratios that apply to the rows of one group."""
    customer = group.rank == "customer"
    rank = "ordinary" if customer else group.rank
    return Ratios(
        found.in_kind.get(group.asset) if customer else None,
        plan.per_unit(group.asset, rates),
        found.secured if customer else None,
        found.general.get(rank),
    )


def _in_kind(plan: Plan, groups: Iterable[Group], rates: Rates | None) -> dict[str, Fraction]:
    found = {}
    for group in groups:
        per_unit = plan.per_unit(group.asset, rates)

        def contest(group: Group = group, per_unit: Fraction | None = per_unit) -> Iterator[Limits]:
            for batch in group.batches(numbers=True):
                yield steps.in_kind_limits(rows_of(batch), per_unit)

        found[group.asset] = level(net(plan, IN_KIND, group.asset), contest)
    return found


def _secured(
    plan: Plan, book: Book, in_kind: Mapping[str, Fraction], rates: Rates | None
) -> Fraction | None:
    pool, groups = net(plan, SECURED, plan.currency), book.of("customer")
    if not pool and not book.later:
        return None
    known = Levels(in_kind, None, {}, ())

    def contest() -> Iterator[Limits]:
        for group in groups:
            at = ratios(plan, group, known, rates)
            for batch in group.batches(numbers=True):
                rows = rows_of(batch)
                yield steps.secured_limits(rows, _value(rows, at))

    return level(pool, contest)


def _general(
    plan: Plan, groups: Iterable[Group], found: Levels, rates: Rates | None
) -> Iterator[Limits]:
    for group in groups:
        at = ratios(plan, group, found, rates)
        for batch in group.batches(numbers=True):
            rows = rows_of(batch)
            value = _value(rows, at)
            yield steps.general_limits(rows, value, steps.secured(rows, value, at))


def _general_due(plan: Plan, groups: Iterable[Group], found: Levels, rates: Rates | None) -> int:
    whole = 0
    for group in groups:
        at = ratios(plan, group, found, rates)
        for batch in group.batches(numbers=True):
            rows = rows_of(batch)
            whole += exact.total(due_of(rows, at)["general"])
    return whole


def _general_before(book: Book) -> dict[str, int]:
    """What each rank had of the general estate before: nobody gives anything back."""
    found = dict.fromkeys(GENERAL, 0)
    for group in book.groups:
        rank = "ordinary" if group.rank == "customer" else group.rank
        for batch in group.batches(numbers=True):
            found[rank] += exact.total(rows_of(batch).before["general"])
    return found


def _value(rows: Rows, at: Ratios) -> Limbs:
    """The shortfall in money; nothing where it has no price (nothing is then distributed of it)."""
    if at.per_unit is None:
        return np.zeros_like(rows.amount)
    return steps.shortfall(rows, steps.coins(rows, at), at.per_unit)


def due_of(rows: Rows, at: Ratios) -> dict[str, Limbs]:
    """What each row has in all by each step."""
    value = _value(rows, at)
    secured = steps.secured(rows, value, at)
    return {
        "in_kind": steps.coins(rows, at),
        "secured": secured,
        "general": steps.general(rows, value, secured, at),
    }


def distributed(
    plan: Plan, group: Group, found: Levels, totals: Totals, rates: Rates | None = None
) -> Iterator[Any]:
    """The rows of one group as Arrow tables: paid now, reserved, and paid in all by each step."""
    at = ratios(plan, group, found, rates)
    for batch in group.batches():
        rows = rows_of(batch)
        due = due_of(rows, at)
        reserve = batch.column("reserve").to_numpy(zero_copy_only=False).astype(np.uint64)
        count = batch.num_rows
        columns: dict[str, Any] = {
            "claimant": batch.column("claimant"),
            "payee": batch.column("payee"),
            "person": batch.column("person"),
            "asset": pa.repeat(group.asset, count),
            "rank": pa.repeat(group.rank, count),
            "state": batch.column("state"),
            "amount": batch.column("claimed"),
            "counted": batch.column("amount"),
        }
        totals.claims += count
        totals.claimed += exact.total(exact.limbs(batch.column("claimed")))
        for step in STEPS:
            before = rows.before[step]
            more = exact.minus(due[step], before)
            now, kept = more * (np.uint64(1) - reserve), more * reserve
            columns[f"{step}_now"] = exact.column(now)
            columns[f"{step}_reserved"] = exact.column(kept)
            columns[f"{step}_paid"] = exact.column(exact.plus(before, now))
            totals.paid_before[step] += exact.total(before)
            totals.now[step] += exact.total(now)
            totals.reserved[step] += exact.total(kept)
        yield pa.table(columns)

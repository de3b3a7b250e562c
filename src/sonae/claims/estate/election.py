"""Elections over a whole book: so much in full, the rest early in part, or left for later.

All claims of one person count as one, met the smaller first, then the lower claimant; the
early part is rounded down once for the person, whatever the number of claims.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import ibis
import numpy as np
import pyarrow as pa

from sonae.books import exact
from sonae.books.engine import Engine
from sonae.books.relation import UNITS
from sonae.claims.estate.plan import Plan
from sonae.core.errors import UsageError

PARTS = ("in_full", "early", "waived", "later")
WORDS = ("claimant", "person", "asset", "rank", "state", "flags")


@dataclass(frozen=True, slots=True)
class Offer:
    """What a plan offers each person, in base units of money; `early_share` is at most 1."""

    in_full: int
    early_share: Fraction


def split(engine: Engine, rows: Any, chosen: Any, plan: Plan, offer: Offer) -> Iterator[Any]:
    """Tables of every customer's claim with its four parts: claimed = their sum.

    Args:
        engine: where set-based work runs.
        rows: the claims, as `book.read_claims` and `book.treated` give them.
        chosen: a relation of `person` who elected the early lump sum.
        plan: for the currency.
        offer: what is offered.

    Raises:
        UsageError: customers' claims are not all in the plan's currency, or a share above 1.
    """
    if offer.early_share > 1:
        raise UsageError("the early share is at most 1")
    mine = rows.filter(rows["rank"] == "customer")
    other = mine.filter(mine.asset != plan.currency)
    if engine.rows(other.aggregate(n=other.count()))[0]["n"]:
        raise UsageError("elections are over claims in the plan's currency, as valued")
    mine = mine.mutate(who=mine.person.fill_null(mine.claimant))
    mine = mine.left_join(chosen.select(elector="person"), mine.who == chosen.person)
    window = ibis.window(group_by="who", order_by=[mine.amount, mine.claimant], preceding=(None, 0))
    upto = mine.amount.sum().over(window).cast(UNITS)
    base = ibis.literal(str(offer.in_full)).cast(UNITS)
    before = (upto - mine.amount).cast(UNITS)
    picked = mine.select(
        *WORDS,
        "amount",
        "reserve",
        who=mine.who,
        early=mine.elector.notnull().cast("uint8"),
        full_upto=ibis.least(upto, base).cast(UNITS),
        full_before=ibis.least(before, base).cast(UNITS),
        upto=upto,
        before=before,
    )
    for batch in engine.batches(picked.order_by("who", "amount", "claimant")):
        yield _parts(batch, offer.early_share)


def _parts(batch: Any, share: Fraction) -> Any:
    def of(name: str) -> Any:
        return exact.limbs(batch.column(name))

    rest_upto = exact.minus(of("upto"), of("full_upto"))
    rest_before = exact.minus(of("before"), of("full_before"))
    rest = exact.minus(rest_upto, rest_before)
    flag = batch.column("early").to_numpy(zero_copy_only=False).astype(np.uint64)
    paid = exact.minus(exact.floor_of(rest_upto, share), exact.floor_of(rest_before, share)) * flag
    parts = {
        "in_full": exact.minus(of("full_upto"), of("full_before")),
        "early": paid,
        "waived": exact.minus(rest * flag, paid),
        "later": rest * (np.uint64(1) - flag),
    }
    columns = {n: batch.column(n) for n in (*WORDS, "who", "amount", "reserve")}
    columns["elected"] = batch.column("early")
    return pa.table(columns | {name: exact.column(value) for name, value in parts.items()})

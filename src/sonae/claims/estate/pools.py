"""Which pool serves whom: coins of customers, money for customers alone, the general estate."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sonae.claims.estate.plan import HELD, OWN, Plan, Pool

IN_KIND, SECURED, GENERAL = "in_kind", "secured", "general"


def serves(pool: Pool, plan: Plan) -> str:
    """The step in which a pool is distributed.

    Customers come before all others in segregated and guarantee assets (Payment Services Act
    Art. 63-19-2), and the cash trust stands outside the
    estate: it serves customers' money whatever the basis. A reserve counts for customers only
    where a deed keeps it out of the general estate. Liability cover carries the customers' lien
    (Insurance Act Art. 22); first-party cover falls into the general estate unless pledged or
    payable to customers (from memory).
    """
    if pool.kind == "cash_trust":
        return IN_KIND
    if pool.kind in (*HELD, *OWN):
        return IN_KIND if plan.basis == "in_kind" else SECURED
    if pool.kind == "reserve":
        return SECURED if pool.remote else GENERAL
    if pool.kind == "insurance":
        return SECURED if pool.insurance == "liability" or pool.pledged else GENERAL
    return GENERAL


def pools_of(plan: Plan, step: str, asset: str) -> list[Pool]:
    """The pools of a step and asset in the order of use: customers' own before the firm's."""
    found = [p for p in plan.pools if p.asset == asset and serves(p, plan) == step]
    return sorted(found, key=lambda p: (p.kind in OWN, p.kind == "buffer"))


@dataclass(frozen=True, slots=True)
class Used:
    """What became of one pool, in base units: amount = cost + paid + reserved + left.

    `paid` counts earlier distributions too. `left_to` says to whom the rest belongs.
    """

    pool: Pool
    paid: int
    reserved: int
    left_to: str

    @property
    def left(self) -> int:
        """What goes to no claim in this distribution."""
        return self.pool.net - self.paid - self.reserved


def used(plan: Plan, step: str, asset: str, paid: int, reserved: int) -> Iterable[Used]:
    """What was paid and reserved of a step, taken from its pools in order."""
    for pool in pools_of(plan, step, asset):
        here = min(paid, pool.net)
        kept = min(reserved, pool.net - here)
        paid, reserved = paid - here, reserved - kept
        yield Used(pool, here, kept, left_to(pool, plan))


def left_to(pool: Pool, plan: Plan) -> str:
    """Whose the rest of a pool is: the settlor's, the estate's, or kept as residue."""
    if pool.kind == "cash_trust":
        return "settlor"
    if pool.kind in OWN or (pool.kind == "reserve" and pool.remote):
        return "general_estate"
    return plan.residue_account

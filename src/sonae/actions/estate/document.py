"""The document of one distribution: ratios, sums, pools, conservation, the proceeding."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sonae.claims.estate.distribute import Levels, Totals
from sonae.claims.estate.plan import Plan
from sonae.claims.estate.pools import GENERAL, IN_KIND, SECURED, Used, used
from sonae.claims.estate.steps import STEPS
from sonae.core.canonical import number_text
from sonae.core.errors import Refused
from sonae.core.figure import NotComputable
from sonae.rulebook.cases import show
from sonae.rulebook.edition import Edition
from sonae.rulebook.rule import facts_from

FORMAT = "sonae-estate/1"


def law_of(plan: Plan) -> dict[str, Any]:
    """What the rulebook says of the proceeding on the record date, and who pays coins and money."""
    edition = Edition(plan.record_on)
    given: dict[str, Any] = {"proceeding": plan.proceeding}
    if plan.trigger_event is not None:
        given["trigger_event"] = plan.trigger_event
    found: dict[str, Any] = {}
    for rule in ("estate.jp.proceeding", "estate.jp.payers"):
        facts, _ = facts_from(given, edition.rule(rule))
        for key, figure in edition.evaluate(rule, facts).items():
            found[f"{rule}#{key}"] = {
                "value": show(figure),
                "standing": figure.standing,
                "confidence": figure.confidence,
            }
            if isinstance(figure.value, NotComputable):
                found[f"{rule}#{key}"]["reason"] = figure.value.reason().as_json()
    return found


def schedule_line(row: Mapping[str, Any]) -> dict[str, Any]:
    """One line of the schedule of approval."""
    return {
        "rank": row["rank"],
        "asset": row["asset"],
        "state": row["state"],
        "reserved": bool(row["reserve"]),
        "claims": row["claims"],
        "claimed": str(row["claimed"]),
    }


def document_of(
    plan: Plan,
    digest: str,
    found: Levels,
    totals: list[Totals],
    former: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Everything but the rows: who it is about, ratios, sums by group, pools, conservation."""
    pools = used_of(plan, totals)
    return {
        "format": FORMAT,
        "estate": plan.id,
        "entity": plan.entity,
        "proceeding": plan.proceeding,
        "basis": plan.basis,
        "currency": plan.currency,
        "scales": {a.asset: a.scale for a in plan.assets.values()},
        "commencement_on": plan.commencement_on.isoformat(),
        "record_on": plan.record_on.isoformat(),
        "residue_account": plan.residue_account,
        "plan_digest": digest,
        "number": 1 if former is None else former["number"] + 1,
        "after": None if former is None else former["table_digest"],
        "ratios": {
            "in_kind": {a: number_text(r) for a, r in found.in_kind.items()},
            "secured": None if found.secured is None else number_text(found.secured),
            "general": {rank: number_text(r) for rank, r in found.general.items()},
        },
        "not_valued": list(found.not_valued),
        "groups": [_group(t) for t in totals],
        "pools": [_pool(u) for u in pools],
        "conservation": _conservation(pools, totals, plan),
    }


def _group(t: Totals) -> dict[str, Any]:
    """The sums of one rank and asset."""
    sums = {
        step: {
            "paid_before": str(t.paid_before[step]),
            "now": str(t.now[step]),
            "reserved": str(t.reserved[step]),
        }
        for step in STEPS
    }
    return {
        "rank": t.rank,
        "asset": t.asset,
        "claims": t.claims,
        "claimed": str(t.claimed),
        **sums,
    }


def _pool(u: Used) -> dict[str, Any]:
    """What became of one pool."""
    return {
        "id": u.pool.id,
        "kind": u.pool.kind,
        "asset": u.pool.asset,
        "amount": str(u.pool.amount),
        "cost": str(u.pool.cost),
        "paid": str(u.paid),
        "reserved": str(u.reserved),
        "left": str(u.left),
        "left_to": u.left_to,
    }


def used_of(plan: Plan, totals: list[Totals]) -> list[Used]:
    """What became of every pool, in the order of the plan."""
    found: list[Used] = []
    for step, name in ((IN_KIND, "in_kind"), (SECURED, "secured"), (GENERAL, "general")):
        for asset in plan.assets:
            mine = [t for t in totals if step != IN_KIND or t.asset == asset]
            if step != IN_KIND and asset != plan.currency:
                continue
            paid = sum(t.paid_before[name] + t.now[name] for t in mine)
            kept = sum(t.reserved[name] for t in mine)
            found += used(plan, step, asset, paid, kept)
    order = [pool.id for pool in plan.pools]
    return sorted(found, key=lambda u: order.index(u.pool.id))


def _conservation(pools: list[Used], totals: list[Totals], plan: Plan) -> dict[str, Any]:
    """By asset: pool = cost + paid + reserved + left, from the rows and from the pools alike.

    Raises:
        Refused: they differ, which no input may bring about.
    """
    found = {}
    for asset in plan.assets:
        mine = [u for u in pools if u.pool.asset == asset]
        money = asset == plan.currency
        steps = STEPS if money else ("in_kind",)
        paid = reserved = 0
        for t in totals:
            taken = [s for s in steps if (t.asset == asset if s == "in_kind" else money)]
            paid += sum(t.paid_before[s] + t.now[s] for s in taken)
            reserved += sum(t.reserved[s] for s in taken)
        row = {
            "pool": sum(u.pool.amount for u in mine),
            "cost": sum(u.pool.cost for u in mine),
            "paid": paid,
            "reserved": reserved,
            "left": sum(u.left for u in mine),
        }
        if row["pool"] != row["cost"] + paid + reserved + row["left"]:
            raise Refused(f"{asset}: what was shared is not what there is: {row}")
        found[asset] = {key: str(value) for key, value in row.items()}
    return found

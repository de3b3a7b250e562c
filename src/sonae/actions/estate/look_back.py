"""Large net withdrawals before a failure, from a file of movements: shown, never set off."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

from sonae.actions.estate.distribute import load_plan
from sonae.claims.estate.lookback import Flagged, Moved, flagged
from sonae.claims.estate.plan import Plan
from sonae.core.canonical import number_text, parse_number
from sonae.core.errors import InputError, Problem, UsageError
from sonae.core.figure import NotComputable
from sonae.core.text import Text
from sonae.rulebook.edition import Edition
from sonae.rulebook.law.estate.proceedings import GROUNDS
from sonae.rulebook.rule import facts_from

FORMAT = "sonae-estate-look-back/1"
COLUMNS = ("customer", "asset", "quantity_decimal", "on", "own_property")
RULE = "estate.jp.look_back"


@dataclass(frozen=True)
class Period:
    """Up to the petition: so many days, by the administrator; or by a ground, of the rulebook."""

    petition_on: date
    days: int | None = None
    ground: str | None = None
    inability_on: date | None = None
    suspension_on: date | None = None


def look_back(file: Path, movements: Path, period: Period, least: str) -> dict[str, Any]:
    """Customers who took out at least so much, net, in the period, with every movement of theirs.

    Args:
        file: the plan, for scales, rates and the proceeding.
        movements: customer, asset, quantity_decimal (below zero where it left), on, own_property.
        period: which days.
        least: in whole units of the plan's currency.

    Raises:
        InputError: every row that cannot be read.
        UsageError: neither days nor a ground, or what the ground needs is missing.
    """
    plan, digest = load_plan(file)
    try:
        floor = parse_number(least)
    except ValueError as error:
        raise UsageError(f"--least: {error}") from error
    first, law = _first(plan, period)
    rows = _read(movements, plan)
    scale = 10 ** plan.assets[plan.currency].scale
    rates = {a: plan.per_unit(a) for a in plan.assets}
    known = {a: rate / scale for a, rate in rates.items() if rate is not None}
    found = flagged(rows, first, period.petition_on, known, floor)
    inside = sum(first <= m.on <= period.petition_on for m in rows)
    return {
        "format": FORMAT,
        "estate": plan.id,
        "plan_digest": digest,
        "currency": plan.currency,
        "from": first.isoformat(),
        "until": period.petition_on.isoformat(),
        "law": law,
        "least": number_text(floor),
        "movements": len(rows),
        "inside": inside,
        "flagged": [_flag(one, plan) for one in found],
        "set_off": "none",
    }


def _first(plan: Plan, period: Period) -> tuple[date, dict[str, Any]]:
    """The first day of the period, and what it rests on."""
    if (period.days is None) == (period.ground is None):
        raise UsageError("give either --days or --ground")
    if period.days is not None:
        if period.days < 1:
            raise UsageError("--days is one or more")
        first = period.petition_on - timedelta(days=period.days)
        return first, {"ground": None, "standing": "house", "confidence": "derived"}
    if period.ground not in GROUNDS:
        raise UsageError(f"{period.ground!r} is not usable; one of {', '.join(GROUNDS)}")
    given = {
        "proceeding": plan.proceeding,
        "ground": period.ground,
        "act_on": period.petition_on.isoformat(),
        "petition_on": period.petition_on.isoformat(),
    }
    for name in ("inability_on", "suspension_on"):
        if (day := getattr(period, name)) is not None:
            given[name] = day.isoformat()
    edition = Edition(plan.record_on)
    facts, _ = facts_from(given, edition.rule(RULE))
    outputs = edition.evaluate(RULE, facts)
    figure, knows = outputs["from"], outputs["knows_avoidance"]
    for one in (figure, knows):
        if isinstance(one.value, NotComputable):
            raise UsageError(f"{RULE}: {one.value.reason().en}; give --days, or what is missing")
    if knows.value != "yes":
        raise UsageError(
            f"{plan.proceeding} knows no avoidance ({RULE}); give --days to look all the same"
        )
    assert isinstance(figure.value, date)
    marks = {"standing": figure.standing, "confidence": figure.confidence}
    return figure.value, {"ground": period.ground, **marks}


def _flag(one: Flagged, plan: Plan) -> dict[str, Any]:
    scales = {a: x.scale for a, x in plan.assets.items()}
    return {
        "customer": one.customer,
        "value": number_text(one.value),
        "own_property": one.own_property,
        "unpriced": list(one.unpriced),
        "moves": [
            {
                "on": m.on.isoformat(),
                "asset": m.asset,
                "quantity": number_text(Fraction(m.units, 10 ** scales[m.asset])),
                "own_property": m.own_property,
            }
            for m in one.moves
        ],
    }


def _read(file: Path, plan: Plan) -> list[Moved]:
    found, problems = [], []
    with file.open(newline="", encoding="utf-8-sig") as stream:
        reader = csv.DictReader(stream)
        if lacking := sorted(set(COLUMNS) - set(reader.fieldnames or ())):
            text = _COLUMN.format(c=", ".join(lacking))
            raise InputError([Problem("missing-column", "movements", text, file.name)])
        for n, row in enumerate(reader, 1):
            try:
                found.append(_moved(row, plan))
            except (ValueError, TypeError) as error:
                text = _ROW.format(e=error)
                problems.append(Problem("corrupt-row", "movements", text, file.name, n))
    if problems:
        raise InputError(problems)
    return found


def _moved(row: Mapping[str, str], plan: Plan) -> Moved:
    asset, own = row["asset"], row["own_property"]
    if not row["customer"] or asset not in plan.assets:
        raise ValueError(f"customer {row['customer']!r}, asset {asset!r}")
    units = parse_number(row["quantity_decimal"]) * 10 ** plan.assets[asset].scale
    if units.denominator != 1:
        raise ValueError(f"{row['quantity_decimal']} has a digit beyond the scale of {asset}")
    if own not in ("true", "false"):
        raise ValueError(f"own_property {own!r} is neither true nor false")
    return Moved(row["customer"], asset, int(units), date.fromisoformat(row["on"]), own == "true")


_COLUMN = Text("列がない: {c}", "columns are missing: {c}")
_ROW = Text("移動の行が読めない: {e}", "a movement cannot be read: {e}")

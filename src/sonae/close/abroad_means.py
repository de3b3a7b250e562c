"""What may stand behind a requirement outside Japan: reserve assets, guarantees, insurance.

`failed` leaves what would not be there for customers once the firm has failed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from sonae.close.insurance import policy_term
from sonae.close.reserve import NO_RESERVE, WORTH, Cells, money_unit, reserve_rows
from sonae.close.world import World, gap
from sonae.core.calendar import add_months
from sonae.core.figure import Figure, apply
from sonae.core.formula import table, total
from sonae.core.text import Text
from sonae.policy.terms import Policy

HKD, EUR = "HKD", "EUR"
ON_TRUST = {"cash": "demand_deposit_on_trust", "trust_deposit": "demand_deposit_on_trust"}
FIXED = "fixed_deposit"
ELIGIBLE = "eu.mica.insurance_eligibility"
_NO_POLICIES = Text("保険（policies.toml）がない", "policies.toml is not given")
_REMAINING = Text(
    "定期預金の期間は満期までの残存月数による",
    "the term of a fixed deposit is taken as the months left to its maturity",
)


# -- reserve assets and guarantees -----------------------------------------------------------------


def _rows(world: World, *, failed: bool) -> dict[str, Cells] | None:
    found = reserve_rows(world.facts, world.reconciliation, world.valuation)
    if found is None or not failed:
        return found
    return {id: c for id, c in found.items() if c["bankruptcy_remote"].value == "yes"}


def declared(world: World, currency: str, *, failed: bool) -> Figure:
    """The reserve at its stated worth; own tokens and what nothing shows are no part of it."""
    rows = _rows(world, failed=failed)
    if rows is None:
        return gap("reserve", NO_RESERVE, currency)
    counted = [
        world.money.to(cells[WORTH], currency)
        for cells in rows.values()
        if cells["evidence"].value and not cells["own_issue"].value and not cells["guarantee"].value
    ]
    return total(counted, currency, "Σ reserve assets")


def trusted(world: World, *, failed: bool) -> dict[str, Figure]:
    """The reserve as the SFC's rule reads it: money set aside on trust, and bank guarantees."""
    rows = _rows(world, failed=failed)
    if rows is None:
        unknown = gap("reserve", NO_RESERVE, HKD)
        return {"reserve": _instrument("reserve", "demand_deposit_on_trust", unknown)}
    found = {
        id: _instrument(id, _kind(cells), world.money.to(cells[WORTH], HKD), _months(world, cells))
        for id, cells in rows.items()
    }
    return found | {
        id: _instrument(id, "bank_guarantee", amount)
        for id, amount in _guarantees(world, failed=failed)
        if id not in found
    }


def _kind(cells: Cells) -> str:
    """The instrument's kind by the rule's names; what is not on trust keeps its own name."""
    kind, on_trust = str(cells["kind"].value), cells["title"].value == "trust_for_customers"
    if kind == FIXED:
        return "fixed_deposit_on_trust" if on_trust else "fixed_deposit"
    return ON_TRUST.get(kind, kind) if on_trust else kind


def _months(world: World, cells: Cells) -> Figure | None:
    matures = cells.get("matures_on")
    if matures is None or not isinstance(matures.value, date):
        return None
    on, months = world.facts.books.venue.on, 0
    while add_months(on, months, keep_end=False) < matures.value:
        months += 1
    return Figure(Fraction(months), "months", standing="house", assumptions=(_REMAINING,))


def _guarantees(world: World, *, failed: bool) -> Iterator[tuple[str, Figure]]:
    """Guarantees of third parties in the list of instruments."""
    facts, on = world.facts, world.facts.books.venue.on
    for row in facts.books.table("instruments") or []:
        ended = row["maturity"] is not None and row["maturity"] < on
        gone = failed and row["bankruptcy_remote"] != "yes"
        if row["kind"] != "guarantee" or ended or gone or not row["currency"]:
            continue
        id, code = row["instrument_id"], row["currency"]
        where = f"instrument_id = {id}"
        unit = money_unit(facts, code)
        amount = facts.leaf(
            f"instruments/{id}/amount", row["amount"], unit, "instruments", where, 1
        )
        worth = amount * world.valuation.prices[code] if unit == "coin" else amount
        yield id, world.money.to(worth, HKD)


def _instrument(id: str, kind: str, amount: Figure, months: Figure | None = None) -> Figure:
    cells = {"kind": Figure(kind, "code"), f"amount_{amount.unit.lower()}": amount}
    if months is not None:
        cells["maturity_months"] = months
    return _named_row(f"fact:instruments/{id}", cells)


def _named_row(key: str, cells: dict[str, Figure]) -> Figure:
    return table({n: f.named(f"{key}/{n}") for n, f in cells.items()}).named(key)


# -- insurance -----------------------------------------------------------------------------------


def insured(world: World, currency: str, *, failed: bool) -> dict[str, Figure]:
    """Policies in force by their limit for one event; a gap where no policies are stated."""
    if world.facts.books.policies is None:
        return {"policies": _instrument("policies", "insurance", _no_policies(currency))}
    return {
        p.policy_id: _instrument(p.policy_id, "insurance", _limit(world, p, currency))
        for p in _in_force(world, failed=failed)
    }


def mica_insurance(world: World, *, failed: bool) -> Figure:
    """Policies that may be counted as a safeguard under MiCA Art. 67(5) and (6), in euro."""
    if world.facts.books.policies is None:
        return _no_policies(EUR)
    return total(
        [_eligible(world, p) for p in _in_force(world, failed=failed)], EUR, "Σ eligible policies"
    )


def _no_policies(currency: str) -> Figure:
    return gap("policies", _NO_POLICIES, currency)


def _in_force(world: World, *, failed: bool) -> list[Policy]:
    return [
        p
        for p in world.policies
        if p.in_force(world.facts.books.venue.on)
        and (not failed or (p.reaches_customers and p.survives_failure))
    ]


def _limit(world: World, policy: Policy, currency: str) -> Figure:
    if policy.currency not in world.valuation.prices:
        code = policy.currency
        words = Text(f"{code}の為替相場がない", f"no exchange rate of {code} is given")
        return gap(f"{code}/price", words, currency)
    stated = policy_term(world.facts, world.valuation, policy, "limit_per_event")
    return world.money.to(stated, currency)


def _eligible(world: World, policy: Policy) -> Figure:
    """The limit where every condition is met, nothing where one is not, a gap where one is open."""
    key, limit = f"policies/{policy.policy_id}/mica", _limit(world, policy, EUR)
    outputs = world.edition.evaluate(ELIGIBLE, {"policy": _answers(world, policy, key)})
    counts = replace(outputs["counts_as_safeguard"], id=f"{key}#counts_as_safeguard")
    return apply(
        "{0} if {1}, else 0",
        EUR,
        (limit, counts),
        lambda: limit.number() if counts.truth() else Fraction(0),
    )


def _answers(world: World, policy: Policy, key: str) -> Figure:
    """What the policy and `[[regime.eu.insurance]]` say; the rule names what neither does."""
    said = world.facts.books.venue.abroad.insurance.get(policy.policy_id)
    notice = policy.conditions.cancellation_notice_days
    values: dict[str, tuple[Any, str]] = {
        "initial_term_months": (Fraction(_term(policy)), "months"),
        "cancellation_notice_days": (None if notice is None else Fraction(notice), "days"),
        "insurer_authorised": (said and said.insurer_authorised, "truth"),
        "third_party": (not (policy.conditions.captive or policy.form == "captive"), "truth"),
        "disclosed_on_website": (said and said.disclosed_on_website, "truth"),
    }
    cells = {k: Figure(v, unit) for k, (v, unit) in values.items() if v is not None}
    risks = {k: Figure(v, "truth") for k, v in (said.covers if said else {}).items()}
    row = {k: f.named(f"fact:{key}/{k}") for k, f in cells.items()}
    row["covers"] = _named_row(f"fact:{key}/covers", risks)
    return table(row).named(f"fact:{key}")


def _term(policy: Policy) -> int:
    """Whole months from the first to the last day."""
    after, months = policy.period_end + timedelta(days=1), 0
    while add_months(policy.period_start, months + 1, keep_end=False) <= after:
        months += 1
    return months

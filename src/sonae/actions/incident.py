"""An incident from its file: loss, clocks, gates, who bears it, the refill against its clock."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sonae.actions.entitle import load_incident
from sonae.actions.fund_gates import payment
from sonae.claims.incident import Incident
from sonae.claims.refill import Refill, Test, refills, reserve_test
from sonae.claims.waterfall import Source, payable, waterfall
from sonae.core.canonical import number_text
from sonae.core.figure import Figure, text_of
from sonae.rulebook.edition import Edition
from sonae.rulebook.rule import facts_from

FORMAT = "sonae-incident/1"
NATURES = ("return_in_kind", "damages_for_non_return", "transaction_loss", "goodwill")
CURE = "chain_shortage"
JST = ZoneInfo("Asia/Tokyo")
LAYERS = ("insurance", "reserve", "own_funds", "group", "loan")
"""Kinds of funds in the order in which they bear a loss."""
DOSSIERS = {
    "spot": {
        "form": "jvcea_confirmation",
        "needs": ("incident_record", "cause_or_undetermined", "loss_by_customer", "payment_plan"),
        "confidence": "secondary",
    },
    "derivatives": {
        "form": "finance_bureau_application",
        "needs": (
            "firm_and_registration", "office", "persons_or_department", "customer", "outline",
            "why_the_loss_comes_from_the_incident", "amount", "customer_written_confirmation",
        ),
        "confidence": "secondary",
    },
}  # fmt: skip
"""Two forms, not one: JVCEA investigates and confirms spot; derivatives go to the bureau."""


def open_incident(file: Path, law_on: date | None = None) -> dict[str, Any]:
    """Everything an incident starts: what is lost, due, needed, and borne by whom.

    `law_on` applies the law of another day: a what-if, and marked as one.
    """
    incident, digest = load_incident(file)
    on = incident.learned_at.astimezone(JST).date()
    edition = Edition(law_on or on)
    loss = [v for v in (x.value for x in incident.losses) if v is not None]
    known = len(loss) == len(incident.losses)
    whole = sum(loss, Fraction(0)) if known else None
    return {
        "format": FORMAT,
        "id": incident.id,
        "digest": digest,
        "law_on": edition.on.isoformat(),
        "what_if": law_on is not None,
        "entity": incident.entity,
        "kind": incident.kind,
        "cause": incident.cause,
        "occurred_at": incident.occurred_at.isoformat(),
        "learned_at": incident.learned_at.isoformat(),
        "record_at": incident.record_at.isoformat(),
        "loss": _loss(incident),
        "value": None if whole is None else number_text(whole),
        "currency": incident.currency,
        "clocks": clocks(incident, edition, on),
        "evidence": list(incident.evidence),
        "dossiers": {name: {**d, "needs": list(d["needs"])} for name, d in DOSSIERS.items()},
        "natures": {name: _nature(name, edition.on) for name in NATURES},
        "waterfall": _waterfall(incident, whole),
        "paid": _paid(incident, on),
        "refill": refill(incident, edition, on),
        "source": incident.source,
        "confidence": incident.confidence,
    }


def _loss(incident: Incident) -> dict[str, Any]:
    """By asset, by wallet and by signing domain, in whole units."""
    by: dict[str, dict[str, dict[str, Fraction]]] = {"wallet": {}, "signing_domain": {}}
    for loss in incident.losses:
        for key, name in (("wallet", loss.wallet), ("signing_domain", loss.signing_domain)):
            assets = by[key].setdefault(name, {})
            assets[loss.asset] = assets.get(loss.asset, Fraction(0)) + loss.amount
    return {
        "asset": {a: number_text(n) for a, n in sorted(incident.short().items())},
        **{
            key: {
                name: {a: number_text(n) for a, n in found.items()} for name, found in names.items()
            }
            for key, names in by.items()
        },
        "prices": {
            loss.asset: {"price": number_text(loss.price), "source": loss.price_source}
            for loss in incident.losses
            if loss.price is not None
        },
    }


# -- clocks ----------------------------------------------------------------------------------------


def clocks(incident: Incident, edition: Edition, on: date) -> list[dict[str, Any]]:
    """What is due to whom, from the rulebook where it has the rule; the rest marked from memory."""
    found = [
        _clock("authority", edition, "jp.crypto.incident_notice_due", "first_report", on),
        _clock("authority_status", edition, "jp.crypto.incident_notice_due", "status_report", on),
    ]
    if incident.personal_data:
        given = {"learned_on": on.isoformat(), "wrongful": incident.cause == "external_theft"}
        found += [
            _clock(
                f"personal_data_{k}", edition, "jp.personal_data.breach_report_due", k, on, given
            )
            for k in ("preliminary", "final", "notice_to_persons")
        ]
    if incident.kind == "coins":
        given = {"breach": CURE, "arose_on": on.isoformat()}
        found.append(_clock("cure", edition, "jp.crypto.cure_deadline", "due", on, given))
    words = ("police", "jvcea", "trust_bank", "insurer", "public")
    found += [
        {"to": to, "due": "immediately", "rule": None, "reason": None, "confidence": "memory"}
        for to in words
    ]
    return found


def _clock(
    to: str,
    edition: Edition,
    rule: str,
    output: str,
    on: date,
    given: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    facts, _ = facts_from(given or {"learned_on": on.isoformat()}, edition.rule(rule))
    figure: Figure = edition.evaluate(rule, facts)[output]
    value = figure.value
    return {
        "to": to,
        "due": None if not figure.computable else str(value),
        "rule": f"{rule}#{output}",
        "reason": None if figure.computable else text_of(figure).as_json(),
        "confidence": figure.confidence,
    }


def _nature(nature: str, on: date) -> dict[str, Any]:
    """The gate of one nature of payment, for spot, with nothing confirmed yet."""
    found = payment(
        {"nature": nature, "business": "spot", "from_incident": True, "assumed": []}, on
    )
    return {k: found[k] for k in ("ban_applies", "may_pay", "needed", "standing", "confidence")}


# -- who bears it ----------------------------------------------------------------------------------


def _waterfall(incident: Incident, loss: Fraction | None) -> dict[str, Any] | None:
    """The loss through the funds named, in order; insurance counts once it is accepted."""
    if loss is None:
        return None
    order = {kind: n for n, kind in enumerate(LAYERS)}
    funds = sorted(incident.funds, key=lambda f: order.get(f.kind, len(order)))
    sources = [Source(f.kind, f.amount, f.hours, counts=f.kind != "insurance") for f in funds]
    borne, gap = waterfall(loss, sources)
    return {
        "loss": number_text(loss),
        "borne": [{"source": b.source.name, "amount": number_text(b.amount)} for b in borne],
        "gap": number_text(gap),
        "payable": {name: number_text(n) for name, n in payable(borne).items()},
    }


def _paid(incident: Incident, on: date) -> list[dict[str, Any]]:
    """What customers were paid or given back so far, and on which day after it was learned."""
    return [
        {
            "kind": s.kind,
            "asset": s.asset,
            "amount": number_text(s.amount),
            "on": s.on.isoformat(),
            "day": (s.on - on).days,
            "evidence": s.evidence,
        }
        for s in incident.steps
        if s.kind in ("paid", "returned_in_kind")
    ]


# -- the refill ------------------------------------------------------------------------------------


def refill(incident: Incident, edition: Edition, on: date) -> dict[str, Any]:
    """Each asset against its clock, and the money tested in coins while the price moved."""
    facts, _ = facts_from(
        {"breach": CURE, "arose_on": on.isoformat()}, edition.rule("jp.crypto.cure_deadline")
    )
    due = edition.evaluate("jp.crypto.cure_deadline", facts)["due"]
    last = due.value if isinstance(due.value, date) else None
    money = sum((f.amount for f in incident.funds if f.kind != "insurance"), Fraction(0))
    until = {} if last is None else dict.fromkeys(incident.short(), last)
    return {
        "due": None if last is None else last.isoformat(),
        "confidence": due.confidence,
        "raised": number_text(
            sum((s.amount for s in incident.steps if s.kind == "raised"), Fraction(0))
        ),
        "assets": [_refilled(r, on, last) for r in refills(incident)],
        "money": number_text(money),
        "tests": [_tested(t) for t in reserve_test(incident, money, until)],
    }


def _refilled(found: Refill, on: date, last: date | None) -> dict[str, Any]:
    whole = found.whole_on
    return {
        "asset": found.asset,
        "short": number_text(found.short),
        "bought": number_text(found.bought),
        "borrowed": number_text(found.borrowed),
        "arrived": number_text(found.arrived),
        "proven": number_text(found.proven),
        "open": number_text(found.open),
        "whole_on": None if whole is None else whole.isoformat(),
        "day": None if whole is None else (whole - on).days,
        "late_days": None if None in (whole, last) else max((whole - last).days, 0),  # type: ignore[operator]
        "reconciled_on": None if found.reconciled_on is None else found.reconciled_on.isoformat(),
        "unproven": [s.evidence for s in found.unproven],
        "closed": found.reconciled_on is not None and found.proven >= found.short,
    }


def _tested(test: Test) -> dict[str, Any]:
    return {
        "on": test.on.isoformat(),
        "asset": test.asset,
        "missing": number_text(test.missing),
        "cost": None if test.cost is None else number_text(test.cost),
        "coins": None if test.coins is None else number_text(test.coins),
        "enough": test.enough,
    }

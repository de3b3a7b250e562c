"""An incident from its file: loss, clocks, gates, who bears it, the refill against its clock."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sonae.actions.claims.entitle import holders, load_incident
from sonae.actions.files import json_bytes, replace_folder
from sonae.actions.fund.gates import payment
from sonae.actions.incident.clocks import clocks
from sonae.actions.incident.insurance import insurance, insurance_sources, today, with_policies
from sonae.actions.incident.recover import recovered
from sonae.actions.incident.refill import refill
from sonae.claims.incident import Incident
from sonae.claims.nature import ACTS, arises
from sonae.claims.waterfall import Borne, Source, payable, waterfall
from sonae.core.canonical import number_text
from sonae.core.errors import UsageError
from sonae.rulebook.edition import Edition
from sonae.rulebook.rule import facts_from

FORMAT = "sonae-incident/1"
DOCUMENT = "incident.json"
NATURES = ("return_in_kind", "damages_for_non_return", "transaction_loss", "goodwill")
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


def open_incident(
    file: Path,
    law_on: date | None = None,
    books: Path | None = None,
    policies: Path | None = None,
    as_of: date | None = None,
) -> dict[str, Any]:
    """Everything an incident starts: what is lost, due, needed, and borne by whom.

    Args:
        file: the incident.
        law_on: applies the law of another day: a what-if, and marked as one.
        books: the Books of the record date, to count the customers it concerns.
        policies: a file of policies or a folder of Books, where the incident has none of its own.
        as_of: the day on which clocks of insurers are looked at; today by default.
    """
    incident, digest = load_incident(file)
    incident = with_policies(incident, file.name, policies)
    insured = insurance(incident, as_of or today())
    on = incident.learned_at.astimezone(JST).date()
    edition = Edition(law_on or on)
    loss = [v for v in (x.value for x in incident.losses) if v is not None]
    known = len(loss) == len(incident.losses)
    whole = sum(loss, Fraction(0)) if known else None
    bears = None if whole is None else _waterfall(incident, whole, insured)
    customers = incident.customers if books is None else holders(books, incident)
    return {
        "format": FORMAT,
        "id": incident.id,
        "digest": digest,
        "replaces": incident.replaces or None,
        "version_reason": incident.reason or None,
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
        "natures": _natures(incident, edition.on),
        "ground": _ground(incident, edition),
        "insurance": insured,
        "waterfall": bears and _borne(*bears),
        "recoveries": recovered(incident, bears, edition, customers),
        "paid": _paid(incident, on),
        "refill": refill(incident, edition, on),
        "notes": [note.as_json() for note in incident.notes],
        "source": incident.source,
        "confidence": incident.confidence,
    }


def write_incident(document: Mapping[str, Any], out: Path) -> None:
    """Write the document as `incident.json` into a folder of its own.

    Raises:
        UsageError: the folder holds something else.
    """
    if out.exists() and (not out.is_dir() or {p.name for p in out.iterdir()} - {DOCUMENT}):
        raise UsageError(f"{out} holds other files; give a new or empty folder for --out")
    replace_folder(out, {DOCUMENT: json_bytes(document)})


def _loss(incident: Incident) -> dict[str, Any]:
    """By asset, by place (wallet and signing domain, or account and bank), by where it lies."""
    names = ("account", "bank") if incident.kind == "cash" else ("wallet", "signing_domain")
    by: dict[str, dict[str, dict[str, Fraction]]] = {name: {} for name in (*names, "out_of")}
    for loss in incident.losses:
        places = (loss.wallet, loss.signing_domain, loss.out_of)
        for key, name in zip(by, places, strict=True):
            assets = by[key].setdefault(name, {})
            assets[loss.asset] = assets.get(loss.asset, Fraction(0)) + loss.amount
    return {
        "asset": {a: number_text(n) for a, n in sorted(incident.short().items())},
        **{
            key: {
                name: {a: number_text(n) for a, n in found.items()}
                for name, found in places.items()
            }
            for key, places in by.items()
        },
        "prices": {
            loss.asset: {"price": number_text(loss.price), "source": loss.price_source}
            for loss in incident.losses
            if loss.price is not None
        },
    }


def _natures(incident: Incident, on: date) -> dict[str, Any]:
    """Each nature of payment: whether the losses give rise to it, and its gate."""
    above = any(m.given["method"] == "loss_and_goodwill" for m in incident.methods)
    found = arises({loss.out_of for loss in incident.losses}, above)
    return {name: {"arises": found[name], **_nature(name, on)} for name in NATURES}


def _ground(incident: Incident, edition: Edition) -> dict[str, Any]:
    """Whether the cause is an incident of the securities rules, by which the reserve may be used.

    The act is our reading of the cause, from memory; of a cause that is no act by itself, people
    decide, and nothing is assumed.
    """
    act, rule = ACTS.get(incident.cause), "jp.securities.reserve_use"
    found: dict[str, Any] = {"act": act, "rule": rule, "incident_class": None, "usable": None}
    if act is None:
        return {**found, "confidence": "memory"}
    facts, _ = facts_from({"act": act, "arose_in_trading": True}, edition.rule(rule))
    answer = edition.evaluate(rule, facts)
    class_, usable = answer["incident_class"], answer["reserve_usable_without_approval"]
    found["incident_class"] = str(class_.value) if class_.computable and class_.value else None
    found["usable"] = usable.value if usable.computable else None
    return {**found, "confidence": "memory"}


def _nature(nature: str, on: date) -> dict[str, Any]:
    """The gate of one nature of payment, for spot, with nothing confirmed yet."""
    found = payment(
        {"nature": nature, "business": "spot", "from_incident": True, "assumed": []}, on
    )
    return {k: found[k] for k in ("ban_applies", "may_pay", "needed", "standing", "confidence")}


# -- who bears it ----------------------------------------------------------------------------------


def _waterfall(
    incident: Incident, loss: Fraction, insured: Mapping[str, Any] | None
) -> tuple[list[Borne], Fraction]:
    """The loss through policies and the funds named, in order; insurance counts once accepted."""
    order = {kind: n for n, kind in enumerate(LAYERS)}
    funds = sorted(incident.funds, key=lambda f: order.get(f.kind, len(order)))
    sources = insurance_sources(insured)
    sources += [Source(f.kind, f.amount, f.hours, counts=f.kind != "insurance") for f in funds]
    return waterfall(loss, sources)


def _borne(borne: list[Borne], gap: Fraction) -> dict[str, Any]:
    loss = sum((b.amount for b in borne), gap)
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

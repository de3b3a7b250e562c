"""The pack for each insurer of an incident: a notice in draft, and the proof of loss."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

from sonae.actions.claims.entitle import load_incident
from sonae.actions.files import json_bytes, replace_folder
from sonae.actions.incident.insurance import insurance, rates, today, with_policies
from sonae.claims.incident import Incident
from sonae.core.canonical import number_text
from sonae.core.errors import UsageError
from sonae.core.text import LANGS
from sonae.policy.terms import Policy
from sonae.report.insurance import LossNotice, loss_notice

PROOF, PACK = "sonae-proof-of-loss/1", "sonae-insurer-pack/1"


def insurer_pack(
    file: Path, out: Path, policies: Path | None = None, as_of: date | None = None
) -> dict[str, Any]:
    """Write notice and proof of loss for each policy into a folder of its own, with a manifest.

    Returns the manifest: every file with its digest, every clock, and what is at risk.

    Raises:
        UsageError: the incident has no policies, or an id that cannot name a folder.
    """
    incident, digest = load_incident(file)
    incident = with_policies(incident, file.name, policies)
    on = as_of or today()
    found = insurance(incident, on)
    if found is None:
        raise UsageError(f"{file.name} has no [[policy]]; name a file of them with --policies")
    files: dict[str, bytes] = {}
    for policy, state in zip(incident.insured.policies, found["policies"], strict=True):
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", policy.policy_id):
            raise UsageError(f"policy_id {policy.policy_id!r} cannot name a folder")
        notice = _notice(incident, policy, state, on)
        for lang in LANGS:
            files[f"{policy.policy_id}/notice.{lang}.txt"] = loss_notice(notice, lang).encode()
        proof = _proof(incident, policy, state, found, file.parent, digest)
        files[f"{policy.policy_id}/proof-of-loss.json"] = json_bytes(proof)
    manifest = {
        "format": PACK,
        "incident": incident.id,
        "incident_sha256": digest,
        "as_of": on.isoformat(),
        "policies": [
            {k: p[k] for k in ("policy_id", "insurer", "state", "at_risk", "clocks")}
            for p in found["policies"]
        ],
        "files": [
            {"path": name, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for name, content in sorted(files.items())
        ],
    }
    replace_folder(out, {**files, "manifest.json": json_bytes(manifest)})
    return manifest


def _notice(incident: Incident, policy: Policy, state: Mapping[str, Any], on: date) -> LossNotice:
    clock = next(c for c in state["clocks"] if c["what"] == "notice")
    return LossNotice(
        firm=incident.entity,
        insurer=policy.insurer,
        policy_id=policy.policy_id,
        incident=incident.id,
        cause=incident.cause,
        occurred_at=incident.occurred_at,
        learned_at=incident.learned_at,
        lost=incident.short(),
        value=sum((x.value or Fraction(0) for x in incident.losses), Fraction(0)),
        currency=incident.currency,
        on=on,
        due=None if clock["due"] is None else date.fromisoformat(clock["due"]),
        late=clock["state"] == "AT_RISK",
    )


def _proof(
    incident: Incident,
    policy: Policy,
    state: Mapping[str, Any],
    found: Mapping[str, Any],
    folder: Path,
    digest: str,
) -> dict[str, Any]:
    """Loss by asset and wallet with prices, terms and answer, evidence, what was done and paid."""
    return {
        "format": PROOF,
        "incident": incident.id,
        "incident_sha256": digest,
        "insured": incident.entity,
        "cause": incident.cause,
        "perils": found["perils"],
        "occurred_at": incident.occurred_at.isoformat(),
        "learned_at": incident.learned_at.isoformat(),
        "source": incident.source,
        "confidence": incident.confidence,
        "terms": _plain(asdict(policy)),
        "losses": _losses(incident),
        "loss": found["loss"],
        "currency": incident.currency,
        "rate": number_text(rates(incident)[policy.currency]),
        "answer": dict(state),
        "tower": next((t for t in found["towers"] if t["tower"] == policy.tower), None),
        "evidence": [_evidence(folder, name) for name in incident.evidence],
        "paid_to_customers": [
            {
                "kind": s.kind,
                "asset": s.asset,
                "amount": number_text(s.amount),
                "on": s.on.isoformat(),
                "evidence": s.evidence,
            }
            for s in incident.steps
            if s.kind in ("paid", "returned_in_kind")
        ],
        "states": [
            {
                "state": c.state,
                "on": c.on.isoformat(),
                "amount": number_text(c.amount),
                "evidence": c.evidence,
            }
            for c in incident.insured.claims
            if c.policy_id == policy.policy_id
        ],
    }


def _losses(incident: Incident) -> list[dict[str, Any]]:
    """Each loss with its wallet, its price and where the price is from."""
    return [
        {
            "asset": x.asset,
            "amount": number_text(x.amount),
            "wallet": x.wallet,
            "signing_domain": x.signing_domain,
            "tier": x.tier or None,
            "custodian": x.custodian or None,
            "price": None if x.price is None else number_text(x.price),
            "price_source": x.price_source,
            "value": None if x.value is None else number_text(x.value),
        }
        for x in incident.losses
    ]


def _evidence(folder: Path, name: str) -> dict[str, str | None]:
    """A piece of evidence; with its digest where it is a file beside the incident."""
    beside = folder / name
    there = Path(name).name == name and beside.is_file()
    return {
        "name": name,
        "sha256": hashlib.sha256(beside.read_bytes()).hexdigest() if there else None,
    }


def _plain(value: Any) -> Any:
    """Terms as plain values: exact numbers and days as text."""
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(v) for v in value]
    if isinstance(value, Fraction):
        return number_text(value)
    return value.isoformat() if isinstance(value, date) else value

"""What an incident makes due, to whom and when: from the rulebook, or from memory and marked so."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sonae.claims.incident import Incident
from sonae.claims.nature import CURES, NO_CRIME, WRONGFUL
from sonae.core.figure import Figure, text_of
from sonae.rulebook.edition import Edition
from sonae.rulebook.rule import facts_from

CURE = "jp.crypto.cure_deadline"


def clocks(incident: Incident, edition: Edition, on: date) -> list[dict[str, Any]]:
    """What is due to whom, from the rulebook where it has the rule; the rest marked from memory."""
    found = [
        _clock("authority", edition, "jp.crypto.incident_notice_due", "first_report", on),
        _clock("authority_status", edition, "jp.crypto.incident_notice_due", "status_report", on),
    ]
    if incident.personal_data:
        given = {"learned_on": on.isoformat(), "wrongful": incident.cause in WRONGFUL}
        found += [
            _clock(
                f"personal_data_{k}", edition, "jp.personal_data.breach_report_due", k, on, given
            )
            for k in ("preliminary", "final", "notice_to_persons")
        ]
    if incident.pool():
        found.append(_clock("cure", edition, CURE, "due", on, cure_facts(incident, on)))
    return found + [
        {"to": to, "due": "immediately", "rule": None, "reason": None, "confidence": "memory"}
        for to in _told(incident)
    ]


def cure_facts(incident: Incident, on: date) -> dict[str, str]:
    """The facts of the clock to cure: five business days for coins, two for the money trust."""
    return {"breach": CURES[incident.kind], "arose_on": on.isoformat()}


def cure_due(incident: Incident, edition: Edition, on: date) -> Figure:
    """The last day to make the pool whole."""
    facts, _ = facts_from(cure_facts(incident, on), edition.rule(CURE))
    return edition.evaluate(CURE, facts)["due"]


def _told(incident: Incident) -> list[str]:
    """Who is told at once, by what was lost and why."""
    found = [] if incident.cause in NO_CRIME else ["police"]
    if incident.cause == "misdirected_transfer":
        found.append("receiving_bank")
    return [*found, "jvcea", "trust_bank", "insurer", "public"]


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

"""Insurance of an incident: what each layer pays and why not more, when, and what is certain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sonae.books.settings import read_toml
from sonae.claims.incident import Incident
from sonae.claims.insured import Standing, insured_faults
from sonae.claims.waterfall import Source
from sonae.core.canonical import number_text, parse_number
from sonae.core.errors import InputError, Problem, UsageError
from sonae.core.text import Text
from sonae.policy.programme import Answer, Event, LayerAnswer, Part, Unpaid, evaluate
from sonae.policy.terms import Policy, read_policies

JST = ZoneInfo("Asia/Tokyo")
ZERO = Fraction(0)


def with_policies(incident: Incident, file: str, policies: Path | None) -> Incident:
    """The incident with the policies of its own file, of another, or of a folder of Books.

    Raises:
        UsageError: the file does not exist.
        InputError: policies in two places, or terms that the incident does not answer.
    """
    problems: list[Problem] = []
    if policies is not None:
        path = policies / "policies.toml" if policies.is_dir() else policies
        if not path.is_file():
            raise UsageError(f"{path} does not exist")
        found = read_policies(read_toml(path, problems), path.name)
        if incident.insured.policies:
            problems.append(Problem("bad-setting", "incident", _TWICE, file, key="policy"))
        incident = replace(incident, insured=replace(incident.insured, policies=found))
    faults = insured_faults(
        incident.insured,
        incident.losses,
        incident.currency,
        incident.learned_at.date(),
        any(f.kind == "insurance" for f in incident.funds),
        whole=True,
    )
    problems += [Problem("bad-setting", "incident", words, file, key=key) for key, words in faults]
    if problems:
        raise InputError(problems)
    return incident


def today() -> date:
    """The day in Japan."""
    return datetime.now(JST).date()


def insurance(incident: Incident, as_of: date) -> dict[str, Any] | None:
    """Every policy against the incident, as far as is known on a day; None without policies.

    Of several possible perils the least and the most are given, and the least counts.
    """
    if not incident.insured.policies:
        return None
    perils = incident.insured.perils(incident.cause)
    answers = {peril: _answer(incident, peril) for peril in perils}
    paid = [a.paid for a in answers.values()]
    kept = [a.retained for a in answers.values()]
    whole = next(iter(answers.values()))
    return {
        "as_of": as_of.isoformat(),
        "perils": list(perils),
        "certain": len(perils) == 1,
        "loss": number_text(whole.loss),
        "pays": _between(paid),
        "retained": _between(kept),
        "by_peril": {
            peril: {"pays": number_text(a.paid), "retained": number_text(a.retained)}
            for peril, a in answers.items()
        },
        "towers": _towers(whole) if len(perils) == 1 else [],
        "policies": [_policy(p, incident, answers, as_of) for p in incident.insured.policies],
        "rates": {
            code: {"rate": number_text(rate), "source": (incident.insured.sources or {})[code]}
            for code, rate in (incident.insured.rates or {}).items()
        },
    }


def _answer(incident: Incident, peril: str) -> Answer:
    parts = tuple(
        Part(x.value or ZERO, peril, x.tier, x.asset, x.custodian, x.at) for x in incident.losses
    )
    insured = incident.insured
    days = {p.policy_id: insured.standing(p.policy_id).notified_on for p in insured.policies}
    notified = {id: day for id, day in days.items() if day is not None}
    event = Event(incident.occurred_at, incident.learned_at, parts, notified)
    return evaluate(insured.policies, event, rates(incident))


def rates(incident: Incident) -> dict[str, Fraction]:
    """The worth of one unit of each currency in that of the incident."""
    return {**(incident.insured.rates or {}), incident.currency: Fraction(1)}


def _between(numbers: list[Fraction]) -> dict[str, str]:
    return {"low": number_text(min(numbers)), "high": number_text(max(numbers))}


def _towers(answer: Answer) -> list[dict[str, Any]]:
    return [
        {
            "tower": t.name,
            "asked": number_text(t.asked),
            "outside": [_reason(u) for u in t.outside],
            "layers": [
                {
                    "policy_id": x.policy.policy_id,
                    "inside": number_text(x.inside),
                    "pays": number_text(x.paid),
                    "unpaid": [_reason(u) for u in x.unpaid],
                }
                for x in t.layers
            ],
        }
        for t in answer.towers
    ]


def _reason(found: Unpaid) -> dict[str, Any]:
    return {
        "code": found.code,
        "amount": number_text(found.amount),
        "reason": found.text.as_json(),
    }


def _layer(answer: Answer, policy: Policy) -> LayerAnswer:
    return next(
        x for t in answer.towers for x in t.layers if x.policy.policy_id == policy.policy_id
    )


# -- one policy ------------------------------------------------------------------------------------


def _policy(
    policy: Policy, incident: Incident, answers: Mapping[str, Answer], as_of: date
) -> dict[str, Any]:
    """What one policy pays, where its claim stands, its clocks, and when cash is expected.

    `relied_on` is what it pays at least, less what is in dispute; nothing but what was accepted
    once a clock was missed. `counts` is what the insurer accepted, be it more than the terms give
    here, less what it disputes later; `received` alone can be spent.
    """
    pays = [_layer(a, policy).paid for a in answers.values()]
    standing = incident.insured.standing(policy.policy_id)
    rate = rates(incident)[policy.currency]
    accepted, disputed, received = (
        x * rate for x in (standing.accepted, standing.disputed, standing.paid)
    )
    clocks = [_clock(*c, as_of) for c in _due(policy, incident, standing)]
    at_risk = any(c["state"] == "AT_RISK" for c in clocks)
    undisputed = max(min(pays) - disputed, ZERO)
    claimed = max(*pays, accepted)
    counts = max(min(accepted, max(claimed - disputed, ZERO)), received)
    relied_on = counts if at_risk else max(undisputed, counts)
    return {
        "policy_id": policy.policy_id,
        "insurer": policy.insurer,
        "tower": policy.tower,
        "currency": policy.currency,
        "pays": _between(pays),
        "state": standing.state or None,
        "disputed": number_text(disputed),
        "received": number_text(received),
        "counts": number_text(counts),
        "relied_on": number_text(relied_on),
        "at_risk": at_risk,
        "clocks": clocks,
        "cash": _cash(policy, incident, relied_on - received),
    }


def _due(
    policy: Policy, incident: Incident, standing: Standing
) -> list[tuple[str, date | None, date | None]]:
    """What is due to the insurer from hour 0, the instant at which the incident was learned."""
    zone = policy.conditions.time_zone
    learned = incident.learned_at.astimezone(ZoneInfo(zone)) if zone else incident.learned_at
    found = []
    for name, days, done in (
        ("notice", policy.conditions.notice_days, standing.notified_on),
        ("proof_of_loss", policy.conditions.proof_of_loss_days, standing.proved_on),
    ):
        due = None if days is None else learned.date() + timedelta(days=days)
        found.append((name, due, done))
    return found


def _clock(name: str, due: date | None, done: date | None, as_of: date) -> dict[str, Any]:
    state = "done" if done is not None else "open"
    if due is not None and (done or as_of) > due:
        state = "AT_RISK"
    return {
        "what": name,
        "due": None if due is None else due.isoformat(),
        "done_on": None if done is None else done.isoformat(),
        "state": state,
    }


def _cash(policy: Policy, incident: Incident, amount: Fraction) -> list[dict[str, Any]]:
    """When the rest is expected, counted from the day on which the incident was learned."""
    found, terms = [], policy.conditions
    interim = amount * terms.interim_share
    steps = (
        ("interim", interim, terms.interim_days),
        ("final", amount - interim, terms.days_to_cash),
    )
    for name, part, days in steps:
        if part > 0:
            on = None if days is None else incident.learned_at.date() + timedelta(days=days)
            found.append(
                {
                    "kind": name,
                    "amount": number_text(part),
                    "on": None if on is None else on.isoformat(),
                    "days": days,
                }
            )
    return found


# -- the waterfall ---------------------------------------------------------------------------------


def insurance_sources(found: Mapping[str, Any] | None) -> list[Source]:
    """What each policy bears: received money can be spent, the rest waits for the insurer.

    Not even an accepted claim is money within the horizons of the waterfall, before it is paid.
    """
    sources = []
    for policy in (found or {}).get("policies", []):
        received, relied_on = (parse_number(policy[k]) for k in ("received", "relied_on"))
        if received:
            sources.append(Source(f"insurance_received {policy['policy_id']}", received, 0))
        rest = max(relied_on - received, ZERO)
        sources.append(Source(f"insurance {policy['policy_id']}", rest, None, counts=False))
    return sources


_TWICE = Text(
    "保険契約が事故のファイルにもある。どちらか一方に書く",
    "policies stand in the incident file as well: give them in one place",
)

"""The terms of a policy, read from `policies.toml` (schema: cases of insurance practice)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from functools import partial
from itertools import pairwise
from typing import Any

from sonae.core.canonical import parse_number
from sonae.core.errors import InputError, Problem
from sonae.core.text import Text
from sonae.policy.conditions import (
    NOTHING_STATED,
    READ,
    Conditions,
    Fault,
    contradictions,
    read_conditions,
)
from sonae.policy.perils import NEVER, PERILS, STANDARD, STORED, TIERS

FORMS = ("crime", "specie", "cyber", "tech_eo", "do", "captive", "guarantee")
ENDING_WORDS: Mapping[str, Text] = {
    "receiver": Text("管財人等の選任", "the appointment of a receiver"),
    "insolvency": Text("破綻（手続の開始等）", "insolvency"),
    "supervisory_order": Text("監督当局の処分", "an order of the supervisor"),
    "change_of_control": Text("支配権の異動", "a change of control"),
}
"""What ends a cover, in words."""
KINDS = ("liability", "first_party")
ENDINGS = ("receiver", "insolvency", "supervisory_order", "change_of_control")
TEXTS = {
    "policy_id": (),
    "insurer": (),
    "insurer_licence": (),
    "form": FORMS,
    "insurance_kind": KINDS,
    "currency": (),
    "beneficiary": ("customers", "firm"),
    "pledge": ("customers", "none"),
}
AMOUNTS = ("limit_per_event", "annual_aggregate", "retention", "co_insurance", "claims_paid")
DATES = ("period_start", "period_end")
FILE = "policies.toml"


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy. Amounts are exact, in whole units of `currency`; `co_insurance` is a share.

    `terminates_on` names what ends the cover, such as "receiver" or "insolvency".
    """

    policy_id: str
    insurer: str
    insurer_licence: str
    form: str
    insurance_kind: str
    period_start: date
    period_end: date
    currency: str
    limit_per_event: Fraction
    annual_aggregate: Fraction
    retention: Fraction
    co_insurance: Fraction
    claims_paid: Fraction
    beneficiary: str
    pledge: str
    terminates_on: tuple[str, ...]
    conditions: Conditions = NOTHING_STATED

    @property
    def attachment(self) -> Fraction:
        """From where the policy pays, counted from the ground; its retention where not stated."""
        stated = self.conditions.attachment
        return self.retention if stated is None else stated

    @property
    def tower(self) -> str:
        """The tower it is a layer of; a policy that names none stands alone."""
        return self.conditions.tower or self.policy_id

    @property
    def perils(self) -> tuple[str, ...]:
        """What it covers: as stated, or the standard of its form, less what is excluded."""
        stated = self.conditions.perils
        covered = STANDARD[self.form] if stated is None else stated
        excluded = {*self.conditions.exclusions, *NEVER.get(self.form, ())}
        return tuple(p for p in PERILS if p in covered and p not in excluded)

    @property
    def tiers(self) -> tuple[str, ...]:
        """The tiers of storage it covers: as stated, or those of its form."""
        stated = self.conditions.tiers
        return STORED.get(self.form, TIERS) if stated is None else stated

    @property
    def capacity(self) -> Fraction:
        """The aggregate with the reinstatements that were bought."""
        return self.annual_aggregate * (1 + self.conditions.reinstatements)

    @property
    def retention_left(self) -> Fraction:
        """What is left of the aggregate retention."""
        found = self.conditions
        return max(found.aggregate_retention - found.aggregate_retention_used, Fraction(0))

    @property
    def ends_on(self) -> date | None:
        """The day on which a notice of cancellation takes effect; None where none was given."""
        given, days = (
            self.conditions.cancellation_given_on,
            self.conditions.cancellation_notice_days,
        )
        return None if given is None else given + timedelta(days=days or 0)

    def paid_by(self, on: date) -> Fraction:
        """Claims paid up to a day; all of them where their days are not given."""
        if not self.conditions.claims:
            return self.claims_paid
        return sum((a for day, a in self.conditions.claims if day <= on), Fraction(0))

    def in_force(self, on: date) -> bool:
        """True from the first to the last day of the period, unless it was cancelled before."""
        ends = self.ends_on
        return self.period_start <= on <= self.period_end and (ends is None or on < ends)

    @property
    def reaches_customers(self) -> bool:
        """True where the money goes to customers and not into the general estate.

        Liability cover carries the injured party's lien (Insurance Act Art. 22); first-party cover
        only where customers are beneficiaries or pledgees.
        """
        return (
            self.insurance_kind == "liability"
            or self.beneficiary == "customers"
            or self.pledge == "customers"
        )

    @property
    def survives_failure(self) -> bool:
        """True where nothing about the firm's failure ends the cover."""
        return not set(self.terminates_on) & {"receiver", "insolvency", "supervisory_order"}


def endings(codes: Iterable[str]) -> Text:
    """What ends a cover, as people say it."""
    said = [ENDING_WORDS[c] for c in sorted(codes)]
    return Text("、".join(t.ja for t in said), ", ".join(t.en for t in said))


def read_policies(raw: Mapping[str, Any], file: str = FILE) -> tuple[Policy, ...]:
    """Policies from the parsed file; `file` is named where they stand in another one.

    Raises:
        InputError: with every missing, unknown, unusable or contradictory term at once.
    """
    problems: list[Problem] = []
    policies = _read(raw, problems, file)
    if problems:
        raise InputError(problems)
    return tuple(policies)


def policy_problems(raw: Mapping[str, Any] | None) -> list[Problem]:
    """Every problem of `policies.toml`; none where it is not given."""
    problems: list[Problem] = []
    _read(raw or {}, problems, FILE)
    return problems


def _read(raw: Mapping[str, Any], problems: list[Problem], file: str) -> list[Policy]:
    def note(key: str, text: Text) -> None:
        problems.append(Problem("bad-policy", "policies", text, file, key=key))

    policies: list[Policy] = []
    for key in raw:
        if key != "policy":
            note(key, Text("知らない設定", "not a known setting"))
    items = raw.get("policy", [])
    if not isinstance(items, list) or not all(isinstance(i, Mapping) for i in items):
        note("policy", Text("[[policy]] と書く", "write [[policy]]"))
        return policies
    for n, item in enumerate(items):
        before = len(problems)
        fault = partial(_under, note, f"policy[{n}].")
        values = _values(item, fault)
        found = read_conditions(item, fault)
        if len(problems) == before:
            contradictions(values, found, fault)
        if len(problems) == before:
            policies.append(Policy(**values, conditions=found))
    ids = [p.policy_id for p in policies]
    for id in sorted({i for i in ids if ids.count(i) > 1}):
        text = Text(f"policy_id「{id}」が重複している", f"policy_id {id} stands twice")
        note("policy_id", text)
    if not problems:
        tower_faults(policies, note)
    return policies


def _under(note: Fault, where: str, key: str, text: Text) -> None:
    note(where + key, text)


def _values(item: Mapping[str, Any], fault: Fault) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key in (*TEXTS, *AMOUNTS, *DATES):
        if key not in item:
            fault(key, Text("必須の条件がない", "this term is required"))
            continue
        try:
            values[key] = _value(key, item[key])
        except ValueError as error:
            fault(key, Text(f"使えない値: {error}", f"not usable: {error}"))
    endings = item.get("terminates_on")
    if not isinstance(endings, list) or not all(e in ENDINGS for e in endings):
        codes = ", ".join(ENDINGS)
        text = Text(f"次から選ぶ（なければ []）: {codes}", f"a list of {codes}; [] for none")
        fault("terminates_on", text)
    else:
        values["terminates_on"] = tuple(endings)
    if {"period_start", "period_end"} <= set(values) and values["period_end"] < values[
        "period_start"
    ]:
        text = Text("保険期間の終わりが始まりより前", "the period ends before it begins")
        fault("period_end", text)
    for key in sorted(set(item) - {*TEXTS, *AMOUNTS, *DATES, *READ, "terminates_on"}):
        fault(key, Text("知らない条件", "not a known term"))
    return values


def _value(key: str, value: Any) -> Any:
    if key in AMOUNTS:
        number = parse_number(str(value))
        if number < 0 or (key == "co_insurance" and number > 1):
            raise ValueError(value)
        return number
    if key in DATES:
        if type(value) is not date:
            raise ValueError(f"{value!r} is not a date")
        return value
    codes = TEXTS[key]
    if not isinstance(value, str) or (codes and value not in codes):
        raise ValueError(f"{value!r} is none of {', '.join(codes) or 'text'}")
    return value


# -- towers ----------------------------------------------------------------------------------------

_FOLLOWED = (
    "perils", "tiers", "exclusions", "custodians", "sublimits", "hours_clause", "retro_date",
    "sequence", "trigger",
)  # fmt: skip


def follows(layer: Policy, lowest: Policy) -> list[str]:
    """Terms in which a layer stands on another loss than the lowest; not stated is followed."""
    usual, differ = NOTHING_STATED, []
    for name in _FOLLOWED:
        stated = getattr(layer.conditions, name)
        if stated != getattr(usual, name) and stated != getattr(lowest.conditions, name):
            differ.append(name)
    return [*differ, *(["currency"] if layer.currency != lowest.currency else [])]


def tower_faults(policies: Sequence[Policy], note: Fault) -> None:
    """Layers of one tower that overlap, leave a gap, or stand on different losses."""
    towers: dict[str, list[Policy]] = {}
    for policy in policies:
        towers.setdefault(policy.tower, []).append(policy)
    for name, layers in sorted(towers.items()):
        layers.sort(key=lambda p: (p.attachment, p.policy_id))
        for below, above in pairwise(layers):
            end = below.attachment + below.limit_per_event
            if above.attachment != end:
                what = _GAP if above.attachment > end else _OVERLAP
                note(f"tower {name}", what.format(a=below.policy_id, b=above.policy_id))
        for layer in layers[1:]:
            for term in follows(layer, layers[0]):
                words = _OTHER_LOSS.format(a=layer.policy_id, b=layers[0].policy_id, term=term)
                note(f"tower {name}", words)


_GAP = Text(
    "レイヤー{a}と{b}の間に補償のない部分がある。attachment と limit_per_event を直す",
    "there is a gap between layers {a} and {b}; correct attachment or limit_per_event",
)
_OVERLAP = Text(
    "レイヤー{a}と{b}が重なる。attachment と limit_per_event を直すか、別の tower にする",
    "layers {a} and {b} overlap; correct attachment or limit_per_event, or name two towers",
)
_OTHER_LOSS = Text(
    "レイヤー{a}の{term}が最下層{b}と違う。同じ損失を受けない契約は別の tower にする",
    "{term} of layer {a} differs from the lowest, {b}: policies on other losses are other towers",
)

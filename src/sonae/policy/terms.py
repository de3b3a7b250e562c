"""The terms of a policy, read from `policies.toml` (schema: cases of insurance practice)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from sonae.core.canonical import parse_number
from sonae.core.errors import InputError, Problem
from sonae.core.text import Text

FORMS = ("crime", "specie", "cyber", "tech_eo", "do", "captive", "guarantee")
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

    def in_force(self, on: date) -> bool:
        """True from the first to the last day of the period."""
        return self.period_start <= on <= self.period_end

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


def read_policies(raw: Mapping[str, Any]) -> tuple[Policy, ...]:
    """Policies from the parsed file.

    Raises:
        InputError: with every missing, unknown or unusable term at once.
    """
    problems: list[Problem] = []
    policies = _read(raw, problems)
    if problems:
        raise InputError(problems)
    return tuple(policies)


def policy_problems(raw: Mapping[str, Any] | None) -> list[Problem]:
    """Every problem of `policies.toml`; none where it is not given."""
    problems: list[Problem] = []
    _read(raw or {}, problems)
    return problems


def _read(raw: Mapping[str, Any], problems: list[Problem]) -> list[Policy]:
    policies: list[Policy] = []
    for key in raw:
        if key != "policy":
            problems.append(_problem(key, Text("知らない設定", "not a known setting")))
    items = raw.get("policy", [])
    if not isinstance(items, list) or not all(isinstance(i, Mapping) for i in items):
        problems.append(_problem("policy", Text("[[policy]] と書く", "write [[policy]]")))
        return policies
    for n, item in enumerate(items):
        before = len(problems)
        values = _values(item, f"policy[{n}].", problems)
        if len(problems) == before:
            policies.append(Policy(**values))
    ids = [p.policy_id for p in policies]
    for id in sorted({i for i in ids if ids.count(i) > 1}):
        text = Text(f"policy_id「{id}」が重複している", f"policy_id {id} stands twice")
        problems.append(_problem("policy_id", text))
    return policies


def _values(item: Mapping[str, Any], where: str, problems: list[Problem]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key in (*TEXTS, *AMOUNTS, *DATES):
        if key not in item:
            problems.append(
                _problem(where + key, Text("必須の条件がない", "this term is required"))
            )
            continue
        try:
            values[key] = _value(key, item[key])
        except ValueError as error:
            text = Text(f"使えない値: {error}", f"not usable: {error}")
            problems.append(_problem(where + key, text))
    endings = item.get("terminates_on")
    if not isinstance(endings, list) or not all(e in ENDINGS for e in endings):
        codes = ", ".join(ENDINGS)
        text = Text(f"次から選ぶ（なければ []）: {codes}", f"a list of {codes}; [] for none")
        problems.append(_problem(where + "terminates_on", text))
    else:
        values["terminates_on"] = tuple(endings)
    if {"period_start", "period_end"} <= set(values) and values["period_end"] < values[
        "period_start"
    ]:
        text = Text("保険期間の終わりが始まりより前", "the period ends before it begins")
        problems.append(_problem(where + "period_end", text))
    for key in set(item) - {*TEXTS, *AMOUNTS, *DATES, "terminates_on"}:
        problems.append(_problem(where + key, Text("知らない条件", "not a known term")))
    return values


def _value(key: str, value: Any) -> Any:
    if key in AMOUNTS:
        number = parse_number(str(value))
        if number < 0 or (key == "co_insurance" and number > 1):
            raise ValueError(value)
        return number
    if key in DATES:
        if not isinstance(value, date):
            raise ValueError(f"{value!r} is not a date")
        return value
    codes = TEXTS[key]
    if not isinstance(value, str) or (codes and value not in codes):
        raise ValueError(f"{value!r} is none of {', '.join(codes) or 'text'}")
    return value


def _problem(key: str, text: Text) -> Problem:
    return Problem("bad-policy", "policies", text, "policies.toml", key=key)

"""`[regime.*]` of venue.toml: what a regime outside Japan takes the venue to be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any

from sonae.books.settings import NOT_USABLE, Settings
from sonae.core.errors import Problem

CLASSES = ("1", "2", "3")
TYPES = ("won_market", "other")
RISKS = (
    "loss_of_documents",
    "misrepresentation",
    "breach_of_legal_obligations",
    "breach_of_duty_to_act_honestly",
    "breach_of_confidentiality",
    "conflict_of_interest_procedures",
    "business_disruption",
    "gross_negligence",
    "custody_liability",
)
"""Risks of MiCA Art. 67(6), as the rule `eu.mica.insurance_eligibility` names them."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What is answered of one policy under MiCA; None or absent where it is not."""

    insurer_authorised: bool | None
    disclosed_on_website: bool | None
    covers: Mapping[str, bool]


@dataclass(frozen=True, slots=True)
class Abroad:
    """Statements that no table holds; "" or None where venue.toml does not make them."""

    mica_class: str = ""
    last_statement_on: date | None = None
    average_active_users: int | None = None
    insurance: Mapping[str, Answers] = field(default_factory=dict)
    kr_type: str = ""
    custodian_for_others: bool | None = None
    notified_share: Fraction | None = None


NOTHING_STATED = Abroad()
"""A venue.toml without `[regime.*]`."""


def read_abroad(top: Settings, file: str, problems: list[Problem]) -> Abroad:
    """`[regime.eu]` and `[regime.kr]`; Hong Kong's rules ask for nothing that is not in tables."""
    regimes = Settings(top.take("regime", dict, {}), file, "regime.", problems)
    eu = Settings(regimes.take("eu", dict, {}), file, "regime.eu.", problems)
    kr = Settings(regimes.take("kr", dict, {}), file, "regime.kr.", problems)
    users = eu.take("average_active_users", int, None)
    if users is not None and users < 0:
        _bad(eu, "average_active_users", users)
    share = kr.number("notified_share", None)
    if share is not None and not 0 <= share <= 1:
        _bad(kr, "notified_share", share)
    found = Abroad(
        _one_of(eu, "class", CLASSES),
        eu.take("last_statement_on", date, None),
        users,
        _insurance(eu, file, problems),
        _one_of(kr, "type", TYPES),
        kr.take("custodian_for_others", bool, None),
        share,
    )
    for reader in (regimes, eu, kr):
        reader.done()
    return found


def _one_of(settings: Settings, key: str, codes: tuple[str, ...]) -> str:
    value = settings.take(key, (str, int), None)
    if value is None:
        return ""
    if str(value) not in codes:
        _bad(settings, key, value)
        return ""
    return str(value)


def _insurance(eu: Settings, file: str, problems: list[Problem]) -> dict[str, Answers]:
    found = {}
    for n, raw in enumerate(eu.take("insurance", list, [])):
        item = Settings(raw, file, f"regime.eu.insurance[{n}].", problems)
        policy = item.take("policy_id", str)
        found[policy] = Answers(
            item.take("insurer_authorised", bool, None),
            item.take("disclosed_on_website", bool, None),
            _risks(item, "not_covered", False) | _risks(item, "covers", True),
        )
        item.done()
    return found


def _risks(item: Settings, key: str, answer: bool) -> dict[str, bool]:
    named = item.take(key, list, [])
    for risk in named:
        if risk not in RISKS:
            _bad(item, key, risk)
    return {risk: answer for risk in named if risk in RISKS}


def _bad(settings: Settings, key: str, value: Any) -> None:
    settings.fault(key, NOT_USABLE.format(key=f"{settings.where}{key}", value=str(value)))

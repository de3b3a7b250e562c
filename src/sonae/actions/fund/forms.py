"""Requests by form: what each kind of proposal asks for, and from its fields to what is signed.

A form gives what a request file gives, as texts; the same reader judges both. A document stays
where it is: the browser gives its name and SHA-256.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sonae.actions.console.home import CLOSES, Firm
from sonae.actions.fund.requests import read_request
from sonae.actions.fund.session import Request, plain
from sonae.core.canonical import parse_number
from sonae.core.errors import InputError, Problem
from sonae.core.text import Text
from sonae.fund.assets import KINDS, REMOTE, TITLES
from sonae.fund.constitution import ROLES
from sonae.rulebook.law.jp.reserve_use import BUSINESSES, GROUNDS, NATURES
from sonae.store.view import StoreView

EVIDENCE = (
    "proof_of_outflow", "amount_calculation", "incident_record", "approval_document",
    "court_order_document", "calculation_of_excess",
)  # fmt: skip
INPUTS = ("text", "amount", "asset", "code", "flag", "day", "number", "evidence", "roles", "close")


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that a form asks for: its key in a request, how it is given, whether it must be."""

    key: str
    input: str = "text"
    codes: Sequence[str] = ()
    must: bool = True


_ASSET, _AMOUNT = Field("asset", "asset"), Field("amount", "amount")
_INCIDENT = Field("incident")
_PRICE = (Field("price_unit", must=False), Field("price", "amount", must=False))
_GROUND = (
    Field("ground", "code", GROUNDS),
    Field("act", must=False),
    *(Field(f"evidence.{code}", "evidence", must=False) for code in EVIDENCE),
)
FORMS: Mapping[str, Sequence[Field]] = {
    "contribute": (_ASSET, _AMOUNT, *_PRICE),
    "set_aside": (_AMOUNT, Field("asset", "asset", must=False)),
    "use": (
        _INCIDENT, _ASSET, _AMOUNT, Field("reverse", "amount", must=False), *_PRICE,
        Field("nature", "code", NATURES), Field("business", "code", BUSINESSES),
        Field("from_incident", "flag", must=False), Field("confirmed", "flag", must=False),
        *_GROUND,
    ),
    "release": (
        _ASSET, _AMOUNT, Field("reverse", "amount", must=False),
        Field("excess_jpy", "amount", must=False), *_PRICE, *_GROUND,
    ),
    "exchange": (
        Field("sold", "asset"), Field("sold_amount", "amount"), Field("bought", "asset"),
        Field("bought_amount", "amount"), *_PRICE,
    ),
    "recover": (_INCIDENT, _ASSET, _AMOUNT, *_PRICE),
    "correct": (Field("corrects", "number"),),
    "close": (Field("close", "close"),),
    "asset": (
        Field("asset.id"), Field("asset.kind", "code", KINDS), Field("asset.unit"),
        Field("asset.holder"), Field("asset.title", "code", TITLES),
        Field("asset.bankruptcy_remote", "code", REMOTE), Field("asset.evidence"),
        Field("asset.matures_on", "day", must=False), Field("asset.accepted_on", "day", must=False),
    ),
    "person": (
        Field("person.id"), Field("person.name"), Field("person.roles", "roles", ROLES),
        Field("person.public_key"),
    ),
}  # fmt: skip
"""What each kind asks for besides its day and reason; `person` amends the constitution by one."""

NUMBERS = {"corrects"}


def read_form(
    kind: str,
    on: date | None,
    fields: Mapping[str, str],
    evidence: Mapping[str, Mapping[str, str]],
    firm: Firm,
    view: StoreView,
) -> Request:
    """A filled form as what will be signed.

    Raises:
        InputError: everything wrong with it at once.
    """
    given = {k: v.strip() for k, v in fields.items() if v.strip()}
    _complete(kind, given)
    if on is None:
        raise InputError([_problem("on", "日付が必要", "a day is needed")])
    if kind == "person":
        return _amended(on, given, view)
    raw: dict[str, Any] = {"kind": kind, "on": on, "reason": given.pop("reason", "")}
    if kind == "close":
        raw["close"] = str(firm.part(CLOSES, given["close"]))
        return read_request(raw, Path(kind), view)
    if evidence:
        raw["evidence"] = dict(evidence)
    unit, price = given.pop("price_unit", ""), given.pop("price", "")
    if unit and price:
        raw["prices"] = {unit: _price(price)}
    for key, value in given.items():
        table, _, name = key.rpartition(".")
        into = raw.setdefault(table, {}) if table else raw
        into[name] = _value(kind, key, value)
    return read_request(raw, Path(kind), view)


def _value(kind: str, key: str, value: str) -> str | bool | int:
    how = {f.key: f.input for f in FORMS[kind]}.get(key)
    if how == "flag":
        return value == "true"
    return int(value) if key in NUMBERS and value.isdecimal() and len(value) < 18 else value


def _price(text: str) -> str:
    try:
        good = parse_number(text) > 0
    except ValueError:
        good = False
    if not good:
        raise InputError([_problem("price", "正の数が必要", "a number above zero is needed")])
    return text


def _complete(kind: str, given: Mapping[str, str]) -> None:
    """Refuse a form that lacks what it must have, or has what it does not ask for."""
    if kind not in FORMS:
        raise InputError([_problem("kind", "この種類はない", f"one of {', '.join(FORMS)}")])
    asked = {f.key for f in FORMS[kind]} | {"reason"}
    faults = [
        _problem(f.key, "入力が必要", "this must be given")
        for f in FORMS[kind]
        if f.must and f.key not in given
    ]
    faults += [_problem(k, "知らない項目", "an unknown key") for k in sorted(given.keys() - asked)]
    if faults:
        raise InputError(faults)


def _problem(key: str, ja: str, en: str) -> Problem:
    return Problem("bad-setting", "request", Text(ja, en), key=key)


def _amended(on: date, given: Mapping[str, str], view: StoreView) -> Request:
    """The constitution in force with one person added, or changed where the id is there."""
    constitution = view.constitution()
    if constitution is None:
        raise InputError([_problem("kind", "規約が未承認", "the constitution is not approved yet")])
    person = {
        "id": given["person.id"],
        "name": given["person.name"],
        "roles": given["person.roles"].split(),
        "public_key": given["person.public_key"],
    }
    raw = {k: v for k, v in plain(constitution.raw).items()}
    others = [p for p in raw["person"] if p["id"] != person["id"]]
    return read_request(
        {**raw, "person": [*others, person], "kind": "constitution", "on": on},
        Path("person"),
        view,
    )

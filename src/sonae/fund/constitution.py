"""Who may do what in the fund: persons with keys and roles, limits, units, the class of reserve.

The constitution is the first thing proposed and, like every movement, decided by another person;
an amendment replaces it whole.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sonae.core.errors import InputError, Problem
from sonae.core.text import Text

ROLES = ("preparer", "approver", "releaser", "auditor", "supervisor", "administrator")
FIRM = frozenset({"preparer", "approver", "releaser"})
"""Roles of the firm's own people; an appointment revokes them."""
CLASSES = ("special_law_reserve", "voluntary_reserve", "provision")
SETTINGS = {"name", "entity", "currency", "reserve_class", "expiry_hours"}
MOST_SCALE = 18
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_KEY = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Person:
    """One person: id, name, roles, public key in hexadecimal."""

    id: str
    name: str
    roles: frozenset[str]
    key: str


@dataclass(frozen=True, slots=True)
class Limit:
    """Proposals of these kinds up to an amount in yen (None: any) need so many approvals."""

    kinds: tuple[str, ...]
    up_to: int | None
    approvals: int


@dataclass(frozen=True, slots=True)
class Constitution:
    """The fund's rules in force; `raw` is what was signed."""

    name: str
    entity: str
    currency: str
    reserve_class: str
    expiry_hours: int
    units: Mapping[str, int]
    persons: Mapping[str, Person]
    limits: tuple[Limit, ...]
    raw: Mapping[str, Any]

    def approvals(self, kind: str, amount: int) -> int | None:
        """Approvals by others that a proposal needs; None where no limit covers it."""
        for limit in self.limits:
            within = limit.up_to is None or amount <= limit.up_to
            if within and (kind in limit.kinds or "*" in limit.kinds):
                return limit.approvals
        return None

    @property
    def most_approvals(self) -> int:
        """What the largest movement needs, and every change of the constitution with it."""
        return max(x.approvals for x in self.limits)


def read_constitution(raw: Mapping[str, Any], file: str = "fund.toml") -> Constitution:
    """The constitution in plain values.

    Raises:
        InputError: every fault at once, with its place and what is expected there.
    """
    faults: list[Problem] = []
    reader = _Reader(raw, file, faults)
    head = reader.table("fund")
    persons = [p for p in (reader.person(n, p) for n, p in reader.rows("person")) if p]
    limits = [x for x in (reader.limit(n, x) for n, x in reader.rows("limit")) if x]
    units = reader.units(raw.get("units", {}), str(head.get("currency", "")))
    settings = reader.settings(head)
    reader.whole(persons, limits)
    for key in sorted(set(raw) - {"fund", "person", "limit", "units"}):
        reader.fault(key, "知らない項目", "an unknown key")
    if faults:
        raise InputError(faults)
    by_id = {p.id: p for p in persons}
    return Constitution(**settings, units=units, persons=by_id, limits=tuple(limits), raw=dict(raw))


class _Reader:
    """Reads the parts of a constitution and collects what is wrong with them."""

    def __init__(self, raw: Mapping[str, Any], file: str, faults: list[Problem]) -> None:
        self.raw, self.file, self.faults = raw, file, faults

    def fault(self, key: str, ja: str, en: str) -> None:
        self.faults.append(Problem("bad-setting", "fund", Text(ja, en), self.file, key=key))

    def table(self, key: str) -> Mapping[str, Any]:
        found = self.raw.get(key)
        if isinstance(found, Mapping):
            return found
        self.fault(key, "表が必要", "a table is needed")
        return {}

    def rows(self, key: str) -> Sequence[tuple[int, Mapping[str, Any]]]:
        found = self.raw.get(key)
        if isinstance(found, list) and all(isinstance(x, Mapping) for x in found):
            return list(enumerate(found, 1))
        self.fault(key, f"[[{key}]]が必要", f"[[{key}]] is needed")
        return []

    def settings(self, head: Mapping[str, Any]) -> dict[str, Any]:
        if not head:
            return {}
        for key in ("name", "entity", "currency"):
            if not isinstance(head.get(key), str) or not head[key]:
                self.fault(f"fund.{key}", "文字列が必要", "text is needed")
        hours = head.get("expiry_hours")
        if type(hours) is not int or not 1 <= hours <= 24 * 366:
            self.fault("fund.expiry_hours", "1から8784までの整数", "a whole number from 1 to 8784")
        if head.get("reserve_class") not in CLASSES:
            known = ", ".join(CLASSES)
            self.fault("fund.reserve_class", f"使える値: {known}", f"one of {known}")
        for key in sorted(set(head) - SETTINGS):
            self.fault(f"fund.{key}", "知らない項目", "an unknown key")
        return {k: head.get(k) for k in SETTINGS}

    def units(self, raw: Any, currency: str) -> dict[str, int]:
        scales = dict(raw) if isinstance(raw, Mapping) else {}
        for unit, scale in scales.items():
            if type(scale) is not int or not 0 <= scale <= MOST_SCALE or not _ID.fullmatch(unit):
                self.fault(f"units.{unit}", "桁数は0から18", "a scale from 0 to 18")
        if scales.get(currency) != 0:
            self.fault("units", f"{currency} = 0 が必要", f"{currency or 'the currency'} = 0")
        return scales

    def person(self, n: int, raw: Mapping[str, Any]) -> Person | None:
        where, before = f"person[{n}]", len(self.faults)
        id, roles, key = (raw.get(k) for k in ("id", "roles", "public_key"))
        if not isinstance(id, str) or not _ID.fullmatch(id):
            self.fault(f"{where}.id", "英数字・._-で64字まで", "letters, digits, . _ - up to 64")
        if not isinstance(roles, list) or not roles or set(map(str, roles)) - set(ROLES):
            known = ", ".join(ROLES)
            self.fault(f"{where}.roles", f"使える値: {known}", f"one or more of {known}")
        if not isinstance(key, str) or not _KEY.fullmatch(key):
            self.fault(f"{where}.public_key", "16進64字", "64 hexadecimal digits")
        if not isinstance(raw.get("name"), str):
            self.fault(f"{where}.name", "文字列が必要", "text is needed")
        for odd in sorted(set(raw) - {"id", "roles", "public_key", "name"}):
            self.fault(f"{where}.{odd}", "知らない項目", "an unknown key")
        if len(self.faults) > before:
            return None
        return Person(str(id), raw["name"], frozenset(roles or ()), str(key))

    def limit(self, n: int, raw: Mapping[str, Any]) -> Limit | None:
        where, before = f"limit[{n}]", len(self.faults)
        kinds, up_to, approvals = raw.get("kinds"), raw.get("up_to"), raw.get("approvals")
        if not isinstance(kinds, list) or not kinds:
            self.fault(f"{where}.kinds", "種類の一覧が必要", 'a list of kinds, or ["*"]')
        if up_to is not None and (type(up_to) is not int or up_to < 0):
            self.fault(f"{where}.up_to", "0以上の整数（円）", "a whole number of yen")
        if type(approvals) is not int or not 1 <= approvals <= 9:
            self.fault(f"{where}.approvals", "1から9", "from 1 to 9")
        if odd := sorted(set(raw) - {"kinds", "up_to", "approvals"}):
            self.fault(f"{where}.{odd[0]}", "知らない項目", "an unknown key")
        if len(self.faults) > before:
            return None
        return Limit(tuple(map(str, kinds or ())), up_to, approvals or 0)

    def whole(self, persons: Sequence[Person], limits: Sequence[Limit]) -> None:
        """What only the whole can show: enough people, one person a key, one key a person."""
        for key in ("id", "key", "name"):
            values = [getattr(p, key) for p in persons]
            if twice := sorted({v for v in values if values.count(v) > 1}):
                self.fault(f"person.{key}", f"重複: {twice[0]}", f"given twice: {twice[0]}")
        preparers = [p for p in persons if "preparer" in p.roles]
        deciders = [p for p in persons if p.roles & {"approver", "releaser"}]
        need = max((x.approvals for x in limits), default=1)
        if not preparers or len({p.id for p in deciders}) < need + (len(preparers) == 1):
            enough = all(len([d for d in deciders if d.id != p.id]) >= need for p in preparers)
            if not preparers or not enough:
                self.fault(
                    "person",
                    f"起票者のほかに承認できる者が{need}人必要",
                    f"besides each preparer, {need} who may approve are needed",
                )
        if not any("releaser" in p.roles for p in persons):
            self.fault("person", "releaserが1人以上必要", "at least one releaser is needed")

"""A plan of distribution as a file: the estate, its assets and rates, its pools and recoveries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any

from sonae.core.amount import bounded
from sonae.core.canonical import parse_number
from sonae.core.errors import InputError, Problem
from sonae.core.text import Text
from sonae.rulebook.law.estate.proceedings import PROCEEDINGS

BASES = ("in_kind", "money")
HELD = ("segregated", "trust", "cash_trust")
OWN = ("guarantee", "buffer")
MONEY = ("reserve", "insurance", "general")
KINDS = (*HELD, *OWN, *MONEY)
INSURANCE = ("liability", "first_party")


@dataclass(frozen=True, slots=True)
class Asset:
    """An asset that is claimed; `rate` is money per whole coin as valued, where it is known."""

    asset: str
    scale: int
    rate: Fraction | None


@dataclass(frozen=True, slots=True)
class Pool:
    """What there is of one kind and asset, in base units, with recoveries; costs come first.

    `remote` says that a deed keeps a reserve out of the general estate; `pledged` that first-party
    cover is pledged or payable to customers.
    """

    id: str
    entity: str
    kind: str
    asset: str
    amount: int
    cost: int
    insurance: str = ""
    remote: bool = False
    pledged: bool = False

    @property
    def net(self) -> int:
        """What is left after costs."""
        return self.amount - self.cost


@dataclass(frozen=True, slots=True)
class Plan:
    """One legal entity's estate: how claims are met, in which proceeding, from what."""

    id: str
    entity: str
    proceeding: str
    commencement_on: date
    record_on: date
    currency: str
    basis: str
    residue_account: str
    assets: Mapping[str, Asset]
    pools: tuple[Pool, ...]
    valuations: Mapping[str, Mapping[str, Fraction]]
    restricted: tuple[date, date] | None = None
    cap_per_person: int | None = None
    """The most that counts of one person's claims in money, in base units."""
    trigger_event: bool | None = None
    """Whether an event has come about after which the beneficiaries' agent alone acts on the cash
    trust; None where the plan does not say."""
    set_off_order: tuple[str, ...] = ()
    set_off_counts: Mapping[str, Fraction] = field(default_factory=dict)
    """Assets that a debt takes, the first one first, and the part of their value that counts."""

    def per_unit(self, asset: str, rates: Mapping[str, Fraction] | None = None) -> Fraction | None:
        """Money in base units per base unit of an asset; None where its price is not known."""
        if asset == self.currency:
            return Fraction(1)
        found = self.assets[asset]
        rate = found.rate if rates is None else rates.get(asset, found.rate)
        if not rate:
            return None
        return rate * Fraction(10 ** self.assets[self.currency].scale, 10**found.scale)


def read_plan(raw: Mapping[str, Any], file: str) -> Plan:
    """A plan from a parsed TOML file.

    Raises:
        InputError: everything that is wrong with it, in one run.
    """
    reader = _Reader(raw, file)
    plan = reader.plan()
    if reader.problems or plan is None:
        raise InputError(reader.problems)
    return plan


_LACKS = Text("「{k}」がない。書き加える", "{k} is missing; add it")
_KNOWN = Text("「{v}」は使えない。使える値: {known}", "{v} is not usable; one of {known}")
_WHOLE = Text(
    "「{v}」は0以上の整数（最小単位）でない", "{v} is not a whole number of zero or more base units"
)
_RATE = Text(
    "「{v}」は0より大きい数でない。文字列で書く", "{v} is not a number above zero; write it as text"
)
_PART = Text("「{v}」は1を上回る", "{v} is above 1")
_TRUTH = Text("「{v}」は true でも false でもない", "{v} is neither true nor false")
_DAY = Text("「{v}」は日付でない", "{v} is not a date")
_TWICE = Text("「{v}」が二度ある", "{v} stands twice")
_OTHER = Text(
    "「{v}」は別の法人の財産。法人ごとに計画を分ける",
    "{v} belongs to another legal entity; make a plan for each",
)
_UNLISTED = Text("資産「{v}」が [[asset]] にない", "{v} is not among [[asset]]")
_COST = Text("費用が額を上回る", "the cost is above the amount")
_CURRENCY = Text("この種類の財産は{v}建てに限る", "a pool of this kind is in {v}")


class _Reader:
    """Reads one file and gathers what is wrong with it."""

    def __init__(self, raw: Mapping[str, Any], file: str) -> None:
        self.raw, self.file, self.problems = raw, file, list[Problem]()

    def bad(self, name: str, place: str, text: Text, **fill: object) -> None:
        """One more problem."""
        words = text.format(**fill)
        self.problems.append(Problem(name, "plan", words, self.file, key=place))

    def plan(self) -> Plan | None:
        head = self.raw.get("estate", {})
        wanted = ("id", "entity", "currency", "residue_account")
        names = {key: self._text(head, key, "estate") for key in wanted}
        proceeding = self._code(head, "proceeding", PROCEEDINGS, "estate")
        basis = self._code(head, "basis", BASES, "estate")
        days = [self._day(head, key) for key in ("commencement_on", "record_on")]
        assets = self._assets()
        if names["currency"] and names["currency"] not in assets:
            self.bad("unknown-asset", "estate.currency", _UNLISTED, v=names["currency"])
        pools = self._pools(assets, names["entity"], names["currency"], basis)
        valuations = self._valuations(assets)
        restricted = None
        if "restricted_from" in head:
            both = [self._day(head, key) for key in ("restricted_from", "restricted_until")]
            restricted = (both[0], both[1]) if both[0] and both[1] else None
        set_off = self._set_off(assets)
        cap = None
        if "cap_per_person" in head:
            cap = self._units(head, "cap_per_person", "estate", None)
        if self.problems or days[0] is None or days[1] is None:
            return None
        return Plan(
            names["id"],
            names["entity"],
            proceeding,
            days[0],
            days[1],
            names["currency"],
            basis,
            names["residue_account"],
            assets,
            pools,
            valuations,
            restricted,
            cap,
            self._truth(head, "trigger_event"),
            *set_off,
        )

    def _text(self, row: Mapping[str, Any], key: str, place: str) -> str:
        found = row.get(key)
        if not isinstance(found, str) or not found:
            self.bad("missing-value", f"{place}.{key}", _LACKS, k=key)
            return ""
        return found

    def _code(self, row: Mapping[str, Any], key: str, known: tuple[str, ...], place: str) -> str:
        found = self._text(row, key, place)
        if found and found not in known:
            self.bad("unknown-code", f"{place}.{key}", _KNOWN, v=found, known=", ".join(known))
        return found

    def _day(self, row: Mapping[str, Any], key: str) -> date | None:
        found = row.get(key)
        if found is None:
            self.bad("missing-value", f"estate.{key}", _LACKS, k=key)
        elif type(found) is not date:
            self.bad("bad-date", f"estate.{key}", _DAY, v=found)
        else:
            return found
        return None

    def _truth(self, row: Mapping[str, Any], key: str) -> bool | None:
        found = row.get(key)
        if found is not None and not isinstance(found, bool):
            self.bad("bad-truth", f"estate.{key}", _TRUTH, v=found)
            return None
        return found

    def _units(self, row: Mapping[str, Any], key: str, place: str, default: int | None) -> int:
        text = str(row.get(key, "" if default is None else default))
        if isinstance(row.get(key), bool) or not (text.isascii() and text.isdecimal()):
            self.bad("bad-amount", f"{place}.{key}", _WHOLE, v=text)
            return 0
        return bounded(int(text), place)

    def _rate(self, value: Any, place: str) -> Fraction | None:
        try:
            rate = parse_number(str(value))
        except ValueError:
            rate = Fraction(0)
        if rate <= 0:
            self.bad("bad-rate", place, _RATE, v=value)
            return None
        return rate

    def _assets(self) -> dict[str, Asset]:
        found: dict[str, Asset] = {}
        for n, row in enumerate(self.raw.get("asset", []), 1):
            name = self._text(row, "asset", f"asset {n}")
            scale = self._units(row, "scale", f"asset {name}", None)
            rate = self._rate(row["rate"], f"asset {name}.rate") if "rate" in row else None
            if name in found:
                self.bad("repeated-key", f"asset {name}", _TWICE, v=name)
            found[name] = Asset(name, scale, rate)
        return found

    def _pools(
        self, assets: Mapping[str, Asset], entity: str, currency: str, basis: str
    ) -> tuple[Pool, ...]:
        found: dict[str, Pool] = {}
        for n, row in enumerate(self.raw.get("pool", []), 1):
            id = self._text(row, "id", f"pool {n}")
            place = f"pool {id or n}"
            pool = self._pool(row, id, place, entity)
            if id in found:
                self.bad("repeated-key", place, _TWICE, v=id)
            if pool.entity and entity and pool.entity != entity:
                self.bad("other-entity", place, _OTHER, v=id)
            if pool.asset and pool.asset not in assets:
                self.bad("unknown-asset", place, _UNLISTED, v=pool.asset)
            elif pool.asset != currency and (
                pool.kind in (*MONEY, "cash_trust") or basis == "money"
            ):
                self.bad("wrong-currency", place, _CURRENCY, v=currency)
            if pool.net < 0:
                self.bad("cost-above-amount", place, _COST)
            found[id] = pool
        return tuple(found.values())

    def _pool(self, row: Mapping[str, Any], id: str, place: str, entity: str) -> Pool:
        kind = self._code(row, "kind", KINDS, place)
        insurance = ""
        if kind == "insurance":
            insurance = self._code(row, "insurance_kind", INSURANCE, place)
        return Pool(
            id,
            str(row.get("entity", entity)),
            kind,
            self._text(row, "asset", place),
            self._units(row, "amount", place, None) + self._recovered(id),
            self._units(row, "cost", place, 0),
            insurance,
            row.get("bankruptcy_remote") == "yes",
            row.get("pledged_to_customers") is True,
        )

    def _recovered(self, pool: str) -> int:
        """What was recovered later of a pool goes back to that pool."""
        rows = [r for r in self.raw.get("recovery", []) if r.get("pool") == pool]
        return sum(self._units(r, "amount", f"recovery of {pool}", None) for r in rows)

    def _set_off(self, assets: Mapping[str, Asset]) -> tuple[tuple[str, ...], dict[str, Fraction]]:
        raw = self.raw.get("set_off", {})
        order, counts = tuple(map(str, raw.get("order", ()))), {}
        for asset in (*order, *raw.get("counts", {})):
            if asset not in assets:
                self.bad("unknown-asset", "set_off", _UNLISTED, v=asset)
        for asset, value in raw.get("counts", {}).items():
            part = self._rate(value, f"set_off {asset}")
            if part is not None and part > 1:
                self.bad("bad-rate", f"set_off {asset}", _PART, v=value)
            counts[asset] = part or Fraction(1)
        return order, counts

    def _valuations(self, assets: Mapping[str, Asset]) -> dict[str, dict[str, Fraction]]:
        pools = {p.get("id") for p in self.raw.get("pool", [])}
        for row in self.raw.get("recovery", []):
            if row.get("pool") not in pools:
                known = ", ".join(sorted(map(str, pools)))
                self.bad("unknown-pool", "recovery", _KNOWN, v=row.get("pool"), known=known)
        found: dict[str, dict[str, Fraction]] = {}
        for n, row in enumerate(self.raw.get("valuation", []), 1):
            id = self._text(row, "id", f"valuation {n}")
            rates = {}
            for asset, value in row.get("rates", {}).items():
                if asset not in assets:
                    self.bad("unknown-asset", f"valuation {id}", _UNLISTED, v=asset)
                elif (rate := self._rate(value, f"valuation {id}.{asset}")) is not None:
                    rates[asset] = rate
            found[id] = rates
        return found

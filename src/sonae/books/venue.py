"""venue.toml and its nested companions: who the books are of, house rules, keys, suppliers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sonae.books.regime import NOTHING_STATED, Abroad, read_abroad
from sonae.books.settings import NOT_USABLE, Settings, read_toml
from sonae.core.errors import Problem
from sonae.core.figure import CONFIDENCES, Confidence
from sonae.core.text import Text

NO_LIEN_DAYS = 366
"""House default: a letter without a lien is asked for anew once a year."""


@dataclass(frozen=True, slots=True)
class SourceNote:
    """Where numbers of a table come from; `filled` ones are not public and were filled in.

    `table` may go on to a column ("holdings.tier"); with `asset` only that asset's rows are meant.
    """

    table: str
    asset: str | None
    what: Text
    source: str
    confidence: Confidence
    filled: bool
    why: Text | None

    @property
    def assumption(self) -> Text:
        """The assumption that a filled-in number rests on."""
        return Text(
            f"補った値（{self.table}）: {self.what.ja}", f"filled in ({self.table}): {self.what.en}"
        )

    def as_json(self) -> dict[str, object]:
        """The note as plain values."""
        return {
            "table": self.table,
            "asset": self.asset,
            "what": self.what.as_json(),
            "source": self.source,
            "confidence": self.confidence,
            "filled": self.filled,
            "why": self.why.as_json() if self.why else None,
        }


@dataclass(frozen=True, slots=True)
class House:
    """The firm's own limits (社内規程)."""

    price_max_age_minutes: int
    control_proof_days: int
    control_proof_warning_days: int
    holding_max_age_hours: int
    signing_domain_limit: Fraction | None
    own_price_tolerance: Fraction | None
    collateral_haircut: Mapping[str, Fraction]
    no_lien_letter_days: int = NO_LIEN_DAYS


@dataclass(frozen=True, slots=True)
class Venue:
    """One legal entity and the instant its books are cut off."""

    name: str
    entity: str
    holders: tuple[str, ...]
    licences: tuple[str, ...]
    currency: str
    time_zone: str
    cut_off: datetime
    known_at: datetime
    fiscal_year_start: tuple[int, int]
    regimes: tuple[str, ...]
    house: House
    price_hierarchy: tuple[str, ...]
    stale_approval: Mapping[str, str] | None
    incident: str | None
    sources: tuple[SourceNote, ...]
    price_ages: Mapping[str, int] = field(default_factory=dict)
    price_outlier: Fraction | None = None
    abroad: Abroad = NOTHING_STATED

    def price_limit(self, source: str) -> timedelta:
        """How old a print of this source may be: its own limit, else the house's."""
        return timedelta(minutes=self.price_ages.get(source, self.house.price_max_age_minutes))

    @property
    def on(self) -> date:
        """The day of the cut-off in the venue's time zone; it picks the law."""
        return self.cut_off.astimezone(ZoneInfo(self.time_zone)).date()

    def fiscal_year(self, day: date) -> date:
        """First day of the fiscal year that `day` is in."""
        month, first = self.fiscal_year_start
        start = date(day.year, month, first)
        return start if day >= start else date(day.year - 1, month, first)


def read_venue(path: Path, problems: list[Problem]) -> Venue | None:
    """The venue, or None with problems."""
    if not path.is_file():
        text = Text("venue.toml がない", "venue.toml is missing")
        problems.append(Problem("missing-table", "venue", text, "venue.toml"))
        return None
    before = len(problems)
    raw = read_toml(path, problems)
    if len(problems) > before:
        return None
    top = Settings(raw, path.name, "", problems)
    head = Settings(top.take("venue", dict) or {}, path.name, "venue.", problems)
    prices = Settings(top.take("prices", dict, {}), path.name, "prices.", problems)
    approvals = Settings(top.take("approvals", dict, {}), path.name, "approvals.", problems)
    incident = Settings(top.take("incident", dict, {}), path.name, "incident.", problems)
    values = {
        "name": head.take("name", str),
        "entity": head.take("entity", str),
        "holders": tuple(head.take("holders", list, [])),
        "licences": tuple(head.take("licences", list, [])),
        "currency": head.take("currency", str),
        "time_zone": _zone(head),
        "cut_off": head.instant("cut_off"),
        "known_at": head.instant("known_at"),
        "fiscal_year_start": _month_day(head),
        "regimes": tuple(head.take("regimes", list) or ()),
        "house": _house(top, path.name, problems),
        "price_hierarchy": tuple(prices.take("hierarchy", list, [])),
        "price_ages": _ages(prices, path.name, problems),
        "price_outlier": _outlier(prices),
        "stale_approval": approvals.take("stale_holdings", dict, None),
        "incident": incident.take("id", str, None),
        "sources": tuple(_sources(top, path.name, problems)),
        "abroad": read_abroad(top, path.name, problems),
    }
    for reader in (top, head, prices, approvals, incident):
        reader.done()
    return None if len(problems) > before else Venue(**values)


def _ages(prices: Settings, file: str, problems: list[Problem]) -> dict[str, int]:
    """Minutes by source, for sources that speak less often than others."""
    ages = Settings(
        prices.take("max_age_minutes", dict, {}), file, "prices.max_age_minutes.", problems
    )
    read = {source: ages.take(source, int) for source in list(ages.raw)}
    return {source: minutes for source, minutes in read.items() if minutes is not None}


def _outlier(prices: Settings) -> Fraction | None:
    share = prices.number("outlier", None)
    if share is not None and not 0 < share < 1:
        prices.fault("outlier", NOT_USABLE.format(key="prices.outlier", value=str(share)))
        return None
    return share


def _zone(head: Settings) -> str | None:
    name = head.take("time_zone", str)
    try:
        return name and ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError):
        head.fault("time_zone", NOT_USABLE.format(key="venue.time_zone", value=name))
        return None


def _month_day(head: Settings) -> tuple[int, int] | None:
    value = head.take("fiscal_year_start", str)
    try:
        day = date.fromisoformat(f"2001-{value}")
    except ValueError:
        text = NOT_USABLE.format(key="venue.fiscal_year_start", value=value)
        head.fault("fiscal_year_start", text)
        return None
    if day.day != 1:
        text = Text("事業年度は月の初日に始まる", "a fiscal year starts on the first of a month")
        head.fault("fiscal_year_start", text)
    return day.month, day.day


def _house(top: Settings, file: str, problems: list[Problem]) -> House:
    house = Settings(top.take("house", dict) or {}, file, "house.", problems)
    cuts = Settings(
        house.take("collateral_haircut", dict, {}), file, "house.collateral_haircut.", problems
    )
    haircuts = {asset: cuts.number(asset) for asset in list(cuts.raw)}
    result = House(
        house.take("price_max_age_minutes", int),
        house.take("control_proof_days", int),
        house.take("control_proof_warning_days", int),
        house.take("holding_max_age_hours", int),
        house.number("signing_domain_limit", None),
        house.number("own_price_tolerance", None),
        {a: h for a, h in haircuts.items() if h is not None},
        house.take("no_lien_letter_days", int, NO_LIEN_DAYS),
    )
    house.done()
    return result


def _sources(top: Settings, file: str, problems: list[Problem]) -> list[SourceNote]:
    notes = []
    for n, raw in enumerate(top.take("sources", list, [])):
        item = Settings(raw, file, f"sources[{n}].", problems)
        table, what = item.take("table", str), item.text("what")
        asset = item.take("asset", str, None)
        source, mark = item.take("source", str), item.take("confidence", str)
        filled = item.take("filled", bool, False)
        why = item.text("why") if filled or "why" in item.raw else None
        if mark not in CONFIDENCES:
            key = f"sources[{n}].confidence"
            item.fault("confidence", NOT_USABLE.format(key=key, value=str(mark)))
        elif what is not None and (why is not None or not filled):
            notes.append(SourceNote(table, asset, what, source, mark, filled, why))
        item.done()
    return notes


@dataclass(frozen=True, slots=True)
class Wallet:
    """A wallet that the firm's own register says exists, and who can sign for it.

    `signers` are ids of people or devices; empty where the register does not name them.
    """

    holding_id: str
    signing_domain: str
    quorum: str
    signers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Supplier:
    """A supplier and the wallets that hang on it."""

    name: str
    role: str
    wallets: tuple[str, ...]


def read_wallets(path: Path, problems: list[Problem]) -> tuple[Wallet, ...] | None:
    """keys.toml, or None where it is not given."""
    if not path.is_file():
        return None
    top = Settings(read_toml(path, problems), path.name, "", problems)
    found = []
    for n, raw in enumerate(top.take("wallet", list, [])):
        item = Settings(raw, path.name, f"wallet[{n}].", problems)
        found.append(
            Wallet(
                item.take("holding_id", str),
                item.take("signing_domain", str),
                item.take("quorum", str, ""),
                _names(item, "signers"),
            )
        )
        item.done()
    if "procedure" in top.raw:
        top.text("procedure")  # how keys are used, for who takes over: read by the pack
    top.done()
    return tuple(found)


def _names(item: Settings, key: str) -> tuple[str, ...]:
    """A list of names that may be left out."""
    found = item.take(key, list, [])
    if not all(isinstance(name, str) and name for name in found):
        item.fault(key, NOT_USABLE.format(key=f"{item.where}{key}", value=str(found)))
        return ()
    return tuple(found)


def read_suppliers(path: Path, problems: list[Problem]) -> tuple[Supplier, ...] | None:
    """suppliers.toml, or None where it is not given."""
    if not path.is_file():
        return None
    top = Settings(read_toml(path, problems), path.name, "", problems)
    found = []
    for n, raw in enumerate(top.take("supplier", list, [])):
        item = Settings(raw, path.name, f"supplier[{n}].", problems)
        found.append(
            Supplier(
                item.take("name", str),
                item.take("role", str, ""),
                tuple(item.take("wallets", list) or ()),
            )
        )
        item.done()
    top.done()
    return tuple(found)

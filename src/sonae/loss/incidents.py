"""The shipped list of loss events as evidence: read exactly, selected openly.

Amounts are United States dollars at the time of the loss, gross of what was recovered; shares are
fractions of one. Every event keeps its source and confidence. An event whose source is the memory
of whoever compiled the list is left out of official runs unless it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cache

from sonae.books.facts import incidents
from sonae.core.errors import InputError, Problem
from sonae.core.text import Text

MILLION = Fraction(1_000_000)
KINDS = (
    "cold_wallet", "fraud_insolvency", "hot_wallet", "insider", "key_loss", "operational_error",
    "other", "third_party",
)  # fmt: skip
TIERS = ("hot", "cold", "mixed", "na")
SCOPES = ("core", "adjacent", "zero_loss")
CONFIDENCE_WORDS = ("high", "medium", "low")
MEMORY = "memory"


@dataclass(frozen=True, slots=True)
class Event:
    """One loss event; None where the list does not know.

    `kind` is the category of cause, `tier` where the keys were, `quality` how the amount is known,
    `within` the event whose loss already contains this one.
    """

    id: str
    day: date
    day_known: bool
    entity: str
    jurisdiction: str
    kind: str
    tier: str
    scope: str
    third_party: bool
    loss_usd: Fraction | None
    loss_jpy: Fraction | None
    customer_loss_usd: Fraction | None
    recovered_usd: Fraction | None
    assets_usd: Fraction | None
    assets_lost: tuple[tuple[str, Fraction], ...]
    compensated: Fraction | None
    compensated_by: str
    compensation_days: int | None
    outcome: str
    quality: str
    basis: str
    within: str
    note: str
    source: str
    confidence: str

    @property
    def from_memory(self) -> bool:
        """True where the row rests on memory alone, without a document."""
        return self.source.lower().startswith(MEMORY)

    @property
    def theft(self) -> bool:
        """A theft or operational loss of a venue in scope, with an amount, counted once."""
        return (
            self.scope == "core"
            and self.kind != "fraud_insolvency"
            and not self.within
            and bool(self.loss_usd)
        )

    @property
    def insolvency(self) -> bool:
        """A fraud or insolvency of a venue in scope, with an amount, counted once."""
        return (
            self.scope == "core"
            and self.kind == "fraud_insolvency"
            and not self.within
            and bool(self.loss_usd)
        )

    @property
    def fraction(self) -> Fraction | None:
        """The share of the venue's customer assets that was lost."""
        return self.loss_usd / self.assets_usd if self.loss_usd and self.assets_usd else None


@cache
def read_incidents() -> tuple[Event, ...]:
    """Every shipped event, in order of day and id."""
    found = [_event(row) for row in incidents().values()]
    return tuple(sorted(found, key=lambda e: (e.day, e.id)))


def _event(row: Mapping[str, str]) -> Event:
    days = row["compensation_days"]
    return Event(
        id=row["id"],
        day=date.fromisoformat(row["date"]),
        day_known=row["date_precision"] == "day",
        entity=row["venue"],
        jurisdiction=row["jurisdiction"],
        kind=row["category"],
        tier=row["cold_or_hot"],
        scope=row["scope"],
        third_party=row["third_party_involved"] == "yes",
        loss_usd=_number(row["loss_usd_at_time"]),
        loss_jpy=_number(row["loss_jpy_at_time"]),
        customer_loss_usd=_number(row["customer_loss_usd_at_time"]),
        recovered_usd=_number(row["recovered_usd"]),
        assets_usd=_number(row["customer_assets_held_usd_before"]),
        assets_lost=_breakdown(row["asset_breakdown"]),
        compensated=_number(row["customer_compensated_fraction"]),
        compensated_by=row["compensation_source"],
        compensation_days=int(days) if days else None,
        outcome=row["outcome"],
        quality=row["loss_quality"],
        basis=row["loss_basis"],
        within=row["overlap_with"],
        note=row["cause_note"],
        source=row["source"],
        confidence=row["confidence"],
    )


def _number(text: str) -> Fraction | None:
    return Fraction(text) if text else None


def _breakdown(text: str) -> tuple[tuple[str, Fraction], ...]:
    """`ETH:401347;stETH:90375` as pairs; a part without a quantity is left out."""
    pairs = (part.partition(":") for part in text.split(";") if part)
    found = []
    for asset, _, quantity in pairs:
        try:
            found.append((asset.strip(), Fraction(quantity.strip())))
        except ValueError:
            continue
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which events to look at; an empty tuple does not restrict.

    `memory`: also those that rest on memory alone.
    """

    kinds: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    jurisdictions: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    confidence: tuple[str, ...] = ()
    entity: str = ""
    since: date | None = None
    until: date | None = None
    at_least: Fraction | None = None
    memory: bool = False
    overlaps: bool = True

    def problems(self) -> list[Problem]:
        """What in it is not among the words of the list."""
        known = {
            "kind": (self.kinds, KINDS),
            "tier": (self.tiers, TIERS),
            "scope": (self.scopes, SCOPES),
            "confidence": (self.confidence, CONFIDENCE_WORDS),
            "jurisdiction": (
                self.jurisdictions,
                tuple(sorted({e.jurisdiction for e in read_incidents()})),
            ),
        }
        return [
            Problem(
                "unknown-word", "incidents",
                Text(
                    f"知らない値。次のいずれかとする：{', '.join(words)}",
                    f"unknown; give one of: {', '.join(words)}",
                ),
                key=f"{key} {value}",
            )
            for key, (given, words) in known.items()
            for value in given
            if value not in words
        ]  # fmt: skip

    def takes(self, event: Event) -> bool:
        """True where an event is selected, its source aside."""
        return (
            event.kind in (self.kinds or (event.kind,))
            and event.tier in (self.tiers or (event.tier,))
            and event.jurisdiction in (self.jurisdictions or (event.jurisdiction,))
            and event.scope in (self.scopes or (event.scope,))
            and event.confidence in (self.confidence or (event.confidence,))
            and self.entity.casefold() in event.entity.casefold()
            and (self.since is None or event.day >= self.since)
            and (self.until is None or event.day <= self.until)
            and (self.at_least is None or (event.loss_usd or 0) >= self.at_least)
            and (self.overlaps or not event.within)
        )


def select(
    wanted: Selection, events: Sequence[Event] | None = None
) -> tuple[tuple[Event, ...], tuple[Event, ...]]:
    """The events selected, and those that were left out for resting on memory alone.

    Raises:
        InputError: words that the list does not have.
    """
    if problems := wanted.problems():
        raise InputError(problems)
    taken = [e for e in (read_incidents() if events is None else events) if wanted.takes(e)]
    if wanted.memory:
        return tuple(taken), ()
    return (
        tuple(e for e in taken if not e.from_memory),
        tuple(e for e in taken if e.from_memory),
    )


def find(name: str) -> Event:
    """The event of an id, or of a short name: how the venue's name begins, and the year.

    Raises:
        InputError: no event, or several.
    """
    events = read_incidents()
    exact = [e for e in events if e.id == name]
    if exact:
        return exact[0]
    venue, _, year = name.casefold().rpartition("-")
    alike = [e for e in events if str(e.day.year) == year and _begins(e, venue)]
    if len(alike) == 1:
        return alike[0]
    ids = ", ".join(e.id for e in alike) or ", ".join(_near(events, venue, name))
    if alike:
        text = Text(
            f"複数の事故に当たる。idで指定する：{ids}", f"several events; give one by its id: {ids}"
        )
        raise InputError([Problem("several-events", "incidents", text, key=name)])
    near_ja, near_en = (f"近いもの：{ids}", f"near: {ids}") if ids else ("", "")
    text = Text(
        f"その事故は一覧にない。`sonae loss incidents` で一覧を見る。{near_ja}",
        f"no such event in the list; `sonae loss incidents` shows it. {near_en}".strip(),
    )
    raise InputError([Problem("unknown-event", "incidents", text, key=name)])


def _begins(event: Event, venue: str) -> bool:
    slug = event.id[len("2011-03-01-") :]
    return bool(venue) and (slug == venue or slug.startswith(f"{venue}-"))


def _near(events: Iterable[Event], venue: str, name: str) -> list[str]:
    word = (venue or name.casefold()).split("-")[0]
    return [e.id for e in events if word and word in e.id][:5]

"""Differences that somebody owns: what a break is, what explains it, when it must be told.

A break is opened by the comparison, explained by records that match it exactly, or closed by people
with a class and a cause. Every step is an event that is only added; `standing` makes of them what
the break is now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Literal, NamedTuple

from sonae.core.errors import SonaeError
from sonae.core.text import Text

Kind = Literal["opened", "changed", "assigned", "noted", "matched", "plug", "checked", "closed"]
CLASSES = (
    "timing",
    "in_transit",
    "unbooked_fee",
    "internal_transfer",
    "reorganised_block",
    "unidentified_deposit",
    "slashing",
    "phantom_credit",
    "customer_assets_used",
    "source_fault",
    "loss",
    "plug",
    "unknown",
)
"""What kind of difference it is (own list, after what reconciliations name)."""
PURPOSES = {"internal_transfer": "sweep", "unbooked_fee": "fee", "timing": ""}
"""Classes that a match with records gives by itself, and the purpose that those records name."""


class BreakError(SonaeError):
    """A step that a break does not allow; says what to do."""


class Event(NamedTuple):
    """One thing that happened to a break. What does not apply is empty."""

    kind: Kind
    at: datetime
    by: str
    units: int | None = None
    class_: str = ""
    cause: str = ""
    owner: str = ""
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Break:
    """A difference between two layers of an asset, in base units (the second less the first)."""

    id: str
    asset: str
    layers: tuple[str, str]
    opened: datetime
    units: int
    state: str = "open"
    class_: str = "unknown"
    cause: str = ""
    owner: str = ""
    evidence: tuple[str, ...] = ()
    plugs: int = 0
    waiting: str = ""
    history: tuple[Event, ...] = field(default=(), repr=False)


def standing(id: str, asset: str, layers: tuple[str, str], events: Sequence[Event]) -> Break:
    """What a break is after its events.

    Raises:
        BreakError: an event that was not allowed where it stands.
    """
    first = events[0]
    if first.kind != "opened" or first.units is None:
        raise BreakError(f"break {id} begins with {first.kind}, not with an opening")
    found = Break(
        id, asset, layers, first.at, first.units, class_=first.class_ or "unknown",
        cause=first.cause, evidence=_said(first), history=(first,),
    )  # fmt: skip
    for event in events[1:]:
        found = step(found, event)
    return found


def step(found: Break, event: Event) -> Break:
    """The break after one more event.

    Raises:
        BreakError: it is not allowed now; nothing changes.
    """
    if found.state == "closed" and event.kind != "noted":
        raise BreakError(f"break {found.id} is closed; a new difference is a new break")
    if event.at < found.history[-1].at:
        raise BreakError(f"break {found.id}: {event.kind} would come before what happened last")
    after = _STEPS[event.kind](found, event)
    evidence = (*found.evidence, *_said(event))
    return replace(after, evidence=evidence, history=(*found.history, event))


def _said(event: Event) -> tuple[str, ...]:
    return (event.evidence,) if event.evidence else ()


def _opened(found: Break, _: Event) -> Break:
    raise BreakError(f"break {found.id} is open already")


def _changed(found: Break, event: Event) -> Break:
    if event.units is None:
        raise BreakError(f"break {found.id}: say how large it is now")
    class_, cause = event.class_ or found.class_, event.cause or found.cause
    return replace(found, units=event.units, class_=class_, cause=cause)


def _assigned(found: Break, event: Event) -> Break:
    if not event.owner:
        raise BreakError(f"break {found.id}: an owner is a person; name one")
    return replace(found, owner=event.owner)


def _noted(found: Break, event: Event) -> Break:
    if not event.evidence and not event.cause:
        raise BreakError(f"break {found.id}: a note says something")
    return replace(found, cause=event.cause or found.cause)


def _matched(found: Break, event: Event) -> Break:
    if event.class_ not in PURPOSES or not event.evidence:
        raise BreakError(f"break {found.id}: a match names its class and its records")
    return replace(found, state="closed", class_=event.class_, units=0)


def _plug(found: Break, event: Event) -> Break:
    """A journal that only makes two totals equal: class, cause and a second person, and counted."""
    if event.class_ not in CLASSES or not event.cause:
        raise BreakError(f"break {found.id}: a plug entry needs a class and a cause")
    return replace(found, class_=event.class_, cause=event.cause, waiting=event.by)


def _checked(found: Break, event: Event) -> Break:
    if not found.waiting:
        raise BreakError(f"break {found.id}: no plug entry waits for a second person")
    if event.by == found.waiting:
        raise BreakError(f"break {found.id}: another person than {event.by} must approve")
    return replace(found, state="closed", units=0, plugs=found.plugs + 1, waiting="")


def _closed(found: Break, event: Event) -> Break:
    """Closed because the totals meet again; a class and a cause say why."""
    if event.class_ not in CLASSES or event.class_ in ("unknown", "plug") or not event.cause:
        raise BreakError(f"break {found.id}: say its class and its cause to close it")
    if found.units:
        raise BreakError(f"break {found.id}: {found.units} base units are still open")
    if not found.owner:
        raise BreakError(f"break {found.id}: nobody owns it; assign it first")
    return replace(found, state="closed", class_=event.class_, cause=event.cause)


_STEPS: Mapping[Kind, Callable[[Break, Event], Break]] = {
    "opened": _opened,
    "changed": _changed,
    "assigned": _assigned,
    "noted": _noted,
    "matched": _matched,
    "plug": _plug,
    "checked": _checked,
    "closed": _closed,
}


# -- what explains a difference --------------------------------------------------------------------


class Movement(NamedTuple):
    """One record of one layer: coins that came (+) or went (-), in base units.

    `reference` is the transaction hash, or another name that both layers know it by; `purpose` is
    "sweep" for a transfer between own wallets, "fee" for a network fee, else "".
    """

    layer: str
    reference: str
    units: int
    purpose: str
    at: datetime


class Match(NamedTuple):
    """Records that make up a difference exactly, and the class they give it."""

    class_: str
    references: tuple[str, ...]


def match(units: int, layers: tuple[str, str], movements: Iterable[Movement]) -> Match | None:
    """The records of one layer that the other lacks, where they make up the difference exactly.

    First all of one class, then all together; no subset is searched for, since among many records
    some always add up. None where nothing explains it to the last unit.

    >>> at = datetime(2026, 2, 6)
    >>> match(-5, ("ledger", "wallet"), [Movement("wallet", "0xfee", -5, "fee", at)])
    Match(class_='unbooked_fee', references=('0xfee',))
    """
    alone = _one_sided(layers, movements)
    for class_, purpose in (
        ("internal_transfer", "sweep"),
        ("unbooked_fee", "fee"),
        ("timing", ""),
    ):
        mine = [m for m in alone if m.purpose == purpose]
        if mine and _effect(mine, layers) == units:
            return Match(class_, tuple(sorted(m.reference for m in mine)))
    if alone and _effect(alone, layers) == units:
        return Match("timing", tuple(sorted(m.reference for m in alone)))
    return None


def _one_sided(layers: tuple[str, str], movements: Iterable[Movement]) -> list[Movement]:
    """What both layers have under one reference with one sum cancels; the rest stays."""
    sums: dict[str, dict[str, int]] = {}
    rows: dict[str, list[Movement]] = {}
    for m in movements:
        if m.layer in layers:
            by_layer = sums.setdefault(m.reference, dict.fromkeys(layers, 0))
            by_layer[m.layer] += m.units
            rows.setdefault(m.reference, []).append(m)
    odd = [r for r, by_layer in sums.items() if len(set(by_layer.values())) > 1]
    return [m for r in odd for m in rows[r]]


def _effect(movements: Iterable[Movement], layers: tuple[str, str]) -> int:
    """What they do to the difference: the second layer less the first."""
    return sum(m.units if m.layer == layers[1] else -m.units for m in movements)


# -- when it must be told --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Due:
    """A break that has to be told to somebody above its owner, and since when."""

    id: str
    why: str
    since: date
    words: Text


def escalations(
    open_breaks: Iterable[Break],
    today: date,
    fifth_day: Callable[[date], date],
    material: Mapping[str, int],
    day_of: Callable[[datetime], date],
) -> list[Due]:
    """Breaks past the fifth business day, above their asset's materiality, or without an owner.

    `fifth_day` gives the fifth business day after a day; `material` base units by asset.
    """
    found = []
    for one in open_breaks:
        last = fifth_day(day_of(one.opened))
        if today >= last:
            found.append(Due(one.id, "fifth-business-day", last, _FIFTH.format(id=one.id)))
        if abs(one.units) >= material.get(one.asset, 0):
            words = _MATERIAL.format(id=one.id, asset=one.asset)
            found.append(Due(one.id, "material", day_of(one.opened), words))
        if not one.owner:
            found.append(Due(one.id, "unowned", day_of(one.opened), _UNOWNED.format(id=one.id)))
    return found


_FIFTH = Text(
    "照合差異 {id} は5営業日を過ぎても解消していない。責任者に報告し、届出の要否を判断する",
    "break {id} is open on the fifth business day: report it upwards, decide whether to notify",
)
_MATERIAL = Text(
    "照合差異 {id}（{asset}）は重要性の基準以上。届出の要否を判断する",
    "break {id} ({asset}) is material: decide whether to notify",
)
_UNOWNED = Text(
    "照合差異 {id} に担当者がいない。担当者を決める", "nobody owns break {id}: assign it"
)

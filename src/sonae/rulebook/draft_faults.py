"""Everything wrong with a draft, in words, before anything is made of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Any

from sonae.core.errors import RulebookError
from sonae.rulebook.draft_formula import BASES, YEARS
from sonae.rulebook.parameter import SCALES, exact

ROOT_KEYS = {
    "draft",
    "component",
    "combine",
    "bracket",
    "rounding",
    "insurance_share",
    "insurance_gates",
    "grounds",
    "refill_business_days",
    "phase_in",
    "exemptions",
    "variant",
    "change",
}
COMPONENT_KEYS = {"base", "rate", "unit", "cap_rate", "bands", "rate_from", "window"}
HEAD_KEYS = ("id", "title", "note", "regime")
TABLES = {"bracket": ("floor", "cap"), "rounding": ("step",), "draft": ()}
LISTS: dict[str, tuple[str, ...]] = {
    "component": (),
    "variant": ("id", "title"),
    "change": ("parameter", "value"),
    "phase_in": ("from", "share"),
    "exemptions": ("base", "below"),
    "bands": ("rate",),
}


def faults(raw: Mapping[str, Any]) -> list[str]:
    """What is unknown or missing, wrong in form, and where the form holds, contradictory."""
    shape = list(_shape(raw, ""))
    return [*_keys(raw), *(shape or _meaning(raw))]


# -- form ----------------------------------------------------------------------------------


def _keys(raw: Mapping[str, Any]) -> Iterator[str]:
    head = raw.get("draft", {})
    if isinstance(head, Mapping):
        yield from (f"draft.{key} is required" for key in HEAD_KEYS if key not in head)
        for key in sorted(set(head) - {*HEAD_KEYS, "source", "drafted_on"}):
            place = "; it belongs above [draft]" if key in ROOT_KEYS else ""
            yield f"draft.{key} is not a known key{place}"
    for key in sorted(set(raw) - ROOT_KEYS):
        yield f"{key} is not a known key"


def _shape(item: Mapping[str, Any], where: str) -> Iterator[str]:
    """Tables are tables, lists are lists of tables, and each has what it needs."""
    for key, needed in TABLES.items():
        if key in item:
            yield from _table(item[key], needed, f"{where}{key}")
    for key, needed in LISTS.items():
        value = item.get(key, [])
        if not isinstance(value, list):
            yield f"{where}{key} must be a list of tables"
            continue
        for n, inner in enumerate(value):
            name = inner.get("id", n) if isinstance(inner, Mapping) else n
            place = f"variant {name}: " if key == "variant" else f"{where}{key}[{n}]"
            yield from _table(inner, needed, place)
            if isinstance(inner, Mapping) and key in ("variant", "component"):
                yield from _shape(inner, place if key == "variant" else f"{place}.")


def _table(value: Any, needed: Sequence[str], where: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield f"{where} must be a table"
        return
    yield from (f"{where}.{key} is required" for key in needed if key not in value)


# -- meaning -------------------------------------------------------------------------------


def _meaning(raw: Mapping[str, Any]) -> Iterator[str]:
    variants = raw.get("variant", [])
    for where, item in [("", raw), *((f"variant {v['id']}: ", v) for v in variants)]:
        for part in item.get("component", []):
            yield from (where + fault for fault in _component(part))
        yield from (where + fault for fault in _amounts(item))
    ids = [v["id"] for v in variants]
    yield from (f"variant {i} stands twice" for i in sorted({i for i in ids if ids.count(i) > 1}))
    bare = [v["id"] for v in variants if not (v.get("component") or raw.get("component"))]
    if variants and bare and len(bare) < len(variants):
        yield from (f"variant {i}: a component is required" for i in bare)
    has_component = any(item.get("component") for item in [raw, *variants])
    if not raw.get("change") and not has_component:
        yield "neither a component nor a change of a parameter is given"


def _component(part: Mapping[str, Any]) -> Iterator[str]:
    for key in sorted(set(part) - COMPONENT_KEYS):
        yield f"{key} is not a known key of a component"
    base = part.get("base")
    if base not in BASES:
        yield f"base {base!r} is none of {', '.join(BASES)}"
    if len([w for w in ("rate", "bands", "rate_from") if w in part]) != 1:
        yield "a component needs one of rate, bands and rate_from"
    if part.get("rate_from", "loss") != "loss":
        yield f"rate_from {part['rate_from']!r} is not 'loss'"
    if base == "traded_value" and ("cap_rate" not in part or "rate" not in part):
        yield "traded_value needs a rate and a cap_rate"
    if base != "traded_value" and "cap_rate" in part:
        yield f"cap_rate goes with traded_value, not with {base}"
    if base != "traded_value" and "window" in part:
        yield f"window goes with traded_value, not with {base}"
    window = part.get("window", YEARS)
    if type(window) is not int or not 1 <= window <= YEARS:
        yield f"window {window!r} is not a number of fiscal years from 1 to {YEARS}"
    if part.get("unit", "ratio") not in {"ratio", *SCALES}:
        yield f"unit {part['unit']!r} is none of ratio, {', '.join(SCALES)}"
    for key in ("rate", "cap_rate"):
        if key in part:
            yield from _number(part[key], key)
    yield from _bands(part.get("bands", []))


def _bands(bands: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for band in bands:
        yield from _number(band["rate"], "rate")
        yield from _number(band.get("up_to", 0), "up_to")
    try:
        tops = [exact(b["up_to"]) for b in bands if "up_to" in b]
    except RulebookError:
        return
    last_open = bool(bands) and "up_to" not in bands[-1]
    if bands and (tops != sorted(set(tops)) or not last_open or len(tops) != len(bands) - 1):
        yield "bands must rise, and only the last has no up_to"


def _number(stated: Any, name: str, most: Fraction | None = None) -> Iterator[str]:
    try:
        value = exact(stated)
    except RulebookError as error:
        yield f"{name}: {error}"
        return
    if value < 0 or (most is not None and value > most):
        limit = "below zero" if most is None else f"not between 0 and {most}"
        yield f"{name} {value} is {limit}"


def _amounts(item: Mapping[str, Any]) -> Iterator[str]:
    bracket = item.get("bracket")
    if bracket:
        wrong = [*_number(bracket["floor"], "floor"), *_number(bracket["cap"], "cap")]
        yield from wrong
        if not wrong and exact(bracket["floor"]) > exact(bracket["cap"]):
            yield f"the floor {bracket['floor']} is above the cap {bracket['cap']}"
    yield from _number(item.get("insurance_share", 0), "insurance_share", Fraction(1))
    yield from _number(item.get("refill_business_days", 0), "refill_business_days")
    if item.get("combine", "sum") not in ("sum", "max"):
        yield f"combine {item['combine']!r} is neither 'sum' nor 'max'"
    if "rounding" in item:
        yield from _number(item["rounding"]["step"], "rounding step")
        if item["rounding"].get("mode", "down") not in ("down", "up"):
            yield f"rounding mode {item['rounding']['mode']!r} is neither 'down' nor 'up'"
    yield from _phases(item.get("phase_in", []))
    for exemption in item.get("exemptions", []):
        yield from _number(exemption["below"], "below")
        if exemption["base"] not in BASES or exemption["base"] == "traded_value":
            yield f"exemption base {exemption['base']!r} is none of {', '.join(BASES)}"


def _phases(phases: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    unread = [w for p in phases for w in _number(p["share"], "phase_in share")]
    unread += [
        f"phase_in from {p['from']!r} is no date" for p in phases if type(p["from"]) is not date
    ]
    yield from unread
    if not unread:
        days, shares = [p["from"] for p in phases], [exact(p["share"]) for p in phases]
        rising = days == sorted(set(days)) and shares == sorted(shares)
        if not rising or any(share > 1 for share in shares):
            yield "phase_in must rise in date and share, shares between 0 and 1"

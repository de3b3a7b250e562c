"""A draft's formula in floats, for search: what many venues would have to hold, in yen.

The exact formula is `rulebook.draft_formula`; a test holds the two together. A base that is not
known is nan and so is what rests on it. Phase-in and rounding are left out: a level is fitted for
the day on which it applies in full.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonae.core.canonical import number_text
from sonae.core.errors import UsageError
from sonae.rulebook.parameter import SCALES, exact

Array = NDArray[np.float64]
Bases = Mapping[str, Array]
FAMILIES = ("custody-value", "cold-value", "hot-value", "volume", "max")
RATES = {
    "custody-value": ("custody_value",),
    "cold-value": ("custody_value_cold",),
    "hot-value": ("custody_value_not_cold",),
    "volume": ("traded_value",),
    "max": ("custody_value", "custody_value_not_cold"),
}


def family(name: str, rates: Sequence[Fraction], limits: Mapping[str, Any]) -> dict[str, Any]:
    """The formula of a family as a draft states it; `limits` are keys of a draft, as bracket.

    With traded value the level of the best year is reached at once: rate and cap_rate are one.
    """
    parts = []
    for base, rate in zip(RATES[name], rates, strict=True):
        part = {"base": base, "rate": number_text(rate)}
        parts.append({**part, "cap_rate": part["rate"]} if base == "traded_value" else part)
    return {**limits, "component": parts, **({"combine": "max"} if name == "max" else {})}


def scaled(raw: Mapping[str, Any], factor: Fraction) -> dict[str, Any]:
    """The same draft with every rate times a factor; its limits stand."""
    parts = []
    for part in raw.get("component", []):
        if "rate_from" in part:
            raise UsageError("a draft whose rate comes from the loss has nothing to be fitted")
        new = dict(part)
        for key in ("rate", "cap_rate"):
            if key in new:
                new[key] = number_text(exact(new[key]) * factor)
        if "bands" in new:
            new["bands"] = [
                {**b, "rate": number_text(exact(b["rate"]) * factor)} for b in new["bands"]
            ]
        parts.append(new)
    return {**raw, "component": parts}


def required(raw: Mapping[str, Any], bases: Bases) -> Array:
    """What the draft would require of each venue, before insurance."""
    parts = [_component(part, bases) for part in raw["component"]]
    gross = np.maximum.reduce(parts) if raw.get("combine") == "max" else np.add.reduce(parts)
    if bracket := raw.get("bracket"):
        gross = np.clip(gross, _number(bracket["floor"]), _number(bracket["cap"]))
    for exemption in raw.get("exemptions", []):
        base = _base(bases, exemption["base"])
        gross = np.where(base < _number(exemption["below"]), 0.0, gross)
    return np.asarray(gross)


def _component(part: Mapping[str, Any], bases: Bases) -> Array:
    base, unit = _base(bases, part["base"]), 1.0 / SCALES.get(part.get("unit", "ratio"), 1)
    if part["base"] == "traded_value":
        return base * _number(part["cap_rate"]) * unit
    if "bands" not in part:
        return base * _number(part["rate"]) * unit
    found, below = np.zeros_like(base), 0.0
    for band in part["bands"]:
        top = _number(band["up_to"]) if "up_to" in band else np.inf
        found += np.maximum(np.minimum(base, top) - below, 0.0) * _number(band["rate"]) * unit
        below = top
    return found


def _base(bases: Bases, name: str) -> Array:
    if name in bases:
        return bases[name]
    return np.full_like(next(iter(bases.values())), np.nan)


def _number(value: Any) -> float:
    return float(exact(value))

"""The overview of a group: what each entity's close says, and sums side by side, never netted."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from sonae.actions.fund.close import CLOSE
from sonae.core.canonical import digest, number_text, parse_number
from sonae.core.text import LANGS, Text
from sonae.report.figures import Figures
from sonae.report.titles import Titles

FORMAT = "sonae-group/1"
SEVERITIES = ("breach", "warning", "note")
PARTS = ("required", "going_concern", "on_insolvency", "shortage")


def overview(
    folder: Path,
    names: Sequence[str],
    results: Sequence[Mapping[str, Any]],
    asked: Mapping[str, Any],
) -> dict[str, Any]:
    """Every entity in order of its name, sums by currency and regime, and what to look at."""
    listed = [_entity(folder, *pair) for pair in zip(names, results, strict=True)]
    return {
        "format": FORMAT,
        "asked": {k: _plain(v) for k, v in asked.items()},
        "entities": listed,
        "states": dict(sorted(Counter(e["state"] for e in listed).items())),
        "side_by_side": _sums([e for e in listed if e["state"] == "closed"]),
        "netted": False,
        "remarks": [r.as_json() for r in _remarks(listed)],
    }


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else None if value is None else str(value)


def _entity(folder: Path, name: str, said: Mapping[str, Any]) -> dict[str, Any]:
    if said["state"] != "closed":
        return {"name": name, **said}
    close = json.loads((folder / name / CLOSE).read_bytes())
    titles = {lang: Titles(Figures(close, lang)) for lang in LANGS}
    units = {f["id"]: f["unit"] for f in close["figures"]}
    counts = Counter(f["severity"] for f in close["findings"])
    return {
        "name": name,
        "state": "closed",
        "entity": close["venue"]["entity"],
        "venue": close["venue"]["name"],
        "currency": close["venue"]["currency"],
        "on": close["on"],
        "cut_off": close["venue"]["cut_off"],
        "close": {"file": f"{name}/{CLOSE}", "digest": digest(close)},
        "regimes": {
            regime: {
                "title": {lang: titles[lang].regime(regime) for lang in LANGS},
                "standing": cover["standing"],
                "currency": units[cover["figures"]["required"]],
                "required": cover["required"],
                "going_concern": cover["going_concern"]["total"],
                "on_insolvency": cover["on_insolvency"]["total"],
                "surplus": cover["surplus"],
                "shortage": _shortage(cover["surplus"]),
            }
            for regime, cover in close["cover"]["by_regime"].items()
        },
        "findings": {s: counts.get(s, 0) for s in SEVERITIES},
        "to_act_on": [
            {k: f[k] for k in ("name", "severity", "subject", "message", "due")}
            for f in close["findings"]
            if f["severity"] != "note"
        ],
    }


def _number(value: Any) -> Fraction | None:
    """One exact number; None where it is a range or not computable."""
    try:
        return parse_number(value)
    except (TypeError, ValueError):
        return None


def _shortage(surplus: Any) -> str | None:
    number = _number(surplus)
    return None if number is None else number_text(max(-number, Fraction(0)))


def _sums(closed: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """By currency and regime, each part added over entities that have one number of it.

    The currency is that of the regime's amounts, whatever an entity's Books are kept in.
    Shortages are added as they are: no other entity's surplus lowers them.
    """
    keys = dict.fromkeys((c["currency"], r) for e in closed for r, c in e["regimes"].items())
    sums = []
    for currency, regime in sorted(keys):
        mine = [e for e in closed if e["regimes"].get(regime, {}).get("currency") == currency]
        parts, without = dict[str, str](), dict[str, list[str]]()
        for part in PARTS:
            numbers = {e["name"]: _number(e["regimes"][regime][part]) for e in mine}
            parts[part] = number_text(
                sum((n for n in numbers.values() if n is not None), Fraction(0))
            )
            without[part] = [name for name, n in numbers.items() if n is None]
        sums.append({
            "currency": currency,
            "regime": regime,
            "title": mine[0]["regimes"][regime]["title"],
            "entities": len(mine),
            "short": [e["name"] for e in mine if _number(e["regimes"][regime]["shortage"])],
            **parts,
            "without": {part: names for part, names in without.items() if names},
        })  # fmt: skip
    return sums


def _remarks(listed: Sequence[Mapping[str, Any]]) -> list[Text]:
    """What makes the entities hard to set side by side."""
    closed = [e for e in listed if e["state"] == "closed"]
    remarks = []
    for entity, count in sorted(Counter(e["entity"] for e in closed).items()):
        if count > 1:
            names = ", ".join(e["name"] for e in closed if e["entity"] == entity)
            remarks.append(_TWICE.format(entity=entity, n=count, names=names))
    if len({e["cut_off"] for e in closed}) > 1:
        remarks.append(_INSTANTS)
    return remarks


_TWICE = Text(
    "{entity}の台帳が{n}個ある（{names}）。合計は二重になり得る",
    "{entity} has {n} Books ({names}); sums may count it twice",
)
_INSTANTS = Text(
    "基準時が法人により異なる。合計は同じ時点のものではない",
    "the cut-offs differ between entities; the sums are not of one instant",
)

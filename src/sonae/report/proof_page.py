"""Seals for everybody: the statement and the log as rows, in one language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from sonae.core.amount import coins
from sonae.core.canonical import parse_number
from sonae.core.display import exact, fixed, with_separators
from sonae.core.text import Lang
from sonae.report.format import instant, title
from sonae.report.words import Words

Found = Mapping[str, Any]
JAPAN = timezone(timedelta(hours=9))
STATES = ("going_concern", "on_insolvency")


def seal_rows(log: Found | None, lang: Lang) -> list[dict[str, Any]]:
    """Every seal of the log, the newest first."""
    if log is None:
        return []
    return [
        {
            "seq": s["seq"],
            "cut_off": _japan(s["cut_off"], lang),
            "hash": s["header_hash"],
            "corrects": s["corrects"],
            "written": _japan(s["written_at"], lang),
            "leaves": f"{s['leaves']:,}",
        }
        for s in reversed(log["seals"])
    ]


def _japan(iso: str, lang: Lang) -> str:
    at = datetime.fromisoformat(iso).astimezone(JAPAN)
    return instant(at.replace(microsecond=0).isoformat(), "", lang)


def asset_rows(log: Found | None, lang: Lang) -> list[dict[str, str]]:
    """What is owed and held of each asset at the newest seal, and held on average before it."""
    if log is None:
        return []
    words = Words(lang)
    return [
        {
            "asset": a["asset"],
            "owed": exact(coins(int(a["owed"]), a["scale"])),
            "held": _held(a["held"], a["scale"], words),
            "mean": _held(a["held_average"], a["scale"], words),
            "leaves": f"{a['leaves']:,}",
        }
        for a in log["assets"]
    ]


def _held(units: str | None, scale: int, words: Words) -> str:
    if units is None:
        return words("takeover.unknown")
    return exact(parse_number(units) / 10**scale)


def custody_rows(statement: Found, lang: Lang) -> list[dict[str, Any]]:
    """Lines of custody: required, covered in both states, and what is short."""
    words = Words(lang)
    return [
        {
            "line": words(f"console_proof.line_{c['line']}"),
            **{k: _money(c[k], words) for k in ("required", *STATES, "shortfall")},
            "short": c["shortfall"] not in ("0", None),
        }
        for c in statement["custody"]
    ]


def requirement_rows(statement: Found, titles: Found, lang: Lang) -> list[dict[str, Any]]:
    """Requirements of a reserve with what stands behind each, or why there is no amount."""
    words = Words(lang)
    rows = []
    for one in statement["requirements"]:
        reasons = one["reasons"]
        rows.append(
            {
                **_named(one["rule"], titles, lang),
                "standing": one["standing"],
                "confidence": one["confidence"],
                "required": _money(one["required"], words),
                **{s: _money(one[s]["total"], words) for s in STATES},
                "surplus": _money(one["surplus"], words),
                "reason": reasons["required"][lang] if "required" in reasons else "",
            }
        )
    return rows


def missing_rows(statement: Found, titles: Found, lang: Lang) -> list[dict[str, str]]:
    """Requirements of the law without an amount, each with the reason."""
    return [
        {**_named(one["rule"], titles, lang), "reason": one["reason"][lang]}
        for one in statement["not_computable"]
    ]


def _named(rule: str, titles: Found, lang: Lang) -> dict[str, str]:
    """A rule by its title with its id; by its id alone where nobody here knows it."""
    return {"rule": rule, "title": title(titles[rule][lang], lang) if rule in titles else rule}


def _money(value: Any, words: Words) -> str:
    if value is None:
        return words("console_proof.no_amount")
    if isinstance(value, Mapping):
        return f"{with_separators(str(value['low']))} – {with_separators(str(value['high']))}"
    return fixed(parse_number(str(value)), 0)

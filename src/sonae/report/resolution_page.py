"""Resolution for the console: components of readiness, drills, packs and tasks in one language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sonae.core.canonical import parse_number
from sonae.core.text import Lang
from sonae.report.format import day, instant, percent
from sonae.report.marked import moment
from sonae.report.takeover import readiness_rows
from sonae.report.words import Words

Found = Mapping[str, Any]
MARKS = {True: "met", False: "not_met", None: "not_known"}


def component_rows(components: Sequence[Found], lang: Lang) -> list[dict[str, Any]]:
    """Each component with its value and its limit in words."""
    words = Words(lang)
    return [
        {
            "title": words(f"console_resolution.{c['id']}"),
            "value": _value(c, words),
            "limit": _limit(c, words),
            "met": MARKS[c["met"]],
            "command": words(f"console_resolution.how_{c['id']}"),
        }
        for c in components
    ]


def _value(part: Found, words: Words) -> str:
    value, id = part["value"], part["id"]
    if value is None:
        return words("takeover.unknown")
    if id in ("restore_test", "next_drill"):
        return words(f"console_resolution.value_{id}", last=day(part["last"], words.lang))
    return words(f"console_resolution.value_{id}", n=_shown(id, value, words))


def _limit(part: Found, words: Words) -> str:
    limit, id = part["limit"], part["id"]
    if limit is None:
        return ""
    if id in ("restore_test", "next_drill") and part["value"] is not None:
        return words("console_resolution.limit_next", day=day(part["value"], words.lang))
    return words(f"console_resolution.limit_{id}", n=_shown(id, limit, words))


def _shown(id: str, value: Any, words: Words) -> str:
    if id == "verified_share":
        return percent(parse_number(str(value)), words.lang)
    return f"{int(str(value)):,}"


def ready_rows(document: Found | None, lang: Lang) -> list[Sequence[str]]:
    """Every value of the readiness report."""
    return [] if document is None else [*readiness_rows(document, lang)]


def drill_table(found: Found | None, lang: Lang, zone: str) -> dict[str, Any] | None:
    """Drills side by side: seconds from the start, step by step."""
    if found is None:
        return None
    words = Words(lang)
    heads = [moment(d["started"], lang, zone) for d in found["drills"]]
    rows = [
        {
            "step": words(f"takeover_step.{r['step']}"),
            "seconds": ["–" if s is None else f"{s:,}" for s in r["seconds"]],
            "change": "–" if r["change"] is None else f"{r['change']:+,}",
        }
        for r in found["steps"]
    ]
    ends = [
        words(f"console_resolution.drill_{'in_time' if d['in_time'] else 'late'}")
        if d["finished"]
        else words("console_resolution.drill_open")
        for d in found["drills"]
    ]
    return {"heads": heads, "rows": rows, "ends": ends, "several": len(heads) > 1}


def task_rows(checklist: Found | None, lang: Lang) -> list[dict[str, Any]]:
    """What is done first, in the order of the checklist."""
    if checklist is None:
        return []
    words = Words(lang)
    return [
        {
            "area": words(f"takeover_area.{t['area']}"),
            "title": t["title"][lang],
            "due": _due(t["due"], lang),
            "standing": t["standing"],
            "confidence": t["confidence"],
            "provision": t["provision"][lang],
        }
        for t in checklist["tasks"]
    ]


def _due(due: Any, lang: Lang) -> str:
    if isinstance(due, Mapping):
        return str(due[lang])
    return day(due, lang) if len(due) == len("2026-11-20") else instant(due, "", lang)


def outside_rows(tests: Sequence[Found], lang: Lang) -> list[dict[str, str]]:
    """Tests of the copy outside."""
    words = Words(lang)
    return [
        {
            "on": day(t["on"], lang),
            "by": t["by"],
            "good": "yes" if t["result"] == "opened" else "",
            "result": words(f"console_resolution.test_{t['result']}"),
            "found": ("、" if lang == "ja" else ", ").join(
                words.known(f"finding.{n}", n) for n in t.get("found", ())
            ),
        }
        for t in tests
    ]

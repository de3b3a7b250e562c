"""Law compared: two editions, a venue under both, a draft before it is anybody's law."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sonae.actions.close import close_books, closing
from sonae.actions.demo.close import VENUES, demo_books
from sonae.books.venue import read_venue
from sonae.close.day import Close
from sonae.close.matrix import matrix
from sonae.core.calendar import add_months
from sonae.core.errors import InputError, Problem, UsageError
from sonae.core.figure import Figure, gaps_in
from sonae.core.register import Register
from sonae.core.text import Lang
from sonae.report.ics import calendar_file
from sonae.rulebook.draft import load_draft, shipped
from sonae.rulebook.draft_text import article, compare, undecided
from sonae.rulebook.duties import duties
from sonae.rulebook.edition import Edition, topics
from sonae.rulebook.timeline import differences


def _side(text: str) -> tuple[date, tuple[str, ...]]:
    """`2026-11-20+draft+draft` as a day and drafts."""
    day, *drafts = text.split("+")
    try:
        return date.fromisoformat(day), tuple(drafts)
    except ValueError as error:
        raise UsageError(f"{text!r} does not begin with a date (YYYY-MM-DD)") from error


def difference(before: str, after: str, books: Path | None = None) -> dict[str, Any]:
    """What two editions do not share, and what that does to a venue's requirements."""
    sides = [_side(before), _side(after)]
    editions = [Edition(on, tuple(load_draft(d) for d in drafts)) for on, drafts in sides]
    result: dict[str, Any] = {
        "before": before,
        "after": after,
        "law": [d.as_json() for d in differences(*editions)],
        "venue": None,
    }
    if books is not None:
        documents = [close_books(books, assume=d, what_if_on=on).document for on, d in sides]
        result["venue"] = {
            "name": documents[0]["venue"]["name"],
            "outputs": _outputs(*documents),
        }
    return result


def _outputs(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Outputs of rules whose value differs; None where a side does not have the rule."""
    sides = []
    for document in (before, after):
        figures = {f["id"]: f for f in document["figures"]}
        outputs = [i for ids in document["requirements"].values() for i in ids.values()]
        sides.append({i: figures[i] for i in outputs})
    found = []
    for id in dict.fromkeys((*sides[0], *sides[1])):
        pair = [side.get(id) for side in sides]
        if _content(pair[0]) != _content(pair[1]):
            found.append({"id": id, "before": pair[0], "after": pair[1]})
    return found


def _content(entry: Mapping[str, Any] | None) -> Any:
    return entry and (entry["kind"], entry["value"], entry["standing"])


def venues_under_every_regime(
    folders: Sequence[Path], assume: Sequence[str] = (), what_if_on: date | None = None
) -> list[dict[str, Any]]:
    """Each venue under Japan's law and drafts, the EU, Hong Kong and Korea."""
    found = []
    for folder in folders:
        with closing(folder, assume or shipped(), what_if_on) as day:
            found.append(_matrix_view(day))
    return found


def _standing(required: Figure) -> str | None:
    """The mark; none where law has no value on the day, for that is not known to be in force."""
    known = {f"{t.id}/{key}" for t in topics().values() for key in t.parameters}
    lawless = any(gap.key in known for gap in gaps_in([required]))
    return None if lawless else required.standing


def _matrix_view(day: Close) -> dict[str, Any]:
    register = Register()
    lines = [
        {
            "regime": line.regime,
            "rule": line.rule,
            "title": line.title.as_json(),
            "currency": line.currency,
            "standing": _standing(line.required),
            "confidence": line.required.confidence,
            "clock": line.clock.as_json(),
            **{k: register.add(getattr(line, k)) for k in ("required", "counts", "shortfall")},
            "home": {k: register.add(f) for k, f in line.common.items()},
        }
        for line in matrix(day)
    ]
    venue = day.books.venue
    return {
        "venue": venue.name,
        "on": venue.on.isoformat(),
        "currency": venue.currency,
        "lines": lines,
        "figures": register.figures,
        "citations": register.citations,
    }


def venue_duties(
    folder: Path,
    first: date | None,
    months: int,
    event: date | None,
    *,
    daily: bool,
    regimes: Sequence[str] | None,
    ics: Path | None,
    lang: Lang,
) -> dict[str, Any]:
    """The duties of a venue; with `ics`, also as an iCalendar file."""
    problems: list[Problem] = []
    venue = read_venue(folder / "venue.toml", problems)
    if venue is None:
        raise InputError(problems)
    start = first or venue.on + timedelta(days=1)
    last = add_months(start, months) - timedelta(days=1)
    picked = duty_list(
        regimes or venue.regimes, venue.fiscal_year_start, venue.on if first is None else first,
        start, last, event, daily=daily,
    )  # fmt: skip
    if ics is not None:
        ics.write_bytes(calendar_file(picked, venue.name, venue.known_at, lang))
    return {
        "venue": venue.name,
        "from": start.isoformat(),
        "to": last.isoformat(),
        "time_zone": venue.time_zone,
        "duties": picked,
    }


def duty_list(
    regimes: Sequence[str],
    fiscal_year_start: tuple[int, int],
    law_of: date,
    first: date,
    last: date,
    event: date | None = None,
    *,
    daily: bool = False,
) -> list[dict[str, Any]]:
    """Duties that fall due from `first` to `last`, by the law of a day; `daily` adds each day's."""
    found = duties(Edition(law_of), regimes, fiscal_year_start, first, last, event)
    return [d.as_json() for d in found if daily or d.begins_with.en != "every business day"]


def propose(
    file: str, against: str | None = None, books: Sequence[Path] | None = None
) -> dict[str, Any]:
    """A draft: requirement per venue, text as an article, comparison, what is undecided.

    Where the draft is phased in, the requirement is that of the day it applies in full.
    """
    draft = load_draft(file)
    folders = books or [demo_books(name) for name in VENUES]
    phases = [p["from"] for v in draft.versions for p in v.raw.get("phase_in", [])]
    full = max(phases, default=None)
    closed = [close_books(folder, [file], full).document for folder in folders]
    former = load_draft(against) if against else None
    return {
        "draft": draft.id,
        "title": draft.title.as_json(),
        "note": draft.note.as_json(),
        "standing": "proposed",
        "phased_in_on": full.isoformat() if full else None,
        "versions": [
            {
                "rule": version.rule.id,
                "title": version.rule.title.as_json(),
                "article": article(version),
                "undecided": [t.as_json() for t in undecided(version)],
                "venues": [_venue(document, version.rule.id) for document in closed],
            }
            for version in draft.versions
        ],
        "changes": sorted(draft.changes),
        "against": former and former.id,
        "comparison": [
            {"after": c.after, "before": c.before}
            for c in (compare(draft, former) if former else ())
        ],
    }


def _venue(document: Mapping[str, Any], rule: str) -> dict[str, Any]:
    figures = {f["id"]: f for f in document["figures"]}
    outputs = document["requirements"][rule]
    return {
        "venue": document["venue"]["name"],
        "on": document["on"],
        "outputs": {key: figures[id] for key, id in outputs.items()},
    }

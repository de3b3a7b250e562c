"""The document of `sonae loss incidents`: rows, what leaving out memory changes, years, redress."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from statistics import median_high
from typing import Any

from sonae.core.canonical import number_text
from sonae.loss.incidents import Event, Selection, select
from sonae.loss.plot import axis, day_place, years
from sonae.loss.replay import event_json

ZERO = Fraction(0)


def incident_list(wanted: Selection) -> dict[str, Any]:
    """Every selected event, totals with and without rows from memory, and drawings.

    Money counts no event twice: one whose loss is inside another's adds nothing.

    Raises:
        InputError: words that the list does not have.
    """
    events, left_out = select(wanted)
    whole = sorted((*events, *left_out), key=lambda e: (e.day, e.id))
    return {
        "format": "sonae-loss-incidents/1",
        "events": [event_json(e) for e in events],
        "memory": {
            "left_out": [e.id for e in left_out],
            "without": _totals(events),
            "with": _totals(whole),
        },
        "years": _years(events),
        "redress": _redress(events),
        "timeline": _timeline(events),
        "severity": _severity(events),
    }


def _money(events: Iterable[Event]) -> Fraction:
    return sum((e.loss_usd or ZERO for e in events if not e.within), ZERO)


def _totals(events: Sequence[Event]) -> dict[str, Any]:
    losses = sorted(e.loss_usd for e in events if e.loss_usd and not e.within)
    thefts = [e for e in events if e.theft]
    return {
        "events": len(events),
        "with_amount": len(losses),
        "thefts": len(thefts),
        "loss_usd": number_text(_money(events)),
        "theft_usd": number_text(_money(thefts)),
        "median_usd": number_text(median_high(losses)) if losses else None,
        "largest_usd": number_text(losses[-1]) if losses else None,
    }


def _years(events: Sequence[Event]) -> list[dict[str, Any]]:
    found = []
    for year in sorted({e.day.year for e in events}):
        mine = [e for e in events if e.day.year == year]
        thefts = [e for e in mine if e.theft]
        failed = [e for e in mine if e.insolvency]
        found.append(
            {
                "year": year,
                "events": len(mine),
                "thefts": len(thefts),
                "theft_usd": number_text(_money(thefts)),
                "insolvencies": len(failed),
                "insolvency_usd": number_text(_money(failed)),
            }
        )
    return found


def _redress(events: Sequence[Event]) -> dict[str, Any]:
    """Of thefts and of failures with a known outcome: how many were made good, by whom, how fast.

    Most days are unknown: the median is of those that are known.
    """
    found = {}
    for name, mine in (
        ("theft", [e for e in events if e.theft]),
        ("insolvency", [e for e in events if e.insolvency]),
    ):
        known = [e for e in mine if e.compensated is not None]
        days = [e.compensation_days for e in known if e.compensation_days is not None]
        found[name] = {
            "events": len(mine),
            "known": len(known),
            "in_full": sum(e.compensated >= 1 for e in known if e.compensated is not None),
            "in_part": sum(0 < (e.compensated or 0) < 1 for e in known),
            "not_at_all": sum(e.compensated == 0 for e in known),
            "by": {
                by: sum(e.compensated_by == by for e in known)
                for by in sorted({e.compensated_by for e in known if e.compensated_by})
            },
            "days_known": len(days),
            "median_days": median_high(days) if days else None,
        }
    return found


def _timeline(events: Sequence[Event]) -> dict[str, Any] | None:
    """Days across, losses upwards by powers of ten."""
    shown = [e for e in events if e.loss_usd and not e.within]
    if not shown:
        return None
    span = years(min(e.day for e in shown), max(e.day for e in shown))
    y = axis([float(e.loss_usd or 0) for e in shown])
    return {
        "x": [
            {"at": round(1000 * (n - span[0]) / (span[1] - span[0])), "year": n}
            for n in range(span[0], span[1] + 1, max(1, (span[1] - span[0]) // 8))
        ],
        "y": y.ticks(),
        "points": [
            {"x": day_place(e.day, span), "y": y.place(float(e.loss_usd or 0)), "id": e.id,
             "kind": "insolvency" if e.kind == "fraud_insolvency" else "theft"}
            for e in shown
        ],
    }  # fmt: skip


def _severity(events: Sequence[Event]) -> dict[str, Any] | None:
    """How many thefts were at least so large: rank against loss, both by powers of ten."""
    losses = sorted((e for e in events if e.theft), key=lambda e: -(e.loss_usd or ZERO))
    if not losses:
        return None
    x = axis([float(e.loss_usd or 0) for e in losses])
    y = axis([1.0, float(len(losses))])
    return {
        "x": x.ticks(),
        "y": y.ticks(),
        "points": [
            {"x": x.place(float(e.loss_usd or 0)), "y": y.place(float(n)), "id": e.id,
             "kind": "theft"}
            for n, e in enumerate(losses, 1)
        ],
    }  # fmt: skip

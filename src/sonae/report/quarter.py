"""The quarterly report on users' property as plain values, from the closes of a quarter.

Nothing is filled in for a day without a close: it is named, and a figure at the end of the quarter
is there only where that day, or the last open day before it, was closed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from sonae.core.calendar import Calendar, add_months
from sonae.core.canonical import number_text
from sonae.core.figure import Figure, NotComputable
from sonae.core.text import Text
from sonae.report.closes import Closes, Kept, missing_days
from sonae.report.figures import Figures
from sonae.report.filing import Found, assumed, number, t
from sonae.report.spells import Spell, over_the_quarter, spells
from sonae.rulebook.calendars import CALENDARS
from sonae.rulebook.edition import Edition

MONTHS, CALENDAR, FILED = 3, "jp.bank", "jp.administration"
HOT = "jp.crypto.hot_limit"
REPORTS = ("user_asset_quarterly", "quarterly_financials")
ATTACHMENTS: Mapping[str, str] = {
    "financials": REPORTS[1],
    "trust_certificate": REPORTS[0],
    "customer_coins": REPORTS[0],
    "guarantee_coins": REPORTS[0],
    "segregation_audit": REPORTS[0],
    "guarantee_audit": REPORTS[0],
}
"""Kind of attachment -> the report with whose time limit it is due."""
Values = dict[date, Fraction | None]


@dataclass(frozen=True)
class Attached:
    """A file that the firm attaches: kind, name, size in bytes, digest."""

    kind: str
    name: str
    size: int
    digest: str


@dataclass(frozen=True)
class Quarter:
    """The closes that count of a quarter, those before it, and what is attached."""

    first: date
    last: date
    closes: Closes
    attached: Sequence[Attached]

    @property
    def calendar(self) -> Calendar:
        """Whose open days need a close: a house setting of this software (bank days)."""
        return CALENDARS[CALENDAR]

    @property
    def days(self) -> dict[date, Kept]:
        """The closes of the quarter."""
        return self.closes.within(self.first, self.last)

    @property
    def end(self) -> date | None:
        """The day whose close stands for the end: the last day, or the last open day before it."""
        days, on = self.days, self.last
        while on >= self.first:
            if on in days:
                return on
            if self.calendar.is_open(on):
                return None
            on -= timedelta(days=1)
        return None


def quarter_of(last: date) -> date:
    """The first day of the three months that end on `last`."""
    return add_months(last + timedelta(days=1), -MONTHS)


def quarter_document(quarter: Quarter) -> dict[str, Any]:
    """Highs, lows, ends, breaks, findings, days without a close, attachments, what is open."""
    days = quarter.days
    documents = [k.document for k in days.values()]
    some = documents[-1]
    without, closed = missing_days(days, quarter.first, quarter.last, quarter.calendar)
    found = list(_breaks(quarter))
    due = {name: _due(name, quarter.last) for name in REPORTS}
    attachments = [_attachment(kind, quarter.attached, due) for kind in ATTACHMENTS]
    result: dict[str, Any] = {
        "format": "sonae-report-quarter/1",
        "entity": some["venue"]["entity"],
        "on": quarter.last.isoformat(),
        "first": quarter.first.isoformat(),
        "currency": some["venue"]["currency"],
        "assumed": assumed(documents),
        "due": due,
        "closes": [_close(k, quarter.closes) for k in days.values()],
        "days_without_close": [d.isoformat() for d in without],
        "closed_days_without_close": closed,
        "quarter_end": quarter.end.isoformat() if quarter.end else None,
        "totals": {name: _extremes(v, quarter.end) for name, v in _totals(days).items()},
        "lines": {name: _extremes(v, quarter.end) for name, v in _lines(days).items()},
        "assets": [_asset(a, days, quarter.end) for a in _assets(documents)],
        "breaks": [b.as_json() for b in found],
        "findings": over_the_quarter(days, quarter.end),
        "attachments": attachments,
    }
    result["open"] = [o for o in _open(result, found)]
    result["may_be_filed"] = not result["assumed"] and not result["open"]
    return result


def _close(kept: Kept, closes: Closes) -> dict[str, Any]:
    return {
        "on": kept.on.isoformat(),
        "known_at": kept.document["known_at"],
        "sha256": kept.digest,
        "edition": kept.document["edition"]["digest"],
        "superseded": [k.digest for k in closes.superseded if k.on == kept.on],
    }


# -- highs, lows, ends -----------------------------------------------------------------------------


def _extremes(values: Values, end: date | None) -> dict[str, Any]:
    """The lowest and highest with their first day, the end, and days where it is not known."""
    known = {on: v for on, v in values.items() if v is not None}
    unknown = [on.isoformat() for on, v in values.items() if v is None]
    result: dict[str, Any] = {"low": None, "high": None, "end": None, "unknown": unknown}
    if known:
        for name, pick in (("low", min), ("high", max)):
            value = pick(known.values())
            on = next(o for o, v in known.items() if v == value)
            result[name] = {"value": number_text(value), "on": on.isoformat()}
    if end is not None and end in known:
        result["end"] = {"value": number_text(known[end]), "on": end.isoformat()}
    return result


def _totals(days: Mapping[date, Kept]) -> dict[str, Values]:
    """Required, cover and surplus of custody law, and the share outside cold storage."""
    found: dict[str, Values] = {}
    for on, kept in days.items():
        cover = kept.document["cover"]["by_regime"].get("jp")
        picked: dict[str, Fraction | None] = dict.fromkeys(TOTALS)
        if cover is not None:
            picked |= {
                "required": number(cover["required"]),
                "going": number(cover["going_concern"]["total"]),
                "insolvent": number(cover["on_insolvency"]["total"]),
                "surplus": number(cover["surplus"]),
            }
        picked |= _hot(kept.document)
        for name, value in picked.items():
            found.setdefault(name, {})[on] = value
    return found


TOTALS = ("required", "going", "insolvent", "surplus", "hot_share", "hot", "hot_limit")


def _hot(document: Found) -> dict[str, Fraction | None]:
    outputs = document["requirements"].get(HOT)
    if outputs is None:
        return {}
    figures = Figures(document, "en")
    names = {"hot_share": "ratio", "hot": "hot_total_jpy", "hot_limit": "limit_jpy"}
    return {k: figures.number(outputs[v]) if v in outputs else None for k, v in names.items()}


def hot_by_day(quarter: Quarter) -> Values:
    """The share outside cold storage by day."""
    return _totals(quarter.days)["hot_share"]


def totals_by_day(quarter: Quarter) -> dict[str, Values]:
    """Totals of custody law by day, for a chart."""
    return _totals(quarter.days)


def _lines(days: Mapping[date, Kept]) -> dict[str, Values]:
    """`<line>#required`, `#held` and `#shortfall` of each line of custody law."""
    found: dict[str, Values] = {}
    for on, kept in days.items():
        figures = Figures(kept.document, "en")
        for line in kept.document["stack"]:
            for name, key in (
                ("required", "required"),
                ("held", "going_concern"),
                ("shortfall", "shortfall"),
            ):
                found.setdefault(f"{line['key']}#{name}", {})[on] = figures.number(line[key])
    return found


def _assets(documents: Iterable[Found]) -> list[str]:
    return sorted({line["asset"] for d in documents for line in d["reconciliation"]})


def by_asset(days: Mapping[date, Kept], asset: str) -> dict[str, Values]:
    """Owed, held and break of one asset by day, in its whole units."""
    found: dict[str, Values] = {"owed": {}, "held": {}, "break": {}}
    for on, kept in days.items():
        for line in kept.document["reconciliation"]:
            if line["asset"] == asset:
                found["owed"][on] = number(line["owed"])
                found["held"][on] = number(line["held"]["total"])
                found["break"][on] = number(line["break"])
    return found


def _asset(asset: str, days: Mapping[date, Kept], end: date | None) -> dict[str, Any]:
    values = by_asset(days, asset)
    return {"asset": asset, **{k: _extremes(v, end) for k, v in values.items()}}


# -- breaks ----------------------------------------------------------------------------------------


def _breaks(quarter: Quarter) -> Iterator[Spell]:
    """Times at which an asset or a line of custody law was short, those that began before too."""
    every = quarter.closes.until(quarter.last)
    documents = [k.document for k in every.values()]
    fiat = {x["asset"] for d in documents for x in d["reconciliation"] if x["kind"] == "fiat"}
    for asset in _assets(documents):
        if asset not in fiat:
            short = {on: _negative(v) for on, v in by_asset(every, asset)["break"].items()}
            yield from spells("coins", asset, asset, short, every, quarter.first)
            over = {on: _positive(v) for on, v in by_asset(every, asset)["break"].items()}
            yield from spells("excess", asset, asset, over, every, quarter.first)
    for name, values in _lines(every).items():
        line, _, what = name.partition("#")
        if what == "shortfall" and line not in IN_COINS:
            unit = documents[-1]["venue"]["currency"]
            yield from spells(line, line, unit, values, every, quarter.first)


IN_COINS = ("segregation", "stablecoin")
"""Lines of custody law whose shortages are told coin by coin."""


def _negative(value: Fraction | None) -> Fraction | None:
    return None if value is None else max(-value, Fraction(0))


def _positive(value: Fraction | None) -> Fraction | None:
    return None if value is None else max(value, Fraction(0))


# -- what must be attached, by when ----------------------------------------------------------------


def _due(report: str, end: date) -> dict[str, Any]:
    """The time limit of a report on the period, and the open day it moves to (from memory)."""
    figure = due_figure(report, end)
    if isinstance(figure.value, NotComputable):
        return {"due": None, "open_day": None, "reason": figure.value.reason().as_json()}
    assert isinstance(figure.value, date)
    calendar, moved = CALENDARS[FILED], None
    if not calendar.is_open(figure.value):
        moved = calendar.add(figure.value, 1).isoformat()
    return {"due": figure.value.isoformat(), "open_day": moved, "reason": None}


def due_figure(report: str, end: date) -> Figure:
    """The rulebook's answer to when a report on the period that ends on `end` is due."""
    facts = {
        "report": Figure(report, "code", id="fact:report"),
        "period_end": Figure(end, "date", id="fact:period_end"),
    }
    return Edition(end).evaluate("jp.crypto.report_due", facts)["due"]


def _attachment(kind: str, attached: Sequence[Attached], due: Found) -> dict[str, Any]:
    files = [
        {"name": a.name, "bytes": a.size, "sha256": a.digest} for a in attached if a.kind == kind
    ]
    return {"kind": kind, "files": files, "due": due[ATTACHMENTS[kind]]}


def _open(document: Found, breaks: Sequence[Spell]) -> Iterator[dict[str, Any]]:
    """What keeps the report from being filed as it is, or must be looked at first."""

    def one(name: str, message: Text) -> dict[str, Any]:
        return {"name": name, "message": message.as_json()}

    if without := document["days_without_close"]:
        days = Text("、".join(without), ", ".join(without))
        yield one("day-without-close", t("quarter.o_days", n=len(without), days=days))
    if document["quarter_end"] is None:
        yield one("quarter-end-not-closed", t("quarter.o_end", on=document["on"]))
    if lacking := [a["kind"] for a in document["attachments"] if not a["files"]]:
        names = [t(f"quarter.a_{k}") for k in lacking]
        listed = Text("、".join(n.ja for n in names), "; ".join(n.en for n in names))
        yield one("attachment-missing", t("quarter.o_attach", n=len(lacking), names=listed))
    if late := [b for b in breaks if b.late]:
        listed = Text("、".join(b.subject for b in late), ", ".join(b.subject for b in late))
        yield one("break-past-its-clock", t("quarter.o_late", names=listed))
    if document["assumed"]:
        yield one("proposal-assumed", t("quarter.o_assumed", names=", ".join(document["assumed"])))

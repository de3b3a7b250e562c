"""The quarterly report on users' property on paper: what the firm carries over to the form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Any

from sonae.core.canonical import parse_number
from sonae.core.text import Text, same
from sonae.report.filing import (
    Money,
    Two,
    columns,
    currency,
    day,
    finding_name,
    form,
    mark,
    quantity,
    read,
    share,
    t,
)
from sonae.report.filing_charts import Series, days
from sonae.report.paper import Block, Cell, Paper, Picture, Section, Table
from sonae.report.quarter import REPORTS, Quarter, due_figure, totals_by_day
from sonae.report.words import catalogue

Found = Mapping[str, Any]
ENDS = ("low", "high", "end")


def quarter_paper(quarter: Quarter, document: Found, money: Money) -> Paper:
    """The report of a quarter from its document (`quarter_document`)."""
    return Paper(
        t("quarter.title"),
        document["entity"],
        quarter.last,
        _facts(document),
        tuple(
            Section(t(f"quarter.s_{name}", n=n), blocks)
            for n, (name, blocks) in enumerate(_sections(quarter, document, money), 1)
        ),
        mark(bool(document["assumed"])),
    )


def _sections(
    quarter: Quarter, document: Found, money: Money
) -> Iterator[tuple[str, tuple[Block, ...]]]:
    yield "open", _open(document)
    yield "money", _money(quarter, document, money)
    yield "assets", _assets(document)
    yield "breaks", _breaks(quarter, document, money)
    yield "findings", _findings(quarter, document)
    yield "days", _days(document)
    yield "attachments", _attachments(document)
    yield "form", _form(quarter)
    yield "closes", tuple(_closes(document))


def _form(quarter: Quarter) -> tuple[Block, ...]:
    """The words that were read on time limits, and that the form was not."""
    due = [due_figure(report, quarter.last) for report in REPORTS]
    months = [f for d in due for f in d.inputs if f.id.startswith("law:")] or due
    return form(
        [found for figure in months for found in read(figure)],
        t("quarter.form"),
        t("quarter.form_attachments"),
    )


def _facts(document: Found) -> tuple[tuple[Text, Cell], ...]:
    first, last = day(document["first"]), day(document["on"])
    end = document["quarter_end"]
    return (
        (t("filing.period"), t("filing.span", first=first, last=last)),
        (t("filing.currency"), currency(document["currency"])),
        *((t(f"quarter.due_{r}"), _due(document["due"][r])) for r in REPORTS),
        (t("quarter.closes"), t("quarter.n_closes", n=len(document["closes"]))),
        (t("quarter.end_of"), day(end) if end else t("quarter.no_end")),
    )


def _due(due: Found) -> Text:
    if due["due"] is None:
        return Text(**due["reason"])
    found = day(due["due"])
    return t("quarter.moved", due=found, to=day(due["open_day"])) if due["open_day"] else found


def _open(document: Found) -> tuple[Block, ...]:
    if not document["open"]:
        return (t("quarter.nothing_open"),)
    rows = [(str(n), Text(**o["message"])) for n, o in enumerate(document["open"], 1)]
    heads = columns("no", "what", narrow="no")
    return (Table("open", t("quarter.t_open"), heads, rows),)


# -- highs and lows --------------------------------------------------------------------------------


def _ends(found: Found, show: Any) -> list[Cell]:
    """Low, high and end, each with its day."""
    cells: list[Cell] = []
    for name in ENDS:
        one = found[name]
        if one is None:
            cells += [t("value.not_computable"), same("—")]
        else:
            cells += [show(parse_number(one["value"])), day(one["on"])]
    return cells


EXTREMES = ("low", "low_on", "high", "high_on", "end", "end_on")


def _money(quarter: Quarter, document: Found, money: Money) -> tuple[Block, ...]:
    unit = currency(document["currency"])
    heads = columns("item", *EXTREMES[:-1], numbers="low high end")
    rows = []
    for name, found in document["totals"].items():
        show = share if name == "hot_share" else money
        rows.append((t(f"quarter.m_{name}"), *_ends(found, show)[:-1]))
    for name, found in document["lines"].items():
        line, _, what = name.partition("#")
        title = Text(*_line_title(quarter, line))
        label = t(f"quarter.l_{what}")
        both = Text(f"{title.ja}：{label.ja}", f"{title.en}: {label.en}")
        rows.append((both, *_ends(found, money)[:-1]))
    return (
        *_charts(quarter, document),
        Table("totals", t("quarter.t_money", unit=unit), heads, rows, t("quarter.n_money")),
    )


def _line_title(quarter: Quarter, key: str) -> tuple[str, str]:
    for kept in reversed(list(quarter.days.values())):
        for line in kept.document["stack"]:
            if line["key"] == key:
                return line["title"]["ja"], line["title"]["en"][:1].upper() + line["title"]["en"][
                    1:
                ]
    return key, key


def _charts(quarter: Quarter, document: Found) -> Iterator[Picture]:
    """Requirement against cover, and the hot share against its limit, day by day."""
    found = totals_by_day(quarter)
    torn = [date.fromisoformat(d) for d in document["days_without_close"]]

    def series(name: str) -> Series:
        return Series(t(f"quarter.m_{name}"), _known(found[name]))

    drawn = [series(n) for n in ("required", "going", "insolvent")]
    if any(s.points for s in drawn):
        unit = currency(document["currency"])
        alt = t("quarter.alt_money", unit=unit, rows=_said(document, ("required", "going")))
        title = t("quarter.chart_money", unit=unit)
        yield days(drawn, quarter.first, quarter.last, unit, alt, torn, title)
    hot = series("hot_share")
    if hot.points:
        limits = {
            on: limit / whole
            for on, limit in _known(found["hot_limit"]).items()
            if (whole := _whole(found, on))
        }
        lines = [hot, Series(t("quarter.m_limit_share"), limits)]
        alt = t("quarter.alt_hot", rows=_said(document, ("hot_share",)))
        title = t("quarter.chart_hot")
        yield days(lines, quarter.first, quarter.last, None, alt, torn, title)


def _known(values: Mapping[date, Fraction | None]) -> dict[date, Fraction]:
    return {on: v for on, v in values.items() if v is not None}


def _whole(found: Mapping[str, Mapping[date, Fraction | None]], on: date) -> Fraction | None:
    """All customers' crypto of a day: what is hot over its share."""
    hot, part = found["hot"].get(on), found["hot_share"].get(on)
    return hot / part if hot and part else None


def _said(document: Found, names: Sequence[str]) -> Text:
    """Lowest and highest in words, for who does not see the chart."""
    said = []
    for name in names:
        found, label = document["totals"][name], t(f"quarter.m_{name}")
        if found["low"] is None:
            continue
        show = share if name == "hot_share" else Money()
        low, high = (show(parse_number(found[k]["value"])).shown for k in ("low", "high"))
        said.append(t("quarter.between", name=label, low=low, high=high))
    return Text("。".join(s.ja for s in said), "; ".join(s.en for s in said))


def _assets(document: Found) -> tuple[Block, ...]:
    heads = columns("asset", *EXTREMES[:-1], numbers="low high end")
    blocks: list[Block] = []
    for name in ("owed", "held", "break"):
        rows = [(a["asset"], *_ends(a[name], quantity)[:-1]) for a in document["assets"]]
        blocks.append(Table(name, t(f"quarter.t_{name}"), heads, rows))
    return (t("quarter.assets"), *blocks)


# -- breaks and findings ---------------------------------------------------------------------------


def _breaks(quarter: Quarter, document: Found, money: Money) -> tuple[Block, ...]:
    if not document["breaks"]:
        return (t("quarter.no_breaks"),)
    rows = []
    for b in document["breaks"]:
        most = parse_number(b["most"])
        coins = b["kind"] in ("coins", "excess")
        shown = quantity(most) if coins else money(most)
        rows.append((
            catalogue().get(f"quarter.b_{b['kind']}") or Text(*_line_title(quarter, b["kind"])),
            b["subject"] if coins else same("—"),
            day(b["first"]),
            day(b["cured"]) if b["cured"] else t("quarter.not_cured", on=day(b["last"])),
            f"{b['business_days']:,}" + ("+" if b["gap"] else ""),
            shown,
            b["unit"] if coins else currency(b["unit"]),
            day(b["due"]) if b["due"] else same("—"),
            _in_time(b),
        ))  # fmt: skip
    heads = columns(
        *("kind", "asset", "since", "until", "open_days", "most", "unit", "due", "in_time"),
        numbers="open_days most",
        narrow="asset unit since until",
    )
    return (Table("breaks", t("quarter.t_breaks"), heads, rows, t("quarter.n_breaks")),)


def _in_time(found: Found) -> Text:
    if found["due"] is None:
        return t("quarter.time_none")
    if found["late"]:
        return t("quarter.time_late")
    if found["cured"] is None:
        return t("quarter.time_running")
    return t("quarter.time_met" if found["cured"] <= found["due"] else "quarter.time_unknown")


def _findings(quarter: Quarter, document: Found) -> tuple[Block, ...]:
    if not document["findings"]:
        return (t("close_paper.no_findings"),)
    two = Two(next(reversed(quarter.days.values())).document)
    rows = [
        (
            t(f"severity.{f['severity']}"),
            finding_name(f["name"]),
            two.subject(f["subject"]),
            day(f["first"]),
            day(f["last"]),
            f"{f['closes']:,}",
            t("quarter.yes" if f["at_end"] else "quarter.no"),
        )
        for f in document["findings"]
    ]
    heads = columns(
        *("severity", "finding", "subject", "since", "last_seen", "closes", "at_end"),
        numbers="closes",
    )
    return (Table("findings", t("quarter.t_findings"), heads, rows),)


# -- days, attachments, closes ---------------------------------------------------------------------


def _days(document: Found) -> tuple[Block, ...]:
    without, closed = document["days_without_close"], document["closed_days_without_close"]
    head = t("quarter.days", n=len(document["closes"]), closed=closed)
    if not without:
        return (head, t("quarter.days_all"))
    rows = [(day(d), t(f"quarter.weekday_{date.fromisoformat(d).weekday()}")) for d in without]
    heads = columns("day", "weekday", narrow="weekday")
    return (head, Table("days without a close", t("quarter.t_days", n=len(without)), heads, rows))


def _attachments(document: Found) -> tuple[Block, ...]:
    rows: list[tuple[Cell, ...]] = []
    digests = []
    for a in document["attachments"]:
        title = t(f"quarter.a_{a['kind']}")
        if not a["files"]:
            rows.append((title, t("quarter.missing"), same("—"), _due(a["due"])))
        rows += [(title, f["name"], f"{f['bytes']:,}", _due(a["due"])) for f in a["files"]]
        digests += [(f["name"], f["sha256"]) for f in a["files"]]
    heads = columns("attachment", "file", "bytes", "by", numbers="bytes")
    note = t("quarter.n_attachments")
    blocks: list[Block] = [Table("attachments", t("quarter.t_attachments"), heads, rows)]
    if digests:
        title = t("quarter.t_digests")
        blocks.append(Table("attached files", title, columns("file", "digest"), digests, note))
    return tuple(blocks)


def _closes(document: Found) -> Iterator[Table]:
    """Every close by digest, and those that were superseded."""
    rows = [(c["on"], _minute(c["known_at"]), c["sha256"]) for c in document["closes"]]
    heads = columns("day", "known_at", "digest", narrow="known_at")
    yield Table("closes", t("quarter.t_closes"), heads, rows, t("quarter.n_closes_table"))
    former = [(c["on"], d) for c in document["closes"] for d in c["superseded"]]
    if former:
        heads = columns("day", "digest")
        yield Table("superseded closes", t("quarter.t_superseded"), heads, former)


def _minute(instant: str) -> str:
    """An instant to the minute, with its offset."""
    return f"{instant[:10]} {instant[11:16]} {instant[19:]}"

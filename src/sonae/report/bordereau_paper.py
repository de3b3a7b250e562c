"""The insurer's exposure list on paper, and with every day and asset as a workbook."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from sonae.core.canonical import parse_number
from sonae.core.text import Text, same
from sonae.report.bordereau import TIERS
from sonae.report.filing import (
    Money,
    columns,
    currency,
    day,
    known,
    mark,
    quantity,
    share,
    t,
)
from sonae.report.filing_charts import Bar, Series, bars, days
from sonae.report.paper import Block, Cell, Paper, Picture, Section, Table

Found = Mapping[str, Any]
NAMED = "not named"


def bordereau_paper(document: Found, money: Money, *, every_day: bool = False) -> Paper:
    """The list from its document; parts and assets of the last day, or of `every_day`."""
    return Paper(
        t("bordereau.title"),
        document["entity"],
        date.fromisoformat(document["on"]),
        _facts(document),
        tuple(
            Section(t(f"bordereau.s_{name}", n=n), blocks)
            for n, (name, blocks) in enumerate(_sections(document, money, every_day), 1)
        ),
        mark(bool(document["assumed"])),
        wide=True,
    )


def _sections(
    document: Found, money: Money, every_day: bool
) -> Iterator[tuple[str, tuple[Block, ...]]]:
    yield "days", (*_open(document), *_charts(document, money), _by_day(document, money))
    picked = document["days"] if every_day else document["days"][-1:]
    yield "parts", (_parts(picked, money, document), _assets(picked, money, document))
    yield "own", _own(picked, money, document)
    yield "basis", (t("bordereau.basis"), t("bordereau.form"))
    yield "closes", (_closes(document),)


def _facts(document: Found) -> tuple[tuple[Text, Cell], ...]:
    first, last = day(document["first"]), day(document["on"])
    return (
        (t("filing.period"), t("filing.span", first=first, last=last)),
        (t("filing.currency"), currency(document["currency"])),
        (t("quarter.closes"), t("quarter.n_closes", n=len(document["days"]))),
    )


def _open(document: Found) -> Iterator[Table]:
    if rows := [(Text(**o["message"]),) for o in document["open"]]:
        yield Table("open", t("bordereau.t_open"), columns("what"), rows)


def _worth(value: str | None, money: Money) -> Cell:
    return t("value.not_computable") if value is None else money(parse_number(value))


def _domain(name: str) -> Text:
    return t("exposure.unnamed") if name == NAMED else same(name)


# -- by day ----------------------------------------------------------------------------------------


def _by_day(document: Found, money: Money) -> Table:
    rows = []
    for d in document["days"]:
        tiers = [_worth(d["tiers"][x], money) if x in d["tiers"] else "0" for x in TIERS[:3]]
        top = d["largest"]
        named = (same("—"), same("—"), same("—"))
        if top is not None:
            named = (
                _domain(top["domain"]),
                _worth(top["value"], money),
                share(parse_number(top["share"])),
            )  # type: ignore[assignment]
        if not d["given"]:
            tiers = [t("value.not_computable")] * 3
        rows.append((day(d["on"]), _worth(d["total"], money), *tiers, *named))
    keys = ("day", "whole", "hot", "other", "cold", "largest", "largest_value", "part")
    heads = columns(
        *keys,
        numbers="whole hot other cold largest_value part",
        unit=currency(document["currency"]),
    )
    unit = currency(document["currency"])
    return Table("days", t("bordereau.t_days", unit=unit), heads, rows, t("bordereau.n_days"))


def _charts(document: Found, money: Money) -> Iterator[Picture]:
    unit, shown = currency(document["currency"]), document["days"]
    last = shown[-1]
    if len(shown) > 1:
        first, end = (date.fromisoformat(document[k]) for k in ("first", "on"))

        def series(name: Text, pick: Any) -> Series:
            found = {date.fromisoformat(d["on"]): pick(d) for d in shown}
            return Series(name, {k: parse_number(v) for k, v in found.items() if v is not None})

        lines = [
            series(t("filing_column.whole"), lambda d: d["total"]),
            series(t("bordereau.largest"), lambda d: (d["largest"] or {}).get("value")),
            series(t("bordereau.tier_hot"), lambda d: d["tiers"].get("hot")),
        ]
        torn = [date.fromisoformat(d) for d in document["days_without_close"]]
        alt = t("bordereau.alt_days", unit=unit, n=len(shown))
        title = t("bordereau.chart_days", unit=unit)
        yield days(lines, first, end, unit, alt, torn, title)
        return
    fills = {"hot": "failed", "other": "required", "cold": "cover", "tier_not_public": "required"}
    drawn = [
        Bar(t(f"bordereau.tier_{x}"), fills[x], parse_number(v), money(parse_number(v)).shown)
        for x, v in last["tiers"].items()
        if v is not None
    ]
    if drawn:
        said = [Text(*(f"{b.name.lang(x)} {b.says.lang(x)}" for x in ("ja", "en"))) for b in drawn]
        rows = Text("、".join(s.ja for s in said), ", ".join(s.en for s in said))
        alt = t("bordereau.alt_tiers", unit=unit, rows=rows)
        yield bars([(day(last["on"]), drawn)], alt, t("bordereau.chart_tiers", unit=unit))


# -- parts and assets ------------------------------------------------------------------------------


def _parts(picked: list[Found], money: Money, document: Found) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for d in picked:
        whole = None if d["total"] is None else parse_number(d["total"])
        for p in d["parts"]:
            part: Cell = same("—")
            if whole and p["value"] is not None:
                part = share(parse_number(p["value"]) / whole)
            tier = t(f"bordereau.tier_{p['tier']}")
            rows.append((d["on"], tier, _domain(p["domain"]), _worth(p["value"], money), part))
    heads = columns(
        *("day", "tier", "domain", "worth", "part"),
        numbers="worth part",
        unit=currency(document["currency"]),
    )
    return Table("parts", t("bordereau.t_parts"), heads, rows)


def _assets(picked: list[Found], money: Money, document: Found) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for d in picked:
        for p in d["parts"]:
            for asset, held in p["assets"].items():
                price = held["price"]
                rows.append((
                    d["on"],
                    t(f"bordereau.tier_{p['tier']}"),
                    _domain(p["domain"]),
                    asset,
                    t("value.not_computable") if held["quantity"] is None
                    else quantity(parse_number(held["quantity"])),
                    t("value.not_computable") if price is None else quantity(parse_number(price)),
                    _worth(held["value"], money),
                ))  # fmt: skip
    unit = currency(document["currency"])
    heads = columns(
        *("day", "tier", "domain", "asset", "quantity", "price", "worth"),
        numbers="quantity price worth",
        unit=unit,
        currency=unit,
    )
    return Table("assets", t("bordereau.t_assets"), heads, rows)


def _own(picked: list[Found], money: Money, document: Found) -> tuple[Block, ...]:
    rows = [
        (
            d["on"],
            known(f"bordereau.own_{o['owner']}", o["owner"]),
            o["asset"],
            quantity(parse_number(o["quantity"])),
            _worth(o["value"], money),
        )
        for d in picked
        for o in d["own"]
    ]
    if not rows:
        return (t("bordereau.no_own"),)
    heads = columns(
        *("day", "kind", "asset", "quantity", "worth"),
        numbers="quantity worth",
        unit=currency(document["currency"]),
    )
    return (Table("own coins", t("bordereau.t_own"), heads, rows),)


def _closes(document: Found) -> Table:
    rows = [(d["on"], d["sha256"]) for d in document["days"]]
    return Table("closes", t("quarter.t_closes"), columns("day", "digest"), rows)

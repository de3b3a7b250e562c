"""What was read off the Books, as figures: each knows its table, filter, rows and digest."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from datetime import timedelta
from fractions import Fraction
from functools import cache
from importlib import resources
from typing import Any

from sonae.books.read import Books
from sonae.books.schema import VOLUME_ITEMS
from sonae.books.venue import SourceNote
from sonae.core.calendar import add_months
from sonae.core.errors import InputError, Problem
from sonae.core.figure import CONFIDENCES, Figure, Range, Source, Value, in_order, missing
from sonae.core.formula import table
from sonae.core.text import Text

SECURITIES_ITEMS = VOLUME_ITEMS[1:]
YEARS_BEFORE = 2
YEAR = 12


class Facts:
    """Figures read off one Books."""

    def __init__(self, books: Books, reserve: Sequence[Mapping[str, Any]] | None = None) -> None:
        """`reserve`: what the reserve ledger says it holds, where the close is given one."""
        self.books, self.reserve = books, reserve

    def leaf(
        self,
        key: str,
        value: Value,
        unit: str,
        table: str,
        where: str,
        rows: int,
        label: Text | None = None,
    ) -> Figure:
        """A fact with its source; marks and named assumptions come from `venue.toml` sources."""
        notes = [s for s in self.books.venue.sources if _about(s, table, where)]
        marks = [n.confidence for n in notes]
        return Figure(
            value,
            unit,
            id=f"fact:{key}",
            label=label,
            confidence=max(marks, key=CONFIDENCES.index, default="derived"),
            source=Source(table, where, rows, self.books.digests.get(table, "")),
            assumptions=in_order(n.assumption for n in notes if n.filled),
        )

    def absent(self, key: str, unit: str, what: Text) -> Figure:
        """A fact that the Books do not hold."""
        return missing(key, what, unit)

    # -- financial statements ------------------------------------------------------------

    def financial(self, item: str) -> Figure:
        """The newest amount of a financial item on or before the cut-off day."""
        home, on = self.books.venue.currency, self.books.venue.on
        key = f"{item}_{home.lower()}"
        rows = [
            r for r in self.books.table("financials") or [] if r["item"] == item and r["on"] <= on
        ]
        if not rows:
            words = Text(
                f"financials に{on}以前の「{item}」がない",
                f"financials has no {item} on or before {on}",
            )
            return self.absent(key, home, words)
        newest = max(rows, key=lambda r: r["on"])
        where = f"item = {item}, on = {newest['on']}"
        return self.leaf(key, newest["amount"], home, "financials", where, 1)

    # -- volumes by fiscal year ----------------------------------------------------------

    def securities_volumes(self) -> Figure:
        """`volumes_oldest_to_current_fy`: securities items per fiscal year in the window."""
        return self._years("volumes_oldest_to_current_fy", SECURITIES_ITEMS)

    def crypto_traded_value(self) -> Figure:
        """`crypto_traded_value_by_fy`: one amount per fiscal year in the window."""
        years = self._years("crypto_traded_value_by_fy", ("crypto_traded_value",))
        if not years.computable:
            return years
        values = tuple(y.rows()["crypto_traded_value"] for y in years.items())
        return Figure(
            values,
            "table",
            id=years.id,
            inputs=values,
            source=years.source,
            confidence=years.confidence,
            assumptions=years.assumptions,
        )

    def _years(self, key: str, items: Sequence[str]) -> Figure:
        """The current fiscal year and every year that began within two years before it."""
        if (home := self.books.venue.currency) != "JPY":
            words = Text(
                f"取引量（volumes）は{home}建てであり、年度を通じた円の額は分からない",
                f"volumes is in {home}; what it came to in yen over a year is not known",
            )
            return self.absent(key, "table", words)
        current = self.books.venue.fiscal_year(self.books.venue.on)
        first = current.replace(year=current.year - YEARS_BEFORE)
        rows = [
            r
            for r in self.books.table("volumes") or []
            if r["item"] in items and first <= r["fiscal_year_start"] <= current
        ]
        if not any(r["fiscal_year_start"] == current for r in rows):
            words = Text(
                f"volumes に{current}からの事業年度の取引量がない",
                f"volumes has no traded value for the fiscal year from {current}",
            )
            return self.absent(key, "table", words)
        starts = sorted({r["fiscal_year_start"] for r in rows})
        years = []
        for start in starts:
            where = f"fiscal_year_start = {start}"
            cells = {
                r["item"]: self.leaf(
                    f"volumes/{start}/{r['item']}", _amount(r), "JPY", "volumes", where, 1
                )
                for r in rows
                if r["fiscal_year_start"] == start
            }
            begins = {"starts_on": Figure(start, "date", id=f"fact:volumes/{start}/starts_on")}
            years.append(table({**begins, **cells}).named(f"fact:volumes/{start}"))
        whole = self.leaf(key, tuple(years), "table", "volumes", f"from {first}", len(rows))
        return Figure(
            whole.value,
            "table",
            id=whole.id,
            inputs=tuple(years),
            source=whole.source,
            confidence=whole.confidence,
            assumptions=whole.assumptions,
        )

    # -- a year of prices ----------------------------------------------------------------

    def average_price(self, asset: str, currency: str) -> Figure:
        """The mean of the daily prices of the year to the end of the month before the cut-off.

        Every day of the year must be there; nothing is filled in.
        """
        on = self.books.venue.on
        last = on.replace(day=1) - timedelta(days=1)
        first = add_months(last, -YEAR) + timedelta(days=1)
        rows = [
            r
            for r in self.books.table("history") or []
            if r["asset"] == asset and r["currency"] == currency and first <= r["on"] <= last
        ]
        days = (last - first).days + 1
        key, where = f"history/{asset}/{currency}/average", f"{first} to {last}"
        if len(rows) != days:
            words = Text(
                f"history の{asset}（{currency}、{where}）の日次価格が"
                f"{days}日分中{len(rows)}日分しかない",
                f"history has {len(rows)} of {days} daily prices of {asset} ({currency}, {where})",
            )
            return self.absent(key, f"{currency}/coin", words)
        mean = sum((r["price"] for r in rows), Fraction(0)) / days
        filter_ = f"asset = {asset}, currency = {currency}, on from {where}, mean"
        return self.leaf(key, mean, f"{currency}/coin", "history", filter_, days)

    # -- the loss in question ------------------------------------------------------------

    def loss_in_question(self) -> Figure:
        """The yen loss of the incident that `venue.toml` names, from the shipped list."""
        id = self.books.venue.incident
        if id is None:
            words = Text("venue.toml に incident がない", "venue.toml names no incident")
            return self.absent("loss_in_question_jpy", "JPY", words)
        row = incidents().get(id)
        if row is None or not row["loss_jpy_at_time"]:
            words = Text(
                f"事故「{id}」の円換算損失がない", f"no yen loss is known for incident {id}"
            )
            raise InputError([Problem("unknown-incident", "venue", words, "venue.toml", key=id)])
        marks = {"high": "secondary", "medium": "secondary", "low": "memory"}
        return Figure(
            Fraction(row["loss_jpy_at_time"]),
            "JPY",
            id="fact:loss_in_question_jpy",
            label=Text(f"当該損失（{id}）", f"the loss in question ({id})"),
            confidence=marks[row["confidence"]],  # type: ignore[arg-type]
            source=Source("incidents.csv", f"id = {id}", 1, _incidents_digest()),
        )


def _about(note: SourceNote, table: str, where: str) -> bool:
    """True where a source note is about a fact read from `table` by the filter `where`."""
    if note.table != table and not note.table.startswith(f"{table}."):
        return False
    return note.asset is None or f"asset = {note.asset}," in f"{where},"


def _amount(row: dict[str, object]) -> Value:
    """An exact amount, or a range where only an upper bound is public."""
    low, high = row["amount"], row["amount_at_most"]
    assert isinstance(low, Fraction)
    return Range(low, high) if isinstance(high, Fraction) and high != low else low


def _incidents_file() -> str:
    return resources.files("sonae.data").joinpath("incidents.csv").read_text("utf-8")


@cache
def _incidents_digest() -> str:
    import hashlib

    return hashlib.sha256(_incidents_file().encode()).hexdigest()


@cache
def incidents() -> dict[str, dict[str, str]]:
    """The shipped loss events by id, as text; every row names its source and confidence."""
    return {row["id"]: row for row in csv.DictReader(_incidents_file().splitlines())}

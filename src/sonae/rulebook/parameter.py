"""A topic of law as data: instruments, dated parameters with the law's own words, what is left out.

The form is design section 8. Numbers are read exactly and stay as the law states them; a unit such
as `per_10000` says how. No value in force on a day is an answer (not computable), never a zero;
two values in force on a day are an error when the topic is loaded.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

from sonae.core.citation import Citation
from sonae.core.errors import RulebookError
from sonae.core.figure import (
    CONFIDENCES,
    STANDINGS,
    Confidence,
    Figure,
    Missing,
    NotComputable,
)
from sonae.core.text import Text

SCALES = {"per_10000": 10_000, "per_100000": 100_000, "per_1000000": 1_000_000}
WORDED = ("code", "clock")
STATUSES = (*STANDINGS, "withdrawn")


@dataclass(frozen=True, slots=True)
class Instrument:
    """A law, order or guideline by its own name and number."""

    key: str
    name: Text
    number: str
    source: str


@dataclass(frozen=True, slots=True)
class Dated:
    """One value with its first day, marks and words.

    `start` is the first day in force, or the day from which it is attested where no first day is
    known; `read` the day of the state of the law that was read.
    """

    start: date
    attested: bool
    until: date | None
    value: Any
    cites: Citation
    status: str
    confidence: Confidence
    start_confidence: Confidence
    read: date
    note: Text | None

    def confidence_on(self, day: date) -> Confidence:
        """The mark on `day`: before the text was read, the weaker of value and first day."""
        if day >= self.read:
            return self.confidence
        return max(self.confidence, self.start_confidence, key=CONFIDENCES.index)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number of law and its dated values, oldest first."""

    topic: str
    key: str
    title: Text
    unit: str
    values: tuple[Dated, ...]

    def on(self, day: date) -> Dated | None:
        """The value in force on `day`.

        Of something that has never been in force, such as a regime to come, the newest value that
        was enacted or proposed by then; its figure carries that standing.
        """
        started = [v for v in self._answering() if v.start <= day]
        if not started or (started[-1].until and day > started[-1].until):
            return None
        return started[-1]

    def _answering(self) -> list[Dated]:
        in_force = [v for v in self.values if v.status == "in_force"]
        return in_force or [v for v in self.values if v.status in STANDINGS]

    def figure(self, day: date) -> Figure:
        """The value in force on `day` as a figure, or not computable with the first day named."""
        found = self.on(day)
        if found is None:
            return self._absent(day)
        return self.as_figure(found, day)

    def as_figure(self, dated: Dated, day: date) -> Figure:
        """A figure (or table of figures) of one dated value."""
        marks = {
            "cites": (dated.cites,),
            "standing": dated.status if dated.status in STANDINGS else "proposed",
            "confidence": dated.confidence_on(day),
        }
        id = f"law:{self.topic}/{self.key}"
        if isinstance(dated.value, Mapping):
            rows = {
                k: _plain(f"{id}/{k}", self.title, self.unit, v, marks)
                for k, v in dated.value.items()
            }
            return Figure(rows, "table", id=id, label=self.title, **marks)  # type: ignore[arg-type]
        return _plain(id, self.title, self.unit, dated.value, marks)

    def _absent(self, day: date) -> Figure:
        first = next(iter(self._answering()), None)
        provision = first.cites.text() if first else Text("", "")
        since = first.start.isoformat() if first else "-"
        reason = Text(
            f"「{self.title.ja}」は{day}時点の値がない（{provision.ja}、{since}以降）",
            f"no value of “{self.title.en}” is known for {day} ({provision.en}; from {since})",
        )
        return Figure(
            NotComputable((Missing(f"{self.topic}/{self.key}", reason),)),
            "ratio" if self.unit in SCALES else self.unit,
            id=f"law:{self.topic}/{self.key}",
            label=self.title,
            cites=(first.cites,) if first else (),
        )


@dataclass(frozen=True, slots=True)
class Unmodelled:
    """A provision that the code does not express, and why."""

    provision: Citation
    reason: Text


@dataclass(frozen=True, slots=True)
class Topic:
    """One file of law."""

    id: str
    title: Text
    instruments: Mapping[str, Instrument]
    parameters: Mapping[str, Parameter]
    citations: Mapping[str, Citation]
    unmodelled: tuple[Unmodelled, ...]

    def cite(self, reference: str) -> Citation:
        """The citation for `"<instrument> <provision>"`, with the words quoted in the topic."""
        return self.citations.get(reference) or citation(self.instruments, reference, self.id)


def _plain(id: str, title: Text, unit: str, stated: Any, marks: Mapping[str, Any]) -> Figure:
    if unit in SCALES:
        number = exact(stated)
        formula = f"{stated} / {SCALES[unit]:,}"
        return Figure(number / SCALES[unit], "ratio", id=id, label=title, formula=formula, **marks)
    value = stated if unit in WORDED else exact(stated)
    formula = str(stated) if "/" in str(stated) else ""
    return Figure(value, unit, id=id, label=title, formula=formula, **marks)


def exact(stated: Any) -> Fraction:
    """A number of a TOML file, as stated: 5, 0.05 or "5/100"."""
    if isinstance(stated, bool) or not isinstance(stated, int | Decimal | str):
        raise RulebookError(f"{stated!r} is not an exact number; write 5, 0.05 or '5/100'")
    try:
        return Fraction(stated)
    except (ValueError, ZeroDivisionError, OverflowError) as error:
        raise RulebookError(f"{stated!r} is not an exact number") from error


# -- reading ------------------------------------------------------------------------------


def load_topic(text: str, file: str) -> Topic:
    """A topic from TOML text; a RulebookError names file, parameter and remedy."""
    try:
        raw = tomllib.loads(text, parse_float=Decimal)
        return _topic(raw)
    except KeyError as error:
        raise RulebookError(f"{file}: {error} is required") from error
    except (ValueError, TypeError, RulebookError) as error:
        raise RulebookError(f"{file}: {error}") from error


def _topic(raw: Mapping[str, Any]) -> Topic:
    head = raw["topic"]
    instruments = {k: _instrument(k, v) for k, v in raw.get("instrument", {}).items()}
    citations = {
        q["cites"]: citation(instruments, q["cites"], head["id"], q) for q in raw.get("quote", [])
    }
    parameters = {
        key: _parameter(head, key, value, instruments)
        for key, value in raw.get("parameter", {}).items()
    }
    left_out = tuple(
        Unmodelled(citation(instruments, u["provision"], head["id"], u), text_of(u["reason"]))
        for u in raw.get("unmodelled", [])
    )
    return Topic(head["id"], text_of(head["title"]), instruments, parameters, citations, left_out)


def _instrument(key: str, raw: Mapping[str, Any]) -> Instrument:
    return Instrument(key, text_of(raw["name"]), raw.get("number", ""), raw.get("source", ""))


def _parameter(
    head: Mapping[str, Any],
    key: str,
    raw: Mapping[str, Any],
    instruments: Mapping[str, Instrument],
) -> Parameter:
    values = tuple(
        sorted((_dated(head, key, v, instruments) for v in raw["value"]), key=lambda v: v.start)
    )
    in_force = [v for v in values if v.status == "in_force"]
    for earlier, later in pairwise(in_force):
        if earlier.start == later.start or (earlier.until and earlier.until >= later.start):
            raise RulebookError(f"{key}: two values in force on {later.start}")
    return Parameter(head["id"], key, text_of(raw["title"]), raw["unit"], values)


def _dated(
    head: Mapping[str, Any],
    key: str,
    raw: Mapping[str, Any],
    instruments: Mapping[str, Instrument],
) -> Dated:
    if ("from" in raw) == ("attested_from" in raw):
        raise RulebookError(f"{key}: give either from or attested_from")
    if raw["status"] not in STATUSES or raw["confidence"] not in CONFIDENCES:
        raise RulebookError(f"{key}: unknown status or confidence")
    attested = "attested_from" in raw
    return Dated(
        start=raw["attested_from"] if attested else raw["from"],
        attested=attested,
        until=raw.get("until"),
        value=raw["value"],
        cites=citation(instruments, raw["cites"], head["id"], raw),
        status=raw["status"],
        confidence=raw["confidence"],
        start_confidence=raw.get("from_confidence", raw["confidence"]),
        read=raw.get("read", head["read"]),
        note=text_of(raw["note"]) if "note" in raw else None,
    )


def text_of(raw: Any) -> Text:
    """A Text from `{ ja = ..., en = ... }`; both languages are required."""
    if not isinstance(raw, Mapping) or not raw.get("ja") or not raw.get("en"):
        raise RulebookError(f"{raw!r}: both ja and en are required")
    return Text(raw["ja"], raw["en"])


def citation(
    instruments: Mapping[str, Instrument],
    reference: str,
    topic: str,
    raw: Mapping[str, Any] | None = None,
) -> Citation:
    """A citation from `"<instrument> <provision>"` and the words beside it."""
    key, _, provision = reference.partition(" ")
    if key not in instruments or not provision:
        raise RulebookError(f"{topic}: {reference!r} names no declared instrument and provision")
    instrument = instruments[key]
    raw = raw or {}
    return Citation(
        instrument=instrument.name,
        provision=provision_text(provision),
        says=raw.get("says", ""),
        source=raw.get("source", instrument.source),
        checked=raw.get("checked"),
        checked_by=raw.get("checked_by", ""),
    )


_ROMAN = {"i": 1, "v": 5, "x": 10}
_PARTS = {
    "Annex": "附属書{}",
    "Chapter": "第{}章",
    "Part": "第{}部",
    "Rule": "規則{}",
    "Schedule": "別表{}",
    "para": "パラグラフ{}",
    "s.": "第{}条",
}


def provision_text(reference: str) -> Text:
    """`63-11-2(1)(iii)` in the statute's own way of citing.

    >>> provision_text("63-11-2(1)(iii)").ja
    '第63条の11の2第1項第3号'
    >>> provision_text("Annex IV").ja
    '附属書IV'
    """
    word, _, number = reference.partition(" ")
    if word in _PARTS and number:
        return Text(_PARTS[word].format(number), reference)
    match = re.fullmatch(r"(\d+(?:-\d+)*)((?:\([^)]+\))*)(.*)", reference)
    if not match:
        return Text(f" {reference}", reference)
    article, marks, rest = match.groups()
    number, *branches = article.split("-")
    ja = f"第{number}条" + "".join(f"の{b}" for b in branches)
    for mark in re.findall(r"\(([^)]+)\)", marks):
        if mark.isdigit():
            ja += f"第{mark}項"
        elif set(mark) <= set(_ROMAN):
            ja += f"第{_roman(mark)}号"
        else:
            ja += f"({mark})" if mark.isascii() else mark
    return Text(ja + rest, f"Art. {reference}")


def _roman(mark: str) -> int:
    values = [_ROMAN[c] for c in mark]
    pairs = zip(values, [*values[1:], 0], strict=True)
    return sum(-v if v < after else v for v, after in pairs)

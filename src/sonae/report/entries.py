"""The register: each figure with formula, inputs, provisions, data and assumptions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sonae.core.canonical import parse_number
from sonae.core.display import exact
from sonae.report.figures import Entry, Figures
from sonae.report.rules import table_rows
from sonae.report.sources import Assumptions
from sonae.report.titles import Provision, Titles


@dataclass(frozen=True, slots=True)
class Link:
    """A figure named inside the entry of another."""

    name: str
    number: int
    text: str


@dataclass(frozen=True, slots=True)
class EntryView:
    """One figure, opened."""

    number: int
    id: str
    label: str
    value: str
    exact: str
    standing: str
    confidence: str
    formula: str
    inputs: Sequence[Link]
    rows: Sequence[Link]
    provisions: Sequence[Provision]
    source: dict[str, Any] | None
    rows_read: str
    assumptions: Sequence[int]
    reason: str
    missing: Sequence[str]
    constant: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Entries of one kind."""

    title: str
    entries: Sequence[EntryView]


def groups(figures: Figures, titles: Titles, assumptions: Assumptions) -> list[Group]:
    """All entries, in the order of their numbers."""
    return [
        Group(
            figures.words(f"entries.group_{name}"),
            [_entry(figures, titles, assumptions, figures.entries[id]) for id in ids],
        )
        for name, ids in figures.groups.items()
        if ids
    ]


def _entry(figures: Figures, titles: Titles, assumptions: Assumptions, entry: Entry) -> EntryView:
    id, kind = entry["id"], entry["kind"]
    text = figures.text(id, full=True)
    if kind in ("number", "range"):
        text = figures.with_unit(text, id)
    rows = table_rows(figures, id) if kind == "table" else []
    listed = {i for _, i in rows}
    below = [i for i in dict.fromkeys(entry["from"]) if i not in listed]
    source = entry.get("source")
    return EntryView(
        number=figures.numbers[id],
        id=id,
        label=figures.label(id) if entry["label"] else "",
        value=text,
        exact=_exact(entry),
        standing=entry["standing"],
        confidence=entry["confidence"],
        formula=entry["formula"] if entry["from"] else "",
        inputs=[_link(figures, figures.label(i), i) for i in below],
        rows=[_link(figures, key, i) for key, i in rows],
        provisions=[titles.provision(key) for key in entry["cites"]],
        source=source,
        rows_read=f"{source['rows']:,}" if source else "",
        assumptions=sorted(assumptions.number(a) for a in entry["assumptions"]),
        reason=figures.reason(id) if kind == "not_computable" else "",
        missing=entry.get("missing", ()),
        constant=not entry["from"] and not source and entry["formula"] == entry["value"],
    )


def _exact(entry: Entry) -> str:
    """The exact value where the one shown is rounded, or a share shown in per cent."""
    if entry["kind"] != "number":
        return ""
    value: str = entry["value"]
    if "/" in value:
        return value
    return exact(parse_number(value)) if entry["unit"] == "ratio" else ""


def _link(figures: Figures, name: str, id: str) -> Link:
    text = figures.text(id)
    if figures.entries[id]["kind"] in ("number", "range"):
        text = figures.with_unit(text, id)
    return Link(name, figures.numbers[id], text)

"""Requirements rule by rule, tests passed and failed, and what could not be computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sonae.report.figures import Cell, Figures, Reasons
from sonae.report.titles import Provision, Titles


@dataclass(frozen=True, slots=True)
class Output:
    """One output of a rule; `rows` where it is a table."""

    label: str
    name: str
    cell: Cell
    provisions: Sequence[int]
    rows: Sequence[tuple[str, Cell]]


@dataclass(frozen=True, slots=True)
class RuleView:
    """A rule with its outputs and the words of law that they answer to."""

    id: str
    title: str
    draft: bool
    outputs: Sequence[Output]
    provisions: Sequence[Provision]
    reasons: Reasons


@dataclass(frozen=True, slots=True)
class Test:
    """A test that could be computed."""

    rule: str
    label: str
    cell: Cell
    passed: bool


@dataclass(frozen=True, slots=True)
class Gap:
    """Outputs of one rule that are not computable, by reason."""

    rule: str
    count: int
    reasons: Sequence[tuple[str, Sequence[tuple[str, Cell]]]]


def rules(figures: Figures, titles: Titles) -> list[RuleView]:
    """Every rule of the document, in its order."""
    views = []
    for rule, outputs in figures.document["requirements"].items():
        reasons = Reasons()
        shown = [_output(figures, titles, name, id, reasons) for name, id in outputs.items()]
        provisions = [titles.provision(key) for key in titles.cites(rule)]
        views.append(
            RuleView(rule, titles.rule(rule), titles.is_draft(rule), shown, provisions, reasons)
        )
    return views


def _output(figures: Figures, titles: Titles, name: str, id: str, reasons: Reasons) -> Output:
    entry = figures.entries[id]
    rows: list[tuple[str, Cell]] = []
    if entry["kind"] == "table":
        rows = [(key, figures.cell(i, reasons, unit=True)) for key, i in table_rows(figures, id)]
    numbers = [titles.numbers[key] for key in entry["cites"]]
    return Output(figures.label(id), name, figures.cell(id, reasons, unit=True), numbers, rows)


def table_rows(figures: Figures, id: str) -> list[tuple[str, str]]:
    """Keys and figure ids of a table's rows; a list is numbered from 1."""
    value = figures.entries[id]["value"]
    if isinstance(value, list):
        return [(str(n), i) for n, i in enumerate(value, 1)]
    return list(value.items())


def _in_force(figures: Figures, titles: Titles) -> list[tuple[str, dict[str, str]]]:
    found = figures.document["requirements"].items()
    return [(rule, outputs) for rule, outputs in found if not titles.is_draft(rule)]


def tests(figures: Figures, titles: Titles) -> list[Test]:
    """The tests of rules in force that ended in pass or fail."""
    return [
        Test(
            titles.rule(rule),
            figures.label(id),
            figures.cell(id),
            figures.entries[id]["value"] == "pass",
        )
        for rule, outputs in _in_force(figures, titles)
        for id in outputs.values()
        if figures.entries[id]["value"] in ("pass", "fail")
    ]


def gaps(figures: Figures, titles: Titles) -> list[Gap]:
    """What rules in force could not compute, by rule and reason."""
    found = []
    for rule, outputs in _in_force(figures, titles):
        by_reason: dict[str, list[tuple[str, Cell]]] = {}
        for id in outputs.values():
            entry = figures.entries[id]
            if entry["kind"] == "not_computable":
                cells = by_reason.setdefault(figures.reason(id), [])
                cells.append((figures.label(id), figures.cell(id)))
        if by_reason:
            count = sum(len(cells) for cells in by_reason.values())
            found.append(Gap(titles.rule(rule), count, list(by_reason.items())))
    return found

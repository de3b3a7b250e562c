"""The stacked statement: what custody law already takes and what the reserve adds on top."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sonae.report.figures import Cell, Figures, Reasons
from sonae.report.format import title
from sonae.report.state import Balance, balance, regime_row
from sonae.report.titles import Provision, Titles

CUSTODY = "jp"


@dataclass(frozen=True, slots=True)
class StackRow:
    """One line of the statement."""

    title: str
    own_money: bool
    standing: str
    provisions: Sequence[Provision]
    required: Cell
    going: Cell
    insolvent: Cell
    balance: Balance


@dataclass
class Stack:
    """Custody lines, their total, and what each other regime would add.

    `abroad`: lines of each regime outside Japan by its title, with their total last.
    """

    lines: list[StackRow] = field(default_factory=list)
    total: StackRow | None = None
    house: list[StackRow] = field(default_factory=list)
    drafts: list[StackRow] = field(default_factory=list)
    abroad: dict[str, list[StackRow]] = field(default_factory=dict)
    reasons: Reasons = field(default_factory=Reasons)


def stack(figures: Figures, titles: Titles) -> Stack:
    """The lines of custody law, then the reserve of each regime or draft on top."""
    result = Stack()
    for line in figures.document["stack"]:
        result.lines.append(_row(figures, titles, line, result.reasons))
    abroad = figures.document.get("stack_abroad", {})
    for id, cover in figures.document["cover"]["by_regime"].items():
        row = _on_top(figures, titles, id, cover, result.reasons)
        if id in abroad:
            lines = [_row(figures, titles, line, result.reasons) for line in abroad[id]]
            result.abroad[row.title] = [*lines, row]
        elif id == CUSTODY:
            result.total = row
        else:
            (result.drafts if titles.is_draft(id) else result.house).append(row)
    return result


def _row(figures: Figures, titles: Titles, line: Mapping[str, Any], reasons: Reasons) -> StackRow:
    return StackRow(
        title(line["title"][figures.lang], figures.lang),
        line["own_money"],
        figures.entries[line["required"]]["standing"],
        [titles.provision(key) for key in line["cites"]],
        figures.cell(line["required"], reasons),
        figures.cell(line["going_concern"], reasons),
        figures.cell(line["on_insolvency"], reasons),
        balance(figures, line["shortfall"], reasons, short_if_positive=True),
    )


def _on_top(
    figures: Figures, titles: Titles, id: str, cover: Mapping[str, Any], reasons: Reasons
) -> StackRow:
    row = regime_row(figures, titles, id, cover, reasons)
    cites = [titles.provision(key) for key in titles.cites(id)]
    return StackRow(
        row.title, True, row.standing, cites, row.required, row.going, row.insolvent, row.balance
    )

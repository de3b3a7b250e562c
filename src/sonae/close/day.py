"""The daily close as one straight line: facts → reconcile → value → require → cover → findings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sonae.books.facts import Facts
from sonae.books.read import Books
from sonae.close.abroad import require_abroad
from sonae.close.abroad_checks import check_abroad
from sonae.close.abroad_cover import cover_abroad
from sonae.close.checks import check
from sonae.close.cover import Cover, cover
from sonae.close.exposure import Exposure, exposure
from sonae.close.receivable import receivables
from sonae.close.reconcile import Reconciliation, reconcile
from sonae.close.require import Requirements, require
from sonae.close.segregated import segregation_findings
from sonae.close.segregation import Dossier, segregation
from sonae.close.value import Valuation, value
from sonae.close.world import World
from sonae.core.figure import Figure
from sonae.core.finding import Finding, sort_key
from sonae.core.text import Text
from sonae.rulebook.calendars import CALENDARS
from sonae.rulebook.edition import Edition

CASH_DAYS_DEFAULT = 0
Step = Callable[[Text], None]


@dataclass(frozen=True)
class Close:
    """The day's result. Never edited, only superseded by another close.

    `what_if_on` is set when a day other than the cut-off picked the law: the result is then a
    what-if and says so.
    """

    facts: Facts
    edition: Edition
    what_if_on: date | None
    reconciliation: Reconciliation
    valuations: Mapping[str, Valuation]
    receivables: Mapping[str, Figure]
    required: Requirements
    cover: Cover
    exposure: Exposure
    dossier: Dossier
    findings: tuple[Finding, ...]

    @property
    def books(self) -> Books:
        """The Books that were closed."""
        return self.facts.books

    @property
    def clean(self) -> bool:
        """True without a breach or warning."""
        return all(f.severity == "note" for f in self.findings)


def close_day(
    books: Books,
    edition: Edition,
    what_if_on: date | None = None,
    step: Step = lambda _: None,
    reserve: Sequence[Mapping[str, Any]] | None = None,
    more: Sequence[Finding] = (),
) -> Close:
    """Close one entity's day on the law of `edition`.

    `reserve`: the assets of the reserve by its ledger; without it the Books say what they know.
    `more`: findings of what was watched since the last close.
    """
    facts = Facts(books, reserve)
    step(Text("照合する", "reconciling"))
    reconciliation = reconcile(facts, _cash_days(edition), CALENDARS["jp.bank"])
    step(Text("評価する", "valuing"))
    valuations = {p: value(facts, p) for p in _purposes(books)}
    regulatory = valuations["regulatory"]
    owing = receivables(facts, regulatory)
    step(Text("所要額を計算する", "computing requirements"))
    exposed = exposure(facts, regulatory)
    required = require(facts, edition, reconciliation, regulatory, exposed)
    covered = cover(facts, edition, reconciliation, regulatory, required)
    world = World(facts, edition, reconciliation, regulatory, covered.policies)
    required = require_abroad(world, required)
    covered = cover_abroad(world, covered, required)
    dossier = segregation(facts, edition, regulatory)
    step(Text("指摘事項をまとめる", "collecting findings"))
    findings = [
        *regulatory.findings,
        *check(facts, edition, reconciliation, regulatory, required, covered),
        *check_abroad(world, covered, required),
        *covered.findings,
        *exposed.findings,
        *segregation_findings(facts, edition, regulatory, dossier),
        *more,
    ]
    if what_if_on is not None:
        findings.append(Finding("what-if", "note", _WHAT_IF.format(day=what_if_on)))
    return Close(
        facts,
        edition,
        what_if_on,
        reconciliation,
        valuations,
        owing,
        required,
        covered,
        exposed,
        dossier,
        tuple(sorted(findings, key=sort_key)),
    )


_WHAT_IF = Text(
    "基準日でなく{day}の法令を当てはめた試算",
    "a what-if under the law of {day}, not the cut-off day",
)


def _purposes(books: Books) -> tuple[str, ...]:
    """Regulatory always; accounting beside it where such prices are given. Claims come later."""
    given = {r["purpose"] for r in books.table("prices") or []}
    return ("regulatory", *(p for p in ("accounting",) if p in given))


def _cash_days(edition: Edition) -> int:
    """The clock of the money trust on this day; none before its first day."""
    rule = edition.rule("jp.crypto.cure_deadline")
    days = edition.parameter(edition.topic(rule), "cure_days_cash_trust")
    return int(days.number()) if days.computable else CASH_DAYS_DEFAULT

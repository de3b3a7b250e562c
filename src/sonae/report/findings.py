"""Findings: what must be acted on first, then notes by kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sonae.report.figures import Figures
from sonae.report.format import day, sentence
from sonae.report.titles import Provision, Titles

SEVERITIES = ("breach", "warning", "note")


@dataclass(frozen=True, slots=True)
class FindingView:
    """One finding in one language."""

    severity: str
    name: str
    title: str
    message: str
    subject: str
    provision: Provision | None
    due: str


@dataclass(frozen=True, slots=True)
class FindingsView:
    """Findings to act on, notes by kind, and how many there are of each severity."""

    act: Sequence[FindingView]
    notes: Sequence[tuple[str, Sequence[FindingView]]]
    counts: Mapping[str, int]


def findings(figures: Figures, titles: Titles) -> FindingsView:
    """All findings of the document, in its order."""
    shown = [_finding(figures, titles, f) for f in figures.document["findings"]]
    notes: dict[str, list[FindingView]] = {}
    for finding in shown:
        if finding.severity == "note":
            notes.setdefault(finding.name, []).append(finding)
    return FindingsView(
        [f for f in shown if f.severity != "note"],
        list(notes.items()),
        {s: sum(1 for f in shown if f.severity == s) for s in SEVERITIES},
    )


def _finding(figures: Figures, titles: Titles, finding: Mapping[str, Any]) -> FindingView:
    lang, due = figures.lang, finding["due"]
    if isinstance(due, Mapping):
        due = due[lang]
    return FindingView(
        finding["severity"],
        finding["name"],
        figures.words.known(f"finding.{finding['name']}", finding["name"]),
        sentence(finding["message"][lang], lang),
        titles.subject(finding["subject"]),
        titles.found(finding["provision"]) if finding["provision"] else None,
        day(due, lang) if due else "",
    )

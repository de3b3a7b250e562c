"""The shipped loss events: the list with its filters, and a fit to them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

from sonae.actions.files import json_bytes, replace_folder
from sonae.core.canonical import parse_number
from sonae.core.errors import InputError, Problem
from sonae.core.text import LANGS, Text
from sonae.loss.credibility import watched_with
from sonae.loss.incident_list import incident_list
from sonae.loss.incidents import Selection, select


def selection(
    kinds: Sequence[str] = (),
    tiers: Sequence[str] = (),
    jurisdictions: Sequence[str] = (),
    scopes: Sequence[str] = (),
    confidence: Sequence[str] = (),
    entity: str = "",
    since: date | None = None,
    until: date | None = None,
    at_least: str = "",
    memory: bool = False,
) -> Selection:
    """Filters from words.

    Raises:
        InputError: a word that the list does not have, or an amount that is none.
    """
    problems, least = [], None
    if at_least:
        try:
            least = parse_number(at_least)
        except ValueError:
            words = Text("金額は数で書く（米ドル）", "give an amount in USD as a number")
            problems.append(Problem("not-a-number", "incidents", words, key=at_least))
    wanted = Selection(
        tuple(kinds), tuple(tiers), tuple(j.upper() for j in jurisdictions), tuple(scopes),
        tuple(confidence), entity, since, until, least and Fraction(least), memory,
    )  # fmt: skip
    problems += wanted.problems()
    if problems:
        raise InputError(problems)
    return wanted


def list_incidents(wanted: Selection, out: Path | None = None) -> dict[str, Any]:
    """The list; with `out`, a folder with it as JSON, pages in both languages and drawings."""
    from sonae.report.loss_incidents import incident_charts, incidents_page

    found = incident_list(wanted)
    if out is not None:
        files = {"incidents.json": json_bytes(found)}
        for lang in LANGS:
            files[f"incidents.{lang}.html"] = incidents_page(found, lang).encode()
            for name, chart in incident_charts(found, lang).items():
                files[f"{name}.{lang}.svg"] = str(chart).encode()
        replace_folder(out, files)
    return found


def fit_incidents(
    wanted: Selection,
    jurisdiction: str,
    severity: str = "beta",
    draws: int = 1000,
    seed: int = 0,
    venue_years: Sequence[str] = (),
) -> dict[str, Any]:
    """A fit to the selected events.

    Raises:
        InputError: too few of them, or a family that is not known.
    """
    from sonae.loss.fit_summary import fit_summary

    watched = watched_with(venue_years)
    events, left_out = select(wanted)
    return fit_summary(events, left_out, jurisdiction.upper(), severity, draws, seed, watched)

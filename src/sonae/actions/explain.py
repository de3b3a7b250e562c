"""Why is a number what it is: figures of a written close, or of a rule with given facts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from sonae.core.errors import UsageError
from sonae.core.register import Register
from sonae.core.text import Text
from sonae.rulebook.draft import load_draft
from sonae.rulebook.edition import Edition
from sonae.rulebook.rule import facts_from

Figures = Mapping[str, Mapping[str, Any]]


def from_close(path: Path) -> tuple[Figures, Figures]:
    """Figures and citations of a `close.json` (or of the folder that holds it)."""
    file = path / "close.json" if path.is_dir() else path
    try:
        document = json.loads(file.read_text("utf-8"))
        return {f["id"]: f for f in document["figures"]}, document["citations"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        text = Text(
            f"{file} は close.json として読めない: {error}", f"{file} is not a close.json: {error}"
        )
        raise UsageError(text) from error


def from_given(
    rule: str, given: str, on: date, assume: Sequence[str] = ()
) -> tuple[Figures, Figures, list[str]]:
    """Figures of a rule on facts given as JSON; also the given names the rule does not know."""
    edition = Edition(on, tuple(load_draft(name) for name in assume))
    try:
        raw = json.loads(given, parse_float=Decimal)
    except ValueError as error:
        raise UsageError(f"--given is not JSON: {error}") from error
    if not isinstance(raw, Mapping):
        raise UsageError("--given must be a JSON object of facts by key")
    found = edition.rule(rule.partition("#")[0])
    facts, unknown = facts_from(raw, found)
    register = Register()
    register.add_all(edition.evaluate(found.id, facts).values())
    return register.figures, register.citations, unknown


def picked(figures: Figures, name: str, row: str | None = None) -> list[str]:
    """The ids that a name stands for: one figure, or all outputs of a rule; `row` of a table."""
    of_rule = [i for i in figures if i.partition("#")[0] == name and "~" not in i]
    ids = [name] if name in figures else of_rule
    if not ids:
        near = [i for i in figures if name.rsplit(".", 1)[-1] in i][:8]
        known = ", ".join(near) or ", ".join(sorted(i for i in figures if "#" in i)[:8])
        raise UsageError(_NO_FIGURE.format(name=name, known=known))
    if row is None:
        return ids
    tables = [figures[i] for i in ids if figures[i]["kind"] == "table"]
    rows = [t["value"][row] for t in tables if isinstance(t["value"], dict) and row in t["value"]]
    if not rows:
        raise UsageError(f"{name!r} has no row {row!r}")
    return rows


_NO_FIGURE = Text(
    "「{name}」という数値はない。近いもの: {known}", "no figure {name!r}; did you mean {known}?"
)

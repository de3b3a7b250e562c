"""How other places fix the numbers, side by side and in words: cited, never computed from."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from sonae.core.errors import RulebookError
from sonae.core.figure import CONFIDENCES, Confidence
from sonae.core.text import Text
from sonae.rulebook.parameter import text_of

TABLE = ("sonae.rulebook.law.elsewhere", "comparison.toml")


@dataclass(frozen=True, slots=True)
class Row:
    """One rule of one place; `rules` are the executable rules for it, if any."""

    id: str
    place: Text
    rule: Text
    numbers: Text
    provision: Text
    source: str
    confidence: Confidence
    rules: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """The row as plain values."""
        return {
            "id": self.id,
            "place": self.place.as_json(),
            "rule": self.rule.as_json(),
            "numbers": self.numbers.as_json(),
            "provision": self.provision.as_json(),
            "source": self.source,
            "confidence": self.confidence,
            "rules": list(self.rules),
        }


@cache
def comparison() -> tuple[Row, ...]:
    """Every row of the shipped table, in its order."""
    package, file = TABLE
    return read_comparison(resources.files(package).joinpath(file).read_text("utf-8"), file)


def read_comparison(text: str, file: str) -> tuple[Row, ...]:
    """Rows from TOML text; a RulebookError names the row and what is wrong with it."""
    rows: dict[str, Row] = {}
    for raw in tomllib.loads(text).get("place", []):
        try:
            row = _row(raw)
        except (KeyError, RulebookError) as error:
            raise RulebookError(f"{file}: {raw.get('id', '?')}: {error}") from error
        if row.id in rows:
            raise RulebookError(f"{file}: {row.id} is listed twice")
        rows[row.id] = row
    return tuple(rows.values())


def _row(raw: Mapping[str, Any]) -> Row:
    if raw["confidence"] not in CONFIDENCES:
        raise RulebookError(f"unknown confidence {raw['confidence']!r}")
    return Row(
        raw["id"],
        text_of(raw["place"]),
        text_of(raw["rule"]),
        text_of(raw["numbers"]),
        text_of(raw["provision"]),
        raw["source"],
        raw["confidence"],
        tuple(raw["rules"]),
    )

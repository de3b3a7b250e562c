"""Figures as a flat register of plain values: what a report, an API or `explain` reads.

Every figure below the given ones gets an id of its own, so that any number can be opened down to
parameters and sources from the register alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from fractions import Fraction
from typing import Any

from sonae.core.canonical import number_text
from sonae.core.citation import Citation
from sonae.core.figure import Figure, NotComputable, Range, Value


class Register:
    """`figures` in an order where inputs come first; `citations` by key."""

    def __init__(self) -> None:
        self._ids: dict[int, str] = {}
        self._kept: list[Figure] = []
        self.figures: dict[str, dict[str, Any]] = {}
        self.citations: dict[str, dict[str, object]] = {}

    def add(self, figure: Figure) -> str:
        """Enter a named figure with everything below it; returns its id."""
        if not figure.id:
            raise ValueError(f"a figure without an id cannot be registered: {figure.how()}")
        return self._enter(figure, figure.id)

    def add_all(self, figures: Iterable[Figure]) -> list[str]:
        """Enter several; returns their ids."""
        return [self.add(f) for f in figures]

    def cite(self, citation: Citation) -> str:
        """Enter a citation; returns its key."""
        key = citation.text().ja
        known = self.citations.setdefault(key, citation.as_json())
        if not known["says"] and citation.says:
            self.citations[key] = citation.as_json()
        return key

    def _enter(self, figure: Figure, fallback: str) -> str:
        if id(figure) in self._ids:
            return self._ids[id(figure)]
        name = self._ids[id(figure)] = figure.id or fallback
        self._kept.append(figure)
        inputs = [self._enter(child, f"{name}~{n}") for n, child in enumerate(figure.inputs, 1)]
        entry = self._entry(figure, name, inputs)
        known = self.figures.get(name)
        if known is not None and known != entry:
            raise AssertionError(f"two different figures are called {name}")
        self.figures.setdefault(name, entry)
        return name

    def _entry(self, figure: Figure, name: str, inputs: list[str]) -> dict[str, Any]:
        entry: dict[str, Any] = {
            "id": name,
            "kind": figure.kind,
            "value": self._value(figure.value, name),
            "unit": figure.unit,
            "label": figure.label.as_json() if figure.label else None,
            "formula": figure.how(),
            "standing": figure.standing,
            "confidence": figure.confidence,
            "assumptions": [a.as_json() for a in figure.assumptions],
            "cites": [self.cite(c) for c in figure.cites],
            "from": inputs,
        }
        if isinstance(figure.value, NotComputable):
            entry["reason"] = figure.value.reason().as_json()
            entry["missing"] = [m.key for m in figure.value.missing]
        if figure.source is not None:
            source = figure.source
            entry["source"] = {
                "table": source.table,
                "filter": source.where,
                "rows": source.rows,
                "digest": source.digest,
            }
        return entry

    def _value(self, value: Value, name: str) -> Any:
        if isinstance(value, bool) or value is None or isinstance(value, str):
            return value
        if isinstance(value, Fraction):
            return number_text(value)
        if isinstance(value, date):
            return value.isoformat()
        if isinstance(value, Range):
            return {"low": number_text(value.low), "high": number_text(value.high)}
        if isinstance(value, Mapping):
            return {k: self._enter(f, f"{name}.{k}") for k, f in value.items()}
        if isinstance(value, tuple):
            return [self._enter(f, f"{name}[{n}]") for n, f in enumerate(value)]
        return None


def plain(value: Value) -> Any:
    """A scalar value as JSON carries it: exact numbers as text, None where not computable."""
    return Register()._value(value, "")

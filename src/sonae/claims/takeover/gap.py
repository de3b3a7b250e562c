"""One thing that is missing, stale or wrong when somebody takes over."""

from __future__ import annotations

from typing import Any, NamedTuple

from sonae.core.finding import Severity
from sonae.core.text import Text


class Gap(NamedTuple):
    """A short name, how bad, what and what to do."""

    name: str
    severity: Severity
    message: Text

    def as_json(self) -> dict[str, Any]:
        """As plain values."""
        return {"name": self.name, "severity": self.severity, "message": self.message.as_json()}


def acts(gaps: list[Gap]) -> bool:
    """Whether one of them is more than a note."""
    return any(gap.severity != "note" for gap in gaps)

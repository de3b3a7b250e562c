"""Something a person must act on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from sonae.core.citation import Citation
from sonae.core.text import Text

Severity = Literal["breach", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("breach", "warning", "note")
IMMEDIATELY = Text("直ちに", "immediately")


@dataclass(frozen=True, slots=True)
class Finding:
    """Kebab-case name, severity, message, provision, clock, subject.

    `due` is a date, or words where the law gives no number of days (直ちに) or where the clock
    cannot be computed, with the reason; None where nothing is due.
    """

    name: str
    severity: Severity
    message: Text
    subject: str = ""
    provision: Citation | None = None
    due: date | Text | None = None

    def due_text(self) -> Text:
        """The clock in words."""
        if isinstance(self.due, Text):
            return self.due
        day = self.due.isoformat() if self.due else ""
        return Text(day, day)

    def as_json(self) -> dict[str, object]:
        """The finding as plain values."""
        due = self.due.as_json() if isinstance(self.due, Text) else self.due_text().en or None
        return {
            "name": self.name,
            "severity": self.severity,
            "subject": self.subject,
            "message": self.message.as_json(),
            "provision": self.provision.as_json() if self.provision else None,
            "due": due,
        }


def sort_key(finding: Finding) -> tuple[int, str, str, str]:
    """Breaches first, then by name, subject and words."""
    rank = SEVERITIES.index(finding.severity)
    return (rank, finding.name, finding.subject, finding.message.en)

"""Why a payment waits: a code for the firm, another for the customer; the claim stays whole.

What a customer sees must not reveal a suspicious-transaction report (Act on Prevention of Transfer
of Criminal Proceeds Art. 8(3)): such a hold looks exactly like several ordinary ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sonae.core.errors import Refused
from sonae.core.text import Text

VISIBLE: Mapping[str, Text] = {
    "checking": Text("お支払いの前に確認しています", "We are checking before we pay"),
    "documents": Text("手続に書類が必要です", "Documents are needed to go on"),
    "disputed": Text("ご申告の内容を審査しています", "Your objection is being looked at"),
    "contact": Text("連絡先をご確認ください", "Please check your contact details"),
}
"""What a customer is told, by the visible code."""
HOLDS: Mapping[str, str] = {
    "account_changed": "checking",
    "account_check": "checking",
    "unverified": "checking",
    "fee": "checking",
    "legal": "checking",
    "police": "checking",
    "sanction": "checking",
    "suspicion": "checking",
    "estate": "documents",
    "minor": "documents",
    "guardianship": "documents",
    "dispute": "disputed",
    "not_found": "contact",
    "funding": "checking",
    "unclaimed": "contact",
}
"""Internal code -> visible code; several of "checking" are everyday, so that it says nothing."""
OWN: Mapping[str, str] = {
    "account_changed": "pay account change",
    "funding": "pay dispute decide",
    "unclaimed": "pay unclaimed ready",
}
"""Codes that only their own act places, and its command."""


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold: its internal code, who sees to it, and the day on which it is looked at again."""

    code: str
    owner: str
    review: date

    def checked(self, today: date) -> Hold:
        """Itself; a Refused where it has no known code, no owner, or no day to come."""
        if self.code not in HOLDS:
            raise Refused(f"no hold is called {self.code!r}; one of {', '.join(HOLDS)}")
        if not self.owner.strip():
            raise Refused(f"a hold ({self.code}) needs an owner")
        if self.review < today:
            raise Refused(f"a hold ({self.code}) needs a day of review to come, not {self.review}")
        return self

    @property
    def visible(self) -> str:
        """The code that the customer may see; neither owner nor day is shown."""
        return HOLDS[self.code]

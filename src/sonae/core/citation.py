"""Where a number comes from in law."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sonae.core.text import Text


@dataclass(frozen=True, slots=True)
class Citation:
    """A provision of an instrument, with its own words where the text was read.

    `says` is in the law's language and empty where the text is not at hand; `checked` stays
    empty until a named person compared the rulebook with the text.
    """

    instrument: Text
    provision: Text
    says: str = ""
    source: str = ""
    checked: date | None = None
    checked_by: str = ""

    def text(self) -> Text:
        """Instrument and provision in one line."""
        return Text(
            f"{self.instrument.ja}{self.provision.ja}", f"{self.instrument.en}, {self.provision.en}"
        )

    def as_json(self) -> dict[str, object]:
        """The citation as plain values."""
        return {
            "instrument": self.instrument.as_json(),
            "provision": self.provision.as_json(),
            "says": self.says,
            "source": self.source,
            "checked": self.checked.isoformat() if self.checked else None,
            "checked_by": self.checked_by,
        }

"""What is refused, and why. An error changes nothing; what people must act on is a finding.

SonaeError
├─ InputError      the books, or another file given to us, cannot be used: every problem listed
├─ RulebookError   the rulebook, a draft file or a case contradicts itself or is incomplete
├─ UnitError       two quantities that cannot be put together
├─ Refused         a calculation would leave its exact range, or its input has no meaning
├─ Unreadable      a file that the engine cannot read to its end
└─ UsageError      a name or an option that does not exist
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sonae.core.text import Text, same

NOT_UTF8 = Text(
    "UTF-8でない（シフトJISなどで保存されている）。UTF-8で保存し直す",
    "it is not UTF-8 (Shift_JIS, perhaps); save it as UTF-8",
)
"""Of a file in another encoding; a firm's own exports go through `sonae books map` instead."""


class SonaeError(Exception):
    """Root of every error that Sonae raises on purpose; `text` has it in both languages."""

    def __init__(self, message: str | Text = "") -> None:
        self.text = same(message) if isinstance(message, str) else message
        super().__init__(self.text.en)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in the input, at one place, with what to do about it.

    `row` counts data rows of the file from 1 (a header is not counted); `count` says how many
    rows have the same problem when only some are listed.
    """

    name: str
    table: str
    message: Text
    file: str = ""
    row: int | None = None
    key: str = ""
    column: str = ""
    count: int = 1

    def place(self) -> str:
        """`table file row 3 column quantity`, as far as known."""
        parts = [self.file or self.table]
        parts += [f"row {self.row}"] if self.row is not None else []
        parts += [f"key {self.key}"] if self.key else []
        parts += [f"column {self.column}"] if self.column else []
        return " ".join(parts)

    def as_json(self) -> dict[str, object]:
        """The problem as plain values."""
        return {
            "name": self.name,
            "table": self.table,
            "file": self.file,
            "row": self.row,
            "key": self.key,
            "column": self.column,
            "count": self.count,
            "message": self.message.as_json(),
        }


class InputError(SonaeError):
    """The input is refused whole; `problems` lists everything found in one run."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        first = "; ".join(f"{p.place()}: {p.message.en}" for p in self.problems[:3])
        super().__init__(f"{len(self.problems)} problem(s): {first}")


class RulebookError(SonaeError):
    """The rulebook, a draft or a case is incomplete or contradicts itself."""


class UnitError(SonaeError):
    """Two quantities that cannot be put together, such as yen and coins."""


class UsageError(SonaeError):
    """A name, option or path that does not exist; the message says which do."""


class Refused(SonaeError):
    """A calculation would leave its exact range, or its input has no meaning."""


class Unreadable(SonaeError):
    """A file that the engine cannot read to its end."""

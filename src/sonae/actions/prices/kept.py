"""Answers that prices were read from: each a file named by its digest, and an index of them.

An answer is kept before anybody reads it, also one that cannot be read: it is the evidence. The
index says which call it answered and when it came.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from sonae.actions.files import replace_file
from sonae.books.rows import Fault
from sonae.core.canonical import canonical_bytes
from sonae.core.errors import UsageError
from sonae.core.text import Text

INDEX = "answers.jsonl"
RECORDED = "recorded"
"""How an answer came here: by asking the venue. Another word in the index says otherwise."""


@dataclass(frozen=True)
class Answer:
    """One line of the index; `made` is `recorded` where the venue sent it."""

    venue: str
    call: str
    pair: str
    came: datetime
    sha256: str
    made: str = RECORDED

    def as_line(self) -> bytes:
        """The line, with its end."""
        return (
            canonical_bytes(
                {
                    "venue": self.venue,
                    "call": self.call,
                    "pair": self.pair,
                    "came": self.came.isoformat(),
                    "sha256": self.sha256,
                    "made": self.made,
                }
            )
            + b"\n"
        )


class Kept:
    """A folder of answers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.answers = self._read() if (folder / INDEX).is_file() else []

    def _read(self) -> list[Answer]:
        found = []
        for number, text in enumerate((self.folder / INDEX).read_bytes().splitlines(), 1):
            try:
                said = json.loads(text)
                came = datetime.fromisoformat(said.pop("came"))
                if came.tzinfo is None:
                    raise ValueError(came)
                found.append(Answer(came=came, **said))
            except (KeyError, TypeError, ValueError) as error:
                raise UsageError(f"{self.folder / INDEX}: line {number} cannot be read") from error
        return found

    def put(self, content: bytes) -> str:
        """Keep bytes under their digest."""
        digest = sha256(content).hexdigest()
        self.folder.mkdir(parents=True, exist_ok=True)
        replace_file(self.folder / digest, content, 0o644)
        return digest

    def add(self, answer: Answer) -> None:
        """One more line of the index; the index is put in place whole."""
        self.answers.append(answer)
        content = b"".join(a.as_line() for a in self.answers)
        replace_file(self.folder / INDEX, content, 0o644)

    def get(self, digest: str) -> bytes:
        """The bytes of a digest.

        Raises:
            Fault: they are not there, or are not those any more.
        """
        path = self.folder / digest
        content = path.read_bytes() if path.is_file() else b""
        if sha256(content).hexdigest() != digest:
            raise Fault("file-changed", _CHANGED.format(d=digest))
        return content


_CHANGED = Text(
    "保存した回答 {d} がないか、変わっている", "the kept answer {d} is gone, or was changed"
)

"""What a console shows: a folder of firms, each with what its own commands wrote there.

    HOME/
        console.db                    who may sign in (or a PostgreSQL address given to `serve`)
        FIRM/                         one legal entity; nothing is netted between them
            closes/2026-11-24/        as `sonae close --out` writes it, one folder a day
            books/2026-11-24/         the Books of that day, where their rows may be looked at
            fund.db  guard.db         stores, or `fund.url`, `guard.url` with a PostgreSQL address
            incidents/NAME/           as `sonae incident open --out` writes it
            fund-plan.json            as `sonae fund plan --json` prints it
            **/private/*.csv          personal data: shown to nobody without the right
            loss/ packs/ proofs/ …    what other commands wrote, each under its own name

Nothing here is a copy that could differ: the console reads the files that were signed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from sonae.core.errors import UsageError
from sonae.core.text import Text

CLOSES = "closes"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
KEPT = 16
"""Closes held in memory; the largest has some megabytes."""


class NotFound(UsageError):
    """A firm, a day or a file that is not there."""


@dataclass(frozen=True, slots=True)
class Firm:
    """One legal entity's folder."""

    id: str
    folder: Path

    def days(self) -> list[str]:
        """Days that were closed, the newest first."""
        folder = self.folder / CLOSES
        return list(_days(folder, folder.stat().st_mtime_ns)) if folder.is_dir() else []

    def close(self, day: str = "") -> Mapping[str, Any]:
        """The document of a day's close, of the newest where none is named.

        Raises:
            NotFound: that day was not closed, or none was.
        """
        file = self.close_file(day)
        return _document(file, file.stat().st_mtime_ns)

    def close_file(self, day: str = "") -> Path:
        """The file of that document.

        Raises:
            NotFound: that day was not closed, or none was.
        """
        days = self.days()
        if not days:
            raise NotFound(
                Text(
                    f"{self.id}の締めはまだない。`sonae close 帳簿 --out {self.id}/{CLOSES}/基準日`"
                    "で作る",
                    f"{self.id} has no close yet; make one with `sonae close BOOKS "
                    f"--out {self.id}/{CLOSES}/DAY`",
                )
            )
        if day and day not in days:
            raise NotFound(
                Text(
                    f"{self.id}の{day}の締めはない。直近は{days[0]}",
                    f"{self.id} has no close of {day}; the newest is of {days[0]}",
                )
            )
        return self.folder / CLOSES / (day or days[0]) / "close.json"

    def time_zone(self) -> str:
        """The zone of the venue's newest close, by whose clock its people live; else UTC."""
        return str(self.close()["venue"]["time_zone"]) if self.days() else "UTC"

    def store(self, name: str) -> str | None:
        """The address of a store of the firm, such as `fund`; None where it has none."""
        file, url = self.folder / f"{name}.db", self.folder / f"{name}.url"
        if url.is_file():
            return url.read_text("utf-8").strip()
        return str(file) if file.is_file() else None

    def part(self, *names: str) -> Path:
        """A file or folder of the firm by names that come from outside.

        Raises:
            NotFound: a name that is none, or nothing there.
        """
        if not all(_NAME.fullmatch(n) for n in names):
            raise NotFound(Text("そのような名前のものはない", "nothing has such a name"))
        found = self.folder.joinpath(*names)
        if not found.exists():
            where = "/".join(names)
            raise NotFound(Text(f"{self.id}に{where}はない", f"{self.id} has no {where}"))
        return found

    def names(self, part: str) -> list[str]:
        """Names of the folders or files in a part, such as `incidents`, in order."""
        return sorted(p.name for p in (self.folder / part).glob("*") if _NAME.fullmatch(p.name))


@dataclass(frozen=True, slots=True)
class Home:
    """The folder of the console, or what of it is for somebody: the firms in `only`."""

    folder: Path
    only: frozenset[str] | None = None

    def firms(self) -> Sequence[Firm]:
        """All firms, by name."""
        found = [p for p in sorted(self.folder.glob("*")) if (p / CLOSES).is_dir()]
        firms = [Firm(p.name, p) for p in found if _NAME.fullmatch(p.name)]
        return [f for f in firms if self.only is None or f.id in self.only]

    def firm(self, name: str) -> Firm:
        """One firm.

        Raises:
            NotFound: there is none of that name.
        """
        found = [f for f in self.firms() if f.id == name]
        if not found:
            names = ", ".join(f.id for f in self.firms()) or "-"
            raise NotFound(
                Text(
                    f"そのような事業者はない（あるもの: {names}）",
                    f"no such firm; there are: {names}",
                )
            )
        return found[0]


def _is_day(name: str) -> bool:
    try:
        date.fromisoformat(name)
    except ValueError:
        return False
    return len(name) == 10


@lru_cache(KEPT)
def _days(folder: Path, _written: int) -> tuple[str, ...]:
    """Looked up again when a day was added: a close appears by one rename."""
    found = [p.parent.name for p in folder.glob("*/close.json")]
    return tuple(sorted(filter(_is_day, found), reverse=True))


@lru_cache(KEPT)
def _document(file: Path, _written: int) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(file.read_text("utf-8"))
    return found

"""The quarterly report on users' property, from a folder of closes and the files attached to it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from sonae.actions.report.files import Files, Made, closes_below
from sonae.core.errors import UsageError
from sonae.core.text import Lang
from sonae.report.closes import choose
from sonae.report.filing import Money
from sonae.report.quarter import ATTACHMENTS, Attached, Quarter, quarter_document, quarter_of
from sonae.report.quarter_paper import quarter_paper


def made_quarter(
    folder: Path,
    last: date,
    attach: Mapping[str, Sequence[Path]] | None = None,
    grouped: bool = False,
) -> Made:
    """The report of the three months that end on `last`; nothing is written.

    Args:
        folder: where closes are kept, at any depth; those before the quarter tell how long what
            was open at its start had been so.
        last: the last day of the quarter.
        attach: files by kind (`ATTACHMENTS`); their digests are listed, their content is not read.
        grouped: amounts by 万 and 億 on the Japanese page.

    Raises:
        UsageError: no close of the quarter, an unknown kind, a file that is not there.
        InputError: closes that cannot stand in one report.
    """
    attached = list(_attached(attach or {}))
    closes = choose(closes_below(folder), last)
    quarter = Quarter(quarter_of(last), last, closes, attached)
    if not quarter.days:
        raise UsageError(f"{folder} holds no close from {quarter.first} to {last}")
    document = quarter_document(quarter)
    paper = quarter_paper(quarter, document, Money(grouped))
    return Made(document, paper, paper)


def report_quarter(
    folder: Path,
    last: date,
    files: Files,
    lang: Lang,
    attach: Mapping[str, Sequence[Path]] | None = None,
    grouped: bool = False,
) -> dict[str, Any]:
    """Write the quarterly report; what it says as plain values, and the files with digests."""
    return made_quarter(folder, last, attach, grouped).write(files, lang)


def read_attachments(options: Iterable[str]) -> dict[str, list[Path]]:
    """`KIND=FILE` options as files by kind.

    Raises:
        UsageError: one has another form.
    """
    found: dict[str, list[Path]] = {}
    for option in options:
        kind, equals, file = option.partition("=")
        if not equals or not file:
            raise UsageError(f"--attach takes KIND=FILE, not {option!r}; {_kinds()}")
        found.setdefault(kind, []).append(Path(file))
    return found


def _kinds() -> str:
    return f"kinds are {', '.join(ATTACHMENTS)}"


def _attached(attach: Mapping[str, Sequence[Path]]) -> Iterable[Attached]:
    for kind, paths in attach.items():
        if kind not in ATTACHMENTS:
            raise UsageError(f"no kind of attachment is called {kind!r}; {_kinds()}")
        for path in paths:
            if not path.is_file():
                raise UsageError(f"{path} is not there; give the file of {kind}")
            with path.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
            yield Attached(kind, path.name, path.stat().st_size, digest)

"""What every filing reads and writes: closes from a folder, a PDF and a workbook, whole or not.

A filing is made in memory first (`Made`), so that a command writes it and a page may send it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sonae.actions.files import replace_file
from sonae.actions.fund.close import CLOSE
from sonae.close.document import FORMAT
from sonae.core.errors import InputError, Problem, UsageError
from sonae.core.text import Lang, Text
from sonae.report.closes import Kept
from sonae.report.paper import Paper, pdf, sheets


@dataclass(frozen=True)
class Files:
    """Where a filing goes: each a file, or None."""

    pdf: Path | None = None
    xlsx: Path | None = None


@dataclass(frozen=True)
class Made:
    """A filing before anything is written: plain values, the page, the tables of the workbook."""

    document: dict[str, Any]
    paper: Paper
    tables: Paper

    def pdf(self, lang: Lang) -> bytes:
        """The document as PDF/A."""
        return pdf(self.paper, lang)

    def xlsx(self, lang: Lang) -> bytes:
        """The same as a workbook, every digit kept."""
        return sheets(self.tables, lang)

    def write(self, files: Files, lang: Lang) -> dict[str, Any]:
        """Write what is wanted, everything made before anything is put in place."""
        wanted = {k: v for k in ("pdf", "xlsx") if (v := getattr(files, k)) is not None}
        contents = {k: getattr(self, k)(lang) for k in wanted}
        for name, content in contents.items():
            wanted[name].parent.mkdir(parents=True, exist_ok=True)
            replace_file(wanted[name], content)
        digests = {k: hashlib.sha256(c).hexdigest() for k, c in contents.items()}
        said = {k: {"file": str(v), "sha256": digests[k]} for k, v in wanted.items()}
        return {**self.document, "lang": lang, "files": said}


def one_close(place: Path) -> Kept:
    """A close by its file or the folder that holds it.

    Raises:
        UsageError: there is none.
        InputError: it is no close of this version.
    """
    file = place / CLOSE if place.is_dir() else place
    if not file.is_file():
        raise UsageError(f"{place} holds no {CLOSE}; write one with `sonae close BOOKS --out DIR`")
    return _read(file, file.name)


def closes_below(folder: Path) -> list[Kept]:
    """Every `close.json` at or below a folder, by path.

    Raises:
        UsageError: there is none.
        InputError: some cannot be read; all of them are named.
    """
    if folder.is_file():
        return [one_close(folder)]
    found: list[Kept] = []
    problems: list[Problem] = []
    for file in _files(folder):
        try:
            found.append(_read(file, str(file.relative_to(folder))))
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    if not found:
        raise UsageError(f"no {CLOSE} below {folder}; keep the folders that `sonae close` writes")
    return found


def _files(folder: Path) -> Iterator[Path]:
    """Closes below a folder, but for folders that a run which was killed left behind."""
    for file in sorted(folder.rglob(CLOSE)):
        if not any(p.startswith(".") for p in file.relative_to(folder).parts):
            yield file


def _read(file: Path, name: str) -> Kept:
    content = file.read_bytes()
    try:
        document = json.loads(content)
    except ValueError as error:
        words = Text(
            f"JSONとして読めない（{error}）。締めをやり直すか、控えから戻す",
            f"no JSON ({error}); close the day again or restore the file",
        )
        raise InputError([Problem("unreadable", "close", words, name)]) from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        words = Text(
            f"{FORMAT}の締めでない。`sonae close`が書いたファイルを置く",
            f"no close of {FORMAT}; give what `sonae close` wrote",
        )
        raise InputError([Problem("not-a-close", "close", words, name)])
    return Kept(name, hashlib.sha256(content).hexdigest(), document)

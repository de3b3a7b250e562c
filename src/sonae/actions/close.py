"""Close a day: read, compute, write whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sonae.books.engine import open_engine
from sonae.books.read import Examine, read_books
from sonae.close.day import Close, close_day
from sonae.close.document import document
from sonae.close.require import regime_problems
from sonae.core.canonical import digest
from sonae.core.errors import InputError, UsageError
from sonae.core.text import LANGS, Text
from sonae.policy.terms import policy_problems
from sonae.report.html import close_report, refusal_report
from sonae.rulebook.draft import load_draft
from sonae.rulebook.edition import Edition

Step = Callable[[Text], None]
EXAMINE: dict[str, Examine] = {"policies": policy_problems, "venue": regime_problems}
CLOSE = "close.json"
REFUSED = "refused.json"


@dataclass(frozen=True)
class Closed:
    """A finished close as its document, and the folder it was written to, if any."""

    document: dict[str, Any]
    folder: Path | None

    @property
    def clean(self) -> bool:
        """True without a finding of severity breach or warning."""
        return all(f["severity"] == "note" for f in self.document["findings"])


def close_books(
    folder: Path,
    assume: Sequence[str] = (),
    what_if_on: date | None = None,
    out: Path | None = None,
    engine: str = "duckdb",
    step: Step = lambda _: None,
) -> Closed:
    """Close the Books in `folder`; with `out`, write `close.json` and the two reports there.

    Raises:
        InputError: the books cannot be read; with `out`, a report of why is written and nothing
            else.
        UsageError: an unknown draft, or an `out` that holds something else.
    """
    check_out(out)
    try:
        with closing(folder, assume, what_if_on, engine, step) as day:
            result = document(day)
    except InputError as error:
        if out is not None:
            write_refusal(error, out)
        raise
    if out is not None:
        step(Text("書き出す", "writing"))
        write_close(result, out)
    return Closed(result, out)


@contextmanager
def closing(
    folder: Path,
    assume: Sequence[str] = (),
    what_if_on: date | None = None,
    engine: str = "duckdb",
    step: Step = lambda _: None,
) -> Iterator[Close]:
    """The day closed, while its engine is open."""
    drafts = tuple(load_draft(name) for name in dict.fromkeys(assume))
    running = open_engine(engine)
    try:
        books = read_books(folder, running, step, EXAMINE)
        edition = Edition(what_if_on or books.venue.on, drafts)
        yield close_day(books, edition, what_if_on, step)
    finally:
        running.close()


def json_bytes(value: object) -> bytes:
    """Indented JSON with a fixed key order, ending in a newline."""
    return (json.dumps(value, ensure_ascii=False, indent=1, sort_keys=False) + "\n").encode()


def write_close(result: dict[str, Any], out: Path) -> None:
    """Write the close and its reports in one step: a reader sees the old folder or the new one."""
    files = {CLOSE: json_bytes(result)}
    for lang in LANGS:
        files[f"report.{lang}.html"] = close_report(result, lang).encode()
    replace_folder(out, files)


def write_refusal(error: InputError, out: Path) -> None:
    """Write why the books were refused; a former close in `out` is left as it was."""
    where = _refusal_folder(out)
    problems = [p.as_json() for p in error.problems]
    content = {"format": "sonae-refused/1", "problems": problems, "digest": digest(problems)}
    files = {REFUSED: json_bytes(content)}
    for lang in LANGS:
        files[f"refused.{lang}.html"] = refusal_report(problems, lang).encode()
    replace_folder(where, files)


def _refusal_folder(out: Path) -> Path:
    return out.with_name(out.name + ".refused") if (out / CLOSE).exists() else out


def check_out(out: Path | None) -> None:
    """Refuse an output folder, or one for a refusal, that holds anything but what we wrote."""
    if out is None:
        return
    if out.resolve() == Path.cwd():
        raise UsageError("--out must not be the working folder; name a folder inside it")
    for folder in {out, _refusal_folder(out)}:
        if folder.exists() and not (folder.is_dir() and _ours(folder)):
            raise UsageError(f"{folder} holds other files; give a new or empty folder for --out")


OURS = {CLOSE, REFUSED} | {f"{n}.{lang}.html" for n in ("report", "refused") for lang in LANGS}


def _ours(folder: Path) -> bool:
    return {p.name for p in folder.iterdir()} <= OURS


def replace_folder(folder: Path, files: dict[str, bytes]) -> None:
    """Put a folder with these files in place of what was there; on failure nothing changes.

    What an earlier run that was killed left beside it is put right first.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    _recover(folder)
    fresh, former = (folder.with_name(f".{folder.name}.{n}") for n in ("new", "former"))
    try:
        fresh.mkdir()
        for name, content in files.items():
            _write_durably(fresh / name, content)
        if folder.exists():
            folder.rename(former)
        fresh.rename(folder)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        if former.exists() and not folder.exists():
            os.replace(former, folder)
        raise
    shutil.rmtree(former, ignore_errors=True)


def _recover(folder: Path) -> None:
    """Finish or undo a replacement that was killed midway."""
    fresh, former = (folder.with_name(f".{folder.name}.{n}") for n in ("new", "former"))
    if former.exists() and not folder.exists():
        former.rename(folder)
    for left in (fresh, former):
        if left.exists():
            shutil.rmtree(left)


def _write_durably(path: Path, content: bytes) -> None:
    with path.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())

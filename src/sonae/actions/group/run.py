"""A group or an industry: a folder of Books, each entity closed by itself, one overview.

Nothing is netted: what one entity has over never stands against what another is short of. Each
runs in a process of its own, so that its close is the one it would get alone and its end is only
its own.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from multiprocessing import get_context, parent_process
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sonae import __version__
from sonae.actions.close import REFUSED, close_books
from sonae.actions.files import json_bytes, replace_file
from sonae.actions.group.overview import overview
from sonae.actions.work import LEAST, Work, beside, megabytes
from sonae.books.kept import read_kept, write_kept
from sonae.books.parts import digest_of
from sonae.core.canonical import digest
from sonae.core.errors import InputError, Problem, SonaeError, UsageError
from sonae.core.text import LANGS, Text, same
from sonae.report.group import overview_page

OVERVIEW = "overview.json"
VENUE = "venue.toml"
Step = Callable[[Text], None]


@dataclass(frozen=True)
class Asked:
    """How every entity of a group is closed."""

    assume: tuple[str, ...] = ()
    what_if_on: date | None = None
    engine: str = "duckdb"


def is_group(folder: Path) -> bool:
    """True for a folder that is no Books itself and has Books in it."""
    return folder.is_dir() and not (folder / VENUE).exists() and bool(_books(folder))


def _books(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if (p / VENUE).is_file())


def entities(folder: Path) -> list[Path]:
    """The Books of a group, in order of their names.

    Raises:
        InputError: something else is in the folder, such as Books without their venue.toml.
    """
    aside = {p for p in folder.iterdir() if p.name.startswith(".") or "README" in p.name.upper()}
    other = sorted(set(folder.iterdir()) - aside - set(_books(folder)))
    if other:
        raise InputError([Problem("no-entity", "group", _OTHER, p.name) for p in other])
    return _books(folder)


def close_group(
    folder: Path,
    asked: Asked,
    out: Path | None = None,
    at_once: int = 1,
    work: Work | None = None,
    step: Step = lambda _: None,
) -> dict[str, Any]:
    """Close every entity of a group; the overview, written beside them where `out` is given.

    An entity that is refused, or whose process ends, does not stop the others. Those that a killed
    run had closed are taken up.

    Args:
        folder: the group: one folder of Books for each entity.
        asked: how each is closed.
        out: each entity's close goes to a folder of its name in it.
        at_once: how many run at a time; they share the memory.
        work: memory and work folder of the whole run.
        step: told which entity is done.

    Raises:
        InputError: the folder holds something that is no Books.
        UsageError: too little memory for so many at once, or an `out` that holds other files.
    """
    found, work = entities(folder.resolve()), work or Work(folder=beside(out))
    share = megabytes(work.memory) // max(at_once, 1)
    if at_once < 1 or share < LEAST:
        raise UsageError(_SHARE.format(n=at_once, memory=work.memory, least=f"{LEAST}MB"))
    _check_out(out, found)
    threads = max(1, (os.cpu_count() or 1) // at_once)
    with _place(out) as to, work.held(work.folder or to / ".work") as kept:

        def one(books: Path) -> dict[str, Any]:
            room = Work(f"{share}MB", kept / books.name, threads)
            said = _one(books, asked, to / books.name, room, kept / f"{books.name}.json")
            step(_DONE.format(name=books.name))
            return said

        with ThreadPoolExecutor(at_once) as pool:
            results = list(pool.map(one, found))
        document = overview(to, [b.name for b in found], results, asdict(asked))
        if out is not None:
            replace_file(to / OVERVIEW, json_bytes(document), 0o666)
            for lang in LANGS:
                page = overview_page(document, lang).encode()
                replace_file(to / f"overview.{lang}.html", page, 0o666)
    return document


@contextmanager
def _place(out: Path | None) -> Iterator[Path]:
    """Where the closes go: `out`, or for as long as it takes."""
    if out is None:
        with TemporaryDirectory(prefix="sonae-group-") as folder:
            yield Path(folder)
        return
    out.mkdir(parents=True, exist_ok=True)
    yield out.resolve()


def _check_out(out: Path | None, found: Sequence[Path]) -> None:
    if out is None or not out.exists():
        return
    names = {n for b in found for n in (b.name, f"{b.name}.refused")}
    ours = names | {OVERVIEW, *(f"overview.{lang}.html" for lang in LANGS)}
    if not out.is_dir() or any(p.name not in ours for p in out.iterdir() if p.name[0] != "."):
        raise UsageError(f"{out} holds other files; give a new or empty folder for --out")


# -- one entity ------------------------------------------------------------------------------------


def _one(books: Path, asked: Asked, out: Path, work: Work, kept: Path) -> dict[str, Any]:
    """State and digest of an entity's close, from an earlier run where nothing has changed since.

    The state is closed, refused, or failed where its process ended without an answer.
    """
    key = [__version__, str(asked), _files(books)]
    known = read_kept(kept)
    if known is not None and known["key"] == digest(key) and known["out"] == _digest(out):
        return dict(known["said"])
    parent, child = get_context("spawn").Pipe(duplex=False)
    process = get_context("spawn").Process(
        target=_close, args=(child, books, asked, out, work), daemon=True
    )
    process.start()
    child.close()
    try:
        said = dict(parent.recv())
    except EOFError:
        said = {"state": "failed", "why": _ENDED.as_json()}
    process.join()
    if said["state"] == "closed":
        write_kept(kept, {"key": digest(key), "out": _digest(out), "said": said})
    return said


def _close(answer: Any, books: Path, asked: Asked, out: Path, work: Work) -> None:
    """In a process of its own, which ends with the one that began it."""
    above = parent_process()
    assert above is not None

    def watch() -> None:
        above.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
    try:
        close_books(books, asked.assume, asked.what_if_on, out, asked.engine, work=work)
        said: dict[str, Any] = {"state": "closed"}
    except InputError as error:
        where = next(p for p in (out, out.with_name(f"{out.name}.refused")) if _refused(p))
        said = {"state": "refused", "folder": where.name, "problems": len(error.problems)}
    except SonaeError as error:
        said = {"state": "refused", "why": error.text.as_json()}
    except OSError as error:
        why = f"{error.strerror or error}: {error.filename or ''}".rstrip(": ")
        said = {"state": "failed", "why": same(why).as_json()}
    answer.send(said)


def _refused(folder: Path) -> bool:
    return (folder / REFUSED).is_file()


def _files(folder: Path) -> Mapping[str, str]:
    """The digest of every file that a Books or a close can have, behind links as well."""
    files = [p for form in ("*", "*/*") for p in folder.glob(form) if p.is_file()]
    return {str(p.relative_to(folder)): digest_of(p) for p in sorted(files)}


def _digest(folder: Path) -> str:
    return digest(_files(folder))


_OTHER = Text(
    "グループのフォルダーに置けるのは、venue.toml のある台帳のフォルダーだけ",
    "a folder of a group holds folders of Books only, each with its venue.toml",
)
_SHARE = Text(
    "{memory}を{n}社で分けると1社あたり{least}に足りない。--memory を増やすか --at-once を減らす",
    "{memory} for {n} at once is less than {least} each; give more --memory or less --at-once",
)
_DONE = Text("{name}を終えた", "{name} is done")
_ENDED = Text(
    "処理が途中で終了した（メモリー不足など）。この法人だけを締めて確かめる",
    "its process ended without an answer (out of memory?); close this entity alone to see why",
)

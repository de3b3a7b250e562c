"""Back-up of a console's folder, and the way back: whole and verified, or not there.

Stores are copied by SQLite's own online backup, while the console serves; other files as they are.
`manifest.json` has the SHA-256 of each. A copy is read back, each store's integrity is checked, and
a reserve ledger is verified entry by entry, before the back-up gets its name.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from sonae.actions.files import json_bytes, replace_file
from sonae.actions.fund.export import verify_store
from sonae.actions.fund.session import looking
from sonae.core.errors import InputError, Problem, UsageError
from sonae.core.text import Text
from sonae.store.database import VERSION

FORMAT, MANIFEST, FILES = "sonae-backup/1", "manifest.json", "files"
HEAD = b"SQLite format 3\0"
BESIDE = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a store; the online backup has taken it in."""
Step = Callable[[Text], None]


def backup(home: Path, to: Path, step: Step = lambda _: None) -> dict[str, Any]:
    """Copy a console's folder to a new one; the manifest.

    Raises:
        UsageError: `home` is no folder, or `to` is there already or lies inside it.
        InputError: something cannot be copied, or a copy does not verify; nothing is left behind.
    """
    _apart(home, to)
    paths = list(_files(home))
    folders = sorted(p.relative_to(home).as_posix() for p in home.rglob("*") if p.is_dir())
    with _fresh(to) as fresh:
        found, files = {}, fresh / FILES
        for folder in ("", *folders):
            (files / folder).mkdir()
        for path in paths:
            name = path.relative_to(home).as_posix()
            step(Text(f"{name}を写す", f"copying {name}"))
            _copy(path, files / name)
            found[name] = {"sha256": _digest(files / name), "size": (files / name).stat().st_size}
        manifest = {
            "format": FORMAT,
            "folders": folders,
            "files": found,
            "elsewhere": _elsewhere(files, found),
        }
        replace_file(fresh / MANIFEST, json_bytes(manifest))
        step(Text("控えを検証する", "verifying the copy"))
        verify_backup(fresh)
    return manifest


def restore(kept: Path, home: Path, step: Step = lambda _: None) -> dict[str, Any]:
    """Put a back-up into a new or empty folder; its manifest.

    Raises:
        UsageError: `home` holds something: a restore never overwrites.
        InputError: the back-up does not verify; nothing is written.
    """
    _apart(kept, home)
    step(Text("控えを検証する", "verifying the back-up"))
    manifest = verify_backup(kept)
    with _fresh(home) as fresh:
        for folder in manifest["folders"]:
            (fresh / folder).mkdir()
        for name in manifest["files"]:
            step(Text(f"{name}を戻す", f"restoring {name}"))
            _plain(kept / FILES / name, fresh / name)
        _verify(fresh, manifest["files"])
    return manifest


def verify_backup(kept: Path) -> dict[str, Any]:
    """Check every file of a back-up; its manifest.

    Raises:
        InputError: what is missing, differs, is not listed, or does not verify.
    """
    try:
        manifest: dict[str, Any] = json.loads((kept / MANIFEST).read_text("utf-8"))
        names = (*manifest["folders"], *manifest["files"])
        good = manifest["format"] == FORMAT and all(map(_is_name, names))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{kept} is no back-up: {MANIFEST} cannot be read") from error
    if not good:
        raise UsageError(f"{kept} is no back-up of {FORMAT}")
    _verify(kept / FILES, manifest["files"])
    return manifest


def _verify(folder: Path, files: Mapping[str, Mapping[str, Any]]) -> None:
    faults = []
    for name, listed in files.items():
        path = folder / name
        if path.is_symlink() or not path.is_file():
            faults.append(_fault(name, "ファイルがない", "the file is not there"))
        elif _digest(path) != listed["sha256"]:
            faults.append(_fault(name, "内容が控えた時と違う", "its bytes are not those listed"))
        elif why := _store_fault(path):
            faults.append(Problem("broken-store", "backup", why, name))
    there = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if not p.is_dir()}
    for name in sorted(there - set(files)):
        faults.append(_fault(name, "目録にない", "the manifest does not list it"))
    if faults:
        raise InputError(faults)


def _store_fault(path: Path) -> Text | None:
    """What is wrong with a store; None for a sound one and for what is none.

    It is checked in a copy, because SQLite writes beside what it opens.
    """
    with path.open("rb") as stream:
        if stream.read(len(HEAD)) != HEAD:
            return None
    with tempfile.TemporaryDirectory(prefix="sonae-check-") as folder:
        copy = Path(shutil.copy2(path, folder))
        with closing(sqlite3.connect(copy)) as connection:
            said = connection.execute("pragma integrity_check").fetchone()[0]
            if said != "ok":
                return Text(f"SQLiteの検査: {said}", f"SQLite's check: {said}")
            if not _is_ledger(connection):
                return None
        with looking(str(copy)) as ledger:
            found = verify_store(ledger)
        if found.good:
            return None
        where = "; ".join(f"{f.seq}: {f.why.en}" for f in found.faults[:3])
        return Text(f"元帳が検証できない: {where}", f"the ledger does not verify: {where}")


def _is_ledger(connection: sqlite3.Connection) -> bool:
    """Whether a store of this version holds entries of a fund."""
    tables = {r[0] for r in connection.execute("select name from sqlite_master")}
    if not {"alembic_version", "entry"} <= tables:
        return False
    version = connection.execute("select version_num from alembic_version").fetchone()
    return version == (VERSION,) and bool(
        connection.execute("select exists (select 1 from entry)").fetchone()[0]
    )


def _files(home: Path) -> Iterator[Path]:
    """Every file to be kept; a link is refused, because what it names may not be ours."""
    found = sorted(p for p in home.rglob("*") if p.is_symlink() or not p.is_dir())
    odd = [p for p in found if p.is_symlink() or not p.is_file()]
    if odd:
        raise InputError(
            [
                _fault(p.relative_to(home).as_posix(), "リンクは控えない", "a link, or no file")
                for p in odd
            ]
        )
    for path in found:
        beside = [
            path.with_name(path.name.removesuffix(s)) for s in BESIDE if path.name.endswith(s)
        ]
        if not any(p in found for p in beside):
            yield path


def _copy(path: Path, copy: Path) -> None:
    """A store by SQLite's online backup, whatever is written meanwhile; another file as it is."""
    with path.open("rb") as stream:
        store = stream.read(len(HEAD)) == HEAD
    if not store:
        return _plain(path, copy)
    copy.touch(0o600)
    with (
        closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=60)) as source,
        closing(sqlite3.connect(copy)) as made,
    ):
        source.backup(made)
        made.execute("pragma journal_mode = delete")
    shutil.copymode(path, copy)
    _durable(copy)
    return None


def _plain(path: Path, copy: Path) -> None:
    shutil.copyfile(path, copy)
    shutil.copymode(path, copy)
    _durable(copy)


def _durable(path: Path) -> None:
    with path.open("rb") as stream:
        os.fsync(stream.fileno())


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _elsewhere(folder: Path, files: Mapping[str, object]) -> list[str]:
    """Stores on PostgreSQL, by the file that has their address: back them up with pg_dump."""
    return [name for name in files if name.endswith(".url") and (folder / name).stat().st_size]


def _is_name(name: object) -> bool:
    """Whether a name of a manifest stays inside its folder."""
    parts = Path(str(name)).parts
    return (
        isinstance(name, str) and bool(parts) and ".." not in parts and not Path(name).is_absolute()
    )


def _apart(source: Path, to: Path) -> None:
    if not source.is_dir():
        raise UsageError(f"{source} is no folder")
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise UsageError(f"{to} holds something; give a new or empty folder")
    if to.resolve().is_relative_to(source.resolve()):
        raise UsageError(f"{to} lies inside {source}")


class _fresh:
    """A folder beside `to` that gets that name when all went well, and is gone otherwise."""

    def __init__(self, to: Path) -> None:
        self.to = to

    def __enter__(self) -> Path:
        self.to.parent.mkdir(parents=True, exist_ok=True)
        self.made = Path(tempfile.mkdtemp(prefix=f".{self.to.name}.", dir=self.to.parent))
        return self.made

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self.made.rename(self.to)
        shutil.rmtree(self.made, ignore_errors=True)


def _fault(name: str, ja: str, en: str) -> Problem:
    return Problem("bad-backup", "backup", Text(ja, en), name)

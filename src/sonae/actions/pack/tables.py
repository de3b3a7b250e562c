"""The large tables of a pack in the work folder: those a killed run had finished are taken up."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from sonae import __version__
from sonae.books.kept import read_kept, write_kept
from sonae.books.parts import digest_of
from sonae.core.canonical import digest
from sonae.pack import manifest as form
from sonae.pack.tables import Watch, write_table

LARGE = (form.PEOPLE, form.ACCOUNTS, form.VIEW)


def plain_folder(work: Path) -> Path:
    """Where a pack is written before it is locked, for its owner alone.

    Of a former run nothing is left but large tables that it had finished.
    """
    folder = work / "plain"
    folder.mkdir(mode=0o700, exist_ok=True)
    for path in folder.iterdir():
        if path.name in LARGE and _record(folder, path.name).exists():
            continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    return folder


def kept_table(
    folder: Path, name: str, asked: Any, batches: Iterable[Any], schema: Any
) -> tuple[Mapping[str, int], Mapping[str, int]]:
    """Write a table; rows by file, and values that look like My Number by column.

    Where an earlier run wrote the same table of the same things (`asked`), and its files are what
    they were, that is the answer and `batches` are not touched.
    """
    key = digest([__version__, name, schema.names, asked])
    known = read_kept(_record(folder, name))
    if known is not None and known["asked"] == key and known["files"] == _files(folder, name):
        return known["rows"], known["found"]
    shutil.rmtree(folder / name, ignore_errors=True)
    watch = Watch(name)
    rows = write_table(folder, name, watch.through(batches), schema)
    said = {"asked": key, "files": _files(folder, name), "rows": rows, "found": watch.found}
    write_kept(_record(folder, name), said)
    return rows, watch.found


def _record(folder: Path, name: str) -> Path:
    return folder.with_name(f"{name}.table.json")


def _files(folder: Path, name: str) -> dict[str, str]:
    files = (p for p in (folder / name).rglob("*") if p.is_file())
    return {str(p.relative_to(folder)): digest_of(p) for p in sorted(files)}

"""A firm's own files mapped into Books: one report of every problem, or a folder written whole.

Nothing is written while anything is wrong, and nothing at all in a dry run. The folder has the
mapping, what became of each file by digest, and, if asked, the files themselves by their digest.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sonae.actions.books.check import check_books
from sonae.actions.books.query import snapshot
from sonae.actions.files import json_bytes, replace_folder
from sonae.books.engine import load_ahead
from sonae.books.map.mapping import read_spec
from sonae.books.map.run import Mapped, run
from sonae.books.map.spec import Spec
from sonae.books.parts import file_digest, part
from sonae.books.rows import read_rows
from sonae.books.schema import ASIDE, ASSETS, NESTED, TABLES
from sonae.books.settings import read_toml
from sonae.core.errors import InputError, Problem, UsageError
from sonae.core.text import Text

Step = Callable[[Text], None]
ORIGINALS, RECORD, MAPPING = ASIDE
WHOLE = ("repeated-key", "mixed-signs", "missing-table", "two-forms", "bad-setting",
         "missing-setting", "unknown-setting")  # fmt: skip
"""Problems of the Books that stand although rows with a fault are not among them."""
REFERENCES = ("unknown-asset", "unknown-customer", "unknown-holding", "unknown-account")
"""Problems of a copied table that may come of rows that are not there."""


@dataclass(frozen=True)
class _File:
    """One file as it was when the run began."""

    source: str
    name: str
    path: Path
    sha256: str
    stat: tuple[int, int]


def map_books(
    mapping: Path,
    out: Path | None,
    *,
    base: Path | None = None,
    database: str | None = None,
    originals: bool = False,
    step: Step = lambda _: None,
) -> dict[str, Any]:
    """Map files into the Books folder `out`; None is a dry run. The report of what was made.

    Files are looked for below `base`, else beside the mapping.

    Raises:
        InputError: every problem of the mapping, or of the files in their own terms.
    """
    problems: list[Problem] = []
    if not mapping.is_file():
        raise UsageError(f"there is no file {mapping}")
    if out is not None and out.exists() and any(out.iterdir()) and not (out / RECORD).is_file():
        raise UsageError(f"{out} is not a folder that a mapping wrote; choose another")
    spec = read_spec(read_toml(mapping, problems), mapping.name, problems)
    if problems:
        raise InputError(problems)
    load_ahead()
    with _scratch(out) as scratch:
        books, queries = Path(scratch) / "books", Path(scratch) / "queries"
        books.mkdir()
        files = _found(spec, base or mapping.parent, problems)
        files += [
            _as_now(id, f"{id}.csv", path)
            for id, path in snapshot(spec, database, queries, problems, step)
        ]
        scales = _copied(spec, base or mapping.parent, books, problems)
        by_source = {s.id: [(f.name, f.path) for f in files if f.source == s.id]
                     for s in spec.sources}  # fmt: skip
        mapped = run(spec, by_source, books, scales, step)
        problems += mapped.faults.problems()
        problems += [p for f in files if (p := _changed(f)) is not None]
        record = _record(spec, mapping, mapped, files)
        _notes(books, spec, files, record["mapping"]["sha256"])
        step(Text("できた帳簿を検査する", "checking the books made"))
        try:
            record["digests"] = check_books(books)
        except InputError as error:
            found = [_theirs(p, spec, mapped) for p in error.problems]
            problems += [p for p in found if not problems or _stands(p, spec)]
        if problems:
            raise InputError(problems)
        if out is not None:
            shutil.copyfile(mapping, books / MAPPING)
            content = {p.relative_to(books).as_posix(): _chunks(p)
                       for p in sorted(books.rglob("*")) if p.is_file()}  # fmt: skip
            content[RECORD] = iter([json_bytes(record)])
            if originals:
                content |= {f"{ORIGINALS}/{f.sha256}": _chunks(f.path) for f in files}
            replace_folder(out, content)
    return record


def _scratch(out: Path | None) -> TemporaryDirectory[str]:
    """A folder beside the result; what a run that was killed left there is removed first."""
    if out is None:
        return TemporaryDirectory(prefix="sonae-map-")
    out.parent.mkdir(parents=True, exist_ok=True)
    mark = f".{out.name}.map-"
    for left in out.parent.glob(f"{mark}*"):
        owner = left.name.removeprefix(mark).split("-")[0]
        if owner.isdigit() and not _runs(int(owner)):
            shutil.rmtree(left, ignore_errors=True)
    return TemporaryDirectory(dir=out.parent, prefix=f"{mark}{os.getpid()}-")


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _found(spec: Spec, base: Path, problems: list[Problem]) -> list[_File]:
    """The files of each source, by name; a pattern without a file is a problem."""
    files = []
    for source in spec.sources:
        for pattern in source.files:
            steps = Path(pattern).parts
            inside = bool(steps) and not Path(pattern).is_absolute() and ".." not in steps
            paths = sorted(p for p in base.glob(pattern) if p.is_file()) if inside else []
            if not paths:
                text = _NO_FILE.format(p=pattern)
                problems.append(Problem("missing-file", source.id, text, pattern))
            files += [_as_now(source.id, p.relative_to(base).as_posix(), p) for p in paths]
    seen: dict[str, str] = {}
    for file in files:
        other = seen.setdefault(file.sha256, f"{file.source}: {file.name}")
        if other != f"{file.source}: {file.name}" and other.startswith(f"{file.source}: "):
            text = _SAME_FILE.format(o=other)
            problems.append(Problem("repeated-file", file.source, text, file.name))
    return files


def _as_now(source: str, name: str, path: Path) -> _File:
    stat = path.stat()
    return _File(source, name, path, file_digest(path), (stat.st_size, stat.st_mtime_ns))


def _changed(file: _File) -> Problem | None:
    stat = file.path.stat()
    if (stat.st_size, stat.st_mtime_ns) == file.stat:
        return None
    return Problem("file-changed", file.source, _CHANGED, file.name)


def _copied(spec: Spec, base: Path, books: Path, problems: list[Problem]) -> dict[str, int]:
    """Put the files that are Books already in place; the scales of their assets."""
    scales: dict[str, int] = {}
    for name in spec.copy:
        path, stem = base / name, Path(name).stem
        known = stem in TABLES if path.suffix in (".csv", ".parquet") else stem in NESTED
        if not known or not path.is_file():
            text = (_NO_BOOKS if path.is_file() else _NO_FILE).format(p=name)
            problems.append(Problem("missing-file", "mapping", text, name, key="mapping.copy"))
            continue
        target = books / path.name
        shutil.copyfile(path, target)
        if stem == ASSETS.name and (found := part(target, books, ASSETS, [])) is not None:
            rows = read_rows(ASSETS, [found], {}, [])
            scales |= {
                r["asset"]: r["scale"] for r in rows if r["asset"] and r["scale"] is not None
            }
    for entry in spec.entries:
        if any(Path(c).stem == entry.to for c in spec.copy):
            text = _BOTH.format(t=entry.to)
            problems.append(Problem("two-forms", "mapping", text, key="mapping.copy"))
    return scales


def _record(spec: Spec, mapping: Path, mapped: Mapped, files: list[_File]) -> dict[str, Any]:
    by_name = {(f.source, f.name): f for f in files}
    return {
        "format": "sonae-mapping/1",
        "mapping": {"name": spec.name, "sha256": file_digest(mapping)},
        "files": [
            {
                **read.as_json(),
                "sha256": by_name[read.source, read.file].sha256,
                "bytes": by_name[read.source, read.file].stat[0],
            }
            for read in mapped.reads
        ],
        "tables": {n: t.rows for n, t in sorted(mapped.tables.items()) if t.rows},
        "samples": mapped.samples,
    }


def _notes(books: Path, spec: Spec, files: list[_File], mapping: str) -> None:
    """Where each table came from, as `[[sources]]` of venue.toml: it goes to every figure."""
    venue = books / "venue.toml"
    if not venue.is_file():
        return
    lines = []
    for entry in spec.entries:
        source = spec.source(entry.source)
        made = [f"{f.name} sha256:{f.sha256}" for f in files if f.source == source.id]
        what = json.dumps(source.id, ensure_ascii=False)
        said = json.dumps(f"{'; '.join(made)}; mapping sha256:{mapping}", ensure_ascii=False)
        lines.append(
            f'\n[[sources]]\ntable = "{entry.to}"\nwhat = {{ ja = {what}, en = {what} }}\n'
            f'source = {said}\nconfidence = "{source.confidence}"\n'
        )
    with venue.open("a", encoding="utf-8") as stream:
        stream.write("".join(dict.fromkeys(lines)))


def _theirs(problem: Problem, spec: Spec, mapped: Mapped) -> Problem:
    """A problem of the Books at its place in the file that the row came from."""
    table = mapped.tables.get(Path(problem.file).stem)
    origin = table.origin(problem.row) if table is not None and problem.row is not None else None
    if origin is None or problem.row is None:
        return problem
    entry = spec.entries[origin.entry]
    takes = [entry.columns.get(name) for name in problem.column.split(", ")]
    theirs = [t.columns[0] for t in takes if t is not None and t.columns]
    column = ", ".join(dict.fromkeys(theirs)) or problem.column
    row = origin.row(problem.row)
    return replace(problem, table=entry.source, file=origin.file, row=row, column=column)


def _stands(problem: Problem, spec: Spec) -> bool:
    """True where a problem of the Books is one although rows with a fault are not in them."""
    mapped = any(e.to == problem.table for e in spec.entries)
    if problem.name == "missing-table":
        return not mapped
    copied = any(problem.file == Path(c).name for c in spec.copy)
    return problem.name in WHOLE or (copied and problem.name not in REFERENCES)


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            yield block


def kept(folder: Path) -> Mapping[str, bool]:
    """For each file that a mapping read, by digest: whether `originals` still has those bytes."""
    record = json.loads((folder / RECORD).read_bytes())
    found = {}
    for file in record["files"]:
        path = folder / ORIGINALS / file["sha256"]
        found[file["sha256"]] = path.is_file() and (
            hashlib.sha256(path.read_bytes()).hexdigest() == file["sha256"]
        )
    return found


_NO_FILE = Text("ファイル「{p}」がない", "there is no file {p}")
_NO_BOOKS = Text("「{p}」は帳簿の表の名前ではない", "{p} is not the name of a table of Books")
_SAME_FILE = Text("同じ内容のファイルが二つある（{o}）", "the same content as {o}")
_CHANGED = Text("読んでいる間にファイルが変わった", "the file changed while it was read")
_BOTH = Text("表 {t} は copy にもマッピングにもある", "table {t} is in copy and is mapped too")

"""A mapping carried out: every file of every source read once, every problem found in one run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sonae.books.map.banks import read_zengin
from sonae.books.map.batch import Batch, Faults, ahead
from sonae.books.map.camt import read_camt
from sonae.books.map.checks import Present, Totals, Unique, meant
from sonae.books.map.convert import Row, convert
from sonae.books.map.rates import read_ecb
from sonae.books.map.spec import Entry, Source, Spec, used_columns
from sonae.books.map.tables import read_excel, read_parquet
from sonae.books.map.textfiles import look, read_csv, read_fixed, read_jsonl
from sonae.books.map.write import TableFile, new_tables
from sonae.books.schema import ASSETS, TABLES
from sonae.core.errors import Problem
from sonae.core.text import Text

Step = Callable[[Text], None]
Files = Mapping[str, Sequence[tuple[str, Path]]]
"""By source id its files: the name a person knows, and where it is."""
SAMPLES = 3


@dataclass
class Read:
    """What became of one file: rows read, rows of each table made of them, rows left out."""

    source: str
    file: str
    rows: int = 0
    made: dict[str, int] = field(default_factory=dict)
    left_out: int = 0
    repeated: int = 0

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "source": self.source,
            "file": self.file,
            "rows": self.rows,
            "made": self.made,
            "left_out": self.left_out,
            "repeated": self.repeated,
        }


@dataclass
class Mapped:
    """The tables written, what became of each file, a few rows of each, and everything wrong."""

    tables: dict[str, TableFile]
    faults: Faults = field(default_factory=Faults)
    reads: list[Read] = field(default_factory=list)
    samples: dict[str, list[dict[str, str | None]]] = field(default_factory=dict)


def run(
    spec: Spec, files: Files, folder: Path, scales: dict[str, int], step: Step = lambda _: None
) -> Mapped:
    """Map every source into tables below `folder`; rows with a fault are not among them.

    `scales` are those of assets that need no mapping; a mapped `assets` is read first.
    """
    done = Mapped(new_tables(folder))
    present = Present(list(spec.complete))
    first = [s for s in spec.sources if any(e.to == ASSETS.name for _, e in spec.of(s.id))]
    for source in (*first, *(s for s in spec.sources if s not in first)):
        step(Text(f"{source.id}を読む", f"reading {source.id}"))
        unique = Unique(source)
        for name, path in files.get(source.id, ()):
            _file(spec, source, name, path, scales, unique, present, done)
    for table in done.tables.values():
        table.close()
    writers: dict[str, list[str]] = {}
    for entry in spec.entries:
        writers.setdefault(entry.to, []).append(entry.source)
    present.absent(writers, done.faults)
    return done


def _file(
    spec: Spec,
    source: Source,
    name: str,
    path: Path,
    scales: dict[str, int],
    unique: Unique,
    present: Present,
    done: Mapped,
) -> None:
    read, totals = Read(source.id, name), Totals(source)
    done.reads.append(read)
    before = dict(done.faults.counts)
    for batch in ahead(open_file(spec, source, name, path, done.faults)):
        read.rows += len(batch)
        if source.form in ("fixed", "jsonl", "excel"):
            look(source, batch, done.faults)
        rows = totals.split(batch, done.faults)
        rows, repeated = unique.once(rows, done.faults)
        read.repeated += repeated
        untouched = np.ones(len(rows), dtype=bool)
        for n, entry in spec.of(source.id):
            try:
                keep = _chosen(source, entry, rows, done.faults)
                untouched &= ~keep.to_numpy(zero_copy_only=False)
                made = _rows(n, entry, source, rows.filter(keep), scales, present, done)
            except pa.ArrowInvalid as error:
                text = Text(f"38桁を超える値: {error}", f"a value beyond 38 digits: {error}")
                done.faults.add(Problem("corrupt-row", source.id, text, name))
                continue
            read.made[entry.to] = read.made.get(entry.to, 0) + made
        read.left_out += int(untouched.sum())
    ended = ("layout-changed", "unreadable-file", "bad-length")
    new = {k for k, n in done.faults.counts.items() if n != before.get(k)}
    whole = not any(k[1] == name and k[2] in ended for k in new)
    if whole:
        totals.done(name, done.faults)
        if not read.rows:
            done.faults.add(Problem("empty-file", source.id, _NO_ROWS, name))


def open_file(spec: Spec, source: Source, name: str, path: Path, faults: Faults) -> Iterator[Batch]:
    """The rows of one file in batches."""
    if source.form == "parquet":
        return read_parquet(source, path, name, used_columns(spec, source), faults)
    return READERS[source.form](source, path, name, faults)


READERS: Mapping[str, Callable[[Source, Path, str, Faults], Iterator[Batch]]] = {
    "csv": read_csv,
    "sql": read_csv,
    "excel": read_excel,
    "fixed": read_fixed,
    "jsonl": read_jsonl,
    "zengin": read_zengin,
    "camt053": read_camt,
    "ecb": read_ecb,
}


def _chosen(source: Source, entry: Entry, batch: Batch, faults: Faults) -> pa.Array:
    """The rows an entry takes; one that it neither takes nor leaves is a fault."""
    leaves = pa.array(np.zeros(len(batch), dtype=bool))
    for column, values in entry.leave.items():
        leaves = pc.or_(leaves, meant(batch, {column: values}))
    if not entry.take:
        return pc.invert(leaves)
    takes = meant(batch, entry.take)
    stray = pc.and_(pc.invert(takes), pc.invert(leaves))
    for n in np.flatnonzero(stray.to_numpy(zero_copy_only=False)):
        said = ", ".join(f"{c} = {batch.columns[c][int(n)].as_py()}" for c in entry.take)
        number = batch.numbers[int(n)].as_py()
        column = next(iter(entry.take))
        faults.at(source.id, batch, number, column, "unknown-row", _STRAY.format(v=said))
    return pc.and_(takes, pc.invert(leaves))


def _rows(
    place: int,
    entry: Entry,
    source: Source,
    batch: Batch,
    scales: dict[str, int],
    present: Present,
    done: Mapped,
) -> int:
    """The rows of one table that one batch makes; those with a fault are left out."""
    if not len(batch):
        return 0
    table, row = TABLES[entry.to], Row(source.id, batch, done.faults)
    columns: dict[str, pa.Array] = {}
    order = sorted(table.columns, key=lambda c: c.kind == "quantity")
    for column in order:
        if column.name in entry.columns:
            take = entry.columns[column.name]
            assets = columns.get("asset")
            columns[column.name] = convert(take, column, entry, row, assets, scales)
    numbers = batch.numbers
    if row.bad.any():
        good = pa.array(~row.bad)
        columns = {n: c.filter(good) for n, c in columns.items()}
        numbers = numbers.filter(good)
    if entry.to == ASSETS.name:
        _scales(columns, scales)
    present.look(entry.to, columns)
    done.tables[entry.to].take(columns, numbers, place, batch.file)
    shown = done.samples.setdefault(entry.to, [])
    for n in range(min(SAMPLES - len(shown), len(numbers))):
        values = {c: _plain(v[n].as_py()) for c, v in columns.items()}
        shown.append({"_file": batch.file, "_row": str(numbers[n].as_py()), **values})
    return len(numbers)


def _plain(value: Any) -> str | None:
    return None if value is None else str(value)


def _scales(columns: Mapping[str, pa.Array], scales: dict[str, int]) -> None:
    names, digits = columns["asset"].to_pylist(), columns["scale"].to_pylist()
    for name, scale in zip(names, digits, strict=True):
        if int(scale) <= MOST_SCALE:
            scales[name] = int(scale)


MOST_SCALE = 30
_STRAY = Text("take にも leave にもない行: {v}", "a row that neither take nor leave names: {v}")
_NO_ROWS = Text("明細が一行もない", "there is not a single row")

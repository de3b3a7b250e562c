"""What a file says about itself: totals, rows that stand twice, what must not be absent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sonae.books.map.batch import Batch, Faults, shown
from sonae.books.map.convert import Row, to_units, trimmed
from sonae.books.map.numbers import decimal_text
from sonae.books.map.spec import Chosen, Complete, Source, Total
from sonae.core.errors import Problem
from sonae.core.text import Text

PLACES = 18
"""Decimals that totals are added up with; a finer number in such a column is refused."""


def meant(batch: Batch, where: Chosen) -> pa.Array:
    """The rows where each column has one of its values."""
    keep = pa.array(np.ones(len(batch), dtype=bool))
    for column, values in where.items():
        words = pc.fill_null(trimmed(batch.columns[column]), "")
        keep = pc.and_(keep, pc.is_in(words, pa.array(values, pa.string())))
    return keep


@dataclass
class Totals:
    """The sums of one file as its rows go by, against the rows that state them."""

    source: Source
    sums: list[dict[str, int]] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    seen: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sums = [dict.fromkeys(t.columns, 0) for t in self.source.totals]
        self.counts = [0] * len(self.source.totals)
        self.seen = [0] * len(self.source.totals)

    def split(self, batch: Batch, faults: Faults) -> Batch:
        """The rows that are no totals; each total is compared with what came before it."""
        if not self.source.totals:
            return batch
        kinds = [meant(batch, t.where).to_numpy(zero_copy_only=False) for t in self.source.totals]
        stated = np.logical_or.reduce(kinds)
        start = 0
        for at in (*np.flatnonzero(stated), len(batch)):
            self._add(batch.slice(start, int(at)), faults)
            for n, kind in enumerate(kinds):
                if at < len(batch) and kind[at]:
                    self._compare(n, batch.slice(int(at), int(at) + 1), faults)
            start = int(at) + 1
        return batch.filter(pa.array(~stated))

    def _add(self, rows: Batch, faults: Faults) -> None:
        if not len(rows):
            return
        columns = {c for t in self.source.totals for c in t.columns}
        quiet = Row(self.source.id, rows, Faults())  # a bad number is reported where it is used
        sums = {c: _sum(rows, c, self.source, quiet) for c in columns}
        for n, total in enumerate(self.source.totals):
            self.counts[n] += len(rows)
            for column in total.columns:
                self.sums[n][column] += sums[column]

    def _compare(self, n: int, row: Batch, faults: Faults) -> None:
        total = self.source.totals[n]
        self.seen[n] += 1
        for column in total.columns:
            reader = Row(self.source.id, row, faults)
            said = _sum(row, column, self.source, reader)
            if not reader.bad.any() and said != self.sums[n][column]:
                raw = shown(row.columns[column][0].as_py())
                made = decimal_text((self.sums[n][column], PLACES))
                self._wrong(row, column, raw, made, faults)
        if total.count:
            raw = shown(row.columns[total.count][0].as_py())
            if raw.strip().replace(",", "") != str(self.counts[n]):
                self._wrong(row, total.count, raw, str(self.counts[n]), faults)
        if total.since:
            self.sums[n], self.counts[n] = dict.fromkeys(total.columns, 0), 0

    def _wrong(self, row: Batch, column: str, said: str, made: str, faults: Faults) -> None:
        number = row.numbers[0].as_py()
        text = _TOTAL.format(said=said, made=made)
        faults.at(self.source.id, row, number, column, "wrong-total", text)

    def done(self, file: str, faults: Faults) -> None:
        """A total that never came: the file may have lost its end."""
        for total, seen in zip(self.source.totals, self.seen, strict=True):
            if not seen:
                text = _NO_TOTAL.format(w=_words(total))
                faults.add(Problem("missing-total", self.source.id, text, file))


def _words(total: Total) -> str:
    return ", ".join(f"{c} = {' / '.join(v)}" for c, v in total.where.items())


def _sum(rows: Batch, column: str, source: Source, reader: Row) -> int:
    values = trimmed(rows.columns[column])
    powers = pa.array([PLACES] * len(rows), pa.int32())
    units = to_units(values, source.number, (powers, {}), reader, column)
    total = pc.sum(units.cast(pa.decimal256(76, 0))).as_py()
    return 0 if total is None else int(total)


@dataclass
class Unique:
    """Rows that must not stand twice; with `repeats = "once"` an identical row counts once.

    Keys are kept in memory: this is for lists of wallets and venues. The keys of a table are
    checked on the engine, for any number of rows.
    """

    source: Source
    known: dict[tuple[str | None, ...], tuple[int, str, tuple[str | None, ...]]] = field(
        default_factory=dict
    )

    def once(self, batch: Batch, faults: Faults) -> tuple[Batch, int]:
        """The rows to go on with, and how many identical ones were left out."""
        if not self.source.unique:
            return batch, 0
        keys = [trimmed(batch.columns[c]).to_pylist() for c in self.source.unique]
        rest = [c.to_pylist() for n, c in batch.columns.items() if n not in self.source.unique]
        keep = np.ones(len(batch), dtype=bool)
        dropped = 0
        others = zip(*rest, strict=True) if rest else [()] * len(batch)
        for n, (key, other) in enumerate(zip(zip(*keys, strict=True), others, strict=True)):
            number = batch.numbers[n].as_py()
            first = self.known.setdefault(key, (number, batch.file, other))
            if first[:2] == (number, batch.file):
                continue
            keep[n] = False
            if self.source.once and first[2] == other:
                dropped += 1
                continue
            text = (_DIFFERS if first[2] != other else _AGAIN).format(f=first[1], r=first[0])
            where = self.source.unique[0]
            faults.at(self.source.id, batch, number, where, "repeated-row", text)
        return batch.filter(pa.array(keep)), dropped


@dataclass
class Present:
    """The rows that must be there; what is left at the end never came."""

    pending: list[Complete]

    def look(self, table: str, columns: Mapping[str, pa.Array]) -> None:
        """Cross off what these rows of a table have."""
        for complete in [c for c in self.pending if c.table == table]:
            found = [
                pc.equal(columns[name], value)
                for name, value in complete.row.items()
                if name in columns
            ]
            if len(found) == len(complete.row):
                both = found[0]
                for other in found[1:]:
                    both = pc.and_(both, other)
                if pc.any(both).as_py():
                    self.pending.remove(complete)

    def absent(self, sources: Mapping[str, Sequence[str]], faults: Faults) -> None:
        """A problem for each that never came; absent is not zero."""
        for complete in self.pending:
            words = ", ".join(f"{k} = {v}" for k, v in complete.row.items())
            of = ", ".join(sources.get(complete.table, ())) or complete.table
            text = _ABSENT.format(r=words, t=complete.table)
            faults.add(Problem("incomplete-source", of, text, key=words))


_TOTAL = Text(
    "合計は {said} とあるが、明細の合計は {made}", "the total says {said}, the rows make {made}"
)
_NO_TOTAL = Text(
    "合計の行（{w}）がない。ファイルの終わりが欠けているおそれがある",
    "there is no total ({w}); the end of the file may be missing",
)
_AGAIN = Text("{f} の{r}行目と同じ行", "the same row as row {r} of {f}")
_DIFFERS = Text(
    "{f} の{r}行目と同じ対象で内容が異なる", "the same item as row {r} of {f}, with other content"
)
_ABSENT = Text(
    "{t} に必ずある行 {r} がない。ないことをゼロとは読まない",
    "{t} lacks the row {r} that it must have; absent is not zero",
)

"""Sealing on an engine of several machines: claims, leaves and tiles where the rows are.

    entries   balances in pieces by account                     the engine
    claims    each piece sorted into claims, leaves hashed      any machine
    order     all leaves by asset and salt, in pieces           the engine
    tiles     each piece: rows of leaves, tops of its tiles     any machine
    trees     every level above the tiles, and the files        here

The bytes are those of `seal.build`. The key of the day is with every machine that takes part.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sonae.actions.files import sync
from sonae.actions.seal.build import Levels
from sonae.actions.seal.claims import GROUP, SCHEMA, Tally, write_claims
from sonae.actions.seal.columns import amounts, texts
from sonae.actions.seal.work import Work
from sonae.books.balances import ENTRIES
from sonae.core.errors import Refused
from sonae.seal.encoding import ROW, height_of
from sonae.seal.fast import choose
from sonae.seal.fast.arrays import SAME_TEXT
from sonae.seal.fast.hashing import TILE
from sonae.seal.header import Sealed

ROWS = 500_000
"""Rows of a piece of balances; of ordered leaves there are four times as many in one."""
SALT = 16
"""Bytes of a salt that leaves are ordered by: two that are equal in them are of one text."""
LEAVES = pa.schema([("asset", pa.int64()), ("salt", pa.binary(SALT)), ("row", pa.binary(ROW))])
ORDER = ("asset", "salt")


@dataclass(frozen=True)
class Rule:
    """What turns balances into leaves; the same for every piece."""

    numbers: Mapping[str, int]
    prices: Mapping[str, Fraction]
    key: bytes
    parts: int


@dataclass(frozen=True)
class Tiles:
    """A piece of one asset's leaves: the tops of its whole tiles, the rows before and after them.

    `first` is the place of the first leaf in the tree, `file` has all rows.
    """

    asset: int
    first: int
    count: int
    tops: Any
    ends: Sequence[Any]
    file: Path


def spread_claims(
    engine: Any, entries: Any, count: int, rule: Rule, path: Path
) -> tuple[Tally, list[Path]]:
    """The table of claims at `path`, and files of salted leaves in no order.

    Args:
        engine: one that is a `books.engine.Spread` as well.
        entries: the relation `Balances.entries`.
        count: about how many rows it has.
        rule: numbers, prices, key and parts.
        path: where the table goes.

    Raises:
        Refused: the value of an account reaches 2^128.
    """
    given = engine.files(entries, ENTRIES[:1], ENTRIES, -(-count // ROWS) or 1)
    tallies = _good(engine.each(_claims, [(file, rule) for file in given]))
    path.touch(0o600)
    with pq.ParquetWriter(path, SCHEMA, compression="zstd", use_dictionary=["asset"]) as writer:
        for tally in tallies:
            writer.write_table(pq.read_table(tally.path), row_group_size=GROUP)
    sync(path)
    return _together(tallies, path), [_beside(file, "leaves") for file in given]


def spread_trees(engine: Any, found: Tally, leaves: Sequence[Path], work: Work) -> list[Sealed]:
    """The trees over these leaves, their files in the folder of the work.

    Raises:
        Refused: two accounts have one text, a sum reaches 2^128, or the leaves do not add up.
    """
    table, count = engine.scan(leaves).select(*LEAVES.names), sum(map(_rows_in, leaves))
    pieces = engine.files(table, ORDER, ORDER, -(-count // (4 * ROWS)) or 1)
    counts: list[Counter[int]] = engine.each(_count, pieces)
    first, works = Counter[int](), []
    for file, mine in zip(pieces, counts, strict=True):
        works.append((file, {asset: first[asset] for asset in sorted(mine)}))
        first += mine
    tiles = [one for piece in _good(engine.each(_tiles, works)) for one in piece]
    return [_tree(n, first[n], total, tiles, work) for n, total in sorted(found.totals.items())]


def _tree(asset: int, leaves: int, total: int, tiles: Iterable[Tiles], work: Work) -> Sealed:
    levels = Levels(leaves, choose(leaves // TILE))
    file, above = (work.path(f"leaves/{asset}.{kind}") for kind in ("bin", "tree"))
    file.touch(0o600)
    with file.open("wb") as stream:
        for one in (t for t in tiles if t.asset == asset):
            levels.take(one.first, one.count, one.tops, one.ends)
            with one.file.open("rb") as rows:
                while part := rows.read(1 << 20):
                    stream.write(part)
    row = levels.write(above)
    sync(file)
    sync(above)
    found = int.from_bytes(row[32:], "big")
    if found != total:
        raise Refused(f"asset {asset}: the leaves add up to {found}")
    return Sealed(asset, height_of(leaves), leaves, total, row[:32])


def _together(tallies: Sequence[Tally], path: Path) -> Tally:
    """What was sorted in pieces, as one."""
    whole = Tally(totals=dict.fromkeys(tallies[0].totals, 0), path=path)
    for tally in tallies:
        whole.value += tally.value
        for number, total in tally.totals.items():
            whole.totals[number] += total
        for key, (count, units) in tally.excluded.items():
            before = whole.excluded.get(key, (0, 0))
            whole.excluded[key] = before[0] + count, before[1] + units
    return whole


def _good(made: Iterable[Any]) -> list[Any]:
    """What machines made; a Refused that one of them met is raised here."""
    found = list(made)
    for one in found:
        if isinstance(one, Refused):
            raise one
    return found


# -- what is done where the rows are ---------------------------------------------------------------


def _claims(work: tuple[Path, Rule]) -> Tally | Refused:
    """Claims and leaves of a file of balances, written beside it."""
    file, rule = work
    try:
        batches = pq.ParquetFile(file).iter_batches(GROUP)
        found = write_claims(batches, rule.numbers, rule.prices, _beside(file, "claims"))
    except Refused as error:
        return error
    _leaves(pq.read_table(found.path).combine_chunks(), rule, _beside(file, "leaves"))
    return found


def _leaves(claims: Any, rule: Rule, file: Path) -> None:
    """Write the leaves of claims, in their order."""
    hashing = choose(rule.parts * len(claims))
    with pq.ParquetWriter(file, LEAVES, use_dictionary=["asset"]) as writer:
        if not len(claims):
            return
        text = claims["text"].combine_chunks()
        fresh = np.ones(len(text), bool)
        fresh[1:] = pc.not_equal(text[1:], text[:-1]).to_numpy(zero_copy_only=False)
        digests = hashing.accounts(texts(text.filter(pa.array(fresh))))[np.cumsum(fresh) - 1]
        assets = claims["asset"].to_numpy().astype(np.uint32)
        pairs = amounts(claims["amount"])
        made = hashing.leaves(rule.key, digests, assets, pairs, rule.parts)
        salts = made.salts.astype(">u8").view(np.uint8)
        numbers = pa.array(np.repeat(assets.astype(np.int64), rule.parts))
        columns = [numbers, _packed(salts, SALT), _packed(made.rows, ROW)]
        writer.write_table(pa.table(columns, schema=LEAVES))


def _tiles(work: tuple[Path, Mapping[int, int]]) -> list[Tiles] | Refused:
    """The rows of leaves of a file of ordered leaves, written beside it, and its tiles."""
    file, first = work
    table, made = pq.read_table(file, columns=LEAVES.names), []
    for asset, place in first.items():
        mine = table.filter(pc.equal(table.column("asset"), asset))
        salts, rows = _bytes(mine.column("salt"), SALT), _bytes(mine.column("row"), ROW)
        if (salts[1:] == salts[:-1]).all(axis=1).any():
            return Refused(SAME_TEXT)
        _beside(file, f"{asset}.rows").write_bytes(rows.tobytes())
        lead = min(-place % TILE, len(rows))
        edge = lead + (len(rows) - lead) // TILE * TILE
        try:
            tops = choose(len(rows)).tiles(rows[lead:edge])
        except Refused as error:
            return error
        ends = [rows[:lead].copy(), rows[edge:].copy()]
        made.append(Tiles(asset, place, len(rows), tops, ends, _beside(file, f"{asset}.rows")))
    return made


def _count(file: Path) -> Counter[int]:
    """How many leaves of each asset a file has."""
    found = pq.read_table(file, columns=["asset"]).column("asset").value_counts()
    return Counter({v["values"].as_py(): v["counts"].as_py() for v in found})


def _rows_in(file: Path) -> int:
    return int(pq.read_metadata(file).num_rows)


def _packed(content: Any, width: int) -> Any:
    """Rows of bytes as a column."""
    buffer = pa.py_buffer(np.ascontiguousarray(content))
    return pa.Array.from_buffers(pa.binary(width), len(content), [None, buffer])


def _bytes(column: Any, width: int) -> Any:
    """A column as rows of bytes."""
    array = column.cast(pa.binary(width)).combine_chunks()
    content = np.frombuffer(array.buffers()[1], np.uint8).reshape(-1, width)
    return content[array.offset :][: len(array)]


def _beside(file: Path, what: str) -> Path:
    """Where what is made of a file goes."""
    return file.with_name(f"made-{file.stem}.{what}")

"""Trees from a table of claims of any size: under a budget of memory, on threads, killed or not.

    runs      some claims each: leaves hashed, ordered by asset and salt      runs/N
    trees     asset by asset, ranges of salts gathered from all runs          leaves/N.bin, N.tree

A run is columns one after the other: the first 8 bytes of each salt as a number, then for each leaf
the next 8, the hash, and the amount in 8 bytes, or in 16 where one of the run needs them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sonae.actions.seal.columns import amounts, texts
from sonae.actions.seal.work import Info, Work
from sonae.core.errors import Refused, UsageError
from sonae.seal.encoding import LIMIT, ROW, height_of
from sonae.seal.fast import Hashing, Leaves, choose
from sonae.seal.fast.arrays import place, rows_of
from sonae.seal.fast.hashing import TILE, TOO_MUCH
from sonae.seal.fast.subtrees import levels_above, padded
from sonae.seal.header import Sealed

LEAF_COST, CLAIM_COST, SORT_COST = 240, 240, 260
"""Bytes of memory that a leaf or a claim of a run needs while it is made; a leaf in a range."""
MOST_IN_RANGE = 1 << 19
BATCH = 1 << 15
"""Claims whose texts are read at a time."""
LEAST, MOST_THREADS = 100 * 10**6, 1024
BEHIND = 256 << 20
"""Bytes of a growing file after which it is begun to be put on disk."""
Words = npt.NDArray[np.uint64]
T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Means:
    """How a seal is made, which changes nothing of it: memory in bytes, threads, who hashes."""

    memory: int = 1 << 30
    threads: int = os.cpu_count() or 1
    hashing: Hashing | None = None

    @property
    def share(self) -> int:
        """Bytes for what each thread holds; a part of the budget is for what all share."""
        return self.memory * 3 // 4 // self.threads

    def claims(self, parts: int) -> int:
        """Claims of a run."""
        return max(1, self.share // (LEAF_COST * parts + CLAIM_COST))

    def each(self, work: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """Do work on items, on threads, as many at a time as there are; results as they come."""
        if self.threads == 1:
            yield from map(work, items)
            return
        with ThreadPoolExecutor(self.threads) as pool:
            running: set[Future[R]] = set()
            try:
                for item in items:
                    if len(running) == self.threads:
                        done, running = wait(running, return_when=FIRST_COMPLETED)
                        for future in done:
                            yield future.result()
                    running.add(pool.submit(work, item))
                while running:
                    done, running = wait(running, return_when=FIRST_COMPLETED)
                    for future in done:
                        yield future.result()
            finally:
                pool.shutdown(cancel_futures=True)


def means_of(memory: str, threads: int | None = None) -> Means:
    """Means as a person writes them, memory as "500MB" or "2GB".

    Raises:
        UsageError: it is no amount, or too little to work with.
    """
    found = re.fullmatch(r"([0-9]{1,9}) ?([MG])B", memory.strip().upper())
    size = int(found[1]) * (10**6 if found[2] == "M" else 10**9) if found else 0
    if size < LEAST or (threads is not None and not 1 <= threads <= MOST_THREADS):
        raise UsageError(f"{memory} on {threads or 'all'} threads: give 100MB or more, like 1GB")
    return Means(size) if threads is None else Means(size, threads)


def build(
    claims: Path, key: bytes, parts: int, totals: Mapping[int, int], work: Work, means: Means
) -> list[Sealed]:
    """The trees of every asset of a table of claims (see `seal.claims`), as a header has them.

    Args:
        claims: the table: text, asset, amount; in any order.
        key: the key of the day.
        parts: in how many leaves each claim is split.
        totals: by asset number what its claims add up to; an asset without claims has 0.
        work: where `leaves/N.bin` and `leaves/N.tree` appear.
        means: memory, threads.

    Raises:
        Refused: a sum reaches 2^128, two accounts have one text, or the table and `totals` differ.
    """
    if any(total >= LIMIT for total in totals.values()):
        raise Refused(TOO_MUCH)
    rows = pq.ParquetFile(claims).metadata.num_rows
    hashing = means.hashing or choose(rows * parts)
    most = means.claims(parts)  # a run of an earlier attempt may be smaller, never larger
    step = min(int(work.plan.get("how", {}).get("claims", 0)) or most, most)
    maker = _Runs(claims, key, parts, hashing, work)
    wanted = [(n, at, min(step, rows - at)) for n, at in enumerate(range(0, rows, step))]
    runs = {n: said for n, *of in wanted if (said := work.done(f"run {n}", {"of": of}))}
    todo = [run for run in wanted if run[0] not in runs]
    for n, said in means.each(maker.run, todo):
        runs[n] = said
    work.settle()
    held = [_Held(work.path(f"runs/{n}"), runs[n]) for n in sorted(runs)]
    strange = {int(a) for run in runs.values() for a in run["leaves"]} - set(totals)
    if strange:
        raise Refused(f"claims of assets that are not sealed: {sorted(strange)}")
    trees = _Trees(held, hashing, work, means)
    made = [trees.tree(asset) for asset in sorted(totals)]
    work.settle()
    for sealed in made:
        if sealed.total != totals[sealed.asset]:
            raise Refused(f"asset {sealed.asset}: the leaves add up to {sealed.total}")
    return made


class _Runs:
    """Runs being made from a table of claims."""

    def __init__(self, claims: Path, key: bytes, parts: int, hashing: Hashing, work: Work) -> None:
        self.claims, self.key, self.parts, self.hashing = claims, key, parts, hashing
        self.work = work
        groups = pq.ParquetFile(claims).metadata
        sizes = [groups.row_group(i).num_rows for i in range(groups.num_row_groups)]
        self.edges = [0, *accumulate(sizes)]

    def run(self, wanted: tuple[int, int, int]) -> tuple[int, Info]:
        """Make run n of some claims from a place on."""
        n, first, count = wanted
        digests, assets, pairs = map(np.concatenate, zip(*self._read(first, count), strict=True))
        found = self.hashing.leaves(self.key, digests, assets, pairs, self.parts)
        del digests, pairs
        every, at = np.unique(assets, return_inverse=True)
        ranks: Words = np.repeat(at.astype(np.uint64), self.parts)
        counts = np.bincount(at, minlength=len(every)) * self.parts
        order = _order(ranks, found.salts[:, 0])
        path = self.work.path(f"runs/{n}")
        wide = _write_run(path, found, order)
        leaves = {str(a): int(c) for a, c in zip(every.tolist(), counts.tolist(), strict=True)}
        said = {"of": [first, count], "wide": wide, "leaves": leaves}
        self.work.finish(f"run {n}", [path], said)
        return n, said

    def _read(self, first: int, count: int) -> Iterator[tuple[Any, Any, Any]]:
        """Account digests, assets and amounts of claims, from the row groups that have them.

        Texts are hashed batch by batch: those of a whole run may be more than a column holds.
        """
        end = first + count
        groups = [i for i, (a, b) in enumerate(pairwise(self.edges)) if a < end and b > first]
        at, columns = self.edges[groups[0]], ["text", "asset", "amount"]
        with pq.ParquetFile(self.claims) as file:
            for batch in file.iter_batches(BATCH, groups, columns, use_threads=False):
                start, stop = max(0, first - at), min(len(batch), end - at)
                at += len(batch)
                if start < stop:
                    some = batch.slice(start, stop - start)
                    assets = some["asset"].to_numpy().astype(np.uint32)
                    yield self._digests(some["text"]), assets, amounts(some["amount"])

    def _digests(self, column: Any) -> Any:
        """Account digests; an account whose claims stand together is hashed once."""
        fresh = np.ones(len(column), bool)
        fresh[1:] = pc.not_equal(column[1:], column[:-1]).to_numpy(zero_copy_only=False)
        digests = self.hashing.accounts(texts(column.filter(fresh)))
        return np.take(digests, np.cumsum(fresh) - 1, axis=0)


def _order(ranks: Words, salts: Words) -> npt.NDArray[np.int64]:
    """The order by asset and the first bits of the salt: enough to cut ranges from."""
    count = len(ranks)
    own, asset = (int(n).bit_length() for n in (max(count - 1, 1), max(ranks.max(), 1)))
    numbers = salts >> np.uint64(asset + own) << np.uint64(own)
    numbers |= ranks << np.uint64(64 - asset)
    numbers |= np.arange(count, dtype=np.uint64)
    numbers.sort()
    return (numbers & np.uint64((1 << own) - 1)).astype(np.int64)


def _write_run(path: Path, found: Leaves, order: Any) -> bool:
    """Write a run; True where its amounts need 16 bytes."""
    rows = found.rows.view(np.uint64)
    wide, (high, low) = bool(rows[:, 4].any()), np.ascontiguousarray(found.salts.T)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
        stream.write(np.take(high, order).data.cast("B"))
        for start in range(0, len(order), TILE * TILE):
            some = order[start : start + TILE * TILE]
            rest = np.empty((len(some), 7 if wide else 6), np.uint64)
            rest[:, 0] = np.take(low, some)
            row = np.take(rows, some, axis=0)
            rest[:, 1:5] = row[:, :4]
            rest[:, 5:] = row[:, 4:] if wide else row[:, 5:]
            stream.write(rest.data.cast("B"))
    return wide


class _Held:
    """A finished run, read by asset and range of salts."""

    def __init__(self, path: Path, said: Mapping[str, Any]) -> None:
        self.path, self.words = path, 7 if said["wide"] else 6
        counts = {int(a): int(n) for a, n in said["leaves"].items()}
        starts = [0, *accumulate(counts[a] for a in sorted(counts))]
        self.ranges = dict(zip(sorted(counts), pairwise(starts), strict=True))
        self.count = starts[-1]

    def cuts(self, asset: int, edges: Words) -> list[int]:
        """Where the ranges of salts begin among the run's leaves of an asset, and the end."""
        start, end = self.ranges.get(asset, (0, 0))
        if start == end:
            return [0] * (len(edges) + 2)
        salts = np.memmap(self.path, np.uint64, "r", 8 * start, (end - start,))
        return [start, *(start + salts.searchsorted(edges)).tolist(), end]

    def read(self, first: int, end: int) -> tuple[Words, Words]:
        """Salts and rows of some leaves."""
        count = end - first
        with self.path.open("rb", buffering=0) as stream:
            salts, rows = np.empty((count, 2), np.uint64), np.zeros((count, 6), np.uint64)
            salts[:, 0] = np.frombuffer(os.pread(stream.fileno(), 8 * count, 8 * first), np.uint64)
            at = 8 * self.count + 8 * self.words * first
            rest = np.frombuffer(os.pread(stream.fileno(), 8 * self.words * count, at), np.uint64)
        rest = rest.reshape(count, self.words)
        salts[:, 1] = rest[:, 0]
        rows[:, :4] = rest[:, 1:5]
        amount = rest[:, 5:]
        rows[:, 6 - amount.shape[1] :] = amount
        return salts, rows


class _Trees:
    """Trees being made from runs."""

    def __init__(self, runs: Sequence[_Held], hashing: Hashing, work: Work, means: Means) -> None:
        self.runs, self.hashing, self.work, self.means = runs, hashing, work, means

    def tree(self, asset: int) -> Sealed:
        """The tree of an asset: its leaves in order, and every level from the tiles up."""
        stage = f"tree {asset}"
        said = self.work.done(stage) or self._made(asset, stage)
        root = bytes.fromhex(said["root"])
        leaves = int(said["leaves"])
        return Sealed(asset, height_of(leaves), leaves, int(said["total"]), root)

    def _made(self, asset: int, stage: str) -> Info:
        cuts = self._cuts(asset)
        sizes = [sum(b - a for a, b in column) for column in cuts]
        starts = [0, *accumulate(sizes)]
        leaves, file = starts[-1], self.work.path(f"leaves/{asset}.bin")
        levels = Levels(leaves, self.hashing)
        handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            job = _Range(self.runs, self.hashing, handle)
            grown = 0
            wanted = zip(range(len(cuts)), starts, cuts, strict=False)
            for n, tops, ends in self.means.each(job.make, wanted):
                levels.take(starts[n], sizes[n], tops, ends)
                grown += ROW * sizes[n]
                if grown > BEHIND:
                    self.work.behind(file)
                    grown = 0
        finally:
            os.close(handle)
        above = self.work.path(f"leaves/{asset}.tree")
        row = levels.write(above)
        said = {
            "leaves": leaves,
            "root": row[:32].hex(),
            "total": str(int.from_bytes(row[32:], "big")),
        }
        self.work.finish(stage, [file, above], said)
        return said

    def _cuts(self, asset: int) -> list[list[tuple[int, int]]]:
        """For each range of salts, where it stands in each run."""
        held = [run for run in self.runs if asset in run.ranges]
        leaves = sum(run.ranges[asset][1] - run.ranges[asset][0] for run in held)
        most = max(1, min(MOST_IN_RANGE, self.means.share // SORT_COST))
        bits = min(max(0, (leaves // most).bit_length()), 20)
        edges = np.arange(1, 1 << bits, dtype=np.uint64) << np.uint64(64 - bits if bits else 0)
        per_run = [list(pairwise(run.cuts(asset, edges))) for run in self.runs]
        return [list(column) for column in zip(*per_run, strict=True)]


class _Range:
    """A range of salts gathered from all runs, ordered, and written at its place."""

    def __init__(self, runs: Sequence[_Held], hashing: Hashing, handle: int) -> None:
        self.runs, self.hashing, self.handle = runs, hashing, handle

    def make(self, wanted: tuple[int, int, list[tuple[int, int]]]) -> tuple[int, Any, list[Any]]:
        """Its number, the tops of its whole tiles, and the leaves before and after those."""
        n, first, column = wanted
        read = [
            run.read(*cut) for run, cut in zip(self.runs, column, strict=True) if cut[0] < cut[1]
        ]
        if not read:
            return n, rows_of(b""), [rows_of(b""), rows_of(b"")]
        salts = np.concatenate([pair[0] for pair in read])
        words = np.concatenate([pair[1] for pair in read])
        del read
        rows = np.take(words, place(salts), axis=0)
        _write_at(self.handle, rows.data.cast("B"), ROW * first)
        rows = rows.view(np.uint8)
        lead = min(-first % TILE, len(rows))
        edge = lead + (len(rows) - lead) // TILE * TILE
        tops = self.hashing.tiles(rows[lead:edge])
        return n, tops, [rows[:lead].copy(), rows[edge:].copy()]


def _write_at(handle: int, content: memoryview, at: int) -> None:
    while len(content):
        wrote = os.pwrite(handle, content, at)
        content, at = content[wrote:], at + wrote


class Levels:
    """The levels of a tree from the tops of its tiles up; tiles cut by ranges are put together."""

    def __init__(self, leaves: int, hashing: Hashing) -> None:
        self.leaves, self.hashing = leaves, hashing
        self.tops = np.zeros((max(1, -(-leaves // TILE)), ROW), np.uint8)
        self._cut: dict[int, dict[int, Any]] = {}

    def take(self, first: int, count: int, tops: Any, ends: Sequence[Any]) -> None:
        """The tops of the whole tiles of a range, and the leaves at its two ends."""
        lead, tail = ends
        at = -(-first // TILE) if len(tops) else 0
        self.tops[at : at + len(tops)] = tops
        for start, rows in ((first, lead), (first + count - len(tail), tail)):
            if len(rows):
                self._cut.setdefault(start // TILE, {})[start] = rows

    def write(self, path: Path) -> bytes:
        """Write every level but the leaves', from that of the tiles; the row of the root."""
        tiles = sorted(self._cut)
        rows = [
            padded(np.concatenate([self._cut[tile][start] for start in sorted(self._cut[tile])]))
            for tile in tiles
        ]
        if rows:
            self.tops[tiles] = self.hashing.tiles(np.concatenate(rows))
        levels = levels_above(self.tops, self.leaves, self.hashing)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
            for level in levels:
                stream.write(np.ascontiguousarray(level).data.cast("B"))
        return root_row(levels, rows[0] if rows else rows_of(b""), self.leaves, self.hashing)


def root_row(levels: Sequence[Any], first: Any, leaves: int, hashing: Hashing) -> bytes:
    """The row of the root; of a tree lower than a tile it is below the tile's top."""
    height = height_of(leaves)
    if height >= 8:
        return bytes(levels[-1][0].tobytes())
    rows = first[: 1 << height] if len(first) else np.zeros((1 << height, ROW), np.uint8)
    for level in range(1, height + 1):
        rows = hashing.nodes(level, rows)
    return bytes(rows.tobytes())

"""From balances on an engine to the table of claims that is sealed, a batch at a time.

The same as `sonae.seal.claims.collect`, in columns: what is owed by account and asset, what each
account's claims are worth rounded down, and what is left out with its reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sonae.actions.seal.columns import (
    HALF,
    MASK,
    added_up,
    amount_texts,
    amounts,
    carried,
    divided,
    divisors,
    halves,
    limbs_of,
    normalised,
    one_array,
    signed_sum,
    unsigned_sum,
)
from sonae.core.errors import Refused
from sonae.seal.claims import VALUE, Summed

SCHEMA = pa.schema(
    [
        ("account", pa.string()),
        ("text", pa.string()),
        ("asset", pa.uint32()),
        ("amount", pa.string()),
    ]
)
GROUP = 32_768
"""Rows of a row group: what is read for one receipt."""
STEP = 4 * GROUP
Columns = npt.NDArray[np.uint64]


@dataclass
class Tally(Summed):
    """What was written, and the file it was written to."""

    path: Path = Path()

    def info(self) -> dict[str, Any]:
        """All but the file, as JSON, to be taken up by `tally_of`."""
        return {
            "totals": {str(n): str(total) for n, total in self.totals.items()},
            "value": str(self.value),
            "excluded": [
                [*key, count, str(units)] for key, (count, units) in self.excluded.items()
            ],
        }


def tally_of(said: Mapping[str, Any], path: Path) -> Tally:
    """What `Tally.info` said."""
    return Tally(
        value=Fraction(said["value"]),
        excluded={(a, why): (count, int(units)) for a, why, count, units in said["excluded"]},
        totals={int(n): int(total) for n, total in said["totals"].items()},
        path=path,
    )


def write_claims(
    batches: Iterable[Any], numbers: Mapping[str, int], prices: Mapping[str, Fraction], path: Path
) -> Tally:
    """Write the claims of balances as Parquet, ascending by account and number.

    Args:
        batches: Arrow batches as of `Balances.entries` (units are decimal(38,0) of any sign), in
            the order ENTRIES but for where nulls stand; one account may stand in two.
        numbers: asset -> its stable number; an asset without one is left out, and said so.
        prices: asset -> currency per base unit; an asset without one is sealed and not valued.
        path: the file.

    Raises:
        Refused: the value of an account reaches 2^128.
    """
    made = _Claims(numbers, prices)
    made.tally.path = path
    path.touch(0o600)
    with (
        pq.ParquetWriter(path, SCHEMA, compression="zstd", use_dictionary=["asset"]) as writer,
        ThreadPoolExecutor(1) as behind,
    ):
        writing: Future[int] = behind.submit(int)
        kept = SCHEMA.empty_table()
        for table in _ahead(_accounts_together(batches)):
            kept = pa.concat_tables([kept, made.table(table)])
            edge = len(kept) // GROUP * GROUP
            writing.result()
            writing = behind.submit(_write, writer, kept.slice(0, edge))
            kept = kept.slice(edge)
        writing.result()
        _write(writer, kept)
    return made.tally


def _write(writer: Any, table: Any) -> int:
    if len(table):
        writer.write_table(table, row_group_size=GROUP)
    return len(table)


def _accounts_together(batches: Iterable[Any]) -> Iterator[Any]:
    """Tables of some size in which no account is cut in two."""
    kept: list[Any] = []
    for batch in filter(len, batches):
        kept.append(batch)
        if sum(map(len, kept)) < STEP or _of_one_account(kept[0], batch):
            continue
        table = pa.Table.from_batches(kept).combine_chunks()
        last = pc.equal(table["account_id"], table["account_id"][-1])
        edge = pc.index(last, True).as_py()
        if edge:
            yield table.slice(0, edge)
        kept = table.slice(edge).combine_chunks().to_batches()
    if kept:
        yield pa.Table.from_batches(kept).combine_chunks()


def _of_one_account(first: Any, last: Any) -> bool:
    """Whether all from one batch to another is of one account."""
    return bool(first["account_id"][0] == last["account_id"][-1])


def _ahead(tables: Iterator[Any]) -> Iterator[Any]:
    """The same, each fetched while the one before is worked on."""
    with ThreadPoolExecutor(1) as pool:
        fetched = pool.submit(next, tables, None)
        while (table := fetched.result()) is not None:
            fetched = pool.submit(next, tables, None)
            yield table


def _netted(given: Any) -> tuple[Any, Columns, Columns]:
    """One row for each account and asset, and what they add up to."""
    high, low = halves(given["units"])
    fresh = np.ones(len(given), bool)
    fresh[1:] = _changes(given["account_id"]) | _changes(given["asset"])
    if fresh.all():
        return given, high, low
    starts = np.flatnonzero(fresh)
    return given.take(pa.array(starts)), *added_up(high, low, starts)


def _accounts(given: Any) -> Any:
    """By row, the place of its account among all of a table."""
    first = np.zeros(len(given), np.int64)
    first[1:] = _changes(given["account_id"])
    return np.cumsum(first)


def _proofs(given: Any) -> Any:
    """The first proof text of each account, in the order of ENTRIES; null where it has none."""
    proof = one_array(given["proof_text"].cast(pa.string()))
    there = pc.fill_null(pc.greater(pc.binary_length(proof), 0), False)
    rows = np.where(there.to_numpy(zero_copy_only=False), np.arange(len(given)), len(given))
    starts = np.flatnonzero(np.diff(_accounts(given), prepend=-1))
    at = np.minimum.reduceat(rows, starts)
    return proof.take(pa.array(at, mask=at == len(given)))


def _changes(column: Any) -> Any:
    """Where a column differs from the row before, from the second row on."""
    return pc.not_equal(column[1:], column[:-1]).to_numpy()


class _Claims:
    """Claims being made; see `write_claims`."""

    def __init__(self, numbers: Mapping[str, int], prices: Mapping[str, Fraction]) -> None:
        self.names = pa.array(sorted(numbers), pa.string())
        self.numbers = np.array([numbers[n] for n in sorted(numbers)], np.uint32)
        self.scale = lcm(*(p.denominator for p in prices.values()))
        worth = [int(prices.get(name, 0) * self.scale) for name in sorted(numbers)]
        self.worth = limbs_of(worth)
        self.divisors = divisors(self.scale)
        sealed = (VALUE, *sorted(numbers.values()))
        self.tally = Tally(totals=dict.fromkeys(sealed, 0))

    def table(self, given: Any) -> Any:
        """The claims of some whole accounts."""
        if not len(given):
            return SCHEMA.empty_table()
        proofs = _proofs(given)
        given, high, low = _netted(given)
        holders = _accounts(given)
        at = pc.fill_null(pc.index_in(given["asset"], self.names), -1).to_numpy().astype(np.int64)
        owed = ((high >> np.uint64(63)) == 0) & ((high | low) != 0)
        kept = owed & (at >= 0)
        self._leave_out(given["asset"], high, low, owed, ~kept)
        given, high, low, at = given.filter(pa.array(kept)), high[kept], low[kept], at[kept]
        if not len(given):
            return SCHEMA.empty_table()
        account, ordinal = given["account_id"], _accounts(given)
        starts = np.flatnonzero(np.diff(ordinal, prepend=-1))
        value = self._values(high, low, at, starts)
        numbers = self.numbers[at]
        self._count(numbers, high, low)
        self._count(np.zeros(len(starts), np.uint32), value[0], value[1])
        every = np.concatenate([numbers, np.zeros(len(starts), np.uint32)])
        owner = np.concatenate([ordinal, np.arange(len(starts))]).astype(np.uint64)
        order = np.argsort(owner << np.uint64(32) | every.astype(np.uint64), kind="stable")
        rows = pa.array(np.concatenate([np.arange(len(given)), starts])[order])
        halves_ = [np.concatenate(pair)[order] for pair in ((high, value[0]), (low, value[1]))]
        proofs = proofs.take(pa.array(holders[kept][starts]))
        text = _texts(account.take(pa.array(starts)), proofs).take(pa.array(owner[order]))
        columns = [account.take(rows), text, pa.array(every[order]), amount_texts(*halves_)]
        return pa.table(columns, schema=SCHEMA)

    def _values(self, high: Columns, low: Columns, at: Any, starts: Any) -> tuple[Columns, Columns]:
        """What each account's claims are worth, rounded down; the exact sum is counted."""
        units = np.stack([low & MASK, low >> HALF, high & MASK, high >> HALF])
        width = len(self.worth) + 6
        sums = np.zeros((width, len(at)), np.uint64)
        for i, unit in enumerate(units):
            if not unit.any():
                continue
            for j, limb in enumerate(self.worth):
                product = unit * limb[at]
                sums[i + j] += product & MASK
                sums[i + j + 1] += product >> HALF
        per = carried(np.add.reduceat(sums, starts, axis=1))
        self.tally.value += Fraction(
            sum(int(column.sum()) << 32 * i for i, column in enumerate(per)), self.scale
        )
        found = divided(per, self.divisors, self.scale)
        if found[4:].any():
            raise Refused("the value of an account reaches 2^128")
        return found[3] << HALF | found[2], found[1] << HALF | found[0]

    def _count(self, numbers: Any, high: Columns, low: Columns) -> None:
        for number in np.unique(numbers).tolist():
            mine = numbers == number
            self.tally.totals[number] += unsigned_sum(high[mine], low[mine])

    def _leave_out(self, asset: Any, high: Columns, low: Columns, owed: Any, out: Any) -> None:
        if not out.any():
            return
        names = asset.filter(pa.array(out)).combine_chunks().dictionary_encode()
        codes = names.indices.to_numpy(zero_copy_only=False)
        high, low, owed = high[out], low[out], owed[out]
        zero = (high | low) == 0
        why = np.where(owed, 2, np.where(zero, 1, 0))
        for pair in np.unique(codes.astype(np.int64) * 3 + why).tolist():
            mine = (codes == pair // 3) & (why == pair % 3)
            key = names.dictionary[pair // 3].as_py(), ("receivable", "zero", "no_number")[pair % 3]
            count, units = self.tally.excluded.get(key, (0, 0))
            more = signed_sum(high[mine], low[mine])
            self.tally.excluded[key] = count + int(mine.sum()), units + more


def _texts(accounts: Any, proofs: Any) -> Any:
    """Account texts: the account, and the proof text behind it where there is one; NFC."""
    joined = pc.binary_join_element_wise(accounts, proofs, "|", null_handling="skip")
    return normalised(joined)


def totals_of(claims: Path) -> dict[int, int]:
    """By asset number what a table of claims adds up to."""
    found: dict[int, int] = {}
    with pq.ParquetFile(claims) as file:
        for batch in file.iter_batches(GROUP, columns=["asset", "amount"]):
            assets, pairs = batch["asset"].to_numpy(), amounts(batch["amount"])
            for asset in np.unique(assets).tolist():
                mine = pairs[assets == asset]
                found[asset] = found.get(asset, 0) + unsigned_sum(mine[:, 0], mine[:, 1])
    return found


def accounts_in(claims: Path) -> int:
    """How many accounts a table of claims has; the claims of one stand together."""
    count, last = 0, None
    with pq.ParquetFile(claims) as file:
        for batch in file.iter_batches(GROUP, columns=["account"]):
            column = batch["account"]
            count += pc.sum(pc.not_equal(column[1:], column[:-1])).as_py() or 0
            count += column[0].as_py() != last
            last = column[-1].as_py()
    return count

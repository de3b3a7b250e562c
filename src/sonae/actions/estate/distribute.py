"""The estate of a failed exchange: distributions from files, later ones on top of earlier ones."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from sonae.actions.estate.document import document_of, law_of, schedule_line
from sonae.actions.estate.files import DOCUMENT, TABLE, former_of, read_debts, read_register
from sonae.actions.files import json_bytes, replace_folder
from sonae.actions.row_file import RowFile, row_file
from sonae.books import exact
from sonae.books.engine import open_engine
from sonae.books.settings import toml_of, unreadable
from sonae.claims.estate import distribute as line
from sonae.claims.estate.book import Beside, Book, read_book
from sonae.claims.estate.distribute import Levels, Totals
from sonae.claims.estate.plan import Plan, read_plan
from sonae.claims.estate.register import holders
from sonae.claims.estate.steps import rows_of
from sonae.core.canonical import number_text
from sonae.core.errors import UsageError
from sonae.rulebook.edition import topics

SHEET = "distribution.csv"
BATCH = 1 << 16


def load_plan(file: Path) -> tuple[Plan, str]:
    """A plan and the digest of its file."""
    content = file.read_bytes()
    try:
        raw = toml_of(content)
    except ValueError as error:
        raise unreadable(file.name, error) from error
    return read_plan(raw, file.name), hashlib.sha256(content).hexdigest()


def distribute(
    file: Path,
    claims: Path,
    out: Path | None = None,
    after: Path | None = None,
    assignments: Path | None = None,
    debts: Path | None = None,
    sheet: bool = True,
    memory: str = "1800MB",
) -> dict[str, Any]:
    """Distribute an estate: what each claim gets now, what is reserved, what is left and whose.

    Args:
        file: the plan.
        claims: CSV or Parquet (claimant, person, asset, amount, rank, state, flags).
        out: the folder for the table and `estate.json`; nothing is written without it.
        after: the folder of the distribution before this one; who was paid less catches up.
        assignments: the register of assigned claims.
        debts: what customers owe (claimant, amount in base units of money), set off first.
        sheet: also write the table as CSV.
        memory: a bound for the engine.

    Raises:
        InputError: everything that is wrong with plan, claims or register.
        Refused: more was paid already than there is; an earlier table that does not hold.
    """
    plan, digest = load_plan(file)
    former = None if after is None else former_of(after, plan)
    payees = (
        {} if assignments is None else holders(plan, read_register(assignments), assignments.name)
    )
    owing = {} if debts is None else read_debts(debts)
    beside = Beside(payees, owing, None if after is None else after / TABLE)
    with (
        _book(claims, plan, beside, memory) as book,
        row_file(out or file.parent / "estate", {}) as rows,
    ):
        found = line.levels(plan, book)
        totals = []
        for group in book.groups:
            sums = Totals(group.rank, group.asset)
            for table in line.distributed(plan, group, found, sums):
                if out is not None:
                    rows.take(table)
            totals.append(sums)
        document = document_of(plan, digest, found, totals, former) | {
            "law": law_of(plan),
            "schedule": [schedule_line(row) for row in book.schedule],
            "set_off": {
                "debtors": book.set_off.debtors,
                "debt": str(book.set_off.debt),
                "left": str(book.set_off.left),
            },
        }
        if out is not None:
            document["table_digest"] = rows.done()
            _write(out, rows, document, sheet)
    return document


@contextmanager
def _book(claims: Path, plan: Plan, beside: Beside, memory: str) -> Iterator[Book]:
    """The claims, staged while the engine is open."""
    running = open_engine(memory=memory)
    try:
        book = read_book(running, claims, plan, beside)
        if not book.groups:
            raise UsageError(f"{claims} holds no claim")
        yield book
    finally:
        running.close()


def _write(out: Path, rows: RowFile, document: Mapping[str, Any], sheet: bool) -> None:
    files: dict[str, bytes | Iterable[bytes]] = {TABLE: rows.chunks()}
    if sheet:
        files[SHEET] = _as_csv(rows.path)
    files[DOCUMENT] = json_bytes(document)
    replace_folder(out, files)


def _as_csv(file: Path) -> Iterator[bytes]:
    """The table as CSV, part by part; amounts as digits."""
    header = True
    with pq.ParquetFile(file) as source:
        for batch in source.iter_batches(BATCH):
            table = pa.Table.from_batches([batch])
            texts = [
                c.cast(pa.string()) if pa.types.is_decimal(c.type) else c for c in table.columns
            ]
            sink = pa.BufferOutputStream()
            options = pacsv.WriteOptions(include_header=header)
            pacsv.write_csv(pa.table(texts, names=table.column_names), sink, options)
            header = False
            yield sink.getvalue().to_pybytes()


# -- rival days and shipped plans ----------------------------------------------------------


def rival(file: Path, claims: Path, memory: str = "1800MB") -> dict[str, Any]:
    """The money of every claim under each day of valuation that the plan names, side by side.

    The first one is what the others are compared with; nothing is decided here.
    """
    plan, digest = load_plan(file)
    if len(plan.valuations) < 2:
        raise UsageError(f"{file} names {len(plan.valuations)} [[valuation]]; two are needed")
    with _book(claims, plan, Beside(), memory) as book:
        first, *others = plan.valuations
        at = {id: line.levels(plan, book, rates) for id, rates in plan.valuations.items()}
        rows = {
            id: [_compared(plan, book, (first, id), at, n) for n in range(len(book.groups))]
            for id in (first, *others)
        }
    return {
        "format": "sonae-estate-rival/1",
        "estate": plan.id,
        "currency": plan.currency,
        "plan_digest": digest,
        "compared_with": first,
        "valuations": {
            id: {
                "rates": {a: number_text(r) for a, r in plan.valuations[id].items()},
                "not_valued": list(at[id].not_valued),
                "groups": found,
            }
            for id, found in rows.items()
        },
    }


def _compared(
    plan: Plan, book: Book, ids: tuple[str, str], at: Mapping[str, Levels], position: int
) -> dict[str, Any]:
    """One group under one day of valuation: its money, and who gains and loses by it."""
    group = book.groups[position]
    ratios = [line.ratios(plan, group, at[id], plan.valuations[id]) for id in ids]
    money, gains, loses, more, less = 0, 0, 0, 0, 0
    for batch in group.batches(numbers=True):
        rows = rows_of(batch)
        both = []
        for ratio in ratios:
            due = line.due_of(rows, ratio)
            both.append(exact.plus(due["secured"], due["general"]))
        signs = exact.compare(both[1], both[0])
        up, down = signs > 0, signs < 0
        money += exact.total(both[1])
        gains, loses = gains + int(up.sum()), loses + int(down.sum())
        more += exact.total(both[1][:, up]) - exact.total(both[0][:, up])
        less += exact.total(both[0][:, down]) - exact.total(both[1][:, down])
    return {
        "rank": group.rank,
        "asset": group.asset,
        "claims": group.claims,
        "money": str(money),
        "gain": gains,
        "lose": loses,
        "more": str(more),
        "less": str(less),
    }


def plans() -> list[dict[str, Any]]:
    """How failed exchanges paid, as shipped: sources, how sure each value is, what is not known."""
    found = []
    for topic in topics().values():
        if not topic.id.startswith("estate."):
            continue
        marks = {
            key: value.confidence
            for key, parameter in topic.parameters.items()
            for value in parameter.values
        }
        found.append(
            {
                "id": topic.id,
                "title": {"ja": topic.title.ja, "en": topic.title.en},
                "sources": [
                    {"ja": i.name.ja, "en": i.name.en, "number": i.number, "source": i.source}
                    for i in topic.instruments.values()
                ],
                "confidence": marks,
                "not_known": [{"ja": u.reason.ja, "en": u.reason.en} for u in topic.unmodelled],
            }
        )
    return found

"""The estate of a failed exchange: distributions from files, later ones on top of earlier ones."""

from __future__ import annotations

import csv
import hashlib
import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from sonae.actions.files import json_bytes, replace_folder
from sonae.actions.row_file import RowFile, row_file
from sonae.books import exact
from sonae.books.engine import open_engine
from sonae.claims.estate import distribute as line
from sonae.claims.estate.book import Beside, Book, read_book
from sonae.claims.estate.distribute import Levels, Totals
from sonae.claims.estate.plan import Plan, read_plan
from sonae.claims.estate.pools import GENERAL, IN_KIND, SECURED, Used, used
from sonae.claims.estate.register import Assignment, holders
from sonae.claims.estate.steps import STEPS, rows_of
from sonae.core.amount import bounded
from sonae.core.canonical import number_text
from sonae.core.errors import InputError, Problem, Refused, UsageError
from sonae.core.text import Text
from sonae.rulebook.cases import show
from sonae.rulebook.edition import Edition, topics
from sonae.rulebook.rule import facts_from

FORMAT = "sonae-estate/1"
TABLE, SHEET, DOCUMENT = "distribution.parquet", "distribution.csv", "estate.json"
REGISTER = ("claimant", "asset", "rank", "holder", "registered_on")
BATCH = 1 << 16


def load_plan(file: Path) -> tuple[Plan, str]:
    """A plan and the digest of its file."""
    content = file.read_bytes()
    try:
        raw = tomllib.loads(content.decode("utf-8"), parse_float=Decimal)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} is not readable as TOML: {error}") from error
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
    former = None if after is None else _former(after, plan)
    payees = {} if assignments is None else holders(plan, _register(assignments), assignments.name)
    owing = {} if debts is None else _debts(debts)
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
        document = _document(plan, digest, found, totals, former) | {
            "law": _law(plan),
            "schedule": [_line(row) for row in book.schedule],
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


def _law(plan: Plan) -> dict[str, Any]:
    """What the rulebook says of the proceeding on the record date, and who pays coins and money."""
    edition = Edition(plan.record_on)
    given: dict[str, Any] = {"proceeding": plan.proceeding}
    if plan.trigger_event is not None:
        given["trigger_event"] = plan.trigger_event
    found = {}
    for rule in ("estate.jp.proceeding", "estate.jp.payers"):
        facts, _ = facts_from(given, edition.rule(rule))
        for key, figure in edition.evaluate(rule, facts).items():
            found[f"{rule}#{key}"] = {
                "value": show(figure),
                "standing": figure.standing,
                "confidence": figure.confidence,
            }
    return found


def _line(row: Mapping[str, Any]) -> dict[str, Any]:
    """One line of the schedule of approval."""
    return {
        "rank": row["rank"],
        "asset": row["asset"],
        "state": row["state"],
        "reserved": bool(row["reserve"]),
        "claims": row["claims"],
        "claimed": str(row["claimed"]),
    }


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


# -- the document --------------------------------------------------------------------------


def _document(
    plan: Plan,
    digest: str,
    found: Levels,
    totals: list[Totals],
    former: Mapping[str, Any] | None,
) -> dict[str, Any]:
    pools = _used(plan, totals)
    return {
        "format": FORMAT,
        "estate": plan.id,
        "entity": plan.entity,
        "proceeding": plan.proceeding,
        "basis": plan.basis,
        "currency": plan.currency,
        "commencement_on": plan.commencement_on.isoformat(),
        "record_on": plan.record_on.isoformat(),
        "residue_account": plan.residue_account,
        "plan_digest": digest,
        "number": 1 if former is None else former["number"] + 1,
        "after": None if former is None else former["table_digest"],
        "ratios": {
            "in_kind": {a: number_text(r) for a, r in found.in_kind.items()},
            "secured": None if found.secured is None else number_text(found.secured),
            "general": {rank: number_text(r) for rank, r in found.general.items()},
        },
        "not_valued": list(found.not_valued),
        "groups": [
            {
                "rank": t.rank,
                "asset": t.asset,
                "claims": t.claims,
                "claimed": str(t.claimed),
                **{
                    step: {
                        "paid_before": str(t.paid_before[step]),
                        "now": str(t.now[step]),
                        "reserved": str(t.reserved[step]),
                    }
                    for step in STEPS
                },
            }
            for t in totals
        ],
        "pools": [
            {
                "id": u.pool.id,
                "kind": u.pool.kind,
                "asset": u.pool.asset,
                "amount": str(u.pool.amount),
                "cost": str(u.pool.cost),
                "paid": str(u.paid),
                "reserved": str(u.reserved),
                "left": str(u.left),
                "left_to": u.left_to,
            }
            for u in pools
        ],
        "conservation": _conservation(pools, totals, plan),
    }


def _used(plan: Plan, totals: list[Totals]) -> list[Used]:
    """What became of every pool, in the order of the plan."""
    found: list[Used] = []
    for step, name in ((IN_KIND, "in_kind"), (SECURED, "secured"), (GENERAL, "general")):
        for asset in plan.assets:
            mine = [t for t in totals if step != IN_KIND or t.asset == asset]
            if step != IN_KIND and asset != plan.currency:
                continue
            paid = sum(t.paid_before[name] + t.now[name] for t in mine)
            kept = sum(t.reserved[name] for t in mine)
            found += used(plan, step, asset, paid, kept)
    order = [pool.id for pool in plan.pools]
    return sorted(found, key=lambda u: order.index(u.pool.id))


def _conservation(pools: list[Used], totals: list[Totals], plan: Plan) -> dict[str, Any]:
    """By asset: pool = cost + paid + reserved + left, from the rows and from the pools alike.

    Raises:
        Refused: they differ, which no input may bring about.
    """
    found = {}
    for asset in plan.assets:
        mine = [u for u in pools if u.pool.asset == asset]
        money = asset == plan.currency
        steps = STEPS if money else ("in_kind",)
        paid = reserved = 0
        for t in totals:
            taken = [s for s in steps if (t.asset == asset if s == "in_kind" else money)]
            paid += sum(t.paid_before[s] + t.now[s] for s in taken)
            reserved += sum(t.reserved[s] for s in taken)
        row = {
            "pool": sum(u.pool.amount for u in mine),
            "cost": sum(u.pool.cost for u in mine),
            "paid": paid,
            "reserved": reserved,
            "left": sum(u.left for u in mine),
        }
        if row["pool"] != row["cost"] + paid + reserved + row["left"]:
            raise Refused(f"{asset}: what was shared is not what there is: {row}")
        found[asset] = {key: str(value) for key, value in row.items()}
    return found


# -- what came before ----------------------------------------------------------------------


def _former(folder: Path, plan: Plan) -> dict[str, Any]:
    """The distribution before this one, of the same estate, with a table that holds."""
    try:
        document: dict[str, Any] = json.loads((folder / DOCUMENT).read_text("utf-8"))
    except ValueError as error:
        raise UsageError(f"{folder / DOCUMENT} is not readable: {error}") from error
    if document.get("format") != FORMAT:
        raise UsageError(f"{folder} holds no distribution ({FORMAT})")
    for key, mine in (("estate", plan.id), ("currency", plan.currency), ("basis", plan.basis)):
        if document[key] != mine:
            raise UsageError(f"{folder}: {key} is {document[key]}, the plan says {mine}")
    with (folder / TABLE).open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if digest != document["table_digest"]:
        raise Refused(f"{folder / TABLE} is not the table that {DOCUMENT} names")
    return document


_COLUMNS = Text("列がない: {c}", "columns are missing: {c}")
_ROW = Text("登録の行が読めない: {e}", "an entry of the register cannot be read: {e}")


def _register(file: Path) -> list[Assignment]:
    """The register of assignments from CSV."""
    entries, problems = [], []
    with file.open(newline="", encoding="utf-8-sig") as stream:
        reader = csv.DictReader(stream)
        if lacking := sorted(set(REGISTER) - set(reader.fieldnames or ())):
            text = _COLUMNS.format(c=", ".join(lacking))
            raise InputError([Problem("missing-column", "assignments", text, file.name)])
        for n, row in enumerate(reader, 1):
            try:
                key = (row["claimant"], row["asset"], row["rank"])
                on = date.fromisoformat(row["registered_on"])
                if not all(key) or not row["holder"]:
                    raise ValueError("claimant, asset, rank and holder are needed")
                entries.append(Assignment(key, row["holder"], on))
            except (ValueError, TypeError) as error:
                problem = _ROW.format(e=error)
                problems.append(Problem("corrupt-row", "assignments", problem, file.name, n))
    if problems:
        raise InputError(problems)
    return entries


_AMOUNT = Text("債務の行が読めない: {e}", "a debt cannot be read: {e}")


def _debts(file: Path) -> dict[str, int]:
    """What customers owe, from CSV, in base units of money."""
    found: dict[str, int] = {}
    problems = []
    with file.open(newline="", encoding="utf-8-sig") as stream:
        reader = csv.DictReader(stream)
        if lacking := sorted({"claimant", "amount"} - set(reader.fieldnames or ())):
            text = _COLUMNS.format(c=", ".join(lacking))
            raise InputError([Problem("missing-column", "debts", text, file.name)])
        for n, row in enumerate(reader, 1):
            claimant, amount = row["claimant"], row["amount"] or ""
            if not claimant or claimant in found:
                reason = "claimant empty or given twice"
            elif not (amount.isascii() and amount.isdecimal()):
                reason = f"{amount!r} is not a whole number of base units"
            else:
                found[claimant] = bounded(int(amount), file.name)
                continue
            problems.append(Problem("corrupt-row", "debts", _AMOUNT.format(e=reason), file.name, n))
    if problems:
        raise InputError(problems)
    return found


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

"""The report of a distribution for the court, and the statements of creditors.

Before anything is written the table is checked by digest and added up again: what is printed is
what was shared, to the unit.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from sonae.actions.estate.document import FORMAT
from sonae.actions.estate.files import DOCUMENT, TABLE, holds
from sonae.actions.estate.plan import FORMAT as DRAFT
from sonae.actions.files import replace_file
from sonae.books.engine import Engine, open_engine
from sonae.books.relation import UNITS
from sonae.claims.estate.steps import STEPS
from sonae.core.errors import Refused, UsageError
from sonae.core.text import Lang
from sonae.report.estate_paper import notice_text, payers, report_paper, statement_paper
from sonae.report.paper import pdf, sheets

LISTED, IN_WORKBOOK = 500, 100_000
"""So many claims are listed one by one on paper, and in a workbook; more are shown in sums."""
PARTS = ("paid", "now", "reserved")


@dataclass(frozen=True)
class Wanted:
    """What is to be written: each a file, or None."""

    pdf: Path | None = None
    xlsx: Path | None = None
    statements: Path | None = None
    notice: Path | None = None
    draft: Path | None = None
    person: str | None = None


def report_estate(folder: Path, wanted: Wanted, lang: Lang) -> dict[str, Any]:
    """Write what is wanted of a distribution; what was written, and how it adds up.

    Raises:
        Refused: the table is not the one named, does not add up to the document, or a person has
            no claim.
        UsageError: the folder holds no distribution, or nothing is wanted.
    """
    files = {k: getattr(wanted, k) for k in ("pdf", "xlsx", "statements", "notice")}
    if not any(files.values()):
        raise UsageError("name a file: --out, --xlsx, --statements or --notice")
    document = _document(folder)
    draft = None if wanted.draft is None else _draft(wanted.draft, document)
    table = folder / TABLE
    engine = open_engine()
    try:
        rows = _check(engine, table, document)
        if wanted.person is not None:
            mine = _of_person(engine, table, wanted.person)
            papers = dict.fromkeys((LISTED, IN_WORKBOOK), statement_paper(
                document, wanted.person, mine
            ))  # fmt: skip
        else:
            papers = {
                most: report_paper(document, _listed(table, rows, most), draft, rows)
                for most in (LISTED, IN_WORKBOOK)
            }
    finally:
        engine.close()
    contents: dict[str, Any] = {}
    if wanted.pdf is not None:
        contents["pdf"] = pdf(papers[LISTED], lang)
    if wanted.xlsx is not None:
        contents["xlsx"] = sheets(papers[IN_WORKBOOK], lang)
    if wanted.notice is not None:
        contents["notice"] = _notice(document, lang)
    if wanted.statements is not None:
        contents["statements"] = _statements(table, document, lang)
    for name, content in contents.items():
        replace_file(files[name], content)
    return {
        "format": "sonae-estate-report/1",
        "estate": document["estate"],
        "number": document["number"],
        "claims": rows,
        "person": wanted.person,
        "files": {k: str(v) for k, v in files.items() if v is not None},
        "conservation": document["conservation"],
        "proposed": papers[LISTED].mark is not None,
    }


def _document(folder: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads((folder / DOCUMENT).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{folder} holds no distribution that can be read: {error}") from error
    if found.get("format") != FORMAT or "scales" not in found:
        raise UsageError(f"{folder} holds no distribution of this version ({FORMAT}); make it anew")
    holds(folder, found)
    return found


def _draft(file: Path, document: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.read_bytes())
    if found.get("format") != DRAFT or found.get("estate") != document["estate"]:
        raise UsageError(f"{file} is no draft of the plan of {document['estate']}")
    return found


def _notice(document: Mapping[str, Any], lang: Lang) -> bytes:
    try:
        return notice_text(document, lang).encode()
    except ValueError as error:
        raise Refused(str(error)) from error


# -- the table, added up again --------------------------------------------------------------------


def _check(engine: Engine, table: Path, document: Mapping[str, Any]) -> int:
    """Add the rows up by rank and asset and compare; how many rows there are."""
    t = engine.scan([table])
    names = [f"{step}_{part}" for step in STEPS for part in PARTS]
    sums = {name: t[name].sum().cast(UNITS) for name in ("amount", *names)}
    found = {
        (r["rank"], r["asset"]): r
        for r in engine.rows(t.group_by("rank", "asset").aggregate(n=t.count(), **sums))
    }
    for g in document["groups"]:
        row = found.pop((g["rank"], g["asset"]), None)
        said = [g["claims"], int(g["claimed"])]
        mine = [0, 0] if row is None else [int(row["n"]), int(row["amount"])]
        for step in STEPS:
            before, now, kept = (int(g[step][k]) for k in ("paid_before", "now", "reserved"))
            said += [before + now, now, kept]
            mine += [0 if row is None else int(row[f"{step}_{p}"]) for p in PARTS]
        if said != mine:
            raise Refused(f"{g['rank']} {g['asset']}: the rows do not add up to {DOCUMENT}")
    if found:
        raise Refused(f"{TABLE} has claims that {DOCUMENT} does not: {sorted(found)}")
    for asset, row in document["conservation"].items():
        pools = [p for p in document["pools"] if p["asset"] == asset]
        for key, other in (("pool", "amount"), ("paid", "paid"), ("reserved", "reserved")):
            if int(row[key]) != sum(int(p[other]) for p in pools):
                raise Refused(f"{asset}: the pools do not add up to {key}")
    return sum(g["claims"] for g in document["groups"])


def _listed(table: Path, rows: int, most: int) -> list[dict[str, Any]] | None:
    return pq.read_table(table).to_pylist() if rows <= most else None


def _of_person(engine: Engine, table: Path, person: str) -> list[dict[str, Any]]:
    """The claims that are paid to one person: by person, else as claimant or registered holder."""
    t = engine.scan([table])
    mine = (t.person == person) | (t.person.isnull() & (t.claimant == person))
    rows = engine.rows(t.filter(mine | (t.payee == person)).order_by("rank", "asset", "claimant"))
    if not rows:
        raise Refused(f"{person} has no claim in this distribution")
    return rows


# -- statements of all ----------------------------------------------------------------------------


def _statements(table: Path, document: Mapping[str, Any], lang: Lang) -> Iterator[bytes]:
    """One line for each claim: what each of the two payers pays, in base units beside the scale."""
    header = True
    named: dict[tuple[str, str], str] = {}
    with pq.ParquetFile(table) as source:
        for batch in source.iter_batches(1 << 16):
            columns = {n: batch.column(n) for n in ("claimant", "payee", "person", "asset")}
            assets = pc.dictionary_encode(columns["asset"].cast(pa.string()))
            words = assets.dictionary.to_pylist()
            columns["scale"] = _per_asset(assets, [str(document["scales"][a]) for a in words])
            columns |= {n: batch.column(n) for n in ("rank", "state", "amount", "counted")}
            for step in STEPS:
                for asset in words:
                    key = (step, asset)
                    named.setdefault(key, payers(document, step, asset).lang(lang))
                columns[f"{step}_payer"] = _per_asset(assets, [named[step, a] for a in words])
                columns |= {f"{step}_{p}": batch.column(f"{step}_{p}") for p in PARTS}
            texts = {
                n: c.cast(pa.string()) if not pa.types.is_string(c.type) else c
                for n, c in columns.items()
            }
            sink = pa.BufferOutputStream()
            options = pacsv.WriteOptions(include_header=header)
            pacsv.write_csv(pa.table(texts), sink, options)
            content = sink.getvalue().to_pybytes()
            yield b"\xef\xbb\xbf" + content if header else content
            header = False


def _per_asset(assets: Any, values: list[str]) -> Any:
    return pa.array(values, pa.string()).take(assets.indices)

"""Early lump-sum elections over a book of claims: what is paid now, waived, and left for later."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sonae.actions.estate.distribute import load_plan
from sonae.actions.files import json_bytes, replace_folder
from sonae.actions.row_file import RowFile, row_file
from sonae.books import exact
from sonae.books.engine import Engine, open_engine
from sonae.claims.estate.book import read_claims, treated
from sonae.claims.estate.election import PARTS, WORDS, Offer, split
from sonae.claims.estate.plan import Plan
from sonae.claims.estate.pools import GENERAL, SECURED, pools_of
from sonae.core.canonical import number_text, parse_number
from sonae.core.errors import InputError, Problem, Refused, UsageError
from sonae.core.text import Text

FORMAT = "sonae-estate-election/1"
TABLE, CLAIMS, DOCUMENT = "elections.parquet", "claims.parquet", "elections.json"
CHOICES = ("early", "later")


@dataclass
class _Sums:
    """Sums in base units, and people, of one choice."""

    people: int = 0
    claims: int = 0
    claimed: int = 0
    parts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(PARTS, 0))
    reserved: int = 0
    """Of what is paid now, what waits for a decision on the claim."""
    last: str | None = None
    """The person whose rows the table before ended with."""

    def as_json(self) -> dict[str, Any]:
        """As plain values."""
        sums = {"claimed": self.claimed, **self.parts, "reserved": self.reserved}
        return {"people": self.people, "claims": self.claims} | {k: str(v) for k, v in sums.items()}


def elect(
    file: Path, claims: Path, elections: Path, in_full: str, early_share: str, out: Path | None
) -> dict[str, Any]:
    """Split every customer's claim by election; who is not in the list is left for later.

    With `out`: `elections.parquet`, and `claims.parquet` of what is left, for the distributions to
    come; what is paid now is a cost of the pool that pays it.

    Raises:
        InputError: rows that cannot be used, an election of somebody who has no claim.
        UsageError: terms that cannot be, claims that are not in the plan's currency.
    """
    plan, digest = load_plan(file)
    offer = _offer(plan, in_full, early_share)
    if out is not None and out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"{out} holds other files; give a new or empty folder for --out")
    engine = open_engine()
    try:
        rows = treated(read_claims(engine, claims, plan), plan)
        choices = _read(elections)
        people = _relation(engine, "election", choices)
        _known(engine, rows, people, elections.name)
        early = people.filter(people.choice == "early")
        found = {choice: _Sums() for choice in CHOICES}
        with row_file(out or file.parent / "elections", {}) as target:
            left = engine.scratch() / CLAIMS
            with pq.ParquetWriter(left, _LEFT) as writer:
                for table in split(engine, rows, early, plan, offer):
                    _count(table, found)
                    target.take(table.drop_columns(["who", "reserve"]))
                    writer.write_table(_later(table))
                for batch in engine.batches(rows.filter(rows["rank"] != "customer")):
                    writer.write_table(pa.Table.from_batches([batch]).select(_LEFT.names))
            document = _document(plan, digest, offer, found)
            document["table_digest"] = target.done()
            if out is not None:
                _write(out, target, left, document)
    finally:
        engine.close()
    return document


_LEFT = pa.schema(
    [(n, pa.string()) for n in ("claimant", "person", "asset")]
    + [("amount", exact.UNITS)]
    + [(n, pa.string()) for n in ("rank", "state", "flags")]
)


def _later(table: Any) -> Any:
    columns = {n: table.column(n) for n in WORDS} | {"amount": table.column("later")}
    return pa.table(columns).select(_LEFT.names).cast(_LEFT)


def _write(out: Path, target: RowFile, left: Path, document: Mapping[str, Any]) -> None:
    rest = left.read_bytes()
    replace_folder(out, {TABLE: target.chunks(), CLAIMS: rest, DOCUMENT: json_bytes(document)})


def _offer(plan: Plan, in_full: str, early_share: str) -> Offer:
    try:
        units = parse_number(in_full) * 10 ** plan.assets[plan.currency].scale
        share = parse_number(early_share)
    except ValueError as error:
        raise UsageError(f"--in-full and --early-share are numbers: {error}") from error
    if units < 0 or units.denominator != 1 or not 0 <= share <= 1:
        raise UsageError("--in-full is zero or more, --early-share from 0 to 1")
    return Offer(int(units), share)


# -- elections ------------------------------------------------------------------------------------


def _read(file: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    problems = []
    with file.open(newline="", encoding="utf-8-sig") as stream:
        reader = csv.DictReader(stream)
        if lacking := sorted({"person", "choice"} - set(reader.fieldnames or ())):
            text = _COLUMN.format(c=", ".join(lacking))
            raise InputError([Problem("missing-column", "elections", text, file.name)])
        for n, row in enumerate(reader, 1):
            person, choice = row["person"], row["choice"]
            if not person or choice not in CHOICES:
                text = _CHOICE.format(v=choice or "")
                problems.append(Problem("unknown-code", "elections", text, file.name, n))
            elif person in found:
                text = _TWICE.format(p=person)
                problems.append(Problem("repeated-key", "elections", text, file.name, n))
            else:
                found[person] = choice
    if problems:
        raise InputError(problems)
    return found


_COLUMN = Text("列がない: {c}", "columns are missing: {c}")
_CHOICE = Text(
    "「{v}」は使えない。person と、early か later を書く",
    "{v!r} is not usable; give person, and early or later",
)
_TWICE = Text("{p} の選択が二度ある", "{p} elected twice")
_NOBODY = Text("{p} には利用者の債権がない", "{p} has no customer's claim")


def _relation(engine: Engine, name: str, choices: Mapping[str, str]) -> Any:
    path = engine.scratch() / f"{name}.parquet"
    columns = {
        "person": pa.array(list(choices), pa.string()),
        "choice": pa.array(list(choices.values()), pa.string()),
    }
    pq.write_table(pa.table(columns), path)
    return engine.scan([path])


def _known(engine: Engine, rows: Any, people: Any, file: str) -> None:
    mine = rows.filter(rows["rank"] == "customer")
    mine = mine.mutate(who=mine.person.fill_null(mine.claimant))
    nobody = people.anti_join(mine, people.person == mine.who).order_by("person").limit(1000)
    problems = [
        Problem("unknown-person", "elections", _NOBODY.format(p=r["person"]), file, key=r["person"])
        for r in engine.rows(nobody.select("person"))
    ]
    if problems:
        raise InputError(problems)


# -- sums -----------------------------------------------------------------------------------------


def _count(table: Any, found: Mapping[str, _Sums]) -> None:
    """Add a table up; rows come by person, so that each is counted once."""
    flag = table.column("elected").to_numpy().astype(bool)
    kept = table.column("reserve").to_numpy().astype(bool)
    who = table.column("who").combine_chunks()
    fresh = np.ones(len(who), bool)
    fresh[1:] = pc.not_equal(who.slice(1), who.slice(0, len(who) - 1)).to_numpy(
        zero_copy_only=False
    )
    values = {n: exact.limbs(table.column(n)) for n in ("amount", *PARTS)}
    for choice, mine in (("early", flag), ("later", ~flag)):
        sums = found[choice]
        sums.people += int((fresh & mine).sum())
        if mine[0] and who[0].as_py() == sums.last:
            sums.people -= 1
        sums.last = who[-1].as_py() if mine[-1] else None
        sums.claims += int(mine.sum())
        sums.claimed += exact.total(values["amount"][:, mine])
        for part in PARTS:
            sums.parts[part] += exact.total(values[part][:, mine])
        waits = mine & kept
        sums.reserved += sum(exact.total(values[n][:, waits]) for n in ("in_full", "early"))


def _document(plan: Plan, digest: str, offer: Offer, found: Mapping[str, _Sums]) -> dict[str, Any]:
    """Terms, sums by choice, what is needed now and what there is.

    Raises:
        Refused: the parts are not what was claimed, which no input may bring about.
    """
    for choice, sums in found.items():
        if sums.claimed != sum(sums.parts.values()):
            raise Refused(f"{choice}: the parts are not what was claimed")
    needed = sum(s.parts["in_full"] + s.parts["early"] for s in found.values())
    steps = (SECURED, GENERAL)
    there = sum(p.net for step in steps for p in pools_of(plan, step, plan.currency))
    scale = Fraction(10 ** plan.assets[plan.currency].scale)
    return {
        "format": FORMAT,
        "estate": plan.id,
        "currency": plan.currency,
        "plan_digest": digest,
        "in_full": number_text(offer.in_full / scale),
        "early_share": number_text(offer.early_share),
        "choices": {choice: sums.as_json() for choice, sums in found.items()},
        "needed_now": str(needed),
        "money_there": str(there),
        "short": str(max(0, needed - there)),
    }

"""One person (名寄せ) over the customers of several Books: who is one, and who people must look at.

private/people.csv       each customer with their person, the rule, and the fields that agreed
private/candidates.csv   pairs that may be one person, to fill in and give back as decisions
private/decisions.csv    every decision that this run used, to give back next time
summary.json             counts, no personal data
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sonae.actions.claims.people_decisions import COLUMNS, FILLED, read_decisions
from sonae.actions.files import json_bytes, replace_folder
from sonae.books import parts
from sonae.books.balances import read_customers
from sonae.books.engine import Engine, open_engine
from sonae.books.schema import CUSTOMERS
from sonae.claims import person
from sonae.claims.candidates import available, scored
from sonae.claims.customer import Customer, Keys, Ref
from sonae.claims.decision import Decision, seen
from sonae.claims.person import People, keyed
from sonae.core.collection import no_collection
from sonae.core.errors import InputError, Problem, Unreadable, UsageError
from sonae.core.text import Text
from sonae.report.sheets import as_csv

Book = tuple[str, Path]
"""A brand and the folder of its Books."""
PRIVATE, SUMMARY = "private", "summary.json"
SHOWN = ("name", "name_kana", "birth_date", "address", "phone", "email")
"""What a person sees of both customers of a candidate, as each brand wrote it."""


def identify(
    books: Sequence[Book],
    decisions: Sequence[Path] = (),
    out: Path | None = None,
    step: Callable[[Text], None] = lambda _: None,
) -> dict[str, Any]:
    """Find who is one person; returns counts and, with `out`, writes the files whole or not at all.

    Args:
        books: brands with their Books; two Books of one brand share its customer ids.
        decisions: filled-in lists of candidates, of this run and of earlier ones.
        out: a new or empty folder, or one that this wrote.
        step: told what is being done.

    Raises:
        InputError: every problem of the tables, or of the decisions, at once.
        UsageError: no brand, or an `out` that holds something else.
    """
    _check(books, out)
    with no_collection():
        return _identify(books, decisions, out, step)


def _identify(
    books: Sequence[Book],
    decisions: Sequence[Path],
    out: Path | None,
    step: Callable[[Text], None],
) -> dict[str, Any]:
    problems: list[Problem] = []
    step(Text("顧客を読む", "reading customers"))
    customers, sources = _read(books, problems)
    said = [d for file in decisions for d in read_decisions(file, problems)]
    keys = keyed(customers, problems)
    if problems:
        raise InputError(problems)
    step(Text("似た顧客を探す", "looking for customers who are alike"))
    scores = scored(list(keys.values())) if available() else None
    people = person.identify(keys, said, scores)
    rows = {c.ref: c for c in customers}
    unread = sum(1 for c in rows.values() if c.birth_date and not keys[c.ref].birth_date)
    summary = _summary(people, sources) | {
        "scored": scores is not None,
        "decisions": len(said),
        "birth_dates_unread": unread,
    }
    if out is not None:
        files = {
            "people.csv": _people(people),
            "candidates.csv": _candidates(people, rows, keys),
            "decisions.csv": _decisions(said),
        }
        named = {f"{PRIVATE}/{name}": content for name, content in files.items()}
        replace_folder(out, named | {SUMMARY: json_bytes(summary)}, secret=PRIVATE)
    return summary


def _check(books: Sequence[Book], out: Path | None) -> None:
    if not books or not all(brand.strip() for brand, _ in books):
        raise UsageError("give at least one brand with the folder of its Books")
    if out is None or not out.exists():
        return
    ours = out.is_dir() and {p.name for p in out.iterdir()} <= {PRIVATE, SUMMARY}
    if not ours or out.resolve() == Path.cwd():
        raise UsageError(f"{out} holds other files; give a new or empty folder for --out")


# -- reading ---------------------------------------------------------------------------------------


def _read(books: Sequence[Book], problems: list[Problem]) -> tuple[list[Customer], dict[str, str]]:
    """Every customer, and the digest of each brand's table, in one pass over all Books."""
    customers, sources = [], {}
    engine = open_engine()
    try:
        for number, (brand, folder) in enumerate(books, 1):
            found: list[Problem] = []
            mine = _parts(folder, found)
            customers += list(_customers(engine, brand, mine, found))
            problems += [replace(p, file=f"{brand}/{p.file}") for p in found]
            files = {p.name: parts.file_digest(p.path) for p in mine}
            sources[f"{number} {brand}"] = parts.table_digest(mine, files)
    finally:
        engine.close()
    return customers, sources


def _parts(folder: Path, problems: list[Problem]) -> tuple[parts.Part, ...]:
    if not folder.is_dir():
        text = Text(f"フォルダー {folder.name} がない", f"there is no folder {folder.name}")
        problems.append(Problem("missing-folder", "books", text, folder.name))
        return ()
    found = parts.find(folder.resolve())
    problems += [p for p in found.problems if p.table == CUSTOMERS.name]
    mine = found.tables.get(CUSTOMERS.name, ())
    if not mine and not problems:
        problems.append(Problem("missing-table", CUSTOMERS.name, _NEEDED, "customers.csv"))
    return mine


def _customers(
    engine: Engine, brand: str, mine: Sequence[parts.Part], problems: list[Problem]
) -> Iterator[Customer]:
    fields = Customer._fields[1:]
    try:
        whole = read_customers(engine, CUSTOMERS, mine, problems)
        if whole is not None and not problems:
            for batch in engine.stream(whole.select(*fields).order_by("customer_id")):
                yield from (Customer(brand, *(r[f] or "" for f in fields)) for r in batch)
    except Unreadable as error:
        text = Text(f"読めないファイル: {error}", f"the file cannot be read: {error}")
        problems.append(Problem("unreadable-file", CUSTOMERS.name, text, mine[0].name))


# -- writing ---------------------------------------------------------------------------------------


def _summary(people: People, sources: Mapping[str, str]) -> dict[str, Any]:
    several = [p for p in people.persons if len(p.members) > 1]
    rules = Counter(rule for p in several for rule in {link.rule for link in p.links})
    return {
        "customers": sum(len(p.members) for p in people.persons),
        "persons": len(people.persons),
        "with_several_accounts": len(several),
        "across_brands": sum(1 for p in several if len({brand for brand, _ in p.members}) > 1),
        "by_rule": dict(sorted(rules.items())),
        "candidates": len(people.candidates),
        "waiting_for_a_second_person": len(people.waiting),
        "rules_overruled": len(people.overruled),
        "unclear": len(people.unclear),
        "crowds": [{"fields": list(c.fields), "customers": c.customers} for c in people.crowds],
        "sources": dict(sources),
    }


def _people(people: People) -> bytes:
    unclear = set(people.unclear)
    rows = []
    for one in people.persons:
        for ref in one.members:
            link = one.why(ref)
            rule = "unclear" if ref in unclear else link.rule
            rows.append((*ref, one.id, rule, " ".join(link.evidence)))
    return as_csv([("brand", "customer_id", "person", "rule", "evidence"), *sorted(rows)])


def _candidates(
    people: People, customers: Mapping[Ref, Customer], keys: Mapping[Ref, Keys]
) -> bytes:
    """The list to fill in: the columns of a decision come last."""
    shown = [f"{field}_{n}" for n in (1, 2) for field in SHOWN]
    head = (*COLUMNS[:4], "score", "agrees", "differs", *shown, *COLUMNS[4:])
    rows = [
        (
            *(part for ref in c.pair for part in ref),
            c.percent,
            " ".join(c.agrees),
            " ".join(c.differs),
            *(getattr(customers[ref], field) for ref in c.pair for field in SHOWN),
            seen(*(keys[ref] for ref in c.pair)),
            *("" for _ in FILLED),
        )
        for c in people.candidates
    ]
    return as_csv([head, *rows])


def _decisions(said: Sequence[Decision]) -> bytes:
    """One row for each person's word; a pair that two decided has two."""
    rows = {
        (*d.pair[0], *d.pair[1], d.seen, "yes" if d.same else "no", d.by, "", d.at, d.reason)
        for d in said
    }
    return as_csv([COLUMNS, *sorted(rows)])


_NEEDED = Text(
    "名寄せには customers 表が必要。氏名・カナ・生年月日・住所などの列を付けて置く",
    "one person is found in the customers table: add it, with names, birth dates and addresses",
)

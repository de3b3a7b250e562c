"""Rival methods side by side over all customers of a record date."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sonae.actions.close import EXAMINE
from sonae.actions.files import json_bytes, replace_folder
from sonae.actions.row_file import row_file
from sonae.actions.work import Work, beside
from sonae.books.facts import Facts
from sonae.books.read import Books, read_books
from sonae.books.settings import toml_of, unreadable
from sonae.claims.entitle import (
    AMOUNT,
    GOODWILL,
    IN_KIND,
    PARTS,
    Tally,
    Terms,
    before_rounding,
    entitle,
    terms_of,
)
from sonae.claims.incident import Incident, Method, read_incident
from sonae.close.value import value as regulatory
from sonae.core.canonical import number_text
from sonae.core.errors import Refused, UsageError
from sonae.core.figure import Figure

FORMAT = "sonae-valuation/1"
RELATED = ("staff", "related")
"""Kinds of customers whose entitlement is held until somebody decides (a rule of this project)."""
_RELATED = pa.array(RELATED, pa.string())
ACCOUNTS = "accounts.parquet"


Sink = Callable[[Any], None]
"""Takes the rows of accounts as Arrow tables, one after the other."""


@dataclass(frozen=True)
class Opened:
    """The Books of a record date, read and checked, and the regulatory prices of that instant."""

    books: Books
    prices: Mapping[str, Figure]


@contextmanager
def opened(folder: Path, work: Work | None = None, engine: str = "duckdb") -> Iterator[Opened]:
    """Books while their engine is open; no close is made of them."""
    with (work or Work()).running(engine) as running:
        books = read_books(folder, running, also=EXAMINE)
        yield Opened(books, regulatory(Facts(books), "regulatory").prices)


@dataclass
class Valued:
    """Rival methods over all customers: tallies by asset, and how many accounts are held."""

    incident: Incident
    methods: Sequence[Method]
    terms: dict[str, dict[str, Terms]]
    tallies: list[Tally] = field(default_factory=list)
    held: int = 0


def holders(books: Path, incident: Incident) -> int:
    """How many customers of the Books share the loss, each counted once.

    Those who are owed something of what was lost; firm-wide, of any asset.
    """
    with opened(books) as day:
        every = [r["asset"] for r in day.books.rows["assets"]]
        shared = every if incident.borne == "firm_wide" else sorted(incident.short())
        return day.books.balances.owed_customers(shared)


def load_incident(file: Path) -> tuple[Incident, str]:
    """An incident and the digest of its file."""
    content = file.read_bytes()
    try:
        raw = toml_of(content)
    except ValueError as error:
        raise unreadable(file.name, error) from error
    return read_incident(raw, file.name), hashlib.sha256(content).hexdigest()


def value(
    books: Path,
    incident: Incident,
    only: str | None = None,
    sink: Sink = lambda _: None,
    work: Work | None = None,
    engine: str = "duckdb",
) -> Valued:
    """Every method of an incident over every account of the Books of its record date.

    Args:
        books: the Books whose cut-off is the record date.
        incident: with its methods.
        only: one method instead of all.
        sink: takes every account under every method; nothing of it is kept in memory.
        work: within which memory, and where what is finished is kept.
        engine: where the Books are read and added up (`books.engine.engine_at`).

    Raises:
        UsageError: the Books are of another instant, or a method lacks what it needs.
        Refused: more was lost of an asset than is owed.
    """
    if any(loss.out_of == "balances" for loss in incident.losses):
        raise UsageError(
            "the loss is in balances of those whom it hit, not in a pool that all share; list them "
            "and what each lost, and use `claims allocate`"
        )
    methods = [m for m in incident.methods if only in (None, m.id)]
    if not methods:
        known = ", ".join(m.id for m in incident.methods) or "-"
        raise UsageError(f"no method {only!r}; the incident has: {known}")
    found = Valued(incident, methods, {m.id: {} for m in methods})
    with opened(books, work, engine) as day:
        if day.books.venue.cut_off != incident.record_at:
            raise UsageError(
                f"the Books are of {day.books.venue.cut_off.isoformat()}, the record date is "
                f"{incident.record_at.isoformat()}"
            )
        for tally in _tallies(day, incident):
            _value(day, tally, found, sink)
    return found


def _tallies(day: Opened, incident: Incident) -> Iterator[Tally]:
    """One for each asset that is shared in: the asset's own pool, or every asset firm-wide."""
    scales = {r["asset"]: r["scale"] for r in day.books.rows["assets"]}
    for asset, scale in incident.scales().items():
        if scales.get(asset) != scale:
            raise UsageError(f"{asset} has scale {scales.get(asset)} in the Books, not {scale}")
    owed = {asset: found.owed for asset, found in day.books.owed.items()}
    lost = {a: int(n * 10 ** scales[a]) for a, n in incident.short().items()}
    if incident.borne == "undetermined":
        raise UsageError("loss_borne_by is undetermined: decide it before anybody is owed anything")
    if incident.borne == "asset_pool":
        for asset, units in sorted(lost.items()):
            yield Tally(asset, scales[asset], owed.get(asset, 0), units, per_unit(day, asset))
        return
    ratio = _firm_wide(day, owed, lost)
    for asset, units in sorted(owed.items()):
        if units:
            yield Tally(asset, scales[asset], units, int(units * ratio), per_unit(day, asset))


def _firm_wide(day: Opened, owed: Mapping[str, int], lost: Mapping[str, int]) -> Fraction:
    """The part of everything owed, by value on the record date, that was lost."""
    whole = sum((n * per_unit(day, a) for a, n in owed.items()), Fraction(0))
    gone = sum((n * per_unit(day, a) for a, n in lost.items()), Fraction(0))
    if gone > whole:
        raise Refused("more was lost than is owed in all")
    return gone / whole if whole else Fraction(0)


def per_unit(day: Opened, asset: str) -> Fraction:
    """The price of a base unit in the reporting currency; a Refused where there is none."""
    scale = next(r["scale"] for r in day.books.rows["assets"] if r["asset"] == asset)
    if asset == day.books.venue.currency:
        return Fraction(1, 10**scale)
    price = day.prices.get(asset)
    if price is None or not price.computable:
        raise Refused(f"{asset} has no price on the record date")
    worth: Fraction = price.number() / 10**scale
    return worth


def _value(day: Opened, tally: Tally, found: Valued, sink: Sink) -> None:
    terms = {m.id: _terms(m, tally, found.incident) for m in found.methods}
    for id, one in terms.items():
        found.terms[id][tally.asset] = one
    masks: list[Any] = []
    balances, owed = day.books.balances, day.books.owed.get(tally.asset)
    alone = owed is not None and owed.accounts == balances.rows_of(tally.asset)

    def claims() -> Iterator[Any]:
        for batch in balances.above_zero(tally.asset, alone=alone):
            masks.append(pc.fill_null(pc.is_in(batch.column("kind"), _RELATED), False))
            yield batch

    for columns in entitle(tally, claims(), terms):
        mask, account = masks.pop(), columns.pop("account")
        name = pa.repeat(pa.scalar(tally.asset), len(account))
        found.held += int(pc.sum(mask).as_py() or 0)
        sink(pa.table({"account": account, "asset": name, **columns, "held": mask}))
    found.tallies.append(tally)


def _terms(method: Method, tally: Tally, incident: Incident) -> Terms:
    """The terms of a method for an asset; its rate is of what was lost and of nothing else."""
    known = tally.asset in incident.short() or tally.asset in method.rates
    if not known and method.given["method"] != "in_kind":
        raise UsageError(f"{method.id}: no rate of {tally.asset}, which bears the loss firm-wide")
    return terms_of(method, tally.asset, tally.scale)


# -- what people compare ---------------------------------------------------------------------------


def comparison(found: Valued) -> dict[str, Any]:
    """The methods side by side: totals, residue, who does better or worse, tax, discharge."""
    incident = found.incident
    return {
        "format": FORMAT,
        "incident": incident.id,
        "record_at": incident.record_at.isoformat(),
        "currency": incident.currency,
        "borne": incident.borne,
        "assets": [
            {
                "asset": t.asset,
                "scale": t.scale,
                "owed": str(t.owed),
                "lost": str(t.lost),
                "accounts": t.accounts,
                "residue": str(t.residue),
            }
            for t in found.tallies
        ],
        "held": found.held,
        "residue_to": incident.residue_to or None,
        "methods": [_method(m, found) for m in found.methods],
    }


def _method(method: Method, found: Valued) -> dict[str, Any]:
    by_asset: dict[str, dict[str, Any]] = {}
    for tally in found.tallies:
        totals = tally.totals.get(method.id, dict.fromkeys(PARTS, 0))
        exact = before_rounding(tally.lost, found.terms[method.id][tally.asset])
        by_asset[tally.asset] = {
            **{part: str(totals[part]) for part in PARTS},
            "before_rounding": {part: number_text(exact[part]) for part in PARTS},
            "residue": {part: number_text(exact[part] - totals[part]) for part in PARTS},
        }
    money = sum(int(a[AMOUNT]) for a in by_asset.values())
    return {
        "id": method.id,
        "title": method.title.as_json(),
        "method": method.given["method"],
        "terms": dict(method.given),
        "rates": dict(method.rates),
        "by_asset": by_asset,
        "amount": str(money),
        "goodwill": str(sum(int(a[GOODWILL]) for a in by_asset.values())),
        "better": sum(t.better.get(method.id, 0) for t in found.tallies),
        "worse": sum(t.worse.get(method.id, 0) for t in found.tallies),
        "discharge": method.discharge,
        "litigation_residual": _residual(method, found),
        "tax": {"amount": str(money), "kind": "miscellaneous_income", "confidence": "secondary"}
        if money and found.incident.kind == "coins"  # money owed as money comes back as it is
        else {"amount": "0", "kind": "none", "confidence": "memory"},
        "source": method.source,
        "confidence": method.confidence,
        "note": None if method.note is None else method.note.as_json(),
    }


def _residual(method: Method, found: Valued) -> dict[str, Any]:
    """By asset the coins that stay claimed where money does not discharge the debt of coins.

    `value` is what those coins are worth at the last price known, less what was credited.
    """
    if method.discharge not in ("none",):
        return {}
    residual = {}
    for tally in found.tallies:
        totals = tally.totals.get(method.id, dict.fromkeys(PARTS, 0))
        if not totals[AMOUNT]:
            continue
        coins = tally.lost - totals[IN_KIND]
        prices = [p for _, a, p in found.incident.prices if a == tally.asset]
        price = prices[-1] / 10**tally.scale if prices else tally.price
        value = max(coins * price - totals[AMOUNT], Fraction(0))
        residual[tally.asset] = {"coins": str(coins), "value": number_text(value)}
    return residual


def compare_methods(
    books: Path,
    incident: Incident,
    out: Path | None = None,
    work: Work | None = None,
    engine: str = "duckdb",
) -> dict[str, Any]:
    """The methods of an incident side by side; with `out`, every account under each as well."""
    work = work or Work(folder=beside(out))
    if out is None:
        return comparison(value(books, incident, work=work, engine=engine))
    with row_file(out, {}) as rows:
        document = comparison(value(books, incident, sink=rows.take, work=work, engine=engine))
        rows.done()
        replace_folder(out, {"valuation.json": json_bytes(document), ACCOUNTS: rows.chunks()})
    return document

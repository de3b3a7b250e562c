"""`sonae books prices make`: the table `prices` from kept answers, rates and two people's word.

Only with `fetch` is a venue asked; without it the same answers give the same rows. A source that
does not answer, or in another layout, gives no rows and is named; the others stand.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sonae.actions.chains.venue_ask import ask
from sonae.actions.files import alone, replace_file
from sonae.actions.fund.session import Now, utc_now
from sonae.actions.keys import load_key, verify_signature
from sonae.actions.prices.kept import Answer, Kept
from sonae.actions.prices.setup import MANUAL, PriceSetup, Rates, Wanted, load_prices
from sonae.books.manual_prices import (
    ManualPrice,
    added,
    approved,
    entered,
    read_register,
)
from sonae.books.map.batch import Faults
from sonae.books.map.dates import DateForm, read_instant
from sonae.books.map.prints import LAYOUT, read_prints
from sonae.books.map.rates import read_ecb
from sonae.books.map.spec import Source
from sonae.books.rows import Fault, read_value
from sonae.books.schema import PRICES
from sonae.chains.node import NodeError
from sonae.core.canonical import number_text
from sonae.core.errors import InputError, Problem, Refused, UsageError
from sonae.core.text import Text

FORMAT = "sonae-prices/1"
COLUMNS = tuple(c.name for c in PRICES.columns)
ASKED = "{m} (time of asking)"
"""The method of a price whose answer states no time."""
FRANKFURT = "Europe/Berlin"
SIGNED = "signed"
"""What a price by hand rests on: two signatures."""
Row = dict[str, str]
Ask = Callable[[str, str, Mapping[str, Any]], bytes]


@dataclass
class Made:
    """Rows by their key, and everything that gave none, with the reason."""

    rows: dict[tuple[str, ...], Row] = field(default_factory=dict)
    refused: list[dict[str, Any]] = field(default_factory=list)
    waiting: list[dict[str, Any]] = field(default_factory=list)

    def take(self, row: Row) -> None:
        """One more row; the same price again is one, another under the same key is a Fault."""
        key = tuple(row[k] for k in PRICES.key)
        known = self.rows.setdefault(key, row)
        if known["price"] != row["price"]:
            raise Fault("repeated-key", _TWO.format(a=known["price"], b=row["price"], at=row["at"]))

    def refuse(self, source: str, what: str, name: str, why: Text) -> None:
        """A source, or one answer of it, that gives no rows."""
        told = {"source": source, "what": what, "name": name, "message": why.as_json()}
        self.refused.append(told)


def make_prices(
    file: Path, out: Path | None, fetch: bool = False, now: Now = utc_now, asks: Ask = ask
) -> dict[str, Any]:
    """The table of prices, written to `out`, and what became of each source.

    Raises:
        InputError: `prices.toml` or the register of manual prices cannot be used.
    """
    setup, made = load_prices(file), Made()
    kept = Kept(setup.kept)
    if out is not None and out.exists() and not _ours(out):
        raise UsageError(f"{out} is not a table that this command wrote; choose another")
    if fetch:
        _fetch(setup, kept, made, now, asks)
    for wanted in setup.wanted:
        _prints(wanted, kept, made, setup.days)
    for rates in setup.rates:
        _rates(setup, rates, kept, made)
    _manual(setup, kept, made)
    rows = [made.rows[key] for key in sorted(made.rows)]
    if out is not None:
        text = io.StringIO()
        writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        replace_file(out, text.getvalue().encode(), 0o644)
    return {
        "format": FORMAT,
        "sources": list(_sources(setup, rows, kept)),
        "refused": made.refused,
        "waiting": made.waiting,
        "rows": rows,
    }


def _ours(out: Path) -> bool:
    with out.open("rb") as stream:
        return stream.readline().decode("utf-8", "replace").rstrip("\n") == ",".join(COLUMNS)


def _fetch(setup: PriceSetup, kept: Kept, made: Made, now: Now, asks: Ask) -> None:
    """Ask each venue once for each call and pair; what it sends is kept before it is read."""
    for venue, call, pair in sorted({(w.venue, w.call.name, w.pair) for w in setup.wanted}):
        wanted = next(w for w in setup.wanted if (w.venue, w.call.name) == (venue, call))
        try:
            content = asks(venue, call, wanted.call.params(pair, now()))
        except NodeError as error:
            made.refuse(wanted.source, f"{venue} {pair}", "source-incomplete", error.text)
            continue
        came = now().astimezone(UTC).replace(microsecond=0)
        kept.add(Answer(venue, call, pair, came, kept.put(content)))


def _prints(wanted: Wanted, kept: Kept, made: Made, days: int) -> None:
    """The rows of the kept answers to one question, oldest first; `days` back from the newest."""
    newest = max((a.came for a in kept.answers), default=None)
    answers = [
        a
        for a in kept.answers
        if (a.venue, a.call, a.pair) == (wanted.venue, wanted.call.name, wanted.pair)
        and newest is not None
        and a.came > newest - timedelta(days=days)
    ]
    if not answers:
        what = f"{wanted.venue} {wanted.pair}"
        made.refuse(wanted.source, what, "source-incomplete", _NO_ANSWER)
    for answer in answers:
        try:
            content = kept.get(answer.sha256)
            found = read_prints(wanted.venue, wanted.method, wanted.pair, content, answer.came)
            for one in found:
                method = wanted.method if one.at else ASKED.format(m=wanted.method)
                for purpose in wanted.purposes:
                    made.take(
                        {
                            **dict.fromkeys(COLUMNS, ""),
                            "asset": wanted.asset,
                            "currency": wanted.currency,
                            "price": number_text(one.price),
                            "source": wanted.source,
                            "own_venue": str(wanted.own_venue).lower(),
                            "purpose": purpose,
                            "at": (one.at or answer.came).isoformat(),
                            "method": method,
                            "answer": f"sha256:{answer.sha256}",
                        }
                    )
        except Fault as fault:
            made.refuse(wanted.source, answer.sha256, fault.name, fault.message)


# -- reference rates -------------------------------------------------------------------------


def _rates(setup: PriceSetup, rates: Rates, kept: Kept, made: Made) -> None:
    """The newest days of the files of one source; each file is kept by its digest."""
    form = DateForm(("iso",), zone=FRANKFURT, time=rates.time)
    for name in rates.files:
        path = setup.folder / name
        if not path.is_file():
            made.refuse(rates.source, name, "missing-file", _NO_FILE.format(p=name))
            continue
        digest, faults = kept.put(path.read_bytes()), Faults()
        found = [
            row
            for batch in read_ecb(Source("ecb", "ecb", (name,)), path, name, faults)
            for row in zip(*(c.to_pylist() for c in batch.columns.values()), strict=True)
        ]
        for problem in faults.problems():
            what = f"{name} {problem.place()}"
            made.refuse(rates.source, what, problem.name, problem.message)
        if faults:
            continue
        newest = set(sorted({day for day, _, _ in found})[-rates.days :])
        missing = set(rates.currencies) - {c for d, c, _ in found if d in newest}
        for currency in sorted(missing):
            made.refuse(rates.source, name, "unknown-asset", _NO_RATE.format(c=currency))
        for day, currency, rate in found:
            if day in newest and currency in rates.currencies:
                _rate(rates, (read_instant(day, form), currency, rate), digest, made)


def _rate(rates: Rates, said: tuple[str, str, str], digest: str, made: Made) -> None:
    at, currency, rate = said
    for purpose in rates.purposes:
        row = {
            **dict.fromkeys(COLUMNS, ""),
            "asset": "EUR",
            "currency": currency,
            "price": rate,
            "source": rates.source,
            "own_venue": "false",
            "purpose": purpose,
            "at": at,
            "method": "reference",
            "answer": f"sha256:{digest}",
        }
        try:
            made.take(row)
        except Fault as fault:
            made.refuse(rates.source, digest, fault.name, fault.message)


# -- by hand ---------------------------------------------------------------------------------


def _register(setup: PriceSetup) -> list[ManualPrice]:
    content = setup.register.read_bytes() if setup.register.is_file() else b""
    try:
        return read_register(content, verify_signature, setup.people)
    except Fault as fault:
        name = setup.register.name
        raise InputError([Problem(fault.name, "prices", fault.message, name)]) from fault


def _manual(setup: PriceSetup, kept: Kept, made: Made) -> None:
    for price in _register(setup):
        if not price.approved:
            told = {"id": price.id, "asset": price.asset, "currency": price.currency}
            told |= {"price": price.price, "at": price.at.isoformat()}
            made.waiting.append({**told, "entered_by": setup.people[price.entered]})
            continue
        try:
            kept.get(price.evidence)
        except Fault as fault:
            made.refuse(MANUAL, price.id, fault.name, fault.message)
            continue
        made.take(
            {
                "asset": price.asset,
                "currency": price.currency,
                "price": price.price,
                "source": MANUAL,
                "own_venue": "false",
                "purpose": price.purpose,
                "entered_by": setup.people[price.entered],
                "approved_by": setup.people[price.approved],
                "evidence": f"sha256:{price.evidence}",
                "at": price.at.isoformat(),
                "method": MANUAL,
                "answer": f"sha256:{price.id}",
            }
        )


def enter_price(
    file: Path, price: Mapping[str, str], evidence: Path, key: Path, now: Now = utc_now
) -> str:
    """Enter a price by hand; its id, by which somebody else approves it.

    `price` has asset, currency, price, purpose, at and why. The evidence is kept by its digest.

    Raises:
        InputError: every value that the table of prices would not take; nothing is signed.
    """
    setup, signer = load_prices(file), load_key(key)
    _usable(price)
    if not evidence.is_file():
        raise UsageError(f"there is no file {evidence}")
    digest = Kept(setup.kept).put(evidence.read_bytes())
    body = entered({**price, "evidence": digest}, signer, now())
    return _append(setup, body, signer)[-1].id


def _usable(price: Mapping[str, str]) -> None:
    problems = []
    for name in ("asset", "currency", "price", "purpose", "at"):
        column = PRICES.column(name)
        assert column is not None
        try:
            read_value(column, price)
        except Fault as fault:
            problems.append(Problem(fault.name, f"--{name}", fault.message))
    if not price["why"]:
        problems.append(Problem("missing-value", "--why", _WHY))
    if problems:
        raise InputError(problems)


def approve_price(file: Path, id: str, key: Path, now: Now = utc_now) -> ManualPrice:
    """Approve a price that another person entered, by its id or how the id begins."""
    setup, signer = load_prices(file), load_key(key)
    found = [p for p in _register(setup) if p.id.startswith(id)]
    if len(found) != 1:
        raise UsageError(f"{len(found)} entries begin with {id}")
    Kept(setup.kept).get(found[0].evidence)
    after = _append(setup, approved(found[0].id, signer, now()), signer)
    return next(p for p in after if p.id == found[0].id)


def _append(setup: PriceSetup, body: bytes, signer: Any) -> list[ManualPrice]:
    """Add a signed line, where the register is good with it."""
    with alone(setup.register):
        _register(setup)
        before = setup.register.read_bytes() if setup.register.is_file() else b""
        content = added(before, body, signer)
        try:
            found = read_register(content, verify_signature, setup.people)
        except Fault as fault:
            raise Refused(fault.message) from fault
        replace_file(setup.register, content, 0o644)
    return found


def _sources(setup: PriceSetup, rows: list[Row], kept: Kept) -> Iterator[dict[str, Any]]:
    """Each source with what its rows rest on."""
    made = {f"sha256:{a.sha256}": a.made for a in kept.answers}
    venues = {w.source for w in setup.wanted}
    for source in sorted({r["source"] for r in rows}):
        own = [r for r in rows if r["source"] == source]
        other, answer = (SIGNED, SIGNED) if source == MANUAL else ("published", "file")
        yield {
            "source": source,
            "layout": LAYOUT if source in venues else other,
            "answers": sorted({made.get(r["answer"], answer) for r in own}),
            "methods": sorted({r["method"] for r in own}),
            "rows": len(own),
            "newest": max(datetime.fromisoformat(r["at"]) for r in own).isoformat(),
        }


_NO_ANSWER = Text(
    "保存した回答がない（--fetch で問い合わせる）", "no answer is kept (--fetch asks for one)"
)
_WHY = Text("手入力とする理由を書く", "say why it is entered by hand")
_NO_FILE = Text("ファイル「{p}」がない", "there is no file {p}")
_NO_RATE = Text("{c} のレートがない", "there is no rate of {c}")
_TWO = Text(
    "同じ時刻 {at} に二つの価格がある: {a} と {b}", "two prices at one instant, {at}: {a} and {b}"
)

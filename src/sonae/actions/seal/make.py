"""Sealing a close: the files of a seal, `public` for everyone, `private` for the firm.

public/header.bin            the header; .minisig its signature, operator.pub the key
public/header.json           the header for people
public/manifest.json         what its numbers mean: assets, prices, what was left out
public/sufficiency.json      reserve and insurance against requirement; .minisig its signature
public/entry.json            the entry of the log: digests, engine, time of writing, escrow
public/log/                  every seal so far as static files, with a signed checkpoint
public/verify.html, verifier.py   what a customer checks a receipt with
private/day.key              the key of the day: opens this day and no other
private/claims.parquet       account, text, asset, amount
private/leaves/N.bin         the rows of asset N in order: no personal data, checks sums and roots
private/leaves/N.tree        the levels of its tree from the tiles up, for receipts
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from importlib import resources
from pathlib import Path
from typing import Any

import pyrage

from sonae import __version__
from sonae.actions.files import Content, json_bytes
from sonae.actions.keys import Key, load_key
from sonae.actions.seal.build import Means, build
from sonae.actions.seal.claims import Tally, tally_of, write_claims
from sonae.actions.seal.folder import Former, origin_of, read_former
from sonae.actions.seal.spread import Rule, spread_claims, spread_trees
from sonae.actions.seal.statement import statement
from sonae.actions.seal.work import Work
from sonae.books.balances import ENTRIES
from sonae.books.engine import Spread
from sonae.close.day import Close
from sonae.close.reconcile import Line
from sonae.core.canonical import canonical_bytes, number_text
from sonae.core.errors import InputError, Problem, Refused, UsageError
from sonae.core.text import Text
from sonae.seal import minisign, tiles
from sonae.seal.claims import check_totals
from sonae.seal.encoding import day_key, key_commitment
from sonae.seal.header import NONE, Header
from sonae.seal.make import MOST_PARTS, PARTS, Asset, Terms, header_of, manifest
from sonae.seal.note import checkpoint, sign_note
from sonae.seal.tlog import head

MASTER = b"sonae-seal-master/1"
"""The label under which a key file yields the master secret of the days' keys."""
ENTRY = "sonae-seal-entry/1"
Files = dict[str, bytes]


@dataclass(frozen=True)
class Sealing:
    """How a day is to be sealed: by whom, after which seal, in how many parts, escrowed to whom."""

    key: Key
    former: Former | None = None
    parts: int = PARTS
    escrow: tuple[str, ...] = ()
    correction: bool = False
    means: Means = field(default_factory=Means)


@dataclass(frozen=True)
class Made:
    """A day sealed: what is published, the key, and the files of what is not published."""

    header: Header
    manifest: bytes
    key: bytes
    claims: Path
    leaves: Mapping[int, tuple[Path, Path]]
    """By asset number its leaves, and the levels of its tree from the tiles up."""


def sealing(
    key: Path,
    after: Path | None = None,
    parts: int = PARTS,
    escrow: Path | None = None,
    correction: bool = False,
    means: Means | None = None,
) -> Sealing:
    """The options of a seal, read and checked.

    Args:
        key: a key file of `sonae seal key`.
        after: the folder of the seal before this one.
        parts: in how many leaves each claim is split.
        escrow: a file of age recipients, one in a line, who can open the key of the day.
        correction: the Books correct a day that was sealed before.
        means: memory and threads, which change nothing of a seal.

    Raises:
        Refused: so many parts there cannot be.
    """
    if not 1 <= parts <= MOST_PARTS:
        raise Refused(f"a claim has 1 to {MOST_PARTS} parts, not {parts}")
    recipients: tuple[str, ...] = ()
    if escrow is not None:
        lines = (line.strip() for line in escrow.read_text("utf-8").splitlines())
        recipients = tuple(line for line in lines if line and not line.startswith("#"))
        for word in recipients:
            _recipient(word)
    loaded = load_key(key)
    former = None if after is None else read_former(after, loaded.public)
    return Sealing(loaded, former, parts, recipients, correction, means or Means())


# -- from a close to a seal ------------------------------------------------------------------------


def seal_day(day: Close, how: Sealing, folder: Path | None = None) -> AbstractContextManager[Made]:
    """Seal what a close says is owed.

    `folder` is where it is made, and taken up again after a kill; without one it is the engine's.
    The files stay there, and nobody else is let in, until the context ends.
    """
    time_ms, former = _time_ms(day), how.former
    if how.correction:
        _corrected(how, time_ms)
    elif former is not None and time_ms <= former.latest:
        raise Refused(
            "the cut-off is not after that of every seal before it; a day that was sealed is "
            "corrected by a seal of its own (--correction)"
        )
    seq = 1 if former is None else former.header.seq + 1
    previous = NONE if former is None else bytes.fromhex(former.header.hash())
    key = day_key(how.key.secret(MASTER), seq, time_ms)
    return seal_with(day, seq, previous, how.parts, key, how.means, folder)


def _corrected(how: Sealing, time_ms: int) -> str:
    """The header hash of the last seal of that very cut-off, which a correction follows."""
    entries = [] if how.former is None else [json.loads(e) for e in how.former.entries]
    found = [e["header_hash"] for e in entries if e["time_ms"] == time_ms]
    if not found:
        raise Refused("a correction follows a log (--after) with a seal of the same cut-off")
    return str(found[-1])


@contextmanager
def seal_with(
    day: Close,
    seq: int,
    previous: bytes,
    parts: int,
    key: bytes,
    means: Means | None = None,
    folder: Path | None = None,
) -> Iterator[Made]:
    """The seal of a close at a place in the chain, with a key of the day: for its maker or after.

    Raises:
        Refused: what would be sealed is not what the close says is owed.
    """
    venue, means = day.books.venue, means or Means()
    cut_off = venue.cut_off.astimezone(UTC).isoformat()
    terms = Terms(venue.entity, cut_off, _time_ms(day), seq, previous, parts)
    assets = _assets(day)
    numbers = {a.asset: a.number for a in assets}
    prices = {a.asset: a.price / 10**a.scale for a in assets if a.price is not None}
    plan = _plan(day, assets, terms, key)
    plan["how"] = {"claims": means.claims(parts)}
    engine = day.books.balances.engine
    folder = folder or engine.scratch() / "seal"
    with Work(folder, plan) as work:
        owed = {asset: owed.owed for asset, owed in day.books.owed.items()}
        if isinstance(engine, Spread):
            rule = Rule(numbers, prices, key, parts)
            found, leaves = _spread_claims(day, rule, work)
            day.books.unchanged()
            check_totals(found, numbers, owed)
            sealed = spread_trees(engine, found, leaves, work)
        else:
            found = _claims(day, numbers, prices, work)
            day.books.unchanged()
            check_totals(found, numbers, owed)
            sealed = build(found.path, key, parts, found.totals, work, means)
        said = manifest(assets, terms, venue.currency, found)
        files = {
            a: (work.path(f"leaves/{a}.bin"), work.path(f"leaves/{a}.tree")) for a in found.totals
        }
        yield Made(header_of(sealed, terms, said, key), said, key, found.path, files)
        work.discard()


def _plan(day: Close, assets: Sequence[Asset], terms: Terms, key: bytes) -> dict[str, Any]:
    """All that decides what is sealed: by it unfinished work is known again."""
    return {
        "software": __version__,
        "sources": dict(sorted(day.books.digests.items())),
        "seq": terms.seq,
        "time_ms": terms.time_ms,
        "parts": terms.parts,
        "key": key_commitment(key).hex(),
        "assets": [[a.number, a.asset, a.scale, str(a.price)] for a in assets],
        "engine": day.books.balances.engine.name,
    }


def _claims(
    day: Close, numbers: Mapping[str, int], prices: Mapping[str, Fraction], work: Work
) -> Tally:
    """The table of claims, from the engine or as an earlier run has finished it."""
    path, said = work.path("claims.parquet"), work.done("claims")
    if said is not None:
        return tally_of(said, path)
    balances = day.books.balances
    ordered = balances.entries().order_by(*ENTRIES)
    found = write_claims(balances.engine.batches(ordered), numbers, prices, path)
    work.finish("claims", [path], found.info())
    return found


def _spread_claims(day: Close, rule: Rule, work: Work) -> tuple[Tally, list[Path]]:
    """The same on an engine of several machines; the leaves are made with it."""
    balances = day.books.balances
    count = sum(int(group["rows"]) for group in balances.groups)
    path = work.path("claims.parquet")
    return spread_claims(balances.engine, balances.entries(), count, rule, path)


def _time_ms(day: Close) -> int:
    cut_off = day.books.venue.cut_off
    return int(cut_off.timestamp()) * 1000 + cut_off.microsecond // 1000


def _assets(day: Close) -> list[Asset]:
    """The assets that have a number, with the prices at which asset 0 values them.

    Raises:
        InputError: a number twice, out of range, or 0, which is the valued claim's.
    """
    rows = [r for r in day.books.rows["assets"] if r["number"] is not None]
    problems, seen = [], {0: "0"}
    for row in rows:
        if row["number"] in seen or row["number"] >= 1 << 32:
            text = Text(
                "number は資産ごとに異なる1以上の整数（0は評価額に用いる）",
                "number is an integer from 1 of this asset alone (0 is the valued claim)",
            )
            place = (row["_file"], row["_row"])
            problems.append(Problem("bad-number", "assets", text, *place, column="number"))
        seen[row["number"]] = row["asset"]
    if problems:
        raise InputError(problems)
    prices, home = day.valuations["regulatory"].prices, day.books.venue.currency
    return [
        Asset(
            row["number"],
            row["asset"],
            row["kind"],
            row["scale"],
            row["chain"],
            row["contract"],
            Fraction(1) if row["asset"] == home else _price(prices.get(row["asset"])),
        )
        for row in rows
    ]


def _price(figure: Any) -> Fraction | None:
    return figure.number() if figure is not None and figure.computable else None


# -- the files -------------------------------------------------------------------------------------


def seal_files(day: Close, seal: Made, how: Sealing) -> dict[str, Content]:
    """Every file of a seal by its name; the large ones as files that are there."""
    header, key = seal.header.pack(), how.key
    said = json_bytes(statement(day, seal.header.hash()))
    public: Files = {
        "header.bin": header,
        "header.bin.minisig": _signed(header, key, seal.header),
        "header.json": json_bytes(header_view(seal.header)),
        "manifest.json": seal.manifest,
        "operator.pub": minisign.public_file(key.public),
        "sufficiency.json": said,
        "sufficiency.json.minisig": _signed(said, key, seal.header),
        **_tools(),
    }
    entry = _entry(day, seal, how, public)
    entries = [*(() if how.former is None else how.former.entries), entry]
    public |= {"entry.json": entry, **log_files(entries, key)}
    private: dict[str, Content] = {
        "day.key": seal.key.hex().encode() + b"\n",
        "claims.parquet": seal.claims,
        **{f"leaves/{path.name}": path for pair in seal.leaves.values() for path in pair},
    }
    return {
        **{f"public/{name}": content for name, content in public.items()},
        **{f"private/{name}": content for name, content in private.items()},
    }


def unnumbered(manifest: bytes) -> list[dict[str, Any]]:
    """What a manifest says is owed and not sealed, as its asset has no number: asset and accounts.

    The other balances that a manifest leaves out are nothing that the firm owes.
    """
    excluded = json.loads(manifest)["excluded"]
    return [
        {k: e[k] for k in ("asset", "accounts", "units")}
        for e in excluded
        if e["why"] == "no_number"
    ]


def seal_view(seal: Made) -> dict[str, Any]:
    """What a close says of its seal."""
    said = json.loads(seal.manifest)
    names = {a["number"]: a["asset"] for a in said["assets"]}
    left = unnumbered(seal.manifest)
    return {
        **({"not_sealed": left} if left else {}),
        "header_hash": seal.header.hash(),
        "seq": seal.header.seq,
        "assets": {
            names.get(a.asset, "value"): {
                "number": a.asset,
                "total": str(a.total),
                "leaves": a.leaves,
                "root": a.root.hex(),
            }
            for a in seal.header.assets
        },
    }


def _tools() -> Files:
    package = resources.files("sonae.seal")
    return {name: package.joinpath(name).read_bytes() for name in ("verify.html", "verifier.py")}


def _signed(content: bytes, key: Key, header: Header) -> bytes:
    return minisign.signature_file(content, key, f"seal {header.seq} {header.hash()}")


def header_view(header: Header) -> dict[str, Any]:
    """A header for people; what counts is header.bin."""
    return {
        "hash": header.hash(),
        "seq": header.seq,
        "cut_off": datetime.fromtimestamp(header.time_ms / 1000, UTC).isoformat(),
        "previous": header.previous.hex(),
        "key_commitment": header.key_commitment.hex(),
        "operator": header.operator.hex(),
        "manifest": header.manifest.hex(),
        "parts": header.parts,
        "assets": [
            {
                "number": a.asset,
                "leaves": a.leaves,
                "total": str(a.total),
                "height": a.height,
                "root": a.root.hex(),
            }
            for a in header.assets
        ],
    }


def _entry(day: Close, seal: Made, how: Sealing, public: Mapping[str, bytes]) -> bytes:
    """What the log says of a seal: all that its header leaves out because content decides it not.

    `assets`: by number leaves, owed and held in base units (null where what is held is not known),
    so that dressing shows in the series.
    """
    held = {a: _held(line) for a, line in day.reconciliation.lines.items()}
    names = {r["number"]: r["asset"] for r in day.books.rows["assets"]}
    body = {
        "format": ENTRY,
        "seq": seal.header.seq,
        "time_ms": seal.header.time_ms,
        "previous": seal.header.previous.hex(),
        "corrects": _corrected(how, seal.header.time_ms) if how.correction else None,
        "header_hash": seal.header.hash(),
        "assets": {
            str(a.asset): [a.leaves, str(a.total), held.get(names.get(a.asset, ""))]
            for a in seal.header.assets
        },
        "files": {name: hashlib.sha256(c).hexdigest() for name, c in sorted(public.items())},
        "sources": dict(sorted(day.books.digests.items())),
        "engine": day.books.balances.engine.name,
        "software": __version__,
        "written_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "escrow": [
            {"to": word, "ciphertext": base64.b64encode(_locked(seal.key, word)).decode()}
            for word in how.escrow
        ],
    }
    return canonical_bytes(body)


def _held(line: Line) -> str | None:
    """What is held of an asset for customers, in base units; None where it is not known."""
    held = line.figures.get("held")
    if held is None or not held.computable or not isinstance(held.value, Fraction):
        return None
    return number_text(held.value * 10**line.scale)


def _recipient(word: str) -> Any:
    try:
        return pyrage.x25519.Recipient.from_str(word)
    except pyrage.RecipientError as error:
        raise UsageError(f"not an age recipient: {word[:20]}… ({error})") from error


def _locked(key: bytes, word: str) -> bytes:
    """The key of the day as `age` opens it."""
    return bytes(pyrage.encrypt(key.hex().encode() + b"\n", [_recipient(word)]))


def log_files(entries: Sequence[bytes], key: Key) -> Files:
    """The log of these entries as static files, with its signed checkpoint."""
    origin = origin_of(key.public)
    note = sign_note(checkpoint(origin, head(entries)), origin, key)
    return {"log/checkpoint": note, **{f"log/{p}": c for p, c in tiles.tiles(entries).items()}}

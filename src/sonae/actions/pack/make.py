"""Making a resolution pack: one ZIP of every part, signed inside, encrypted, signed outside.

What is written is plain only in a folder beside the file that nobody else can read, and for as
long as it takes; the ZIP itself is never on the disk unencrypted.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from importlib import resources
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pcsv
import pyarrow.parquet as pq

from sonae import __version__
from sonae.actions.close import EXAMINE
from sonae.actions.files import json_bytes
from sonae.actions.fund.export import verify_export
from sonae.actions.keys import Key, load_key, verify_signature
from sonae.actions.pack import parts as small
from sonae.actions.pack.tables import kept_table, plain_folder
from sonae.actions.seal.folder import Folder
from sonae.actions.work import Work, beside
from sonae.books.engine import Engine
from sonae.books.parts import digest_of
from sonae.books.read import Books, read_books
from sonae.core.canonical import digest, parse_number
from sonae.core.errors import InputError, Problem, Refused, UsageError
from sonae.core.finding import Finding
from sonae.core.text import LANGS, Text
from sonae.pack import manifest as form
from sonae.pack import view
from sonae.pack.age import encrypt
from sonae.pack.recipients import Recipients, read_recipients
from sonae.pack.zipped import BLOCK, zip_stream
from sonae.report.html import close_report
from sonae.report.pack import read_first
from sonae.seal import minisign
from sonae.seal.header import SealError
from sonae.seal.tlog import LogError

Step = Callable[[Text], None]


@dataclass(frozen=True)
class Wanted:
    """What goes into a pack, and whom it is for."""

    books: Path
    close: Path
    recipients: Path
    key: Path
    out: Path
    seal: Path | None = None
    fund: Path | None = None
    people: Path | None = None
    brand: str | None = None
    work: Work | None = None


def make_pack(wanted: Wanted, step: Step = lambda _: None) -> dict[str, Any]:
    """Make a pack and its signature; an earlier file of the name is replaced once all is written.

    Raises:
        InputError: the Books, the terms or the list of persons cannot be used; a column holds My
            Number.
        Refused: close, seal or ledger are not of these Books, or do not hold.
    """
    terms, key = read_recipients(wanted.recipients), load_key(wanted.key)
    if wanted.out.is_dir() or wanted.out.suffix != ".age":
        raise UsageError("--out names a file that ends in .pack.age")
    given = [p for p in (wanted.people, wanted.fund) if p is not None]
    if problems := small.my_number_columns(wanted.books, *given):
        raise InputError(problems)
    wanted.out.parent.mkdir(parents=True, exist_ok=True)
    with (wanted.work or Work(folder=beside(wanted.out))).running() as engine:
        books = read_books(wanted.books, engine, step, EXAMINE)
        close = _close(wanted.close, books)
        folder = plain_folder(engine.scratch())
        made = _Pack(wanted, terms, key, books, close, engine, folder)
        manifest, warnings = made.write(step)
        step(Text("暗号化する", "encrypting"))
        name, size, plain = _encrypt(folder, manifest, terms, wanted.out, key)
    return {
        "file": str(wanted.out),
        "bytes": size,
        "sha256": name,
        "plaintext_sha256": plain,
        "signer": key.public.hex(),
        "manifest": manifest,
        "findings": [f.as_json() for f in [*warnings, *form.absent(manifest)]],
    }


def pack_of_close(
    books: Path,
    out: Path,
    recipients: Path,
    key: Path,
    step: Step = lambda _: None,
    work: Work | None = None,
) -> dict[str, Any]:
    """The pack of a close that was just made and sealed into `out`, put beside that folder.

    Ledger and groups of persons are not in it, which it says; `make_pack` takes those too.
    """
    on = json.loads((out / "close.json").read_bytes())["on"]
    file = out.with_name(f"{out.name}-{on}.pack.age")
    return make_pack(Wanted(books, out, recipients, key, file, seal=out, work=work), step)


def _close(path: Path, books: Books) -> dict[str, Any]:
    """The close, which must be of these very Books.

    Raises:
        Refused: which table it was made of differs.
    """
    file = path / "close.json" if path.is_dir() else path
    try:
        found: dict[str, Any] = json.loads(file.read_bytes())
        tables = found["sources"]["tables"]
    except FileNotFoundError as error:
        raise UsageError(f"no such close: {file}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{file} is no close.json") from error
    every = {*books.digests, *tables}
    differ = sorted(n for n in every if tables.get(n) != books.digests.get(n))
    if differ or found["venue"]["entity"] != books.venue.entity:
        what = ", ".join(differ) or "entity"
        raise Refused(f"{file.name} was made of other Books: {what} differs; close again")
    if found.get("what_if_on"):
        raise Refused(f"{file.name} is a what-if; a pack needs a close under the law of its day")
    return found


class _Pack:
    """One pack while it is written."""

    def __init__(
        self,
        wanted: Wanted,
        terms: Recipients,
        key: Key,
        books: Books,
        close: dict[str, Any],
        engine: Engine,
        folder: Path,
    ) -> None:
        self.wanted, self.terms, self.key = wanted, terms, key
        self.books, self.close, self.engine, self.folder = books, close, engine, folder
        self.rows: dict[str, int] = {}
        self.missing: list[dict[str, Any]] = []
        self.findings: list[Finding] = []

    def write(self, step: Step) -> tuple[dict[str, Any], list[Finding]]:
        """Every file, the manifest last; the manifest, and warnings."""
        step(Text("顧客と残高を書き出す", "writing customers and balances"))
        people, totals = self._mass()
        step(Text("その他の部分を書き出す", "writing the other parts"))
        self._small()
        sealed = self._seal(totals)
        self._ledger()
        for lang in LANGS:
            self._put(f"report.{lang}.html", close_report(self.close, lang).encode())
        self._put("close.json", json_bytes(self.close))
        self._put("check.py", resources.files("sonae.pack").joinpath("checker.py").read_bytes())
        step(Text("目録を作り署名する", "listing and signing"))
        return self._manifest(people, totals, sealed), self.findings

    def _put(self, name: str, content: bytes) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.write_bytes(content)

    # -- customers and balances

    def _mass(self) -> tuple[dict[str, int], dict[str, view.Total]]:
        scales = {r["asset"]: r["scale"] for r in self.books.rows["assets"]}
        customers, found = self.books.balances.customers, {"customers": 0, "persons": 0}
        if customers is not None:
            persons = self._persons()
            alone = 0 if persons is None else _alone(self.engine, customers, persons)
            customers = view.with_person(customers, persons)
            self._table(form.PEOPLE, view.people(self.engine, customers), view.PEOPLE)
        else:
            self._absent("persons/", Text("台帳に customers がない", "the Books have no customers"))
        self._table(
            form.ACCOUNTS, view.accounts(self.books.balances, customers, scales), view.ACCOUNTS
        )
        written = self._scan(form.ACCOUNTS)
        prices = {asset: p / 10 ** scales[asset] for asset, p in self._prices().items()}
        if customers is not None:
            customers = self._scan(form.PEOPLE)
            found = {"customers": _count(self.engine, customers, "customer_id")}
            found["persons"] = _count(self.engine, customers, "person")
            found["in_no_group"] = alone
        rows = view.view(self.engine, written, customers, scales, prices)
        self._table(form.VIEW, rows, view.VIEW)
        return found, view.totals(self.engine, written)

    def _table(self, name: str, batches: Any, schema: Any) -> None:
        """Write a table, or take up what a killed run had written of the same."""
        asked = [self.books.digests, self.wanted.brand, digest(self.close)]
        asked += [None if self.wanted.people is None else digest_of(self.wanted.people)]
        rows, found = kept_table(self.folder, name, asked, batches, schema)
        self.rows |= rows
        for column, count in sorted(found.items()):
            self._looks_like(f"{name}/", column, count)

    def _looks_like(self, file: str, column: str, count: int) -> None:
        text = _LIKE.format(file=file, column=column, count=f"{count:,}")
        self.findings.append(Finding("looks-like-my-number", "warning", text, f"{file} {column}"))

    def _scan(self, name: str) -> Any:
        return self.engine.scan(sorted((self.folder / name).glob("*.parquet")))

    def _prices(self) -> dict[str, Fraction]:
        found = {}
        for line in self.close["reconciliation"]:
            try:
                found[line["asset"]] = parse_number(str(line["price"]))
            except ValueError:
                continue  # not computable: the value stays empty and the price is said to be none
        return found

    def _persons(self) -> Any:
        """The groups of persons as a relation; None where none were given."""
        if self.wanted.people is None:
            text = Text(
                "名寄せの結果（--people）が渡されていない。顧客IDを1人とみなした",
                "no groups of persons (--people) were given; each customer id counts as a person",
            )
            self._absent("persons/ (person)", text)
            return None
        return _person_table(self.engine, self.wanted.people, self.wanted.brand)

    # -- the rest

    def _absent(self, part: str, why: Text) -> None:
        self.missing.append({"part": part, "why": why.as_json()})

    def _small(self) -> None:
        problems: list[Problem] = []
        files, missing = small.small_parts(self.books, self.wanted.books, problems)
        if problems:
            raise InputError(problems)
        self.missing += missing
        files |= small.rulebook_files(self.books.venue.on)
        files["keys-procedure/terms.json"] = json_bytes(self.terms.as_json())
        register = self.terms.register
        if register is not None:
            if not register.is_file():
                raise UsageError(f"the register of shares is not there: {register}")
            files["keys-procedure/register.json"] = register.read_bytes()
        if small.procedure(self.wanted.books) is None:
            text = Text("keys.toml に procedure がない", "keys.toml has no procedure")
            self._absent("keys-procedure (procedure)", text)
        for (name, column), count in sorted(small.my_number_values(files).items()):
            self._looks_like(name, column, count)
        for name, content in files.items():
            self._put(name, content)

    def _seal(self, totals: Mapping[str, view.Total]) -> dict[str, Any] | None:
        if self.wanted.seal is None:
            self._absent(
                "seal/", Text("封緘（--seal）が渡されていない", "no seal was given (--seal)")
            )
            return None
        folder = Folder(self.wanted.seal)
        header, sums = read_seal(folder.public)
        for asset, total in sums.items():
            owed = totals[asset].owed if asset in totals else 0
            if owed != total:
                raise Refused(
                    f"the seal has {total:,} base units of {asset} and the balances {owed:,}: "
                    f"it is not of these Books; seal them again"
                )
        for path in sorted(p for p in folder.public.rglob("*") if p.is_file()):
            name = path.relative_to(folder.public).as_posix()
            self._put(f"seal/public/{name}", path.read_bytes())
        return {"header_hash": header.hash(), "seq": header.seq}

    def _ledger(self) -> None:
        if self.wanted.fund is None:
            text = Text("元帳の書き出し（--fund）が渡されていない", "no export was given (--fund)")
            self._absent("ledger/", text)
            return
        found = verify_export(self.wanted.fund)
        if not found.good:
            fault = found.faults[0]
            raise Refused(f"the ledger export does not verify: {fault.file} {fault.why.en}")
        for path in sorted(p for p in self.wanted.fund.iterdir() if p.is_file()):
            self._put(f"ledger/{path.name}", path.read_bytes())

    # -- the manifest

    def _manifest(
        self,
        people: Mapping[str, int],
        totals: Mapping[str, view.Total],
        sealed: Mapping[str, Any] | None,
    ) -> dict[str, Any]:
        venue = self.books.venue
        manifest: dict[str, Any] = {
            "format": form.FORMAT,
            "software": __version__,
            "entity": venue.entity,
            "venue": venue.name,
            "currency": venue.currency,
            "on": venue.on.isoformat(),
            "cut_off": venue.cut_off.isoformat(),
            "known_at": venue.known_at.isoformat(),
            "edition": self.close["edition"],
            "close": {"digest": digest(self.close)},
            "seal": sealed,
            "signer": self.key.public.hex(),
            "people": people,
            "totals": self._totals(totals),
            "missing": sorted(self.missing, key=lambda m: str(m["part"])),
            "warnings": [f.as_json() for f in self.findings],
            "files": self._files(),
        }
        word = public_word(self.key.public)
        text = small.procedure(self.wanted.books)
        for lang in LANGS:
            page = read_first(manifest, self.terms.as_json(), text, word, lang)
            self._put(f"READ-FIRST.{lang}.html", page.encode())
        manifest["files"] = self._files()
        self._signed(form.MANIFEST, json_bytes(manifest), manifest)
        self._signed(form.SUMS, form.sums(manifest["files"]), manifest)
        return manifest

    def _totals(self, totals: Mapping[str, view.Total]) -> list[dict[str, Any]]:
        seen = view.view_totals(self.engine, self._scan(form.VIEW))
        prices = {r["asset"]: str(r["price"]) for r in self.close["reconciliation"]}
        known = self._prices()
        lines = []
        for asset in sorted(self.books.rows["assets"], key=lambda r: str(r["asset"])):
            name = asset["asset"]
            total = totals.get(name, view.Total(0, 0, 0, 0, 0))
            lines.append({
                "asset": name,
                "scale": asset["scale"],
                "owed": str(total.owed),
                "receivable": str(total.receivable),
                "margin_debt": str(total.margin_debt),
                "unidentified": str(total.unidentified),
                "accounts": total.accounts,
                "people": seen.get(name, (0, 0))[1],
                "price": prices[name] if name in known else None,
            })  # fmt: skip
        return lines

    def _files(self) -> list[dict[str, Any]]:
        paths = sorted(p for p in self.folder.rglob("*") if p.is_file())
        listed = []
        for path in paths:
            found = digest_of(path)
            name = path.relative_to(self.folder).as_posix()
            size = path.stat().st_size
            listed.append(
                {"name": name, "sha256": found, "bytes": size, "rows": self._rows(name, path)}
            )
        return sorted(listed, key=lambda f: str(f["name"]))

    def _rows(self, name: str, path: Path) -> int | None:
        if name in self.rows or path.suffix != ".csv":
            return self.rows.get(name)
        text = path.read_text("utf-8-sig")
        self.rows[name] = len(list(csv.reader(text.splitlines(keepends=True)))) - 1
        return self.rows[name]

    def _signed(self, name: str, content: bytes, manifest: Mapping[str, Any]) -> None:
        self._put(name, content)
        comment = trusted_comment(manifest)
        self._put(name + form.SIGNATURE, minisign.signature_file(content, self.key, comment))


def trusted_comment(manifest: Mapping[str, Any]) -> str:
    """What is signed with every signature of a pack: whose, of what day, known when."""
    return f"{form.FORMAT} {manifest['on']} {manifest['known_at']} {manifest['entity']}"


def public_word(public: bytes) -> str:
    """A public key as `minisign -P` takes it."""
    return minisign.public_file(public).decode().splitlines()[1]


def read_seal(public: Path) -> tuple[Any, dict[str, int]]:
    """The header of a seal, its signature checked, and its totals by asset.

    Raises:
        Refused: what does not hold.
    """
    folder = Folder(public.parent)
    try:
        header = folder.header()
        key = minisign.read_public((public / "operator.pub").read_bytes())
        signature = (public / "header.bin.minisig").read_bytes()
        minisign.check((public / "header.bin").read_bytes(), signature, key, verify_signature)
        said = (public / "manifest.json").read_bytes()
        names = {a["number"]: a["asset"] for a in json.loads(said)["assets"]}
    except (LogError, SealError, OSError, ValueError, KeyError) as error:
        raise Refused(f"the seal cannot be read: {error}") from error
    if hashlib.sha256(said).digest() != header.manifest:
        raise Refused("the manifest of the seal is not the one that its header names")
    return header, {names[a.asset]: a.total for a in header.assets if a.asset in names}


def _count(engine: Engine, table: Any, column: str) -> int:
    return int(engine.rows(table.aggregate(n=table[column].nunique()))[0]["n"])


def _alone(engine: Engine, customers: Any, persons: Any) -> int:
    """Customers whom the groups of persons do not name: each is a person of their own."""
    left = customers.anti_join(persons, "customer_id")
    return int(engine.rows(left.aggregate(n=left.count()))[0]["n"])


def _person_table(engine: Engine, path: Path, brand: str | None) -> Any:
    """customer_id and person of `claims people`'s list, of one brand, as a relation."""
    text = dict.fromkeys(("brand", "customer_id", "person"), pa.string())
    file = engine.scratch() / "persons.parquet"
    try:
        options = pcsv.ConvertOptions(column_types=text, include_columns=list(text))
        with (
            pcsv.open_csv(path, convert_options=options) as source,
            pq.ParquetWriter(file, source.schema) as target,
        ):
            for batch in source:
                target.write_batch(batch)
    except (pa.ArrowInvalid, pa.ArrowKeyError, OSError) as error:
        raise UsageError(f"{path} is no list of persons (people.csv): {error}") from error
    found = engine.scan([file])
    brands = sorted(str(r["brand"]) for r in engine.rows(found.select("brand").distinct()))
    if brand is None and len(brands) > 1:
        raise UsageError(f"{path} has the brands {', '.join(brands)}; name one by --brand")
    if brand is not None and brand not in brands:
        raise UsageError(f"{path} has no brand {brand}; there is: {', '.join(brands)}")
    if brand is not None:
        found = found.filter(found.brand == brand)
    rows = engine.rows(found.aggregate(n=found.count()))[0]["n"]
    if _count(engine, found, "customer_id") < rows:
        raise UsageError(f"{path} names a customer twice, or none in a row")
    return found.select("customer_id", "person")


def _encrypt(
    folder: Path, manifest: Mapping[str, Any], terms: Recipients, out: Path, key: Key
) -> tuple[str, int, str]:
    """The file and its signature, each put in place whole; SHA-256, size, SHA-256 of the inside."""
    names = [f["name"] for f in manifest["files"]]
    order = [*form.FIRST, *(n for n in names if n not in form.FIRST)]
    fresh = out.with_name(f".{out.name}.new")
    fresh.unlink(missing_ok=True)
    try:
        plain = encrypt(zip_stream(folder, order), fresh, [r.key for r in terms.recipients])
        blake, sha = hashlib.blake2b(), hashlib.sha256()
        with fresh.open("rb") as stream:
            while block := stream.read(BLOCK):
                blake.update(block)
                sha.update(block)
            os.fsync(stream.fileno())
        signed = minisign.signature_over(blake.digest(), key, trusted_comment(manifest))
        beside = out.with_name(out.name + form.SIGNATURE)
        half = out.with_name(f".{out.name}.minisig.new")
        half.write_bytes(signed)
        fresh.replace(out)
        half.replace(beside)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    return sha.hexdigest(), out.stat().st_size, plain


_LIKE = Text(
    "{file} の列 {column} に、個人番号と検査用数字まで合う12桁の値が{count}件ある。確かめて除く",
    "{count} value(s) in column {column} of {file} have twelve digits with the check digit of a My "
    "Number; look at them and take them out",
)

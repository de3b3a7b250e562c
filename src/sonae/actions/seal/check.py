"""Check a seal from its folder: everything that is there, step by step, each with its answer.

From the public part alone: header, signatures, manifest, statement, entry, log. With the leaves,
which hold no personal data: sums and roots. With key and claims, or the Books: everything again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, NamedTuple

from sonae.actions.close import closing
from sonae.actions.keys import verify_signature
from sonae.actions.seal.build import Means, build
from sonae.actions.seal.claims import accounts_in, totals_of
from sonae.actions.seal.folder import Folder, chain_holds, log_of, only_grown, origin_of
from sonae.actions.seal.make import seal_with
from sonae.actions.seal.receipt import read_receipt
from sonae.actions.seal.statement import recompute
from sonae.actions.seal.work import Work
from sonae.core.canonical import canonical_bytes
from sonae.core.errors import RulebookError, SonaeError, UsageError
from sonae.core.text import Text
from sonae.seal import minisign, tree
from sonae.seal.encoding import key_commitment
from sonae.seal.header import Header, SealError
from sonae.seal.tlog import LogError
from sonae.seal.verifier import verify

Answer = Literal["holds", "fails", "not_checked"]
SHOWN = 5


class Step(NamedTuple):
    """One step of a check: its name, how it went, and what to know of it."""

    name: str
    answer: Answer
    detail: Text


class Missing(SonaeError):
    """What a step needs is not at hand; it is then not checked, and said so."""


def check_seal(
    path: Path,
    *,
    after: Path | None = None,
    books: Path | None = None,
    day_key: bytes | None = None,
    receipts: Path | None = None,
) -> list[Step]:
    """Every step that can be checked with what is at hand.

    Args:
        path: the seal's folder; its private part may be missing.
        after: the seal before it, or any earlier one: the log must begin with its log.
        books: the ledger extract, from which everything is computed again.
        day_key: the key of the day, where it is not in the folder.
        receipts: a folder of receipts that customers kept.
    """
    checked = _Check(Folder(path), day_key)
    steps: list[tuple[str, Callable[[], Text]]] = [
        ("header", checked.form),
        ("signature", checked.signature),
        ("manifest", checked.manifest),
        ("entry", checked.entry),
        ("statement", checked.statement),
        ("log", checked.log),
        ("key", checked.commitment),
        ("leaves", checked.leaves),
        ("claims", checked.claims),
    ]
    if after is not None:
        steps.append(("after", lambda: checked.after(Folder(after))))
    if books is not None:
        steps.append(("books", lambda: checked.books(books)))
    if receipts is not None:
        steps.append(("receipts", lambda: checked.receipts(receipts)))
    return [_step(name, run) for name, run in steps]


def _step(name: str, run: Callable[[], Text]) -> Step:
    try:
        return Step(name, "holds", run())
    except Missing as error:
        return Step(name, "not_checked", Text(str(error), str(error)))
    except (SonaeError, OSError, KeyError, TypeError, ValueError) as error:
        return Step(name, "fails", Text(str(error), str(error)))


class _Check:
    """One folder being checked."""

    def __init__(self, folder: Folder, key: bytes | None) -> None:
        self.folder, self.given = folder, key

    def header(self) -> Header:
        return self.folder.header()

    def _file(self, name: str) -> bytes:
        path = self.folder.public / name
        if not path.is_file():
            raise SealError(f"public/{name} is missing")
        return path.read_bytes()

    def public(self) -> bytes:
        return minisign.read_public(self._file("operator.pub")).public

    def key(self) -> bytes:
        key = self.given or self.folder.key()
        if key is None:
            raise Missing("the key of the day is not here; ask who holds it in escrow")
        return key

    # -- the public part ------------------------------------------------------------------------

    def form(self) -> Text:
        """The header is one, and says what follows."""
        header = self.header()
        return Text(f"公表ハッシュ値 {header.hash()}", f"hash {header.hash()}")

    def signature(self) -> Text:
        """Header and statement are signed by the key beside them."""
        key = minisign.read_public(self._file("operator.pub"))
        for name in ("header.bin", "sufficiency.json"):
            content, signature = self._file(name), self._file(f"{name}.minisig")
            try:
                minisign.check(content, signature, key, verify_signature)
            except LogError as error:
                raise SealError(f"public/{name}: {error}") from error
        id = minisign.id_text(key)
        return Text(f"鍵 {id}（別の経路で確かめる）", f"key {id}; compare it by another way")

    def manifest(self) -> Text:
        """The manifest is the one of the header, and names its assets."""
        content, header = self._file("manifest.json"), self.header()
        if hashlib.sha256(content).digest() != header.manifest:
            raise SealError("public/manifest.json is not the one that the header commits to")
        said = json.loads(content)
        if canonical_bytes(said) != content:
            raise SealError("public/manifest.json is not in its canonical form")
        numbers = [said["value"]["number"], *(a["number"] for a in said["assets"])]
        if numbers != [a.asset for a in header.assets]:
            raise SealError("the manifest does not name the assets of the header")
        count = sum(e["accounts"] for e in said["excluded"])
        return Text(f"除外 {count}件", f"{count} balances left out, each counted with its reason")

    def entry(self) -> Text:
        """Every public file is the one that the entry of the log lists."""
        content, header = self._file("entry.json"), self.header()
        said = json.loads(content)
        if canonical_bytes(said) != content:
            raise SealError("public/entry.json is not in its canonical form")
        ours = (header.seq, header.time_ms, header.previous.hex(), header.hash())
        if ours != tuple(said[k] for k in ("seq", "time_ms", "previous", "header_hash")):
            raise SealError("public/entry.json is not about this header")
        sealed = {str(a.asset): [a.leaves, str(a.total)] for a in header.assets}
        if sealed != {k: v[:2] for k, v in said["assets"].items()}:
            raise SealError("public/entry.json does not have the totals of the header")
        for name, digest in said["files"].items():
            if hashlib.sha256(self._file(name)).hexdigest() != digest:
                raise SealError(f"public/{name} is not the one that the entry lists")
        return Text(f"{len(said['files'])}ファイル", f"{len(said['files'])} files")

    def statement(self) -> Text:
        """The sufficiency statement is about this header and comes out the same again."""
        said = json.loads(self._file("sufficiency.json"))
        if said["header_hash"] != self.header().hash():
            raise SealError("the statement is about another header")
        try:
            differ = recompute(said)
        except RulebookError as error:
            raise SealError(f"the statement cannot be computed again: {error}") from error
        if differ:
            both = ("；".join(d.ja for d in differ), "; ".join(d.en for d in differ))
            raise SealError(Text(*both))
        count = len(said["requirements"])
        return Text(f"所要額 {count}件を再計算", f"{count} requirements computed again")

    def log(self) -> Text:
        """The log is whole and signed, ends with this seal, and each seal follows the last."""
        public = self.public()
        _, entries = log_of(self.folder.public / "log", public, origin_of(public))
        if not entries or entries[-1] != self._file("entry.json"):
            raise SealError("the log does not end with the entry of this seal")
        chain_holds([json.loads(entry) for entry in entries])
        return Text(f"{len(entries)}日分", f"{len(entries)} seals")

    def after(self, earlier: Folder) -> Text:
        """The log begins with the log of an earlier seal, whose header is in its place."""
        public = self.public()
        new, entries = log_of(self.folder.public / "log", public, origin_of(public))
        old, _ = log_of(earlier.public / "log", public, origin_of(public))
        only_grown(old.head, new.head, entries)
        header = earlier.header()
        at = [e for e in map(json.loads, entries) if e["seq"] == header.seq]
        if [e["header_hash"] for e in at] != [header.hash()]:
            raise SealError(f"the log has another header for seal {header.seq}")
        words = f"{old.head.size} → {new.head.size}"
        return Text(f"追記のみ（{words}）", f"only added to ({words} seals)")

    # -- leaves and claims ----------------------------------------------------------------------

    def commitment(self) -> Text:
        """The key is the one that the header commits to."""
        if key_commitment(self.key()) != self.header().key_commitment:
            raise SealError("the key of the day is not the one that the header commits to")
        return Text("", "")

    def leaves(self) -> Text:
        """Every tree built again from its leaves: counts, sums and roots; no personal data."""
        count = 0
        for sealed in self.header().assets:
            try:
                same = self.folder.matches(sealed)
            except UsageError as error:
                raise Missing(str(error)) from error
            if not same:
                raise SealError(f"asset {sealed.asset}: the leaves are not those of the header")
            count += sealed.leaves
        return Text(f"明細 {count:,}件", f"{count:,} leaves")

    def claims(self) -> Text:
        """The table of claims makes exactly the leaves of the seal, with the key of the day."""
        path = self.folder.private / "claims.parquet"
        if not path.is_file():
            raise Missing(f"{path} is missing; this folder has no private part")
        self._compare(path)
        people = accounts_in(path)
        return Text(f"口座 {people:,}件", f"{people:,} accounts")

    def _compare(self, claims: Path) -> None:
        """Make the trees of a table of claims; where one is another, name what differs."""
        key, header = self.key(), self.header()
        totals = {a.asset: 0 for a in header.assets}
        for asset, total in totals_of(claims).items():
            header.sealed(asset)
            totals[asset] += total
        wrong = []
        with TemporaryDirectory(prefix="sonae-") as folder, Work(Path(folder) / "seal", {}) as work:
            for made in build(claims, key, header.parts, totals, work, Means()):
                if made != header.sealed(made.asset):
                    rows = work.path(f"leaves/{made.asset}.bin").read_bytes()
                    wrong += self._differences(made.asset, rows)
        if wrong:
            raise SealError("; ".join(wrong))

    def _differences(self, asset: int, rows: bytes) -> list[str]:
        try:
            sealed = self.folder.leaves(asset)
        except UsageError:
            return [f"asset {asset}: the table does not make the tree of the header"]
        return _differences(asset, tree.read_rows(rows), tree.read_rows(sealed))

    def books(self, folder: Path) -> Text:
        """The ledger extract, closed and sealed anew with the key, gives the same header."""
        key, header = self.key(), self.header()
        of = (header.seq, header.previous, header.parts, key)
        with closing(folder) as day, seal_with(day, *of) as made:
            if made.header != header:
                self._compare(made.claims)
                words = "the Books give another header: manifest, cut-off or operator differ"
                raise SealError(words)
        return Text("同じ公表記録", "the same header")

    def receipts(self, folder: Path) -> Text:
        """Receipts that customers kept: each holds, and its claim is in the table.

        A receipt that holds for an account, an asset or an amount that the table lacks is a
        creditor who was concealed.
        """
        hash, count = self.header().hash(), 0
        receipts = {file: read_receipt(file) for file in sorted(folder.glob("*.json"))}
        table = self.folder.amounts({str(r.get("account")) for r in receipts.values()})
        concealed, bad = [], []
        for file, receipt in receipts.items():
            count += 1
            try:
                amounts = verify(receipt, hash)
            except ValueError as error:
                bad.append(f"{file.name}: {error}")
                continue
            if any(table.get((receipt["account"], a)) != n for a, n in amounts.items()):
                concealed.append(file.name)
        if concealed:
            raise SealError(f"concealed creditors: {_few(concealed)} hold and are not in the table")
        if bad:
            raise SealError(f"receipts that do not hold: {_few(bad)}")
        return Text(f"{count}通", f"{count} receipts")


def _differences(asset: int, made: Sequence[bytes], sealed: Sequence[bytes]) -> list[str]:
    """Leaves that are sealed and not in the table, and the reverse; named by their place."""
    if list(made) == list(sealed):
        return []
    ours, theirs = set(made), set(sealed)
    lost = [str(n) for n, row in enumerate(sealed) if row not in ours]
    more = sum(row not in theirs for row in made)
    words = []
    if lost:
        words.append(
            f"asset {asset}: leaves {_few(lost)} of {len(sealed)} are sealed and not in the table "
            "(claims that were taken away or changed)"
        )
    if more:
        words.append(f"asset {asset}: {more} leaves of the table are not sealed")
    return words or [f"asset {asset}: the leaves of the seal are not in order"]


def _few(names: Iterable[str]) -> str:
    every = list(names)
    more = f" and {len(every) - SHOWN} more" if len(every) > SHOWN else ""
    return ", ".join(every[:SHOWN]) + more

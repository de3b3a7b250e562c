"""Reading the folder of a seal, and of the one before it."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sonae.actions.keys import verify_signature
from sonae.core.errors import Refused, UsageError
from sonae.core.text import Text
from sonae.seal import minisign, tiles, tree
from sonae.seal.claims import Claim
from sonae.seal.encoding import ROW
from sonae.seal.fast import choose
from sonae.seal.fast.arrays import rows_of
from sonae.seal.fast.subtrees import levels_above, padded
from sonae.seal.header import Header, Sealed, SealError, unpack
from sonae.seal.note import Checkpoint, open_checkpoint
from sonae.seal.stored import TILE, Read, Stored, reader
from sonae.seal.tlog import Head, LogError, check_consistency, consistency, leaf_hash

PIECE = 1024 * TILE * ROW
"""Bytes of leaves that are read at a time."""


class Folder:
    """A seal's folder: `public`, and `private` where whoever asks has it."""

    def __init__(self, path: Path) -> None:
        self.path = path / "seal" if (path / "seal" / "public").is_dir() else path
        if not (self.public / "header.bin").is_file():
            raise UsageError(f"{path} holds no seal: there is no public/header.bin")

    @property
    def public(self) -> Path:
        """What everyone may see."""
        return self.path / "public"

    @property
    def private(self) -> Path:
        """What only the firm, its auditor and its administrator may see."""
        return self.path / "private"

    def header(self) -> Header:
        """The header."""
        return unpack((self.public / "header.bin").read_bytes())

    def key(self) -> bytes | None:
        """The key of the day, None where it is not here."""
        path = self.private / "day.key"
        return read_day_key(path) if path.is_file() else None

    def leaves(self, asset: int) -> bytes:
        """The rows of an asset's leaves, in order."""
        path = self.private / "leaves" / f"{asset}.bin"
        if not path.is_file():
            raise UsageError(f"{path} is missing")
        return path.read_bytes()

    def tree(self, asset: int) -> Stored:
        """The tree of an asset as it is kept; its levels are made where a seal has only leaves."""
        path = self.private / "leaves" / f"{asset}.bin"
        if not path.is_file():
            raise UsageError(f"{path} is missing")
        count, above = path.stat().st_size // ROW, path.with_suffix(".tree")
        levels = _rows_at(above) if above.is_file() else reader(b"".join(levels_of(path)))
        return Stored(count, _rows_at(path), levels)

    def matches(self, sealed: Sealed) -> bool:
        """Whether the leaves of an asset, and the levels kept of its tree, are what was sealed."""
        path = self.private / "leaves" / f"{sealed.asset}.bin"
        if not path.is_file():
            raise UsageError(f"{path} is missing")
        if path.stat().st_size != ROW * sealed.leaves:
            return False
        levels, above = levels_of(path), path.with_suffix(".tree")
        if above.is_file() and above.read_bytes() != b"".join(levels):
            return False
        whole = tree.build(tree.read_rows(path.read_bytes())) if sealed.leaves <= TILE else None
        row = levels[-1] if whole is None else whole.levels[-1][0]
        return row == sealed.root + sealed.total.to_bytes(16, "big")

    def amounts(self, texts: Collection[str]) -> dict[tuple[str, int], int]:
        """What some account texts are owed, by text and asset number."""
        found = {}
        with pq.ParquetFile(self._claims()) as file:
            for batch in file.iter_batches(columns=["text", "asset", "amount"]):
                some = batch.filter(pc.is_in(batch["text"], pa.array(sorted(texts), pa.string())))
                for row in some.to_pylist():
                    found[row["text"], row["asset"]] = int(row["amount"])
        return found

    def _claims(self) -> Path:
        path = self.private / "claims.parquet"
        if not path.is_file():
            raise UsageError(f"{path} is missing; this folder has no private part")
        return path

    def claims(self, account: str | None = None) -> Iterator[Claim]:
        """The claims that were sealed, of one account or of all."""
        with pq.ParquetFile(self._claims()) as file:
            for batch in _of(file, account) if account is not None else file.iter_batches():
                for row in batch.to_pylist():
                    yield Claim(row["account"], row["text"], row["asset"], int(row["amount"]))


def _of(file: Any, account: str) -> Iterator[Any]:
    """The rows of one account in a table ascending by account: a row group or two are read."""
    every = file.metadata
    for n in range(every.num_row_groups):
        said = every.row_group(n).column(0).statistics
        known = said is not None and said.has_min_max  # not of very long texts
        if known and said.min > account:
            return
        if not known or said.max >= account:
            table = file.read_row_group(n, use_threads=False)
            yield from table.filter(pc.equal(table["account"], account)).to_batches()


def _rows_at(path: Path) -> Read:
    """Rows read from a file."""

    def read(first: int, count: int) -> bytes:
        with path.open("rb", buffering=0) as stream:
            return os.pread(stream.fileno(), ROW * count, ROW * first)

    return read


def levels_of(path: Path) -> list[bytes]:
    """The levels from the tiles up over a file of leaves, a piece of which is read at a time.

    Raises:
        Refused: a sum reaches 2^128, or the file is no rows.
    """
    size = path.stat().st_size
    if size % ROW:
        raise Refused(f"{size} bytes are no rows of {ROW}")
    count = size // ROW
    hashing, tops = choose(count), [rows_of(b"")]
    with path.open("rb") as stream:
        while content := stream.read(PIECE):
            tops.append(hashing.tiles(padded(rows_of(content))))
    whole = np.concatenate(tops) if count else rows_of(bytes(ROW))
    made = levels_above(whole, count, hashing)
    return [level.tobytes() for level in made]


def read_day_key(path: Path) -> bytes:
    """The key of a day: 64 hexadecimal digits in a file."""
    try:
        key = bytes.fromhex(path.read_text("ascii").strip())
    except (ValueError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} holds no key of a day (64 hexadecimal digits)") from error
    if len(key) != 32:
        raise UsageError(f"{path} holds no key of a day (64 hexadecimal digits)")
    return key


def log_of(folder: Path, public: bytes, origin: str) -> tuple[Checkpoint, list[bytes]]:
    """The checkpoint of a log in its folder, and its entries, all of them checked.

    Raises:
        LogError: what does not hold, naming the file.
    """
    note = folder / "checkpoint"
    if not note.is_file():
        raise LogError(Text("log/checkpointがない", "log/checkpoint is missing"))
    found = open_checkpoint(note.read_bytes(), origin, public, verify_signature)
    return found, tiles.read_entries(lambda path: (folder / path).read_bytes(), found.head)


def only_grown(old: Head, new: Head, entries: Sequence[bytes]) -> list[bytes]:
    """The proof that the log of these entries begins with all of an older one, checked.

    Raises:
        LogError: it has shrunk, or was rewritten.
    """
    hashes = [leaf_hash(entry) for entry in entries]
    proof = consistency(old.size, hashes) if old.size <= new.size else []
    check_consistency(old, new, proof)
    return proof


def chain_holds(entries: Sequence[Any]) -> None:
    """Every entry names the header before it, one number on; a SealError where not.

    Each is of a later cut-off than all before it, or corrects one of the same cut-off.
    """
    sealed: dict[int, set[str]] = {}
    for old, new in pairwise(entries):
        sealed.setdefault(old["time_ms"], set()).add(old["header_hash"])
        follows = new["seq"] == old["seq"] + 1 and new["previous"] == old["header_hash"]
        later = new["corrects"] is None and new["time_ms"] > max(sealed)
        if not follows or not (later or new["corrects"] in sealed.get(new["time_ms"], ())):
            raise SealError(
                Text(
                    f"封緘{new['seq']}が封緘{old['seq']}に続いていない",
                    f"seal {new['seq']} does not follow seal {old['seq']}",
                )
            )
    if entries and (entries[0]["seq"] != 1 or int(entries[0]["previous"], 16)):
        raise SealError(
            Text("ログが最初の封緘から始まっていない", "the log does not begin with the first seal")
        )


def origin_of(public: bytes) -> str:
    """The name of an operator's log: its own key."""
    return f"sonae-seal/{minisign.id_text(minisign.public_key(public))}"


@dataclass(frozen=True)
class Former:
    """The seal before: its header, and every entry of the log so far."""

    header: Header
    entries: tuple[bytes, ...]

    @property
    def latest(self) -> int:
        """The latest cut-off that was sealed, in milliseconds."""
        return max(int(json.loads(entry)["time_ms"]) for entry in self.entries)


def read_former(path: Path, public: bytes) -> Former:
    """The seal that the next one follows; it must be this operator's own and whole.

    Raises:
        Refused: it is of another key, or does not hold.
    """
    folder = Folder(path)
    try:
        header = folder.header()
        content = (folder.public / "header.bin").read_bytes()
        signature = (folder.public / "header.bin.minisig").read_bytes()
        minisign.check(content, signature, minisign.public_key(public), verify_signature)
        _, entries = log_of(folder.public / "log", public, origin_of(public))
    except (LogError, SealError, FileNotFoundError) as error:
        raise Refused(f"{path} cannot be followed: {error}") from error
    if (folder.public / "entry.json").read_bytes() != entries[-1]:
        raise Refused(f"{path} cannot be followed: its entry is not the last of its log")
    return Former(header, tuple(entries))


def kept_files(out: Path, header: Header) -> dict[str, Path]:
    """The files of this very seal where `out` holds it already; none where it is free.

    A seal may have been published, and its entry stands in the logs of later ones: it is neither
    written over by another nor made anew.

    Raises:
        UsageError: the folder holds other files, or a seal of another header.
    """
    if not out.exists():
        return {}
    if not out.is_dir() or not {p.name for p in out.iterdir()} <= {"public", "private"}:
        raise UsageError(f"{out} holds other files; give a new or empty folder")
    kept = out / "public" / "header.bin"
    if not kept.is_file():
        return {}
    if kept.read_bytes() != header.pack():
        text = Text(
            f"{out} には別の封緘があり、上書きしない。新しいフォルダーを指定する",
            f"{out} holds another seal, which stays as it is; give a new folder",
        )
        raise UsageError(text)
    files = [p for p in out.rglob("*") if p.is_file()]
    return {str(p.relative_to(out)): p for p in files}


def amounts_of(claims: Iterator[Claim]) -> tuple[str, Mapping[int, int]]:
    """The text and the amounts by asset of one account; empty where it has no claim."""
    text, amounts = "", dict[int, Any]()
    for claim in claims:
        text, amounts[claim.asset] = claim.text, claim.amount
    return text, amounts

"""Reading the folder of a seal, and of the one before it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from sonae.actions.keys import verify_signature
from sonae.core.errors import Refused, UsageError
from sonae.seal import minisign, tiles
from sonae.seal.claims import Claim
from sonae.seal.header import Header, SealError, unpack
from sonae.seal.note import Checkpoint, open_checkpoint
from sonae.seal.tlog import Head, LogError, check_consistency, consistency, leaf_hash


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

    def claims(self, account: str | None = None) -> Iterator[Claim]:
        """The claims that were sealed, of one account or of all."""
        path = self.private / "claims.parquet"
        if not path.is_file():
            raise UsageError(f"{path} is missing; this folder has no private part")
        chosen = None if account is None else pc.field("account") == account
        for batch in pq.read_table(path, filters=chosen).to_batches():
            for row in batch.to_pylist():
                yield Claim(row["account"], row["text"], row["asset"], int(row["amount"]))


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
        raise LogError("log/checkpoint is missing")
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
            raise SealError(f"seal {new['seq']} does not follow seal {old['seq']}")
    if entries and (entries[0]["seq"] != 1 or int(entries[0]["previous"], 16)):
        raise SealError("the log does not begin with the first seal")


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


def kept_files(out: Path, header: Header) -> dict[str, bytes]:
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
        raise UsageError(f"{out} holds another seal, which stays as it is; give a new folder")
    files = [p for p in out.rglob("*") if p.is_file()]
    return {str(p.relative_to(out)): p.read_bytes() for p in files}


def amounts_of(claims: Iterator[Claim]) -> tuple[str, Mapping[int, int]]:
    """The text and the amounts by asset of one account; empty where it has no claim."""
    text, amounts = "", dict[int, Any]()
    for claim in claims:
        text, amounts[claim.asset] = claim.text, claim.amount
    return text, amounts

"""The one method that was decided: its entitlements, signed and never written over."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sonae.actions.claims.entitle import comparison, load_incident, value
from sonae.actions.files import json_bytes, replace_folder
from sonae.actions.keys import load_key, verify_signature
from sonae.actions.row_file import row_file
from sonae.claims.entitle import PARTS
from sonae.core.errors import Refused, UsageError
from sonae.seal import minisign
from sonae.seal.tlog import LogError

FROZEN = "sonae-entitlements/1"
TABLE, DOCUMENT = "entitlements.parquet", "entitlements.json"


def freeze(
    books: Path,
    file: Path,
    method: str,
    out: Path,
    key: Path,
    supersedes: Path | None = None,
    reason: str = "",
) -> dict[str, Any]:
    """Write the entitlements of one method, signed; a later version names the one before.

    Raises:
        UsageError: the folder holds a frozen list already, or no reason is given for another.
        Refused: the list that is to be replaced does not hold.
    """
    if out.exists():
        raise UsageError(f"{out} is there; a frozen list is never written over")
    if (supersedes is None) != (not reason):
        raise UsageError("another version needs --supersedes and --reason, both")
    former = None if supersedes is None else read_frozen(supersedes)
    incident, digest = load_incident(file)
    with row_file(out, {f"{method}.{part}": part for part in PARTS}) as rows:
        found = value(books, incident, method, rows.take)
        table = rows.done()
        document = {
            "format": FROZEN,
            "incident": incident.id,
            "incident_digest": digest,
            "record_at": incident.record_at.isoformat(),
            "currency": incident.currency,
            "version": 1 if former is None else former["version"] + 1,
            "supersedes": None if former is None else former["table_digest"],
            "reason": reason,
            "accounts": rows.count,
            "table_digest": table,
            "valuation": comparison(found),
        }
        signer, text = load_key(key), json_bytes(document)
        signature = minisign.signature_file(text, signer, f"entitlements of {incident.id}")
        files: dict[str, bytes | Iterable[bytes]] = {
            TABLE: rows.chunks(),
            DOCUMENT: text,
            f"{DOCUMENT}.minisig": signature,
            "signer.pub": minisign.public_file(signer.public),
        }
        replace_folder(out, files)
    return document


def signer_of(folder: Path) -> str:
    """The key, in hexadecimal, by which a list that holds is signed; see `read_frozen`."""
    return minisign.read_public((folder / "signer.pub").read_bytes()).public.hex()


def read_frozen(folder: Path) -> dict[str, Any]:
    """A frozen list that holds: its signature, and the digest of its table.

    Raises:
        Refused: what does not hold.
    """
    try:
        text = (folder / DOCUMENT).read_bytes()
        key = minisign.read_public((folder / "signer.pub").read_bytes())
        minisign.check(text, (folder / f"{DOCUMENT}.minisig").read_bytes(), key, verify_signature)
    except (LogError, FileNotFoundError) as error:
        raise Refused(f"{folder}: {error}") from error
    document: dict[str, Any] = json.loads(text)
    with (folder / TABLE).open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if digest != document["table_digest"]:
        raise Refused(f"{folder / TABLE} is not the table that was signed")
    return document

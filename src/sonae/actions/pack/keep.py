"""Keeping packs: the printed page, the copy outside tested, keys of old days destroyed, the log."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sonae.actions.keys import load_key
from sonae.actions.pack.keys import append, today
from sonae.actions.pack.make import Step, Wanted, make_pack, public_word
from sonae.actions.pack.open import Opening, open_pack, read_signer
from sonae.actions.seal.folder import Folder
from sonae.core.errors import InputError, Refused, UsageError
from sonae.core.finding import Finding
from sonae.core.text import Text
from sonae.pack import log
from sonae.pack.recipients import read_recipients
from sonae.report.pack import printed_page
from sonae.seal import minisign


def made_and_logged(wanted: Wanted, path: Path | None, step: Step) -> dict[str, Any]:
    """Make a pack and note it in a log, where one is kept."""
    found = make_pack(wanted, step)
    if path is not None:
        pack = {"on": found["manifest"]["on"], "sha256": found["sha256"], "bytes": found["bytes"]}
        append(path, "made", today(), pack=pack, recipients=_names(wanted.recipients))
    return found


def _names(recipients: Path) -> list[str]:
    return [r.name for r in read_recipients(recipients).recipients]


def opened(how: Opening, out: Path | None, path: Path | None, step: Step) -> dict[str, Any]:
    """Open a pack; a log says which is the newest, and whether this is a file that was made."""
    if path is None:
        return open_pack(how, out, step)
    lines = _lines(path)
    newest = log.newest(lines)
    if newest is not None:
        days = [d for d in (how.newest, date.fromisoformat(newest)) if d is not None]
        how = replace(how, newest=max(days))
    found = open_pack(how, out, step)
    known, is_ = log.made(lines, found["on"]), _digest(how.file)
    if known and is_ not in known:
        text = _OTHER.format(on=found["on"], digest=is_)
        finding = Finding("not-the-file-made", "warning", text, how.file.name)
        found["findings"] = [finding.as_json(), *found["findings"]]
    return found


def restore_test(
    how: Opening, path: Path, by: str, step: Step, on: date | None = None
) -> dict[str, Any]:
    """Open the copy outside, keep nothing of it, and note day, digest and result in the log.

    A copy that cannot be opened is noted too, with the reason, before the error goes on.
    """
    known = {"file": how.file.name, "sha256": _digest(how.file), "by": by}
    day = on or today()
    try:
        found = opened(how, None, path, step)
    except (Refused, InputError) as error:
        append(path, "restore-tested", day, **known, result="refused", why=str(error))
        raise
    worst = [f for f in found["findings"] if f["severity"] != "note"]
    names = sorted({f["name"] for f in worst})
    append(path, "restore-tested", day, **known, result="opened", pack_on=found["on"], found=names)
    return {**found, "sha256": known["sha256"]}


def read_log(path: Path) -> list[dict[str, Any]]:
    """Every line of a log, its chain checked."""
    if not path.is_file():
        raise UsageError(f"no such log: {path}")
    return _lines(path)


def _lines(path: Path) -> list[dict[str, Any]]:
    return log.read(path.read_bytes(), path.name) if path.exists() else []


def _digest(path: Path) -> str:
    if not path.is_file():
        raise UsageError(f"no such file: {path}")
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write_page(recipients: Path, signer: str, entity: str, out: Path) -> None:
    """The printed page; `signer` is a public key, or the file of a key that signs packs."""
    terms = read_recipients(recipients)
    path = Path(signer)
    if path.is_file() and path.read_bytes().startswith(b"-----BEGIN"):
        key = minisign.public_key(load_key(path).public)
    else:
        key = read_signer(signer)
    page = printed_page(entity, terms.as_json(), public_word(key.public), minisign.id_text(key))
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(page, encoding="utf-8")


# -- keys of old days ------------------------------------------------------------------------------


def destroy_keys(
    seals: Sequence[Path],
    recipients: Path,
    path: Path,
    *,
    confirmed: bool,
    on: date | None = None,
) -> list[dict[str, Any]]:
    """Destroy the key of each day whose retention is over, with a line in the log; the rest stays.

    The line is written before the key goes, so that no key goes unrecorded. Without `confirmed`
    only says what is due. What this cannot do is said in each result: the operator's key still
    yields the key of any day, and what was locked for trustees is theirs.
    """
    day, keep = on or today(), timedelta(days=read_recipients(recipients).keep_keys_days)
    answers = []
    for seal in seals:
        folder = Folder(seal)
        header = folder.header()
        sealed = datetime.fromtimestamp(header.time_ms / 1000, UTC).date()
        until = sealed + keep
        file = folder.private / "day.key"
        found: dict[str, Any] = {
            "seal": header.hash(),
            "day": sealed.isoformat(),
            "keep_until": until.isoformat(),
            "key_commitment": header.key_commitment.hex(),
        }
        state = "none" if not file.is_file() else "kept" if until >= day else "due"
        if state == "due" and confirmed:
            why = f"kept for {keep.days} days after {sealed.isoformat()}"
            append(path, "key-destroyed", day, why=why, **found)
            _destroy(file)
            state = "destroyed"
        answers.append({**found, "state": state, "remains": _REMAINS.as_json()})
    return answers


def _destroy(file: Path) -> None:
    """Write over, then remove; a file system that copies on write may keep the old blocks."""
    with file.open("r+b") as stream:
        stream.write(bytes(file.stat().st_size))
        stream.flush()
        os.fsync(stream.fileno())
    file.unlink()


_OTHER = Text(
    "{on}のパックとして記録にあるファイルではない（SHA-256 {digest}）",
    "not a file that the log has as a pack of {on} (SHA-256 {digest})",
)
_REMAINS = Text(
    "封緘鍵からは各日の鍵を再び作れる。預託先（--escrow）に渡した鍵は預託先が破棄する",
    "the operator's seal key still makes the key of any day; keys locked by --escrow are the "
    "trustees' to destroy",
)

"""What others need of the fund: an export that verifies by itself, tables for an auditor.

fund.jsonl            every entry as signed, then counts, head and balances: `sonae fund verify`
head.txt              place and hash of the last entry, to be kept elsewhere
journal.csv           every line in effect
balances.csv          every account on the day
assets.csv            what the fund holds, with title, holder, remoteness and evidence
fund.xlsx             the same three tables as a workbook; amounts as text, to the last digit
statement.{ja,en}.html
manifest.json         SHA-256 of every other file

Verification reads the whole folder: a byte that differs in any file is found. What proves is
fund.jsonl; the tables are made from it, and one changed together with the manifest is found only
by who kept the manifest's digest.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from sonae.actions.files import json_bytes, replace_folder
from sonae.actions.fund.session import balances
from sonae.actions.keys import verify_signature
from sonae.core.errors import UsageError
from sonae.core.text import LANGS, Text
from sonae.fund.entry import Seen
from sonae.fund.verify import Fault, Verified, closing_line, verify
from sonae.report.fund import ASSET_COLUMNS, statement
from sonae.report.sheets import Row, as_csv, workbook
from sonae.store.ledger import Ledger

EXPORT, HEAD, MANIFEST = "fund.jsonl", "head.txt", "manifest.json"
OURS = {
    EXPORT, HEAD, "journal.csv", "balances.csv", "assets.csv", "fund.xlsx", MANIFEST,
    *(f"statement.{lang}.html" for lang in LANGS),
}  # fmt: skip
MOVED = ("seq", "proposal", "on", "known_at", "kind", "by", "approved_by", "ground")
Progress = Callable[[int, int], None]


def export_fund(ledger: Ledger, out: Path, on: date) -> Verified:
    """Write an export whole or not at all; what is written was verified on the way.

    Raises:
        UsageError: `out` holds other files, or the ledger does not verify.
    """
    if out.exists() and not {p.name for p in out.iterdir()} <= OURS:
        raise UsageError(f"{out} holds other files; give a new or empty folder")
    found = verify_store(ledger)
    if not found.good:
        where = "; ".join(f"entry {f.seq}: {f.why.en}" for f in found.faults[:3])
        raise UsageError(f"the ledger does not verify, nothing was exported: {where}")
    tables = _tables(ledger, on)
    files: dict[str, bytes | Iterable[bytes]] = {
        HEAD: _head(found),
        "fund.xlsx": workbook(tables),
        **{f"{name}.csv": as_csv(rows) for name, rows in tables.items()},
    }
    for lang in LANGS:
        files[f"statement.{lang}.html"] = statement(ledger_view(ledger, on), lang).encode()
    digests = {n: hashlib.sha256(c) for n, c in files.items() if isinstance(c, bytes)}
    digests[EXPORT] = hashlib.sha256()
    files[EXPORT] = _hashed(_lines(ledger, found), digests[EXPORT])
    files[MANIFEST] = (_manifest(digests) for _ in range(1))  # made once the entries are written
    replace_folder(out, files)
    return found


def _hashed(parts: Iterable[bytes], digest: hashlib._Hash) -> Iterator[bytes]:
    for part in parts:
        digest.update(part)
        yield part


def _manifest(digests: Mapping[str, hashlib._Hash]) -> bytes:
    files = {name: digests[name].hexdigest() for name in sorted(digests)}
    return json_bytes({"format": "sonae-fund-export/1", "files": files})


def _lines(ledger: Ledger, found: Verified) -> Iterator[bytes]:
    for n, text in enumerate(ledger.lines(), 1):
        if n > found.entries:
            break
        yield text + b"\n"
    yield closing_line(found) + b"\n"


def ledger_view(ledger: Ledger, on: date) -> dict[str, Any]:
    """What a statement shows: constitution, assets, balances on the day, movements, head."""
    view = ledger.view
    constitution, seen = view.constitution(), ledger.head()
    entries = [e for e in ledger.entries() if e["effect"] == "posting" and e["on"] <= str(on)]
    proposals = {seq: view.proposal(seq) for seq in {e["subject"] for e in entries}}
    failure = view.failure()
    return {
        "on": on.isoformat(),
        "fund": view.fund(),
        "entity": constitution.entity if constitution else "",
        "reserve_class": constitution.reserve_class if constitution else "",
        "head": {"seq": seen.seq, "hash": seen.hash},
        "petition": failure.petition,
        "appointed": failure.appointed,
        "assets": [
            {**asset, "balance": view.balance(f"asset/{id}", asset["unit"], on.isoformat())}
            for id, asset in sorted(view.assets().items())
        ],
        "scales": dict(constitution.units) if constitution else {},
        "balances": balances(ledger, on),
        "movements": [_movement(e, proposals[e["subject"]]) for e in entries],
    }


def _movement(entry: Mapping[str, Any], proposal: Any) -> dict[str, Any]:
    act = proposal.act
    return {
        "seq": entry["seq"],
        "proposal": proposal.seq,
        "on": act.on,
        "known_at": entry["at"],
        "kind": act.kind,
        "by": act.by,
        "approved_by": entry["by"],
        "reason": act.content.get("reason", ""),
        "ground": (act.content.get("ground") or {}).get("ground"),
        "lines": [[a, u, str(n)] for a, u, n in act.lines],
    }


def _tables(ledger: Ledger, on: date) -> dict[str, list[Row]]:
    seen = ledger_view(ledger, on)
    journal: list[Row] = [(*MOVED, "account", "unit", "amount", "reason")]
    for m in seen["movements"]:
        head = [str(m[k] or "") for k in MOVED]
        journal += [(*head, a, u, n, m["reason"]) for a, u, n in m["lines"]]
    names = ("account", "unit", "scale", "balance")
    held: list[Row] = [names, *([b[k] for k in names] for b in seen["balances"])]
    assets: list[Row] = [(*ASSET_COLUMNS, "balance")]
    assets += [[str(a.get(k, "")) for k in (*ASSET_COLUMNS, "balance")] for a in seen["assets"]]
    return {"journal": journal, "balances": held, "assets": assets}


# -- verifying -------------------------------------------------------------------------------------


def verify_export(
    path: Path, head: Seen | None = None, step: Progress = lambda _done, _total: None
) -> Verified:
    """Verify an export and nothing else: no store, no network.

    A folder is verified whole: its entries, and every file beside them by the manifest. Of a
    `fund.jsonl` alone the entries are verified.
    """
    file = path / EXPORT if path.is_dir() else path
    if not file.is_file():
        raise UsageError(f"no such export: {file}")
    size, digest = file.stat().st_size, hashlib.sha256()

    def read() -> Iterator[bytes]:
        with file.open("rb") as stream:
            done = 0
            for n, text in enumerate(stream):
                done += len(text)
                if n % 1_000 == 0:
                    step(done, size)
                yield text

    if not path.is_dir():
        return verify(read(), verify_signature, head)
    found = verify(_hashed(read(), digest), verify_signature, head)
    if not found.faults:  # else not every line was read
        found.faults += _beside(path, digest, found)
    return found


def _beside(folder: Path, entries: hashlib._Hash, found: Verified) -> list[Fault]:
    """What does not hold of the files beside the entries, by the manifest and the head."""
    there = {p.name for p in folder.iterdir()} & OURS
    faults = [_fault(n, "ファイルがない", "the file is missing") for n in sorted(OURS - there)]
    digests = {
        n: hashlib.sha256((folder / n).read_bytes()) for n in sorted(there - {EXPORT, MANIFEST})
    }
    digests[EXPORT] = entries
    if HEAD in there and (folder / HEAD).read_bytes() != _head(found):
        faults.append(_fault(HEAD, "記録の先頭と異なる", "not the head of these entries"))
    if MANIFEST not in there or (folder / MANIFEST).read_bytes() == _manifest(digests):
        return faults
    try:
        stated = json.loads((folder / MANIFEST).read_bytes())["files"]
        differ = [n for n, d in sorted(digests.items()) if stated[n] != d.hexdigest()]
    except (ValueError, KeyError, TypeError):
        differ = []
    ja, en = "manifest.jsonのハッシュと異なる", "not what manifest.json has the digest of"
    form = _fault(MANIFEST, "正規の形でない", "not in its canonical form")
    return [*faults, *(_fault(name, ja, en) for name in differ)] or [form]


def _fault(file: str, ja: str, en: str) -> Fault:
    return Fault(0, Text(ja, en), file)


def _head(found: Verified) -> bytes:
    return f"{found.entries}:{found.head}\n".encode()


def verify_store(ledger: Ledger, head: Seen | None = None) -> Verified:
    """Verify a store: its entries, and what its tables say of outcomes and balances."""
    lines = (text + b"\n" for text in ledger.lines())
    found = verify(lines, verify_signature, head, closed=False)
    if found.good:
        found.faults += ledger.differences(found)
    return found


def verified(found: Verified) -> dict[str, Any]:
    """The result of a verification as plain values."""
    return {
        "good": found.good,
        "entries": found.entries,
        "refused": found.refused,
        "head": f"{found.entries}:{found.head}",
        "balances": sorted([a, u, str(v)] for (a, u), v in found.state.balances.items()),
        "faults": [{"entry": f.seq, "file": f.file, "why": f.why.as_json()} for f in found.faults],
    }


def read_head(text: str) -> Seen:
    """A head, or the file that holds one, as in `head.txt`: `12:ab34...`."""
    if ":" not in text and Path(text).is_file():
        text = Path(text).read_text("utf-8")
    place, _, hash = text.strip().partition(":")
    if not place.isdecimal() or len(hash) != 64:
        raise UsageError("a head is the place of an entry, a colon and 64 hexadecimal digits")
    return Seen(int(place), hash)

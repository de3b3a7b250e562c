"""What a pack says of itself, and whether what came out of it is that."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from sonae.core.errors import InputError, Problem, Refused
from sonae.core.finding import Finding
from sonae.core.text import Text, same
from sonae.pack.view import Total

FORMAT = "sonae-pack/1"
MANIFEST, SUMS = "manifest.json", "SHA256SUMS"
SIGNATURE = ".minisig"
OUTSIDE = (MANIFEST, MANIFEST + SIGNATURE, SUMS, SUMS + SIGNATURE)
"""Files that the manifest does not list: itself, the list for `sha256sum`, and both signatures."""
ACCOUNTS, VIEW, PEOPLE = "balances", "customers", "persons"
FIRST = ("READ-FIRST.ja.html", "READ-FIRST.en.html", *OUTSIDE)
"""What stands first in the file, in this order."""


_KEYS = (
    "entity", "on", "known_at", "signer", "files", "totals", "missing", "warnings", "close",
    "seal", "people",
)  # fmt: skip


def sums(files: Iterable[Mapping[str, Any]]) -> bytes:
    """The list that `sha256sum -c` checks."""
    return "".join(f"{f['sha256']}  {f['name']}\n" for f in files).encode()


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of an opened pack.

    Raises:
        Refused: there is none, or it is of another format.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise Refused(f"{MANIFEST} is missing: this is no resolution pack, or a part was taken out")
    try:
        found = json.loads(path.read_bytes())
    except ValueError as error:
        raise Refused(f"{MANIFEST} cannot be read: {error}") from error
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise Refused(f"{MANIFEST} is not of the format {FORMAT}")
    if absent_keys := [key for key in _KEYS if key not in found]:
        raise Refused(f"{MANIFEST} does not say: {', '.join(absent_keys)}")
    return found


def check_files(manifest: Mapping[str, Any], digests: Mapping[str, str]) -> None:
    """That exactly the listed files are there, each with its digest.

    Raises:
        InputError: every file that is missing, differs, or is listed nowhere.
    """
    listed = {f["name"]: f["sha256"] for f in manifest["files"]}
    problems = [
        Problem("missing-part", "pack", _MISSING, name)
        for name in sorted(set(listed) - digests.keys())
    ]
    problems += [
        Problem("changed-part", "pack", _CHANGED, name)
        for name in sorted(listed)
        if digests.get(name, listed[name]) != listed[name]
    ]
    problems += [
        Problem("unlisted-part", "pack", _UNLISTED, name)
        for name in sorted(digests.keys() - set(listed) - set(OUTSIDE))
    ]
    problems += [
        Problem("missing-part", "pack", _MISSING, name) for name in OUTSIDE if name not in digests
    ]
    if SUMS in digests and not problems:
        problems += _sums_agree(manifest, digests)
    if problems:
        raise InputError(problems)


def _sums_agree(manifest: Mapping[str, Any], digests: Mapping[str, str]) -> list[Problem]:
    if hashlib.sha256(sums(manifest["files"])).hexdigest() == digests[SUMS]:
        return []
    return [Problem("changed-part", "pack", _CHANGED, SUMS)]


# -- totals ----------------------------------------------------------------------------------------


def compare(
    manifest: Mapping[str, Any],
    found: Mapping[str, Total],
    seen: Mapping[str, tuple[int, int]],
    close: Mapping[str, Any] | None,
    sealed: Mapping[str, int] | None,
) -> list[Finding]:
    """What the balances add up to, against everything else that states it; one asset at a time.

    `found` from the accounts and `seen` from the customer view, both as opened; `close` the
    document inside; `sealed` the totals of the seal's header by asset, of those that have a number.
    """
    stated = {t["asset"]: t for t in manifest["totals"]}
    closed = {} if close is None else {r["asset"]: r for r in close["reconciliation"]}
    findings = []
    for asset in sorted({*stated, *found, *seen, *closed, *(sealed or {})}):
        owed = found[asset].owed if asset in found else 0
        rivals: list[tuple[Text, int]] = [
            (_SAYS_MANIFEST, int(stated[asset]["owed"]) if asset in stated else 0),
            (_SAYS_VIEW, seen.get(asset, (0, 0))[0]),
        ]
        if close is not None:
            units = closed.get(asset, {}).get("base_units", {})
            rivals.append((_SAYS_CLOSE, int(units.get("owed", 0))))
        if sealed is not None and asset in sealed:
            rivals.append((_SAYS_SEAL, sealed[asset]))
        for who, amount in rivals:
            if amount != owed:
                findings.append(_differs(asset, owed, who, amount))
        receivable = found[asset].receivable if asset in found else 0
        if asset in stated and int(stated[asset]["receivable"]) != receivable:
            amount = int(stated[asset]["receivable"])
            findings.append(_differs(asset, receivable, _SAYS_RECEIVABLE, amount))
    return findings


def _differs(asset: str, owed: int, who: Text, amount: int) -> Finding:
    text = _DIFFERS.format(asset=asset, owed=f"{owed:,}", who=who, amount=f"{amount:,}")
    return Finding("totals-differ", "breach", text, asset)


def absent(manifest: Mapping[str, Any]) -> list[Finding]:
    """A note for each part that the pack says it does not have."""
    return [
        Finding(
            "part-not-in-pack",
            "warning",
            _ABSENT.format(part=same(m["part"]), why=Text(m["why"]["ja"], m["why"]["en"])),
            m["part"],
        )
        for m in manifest["missing"]
    ]


_MISSING = Text(
    "パックにこのファイルがない。別の写しを開けるか、作成者に作り直しを求める",
    "this file is missing from the pack; open another copy, or have it made again",
)
_CHANGED = Text(
    "ファイルのハッシュが目録と異なる。別の写しを開ける",
    "the file is not the one whose digest the manifest has; open another copy",
)
_UNLISTED = Text(
    "目録にないファイルが入っている。後から加えられたもので、信用しない",
    "the manifest does not list this file: it was added later and is not to be trusted",
)
_DIFFERS = Text(
    "{asset}: 残高を足し直すと{owed}（最小単位）だが、{who}は{amount}としている",
    "{asset}: the balances add up to {owed} base units, but {who} has {amount}",
)
_SAYS_MANIFEST = Text("目録（manifest.json）", "manifest.json")
_SAYS_VIEW = Text("顧客一覧（customers）", "the customer view (customers)")
_SAYS_CLOSE = Text("締め（close.json）", "close.json")
_SAYS_SEAL = Text("封緘（seal/public/header.bin）", "the seal (seal/public/header.bin)")
_SAYS_RECEIVABLE = Text("目録の債権", "manifest.json, of receivables,")
_ABSENT = Text("{part}はこのパックにない: {why}", "{part} is not in this pack: {why}")

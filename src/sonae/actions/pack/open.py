"""Opening a resolution pack with nothing but the file: decrypted, verified, added up again.

Refused, and nothing is written: no key opens it, a byte differs, a part is missing, the signature
does not hold. Found, and written all the same: totals that disagree, parts that the pack says it
lacks, an old copy.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sonae.actions.keys import verify_signature
from sonae.actions.pack.make import read_seal
from sonae.books.engine import Engine, open_engine
from sonae.core.canonical import digest
from sonae.core.errors import Refused, SonaeError, UsageError
from sonae.core.finding import Finding, sort_key
from sonae.core.text import Text
from sonae.pack import manifest as form
from sonae.pack import view
from sonae.pack.age import decrypt, identity, read_identities
from sonae.pack.bech32 import identity_text
from sonae.pack.shares import restore
from sonae.pack.zipped import unzip
from sonae.seal import minisign
from sonae.seal.note import from_base64
from sonae.seal.tlog import LogError

Step = Callable[[Text], None]


@dataclass(frozen=True)
class Opening:
    """The file, a key or shares of one, and what is known of it from elsewhere.

    `signer`: the public key of the printed page. `newest`: the day of the newest pack known.
    """

    file: Path
    identity: Path | None = None
    shares: tuple[Path, ...] = ()
    signer: str | None = None
    newest: date | None = None
    now: datetime | None = None


def open_pack(how: Opening, out: Path | None, step: Step = lambda _: None) -> dict[str, Any]:
    """Open and verify a pack; with `out`, its files are put there in one step.

    Raises:
        Refused, InputError: it cannot be opened, or is not what its maker signed.
        UsageError: no key, or an `out` that is there already.
    """
    if not how.file.is_file():
        raise UsageError(f"no such file: {how.file}")
    if out is not None and out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"{out} is there already; give a new or empty folder")
    keys = _identities(how)
    beside = out if out is not None else how.file.with_name(f".{how.file.name}.opened")
    beside.parent.mkdir(parents=True, exist_ok=True)
    fresh = beside.with_name(f".{beside.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    try:
        inner = fresh / "pack"
        inner.mkdir(mode=0o700)
        step(Text("復号する", "decrypting"))
        decrypt(how.file, fresh / "pack.zip", keys)
        step(Text("ハッシュを確かめる", "checking digests"))
        digests = unzip(fresh / "pack.zip", inner)
        (fresh / "pack.zip").unlink()
        manifest = form.read_manifest(inner)
        findings = _signatures(inner, manifest, digests, how.signer)
        step(Text("合計を足し直す", "adding up again"))
        form.check_files(manifest, digests)
        findings += _totals(inner, manifest) + form.absent(manifest)
        findings += _age_of(manifest, _terms(inner), how)
        if out is not None:
            if out.exists():
                out.rmdir()
            inner.rename(out)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return _answer(manifest, sorted(findings, key=sort_key), how, out, len(digests))


def _answer(
    manifest: Mapping[str, Any],
    findings: Sequence[Finding],
    how: Opening,
    out: Path | None,
    files: int,
) -> dict[str, Any]:
    return {
        "entity": manifest["entity"],
        "on": manifest["on"],
        "known_at": manifest["known_at"],
        "hours_since": _hours(manifest, how),
        "signer": manifest["signer"],
        "signer_compared": how.signer is not None,
        "seal": manifest["seal"],
        "people": manifest["people"],
        "totals": manifest["totals"],
        "missing": manifest["missing"],
        "files": files,
        "folder": None if out is None else str(out),
        "findings": [f.as_json() for f in findings],
    }


# -- the key ---------------------------------------------------------------------------------------


def _identities(how: Opening) -> list[Any]:
    if (how.identity is None) == (not how.shares):
        raise UsageError("give either --identity KEYFILE or --shares FILE FILE …")
    if how.identity is not None:
        return read_identities(how.identity)
    return [identity(identity_text(restore([(p.name, share_words(p)) for p in how.shares])))]


def share_words(path: Path) -> str:
    """The words of a share's file; lines that begin with # are left out."""
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read as a share") from error
    return " ".join(x for x in lines if not x.startswith("#"))


# -- what was signed -------------------------------------------------------------------------------


def read_signer(word: str) -> minisign.PublicKey:
    """A public key: what stands on the printed page, 64 hexadecimal digits, or a key file."""
    try:
        if len(word) == 64:
            return minisign.public_key(bytes.fromhex(word))
        if Path(word).is_file():
            return minisign.read_public(Path(word).read_bytes())
        content = from_base64(word.replace(" ", ""), "the public key")
    except (ValueError, LogError) as error:
        raise UsageError(f"not a public key of minisign: {error}") from error
    if len(content) != 42 or content[:2] != b"Ed":
        raise UsageError("not a public key of minisign: 56 letters that begin with RW")
    return minisign.PublicKey(content[10:], content[2:10])


def _signatures(
    folder: Path, manifest: Mapping[str, Any], digests: Mapping[str, str], signer: str | None
) -> list[Finding]:
    """Both signatures inside; a warning where the key was compared with nothing from outside."""
    if signer is not None:
        key = read_signer(signer)
    else:
        key = minisign.public_key(_hex(manifest.get("signer")))
    for name in (form.MANIFEST, form.SUMS):
        if name not in digests or name + form.SIGNATURE not in digests:
            raise Refused(f"{name} or its signature is missing from the pack: a part was taken out")
        content = (folder / name).read_bytes()
        signature = (folder / (name + form.SIGNATURE)).read_bytes()
        try:
            minisign.check(content, signature, key, verify_signature)
        except LogError as error:
            raise Refused(f"{name}: {error}") from error
    if signer is not None:
        return []
    text = _NOT_COMPARED.format(key=minisign.public_file(key.public).decode().splitlines()[1])
    return [Finding("signer-not-compared", "warning", text, form.MANIFEST)]


def _hex(word: Any) -> bytes:
    try:
        content = bytes.fromhex(word)
    except (ValueError, TypeError) as error:
        raise Refused(f"{form.MANIFEST}: signer is no public key") from error
    if len(content) != 32:
        raise Refused(f"{form.MANIFEST}: signer is no public key")
    return content


# -- what it adds up to ----------------------------------------------------------------------------


def _totals(folder: Path, manifest: Mapping[str, Any]) -> list[Finding]:
    close = json.loads((folder / "close.json").read_bytes())
    sealed, findings = None, []
    if digest(close) != manifest["close"]["digest"]:
        findings.append(Finding("close-differs", "breach", _CLOSE, "close.json"))
    if manifest["seal"] is not None:
        try:
            header, sealed = read_seal(folder / "seal" / "public")
        except SonaeError as error:
            text = _SEAL.format(why=str(error))
            findings.append(Finding("seal-does-not-hold", "breach", text, "seal/public"))
        else:
            if header.hash() != manifest["seal"]["header_hash"]:
                text = _SEAL.format(why=f"header {header.hash()}")
                findings.append(Finding("seal-does-not-hold", "breach", text, "seal/public"))
    engine = open_engine()
    try:
        found = view.totals(engine, _scan(engine, folder, form.ACCOUNTS))
        seen = view.view_totals(engine, _scan(engine, folder, form.VIEW))
    finally:
        engine.close()
    return findings + form.compare(manifest, found, seen, close, sealed)


def _scan(engine: Engine, folder: Path, name: str) -> Any:
    files = sorted((folder / name).glob("*.parquet"))
    if not files:
        raise Refused(f"{name}/ has no Parquet file: a part was taken out")
    return engine.scan(files)


def _terms(folder: Path) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads((folder / "keys-procedure/terms.json").read_bytes())
    return found


def _hours(manifest: Mapping[str, Any], how: Opening) -> int:
    now = how.now or datetime.now(UTC)
    seconds = (now - datetime.fromisoformat(manifest["known_at"])).total_seconds()
    return int(seconds) // 3600


def _age_of(manifest: Mapping[str, Any], terms: Mapping[str, Any], how: Opening) -> list[Finding]:
    findings = []
    on = date.fromisoformat(manifest["on"])
    if how.newest is not None and on < how.newest:
        text = _OLD.format(on=on, newest=how.newest)
        findings.append(Finding("old-copy", "breach", text, how.file.name))
    hours, most = _hours(manifest, how), terms["stale_after_hours"]
    if hours > most:
        text = _STALE.format(hours=hours, most=most)
        findings.append(Finding("stale-pack", "warning", text, how.file.name))
    return findings


_NOT_COMPARED = Text(
    "署名はパックの中の公開鍵 {key} で確かめた。印刷した紙の公開鍵と比べる（--signer）",
    "the signature was checked with the key inside, {key}; compare it with the printed page "
    "(--signer)",
)
_CLOSE = Text(
    "close.json が目録にある締めではない", "close.json is not the close that manifest.json names"
)
_SEAL = Text("封緘が成り立たない: {why}", "the seal does not hold: {why}")
_OLD = Text(
    "{on}の写しだが、{newest}のものがある。新しい写しを探す",
    "this copy is of {on}, and there is one of {newest}; look for the newer copy",
)
_STALE = Text(
    "作成から{hours}時間たっている（上限{most}時間）。新しい写しがないか確かめる",
    "{hours} hours old, and {most} are allowed; look for a newer copy",
)

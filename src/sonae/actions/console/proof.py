"""What the console publishes of seals: the public part of the newest one, whose log has them all.

    FIRM/
        closes/DAY/seal/   `sonae close BOOKS --seal-key KEY --out FIRM/closes/DAY`
        proofs/NAME/       `sonae seal make BOOKS --key KEY --out FIRM/proofs/NAME`

Nothing of `private` is read here.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

from sonae.actions.console.home import CLOSES, Firm, NotFound
from sonae.actions.seal.folder import Folder
from sonae.actions.seal.log import read_log
from sonae.actions.seal.statement import recompute, titles
from sonae.core.errors import RulebookError, UsageError
from sonae.core.text import Text
from sonae.seal import minisign
from sonae.seal.header import SealError
from sonae.seal.tlog import LogError

PROOFS = "proofs"
FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}(/[A-Za-z0-9][A-Za-z0-9._-]{0,63}){0,5}")
KEPT = 16
NOT_READ = Text(
    "表明の形式が、この版で読めるものと異なる", "the statement is not of a form that is read here"
)
Found = Mapping[str, Any]


def newest_seal(firm: Firm) -> Path | None:
    """The public part of the seal with the highest number; None where there is none."""
    found = [
        *(firm.folder / CLOSES).glob("*/seal/public"),
        *(firm.folder / PROOFS).glob("*/public"),
    ]
    with_header = [p for p in found if (p / "header.bin").is_file()]
    return max(with_header, key=_place, default=None)


def _place(public: Path) -> int:
    return int(Folder(public.parent).header().seq)


def proof_view(firm: Firm) -> dict[str, Any]:
    """The seals so far with chain and log checked, the newest header, the statement."""
    public = newest_seal(firm)
    if public is None:
        return {"firm": firm.id, "seal": None}
    read = ("header.bin", "header.json", "sufficiency.json", "log/checkpoint")
    written = max((public / name).stat().st_mtime_ns for name in read)
    return {"firm": firm.id, "seal": _seal(public, written)}


@lru_cache(KEPT)
def _seal(public: Path, _written: int) -> dict[str, Any]:
    folder = Folder(public.parent)
    header = json.loads((public / "header.json").read_bytes())
    statement = json.loads((public / "sufficiency.json").read_bytes())
    operator = minisign.read_public((public / "operator.pub").read_bytes())
    log, failed = _log(public.parent)
    differ, named = _again(statement)
    bound = statement["header_hash"] == folder.header().hash()
    return {
        "header": {**header, "hash": folder.header().hash()},
        "entity": statement["entity"],
        "operator": minisign.id_text(operator),
        "operator_key": operator.public.hex(),
        "log": log,
        "log_failed": failed,
        "checkpoint": (public / "log" / "checkpoint").read_text("utf-8"),
        "statement": {k: v for k, v in statement.items() if k != "drafts"},
        "statement_bound": bound,
        "statement_differs": differ,
        "titles": named,
        "files": sorted(str(p.relative_to(public)) for p in public.rglob("*") if p.is_file()),
    }


def _log(folder: Path) -> tuple[dict[str, Any] | None, dict[str, str] | None]:
    """The log, or what does not hold of it."""
    try:
        return read_log(folder), None
    except (LogError, SealError, UsageError) as error:
        return None, error.text.as_json()


def _again(statement: Found) -> tuple[list[dict[str, str]], dict[str, dict[str, str]]]:
    """What of the statement comes out differently when computed again, and its rules' titles."""
    try:
        differ, named = recompute(statement), titles(statement)
    except RulebookError as error:
        return [error.text.as_json()], {}
    except (KeyError, TypeError, ValueError):
        return [NOT_READ.as_json()], {}
    return [d.as_json() for d in differ], {id: t.as_json() for id, t in named.items()}


def published_file(firm: Firm, name: str) -> tuple[Path, str]:
    """A file of the newest seal's public part, and its media type.

    Raises:
        NotFound: no seal, or no such file in it.
    """
    public = newest_seal(firm)
    if public is None or not FILE.fullmatch(name) or not (public / name).is_file():
        raise NotFound(
            Text(f"公表されたファイルに{name}はない", f"no published file is called {name}")
        )
    kinds = {".json": "application/json", ".pub": "text/plain", ".py": "text/plain"}
    return public / name, kinds.get(Path(name).suffix, "application/octet-stream")


# -- the page that a customer verifies with --------------------------------------------------------


@lru_cache(1)
def verifier_page() -> tuple[bytes, str]:
    """The self-contained page, and a policy under which its own script runs and nothing else.

    The policy has no place to send anything to: the receipt stays in the browser.
    """
    page = resources.files("sonae.seal").joinpath("verify.html").read_bytes()
    scripts = re.findall(rb"<script>(.*?)</script>", page, re.DOTALL)
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(s).digest()).decode()}'" for s in scripts
    )
    policy = (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return page, policy

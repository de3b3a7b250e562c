"""One `sonae` command in this process: exit code, what it said, and what it wrote."""

from __future__ import annotations

import hashlib
import json
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

from sonae.cli.main import run

FULL = {"close.json", "report.en.html", "report.ja.html"}
REFUSAL = {"refused.json", "refused.en.html", "refused.ja.html"}


class Said(NamedTuple):
    """Exit code, standard output, standard error."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


def sonae(*words: str | Path) -> Said:
    """One command."""
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = run([str(w) for w in words])
    return Said(code, out.getvalue(), err.getvalue())


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder by its path."""
    files = [p for p in folder.rglob("*") if p.is_file()]
    return {str(p.relative_to(folder)): p.read_bytes() for p in files}


def decided(folder: Path) -> dict[str, str]:
    """The digest of every file but a seal's entry and log, which have the time of writing."""
    found = {}
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        name = str(path.relative_to(folder))
        if "entry" not in name and "log/" not in name:
            with path.open("rb") as stream:
                found[name] = hashlib.file_digest(stream, "sha256").hexdigest()
    return found

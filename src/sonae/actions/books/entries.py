"""`sonae books entries`: deposits and withdrawals of bank statements, reconciled over files."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sonae.actions.files import replace_file
from sonae.books.map.banks import SIZE, zengin_statements
from sonae.books.map.batch import Faults
from sonae.books.map.camt import camt_statements
from sonae.books.map.dates import ERAS
from sonae.books.map.entries import COLUMNS, Filed, reconcile
from sonae.books.map.spec import RECORD_ENDS, Source
from sonae.books.parts import file_digest
from sonae.core.errors import InputError, Problem, UsageError

FORMAT = "sonae-entries/1"


def read_entries(files: Sequence[Path], era: str = ERAS[0], out: Path | None = None) -> Any:
    """Accounts, their statements and days, and every entry; as a table in `out` where it is given.

    Raises:
        InputError: everything that does not agree, in one file or from one to the next.
    """
    if era not in ERAS:
        raise UsageError(f"no era {era}; there are {', '.join(ERAS)}")
    missing = [str(f) for f in files if not f.is_file()]
    if missing:
        raise UsageError(f"there is no file {', '.join(missing)}")
    faults, found = Faults(), list[Filed]()
    for file in files:
        source = _source(file, era)
        read = camt_statements if source.form == "camt053" else zengin_statements
        found += [Filed(file.name, s) for s in read(source, file, file.name, faults)]
    problems: list[Problem] = faults.problems()
    accounts = reconcile(found, problems)
    if problems:
        raise InputError(problems)
    rows = [row for account in accounts for row in account.rows()]
    if out is not None:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([COLUMNS, *rows])
        replace_file(out, text.getvalue().encode())
    return {
        "format": FORMAT,
        "files": [{"file": f.name, "sha256": file_digest(f)} for f in files],
        "accounts": [account.as_json() for account in accounts],
        "entries": [
            {k: v for k, v in zip(COLUMNS, row, strict=True) if v is not None} for row in rows
        ],
    }


def _source(file: Path, era: str) -> Source:
    """The form of a file, by its first bytes: XML, or records with a line end or without."""
    with file.open("rb") as stream:
        start = stream.read(SIZE + 2)
    if start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return Source(file.stem, "camt053", (file.name,))
    after = start[SIZE:]
    end = next((n for n, e in RECORD_ENDS.items() if e and after.startswith(e)), "none")
    return Source(file.stem, "zengin", (file.name,), record_end=end, era=era)

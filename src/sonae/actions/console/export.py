"""Files of personal data that leave the console: two people for each, every row marked.

What may be asked for is `private/*.csv`, as commands write it. The one who asked takes the file,
once, within a day after another let it go; each row then says which export it is from, who took
it, who let it go, and when.
"""

from __future__ import annotations

import csv
import hashlib
import io
import secrets
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from sonae.actions.console.home import Firm, NotFound
from sonae.actions.console.people import People, Reader
from sonae.core.errors import Refused
from sonae.core.text import Text
from sonae.fund.entry import instant
from sonae.store.console import Row, note
from sonae.store.console_schema import EXPORT

HOURS = 24
MARK = "sonae_export"
"""The column that each row is marked in."""
NOT_THERE = Text("その書出しはない", "there is no such export")


def personal_files(firm: Firm) -> list[str]:
    """Files of personal data in a firm's folder, by their place in it."""
    found = [p for p in firm.folder.glob("**/private/*.csv") if p.is_file() and not p.is_symlink()]
    return sorted(p.relative_to(firm.folder).as_posix() for p in found)


def ask(people: People, me: Reader, firm: Firm, file: str, reason: str) -> str:
    """Ask for a file of personal data; the number of the export.

    Raises:
        Refused: no right to personal data, or no reason given.
        NotFound: no such file.
    """
    _must(me)
    if file not in personal_files(firm):
        raise NotFound(NOT_THERE)
    reason = reason.strip()
    if not reason or not reason.isprintable():
        raise Refused(Text("理由を書く", "give a reason"))
    now, id = people.now(), secrets.token_hex(8)
    row = {
        "id": id, "firm": firm.id, "file": file, "sha256": _digest(firm.folder / file),
        "reason": reason, "by_id": me.id, "made": instant(now),
        "ends": instant(now + timedelta(hours=HOURS)),
    }  # fmt: skip
    with people.store.change() as connection:
        connection.execute(insert(EXPORT).values(**row))
        note(connection, instant(now), me.id, "asked", firm.id, f"{id} {file}")
    return id


def let_go(people: People, me: Reader, firm: Firm, id: str) -> None:
    """Let another's export go.

    Raises:
        Refused: it is one's own, or there is none that waits.
    """
    _must(me)
    row = _open(people, firm, id)
    if row["by_id"] == me.id:
        raise Refused(Text("別の人が承認する", "another person must let it go"))
    if not people.store.second(EXPORT, id, me.id, people.at(), (firm.id, f"{id} {row['file']}")):
        raise Refused(Text("承認済み", "it was let go already"))


def take(people: People, me: Reader, firm: Firm, id: str) -> Iterator[bytes]:
    """The marked file, for who asked for it, once.

    Raises:
        Refused: nobody let it go, it was taken, or the file has changed since.
    """
    _must(me)
    row = _open(people, firm, id)
    if row["by_id"] != me.id or row["second_id"] is None:
        raise Refused(Text("別の人の承認がまだない", "another person has yet to let it go"))
    path, at = firm.folder / row["file"], people.at()
    if row["file"] not in personal_files(firm) or _digest(path) != row["sha256"]:
        raise Refused(
            Text("申請の後でファイルが変わった", "the file has changed since it was asked for")
        )
    mark = f"{id} {me.id} + {row['second_id']} {at}"
    about = (firm.id, f"{id} {row['file']}")
    body = {"mark": mark, "sha256": row["sha256"], "reason": row["reason"]}
    if not people.store.take(id, at, me.id, about, body):
        raise Refused(NOT_THERE)
    return _marked(path, mark)


def exports(people: People, firm: Firm) -> list[Row]:
    """Exports of a firm that wait or may be taken."""
    at = people.at()
    rows = people.store.rows(EXPORT, firm=firm.id, taken=None)
    return sorted((r for r in rows if r["ends"] > at), key=lambda r: str(r["made"]))


def _open(people: People, firm: Firm, id: str) -> dict[str, Any]:
    row = people.store.one(EXPORT, id=id, firm=firm.id)
    if row is None or row["taken"] or row["ends"] <= people.at():
        raise Refused(NOT_THERE)
    return dict(row)


def _must(me: Reader) -> None:
    if "personal" not in me.roles:
        raise Refused(
            Text("個人情報を見る役割がない", "you do not have the role for personal data")
        )


def _marked(path: Path, mark: str) -> Iterator[bytes]:
    """The rows of a CSV file, each with the mark in a column of its own."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        for n, row in enumerate(csv.reader(stream)):
            line = io.StringIO()
            csv.writer(line, lineterminator="\n").writerow([MARK if n == 0 else mark, *row])
            yield line.getvalue().encode()


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()

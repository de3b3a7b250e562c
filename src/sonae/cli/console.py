"""`sonae console`: keeping a console's folder safe."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from sonae.cli.main import OK, Json, Language, console, language, note, out, progress, show_json


@console.command(name="backup")
def console_backup(
    home: Annotated[Path, Parameter(name="HOME")],
    to: Annotated[Path, Parameter(name="TO")],
    *,
    lang: Language = None,
    json: Json = False,
) -> int:
    """Copy the folder of a console, while it serves; verified before it gets its name.

    Parameters
    ----------
    home
        The folder of the console.
    to
        A new folder.
    """
    from sonae.actions.console.backup import backup

    with progress(language(lang), 1) as bar:
        found = backup(home, to, bar.step)
    return _said(found, to, json)


@console.command(name="restore")
def console_restore(
    kept: Annotated[Path, Parameter(name="BACKUP")],
    home: Annotated[Path, Parameter(name="HOME")],
    *,
    lang: Language = None,
    json: Json = False,
) -> int:
    """Put a back-up into a new folder; what is there is never overwritten.

    Parameters
    ----------
    kept
        What `sonae console backup` wrote.
    home
        A new or empty folder.
    """
    from sonae.actions.console.backup import restore

    with progress(language(lang), 1) as bar:
        found = restore(kept, home, bar.step)
    return _said(found, home, json)


@console.command(name="code")
def console_code(
    home: Annotated[Path, Parameter(name="HOME")],
    id: Annotated[str, Parameter(name="ID")],
    name: Annotated[str, Parameter(name="NAME")],
    *,
    store: str | None = None,
    origin: str = "http://localhost:8470",
    json: Json = False,
) -> int:
    """Print a one-time code for a registrar: the way back when registrars are gone.

    Parameters
    ----------
    home
        The folder of the console.
    id
        Who it will be: a new id, or one that is there.
    name
        The name to show.
    store
        As given to `sonae serve`.
    origin
        As given to `sonae serve`.
    """
    from sonae.actions.console.passkeys import Passkeys
    from sonae.actions.console.people import People
    from sonae.store.console import ConsoleStore

    kept = ConsoleStore(store or str(home / "console.db"))
    code = People(kept, Passkeys(origin)).server_code(id, name)
    kept.close()
    if json:
        show_json({"address": f"{origin}/join", "code": code})
    else:
        out(f"{origin}/join  {code}")
    return OK


def _said(found: dict[str, Any], folder: Path, json: bool) -> int:
    if json:
        show_json(found)
    else:
        out(f"→ {folder}  {len(found['files']):,}")
    for name in found["elsewhere"]:
        note(f"{name}: PostgreSQL (pg_dump)")
    return OK

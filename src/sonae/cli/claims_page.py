"""Commands of the customers' page: numbers and letters, what was answered, and when it was down."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from sonae.cli.main import OK, Json, Language, claims, day, language, out, show_json
from sonae.core.errors import UsageError

if TYPE_CHECKING:
    from sonae.claims.portal import Outage

Frozen = Annotated[Path, Parameter(name="FROZEN")]
Key = Annotated[
    Path, Parameter(name="--key", env_var="SONAE_CLAIMS_KEY", help="the key of claim codes")
]
Home = Annotated[Path, Parameter(name="HOME")]
portal = App(name="portal", help="The customers' page: when it was down, its status without it.")
claims.command(portal)


def _day(text: str) -> date:
    found = day(text)
    assert found is not None
    return found


@claims.command(name="numbers")
def claims_numbers(
    frozen: Frozen,
    *,
    key: Key,
    told: str,
    object_by: str,
    out_dir: Annotated[Path, Parameter(name="--out")],
    json: Json = False,
) -> int:
    """Number every claim of a frozen list, for letters and the customers' page.

    Parameters
    ----------
    frozen
        The folder of `sonae claims freeze`.
    told
        The day of the letters (YYYY-MM-DD).
    object_by
        The last day to object.
    out_dir
        A folder of its own; who has which number goes into `private`.
    """
    from sonae.actions.claims.numbers import write_numbers

    found = write_numbers(frozen, key, out_dir, _day(told), _day(object_by))
    if json:
        show_json(found)
    else:
        out(f"→ {out_dir}  {found['claims']:,}")
    return OK


@claims.command(name="letter")
def claims_letter(
    frozen: Frozen,
    *,
    key: Key,
    account: str,
    firm: str,
    to: str,
    on: str,
    object_by: str,
    asset: str | None = None,
    clause: str = "",
    lang: Language = None,
) -> int:
    """The notice of what one customer is entitled to, with claim number and code, without a link.

    Parameters
    ----------
    frozen
        The folder of `sonae claims freeze`.
    account
        Whose.
    firm
        Who writes.
    to
        To whom.
    on
        Its day (YYYY-MM-DD).
    object_by
        The last day to object.
    asset
        Which asset, where the account lost several.
    clause
        The clause of the terms by which money discharges, where the method is by the terms.
    """
    from sonae.actions.claims.numbers import claim_letter
    from sonae.report.notice import Head

    head, words = Head(firm, to, "X", _day(on)), language(lang)
    out(claim_letter(frozen, key, account, head, _day(object_by), words, asset, clause))
    return OK


@claims.command(name="answers")
def claims_answers(folder: Annotated[Path, Parameter(name="FOLDER")], *, json: Json = False) -> int:
    """What customers answered on their page, the oldest first; a dispute is opened from its file.

    Parameters
    ----------
    folder
        The `answers` of an incident.
    """
    from sonae.actions.claims.my_claim import read_answers

    found = read_answers(folder)
    if json:
        show_json({"answers": found})
    else:
        for a in found:
            what = f"{a['says']} {a['asset']}" if a["kind"] == "dispute" else ""
            out(f"{a['at']}  {a['number']}  {a['account']}  {a['kind']}  {what}  {a['file']}")
    return OK


@portal.command(name="down")
def portal_down(home: Home, *, at: str, why: str, json: Json = False) -> int:
    """Note that the customers' page is down; days to object become longer by rule.

    Parameters
    ----------
    home
        The folder of the console.
    at
        Since when (an instant with its offset).
    why
        A short reason, which is shown.
    """
    from sonae.actions.claims.portal import note_down
    from sonae.cli.estate_takeover import instant

    return _noted(note_down(home, instant(at), why), json)


@portal.command(name="up")
def portal_up(home: Home, *, at: str, json: Json = False) -> int:
    """Note that the customers' page is back.

    Parameters
    ----------
    home
        The folder of the console.
    at
        Since when (an instant with its offset).
    """
    from sonae.actions.claims.portal import note_up
    from sonae.cli.estate_takeover import instant

    return _noted(note_up(home, instant(at)), json)


@portal.command(name="status")
def portal_status(
    home: Home, *, out_file: Annotated[Path, Parameter(name="--out")], json: Json = False
) -> int:
    """Write the status page, one file that any web server can show when the console cannot.

    Parameters
    ----------
    home
        The folder of the console.
    out_file
        The page (HTML, both languages).
    """
    from sonae.actions.claims.portal import write_status
    from sonae.actions.console.home import Home as Folder

    if not home.is_dir():
        raise UsageError(f"{home} is no folder")
    found = write_status(Folder(home), out_file)
    if json:
        show_json(found)
    else:
        out(f"→ {out_file}")
    return OK


def _noted(rows: Sequence[tuple[Outage, str]], json: bool) -> int:
    found = [
        {"from": o.start.isoformat(), "to": o.end.isoformat() if o.end else None, "why": why}
        for o, why in rows
    ]
    if json:
        show_json({"outages": found})
    else:
        out("\n".join(f"{o['from']}  {o['to'] or '…'}  {o['why']}" for o in found))
    return OK

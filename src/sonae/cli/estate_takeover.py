"""Commands of a take-over: open, checklist, letters, sweep, appoint, readiness, drills, watch."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from sonae.cli.main import (
    FOUND,
    OK,
    REFUSED,
    Json,
    Language,
    estate,
    language,
    out,
    show,
    show_json,
)
from sonae.core.errors import UsageError

Folder = Annotated[Path, Parameter(name="FOLDER")]
Out = Annotated[Path | None, Parameter(name="--out")]
Key = Annotated[Path, Parameter(name="--key", env_var="SONAE_KEY", help="your key file")]
Record = Annotated[Path, Parameter(name="RECORD")]
drill = App(name="drill", help="A take-over against the clock, each step signed.")
estate.command(drill)


def instant(text: str) -> datetime:
    """An instant with its offset."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is no instant (2026-11-20T23:59:59+09:00)") from error
    if moment.tzinfo is None:
        raise UsageError(f"{text!r} has no offset, such as +09:00")
    return moment


def _shown(document: Any, view: Any, json: bool) -> None:
    if json:
        show_json(document)
    else:
        show(view)


@estate.command(name="open")
def estate_open(
    folder: Folder,
    *,
    close: Path | None = None,
    out_dir: Out = None,
    lang: Language = None,
    json: Json = False,
) -> int:
    """Verify, rebuild the totals, count everybody, name what is missing or stale and who can sign.

    Parameters
    ----------
    folder
        Books, or the folder of an opened pack.
    close
        A close.json whose totals are compared with those rebuilt.
    out_dir
        A new folder for open.json, its pages, and listed.csv for `estate watch`.
    """
    from sonae.actions.takeover.open import open_estate
    from sonae.report.takeover import opened_view

    found = open_estate(folder, out_dir, close)
    _shown(found, opened_view(found, language(lang)), json)
    return OK if found["clean"] else FOUND


@estate.command(name="checklist")
def estate_checklist(
    folder: Folder,
    *,
    frozen_at: str,
    petition_at: str | None = None,
    out_dir: Out = None,
    lang: Language = None,
    json: Json = False,
) -> int:
    """Everything to be done, with its clock and where the clock comes from.

    Parameters
    ----------
    folder
        Books, or the folder of an opened pack.
    frozen_at
        Since when the firm's rights are frozen.
    petition_at
        When a petition is to be filed, where it is known.
    out_dir
        A new folder for JSON, Markdown and pages.
    """
    from sonae.actions.takeover.open import make_checklist
    from sonae.report.takeover import checklist_view

    petition = instant(petition_at) if petition_at else None
    found = make_checklist(folder, out_dir, instant(frozen_at), petition)
    _shown(found, checklist_view(found, language(lang)), json)
    return OK


@estate.command(name="letters")
def estate_letters(
    folder: Folder,
    *,
    writer: str,
    frozen_at: str,
    out_dir: Annotated[Path, Parameter(name="--out")],
    json: Json = False,
) -> int:
    """Drafts to banks, trust bank and beneficiary agent, custodians, insurers, authorities.

    Parameters
    ----------
    folder
        Books, or the folder of an opened pack.
    writer
        Who signs them.
    frozen_at
        Since when the firm's rights are frozen.
    out_dir
        A new folder; each letter is there in Japanese and English.
    """
    from sonae.actions.takeover.open import make_letters

    found = make_letters(folder, out_dir, writer, instant(frozen_at))
    if json:
        show_json({"format": "sonae-letters/1", "letters": found})
    else:
        out("\n".join(f"{x['ja']}  {x['en']}  {x['to']['en']}" for x in found))
    return OK


@estate.command(name="sweep")
def estate_sweep(
    folder: Folder,
    destinations: Annotated[Path, Parameter(name="DESTINATIONS.csv")],
    *,
    out_dir: Out = None,
    lang: Language = None,
    json: Json = False,
) -> int:
    """A plan of unsigned batches, riskiest wallets first, a test transfer before each.

    Parameters
    ----------
    folder
        Books, or the folder of an opened pack.
    destinations
        The administrator's wallets: asset, chain, address, and where needed owner and memo.
    out_dir
        A new folder for sweep.json and one file per batch.
    """
    from sonae.actions.takeover.open import make_sweep
    from sonae.report.takeover import sweep_view

    found = make_sweep(folder, destinations, out_dir)
    _shown(found, sweep_view(found, language(lang)), json)
    return FOUND if found["left"] else OK


@estate.command(name="appoint")
def estate_appoint(
    file: Annotated[Path, Parameter(name="ORDER.toml")],
    *,
    key: Key,
    store: Annotated[str, Parameter(name="--store", env_var="SONAE_FUND")] = "fund.db",
    lang: Language = None,
    json: Json = False,
) -> int:
    """Record the administrator's appointment in the fund and say whose rights it froze.

    Parameters
    ----------
    file
        The order: authority, number, date, document (a file beside it), powers, administrator.
    """
    from sonae.actions.takeover.open import appoint
    from sonae.fund.refusals import refusal
    from sonae.report.words import Words

    found = appoint(file, store, key)
    words = Words(language(lang))
    if json:
        show_json(found)
    elif found["refused"]:
        out(refusal(found["refused"]).lang(language(lang)))
    else:
        out(words("takeover.appointed", seq=found["seq"]))
        for one in found["freezes"]:
            out(f"  {one['id']}  {one['name']}  {', '.join(one['roles'])}")
    return REFUSED if found["refused"] else OK


@estate.command(name="readiness")
def estate_readiness(
    folder: Folder,
    *,
    register: Path | None = None,
    drills: Annotated[list[Path] | None, Parameter(name="--drill", negative="")] = None,
    pack: Path | None = None,
    out_dir: Out = None,
    lang: Language = None,
    json: Json = False,
) -> int:
    """How ready a take-over is today; what is not given is not known.

    Parameters
    ----------
    folder
        Books, or the folder of an opened pack.
    register
        The register of key shares.
    drills
        Records of drills; may be repeated.
    pack
        The manifest of the last pack, or the folder it was opened in.
    out_dir
        A new folder for JSON and pages.
    """
    from sonae.actions.takeover.ready import readiness
    from sonae.report.takeover import readiness_view

    found = readiness(folder, out_dir, register, drills or (), pack)
    _shown(found, readiness_view(found, language(lang)), json)
    return OK if found["ready"] else FOUND


@estate.command(name="watch")
def estate_watch(
    listed: Annotated[Path, Parameter(name="LISTED.csv")],
    movements: Annotated[Path, Parameter(name="MOVEMENTS.csv")],
    *,
    since: str,
    plan: Path | None = None,
    authorised: Path | None = None,
    lang: Language = None,
    json: Json = False,
) -> int:
    """Alarm for what left listed wallets after the freeze; runs from files, outside the firm.

    Parameters
    ----------
    listed
        The wallets and who can sign, as `estate open --out` writes them.
    movements
        What a monitor saw: at, chain, address, to, asset, quantity_decimal, txid, reference.
    since
        The instant of the freeze.
    plan
        sweep.json: transfers of it are recognised.
    authorised
        The administrator's list of transactions: txid, reference (the id of a transfer).
    """
    from sonae.actions.takeover.watch import watch_files
    from sonae.report.takeover import watch_view

    found = watch_files(listed, movements, instant(since), plan, authorised)
    _shown(found, watch_view(found, language(lang)), json)
    return FOUND if found["alarms"] else OK


@drill.command(name="start")
def drill_start(folder: Folder, record: Record, *, key: Key, hours: int = 24) -> int:
    """Begin: the clock of this machine runs from here.

    Parameters
    ----------
    folder
        What is taken over: Books, or the folder of an opened pack.
    record
        A new file.
    hours
        The target.
    """
    from sonae.actions.takeover.drill import start_drill

    found = start_drill(folder, record, key, hours)
    out(f"{found.id}  {found.started.isoformat()}")
    return OK


@drill.command(name="step")
def drill_step(record: Record, step: Annotated[str, Parameter(name="STEP")], *, key: Key) -> int:
    """Record that a step is done, now.

    Parameters
    ----------
    record
        The file of the drill.
    step
        Its name; an unknown one lists all.
    """
    from sonae.actions.takeover.drill import step_drill

    found = step_drill(record, step, key)
    out(f"{step}  {found.as_json()['steps'][step]['seconds']} s")
    return OK


@drill.command(name="finish")
def drill_finish(record: Record, *, key: Key) -> int:
    """End the drill; 1 where it took longer than its target.

    Parameters
    ----------
    record
        The file of the drill.
    """
    from sonae.actions.takeover.drill import step_drill

    found = step_drill(record, "finish", key)
    out(f"{found.as_json()['seconds']} s")
    return OK if found.in_time() else FOUND


@drill.command(name="compare")
def drill_compare(
    records: Annotated[list[Path], Parameter(name="RECORD", negative="")],
    *,
    lang: Language = None,
    json: Json = False,
) -> int:
    """Verify records and set them side by side; 1 where the last was late or is unfinished.

    Parameters
    ----------
    records
        One or more.
    """
    from sonae.actions.takeover.drill import compare_drills
    from sonae.report.takeover import drills_view

    found = compare_drills(records)
    _shown(found, drills_view(found, language(lang)), json)
    return OK if found["last_in_time"] else FOUND

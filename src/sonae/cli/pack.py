"""The commands of resolution packs: make, open, page, keys, restore-test, destroy, log."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from sonae.cli.main import (
    FOUND,
    OK,
    Json,
    Language,
    Memory,
    WorkFolder,
    day,
    language,
    out,
    pack,
    pack_keys,
    progress,
    show,
    show_json,
)
from sonae.core.errors import UsageError

MAKE_STEPS, OPEN_STEPS = 9, 3
Many = Annotated[list[Path] | None, Parameter(consume_multiple=True, negative="")]
Named = Annotated[list[str] | None, Parameter(consume_multiple=True, negative="")]
Out = Annotated[Path, Parameter(name="--out")]
Log = Annotated[Path | None, Parameter(name="--log", help="the log of packs; one is begun")]


def _code(findings: list[dict[str, str]]) -> int:
    return OK if all(f["severity"] == "note" for f in findings) else FOUND


@pack.command(name="make")
def pack_make(
    books: Annotated[Path, Parameter(name="BOOKS")],
    *,
    close: Path,
    recipients: Path,
    sign: Path,
    out_file: Out,
    seal: Path | None = None,
    fund: Path | None = None,
    people: Path | None = None,
    brand: str | None = None,
    log: Log = None,
    memory: Memory = None,
    work: WorkFolder = None,
    lang: Language = None,
    json: Json = False,
) -> int:
    """Make a resolution pack: one file that several recipients can open, and its signature.

    Parameters
    ----------
    books
        A folder of input tables.
    close
        The close of these Books (close.json, or its folder).
    recipients
        Who can open it, on what ground, when (TOML).
    sign
        The key that signs it, as `sonae seal key` makes one.
    out_file
        The file, by custom FILE.pack.age; FILE.pack.age.minisig goes beside it.
    seal
        The folder of the day's seal.
    fund
        The export of the reserve ledger (`sonae fund export`).
    people
        Who is one person (people.csv of `sonae claims people`).
    brand
        The brand of these Books in that list, where it has several.
    """
    from sonae.actions.pack.keep import made_and_logged
    from sonae.actions.pack.make import Wanted
    from sonae.actions.work import Work
    from sonae.report.pack import made_view

    words = language(lang)
    room = Work.of(memory, work, out_file)
    wanted = Wanted(books, close, recipients, sign, out_file, seal, fund, people, brand, room)
    with progress(words, MAKE_STEPS) as bar:
        found = made_and_logged(wanted, log, bar.step)
    if json:
        show_json(found)
    else:
        show(made_view(found, words))
    return _code(found["findings"])


@pack.command(name="open")
def pack_open(
    file: Annotated[Path, Parameter(name="FILE")],
    *,
    out_dir: Annotated[Path, Parameter(name="--out")],
    identity: Path | None = None,
    shares: Many = None,
    signer: str | None = None,
    newest: str | None = None,
    log: Log = None,
    lang: Language = None,
    json: Json = False,
) -> int:
    """Open a pack, check every byte of it, and add it up again: needs nothing but file and key.

    Parameters
    ----------
    file
        The file.
    out_dir
        Where its content goes; a new or empty folder.
    identity
        A recipient's key file, as `age-keygen` writes it.
    shares
        Files of words, as many shares as are needed.
    signer
        The public key of the printed page, to be compared.
    newest
        The day of the newest pack you know of (YYYY-MM-DD).
    """
    from sonae.actions.pack.keep import opened
    from sonae.actions.pack.open import Opening
    from sonae.report.pack import opened_view

    words = language(lang)
    how = Opening(file, identity, tuple(shares or ()), signer, day(newest))
    with progress(words, OPEN_STEPS) as bar:
        found = opened(how, out_dir, log, bar.step)
    if json:
        show_json(found)
    else:
        show(opened_view(found, words))
        out(f"→ {out_dir / f'READ-FIRST.{words}.html'}")
    return _code(found["findings"])


@pack.command(name="page")
def pack_page(
    recipients: Annotated[Path, Parameter(name="RECIPIENTS")],
    *,
    signer: str,
    entity: str,
    out_file: Out,
) -> int:
    """Write the one printed page: how to open a pack with age and minisign alone, who to call.

    Parameters
    ----------
    recipients
        Who can open it, on what ground, when (TOML).
    signer
        The key that signs packs: its file, or its public half.
    entity
        The firm's name.
    out_file
        The page (HTML, A4, both languages).
    """
    from sonae.actions.pack.keep import write_page

    write_page(recipients, signer, entity, out_file)
    out(f"→ {out_file}")
    return OK


@pack.command(name="restore-test")
def pack_restore_test(
    file: Annotated[Path, Parameter(name="FILE")],
    *,
    by: str,
    log: Annotated[Path, Parameter(name="--log")],
    identity: Path | None = None,
    shares: Many = None,
    signer: str | None = None,
    lang: Language = None,
    json: Json = False,
) -> int:
    """Open the copy outside to the end, keep nothing of it, and note the result in the log.

    Parameters
    ----------
    file
        The copy as it lies outside the firm.
    by
        Who makes the test.
    log
        The log of packs.
    identity
        A recipient's key file.
    shares
        Files of words, as many shares as are needed.
    signer
        The public key of the printed page.
    """
    from sonae.actions.pack.keep import restore_test
    from sonae.actions.pack.open import Opening
    from sonae.report.pack import opened_view

    words = language(lang)
    how = Opening(file, identity, tuple(shares or ()), signer)
    with progress(words, OPEN_STEPS) as bar:
        found = restore_test(how, log, by, bar.step)
    if json:
        show_json(found)
    else:
        show(opened_view(found, words))
    return _code(found["findings"])


@pack.command(name="destroy")
def pack_destroy(
    seals: Annotated[list[Path], Parameter(name="SEAL", negative="")],
    *,
    recipients: Path,
    log: Annotated[Path, Parameter(name="--log")],
    on: str | None = None,
    yes: Annotated[bool, Parameter(negative="")] = False,
    json: Json = False,
) -> int:
    """Destroy the keys of days whose retention is over, each with a line in the log.

    Parameters
    ----------
    seals
        Folders of seals.
    recipients
        The terms, with keep_keys_days.
    log
        The log of packs.
    on
        The day it is (YYYY-MM-DD); today where not given.
    yes
        Do it; without, what is due is only listed.
    """
    from sonae.actions.pack.keep import destroy_keys

    found = destroy_keys(seals, recipients, log, confirmed=yes, on=day(on))
    if json:
        show_json({"keys": found})
    else:
        for one in found:
            out(f"{one['day']}  {one['keep_until']}  {one['state']}  {one['seal'][:16]}")
    return FOUND if any(one["state"] == "due" for one in found) else OK


@pack.command(name="log")
def pack_log(file: Annotated[Path, Parameter(name="LOG")], *, json: Json = False) -> int:
    """List what was done with packs and their keys, the chain of lines checked.

    Parameters
    ----------
    file
        The log.
    """
    from sonae.actions.pack.keep import read_log

    lines = read_log(file)
    if json:
        show_json({"lines": lines})
    else:
        for line in lines:
            about = line.get("result") or line.get("why") or line.get("number") or ""
            out(f"{line['seq']:>4}  {line['on']}  {line['what']}  {about}".rstrip())
    return OK


# -- keys in shares --------------------------------------------------------------------------------


@pack_keys.command(name="make")
def keys_make(
    *,
    shares: int,
    of: int,
    out_dir: Annotated[Path, Parameter(name="--out")],
    holders: Named = None,
    json: Json = False,
) -> int:
    """Make an administrator's key in shares of words (SLIP-39), a page for each holder.

    Parameters
    ----------
    shares
        How many shares open a pack.
    of
        How many there are.
    out_dir
        A new folder; its `shares` are handed over and deleted.
    holders
        A name for each share.
    """
    from sonae.actions.pack.keys import make_keys

    found = make_keys(out_dir, shares, of, holders or ())
    if json:
        show_json(found)
    else:
        out(found["key"])
        out(f"→ {out_dir / 'shares'}")
    return OK


@pack_keys.command(name="answer")
def keys_answer(
    share: Annotated[Path, Parameter(name="SHARE")], *, year: int, json: Json = False
) -> int:
    """What a holder tells the firm once a year; it does not reveal the share.

    Parameters
    ----------
    share
        The file of words, on the holder's own machine.
    year
        The year asked about.
    """
    from sonae.actions.pack.keys import answer

    found = answer(share, year)
    if json:
        show_json(found)
    else:
        out(found["answer"])
    return OK


@pack_keys.command(name="check")
def keys_check(
    register: Annotated[Path, Parameter(name="REGISTER")],
    *,
    holder: int,
    answer: str,
    year: int | None = None,
    json: Json = False,
) -> int:
    """Note that a holder showed that a share is there; refused where the answer is not its own.

    Parameters
    ----------
    register
        The register of share holders.
    holder
        The number of the share.
    answer
        What the holder told.
    year
        For which year; this one where not given.
    """
    from sonae.actions.pack.keys import check_share

    found = check_share(register, holder, answer, year)
    if json:
        show_json(found)
    else:
        out(f"{found['on']}  {found['number']}")
    return OK


@pack_keys.command(name="rotate")
def keys_rotate(
    register: Annotated[Path, Parameter(name="REGISTER")],
    *,
    out_dir: Annotated[Path, Parameter(name="--out")],
    keep_days: int,
    json: Json = False,
) -> int:
    """Replace a key by a new one with the same holders; old shares are kept for old packs.

    Parameters
    ----------
    register
        The register of the key to be replaced.
    out_dir
        A new folder for the new key.
    keep_days
        How long old shares are kept.
    """
    from sonae.actions.pack.keys import rotate_keys

    if keep_days < 1:
        raise UsageError("--keep-days is one or more")
    found = rotate_keys(register, out_dir, keep_days)
    if json:
        show_json(found)
    else:
        out(f"{found['replaces']} → {found['key']}")
    return OK


@pack_keys.command(name="due")
def keys_due(
    register: Annotated[Path, Parameter(name="REGISTER")],
    *,
    recipients: Path | None = None,
    on: str | None = None,
    lang: Language = None,
    json: Json = False,
) -> int:
    """Which holders have not shown their share for a year, and what else is due.

    Parameters
    ----------
    register
        The register of share holders.
    recipients
        Also the terms of the pack, with the day of the next check.
    on
        The day it is (YYYY-MM-DD); today where not given.
    """
    from sonae.actions.pack.keys import due
    from sonae.report.pack import findings_view

    found = due(register, recipients, day(on))
    if json:
        show_json({"findings": found})
    else:
        show(findings_view(found, language(lang)))
    return _code(found)

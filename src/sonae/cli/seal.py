"""The commands of seals: make, prove, verify, log, check, and what an auditor asks of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter
from rich.text import Text as Styled

from sonae.cli.main import (
    FOUND,
    OK,
    Assume,
    EngineName,
    Json,
    Language,
    Master,
    app,
    language,
    out,
    progress,
    seal,
    show,
    show_json,
)

SEAL_STEPS = 8
Dir = Annotated[Path, Parameter(name="DIR")]
KeyFile = Annotated[
    Path, Parameter(name="--key", env_var="SONAE_SEAL_KEY", help="the operator's seal key")
]
Out = Annotated[Path, Parameter(name="--out")]


@seal.command(name="key")
def seal_key(file: Annotated[Path, Parameter(name="FILE")], *, json: Json = False) -> int:
    """Make the key that signs seals and from which the key of each day is made.

    Parameters
    ----------
    file
        Where the key goes; encrypted where SONAE_PASSPHRASE is set.
    """
    from sonae.actions.keys import new_key
    from sonae.seal.minisign import id_text, public_file, public_key

    public = new_key(file).public
    if json:
        show_json({"public_key": public.hex(), "id": id_text(public_key(public))})
    else:
        out(public_file(public).decode().rstrip())
    return OK


@seal.command(name="make")
def seal_make(
    books: Annotated[Path, Parameter(name="BOOKS")],
    *,
    out_dir: Out,
    key: KeyFile,
    after: Path | None = None,
    parts: int = 2,
    escrow: Path | None = None,
    correction: bool = False,
    assume: Assume = None,
    fund: str | None = None,
    seal_memory: str = "1GB",
    threads: int | None = None,
    engine: EngineName = "duckdb",
    spark_master: Master = None,
    lang: Language = None,
    json: Json = False,
) -> int:
    """Close the Books and seal what is owed, for each customer to check.

    Parameters
    ----------
    books
        A folder of input tables.
    out_dir
        The seal's folder: `public` to be published, `private` to be kept.
    after
        The folder of the seal before this one.
    parts
        In how many leaves each claim is split; more hide large claims better.
    escrow
        A file of age recipients who can open the key of the day.
    correction
        The Books correct a day that was sealed before; that seal stays in the log.
    fund
        The store of the reserve ledger, for the sufficiency statement.
    seal_memory
        What making the trees may take, beside what the close takes; it changes nothing of a seal.
    threads
        On how many threads; by itself as many as there are cores.
    """
    from sonae.actions.seal.books import seal_books
    from sonae.actions.seal.build import means_of
    from sonae.actions.seal.make import header_view, sealing, unnumbered
    from sonae.books.engine import engine_at
    from sonae.report.seal import header_table

    words = language(lang)
    how = sealing(key, after, parts, escrow, correction, means_of(seal_memory, threads))
    with progress(words, SEAL_STEPS) as bar:
        where = engine_at(engine, spark_master)
        made = seal_books(books, out_dir, how, assume or (), fund, bar.step, where)
    left = unnumbered((out_dir / "public" / "manifest.json").read_bytes())
    found = header_view(made) | ({"not_sealed": left} if left else {})
    if json:
        show_json(found)
    else:
        show(header_table(found, words))
        out(f"→ {out_dir / 'public'}")
    return FOUND if left else OK


@seal.command(name="prove")
def seal_prove(
    folder: Dir,
    *,
    account: str,
    receipt: Annotated[Path | None, Parameter(name="--out")] = None,
    page: Path | None = None,
    lang: Language = None,
    json: Json = False,
) -> int:
    """Write the receipt of one account.

    Parameters
    ----------
    folder
        The seal's folder with its private part.
    account
        The account's id.
    receipt
        Where the receipt goes (JSON).
    page
        Also a page to be printed.
    """
    from sonae.actions.seal.receipt import prove_account, receipt_page, write_receipt
    from sonae.core.errors import UsageError

    if receipt is None and not json:
        raise UsageError("name the receipt with --out FILE, or print it with --json")
    made = prove_account(folder, account)
    if receipt is not None:
        write_receipt(made, receipt)
    if page is not None:
        page.write_text(receipt_page(folder, made, language(lang)), encoding="utf-8")
    if json:
        show_json(made)
    else:
        out(f"→ {receipt}")
    return OK


@app.command
def verify(
    receipt: Annotated[Path, Parameter(name="RECEIPT")],
    *,
    header: str | None = None,
    account: str | None = None,
    lang: Language = None,
    json: Json = False,
) -> int:
    """Check a receipt: that these claims are in the total that a header states.

    Parameters
    ----------
    receipt
        A receipt (JSON).
    header
        The header hash as published elsewhere: in the log, a filing, a newspaper.
    account
        Your account text as you know it, compared with the receipt's.
    """
    from sonae.actions.seal.receipt import verify_receipt
    from sonae.report.seal import verified_receipt

    found = verify_receipt(receipt, header, account)
    if json:
        show_json(found)
    else:
        show(verified_receipt(found, language(lang)))
    return OK if found["good"] else FOUND


@seal.command(name="check")
def seal_check(
    folder: Dir,
    *,
    after: Path | None = None,
    books: Path | None = None,
    day_key: Path | None = None,
    receipts: Path | None = None,
    lang: Language = None,
    json: Json = False,
) -> int:
    """Check a seal step by step with whatever of it is at hand.

    Parameters
    ----------
    folder
        The seal's folder, or its public part alone.
    after
        An earlier seal: the log must only have grown since.
    books
        The ledger extract, from which everything is computed again.
    day_key
        The key of the day, where the folder lacks it.
    receipts
        A folder of receipts that customers kept: finds concealed creditors.
    """
    from sonae.actions.seal.check import check_seal
    from sonae.actions.seal.folder import read_day_key
    from sonae.report.seal import steps_table

    key = None if day_key is None else read_day_key(day_key)
    steps = check_seal(folder, after=after, books=books, day_key=key, receipts=receipts)
    good = all(step.answer != "fails" for step in steps)
    listed = [{"step": s.name, "answer": s.answer, "detail": s.detail.as_json()} for s in steps]
    if json:
        show_json({"good": good, "steps": listed})
    else:
        show(steps_table(listed, language(lang)))
    return OK if good else FOUND


@seal.command(name="log")
def seal_log(
    folder: Dir,
    *,
    since: Path | None = None,
    days: int = 30,
    lang: Language = None,
    json: Json = False,
) -> int:
    """List every seal so far, checked, with holdings averaged over the last days.

    Parameters
    ----------
    folder
        The newest seal's folder.
    since
        A checkpoint kept from earlier: shows that the log only grew.
    days
        Over how many days holdings are averaged.
    """
    from sonae.actions.seal.log import read_log
    from sonae.report.seal import log_tables
    from sonae.seal.header import SealError
    from sonae.seal.tlog import LogError

    try:
        found = read_log(folder, since, days)
    except (LogError, SealError) as error:
        if json:
            show_json({"good": False, "failed": str(error)})
        else:
            show(Styled(str(error), style="bold red"))
        return FOUND
    if json:
        show_json(found)
    else:
        show(log_tables(found, language(lang)))
    return OK


@seal.command(name="diff")
def seal_diff(
    folder: Dir,
    before: Annotated[Path, Parameter(name="BEFORE")],
    *,
    times: int = 10,
    lang: Language = None,
    json: Json = False,
) -> int:
    """What changed between two seals: accounts first seen, gone, and jumps. Shows accounts.

    Parameters
    ----------
    folder
        The later seal, with its private part.
    before
        The earlier one.
    times
        A claim that grew to this many times what it was is a jump.
    """
    from sonae.actions.seal.log import differences
    from sonae.report.seal import difference_table

    found = differences(folder, before, times)
    if json:
        show_json(found)
    else:
        show(difference_table(found, language(lang)))
    return OK


@seal.command(name="sample")
def seal_sample(
    folder: Dir, *, size: int, seed: str, lang: Language = None, json: Json = False
) -> int:
    """Draw accounts to be asked by an auditor, and say what such a sample may miss.

    Parameters
    ----------
    folder
        The seal's folder with its private part.
    size
        How many accounts.
    seed
        The auditor's own words, chosen after the seal and kept from the firm until then.
    """
    from sonae.actions.seal.log import draw
    from sonae.report.seal import sample_table

    found = draw(folder, size, seed)
    if json:
        show_json(found)
    else:
        show(sample_table(found, language(lang)))
    return OK


@seal.command(name="stamp")
def seal_stamp(
    folder: Dir,
    *,
    reply: Path | None = None,
    root: Annotated[list[Path] | None, Parameter(negative="")] = None,
    json: Json = False,
) -> int:
    """Write the request for a time-stamp (RFC 3161), or check its reply and keep it.

    Parameters
    ----------
    folder
        The seal's folder.
    reply
        What the authority answered.
    root
        A certificate of the authority (PEM), known by another way; may be repeated.
    """
    from sonae.actions.seal.log import stamp

    found: dict[str, Any] = stamp(folder, reply, root or ())
    if json:
        show_json(found)
    else:
        out(f"→ {found['request']}" if found["request"] else str(found["at"]))
    return OK

"""`sonae books prices` and `entries`: prices and where they come from, bank statements."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from sonae.cli.main import (
    FOUND,
    OK,
    Json,
    Language,
    books,
    language,
    out,
    prices,
    show,
    show_json,
)
from sonae.core.errors import Refused, UsageError

Setup = Annotated[Path, Parameter(name="PRICES.toml")]
KeyFile = Annotated[Path, Parameter(name="--key", env_var="SONAE_KEY", help="your key file")]


@prices.command(name="make")
def prices_make(
    setup: Setup,
    *,
    out_file: Annotated[Path | None, Parameter(name="--out")] = None,
    fetch: Annotated[bool, Parameter(negative="")] = False,
    lang: Language = None,
    json: Json = False,
) -> int:
    """The table `prices` of Books, each row with source, instant, method and digest of the answer.

    Parameters
    ----------
    setup
        Which venues, pairs and methods; files of reference rates; who may enter by hand.
    out_file
        The table to write, such as BOOKS/prices.csv; without it the rows are shown only.
    fetch
        Ask the venues now, through ccxt; without it nothing leaves this machine.
    """
    from sonae.actions.prices.make import make_prices
    from sonae.report.making_prices import making_view

    found = make_prices(setup, out_file, fetch)
    if json:
        show_json(found)
    else:
        show(making_view(found, language(lang)))
        if out_file is not None:
            out(f"→ {out_file}")
    return FOUND if found["refused"] or found["waiting"] else OK


@prices.command(name="enter")
def prices_enter(
    setup: Setup,
    *,
    asset: str,
    currency: str,
    price: str,
    at: str,
    why: str,
    evidence: Path,
    key: KeyFile,
    purpose: str = "regulatory",
    json: Json = False,
) -> int:
    """Enter a price by hand, signed; it counts once another person approved it.

    Parameters
    ----------
    price
        Of one coin, exactly, in the currency.
    at
        The instant that it is of, with its offset.
    why
        Why no source gives it.
    evidence
        The file that it was read from; kept by its digest.
    purpose
        regulatory, accounting, claim.
    """
    from sonae.actions.prices.make import enter_price
    from sonae.books.rows import Fault

    said = {"asset": asset, "currency": currency, "price": price, "purpose": purpose}
    try:
        id = enter_price(setup, said | {"at": at, "why": why}, evidence, key)
    except Fault as fault:
        raise Refused(fault.message) from fault
    show_json({"id": id}) if json else out(id)
    return OK


@prices.command(name="approve")
def prices_approve(
    setup: Setup,
    id: Annotated[str, Parameter(name="ID")],
    *,
    key: KeyFile,
    json: Json = False,
) -> int:
    """Approve a price that another person entered.

    Parameters
    ----------
    id
        As `enter` printed it, or how it begins.
    """
    from sonae.actions.prices.make import approve_price
    from sonae.books.rows import Fault

    try:
        found = approve_price(setup, id, key)
    except Fault as fault:
        raise Refused(fault.message) from fault
    said = {"id": found.id, "asset": found.asset, "currency": found.currency, "price": found.price}
    said["at"] = found.at.isoformat()
    show_json(said) if json else out("  ".join(said.values()))
    return OK


@books.command(name="entries")
def books_entries(
    files: Annotated[list[Path], Parameter(name="STATEMENT")],
    *,
    out_file: Annotated[Path | None, Parameter(name="--out")] = None,
    era: str = "令和",
    lang: Language = None,
    json: Json = False,
) -> int:
    """Deposits and withdrawals of bank statements, each statement following from the one before.

    Parameters
    ----------
    files
        Statements of one bank or several: Zengin 入出金取引明細, camt.053.
    out_file
        A table with a line for each entry.
    era
        The era that years of Zengin files are of.
    """
    from sonae.actions.books.entries import read_entries
    from sonae.report.making_prices import entries_view

    if not files:
        raise UsageError("give the statements to read")
    found = read_entries(files, era, out_file)
    if json:
        show_json(found)
        return OK
    for page in entries_view(found, language(lang)):
        show(page)
    if out_file is not None:
        out(f"→ {out_file}")
    return OK

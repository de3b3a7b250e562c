"""The commands of the reserve fund: each signs and records one act, or looks at the ledger."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from sonae.cli.main import (
    FOUND,
    OK,
    REFUSED,
    Json,
    Language,
    day,
    fund,
    language,
    out,
    progress,
    show,
    show_json,
)
from sonae.core.errors import UsageError

Store = Annotated[
    str, Parameter(name="--store", env_var="SONAE_FUND", help="SQLite file or postgresql://...")
]
KeyFile = Annotated[Path, Parameter(name="--key", env_var="SONAE_KEY", help="your key file")]
DEFAULT = "fund.db"


def _answer(recorded: Any, json: bool, lang: Language) -> int:
    """Show what became of an act; a refused act is recorded and leaves with 3."""
    from sonae.fund.refusals import refusal
    from sonae.report.fund import outcome_view

    why = recorded.outcome.refused
    found = {
        "seq": recorded.seq,
        "hash": recorded.hash,
        "outcome": recorded.outcome.code.partition(":")[0],
        "effect": recorded.outcome.effect,
        "refused": why,
        "message": refusal(why).as_json() if why else None,
    }
    if json:
        show_json(found)
    else:
        show(outcome_view(found, language(lang)))
    return REFUSED if why else OK


@fund.command(name="key")
def fund_key(file: Annotated[Path, Parameter(name="FILE")], *, json: Json = False) -> int:
    """Make a key of your own; the public half goes into fund.toml.

    Parameters
    ----------
    file
        Where the key goes; encrypted where SONAE_PASSPHRASE is set.
    """
    from sonae.actions.keys import new_key

    public = new_key(file).public.hex()
    if json:
        show_json({"public_key": public})
    else:
        out(f'public_key = "{public}"')
    return OK


@fund.command(name="init")
def fund_init(
    file: Annotated[Path, Parameter(name="FUND.toml")],
    *,
    key: KeyFile,
    store: Store = DEFAULT,
    lang: Language = None,
    json: Json = False,
) -> int:
    """Begin a fund: make the store and propose its constitution for another person to approve.

    Parameters
    ----------
    file
        Names, keys and roles of the people, limits, units, the class of reserve.
    """
    from sonae.actions.fund import found_fund

    return _answer(found_fund(file, store, key), json, lang)


@fund.command(name="propose")
def fund_propose(
    file: Annotated[Path, Parameter(name="REQUEST.toml")],
    *,
    key: KeyFile,
    store: Store = DEFAULT,
    hours: int | None = None,
    lang: Language = None,
    json: Json = False,
) -> int:
    """Propose a movement, an asset, a close to be signed, or an amended constitution.

    Parameters
    ----------
    file
        The request (docs/guide/fund.md).
    hours
        Lapses after so many hours instead of the constitution's.
    """
    from sonae.actions.fund import at, read_toml
    from sonae.actions.fund_requests import read_request

    raw = read_toml(file)
    with at(store, key) as session:
        request = read_request(raw, file, session.ledger.view)
        return _answer(session.propose(request, hours), json, lang)


@fund.command(name="show")
def fund_show(
    seq: Annotated[int, Parameter(name="NUMBER")],
    *,
    store: Store = DEFAULT,
    lang: Language = None,
    json: Json = False,
) -> int:
    """A proposal as its second person must see it: everything that was signed.

    Parameters
    ----------
    seq
        The number of the proposal.
    """
    from sonae.actions.fund import describe, looking
    from sonae.report.fund import proposal_view

    with looking(store) as ledger:
        found = describe(ledger, seq)
    if json:
        show_json(found)
    else:
        show(proposal_view(found, language(lang)))
    return OK


@fund.command(name="approve")
def fund_approve(
    seq: Annotated[int, Parameter(name="NUMBER")],
    *,
    key: KeyFile,
    store: Store = DEFAULT,
    digest: str | None = None,
    reason: str = "",
    court_permission: Path | None = None,
    lang: Language = None,
    json: Json = False,
) -> int:
    """Approve exactly the bytes that were proposed.

    Parameters
    ----------
    seq
        The number of the proposal.
    digest
        The beginning of its digest as you saw it; another proposal is then refused.
    reason
        What you want on record.
    court_permission
        A court's permission (TOML: court, number, date, document, up_to_jpy) as second approval.
    """
    from sonae.actions.fund import approve, at

    with at(store, key) as session:
        recorded = approve(session, seq, reason, digest, court_permission)
        return _answer(recorded, json, lang)


@fund.command(name="reject")
def fund_reject(
    seq: Annotated[int, Parameter(name="NUMBER")],
    *,
    key: KeyFile,
    reason: str,
    store: Store = DEFAULT,
    lang: Language = None,
    json: Json = False,
) -> int:
    """Reject a proposal, or withdraw your own.

    Parameters
    ----------
    seq
        The number of the proposal.
    reason
        Why.
    """
    from sonae.actions.fund import at

    with at(store, key) as session:
        return _answer(session.decide(seq, "reject", reason), json, lang)


@fund.command(name="appoint")
def fund_appoint(
    file: Annotated[Path, Parameter(name="ORDER.toml")],
    *,
    key: KeyFile,
    store: Store = DEFAULT,
    lang: Language = None,
    json: Json = False,
) -> int:
    """Record an administrator's appointment: revokes the firm's roles, freezes releases at once.

    Parameters
    ----------
    file
        The order: authority, number, date, document (a file beside it), powers, administrator.
    """
    from sonae.actions.fund import at, read_order

    with at(store, key) as session:
        return _answer(session.order("appoint", read_order(file)), json, lang)


@fund.command(name="petition")
def fund_petition(
    file: Annotated[Path, Parameter(name="PETITION.toml")],
    *,
    key: KeyFile,
    store: Store = DEFAULT,
    lang: Language = None,
    json: Json = False,
) -> int:
    """Record a petition for proceedings: from then on nothing is released without a court order.

    Parameters
    ----------
    file
        The petition: court, number, date, document (a file beside it).
    """
    from sonae.actions.fund import at, read_order

    with at(store, key) as session:
        return _answer(session.order("petition", read_order(file)), json, lang)


@fund.command(name="balance")
def fund_balance(
    *,
    on: str | None = None,
    account: str | None = None,
    known: int | None = None,
    store: Store = DEFAULT,
    lang: Language = None,
    json: Json = False,
) -> int:
    """Balances on a day (today if none is given).

    Parameters
    ----------
    on
        The day (YYYY-MM-DD).
    account
        One account, or those below it: asset, reserve, asset/TRUST.
    known
        By what entries up to this number say.
    """
    from sonae.actions.fund import balances, looking
    from sonae.report.fund import balances_view
    from sonae.store.view import LAST

    with looking(store) as ledger:
        found = balances(ledger, day(on) or date.today(), account, known or LAST)  # noqa: DTZ011
    if json:
        show_json(found)
    else:
        show(balances_view(found, language(lang)))
    return OK


@fund.command(name="history")
def fund_history(
    *,
    account: str | None = None,
    first: Annotated[int, Parameter(name="--from")] = 1,
    store: Store = DEFAULT,
    lang: Language = None,
    json: Json = False,
) -> int:
    """Every act, refused ones included.

    Parameters
    ----------
    account
        Only those that moved an account.
    first
        From this entry on.
    """
    from sonae.actions.fund import looking
    from sonae.report.fund import history_view

    with looking(store) as ledger:
        found = ledger.entries(first, account)
    if json:
        show_json(found)
    else:
        show(history_view(found, language(lang)))
    return OK


@fund.command(name="accrue")
def fund_accrue(
    books: Annotated[Path, Parameter(name="BOOKS")],
    *,
    key: KeyFile | None = None,
    assume: str | None = None,
    asset: str | None = None,
    release: str | None = None,
    store: Store = DEFAULT,
    lang: Language = None,
    json: Json = False,
) -> int:
    """What is to be set aside by the rule in force or a draft; with --key, propose it.

    Parameters
    ----------
    books
        The Books of the day.
    assume
        A draft by name or file; the reserve is then a voluntary one, marked proposed.
    asset
        A registered asset that takes the top-up.
    release
        Propose the release of the excess from this asset instead.
    """
    from sonae.actions.fund import at, looking
    from sonae.actions.fund_accrue import accrual_request, accrue, release_request
    from sonae.report.fund import accrual_view

    if key is None:
        with looking(store) as ledger:
            found = accrue(ledger, books, assume)
        if json:
            show_json(found.document())
        else:
            show(accrual_view(found.document(), language(lang)))
        return OK
    with at(store, key) as session:
        found = accrue(session.ledger, books, assume)
        request = (
            accrual_request(found, session.ledger, asset)
            if release is None
            else release_request(found, session.ledger, release)
        )
        if request is None:
            raise UsageError("nothing is to be set aside or contributed")
        if not json:
            show(accrual_view(found.document(), language(lang)))
        return _answer(session.propose(request), json, lang)


@fund.command(name="plan")
def fund_plan(
    books: Annotated[Path, Parameter(name="BOOKS")],
    *,
    assume: str,
    target: str,
    balance: int | None = None,
    store: Annotated[str | None, Parameter(name="--store", env_var="SONAE_FUND")] = None,
    lang: Language = None,
    json: Json = False,
) -> int:
    """Month by month to a target day, who can bear it, and what prices may do in thirty days.

    Parameters
    ----------
    books
        The Books of the day.
    assume
        The draft, by name or file.
    target
        The day by which the reserve is to be full.
    balance
        What the reserve holds in yen; else what the ledger in --store holds, else the Books.
    """
    from sonae.actions.fund_plan import plan_fund
    from sonae.report.fund_plan import plan_view

    last = day(target)
    assert last is not None
    words = language(lang)
    with progress(words, 8) as bar:
        found = plan_fund(books, assume, last, balance, fund=store, step=bar.step)
    if json:
        show_json(found)
    else:
        show(plan_view(found, words))
    return OK


@fund.command(name="verify")
def fund_verify(
    export: Annotated[Path | None, Parameter(name="EXPORT")] = None,
    *,
    store: Annotated[str | None, Parameter(name="--store")] = None,
    head: str | None = None,
    lang: Language = None,
    json: Json = False,
) -> int:
    """Check chain, signatures, approvals and balances, from an export alone or in a store.

    Parameters
    ----------
    export
        The folder of an export, or its fund.jsonl.
    store
        A store instead of an export.
    head
        A head noted elsewhere (text or file): finds an older backup.
    """
    from sonae.actions.fund import looking
    from sonae.actions.fund_export import read_head, verified, verify_export, verify_store
    from sonae.report.fund import verified_view

    if (export is None) == (store is None):
        raise UsageError("give an export or --store, one of them")
    noted = read_head(head) if head else None
    words = language(lang)
    if export is not None:
        with progress(words, 1) as bar:
            result = verify_export(export, noted, bar.at)
    else:
        assert store is not None
        with looking(store) as ledger:
            result = verify_store(ledger, noted)
    found = verified(result)
    if json:
        show_json(found)
    else:
        show(verified_view(found, words))
    return OK if result.good else FOUND


@fund.command(name="export")
def fund_export(
    folder: Annotated[Path, Parameter(name="DIR")],
    *,
    on: str | None = None,
    store: Store = DEFAULT,
    json: Json = False,
) -> int:
    """Write what an auditor needs: the verifiable export, CSV, XLSX, statements, digests.

    Parameters
    ----------
    folder
        A new or empty folder, or one of a former export.
    on
        The day of the tables and statements (today if none is given).
    """
    from sonae.actions.fund import looking
    from sonae.actions.fund_export import export_fund, verified

    with looking(store) as ledger:
        result = export_fund(ledger, folder, day(on) or date.today())  # noqa: DTZ011
    if json:
        show_json(verified(result))
    else:
        out(f"→ {folder}  {result.entries}:{result.head}")
    return OK


@fund.command(name="migrate")
def fund_migrate(*, store: Store = DEFAULT) -> int:
    """Bring a store to this version, and put the guards of its tables back in place."""
    from sonae.store.database import connect, migrate, store_url

    engine = connect(store_url(store))
    migrate(engine)
    engine.dispose()
    out(f"→ {store}")
    return OK

"""Looking at the reserve fund: proposals, balances, history, plans, verification, exports."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from sonae.cli.fund import DEFAULT, Store
from sonae.cli.main import (
    FOUND,
    OK,
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
    from sonae.actions.fund.session import describe, looking
    from sonae.report.fund import proposal_view

    with looking(store) as ledger:
        found = describe(ledger, seq)
    if json:
        show_json(found)
    else:
        show(proposal_view(found, language(lang)))
    return OK


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
    from sonae.actions.fund.session import balances, looking
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
    from sonae.actions.fund.session import looking
    from sonae.report.fund import history_view

    with looking(store) as ledger:
        found = ledger.entries(first, account)
    if json:
        show_json(found)
    else:
        show(history_view(found, language(lang)))
    return OK


@fund.command(name="plan")
def fund_plan(
    books: Annotated[Path, Parameter(name="BOOKS")],
    *,
    assume: str,
    target: str,
    balance: int | None = None,
    stress: Annotated[bool, Parameter(negative="")] = False,
    loss: int | None = None,
    customers: int | None = None,
    variant: str | None = None,
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
    stress
        Also the plan when prices move, insurers fail or the reserve is used, and the loss left.
    loss
        The loss to suffer, in yen; else that of the Books' incident, else the largest signing
        domain.
    customers
        How many customers bear it.
    variant
        Which version, where the draft has several.
    """
    from sonae.actions.fund.plan import plan_fund
    from sonae.actions.fund.stress import Stress
    from sonae.report.fund_plan import plan_view

    last = day(target)
    assert last is not None
    words = language(lang)
    with progress(words, 8) as bar:
        found = plan_fund(
            books, assume, last, balance, variant=variant, fund=store, step=bar.step,
            stress=Stress(loss, customers) if stress else None,
        )  # fmt: skip
    if json:
        show_json(found)
    else:
        show(plan_view(found, words))
    return OK


@fund.command(name="notice")
def fund_notice(
    seq: Annotated[int, Parameter(name="NUMBER")],
    *,
    assume: str | None = None,
    store: Store = DEFAULT,
    lang: Language = None,
    json: Json = False,
) -> int:
    """Draft the notice of a use: ground, evidence, what is left, by when it is refilled.

    Parameters
    ----------
    seq
        The number of the use.
    assume
        The draft that fixes the days to refill.
    """
    from sonae.actions.fund.notice import use_notice
    from sonae.actions.fund.session import looking
    from sonae.report.fund import notice

    with looking(store) as ledger:
        found = use_notice(ledger, seq, assume)
    if json:
        show_json(found)
    else:
        out(notice(found, language(lang)))
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
    from sonae.actions.fund.export import read_head, verified, verify_export, verify_store
    from sonae.actions.fund.session import looking
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
    from sonae.actions.fund.export import export_fund, verified
    from sonae.actions.fund.session import looking

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

"""The commands of the reserve fund: each signs and records one act, or looks at the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from sonae.cli.main import (
    OK,
    REFUSED,
    Json,
    Language,
    fund,
    language,
    out,
    show,
    show_json,
)
from sonae.core.errors import UsageError

if TYPE_CHECKING:
    from sonae.actions.fund.session import Session

Store = Annotated[
    str, Parameter(name="--store", env_var="SONAE_FUND", help="SQLite file or postgresql://...")
]
KeyFile = Annotated[Path, Parameter(name="--key", env_var="SONAE_KEY", help="your key file")]
DEFAULT = "fund.db"


@contextmanager
def _at(store: str, key: Path) -> Iterator[Session]:
    """A person at a ledger; stops where an act of theirs was still to be confirmed."""
    from sonae.actions.fund.session import at

    with at(store, key) as session:
        session.stop_if_resumed()
        yield session


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
    from sonae.actions.fund.session import found_fund

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
    from sonae.actions.fund.requests import read_request
    from sonae.actions.fund.session import read_toml

    raw = read_toml(file)
    with _at(store, key) as session:
        request = read_request(raw, file, session.ledger.view)
        return _answer(session.propose(request, hours), json, lang)


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
    from sonae.actions.fund.gates import approve

    with _at(store, key) as session:
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
    with _at(store, key) as session:
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
    from sonae.actions.fund.session import read_order

    with _at(store, key) as session:
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
    from sonae.actions.fund.session import read_order

    with _at(store, key) as session:
        return _answer(session.order("petition", read_order(file)), json, lang)


@fund.command(name="accrue")
def fund_accrue(
    books: Annotated[Path, Parameter(name="BOOKS")],
    *,
    key: KeyFile | None = None,
    assume: str | None = None,
    variant: str | None = None,
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
    variant
        Which version, where the draft has several.
    asset
        A registered asset that takes the top-up.
    release
        Propose the release of the excess from this asset instead.
    """
    from sonae.actions.fund.accrue import accrual_request, accrue, release_request
    from sonae.actions.fund.session import looking
    from sonae.report.fund import accrual_view

    if key is None:
        with looking(store) as ledger:
            found = accrue(ledger, books, assume, variant)
        if json:
            show_json(found.document())
        else:
            show(accrual_view(found.document(), language(lang)))
        return OK
    with _at(store, key) as session:
        found = accrue(session.ledger, books, assume, variant)
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

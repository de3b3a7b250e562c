"""`sonae loss incidents | fit | reserve | replay`: what happened, and what may."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter, validators

from sonae.cli.main import FOUND, OK, Json, Language, language, loss, show, show_json

Folder = Annotated[Path, Parameter(name="BOOKS")]
Rates = Annotated[
    list[str] | None, Parameter(name="--rate", negative="", help="USD=150; may be repeated")
]


Words = Annotated[list[str] | None, Parameter(negative="")]
Out = Annotated[Path | None, Parameter(name="--out", help="a folder for JSON, pages and drawings")]
Memory = Annotated[bool, Parameter(name="--memory", negative="", help="rows from memory, too")]


@loss.command(name="incidents")
def loss_incidents(
    *,
    kind: Words = None,
    tier: Words = None,
    jurisdiction: Words = None,
    scope: Words = None,
    confidence: Words = None,
    entity: str = "",
    since: date | None = None,
    until: date | None = None,
    at_least: str = "",
    memory: Memory = False,
    out: Out = None,
    lang: Language = None,
    json: Json = False,
) -> int:
    """The shipped loss events: table, years, who was made whole and how fast; with --out, drawings.

    Rows from memory are left out, and what that changes is said.

    Parameters
    ----------
    kind
        cold_wallet, hot_wallet, insider, key_loss, operational_error, third_party, other or
        fraud_insolvency; each filter may be repeated.
    tier
        hot, cold, mixed or na.
    jurisdiction
        Two letters.
    scope
        core, adjacent or zero_loss.
    confidence
        high, medium or low.
    entity
        A part of the venue's name.
    since
        First day.
    until
        Last day.
    at_least
        Smallest loss, USD.
    """
    from sonae.actions.loss.evidence import list_incidents, selection
    from sonae.report.loss_incidents import incidents_view

    wanted = selection(
        kind or (), tier or (), jurisdiction or (), scope or (), confidence or (), entity, since,
        until, at_least, memory,
    )  # fmt: skip
    found = list_incidents(wanted, out)
    if json:
        show_json(found)
    else:
        show(incidents_view(found, language(lang)))
    return OK


@loss.command(name="fit")
def loss_fit(
    *,
    severity: str = "beta",
    jurisdiction: str = "JP",
    since: date | None = None,
    confidence: Words = None,
    memory: Memory = False,
    venue_years: Words = None,
    draws: Annotated[int, Parameter(validator=validators.Number(gte=100, lte=100_000))] = 1000,
    seed: Annotated[int, Parameter(validator=validators.Number(gte=0))] = 0,
    lang: Language = None,
    json: Json = False,
) -> int:
    """Fit what one loss takes and how often it comes; parameters with intervals, families compared.

    Parameters
    ----------
    severity
        beta, mbbefd or lognormal.
    jurisdiction
        Whose rate: two letters.
    since
        First day of the events used.
    confidence
        high, medium or low; may be repeated.
    venue_years
        KR=120: venues times years watched from 2018 to 2025; may be repeated.
    draws
        Draws of the parameters.
    seed
        The same seed, the same draws.
    """
    from sonae.actions.loss.evidence import fit_incidents, selection
    from sonae.report.loss_model import fit_view

    wanted = selection(confidence=confidence or (), since=since, memory=memory)
    found = fit_incidents(wanted, jurisdiction, severity, draws, seed, venue_years or ())
    if json:
        show_json(found)
    else:
        show(fit_view(found, language(lang)))
    return OK


@loss.command(name="reserve")
def loss_reserve(
    folder: Folder,
    *,
    policies: Path | None = None,
    rate: Rates = None,
    levels: Words = None,
    severity: str = "beta",
    by: str = "tier",
    memory: Memory = False,
    venue_years: Words = None,
    seed: Annotated[int, Parameter(validator=validators.Number(gte=0))] = 0,
    out: Out = None,
    lang: Language = None,
    json: Json = False,
) -> int:
    """What a bad year would cost a venue: point, interval, predictive, other models, engine error.

    Parameters
    ----------
    folder
        A folder of input tables, or a shipped venue by its name.
    policies
        A file of policies in place of those of the books.
    levels
        0.99, 0.995 and 0.999 if absent; may be repeated.
    severity
        beta, mbbefd or lognormal.
    by
        tier or domain (signing domain).
    venue_years
        KR=120: venues times years watched from 2018 to 2025; may be repeated.
    seed
        The same seed, the same result.
    """
    from sonae.actions.loss.reserve import LEVELS, reserve_of
    from sonae.report.loss_model import reserve_view

    found = reserve_of(
        folder, policies, rate or (), levels or LEVELS, memory, severity, by, seed, out,
        venue_years or (),
    )  # fmt: skip
    if json:
        show_json(found)
    else:
        show(reserve_view(found, language(lang)))
    return OK


@loss.command(name="replay")
def loss_replay(
    event: Annotated[str, Parameter(name="EVENT")],
    folder: Folder,
    *,
    policies: Path | None = None,
    rate: Rates = None,
    price: str = "1",
    deny: Annotated[list[str] | None, Parameter(negative="")] = None,
    basis: str = "",
    tier: str = "",
    run: str = "",
    freeze: Words = None,
    lang: Language = None,
    json: Json = False,
) -> int:
    """Put a past event on any books: the loss, what each layer pays, and the gap; exactly.

    Exit 1 where a gap is left.

    Parameters
    ----------
    event
        An id of the list of events, or a short name such as dmm-2024.
    folder
        A folder of input tables, or a shipped venue by its name.
    policies
        A file of policies in place of those of the books.
    price
        A factor on all prices of coins (0.6: a fall by 40 %).
    deny
        A policy whose insurer refuses, or "all"; may be repeated.
    basis
        amount or share; the published amount on the venue's own books, else the share if known.
    tier
        hot, cold or other: which tier is struck, in place of the event's.
    run
        Which share of all holdings customers ask for at once after it (0.3: a run of 30 %).
    freeze
        A supplier whose wallets cannot be used; may be repeated.
    """
    from sonae.actions.loss.replay import replay_event
    from sonae.report.loss_replay import replay_view

    found = replay_event(
        event, folder, policies, rate or (), price, deny or (), basis, tier, run, freeze or ()
    )
    if json:
        show_json(found)
    else:
        show(replay_view(found, language(lang)))
    return FOUND if found["gap"] != "0" else OK


@loss.command(name="run")
def loss_run(
    folder: Folder,
    share: Annotated[str, Parameter(name="SHARE")],
    *,
    freeze: Words = None,
    price: str = "1",
    rate: Rates = None,
    lang: Language = None,
    json: Json = False,
) -> int:
    """A run: customers ask for a share of everything at once; what is there by which day.

    Exit 1 where it is never met.

    Parameters
    ----------
    folder
        A folder of input tables, or a shipped venue by its name.
    share
        0.3 for a run of 30 %.
    freeze
        A supplier whose wallets cannot be used; may be repeated.
    price
        A factor on all prices of coins.
    """
    from sonae.actions.loss.replay import run_on_books
    from sonae.report.loss_replay import run_view

    found = run_on_books(folder, share, freeze or (), price, rate or ())
    if json:
        show_json(found)
    else:
        show(run_view(found, language(lang)))
    return FOUND if found["run"]["never_met"] != "0" else OK

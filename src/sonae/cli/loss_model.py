"""`sonae loss incidents | fit | reserve | replay`: what happened, and what may."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from sonae.cli.main import FOUND, OK, Json, Language, language, loss, show, show_json

Folder = Annotated[Path, Parameter(name="BOOKS")]
Rates = Annotated[
    list[str] | None, Parameter(name="--rate", negative="", help="USD=150; may be repeated")
]


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
    """
    from sonae.actions.loss_replay import replay_event
    from sonae.report.loss_replay import replay_view

    found = replay_event(event, folder, policies, rate or (), price, deny or (), basis, tier)
    if json:
        show_json(found)
    else:
        show(replay_view(found, language(lang)))
    return FOUND if found["gap"] != "0" else OK

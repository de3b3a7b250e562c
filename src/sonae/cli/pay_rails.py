"""The commands of ways to pay: who is paid by which, and what a receiving exchange is told."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from sonae.cli.fund import DEFAULT, Store
from sonae.cli.main import (
    FOUND,
    OK,
    Json,
    Language,
    claims,
    language,
    out,
    pay,
    show,
    show_json,
)


@claims.command(name="route")
def claims_route(
    persons: Annotated[Path, Parameter(name="PERSONS")],
    *,
    ways: Path,
    programme: str = "programme",
    tranche: int = 1,
    out_file: Annotated[Path | None, Parameter(name="--out")] = None,
    lang: Language = None,
    json: Json = False,
) -> int:
    """Who is paid by which way and why, and which places have none; ends with 1 where some wait.

    Parameters
    ----------
    persons
        Claims and their holders (CSV: person, asset, units, pays, verified; and account, wallet,
        open_account, place, agent, mismatched, hold, owner, review).
    ways
        What can be used: credit, agents with their places, what can be bought (TOML).
    programme
        The programme, part of a claim's key.
    tranche
        Which part of the claim.
    out_file
        Where each claim's way goes (CSV, personal data), for `claims pay plan --routed`.
    """
    from sonae.actions.pay.route import route_all
    from sonae.report.claims import route_view

    found = route_all(persons, ways, programme, tranche, out_file)
    if json:
        show_json(found)
    else:
        show(route_view(found, language(lang)))
    return FOUND if any(at["without"] for at in found["coverage"].values()) else OK


@pay.command(name="travel")
def pay_travel(
    name: Annotated[str, Parameter(name="FILE")],
    *,
    rail: Path,
    store: Store = DEFAULT,
    json: Json = False,
) -> int:
    """What the travel rule asks to tell the exchanges that a batch on a chain pays to.

    Parameters
    ----------
    name
        The file.
    rail
        The chain's settings (TOML).
    """
    from sonae.actions.pay.ways import travel
    from sonae.store.payments import Payments

    with Payments(store) as payments:
        found = travel(payments, name, rail)
    if json:
        show_json(found)
    else:
        out("\n".join("  ".join(row.values()) for row in found))
    return OK

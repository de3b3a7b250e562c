"""The commands of ways to pay: what the receiving side of a batch is told."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from sonae.cli.fund import DEFAULT, Store
from sonae.cli.main import OK, Json, out, pay, show_json


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
    from sonae.actions.ways import travel
    from sonae.store.payments import Payments

    with Payments(store) as payments:
        found = travel(payments, name, rail)
    if json:
        show_json(found)
    else:
        out("\n".join("  ".join(row.values()) for row in found))
    return OK

"""The commands of claims: from a loss to paid customers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from sonae.cli.main import OK, Json, Language, claims, language, show, show_json


@claims.command(name="allocate")
def claims_allocate(
    file: Annotated[Path, Parameter(name="CLAIMS")],
    *,
    pool: Path,
    lang: Language = None,
    json: Json = False,
) -> int:
    """Allocate pools to claims pro rata, to the unit; each share rounded down, the residue named.

    Parameters
    ----------
    file
        Claims as CSV or Parquet: claimant, asset, amount in base units.
    pool
        Pools as JSON: {asset: amount in base units}.
    """
    from sonae.actions.claims import allocate
    from sonae.report.claims import allocation_table

    found = allocate(file, pool)
    if json:
        show_json(found)
    else:
        show(allocation_table(found, language(lang)))
    return OK

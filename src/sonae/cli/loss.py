"""`sonae loss`: what losses that may happen cost, with and without cover."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter, validators

from sonae.cli.main import OK, Json, Language, language, loss, show, show_json


@loss.command(name="price")
def loss_price(
    spec: Annotated[Path, Parameter(name="SPEC")],
    *,
    threads: Annotated[int, Parameter(validator=validators.Number(gte=1, lte=256))] = 1,
    lang: Language = None,
    json: Json = False,
) -> int:
    """Price a year: VaR and TVaR of losses, of what a programme pays, and of what it leaves.

    Numbers are estimates, so with --json they are JSON numbers with their standard errors beside.

    Parameters
    ----------
    spec
        A JSON file: frequency, severity, cap, deductible, limit, annual_aggregate, levels, engine.
    threads
        Threads to use; the result does not depend on it.
    """
    from sonae.actions.loss.price import price_file

    found = price_file(spec, threads)
    if json:
        show_json(found)
        return OK
    from sonae.report.loss import price_table

    show(price_table(found, language(lang)))
    return OK

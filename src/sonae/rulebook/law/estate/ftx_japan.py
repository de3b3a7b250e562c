"""FTX Japan: what the ledger says is returned in kind, coin by coin, where segregation held."""

from __future__ import annotations

from typing import Any

from sonae.core.figure import Figure, apply, constant
from sonae.core.formula import smallest, table
from sonae.core.text import Text
from sonae.rulebook.rule import Each, Outputs, Record, field_of, rule


@rule(
    "estate.ftx_japan.return",
    title=Text("分別管理資産の現物返還", "segregated assets returned in kind"),
    cites="orders 返還",
    needs={"assets": Each(Record(ledger="coin", segregated="coin", owed="coin"))},
    outputs={
        "returned": Text("返還数量", "returned, by asset"),
        "in_full": Text("全量が返るか", "returned in full"),
    },
    standing="house",
)
def returned(_law: Any, day: Any) -> Outputs:
    """Of each coin the ledger quantity; `owed` is the sum over all customers of that coin.

    Where less is segregated than is owed, each gets the same part of the same coin.
    """
    assets = day.assets
    if not assets.computable:
        gap = apply("of {0}", "table", (assets,), lambda: None)
        return {"returned": gap, "in_full": gap}
    rows = assets.rows().items()
    return {
        "returned": table({name: _of(name, row) for name, row in rows}),
        "in_full": table(
            {
                name: field_of(row, "owed", "coin", name)
                <= field_of(row, "segregated", "coin", name)
                for name, row in rows
            }
        ),
    }


def _of(name: str, row: Figure) -> Figure:
    ledger, held, owed = (field_of(row, k, "coin", name) for k in ("ledger", "segregated", "owed"))
    if owed.value == 0:
        return ledger
    return ledger * smallest(held / owed, constant(1, "ratio"))

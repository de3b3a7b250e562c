"""One trust for each crypto-asset: a loss stays in the coin that was lost, shared pro rata."""

from __future__ import annotations

from typing import Any

from sonae.core.errors import UsageError
from sonae.core.figure import Figure, apply, constant
from sonae.core.formula import smallest, table, total
from sonae.core.text import Text
from sonae.rulebook.rule import Each, Outputs, Record, field_of, rule


@rule(
    "estate.trust_per_asset",
    title=Text("資産ごとの信託による分配", "distribution from a trust per asset"),
    cites="ruscoe 信託",
    needs={"assets": Each(Record(held="coin", cost="coin", entitlements=Each("coin")))},
    outputs={
        "ratio": Text("資産ごとの返還割合", "returned of a unit, by asset"),
        "paid": Text("各口座名義人への分配", "paid to each account holder"),
        "residue": Text("残余", "what is beyond all entitlements"),
    },
)
def trust_per_asset(_law: Any, day: Any) -> Outputs:
    """min(entitlement, (held - cost) x entitlement / total), within each asset, not rounded.

    No asset helps another; what is recovered of an asset later is held for that asset alone.
    """
    assets = day.assets
    if not assets.computable:
        gap = apply("within {0}", "table", (assets,), lambda: None)
        return {"ratio": gap, "paid": gap, "residue": gap}
    ratio, paid, residue = {}, {}, {}
    for name, row in assets.rows().items():
        ratio[name], paid[name], residue[name] = _shared(name, row)
    return {"ratio": table(ratio), "paid": table(paid), "residue": table(residue)}


def _shared(name: str, row: Figure) -> tuple[Figure, Figure, Figure]:
    """One asset: what a unit gets, what each gets, what is left."""
    pool = field_of(row, "held", "coin", name)
    if "cost" in row.rows():
        pool = pool - row.rows()["cost"]
    claims = field_of(row, "entitlements", "table", name)
    if not claims.computable:
        gap = apply("pro rata of {0}", "coin", (claims,), lambda: None)
        return gap, gap, gap
    if pool.computable and pool.number() < 0:
        raise UsageError(f"{name}: the cost is above what is held")
    owed = total(list(claims.rows().values()), "coin", "total entitlement")
    whole = constant(1, "ratio")
    ratio = whole if owed.value == 0 else smallest(pool / owed, whole)
    rows = {key: claim * ratio for key, claim in claims.rows().items()}
    return ratio, table(rows), pool - total(list(rows.values()), "coin", "paid")

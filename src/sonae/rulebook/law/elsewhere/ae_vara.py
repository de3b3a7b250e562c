"""Dubai: paid-up capital by activity, net liquid assets, and reserve assets one to one."""

from __future__ import annotations

from typing import Any

from sonae.core.errors import UsageError
from sonae.core.figure import Figure, apply, derive
from sonae.core.formula import all_of, choose, largest, not_negative, table, total
from sonae.core.text import Text
from sonae.rulebook.rule import Each, Outputs, Record, Series, field_of, rule


@rule(
    "ae.vara.paid_up_capital",
    title=Text("払込資本（業務別）", "paid-up capital by activity"),
    cites="company Rule VI.B.1",
    needs={
        "activity": "code",
        "activities": Series("code"),
        "fixed_annual_overheads_aed": "AED",
    },
    optional=("activities",),
    outputs={
        "by_activity_aed": Text("業務別の所要額", "by activity"),
        "paid_up_capital_aed": Text("払込資本の所要額", "paid-up capital required"),
    },
)
def paid_up_capital(law: Any, day: Any) -> Outputs:
    """The higher of a floor and a part of fixed annual overheads; one floor has no such part.

    Several licensed activities are each counted in full.
    """
    names = _named(day)
    floors, shares, overheads = (
        law.capital_floor,
        law.overheads_share,
        day.fixed_annual_overheads_aed,
    )
    inputs = (*names, floors, shares)
    if not all(f.computable for f in inputs):
        gap = derive("capital of {0}", None, "AED", inputs)
        return {"by_activity_aed": gap, "paid_up_capital_aed": gap}
    rows = {str(n.value): _capital(n, floors, shares, overheads) for n in names}
    return {
        "by_activity_aed": table(rows),
        "paid_up_capital_aed": total(list(rows.values()), "AED"),
    }


def _named(day: Any) -> list[Figure]:
    """Every activity given, by list or alone; an empty list names none."""
    names: list[Figure] = []
    if day.given("activities"):
        listed = day.activities
        names = list(listed.items()) if listed.computable else [listed]
    return [*names, day.activity] if day.given("activity") or not names else names


def _capital(named: Figure, floors: Figure, shares: Figure, overheads: Figure) -> Figure:
    activity = str(named.value)
    if activity not in floors.rows():
        raise UsageError(f"activity {activity!r} is none of {', '.join(floors.rows())}")
    rows = floors.rows()
    floor = apply("floor for {0}", "AED", (named, rows[activity]), rows[activity].number)
    if activity not in shares.rows():
        return floor
    return largest(floor, overheads * shares.rows()[activity])


@rule(
    "ae.vara.net_liquid_assets",
    title=Text("純流動資産", "net liquid assets"),
    cites="company Rule VI.C.1",
    needs={
        "monthly_operating_expenses_aed": "AED",
        "current_liquid_assets_aed": "AED",
        "current_liabilities_aed": "AED",
    },
    optional=("current_liquid_assets_aed", "current_liabilities_aed"),
    outputs={
        "net_liquid_assets_required_aed": Text("純流動資産の所要額", "net liquid assets required"),
        "net_liquid_assets_aed": Text("純流動資産", "net liquid assets"),
        "shortfall_aed": Text("不足額", "shortfall"),
        "test": Text("判定", "test"),
    },
)
def net_liquid_assets(law: Any, day: Any) -> Outputs:
    """Current liquid assets above current liabilities, against a multiple of a month's expenses."""
    required = day.monthly_operating_expenses_aed * law.liquid_multiple
    outputs = {"net_liquid_assets_required_aed": required}
    if day.given("current_liquid_assets_aed") or day.given("current_liabilities_aed"):
        surplus = day.current_liquid_assets_aed - day.current_liabilities_aed
        outputs["net_liquid_assets_aed"] = surplus
        outputs["shortfall_aed"] = not_negative(required - surplus)
        outputs["test"] = choose(surplus >= required, "pass", "fail")
    return outputs


@rule(
    "ae.vara.reserve_assets",
    title=Text("準備資産（同種の仮想資産で100%）", "reserve assets, one to one in kind"),
    cites="company Part VI",
    needs={
        "client_liabilities_btc": "BTC",
        "reserve_btc": "BTC",
        "assets": Each(Record(client_liabilities="coin", reserve="coin")),
    },
    optional=("assets",),
    outputs={
        "reserve_test": Text("判定", "test"),
        "shortfall_btc": Text("BTCの不足数量", "short, in BTC"),
        "shortfall": Text("不足数量（種類別）", "short, by asset"),
    },
)
def reserve_assets(law: Any, day: Any) -> Outputs:
    """All liabilities to clients in the same virtual asset, with no netting between assets."""
    ratio = law.reserve_ratio
    if not day.given("assets"):
        owed, held = day.client_liabilities_btc * ratio, day.reserve_btc
        return {
            "reserve_test": choose(held >= owed, "pass", "fail"),
            "shortfall_btc": not_negative(owed - held),
        }
    assets = day.assets
    if not (assets.computable and ratio.computable):
        gap = derive("client liabilities of {0}", None, "table", (assets, ratio))
        return {"reserve_test": gap, "shortfall": gap}
    pairs = {
        k: (
            field_of(row, "client_liabilities", "coin", f"assets.{k}") * ratio,
            field_of(row, "reserve", "coin", f"assets.{k}"),
        )
        for k, row in assets.rows().items()
    }
    return {
        "reserve_test": choose(all_of(*(h >= o for o, h in pairs.values())), "pass", "fail"),
        "shortfall": table({k: not_negative(o - h) for k, (o, h) in pairs.items()}),
    }
